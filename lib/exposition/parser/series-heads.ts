/**
 * The bytes between the value of one sample and the labels of the next: line end, comments, metric name, opening brace (or the space after
 * the name of a sample without labels). Exporters repeat these bytes exactly, so each such run has a number, shared by all nodes.
 */
import { longerInts } from '../../model/arrays.js';
import { Arena, repeats, type Bytes } from './bytes.js';
import { metricNamed, NAMESPACE } from '../schema/families.js';
import { UNKNOWN } from './row-layout.js';

/** Longer runs have no number: their samples are always read the slow way. */
const MAX_BYTES = 4096;
const MAX_HEADS = 65_536;
/** New heads that one node may add, so that none can use up those of all. */
export const HEADS_PER_NODE = 1024;

const latin1 = new TextDecoder('latin1');

export class SeriesHeads {
  readonly arena = new Arena();
  at = new Int32Array(256);
  bytes = new Int32Array(256);
  /** Number of the metric in METRICS, UNKNOWN for others. */
  metric = new Int32Array(256);
  /** From the start of the metric's name to the end. */
  nameBytes = new Int32Array(256);
  /** 1: ends with the opening brace of labels. */
  labelled = new Uint8Array(256);
  /** The two heads that followed this one most recently: usually one of them comes again. */
  nextHead = new Int32Array(256);
  formerNextHead = new Int32Array(256);
  /** Number 0 is not used. */
  #count = 1;
  readonly #byText = new Map<string, number>();

  matches(head: number, view: DataView, at: number, end: number): boolean {
    const length = this.bytes[head]!;
    return at + length <= end && repeats(this.arena.view, this.at[head]!, view, at, length);
  }

  /** Notes that `next` followed `head`. */
  follow(head: number, next: number): void {
    if (this.nextHead[head] === next) return;
    this.formerNextHead[head] = this.nextHead[head]!;
    this.nextHead[head] = next;
  }

  /** Whether the metric has an all-smi name, known or not. */
  isOurs(head: number): boolean {
    if (head === 0) return false;
    if (this.metric[head] !== UNKNOWN) return true;
    const end = this.at[head]! + this.bytes[head]!;
    return hasOurName(this.arena.bytes, end - this.nameBytes[head]!);
  }

  /** The number of the bytes from `at` to `end`; 0 if they have none. */
  find(source: Uint8Array, at: number, end: number): number {
    return end - at > MAX_BYTES ? 0 : (this.#byText.get(latin1.decode(source.subarray(at, end))) ?? 0);
  }

  /** Assigns a number to the bytes from `at` to `end`; 0 if they get none. The metric's name starts at `name`. */
  learn({ bytes, view }: Bytes, at: number, name: number, end: number): number {
    if (end - at > MAX_BYTES || this.#count >= MAX_HEADS) return 0;
    const head = this.#count++;
    this.#byText.set(latin1.decode(bytes.subarray(at, end)), head);
    if (head >= this.at.length) this.#grow(head * 2);
    this.at[head] = this.arena.add(view, at, end);
    this.bytes[head] = end - at;
    this.nameBytes[head] = end - name;
    this.metric[head] = metricOf(bytes, name, end);
    this.labelled[head] = Number(bytes[end - 1] === 123);
    return head;
  }

  #grow(length: number): void {
    this.at = longerInts(this.at, length);
    this.bytes = longerInts(this.bytes, length);
    this.nameBytes = longerInts(this.nameBytes, length);
    this.metric = longerInts(this.metric, length);
    this.nextHead = longerInts(this.nextHead, length);
    this.formerNextHead = longerInts(this.formerNextHead, length);
    const labelled = new Uint8Array(length);
    labelled.set(this.labelled);
    this.labelled = labelled;
  }
}

/** Whether the name at `at` is an all-smi name. */
export function hasOurName(source: Uint8Array, at: number): boolean {
  for (let i = 0; i < NAMESPACE_BYTES.length; i++) if (source[at + i] !== NAMESPACE_BYTES[i]) return false;
  return true;
}
const NAMESPACE_BYTES = new TextEncoder().encode(NAMESPACE);

/** The metric whose name starts at `at` and ends somewhere before the brace or space at `end`. */
export function metricOf(source: Uint8Array, at: number, end: number): number {
  const name = latin1.decode(source.subarray(at, end - 1)).trimEnd();
  return name.length <= 256 ? metricNamed(name) : UNKNOWN;
}
