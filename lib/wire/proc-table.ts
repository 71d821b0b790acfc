/** Process rows as everybody sees them: copies of the parser's. */
import type { ProcColumns } from '../model/columns.js';
import { textRef } from './text-ref.js';
import { COMMAND, INTS, NAME, PID, USER, type ProcessRows } from './rows.js';

export class ProcTable implements ProcColumns {
  count = 0;
  pid = new Uint32Array(0);
  gpu = new Int32Array(0);
  user = new Int32Array(0);
  command = new Uint32Array(0);
  name = new Uint32Array(0);
  vramBytes = new Float64Array(0);
  ageSeconds = new Float64Array(0);
  cpuPercent = new Float64Array(0);
  smPercent = new Float64Array(0);

  /** Takes over which rows there are; their GPUs and values come later. */
  arrange({ count, ints }: ProcessRows): void {
    if (count > this.pid.length || count * 4 < this.pid.length) this.#allocate(count + (count >> 2));
    this.count = count;
    const { pid, user, command, name } = this;
    for (let row = 0, at = 0; row < count; row++, at += INTS) {
      pid[row] = ints[at + PID]!;
      user[row] = ints[at + USER]!;
      command[row] = textRef(ints[at + COMMAND]!, 'command');
      name[row] = textRef(ints[at + NAME]!, 'name');
    }
  }

  markUsers(live: Uint8Array): void {
    for (let row = 0; row < this.count; row++) live[this.user[row]!] = 1;
  }

  renumberUsers(fresh: Int32Array): void {
    for (let row = 0; row < this.count; row++) this.user[row] = fresh[this.user[row]!]!;
  }

  #allocate(rows: number): void {
    this.pid = new Uint32Array(rows);
    this.gpu = new Int32Array(rows);
    this.user = new Int32Array(rows);
    this.command = new Uint32Array(rows);
    this.name = new Uint32Array(rows);
    this.vramBytes = new Float64Array(rows);
    this.ageSeconds = new Float64Array(rows);
    this.cpuPercent = new Float64Array(rows);
    this.smPercent = new Float64Array(rows);
  }
}
