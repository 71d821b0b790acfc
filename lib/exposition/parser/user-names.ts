/** User names, each once for the whole process: rows carry a number. */
import type { UserId } from '../../model/columns.js';
import { BACKSLASH } from './ascii.js';
import { longerInts } from '../../model/arrays.js';
import { Arena, same } from './bytes.js';
import { decodeText } from './labels.js';

/** Names up to this many bytes that need no cleaning are looked up as they come. */
const PLAIN_BYTES = 128;
/** Decided once a run: a node that knows the function still cannot choose names that all meet in one place. */
const SEED = (Math.random() * 2 ** 32) | 0;

export class UserNames {
  #arena = new Arena();
  /** By id: where the name is in the arena, and how long it is there. */
  #at = new Int32Array(256);
  #bytes = new Int32Array(256);
  #count = 1;
  /** Open addressing: ids, 0 for none. */
  #table = new Int32Array(1024);
  #decoded: (string | undefined)[] = [''];

  /** Ids in use, 0 included. */
  get count(): number {
    return this.#count;
  }

  name(id: UserId): string {
    const known = this.#decoded[id];
    if (known !== undefined) return known;
    const at = this.#at[id]!;
    return (this.#decoded[id] = new TextDecoder().decode(this.#arena.bytes.subarray(at, at + this.#bytes[id]!)));
  }

  /** The id of a raw label value; what cleaning makes equal has one id. */
  idOf(bytes: Uint8Array, view: DataView, from: number, to: number): UserId {
    if (from === to) return 0;
    if (to - from <= PLAIN_BYTES && isPlain(bytes, from, to)) return this.#intern(bytes, view, from, to);
    return this.idOfName(decodeText(bytes, from, to, 'name'));
  }

  /** The id of a clean name. */
  idOfName(name: string): UserId {
    if (name === '') return 0;
    const encoded = new TextEncoder().encode(name);
    return this.#intern(encoded, new DataView(encoded.buffer, encoded.byteOffset), 0, encoded.length);
  }

  /** Only the ids that `live` marks with a non-zero byte remain, with new numbers. By old id: the new one. */
  renumber(live: Uint8Array): Int32Array {
    const [oldArena, oldAt, oldBytes, oldCount] = [this.#arena, this.#at, this.#bytes, this.#count];
    const fresh = new Int32Array(oldCount);
    this.#arena = new Arena();
    this.#table = new Int32Array(1024);
    this.#count = 1;
    this.#decoded = [''];
    this.#at = new Int32Array(256);
    this.#bytes = new Int32Array(256);
    for (let id = 1; id < oldCount; id++) {
      if (live[id] !== 0) fresh[id] = this.#intern(oldArena.bytes, oldArena.view, oldAt[id]!, oldAt[id]! + oldBytes[id]!);
    }
    return fresh;
  }

  #intern(bytes: Uint8Array, view: DataView, from: number, to: number): UserId {
    const mask = this.#table.length - 1;
    let place = hash(bytes, from, to) & mask;
    for (let id = this.#table[place]!; id !== 0; id = this.#table[place]!) {
      if (this.#bytes[id] === to - from && same(this.#arena.view, this.#at[id]!, view, from, to - from)) return id;
      place = (place + 1) & mask;
    }
    const id = this.#count++;
    this.#table[place] = id;
    if (id >= this.#at.length) {
      this.#at = longerInts(this.#at, id * 2);
      this.#bytes = longerInts(this.#bytes, id * 2);
    }
    this.#at[id] = this.#arena.add(view, from, to);
    this.#bytes[id] = to - from;
    this.#decoded.push(undefined);
    if (this.#count * 2 > this.#table.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    const table = (this.#table = new Int32Array(this.#table.length * 2));
    const mask = table.length - 1;
    for (let id = 1; id < this.#count; id++) {
      const at = this.#at[id]!;
      let place = hash(this.#arena.bytes, at, at + this.#bytes[id]!) & mask;
      while (table[place] !== 0) place = (place + 1) & mask;
      table[place] = id;
    }
  }
}

/** Printable ASCII without an escape. */
function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i]! < 32 || bytes[i]! > 126 || bytes[i] === BACKSLASH) return false;
  return true;
}

function hash(bytes: Uint8Array, from: number, to: number): number {
  let mixed = SEED;
  for (let i = from; i < to; i++) mixed = Math.imul(mixed ^ bytes[i]!, 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
