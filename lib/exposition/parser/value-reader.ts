/** Values of lines in the window. */
import { NEWLINE, RETURN } from './ascii.js';
import type { Window } from './workspace.js';
import { numberEnd, plainNumber, readValue } from './numbers.js';

const latin1 = new TextDecoder('latin1');

export class ValueReader {
  /** What was read last; not `valid`: it was no number. */
  value = 0;
  valid = false;
  readonly #window: Window;

  constructor(window: Window) {
    this.#window = window;
  }

  /** Reads what stands from `from` to the end of its line. Returns that end; -1 when the line has not come whole. */
  read(from: number, end: number): number {
    const { bytes, finder } = this.#window;
    const value = plainNumber(bytes, from);
    let to = numberEnd;
    if (bytes[to] === RETURN) to++;
    if (to >= end) return -1;
    this.value = value;
    this.valid = true;
    if (value >= 0 && bytes[to] === NEWLINE) return to;
    to = finder.indexOf(NEWLINE, from);
    if (to >= end) return -1;
    const slow = readValue(latin1.decode(bytes.subarray(from, to)));
    this.valid = slow !== undefined;
    this.value = slow ?? 0;
    return to;
  }
}
