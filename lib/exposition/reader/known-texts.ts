/**
 * Byte strings that were seen before, and what was read of them: names of samples, and their labels. Exporters send the same ones again and again,
 * in the same order, so each is looked for where it is expected: after the one that it followed last time. Most occur on all nodes, or in each
 * family of a node, so a table is shared by all readers of a process.
 */
import { Arena, same } from '../parser/bytes.js';

/** By name. */
export type Labels = ReadonlyMap<string, string>;

/** The number of a text; 0 is none. */
export type TextId = number;

const FIRST_SIZE = 1024;
/** With more, all are forgotten: an exporter whose labels never repeat must not fill the memory. */
const MAX_TEXTS = 2 ** 18;
const MAX_BYTES = 2 ** 26;

export class KnownTexts<Value> {
  #arena = new Arena();
  #start = new Int32Array(FIRST_SIZE);
  #length = new Int32Array(FIRST_SIZE);
  /** By text: the one that followed it last time. */
  #next = new Int32Array(FIRST_SIZE);
  /** By hash; at most half of them are used. */
  #slots = new Int32Array(2 * FIRST_SIZE);
  #values: (Value | undefined)[] = [undefined];
  readonly #maxTexts: number;

  /** `maxTexts`: smaller in tests. */
  constructor(maxTexts = MAX_TEXTS) {
    this.#maxTexts = maxTexts;
  }

  value(id: TextId): Value | undefined {
    return this.#values[id];
  }

  /** In bytes. */
  lengthOf(id: TextId): number {
    return this.#length[id]!;
  }

  /** Whether the text begins at `from`. Whatever follows is not looked at. */
  isAt(id: TextId, view: DataView, from: number): boolean {
    const length = this.#length[id]!;
    return id !== 0 && from + length <= view.byteLength && same(this.#arena.view, this.#start[id]!, view, from, length);
  }

  /** The text that is expected after `last`; 0: none. */
  after(last: TextId): TextId {
    return this.#next[last] ?? 0;
  }

  /** The text from `from` to `to`, which follows `last`; 0 if it is not known. */
  find(view: DataView, from: number, to: number, last: TextId): TextId {
    const mask = this.#slots.length - 1;
    for (let slot = hash(view, from, to) & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]!;
      if (id === 0) return 0;
      if (this.#length[id] === to - from && this.isAt(id, view, from)) {
        this.#follows(id, last);
        return id;
      }
    }
  }

  /** Adds a text that is not known, with what was read of it. */
  add(view: DataView, from: number, to: number, last: TextId, value: Value): TextId {
    if (this.#values.length > this.#maxTexts || this.#arena.length + to - from > MAX_BYTES) this.#forget();
    if (this.#values.length === this.#start.length) this.#grow();
    const id = this.#values.push(value) - 1;
    this.#start[id] = this.#arena.add(view, from, to);
    this.#length[id] = to - from;
    this.#put(id, hash(view, from, to));
    this.#follows(id, last);
    return id;
  }

  /** `last` may be of a time that is forgotten: then it is a wrong guess, no more. */
  #follows(id: TextId, last: TextId): void {
    if (last < this.#values.length) this.#next[last] = id;
  }

  #put(id: TextId, at: number): void {
    const mask = this.#slots.length - 1;
    let slot = at & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = id;
  }

  #grow(): void {
    const size = 2 * this.#start.length;
    this.#start = grown(this.#start, size);
    this.#length = grown(this.#length, size);
    this.#next = grown(this.#next, size);
    this.#slots = new Int32Array(2 * size);
    for (let id = 1; id < this.#values.length; id++) {
      const from = this.#start[id]!;
      this.#put(id, hash(this.#arena.view, from, from + this.#length[id]!));
    }
  }

  #forget(): void {
    this.#arena = new Arena();
    this.#start = new Int32Array(FIRST_SIZE);
    this.#length = new Int32Array(FIRST_SIZE);
    this.#next = new Int32Array(FIRST_SIZE);
    this.#slots = new Int32Array(2 * FIRST_SIZE);
    this.#values = [undefined];
  }
}

/** Names, and blocks of labels, that the readers of a process have seen. */
export class ReaderTexts {
  readonly names: KnownTexts<string>;
  readonly blocks: KnownTexts<Labels>;

  /** `maxTexts`: smaller in tests. */
  constructor(maxTexts?: number) {
    this.names = new KnownTexts(maxTexts);
    this.blocks = new KnownTexts(maxTexts);
  }
}

function grown(array: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size);
  larger.set(array);
  return larger;
}

/** FNV-1a. */
function hash(view: DataView, from: number, to: number): number {
  let value = 0x811c9dc5;
  for (let at = from; at < to; at++) value = Math.imul(value ^ view.getUint8(at), 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}
