/**
 * Label blocks: `{a="b", c="d"}` without the opening brace. Taken apart in place; a value is decoded only when somebody asks for it.
 * Liberal where that hurts nobody: blanks anywhere, values without quotes, escapes that the format doesn't have.
 */
import { clean } from '../sanitize.js';

const TAB = 9;
const BLANK = 32;
const QUOTE = 34;
const COMMA = 44;
const EQUALS = 61;
const BACKSLASH = 92;
const CLOSE = 125;

/** Labels beyond this many are read over. */
const MAX_LABELS = 100;

/** Positions of the labels of the block read last: names and raw values (between the quotes). One object serves all. */
export class LabelReader {
  count = 0;
  readonly nameAt = new Int32Array(MAX_LABELS);
  readonly nameEnd = new Int32Array(MAX_LABELS);
  readonly valueAt = new Int32Array(MAX_LABELS);
  readonly valueEnd = new Int32Array(MAX_LABELS);
  /** 1: stood between quotes. */
  readonly quoted = new Uint8Array(MAX_LABELS);

  /** Reads the block from `at`, behind its opening brace. Returns the position behind the closing brace; -1 when the block is malformed. */
  read(bytes: Uint8Array, at: number, end: number): number {
    this.count = 0;
    let i = at;
    for (;;) {
      while (i < end && (isBlank(bytes[i]!) || bytes[i] === COMMA)) i++;
      if (i >= end) return -1;
      if (bytes[i] === CLOSE) return i + 1;
      const name = i;
      while (i < end && bytes[i] !== EQUALS) {
        if (bytes[i] === QUOTE || bytes[i] === CLOSE || bytes[i] === COMMA) return -1;
        i++;
      }
      if (i >= end || i === name) return -1;
      i = this.#value(bytes, name, i, end);
      if (i < 0) return -1;
    }
  }

  /** The value behind the `=` at `equals`; the position behind it, -1 when it does not end. */
  #value(bytes: Uint8Array, name: number, equals: number, end: number): number {
    let from = equals + 1;
    while (from < end && isBlank(bytes[from]!)) from++;
    const quoted = bytes[from] === QUOTE;
    if (quoted) from++;
    const to = quoted ? quoteEnd(bytes, from, end) : bareEnd(bytes, from, end);
    if (to < 0) return -1;
    this.#keep(bytes, name, equals, from, to, quoted);
    let next = quoted ? to + 1 : to;
    while (next < end && isBlank(bytes[next]!)) next++;
    return next < end && (bytes[next] === COMMA || bytes[next] === CLOSE) ? next : -1;
  }

  #keep(bytes: Uint8Array, name: number, equals: number, from: number, to: number, quoted: boolean): void {
    if (this.count === MAX_LABELS) return;
    const label = this.count++;
    this.nameAt[label] = name;
    this.nameEnd[label] = trimmedEnd(bytes, name, equals);
    this.valueAt[label] = from;
    this.valueEnd[label] = quoted ? to : trimmedEnd(bytes, from, to);
    this.quoted[label] = Number(quoted);
  }

  /** The label called `name`, the last of them when there are several; -1: there is none. `name` is ASCII. */
  find(bytes: Uint8Array, name: string): number {
    for (let label = this.count - 1; label >= 0; label--) if (this.is(bytes, label, name)) return label;
    return -1;
  }

  is(bytes: Uint8Array, label: number, name: string): boolean {
    const at = this.nameAt[label]!;
    if (this.nameEnd[label]! - at !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name.charCodeAt(i)) return false;
    return true;
  }

  /** Names and values of all of them, decoded. */
  pairs(bytes: Uint8Array): [name: string, value: string][] {
    return Array.from({ length: this.count }, (_, label) => [
      decodeText(bytes, this.nameAt[label]!, this.nameEnd[label]!, 'name'),
      this.text(bytes, label, 'value'),
    ]);
  }

  /** The value of the label, decoded; '' for label -1. */
  text(bytes: Uint8Array, label: number, cap: Cap): string {
    return label < 0 ? '' : decodeText(bytes, this.valueAt[label]!, this.valueEnd[label]!, cap);
  }
}

/** Where the value that began at `from` has its closing quote, -1 when it has none before `end`. */
function quoteEnd(bytes: Uint8Array, from: number, end: number): number {
  let to = from;
  for (; to < end && bytes[to] !== QUOTE; to++) if (bytes[to] === BACKSLASH) to++;
  return to < end ? to : -1;
}

function bareEnd(bytes: Uint8Array, from: number, end: number): number {
  let to = from;
  while (to < end && bytes[to] !== COMMA && bytes[to] !== CLOSE) to++;
  return to;
}

const isBlank = (byte: number): boolean => byte === BLANK || byte === TAB;

function trimmedEnd(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && isBlank(bytes[end - 1]!)) end--;
  return end;
}

/** Longest texts, in bytes of UTF-8, as the exporters cut them; a cut text ends in MARKER, which is let through beyond the cap. */
export const CAPS = { value: 1024, command: 256, name: 128 } as const;
export type Cap = keyof typeof CAPS;
const MARKER = /\.\.\.\(\d+ bytes truncated\)$/;
const MARKER_BYTES = 32;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Raw bytes of a label's value as text: unescaped, cleaned, capped. */
export function decodeText(bytes: Uint8Array, from: number, to: number, cap: Cap): string {
  const raw = utf8.decode(bytes.subarray(from, to));
  const whole = raw.includes('\\') ? raw.replace(/\\(.)/gsu, unescaped) : raw;
  const text = clean(whole, CAPS[cap] + MARKER_BYTES);
  return text.length * 3 <= CAPS[cap] || MARKER.test(text) ? text : clean(text, CAPS[cap]);
}

/** all-smi writes CR as `\r`, which the format doesn't know. What nobody knows stays as it is. */
function unescaped(whole: string, ch: string): string {
  if (ch === 'n') return '\n';
  if (ch === 'r') return '\r';
  return ch === '"' || ch === '\\' ? ch : whole;
}

/** Where the text at `from` in an arena ends. */
export function closingQuote(bytes: Uint8Array, from: number): number {
  return quoteEnd(bytes, from, bytes.length);
}

/** An unsigned integer of at most 32 bits in digits alone; -1: it is none. */
export function unsigned(bytes: Uint8Array, from: number, to: number): number {
  if (to === from || to - from > 10) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= 0xffff_ffff ? value : -1;
}
