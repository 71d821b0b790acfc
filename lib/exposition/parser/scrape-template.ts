/** The remembered lines of a scrape: the bytes before each value, and where the value went. */
import { longerInts } from '../../model/arrays.js';
import { NO_INTS, roomFor, type Cutter, type Room } from './bytes.js';
import { LINE_BLOCK, LINE_BYTES, LINE_INTS, LINE_TARGET } from './row-layout.js';

/** Lines beyond this are read, but not remembered. */
const MAX_LINES = 2 ** 20;

/** Enough for most nodes. */
const FIRST_INTS = LINE_INTS * 256;
export const TEMPLATE_ROOM: Room = { floats: 0, ints: FIRST_INTS };

export class ScrapeTemplate {
  count = 0;
  ints = NO_INTS;
  /** Whether a line belongs to a process family. */
  processes = false;

  /** `cutter` has PROGRAM_ROOM; without one, memory is allocated at the first line. */
  constructor(cutter?: Cutter) {
    if (cutter) this.ints = cutter.ints(FIRST_INTS);
  }

  add(head: number, block: number, bytes: number, target: number): void {
    if (this.count === MAX_LINES) return;
    const at = this.count++ * LINE_INTS;
    if (at === this.ints.length) this.ints = longerInts(this.ints, Math.max(FIRST_INTS, roomFor(at + LINE_INTS, at)));
    const { ints } = this;
    ints[at] = head;
    ints[at + LINE_BLOCK] = block;
    ints[at + LINE_BYTES] = bytes;
    ints[at + LINE_TARGET] = target;
  }

  clear(): void {
    this.count = 0;
    this.processes = false;
  }
}
