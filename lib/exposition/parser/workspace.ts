/**
 * What all parsers of one process share: the buffer in which bytes are examined, and the names and heads seen so far. One parser at a time
 * uses it.
 */
import { ReaderTexts } from '../reader/known-texts.js';
import { bytesOf, type Bytes } from './bytes.js';
import { LabelReader } from './labels.js';
import { SeriesHeads } from './series-heads.js';
import { UserNames } from './user-names.js';

/** For a slice of a body and the incomplete line before it. */
const WINDOW_BYTES = 262_144;

/** `finder` is the same bytes: a Buffer searches many times faster than a plain array. */
export type Window = Bytes & { readonly finder: Buffer };

function windowOf(length: number): Window {
  const bytes = bytesOf(length);
  return { ...bytes, finder: Buffer.from(bytes.bytes.buffer) };
}

export class ParserWorkspace {
  readonly window: Window = windowOf(WINDOW_BYTES);
  readonly heads = new SeriesHeads();
  readonly users = new UserNames();
  readonly labels = new LabelReader();
  /** Of other exporters. */
  readonly texts = new ReaderTexts();
}
