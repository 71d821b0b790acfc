/** What all parsers of a program share: the place where bytes are looked at, names and prefixes seen so far. One parser at a time uses it. */
import { bytesOf, type Bytes } from './bytes.js';
import { LabelReader } from './labels.js';
import { Prefixes } from './prefixes.js';
import { UserNames } from './users.js';

/** Room for a slice of a body and for what waits before it. */
const WINDOW_BYTES = 262_144;

export class Engine {
  readonly window: Bytes = bytesOf(WINDOW_BYTES);
  readonly prefixes = new Prefixes();
  readonly users = new UserNames();
  readonly labels = new LabelReader();
}
