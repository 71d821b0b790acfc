/** The simple parts of the format: spaces, comments, names. */
import { BLANK, HASH, NEWLINE, OPEN, RETURN, TAB, QUOTE, BACKSLASH, EQUALS, CLOSE, COMMA } from './ascii.js';

/** The start of the first sample at or after `at`, past comments and blank lines; `end` if there is none yet. */
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

/** The end of the name at `at`: a space, a brace, or the end of the line. */
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

/** The closing quote of the value at `from`; -1 if the line or the bytes end before it. */
export function quoteEnd(bytes: Uint8Array, from: number, end: number): number {
  for (let i = from; i < end; i++) {
    // Most bytes are lower-case letters, whose codes are above all that could end the value.
    if (bytes[i]! > BACKSLASH) continue;
    if (bytes[i] === QUOTE) return i;
    if (bytes[i] === BACKSLASH) i++;
    if (bytes[i] === NEWLINE) return -1;
  }
  return -1;
}

/** The position of the `=` after the name at `name`; -1 if there is none, or no name. */
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
