/** User names, each once for the whole process: rows carry a number. */
import type { UserId } from '../../model/columns.js';
import { decodeText } from './labels.js';

export class UserNames {
  /** By id; 0 is nobody. */
  #names = [''];
  #ids = new Map([['', 0]]);

  /** Ids in use, 0 included. */
  get count(): number {
    return this.#names.length;
  }

  name(id: UserId): string {
    return this.#names[id] ?? '';
  }

  /** The id of a raw label value; what cleaning makes equal has one id. */
  idOf(bytes: Uint8Array, from: number, to: number): UserId {
    return from === to ? 0 : this.idOfName(decodeText(bytes, from, to, 'name'));
  }

  /** The id of a clean name. */
  idOfName(name: string): UserId {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#names.push(name) - 1;
    this.#ids.set(name, id);
    return id;
  }

  /** Only the ids that `live` marks with a non-zero byte remain, with new numbers. By old id: the new one. */
  renumber(live: Uint8Array): Int32Array {
    const old = this.#names;
    this.#names = [''];
    this.#ids = new Map([['', 0]]);
    return Int32Array.from(old, (name, id) => (live[id] === 0 ? 0 : this.idOfName(name)));
  }
}
