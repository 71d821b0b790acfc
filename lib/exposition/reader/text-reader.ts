/**
 * A plain reader of text expositions, for exporters other than all-smi: Prometheus text and OpenMetrics. It keeps the samples of the families that
 * are wanted. All other lines are skipped by their name, before their labels are read: node_exporter sends thousands of them.
 */
import { clean } from '../../text/sanitize.js';
import { quotedName, readSample, type SampleLine } from './sample-line.js';

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

const [NEWLINE, HASH, OPEN, SPACE, TAB, RETURN] = [10, 35, 123, 32, 9, 13];
const BAD_SAMPLE_BYTES = 80;
const MAX_NAME_BYTES = 256;
const NO_BYTES = new Uint8Array(0);
const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder();

export class TextReader {
  readonly #wanted: Wanted;
  readonly #bounds: Bounds;
  readonly #families = new Map<string, Row[]>();
  #tail = NO_BYTES;
  /** Inside a line that is too long. */
  #skipping = false;
  #ended = false;
  /** The name of the last sample, and its family: samples of a family follow each other. */
  #lastName = NO_BYTES;
  #lastFamily: string | undefined;
  /** Samples, wanted or not. */
  samples = 0;
  rows = 0;
  badLines = 0;
  /** The beginning of the first bad line; '' if there is none. */
  badSample = '';
  /** Whether rows were dropped. */
  capped = false;

  constructor(wanted: Wanted, bounds: Partial<Bounds> = {}) {
    this.#wanted = wanted;
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  get families(): Families {
    return this.#families;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      if (this.#skipping) this.#skipping = false;
      else if (this.#tail.length > 0) {
        const whole = joined(this.#tail, chunk.subarray(from, to));
        this.#tail = NO_BYTES;
        this.#line(whole);
      } else this.#line(chunk.subarray(from, to));
      from = to + 1;
    }
    if (!this.#skipping && from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** The text has ended: what is left of it is a line. */
  end(): void {
    const rest = this.#tail;
    this.#tail = NO_BYTES;
    if (rest.length > 0) this.#line(rest);
  }

  #keep(rest: Uint8Array): void {
    this.#tail = joined(this.#tail, rest);
    if (this.#tail.length <= this.#bounds.lineBytes) return;
    this.#bad(this.#tail);
    this.#tail = NO_BYTES;
    this.#skipping = true;
  }

  #line(whole: Uint8Array): void {
    const line = trimmed(whole);
    if (line.length === 0) return;
    if (line[0] === HASH) {
      // Only OpenMetrics has an end. Whatever follows is not part of it.
      this.#ended ||= line.length === 5 && latin1.decode(line) === '# EOF';
      return;
    }
    if (this.#ended || line.length > this.#bounds.lineBytes) return this.#bad(line);
    this.samples++;
    const quoted = line[0] === OPEN;
    const nameEnd = quoted ? 0 : endOfName(line);
    const family = quoted ? this.#quotedFamily(line) : this.#familyOf(line.subarray(0, nameEnd));
    if (family === undefined) return;
    const sample = readSample(utf8.decode(line.subarray(skipBlanks(line, nameEnd))));
    if (!sample) return this.#bad(line);
    if (this.rows >= this.#bounds.rows) {
      this.capped = true;
      return;
    }
    this.rows++;
    const known = this.#families.get(family);
    if (known) known.push(sample);
    else this.#families.set(family, [sample]);
  }

  #familyOf(name: Uint8Array): string | undefined {
    if (!equal(name, this.#lastName)) {
      this.#lastName = name.slice();
      this.#lastFamily = name.length === 0 || name.length > MAX_NAME_BYTES ? undefined : this.#familyNamed(latin1.decode(name));
    }
    return this.#lastFamily;
  }

  /** In OpenMetrics the samples of a counter end with `_total`, whatever its family is called. When it was created is no reading. */
  #familyNamed(name: string): string | undefined {
    return this.#wanted(name) ?? (name.endsWith('_total') ? this.#wanted(name.slice(0, -'_total'.length)) : undefined);
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

const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === TAB;

function skipBlanks(line: Uint8Array, from: number): number {
  let at = from;
  while (isBlank(line[at])) at++;
  return at;
}

function trimmed(line: Uint8Array): Uint8Array {
  let to = line.length;
  while (to > 0 && (line[to - 1] === RETURN || isBlank(line[to - 1]))) to--;
  return line.subarray(Math.min(skipBlanks(line, 0), to), to);
}

function endOfName(line: Uint8Array): number {
  let at = 0;
  while (at < line.length && line[at] !== OPEN && !isBlank(line[at])) at++;
  return at;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = a.length - 1; at >= 0; at--) if (a[at] !== b[at]) return false;
  return true;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
