/** The lines of a scrape, remembered: what stood before each value, and where the value went. */
import { longerInts } from './bytes.js';

/** Integers of a line: first the number of its prefix (0: none), then its label block in the arena, and where its value goes. */
export const LINE = 4;
export const BLOCK = 1;
export const BYTES = 2;
/** 0 and above: a value of a process row; below: the complement of a cell's number. */
export const TARGET = 3;

/** More lines are read, but not remembered. */
const MAX_LINES = 2 ** 20;

const NONE = new Int32Array(0);
const FIRST_INTS = LINE * 256;

export class Program {
  count = 0;
  ints = NONE;
  /** Whether a line belongs to a process family. */
  processes = false;

  add(prefix: number, block: number, bytes: number, target: number): void {
    if (this.count === MAX_LINES) return;
    const at = this.count++ * LINE;
    if (at === this.ints.length) this.ints = longerInts(this.ints, Math.max(FIRST_INTS, at * 2));
    const { ints } = this;
    ints[at] = prefix;
    ints[at + BLOCK] = block;
    ints[at + BYTES] = bytes;
    ints[at + TARGET] = target;
  }

  clear(): void {
    this.count = 0;
    this.processes = false;
  }
}
