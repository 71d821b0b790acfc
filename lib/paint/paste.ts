/** Bracketed paste, between its two brackets. */
import { clean } from '../text/sanitize.js';

/** More of one paste is dropped. */
export const MAX_PASTE_BYTES = 2 ** 20;

const ESC = 0x1b;
const END = Buffer.from('\x1b[201~');

export class PasteReader {
  readonly #bytes: number[] = [];
  /** How many bytes of END have been matched. */
  #matched = 0;

  /** Takes one byte; true if it completes the end marker. */
  ended(byte: number): boolean {
    if (byte === END[this.#matched]) return ++this.#matched === END.length;
    // What looked like the end was text. ESC occurs only at its beginning, so nothing before it can match.
    for (const kept of END.subarray(0, this.#matched)) this.#keep(kept);
    this.#matched = byte === ESC ? 1 : 0;
    if (byte !== ESC) this.#keep(byte);
    return false;
  }

  /** Line ends become \n; all other control characters are removed. */
  text(): string {
    const lines = Buffer.from(this.#bytes)
      .toString('utf8')
      .split(/\r\n?|\n/);
    return lines.map((line) => clean(line, MAX_PASTE_BYTES)).join('\n');
  }

  #keep(byte: number): void {
    if (this.#bytes.length < MAX_PASTE_BYTES) this.#bytes.push(byte);
  }
}
