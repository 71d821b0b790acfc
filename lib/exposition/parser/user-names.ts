/** User names, each stored once for the whole process: rows contain a number. */
import type { UserId } from '../../model/columns.js';
import { withoutBlankEnds } from '../../text/sanitize.js';
import { decodeText } from './labels.js';

export class UserNames {
  /** By id; 0 is no user. */
  #names = [''];
  #ids = new Map([['', 0]]);

  /** Ids in use, including 0. */
  get count(): number {
    return this.#names.length;
  }

  name(id: UserId): string {
    return this.#names[id] ?? '';
  }

  /** The id of a raw label value; values that are equal after cleaning have the same id. */
  idOf(bytes: Uint8Array, from: number, to: number): UserId {
    return from === to ? 0 : this.idOfName(decodeText(bytes, from, to, 'user'));
  }

  /** The id of a clean name; names that differ only in blanks at their ends have the same id. */
  idOfName(name: string): UserId {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const shown = withoutBlankEnds(name);
    if (shown !== name) return this.idOfName(shown);
    const id = this.#names.push(name) - 1;
    this.#ids.set(name, id);
    return id;
  }

  /** Keeps only the ids that `live` marks with a non-zero byte, with new numbers. Returns the new id for each old one. */
  renumber(live: Uint8Array): Int32Array {
    const old = this.#names;
    this.#names = [''];
    this.#ids = new Map([['', 0]]);
    return Int32Array.from(old, (name, id) => (live[id] === 0 ? 0 : this.idOfName(name)));
  }
}
