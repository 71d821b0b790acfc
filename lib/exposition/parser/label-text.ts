/** The text of label blocks: where names and values end. */
import { BACKSLASH, BACKSLASHES, BLANK, BLANKS, CLOSE, COMMA, EQUALS, HIGHS, NEWLINE, ONES, QUOTE, QUOTES, TAB } from './ascii.js';

/** Where the value that began at `from` has its closing quote; -1 when the line or the bytes end before. */
export function quoteEnd(bytes: Uint8Array, view: DataView, from: number, end: number): number {
  let i = from;
  while (i < end) {
    const word = view.getInt32(i, true);
    const quotes = word ^ QUOTES;
    const backslashes = word ^ BACKSLASHES;
    // The highest bit of each byte where subtracting carries into it, and the first such byte is a quote, a backslash or below a blank.
    const found = (((quotes - ONES) & ~quotes) | ((backslashes - ONES) & ~backslashes) | ((word - BLANKS) & ~word)) & HIGHS;
    if (found === 0) {
      i += 4;
      continue;
    }
    i += (31 - Math.clz32(found & -found)) >> 3;
    if (i >= end || bytes[i] === NEWLINE) return -1;
    if (bytes[i] === QUOTE) return i;
    if (bytes[i] === BACKSLASH && bytes[++i] === NEWLINE) return -1;
    i++;
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
