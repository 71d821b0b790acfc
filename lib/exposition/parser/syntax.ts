/** The plain parts of the format: blanks, comments, names. */
import { BLANK, HASH, NEWLINE, OPEN, RETURN, TAB, QUOTE, BACKSLASH, EQUALS, CLOSE, COMMA } from './ascii.js';

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

/** Where the value that began at `from` has its closing quote; -1 when the line or the bytes end before. */
export function quoteEnd(bytes: Uint8Array, from: number, end: number): number {
  for (let i = from; i < end; i++) {
    // Most bytes are lower-case letters, which are behind all that could end the value.
    if (bytes[i]! > BACKSLASH) continue;
    if (bytes[i] === QUOTE) return i;
    if (bytes[i] === BACKSLASH) i++;
    if (bytes[i] === NEWLINE) return -1;
  }
  return -1;
}

/** Where the `=` behind the name at `name` is, -1 when there is none or no name. */
export function equalsAt(bytes: Uint8Array, name: number, end: number): number {
  for (let i = name; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === EQUALS) return i === name ? -1 : i;
    if (byte === QUOTE || byte === CLOSE || byte === COMMA || byte === NEWLINE) return -1;
  }
  return -1;
}

export function bareEnd(bytes: Uint8Array, from: number, end: number): number {
  let to = from;
  while (to < end && bytes[to] !== COMMA && bytes[to] !== CLOSE && bytes[to] !== NEWLINE) to++;
  return to;
}

export const isBlank = (byte: number): boolean => byte === BLANK || byte === TAB;

export function trimmedEnd(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && isBlank(bytes[end - 1]!)) end--;
  return end;
}
