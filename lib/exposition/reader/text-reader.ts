/**
 * A plain reader of text expositions, for exporters other than all-smi: Prometheus text and OpenMetrics. It keeps the samples of the families that
 * are wanted. All other lines are skipped by their name, before their labels are read: node_exporter sends thousands of them.
 */
import { clean } from '../../text/sanitize.js';
import { BLANK, HASH, NEWLINE, OPEN, RETURN, TAB } from '../parser/ascii.js';
import { readValue, shortNumber } from '../parser/numbers.js';
import { ReaderTexts, type Labels, type TextId } from './known-texts.js';
import { NO_LABELS, quotedName, readBlock, readSample, type SampleLine } from './sample-line.js';

/** The family that a sample of this name belongs to, as the reader of the rows calls it; undefined: not wanted. */
export type Wanted = (name: string) => string | undefined;

export type Row = SampleLine;

/** The rows of each family, in the order of the text. */
export type Families = ReadonlyMap<string, readonly Row[]>;

export interface Bounds {
  /** A longer line is bad. */
  readonly lineBytes: number;
  /** Further rows are dropped. */
  readonly rows: number;
}

const BOUNDS: Bounds = { lineBytes: 65_536, rows: 100_000 };

const BAD_SAMPLE_BYTES = 80;
const MAX_NAME_BYTES = 256;
const NO_BYTES = new Uint8Array(0);
const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder();

export class TextReader {
  readonly #wanted: Wanted;
  readonly #bounds: Bounds;
  readonly #texts: ReaderTexts;
  readonly #families = new Map<string, Row[]>();
  #tail = NO_BYTES;
  /** Inside a line that is too long. */
  #skipping = false;
  #ended = false;
  /** The name of the last sample, its family and the rows of that: samples of a family follow each other. */
  #name: TextId = 0;
  /** The number of a name that was forgotten may be that of another one now: of which name the family is. */
  #familyOf: string | undefined;
  #family: string | undefined;
  #rows: Row[] | undefined;
  #block: TextId = 0;
  /** Samples, wanted or not. */
  samples = 0;
  rows = 0;
  badLines = 0;
  /** The beginning of the first bad line; '' if there is none. */
  badSample = '';
  /** Whether rows were dropped. */
  capped = false;

  /** `texts`: shared with other readers. */
  constructor(wanted: Wanted, bounds: Partial<Bounds> = {}, texts = new ReaderTexts()) {
    this.#wanted = wanted;
    this.#bounds = { ...BOUNDS, ...bounds };
    this.#texts = texts;
  }

  get families(): Families {
    return this.#families;
  }

  push(chunk: Uint8Array): void {
    // A Buffer searches many times faster than a plain array.
    const finder = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const view = viewOf(chunk);
    let from = 0;
    for (let to = finder.indexOf(NEWLINE); to >= 0; to = finder.indexOf(NEWLINE, from)) {
      if (this.#skipping) this.#skipping = false;
      else if (this.#tail.length > 0) this.#lastLine(chunk.subarray(from, to));
      else this.#line(chunk, view, from, to);
      from = to + 1;
    }
    if (!this.#skipping && from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** The text has ended: what is left of it is a line. */
  end(): void {
    if (this.#tail.length > 0) this.#lastLine(NO_BYTES);
  }

  /** The line whose beginning was kept. */
  #lastLine(rest: Uint8Array): void {
    const whole = joined(this.#tail, rest);
    this.#tail = NO_BYTES;
    this.#line(whole, viewOf(whole), 0, whole.length);
  }

  #keep(rest: Uint8Array): void {
    this.#tail = joined(this.#tail, rest);
    if (this.#tail.length <= this.#bounds.lineBytes) return;
    this.#bad(this.#tail);
    this.#tail = NO_BYTES;
    this.#skipping = true;
  }

  #line(bytes: Uint8Array, view: DataView, start: number, end: number): void {
    const from = Math.min(skipBlanks(bytes, start), end);
    const to = trimmedEnd(bytes, from, end);
    if (from === to) return;
    if (bytes[from] === HASH) {
      // Only OpenMetrics has an end. Whatever follows is not part of it.
      this.#ended ||= to - from === 5 && latin1.decode(bytes.subarray(from, to)) === '# EOF';
      return;
    }
    if (this.#ended || to - from > this.#bounds.lineBytes) return this.#bad(bytes.subarray(from, to));
    this.samples++;
    if (bytes[from] === OPEN) return this.#quoted(bytes.subarray(from, to));
    const nameEnd = this.#nameAt(bytes, view, from, to);
    if (this.#family === undefined) return;
    if (!this.#sample(bytes, view, skipBlanks(bytes, nameEnd), to)) this.#bad(bytes.subarray(from, to));
  }

  /** The name of the sample; returns where it ends. */
  #nameAt(bytes: Uint8Array, view: DataView, from: number, to: number): number {
    const { names } = this.#texts;
    const same = names.isAt(this.#name, view, from);
    const known = same ? this.#name : names.after(this.#name);
    if (same || names.isAt(known, view, from)) {
      const end = from + names.lengthOf(known);
      if (end <= to && (end === to || isNameEnd(bytes[end]))) {
        this.#named(known);
        return end;
      }
    }
    const end = endOfName(bytes, from, to);
    if (end - from > MAX_NAME_BYTES || end === from) {
      this.#name = 0;
      this.#familyOf = undefined;
      this.#family = undefined;
      return end;
    }
    this.#named(
      names.find(view, from, end, this.#name) || names.add(view, from, end, this.#name, latin1.decode(bytes.subarray(from, end))),
    );
    return end;
  }

  #named(name: TextId): void {
    const text = this.#texts.names.value(name)!;
    this.#name = name;
    if (text === this.#familyOf) return;
    this.#familyOf = text;
    this.#family = this.#familyNamed(text);
    this.#rows = this.#family === undefined ? undefined : this.#families.get(this.#family);
  }

  /** In OpenMetrics the samples of a counter end with `_total`, whatever its family is called. When it was created is no reading. */
  #familyNamed(name: string): string | undefined {
    return this.#wanted(name) ?? (name.endsWith('_total') ? this.#wanted(name.slice(0, -'_total'.length)) : undefined);
  }

  /** What follows the name. False: it is malformed. */
  #sample(bytes: Uint8Array, view: DataView, from: number, to: number): boolean {
    if (bytes[from] !== OPEN) return this.#row(NO_LABELS, bytes, from, to);
    const { blocks } = this.#texts;
    const expected = blocks.after(this.#block);
    if (blocks.isAt(expected, view, from) && from + blocks.lengthOf(expected) <= to) {
      this.#block = expected;
      return this.#row(blocks.value(expected)!, bytes, from + blocks.lengthOf(expected), to);
    }
    const rest = utf8.decode(bytes.subarray(from, to));
    // Where the labels end is known in characters: with others than ASCII these are no positions.
    if (rest.length !== to - from) return this.#add(readSample(rest));
    const block = readBlock(rest);
    if (block === undefined) return false;
    const end = from + block.end;
    const known = blocks.find(view, from, end, this.#block);
    this.#block = known || blocks.add(view, from, end, this.#block, block.labels);
    return this.#row(blocks.value(this.#block)!, bytes, end, to);
  }

  #row(labels: Labels, bytes: Uint8Array, from: number, to: number): boolean {
    const at = skipBlanks(bytes, from);
    const short = shortNumber(bytes, at, to);
    const value = Number.isNaN(short) ? readValue(latin1.decode(bytes.subarray(at, to))) : short;
    return this.#add(value === undefined ? undefined : { labels, value });
  }

  #add(row: Row | undefined): boolean {
    if (row === undefined) return false;
    if (this.rows >= this.#bounds.rows) {
      this.capped = true;
      return true;
    }
    this.rows++;
    if (!this.#rows) this.#families.set(this.#family!, (this.#rows = []));
    this.#rows.push(row);
    return true;
  }

  /** `{"a name", label="value"} 1` */
  #quoted(line: Uint8Array): void {
    this.#name = 0;
    this.#familyOf = undefined;
    this.#family = this.#quotedFamily(line);
    this.#rows = this.#family === undefined ? undefined : this.#families.get(this.#family);
    if (this.#family !== undefined && !this.#add(readSample(utf8.decode(line)))) this.#bad(line);
  }

  #quotedFamily(line: Uint8Array): string | undefined {
    const name = quotedName(utf8.decode(line));
    if (name === undefined) {
      this.#bad(line);
      return undefined;
    }
    return this.#familyNamed(name);
  }

  #bad(line: Uint8Array): void {
    this.badLines++;
    if (this.badSample === '') this.badSample = clean(utf8.decode(line.subarray(0, 4 * BAD_SAMPLE_BYTES)), BAD_SAMPLE_BYTES);
  }
}

const isBlank = (byte: number | undefined): boolean => byte === BLANK || byte === TAB;

function skipBlanks(line: Uint8Array, from: number): number {
  let at = from;
  while (isBlank(line[at])) at++;
  return at;
}

function trimmedEnd(line: Uint8Array, from: number, end: number): number {
  let to = end;
  while (to > from && (line[to - 1] === RETURN || isBlank(line[to - 1]))) to--;
  return to;
}

function endOfName(line: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && !isNameEnd(line[at])) at++;
  return at;
}

const isNameEnd = (byte: number | undefined): boolean => byte === OPEN || isBlank(byte);
const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView => new DataView(buffer, byteOffset, byteLength);

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
