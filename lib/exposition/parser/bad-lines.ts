/** Lines of a body that are none of the format. */
import { clean } from '../../text/sanitize.js';

const SAMPLE_BYTES = 80;
const utf8 = new TextDecoder();

export class BadLines {
  count = 0;
  /** The first one, cleaned and cut. */
  sample = '';

  clear(): void {
    this.count = 0;
    this.sample = '';
  }

  /** One that goes from `from` to `to`. */
  add(bytes: Uint8Array, from: number, to: number): void {
    this.count++;
    if (this.sample === '') this.sample = clean(utf8.decode(bytes.subarray(from, Math.min(to, from + SAMPLE_BYTES))), SAMPLE_BYTES);
  }
}
