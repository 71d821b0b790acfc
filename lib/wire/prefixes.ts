/**
 * What stands between the value of one sample and the labels of the next: line end, comments, metric name, opening brace (or the blank
 * behind the name of a sample without labels). Exporters repeat these bytes exactly, so each such run has a number, for all hosts.
 */
import { Arena, longerInts, same } from './bytes.js';
import { metricNamed, UNKNOWN } from './families.js';

/** Longer runs have no number: their samples are read the slow way each time. */
const MAX_BYTES = 4096;
const MAX_PREFIXES = 65_536;
/** New prefixes that one host may bring, so that none can use up those of all. */
export const PREFIXES_PER_HOST = 1024;

const latin1 = new TextDecoder('latin1');

export class Prefixes {
  readonly arena = new Arena(16_384);
  at = new Int32Array(256);
  bytes = new Int32Array(256);
  /** Number of the metric in METRICS, UNKNOWN for others. */
  metric = new Int32Array(256);
  /** From the start of the metric's name to the end. */
  nameBytes = new Int32Array(256);
  /** 1: ends with the opening brace of labels. */
  labelled = new Uint8Array(256);
  /** The prefix that came after this one last time: most of the time it comes again. */
  follower = new Int32Array(256);
  /** Number 0 is nobody's. */
  #count = 1;
  readonly #byText = new Map<string, number>();

  matches(prefix: number, view: DataView, at: number, end: number): boolean {
    const length = this.bytes[prefix]!;
    return at + length <= end && same(this.arena.view, this.at[prefix]!, view, at, length);
  }

  /** Number of the bytes from `at` to `end`, 0 when it has none; `learn`: give it one. The metric's name begins at `name`. */
  find(source: Uint8Array, view: DataView, at: number, name: number, end: number, learn: boolean): number {
    if (end - at > MAX_BYTES) return 0;
    const text = latin1.decode(source.subarray(at, end));
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    if (!learn || this.#count >= MAX_PREFIXES) return 0;
    const prefix = this.#count++;
    this.#byText.set(text, prefix);
    if (prefix >= this.at.length) this.#grow(prefix * 2);
    this.at[prefix] = this.arena.add(view, at, end);
    this.bytes[prefix] = end - at;
    this.nameBytes[prefix] = end - name;
    this.metric[prefix] = metricOf(source, name, end);
    this.labelled[prefix] = Number(source[end - 1] === 123);
    return prefix;
  }

  get count(): number {
    return this.#count;
  }

  #grow(length: number): void {
    this.at = longerInts(this.at, length);
    this.bytes = longerInts(this.bytes, length);
    this.nameBytes = longerInts(this.nameBytes, length);
    this.metric = longerInts(this.metric, length);
    this.follower = longerInts(this.follower, length);
    const labelled = new Uint8Array(length);
    labelled.set(this.labelled);
    this.labelled = labelled;
  }
}

/** The metric whose name begins at `at` and ends somewhere before the brace or blank at `end`. */
export function metricOf(source: Uint8Array, at: number, end: number): number {
  const name = latin1.decode(source.subarray(at, end - 1)).trimEnd();
  return name.length <= 256 ? metricNamed(name) : UNKNOWN;
}
