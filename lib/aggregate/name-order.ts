/** The order of user names, and which of them are system accounts. */

/** Negative, 0 or positive, in the byte order of the names' UTF-8. That is the order of code points, which differs from that of `<`. */
export function compareNames(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return aboveSurrogates(left) - aboveSurrogates(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others, but U+E000..U+FFFF are larger code units. */
function aboveSurrogates(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** `root`, or an unsigned integer below 1000. */
export function isSystem(user: string): boolean {
  return user === 'root' || (/^\d+$/.test(user) && Number(user) < 1000);
}

/** Unused names stay cached, up to this many times the number of names in use. */
const SPARE = 4;

/** The name of a user, who has row `row`. */
type NameOf = (id: number, row: number) => string;

/**
 * Sorts users by name. Comparing thousands of names would take longer than the rest of the merge: the order of recent names is cached, and
 * only new names are sorted in. A cached id is used only while it still has the same name.
 */
export class NameOrder {
  /** Ids in the order of their names. */
  #sorted: number[] = [];
  /** By id: name, place in #sorted, whether it is a system account. */
  #names: (string | undefined)[] = [];
  #place = new Int32Array(64);
  #system = new Uint8Array(64);
  #rowAt = new Int32Array(64);
  /** How often it has sorted; for tests. */
  sorts = 0;

  /** The rows 0..count-1, whose users are `ids`, in the order of their names. */
  rows(ids: ArrayLike<number>, count: number, nameOf: NameOf): Int32Array {
    let known = true;
    for (let row = 0; row < count && known; row++) known = this.#names[ids[row]!] === nameOf(ids[row]!, row);
    if (!known) this.#learn(ids, count, nameOf);
    const rowAt = this.#rowAt.fill(-1, 0, this.#sorted.length);
    for (let row = 0; row < count; row++) rowAt[this.#place[ids[row]!]!] = row;
    const rows = new Int32Array(count);
    for (let place = 0, next = 0; place < this.#sorted.length; place++) if (rowAt[place]! >= 0) rows[next++] = rowAt[place]!;
    return rows;
  }

  /** For the ids of the last `rows` call. */
  name(id: number): string {
    return this.#names[id]!;
  }
  system(id: number): boolean {
    return this.#system[id] === 1;
  }

  #learn(ids: ArrayLike<number>, count: number, nameOf: NameOf): void {
    this.sorts++;
    const fresh = new Map<number, string>();
    for (let row = 0; row < count; row++) {
      const name = nameOf(ids[row]!, row);
      if (this.#names[ids[row]!] !== name) fresh.set(ids[row]!, name);
    }
    const present = this.#sorted.length > SPARE * (count + 256) ? new Set(Array.from({ length: count }, (_, row) => ids[row]!)) : undefined;
    const keep = this.#sorted.filter((id) => !fresh.has(id) && (present?.has(id) ?? true));
    const all = [...keep, ...fresh.keys()];
    // Allocated at full length: an array that is written far beyond its end becomes slow.
    const names = new Array<string | undefined>(all.reduce((max, id) => Math.max(max, id), 0) + 1);
    for (const id of keep) names[id] = this.#names[id];
    for (const [id, name] of fresh) names[id] = name;
    // The cached names are sorted already, which makes the sort fast.
    all.sort((a, b) => compareNames(names[a]!, names[b]!) || a - b);
    this.#sorted = all;
    this.#names = names;
    this.#index();
  }

  #index(): void {
    if (this.#place.length < this.#names.length) {
      this.#place = new Int32Array(this.#names.length * 2);
      this.#system = new Uint8Array(this.#names.length * 2);
    }
    if (this.#rowAt.length < this.#sorted.length) this.#rowAt = new Int32Array(this.#sorted.length * 2);
    this.#sorted.forEach((id, place) => {
      this.#place[id] = place;
      this.#system[id] = Number(isSystem(this.#names[id]!));
    });
  }
}
