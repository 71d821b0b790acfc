/** The plain parts of the format: blanks, comments, names. */
import { BLANK, HASH, NEWLINE, OPEN, RETURN, TAB } from './ascii.js';

/** Where the first sample at or behind `at` begins, past comments and blank lines; `end` when none has come yet. */
export function sampleStart(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end) {
    const byte = bytes[i]!;
    if (byte === HASH) i = bytes.indexOf(NEWLINE, i) + 1;
    else if (byte === NEWLINE || byte === RETURN || byte === BLANK || byte === TAB) i++;
    else return i;
  }
  return end;
}

/** Where the name at `at` ends: at a blank, a brace, or the end of the line. */
export function nameEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i] !== OPEN && bytes[i] !== BLANK && bytes[i] !== TAB) i++;
  return i;
}

export function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && (bytes[i] === BLANK || bytes[i] === TAB)) i++;
  return i;
}
