/** Process rows as everything outside the parser sees them: copies of the parser's own. */
import type { ProcColumns } from '../../../model/columns.js';
import { Cutter, NO_FLOATS, NO_INTS } from '../bytes.js';
import { ROW_COMMAND, ROW_INTS, ROW_NAME, ROW_PID, ROW_USER } from '../row-layout.js';
import { type ProcessRows } from '../process-rows.js';
import { textRef } from './text-ref.js';

const NO_UNSIGNED = new Uint32Array(0);

export class ProcTable implements ProcColumns {
  count = 0;
  pid = NO_UNSIGNED;
  gpu = NO_INTS;
  user = NO_INTS;
  command = NO_UNSIGNED;
  name = NO_UNSIGNED;
  vramBytes = NO_FLOATS;
  ageSeconds = NO_FLOATS;
  cpuPercent = NO_FLOATS;
  smPercent = NO_FLOATS;
  residentBytes = NO_FLOATS;

  /** Takes over the rows; their GPUs and values follow later. */
  arrange({ count, ints }: ProcessRows): void {
    if (count > this.pid.length || count * 4 < this.pid.length) this.#allocate(count + (count >> 2));
    this.count = count;
    const { pid, user, command, name } = this;
    for (let row = 0, at = 0; row < count; row++, at += ROW_INTS) {
      pid[row] = ints[at + ROW_PID]!;
      user[row] = ints[at + ROW_USER]!;
      command[row] = textRef(ints[at + ROW_COMMAND]!, 'command');
      name[row] = textRef(ints[at + ROW_NAME]!, 'name');
    }
  }

  markUsers(live: Uint8Array): void {
    for (let row = 0; row < this.count; row++) live[this.user[row]!] = 1;
  }

  renumberUsers(fresh: Int32Array): void {
    for (let row = 0; row < this.count; row++) this.user[row] = fresh[this.user[row]!]!;
  }

  #allocate(rows: number): void {
    const cutter = new Cutter({ floats: rows * 5, ints: rows * 5 });
    this.vramBytes = cutter.floats(rows);
    this.ageSeconds = cutter.floats(rows);
    this.cpuPercent = cutter.floats(rows);
    this.smPercent = cutter.floats(rows);
    this.residentBytes = cutter.floats(rows);
    this.pid = cutter.unsigned(rows);
    this.gpu = cutter.ints(rows);
    this.user = cutter.ints(rows);
    this.command = cutter.unsigned(rows);
    this.name = cutter.unsigned(rows);
  }
}
