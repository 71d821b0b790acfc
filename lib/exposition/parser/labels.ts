/**
 * Label blocks: `{a="b", c="d"}` without the opening brace. Parsed in place; a value is decoded only when it is needed. Lenient where it
 * does no harm: spaces anywhere, values without quotes, escapes that the format does not have.
 */
import { clean } from '../../text/sanitize.js';
import { BACKSLASH, BLANK, CLOSE, COMMA, QUOTE } from './ascii.js';
import { bytesOf, same, type Arena, type Bytes } from './bytes.js';
import { MAX_GAP, MAX_LABELS, MISS, OTHER_NAME } from './row-layout.js';
import { bareEnd, equalsAt, isBlank, quoteEnd, skipBlanks, trimmedEnd } from './syntax.js';

const NAMES: string[] = [''];

/** The number by which labels of this name are found. To be called at startup. `name` is ASCII. */
export function labelNamed(name: string): number {
  const known = NAMES.indexOf(name);
  return known >= 0 ? known : NAMES.push(name) - 1;
}
const MOST_NAMES = 64;

/**
 * The labels of the block that was read last. One object serves all. Blocks of one kind have the same names in the same places, so the text
 * before a value in the last block is tried first.
 */
export class LabelReader {
  count = 0;
  /** By label: positions of its name and of its raw value (between the quotes), and the number of the name. */
  readonly nameAt = new Int32Array(MAX_LABELS);
  readonly nameEnd = new Int32Array(MAX_LABELS);
  readonly valueAt = new Int32Array(MAX_LABELS);
  readonly valueEnd = new Int32Array(MAX_LABELS);
  readonly named = new Int32Array(MAX_LABELS);
  /** 1: the value was quoted. */
  readonly quoted = new Uint8Array(MAX_LABELS);
  /** By name number: the last label of that name, and the reading it was in. */
  readonly #last = new Int32Array(MOST_NAMES);
  readonly #lastIn = new Float64Array(MOST_NAMES);
  #reading = 0;
  /** By label: the text before its value, its length in bytes (0: not remembered), and the position of the name in it. */
  readonly #gaps = bytesOf(MAX_LABELS * MAX_GAP).view;
  readonly #gapBytes = new Int32Array(MAX_LABELS);
  readonly #gapName = new Int32Array(MAX_LABELS);
  readonly #gapNameEnd = new Int32Array(MAX_LABELS);
  readonly #gapNamed = new Int32Array(MAX_LABELS);

  /**
   * Reads the block at `at`, after its opening brace. Returns the position after the closing brace; -1 if the block is malformed, or does
   * not end before the end of the line or before `end`.
   */
  read(bytes: Uint8Array, view: DataView, at: number, end: number): number {
    this.count = 0;
    this.#reading++;
    let i = at;
    for (;;) {
      let next = this.#remembered(bytes, view, i, end);
      if (next === MISS) {
        let name = i;
        while (isBlank(bytes[name]!) || bytes[name] === COMMA) name++;
        if (bytes[name] === CLOSE && name < end) return name + 1;
        next = this.#label(bytes, i, name, end);
      }
      if (next < 0) return -1;
      i = next;
      while (isBlank(bytes[i]!)) i++;
      if (i >= end) return -1;
      if (bytes[i] === CLOSE) return i + 1;
      if (bytes[i] !== COMMA) return -1;
    }
  }

  /**
   * Reads a block of `size` bytes in the arena. A malformed one is followed by its well-formed copy (see addRepaired); a line without
   * labels has an empty one.
   */
  readBlock({ bytes, view }: Bytes, at: number, size: number): void {
    const end = at + size;
    const close = this.read(bytes, view, at, end);
    if (close >= 0 && skipBlanks(bytes, close, end) === end) return;
    if (bytes[end] === COPY && bytes[end + 1] !== COPY) this.read(bytes, view, end + 1, bytes.length);
    else this.clear();
  }

  /** The labels of a line that has none. */
  clear(): void {
    this.count = 0;
    this.#reading++;
  }

  /** Reads a label if the text before its value is the same as last time. Returns the position after the value, or MISS. */
  #remembered(bytes: Uint8Array, view: DataView, at: number, end: number): number {
    const label = this.count;
    const gap = label < MAX_LABELS ? this.#gapBytes[label]! : 0;
    const from = at + gap;
    if (gap === 0 || from >= end || !same(this.#gaps, label * MAX_GAP, view, at, gap)) return MISS;
    const to = quoteEnd(bytes, from, end);
    if (to < 0) return -1;
    this.#keep(at + this.#gapName[label]!, at + this.#gapNameEnd[label]!, from, to, 1);
    return to + 1;
  }

  /** Reads the label whose name starts at `name`; the gap before its value starts at `gap`. Returns the position after the value, or -1. */
  #label(bytes: Uint8Array, gap: number, name: number, end: number): number {
    const equals = equalsAt(bytes, name, end);
    if (equals < 0) return -1;
    let from = equals + 1;
    while (isBlank(bytes[from]!)) from++;
    const quoted = bytes[from] === QUOTE;
    if (quoted) from++;
    const to = quoted ? quoteEnd(bytes, from, end) : bareEnd(bytes, from, end);
    if (to < 0) return -1;
    if (this.count < MAX_LABELS) {
      const nameEnd = trimmedEnd(bytes, name, equals);
      this.#remember(bytes, { gap, name, nameEnd, from: quoted ? from : gap });
      this.#keep(name, nameEnd, from, quoted ? to : trimmedEnd(bytes, from, to), quoted ? 1 : 0);
    }
    return quoted ? to + 1 : to;
  }

  /** Remembers the gap of the next label, unless it is empty. */
  #remember(bytes: Uint8Array, { gap, name, nameEnd, from }: Readonly<Record<'gap' | 'name' | 'nameEnd' | 'from', number>>): void {
    const label = this.count;
    const size = from - gap;
    this.#gapBytes[label] = size <= MAX_GAP ? size : 0;
    this.#gapName[label] = name - gap;
    this.#gapNameEnd[label] = nameEnd - gap;
    this.#gapNamed[label] = numberOf(bytes, name, nameEnd);
    if (size <= MAX_GAP) for (let i = 0; i < size; i++) this.#gaps.setUint8(label * MAX_GAP + i, bytes[gap + i]!);
  }

  #keep(name: number, nameEnd: number, from: number, to: number, quoted: number): void {
    const label = this.count++;
    const number = this.#gapNamed[label]!;
    this.nameAt[label] = name;
    this.nameEnd[label] = nameEnd;
    this.valueAt[label] = from;
    this.valueEnd[label] = to;
    this.quoted[label] = quoted;
    this.named[label] = number;
    this.#last[number] = label;
    this.#lastIn[number] = this.#reading;
  }

  /** The label with this name number, the last one if there are several; -1 if there is none. */
  find(number: number): number {
    return this.#lastIn[number] === this.#reading ? this.#last[number]! : -1;
  }

  /** Start and end of a label's raw value; an empty range for label -1. */
  startOf(label: number): number {
    return label < 0 ? 0 : this.valueAt[label]!;
  }
  endOf(label: number): number {
    return label < 0 ? 0 : this.valueEnd[label]!;
  }

  /** The same for any name. */
  findByName(bytes: Uint8Array, name: string): number {
    for (let label = this.count - 1; label >= 0; label--) if (isName(bytes, this.nameAt[label]!, this.nameEnd[label]!, name)) return label;
    return -1;
  }

  /** All names and values, decoded. */
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

/** Separates a malformed block from its copy: no block contains it, and it only follows the last one. */
const COPY = 0;

/** Adds a malformed block and its well-formed copy. Returns where they are: the block, and the copy from `copy` to `end`. */
export function addRepaired(arena: Arena, block: Uint8Array, repaired: string): { block: number; copy: number; end: number } {
  const both = Uint8Array.from([...block, COPY, ...Array.from(repaired, (ch) => ch.charCodeAt(0))]);
  const at = arena.add(new DataView(both.buffer), 0, both.length);
  return { block: at, copy: at + block.length + 1, end: at + both.length };
}

function numberOf(bytes: Uint8Array, from: number, to: number): number {
  for (let number = NAMES.length - 1; number > OTHER_NAME; number--) if (isName(bytes, from, to, NAMES[number]!)) return number;
  return OTHER_NAME;
}

function isName(bytes: Uint8Array, from: number, to: number, name: string): boolean {
  if (to - from !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name.charCodeAt(i)) return false;
  return true;
}

/** Maximum length of texts, in bytes of UTF-8, as the exporters cut them. A cut text ends in MARKER, which may exceed the limit. */
export const CAPS = { value: 1024, command: 256, name: 128, user: 128 } as const;
export type Cap = keyof typeof CAPS;
const MARKER = /\.\.\.\(\d+ bytes truncated\)$/;
const MARKER_BYTES = 32;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
/** Several times as fast as a decoder for names of a few bytes. */
const { latin1Slice } = Buffer.prototype as { latin1Slice: (this: Uint8Array, from: number, to: number) => string };

/** The raw bytes of a label's value as text: unescaped, cleaned, cut. */
export function decodeText(bytes: Uint8Array, from: number, to: number, cap: Cap): string {
  if (to - from <= CAPS.name && isPlain(bytes, from, to)) return latin1Slice.call(bytes, from, to);
  const raw = utf8.decode(bytes.subarray(from, to));
  return labelText(raw.includes('\\') ? raw.replace(/\\(.)/gsu, cap === 'user' ? unescapedName : unescaped) : raw, cap);
}

/** Printable ASCII without an escape needs neither decoding nor cleaning. */
function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i]! < BLANK || bytes[i]! > 126 || bytes[i] === BACKSLASH) return false;
  return true;
}

/** A label's value, cleaned and cut. */
export function labelText(value: string, cap: Cap): string {
  const text = clean(value, CAPS[cap] + MARKER_BYTES);
  return text.length * 3 <= CAPS[cap] || MARKER.test(text) ? text : clean(text, CAPS[cap]);
}

/** all-smi writes CR as `\r`, which the format does not define. Unknown escapes stay as they are. */
function unescaped(whole: string, ch: string): string {
  if (ch === 'n') return '\n';
  if (ch === 'r') return '\r';
  return ch === '"' || ch === '\\' ? ch : whole;
}

/** No user name has a line end: `CORP\nick` is written by an exporter that does not escape the backslash of a domain. */
const unescapedName = (whole: string, ch: string): string => (ch === '"' || ch === '\\' ? ch : whole);

/** The end of the text that starts at `from` in an arena. */
export function closingQuote(bytes: Uint8Array, from: number): number {
  let to = from;
  for (; to < bytes.length && bytes[to] !== QUOTE; to++) if (bytes[to] === BACKSLASH) to++;
  return to;
}

/** An unsigned integer of at most 32 bits, written in digits only; -1 if it is not one. */
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
