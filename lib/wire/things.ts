/** What samples speak of, apart from process rows: GPUs, CPUs, cores, memories, disks, the exporter. Known by a label of theirs. */
import { bytesOf, same, type Arena } from './bytes.js';
import { ALIASES, ROW_CAPS, type Table } from './families.js';
import { unsigned, type LabelReader } from './labels.js';

export type ThingTable = Exclude<Table, 'process'>;

/** Texts are positions in the arena; 0 is the empty one. */
export interface Thing {
  readonly table: ThingTable;
  /** What tells it from others of its table: uuid, index, mount point. */
  readonly key: number;
  readonly keyBytes: number;
  /** The label block by which it is known again at once. */
  block: number;
  blockBytes: number;
  title: number;
  instance: number;
  /** Its index as a number, -1 for none. */
  index: number;
  /** Its cells. */
  readonly cells: number[];
}

interface Names {
  readonly key: readonly string[];
  /** A second label that the key is made of: several things share the first. */
  readonly also?: string;
  /** Things whose index is not a number below this are left out. */
  readonly indexBelow?: number;
  readonly title: readonly string[];
  readonly index: readonly string[];
  /** 'text': without its key a sample is left out. 'number': likewise, and where the key is not a number below the cap of rows. */
  readonly needs?: 'text' | 'number';
  /** Without its key a sample belongs to row 0. */
  readonly zero?: true;
}

/** The labels that matter, by table, in the order in which they are looked for. */
const NAMES: Readonly<Record<ThingTable, Names>> = {
  gpu: { key: ALIASES.gpuUuid, title: ALIASES.gpuName, index: ALIASES.gpuIndex, needs: 'text' },
  cpu: { key: ['index'], title: ['cpu_model', 'model'], index: ['index'], zero: true },
  core: { key: ['core_id'], title: [], index: ['core_id'], needs: 'number' },
  memory: { key: ['index'], title: [], index: ['index'], zero: true },
  disk: { key: ['mount_point'], title: ['mount_point'], index: [] },
  up: { key: [], title: [], index: [] },
  build: { key: [], title: ['version'], index: [] },
  scope: { key: [], title: ['scope'], index: [] },
  socket: { key: ['socket_id'], title: [], index: ['socket_id'] },
  mig: { key: ['gpu_uuid'], also: 'mig_instance', title: ['mig_profile'], index: ['mig_instance'], needs: 'text', indexBelow: 65 },
  vgpu: { key: ['gpu_uuid'], also: 'vgpu_id', title: ['vgpu_type'], index: ['vgpu_id'], needs: 'text' },
  link: { key: ['gpu_uuid'], also: 'link_index', title: ['remote_type'], index: ['link_index'], needs: 'text', indexBelow: 32 },
  chassis: { key: [], title: [], index: [] },
  fan: { key: ['fan_id'], title: ['fan_name'], index: ['fan_id'] },
  energy: { key: ['scope'], also: 'gpu_uuid', title: [], index: ['gpu_index'] },
  runtime: { key: [], title: [], index: [] },
  source: { key: ['source'], title: [], index: [] },
};
const INSTANCE = ['instance'];
const TABLES = Object.keys(NAMES) as ThingTable[];

/** Things by their tables, in their order. */
export function byTables(things: readonly Thing[]): Record<ThingTable, Thing[]> {
  const found = Object.fromEntries(TABLES.map((table) => [table, [] as Thing[]])) as Record<ThingTable, Thing[]>;
  for (const thing of things) found[thing.table].push(thing);
  return found;
}

const RUN_SEED = (Math.random() * 2 ** 32) | 0;

export type NoThing = 'useless' | 'full';

export class Things {
  readonly all: Thing[] = [];
  /** Rises when a thing came, went or is called differently. */
  changes = 0;
  /** Tables for whose rows there was no room. */
  readonly capped = new Set<Table>();
  readonly #arena: Arena;
  readonly #labels: LabelReader;
  /** Open addressing: thing + 1, 0 for none. */
  #table = new Int32Array(64);
  readonly #rows = new Map<ThingTable, number>();
  #pair = bytesOf(256);

  constructor(arena: Arena, labels: LabelReader) {
    this.#arena = arena;
    this.#labels = labels;
  }

  /** Whether the block of thing `number` stands at `at`, and the thing is one of `table`. */
  standsAt(number: number, table: Table, view: DataView, at: number, end: number): boolean {
    const thing = this.all[number];
    if (thing?.table !== table || at + thing.blockBytes > end) return false;
    return same(this.#arena.view, thing.block, view, at, thing.blockBytes);
  }

  /** The thing that the labels just read speak of. Its block, where it is new or called differently, is added to the arena. */
  take(table: ThingTable, bytes: Uint8Array, view: DataView, block: number, blockEnd: number): number | NoThing {
    const names = NAMES[table];
    const key = this.#first(bytes, names.key);
    const [from, to] = this.#span(key);
    if (names.needs && from === to) return 'useless';
    if (names.indexBelow !== undefined && !isBelow(this.#index(bytes, names), names.indexBelow)) return 'useless';
    if (names.also !== undefined) return this.#takePair(table, names, key, { bytes, view, block, blockEnd });
    if (table === 'gpu' && this.#first(bytes, names.title) < 0) return 'useless';
    if (names.needs === 'number' && !(unsigned(bytes, from, to) >= 0 && unsigned(bytes, from, to) < ROW_CAPS.core)) return 'useless';
    const zero = from === to && names.zero === true;
    const known = zero ? this.#find(table, ZERO, ZERO_VIEW, 0, 1) : this.#find(table, bytes, view, from, to);
    if (known >= 0) {
      this.#update(this.all[known]!, names, { bytes, view, block, blockEnd });
      return known;
    }
    if (!this.#hasRoom(table)) {
      this.capped.add(table);
      return 'full';
    }
    return this.#add(table, names, key, { bytes, view, block, blockEnd });
  }

  /** A thing whose key is two labels: they are put behind each other with a byte between that no label has. */
  #takePair(table: ThingTable, names: Names, first: number, source: Source): number | NoThing {
    const second = this.#labels.find(source.bytes, names.also!);
    const [from, to] = this.#span(first);
    const [also, alsoEnd] = this.#span(second);
    const length = to - from + 1 + alsoEnd - also;
    if (length > this.#pair.bytes.length) this.#pair = bytesOf(length * 2);
    const { bytes, view } = this.#pair;
    bytes.set(source.bytes.subarray(from, to));
    bytes[to - from] = BETWEEN;
    bytes.set(source.bytes.subarray(also, alsoEnd), to - from + 1);
    const known = this.#find(table, bytes, view, 0, length);
    if (known >= 0) {
      this.#update(this.all[known]!, names, source);
      return known;
    }
    if (!this.#hasRoom(table)) {
      this.capped.add(table);
      return 'full';
    }
    return this.#add(table, names, -1, source, { key: this.#arena.addText(view, 0, length), keyBytes: length });
  }

  /** Things whose cells are all gone go too. By old number: the new one. */
  sweep(): Int32Array {
    const moved = new Int32Array(this.all.length);
    const kept = this.all.filter((thing, number) => {
      if (thing.cells.length > 0) return true;
      moved[number] = -1;
      return false;
    });
    let next = 0;
    for (let number = 0; number < moved.length; number++) if (moved[number] === 0) moved[number] = next++;
    this.all.length = 0;
    this.#rows.clear();
    this.#table = new Int32Array(64);
    for (const thing of kept) {
      this.#hasRoom(thing.table);
      this.#enter(this.all.push(thing) - 1);
    }
    this.changes++;
    return moved;
  }

  #add(table: ThingTable, names: Names, key: number, source: Source, pair?: Pick<Thing, 'key' | 'keyBytes'>): number {
    const [from, to] = this.#span(key);
    const zero = from === to && names.zero === true;
    const at = this.#arena.add(source.view, source.block, source.blockEnd);
    const thing: Thing = {
      table,
      key: zero ? this.#arena.addText(ZERO_VIEW, 0, 1) : this.#textAt(key, source, at),
      keyBytes: zero ? 1 : to - from,
      block: at,
      blockBytes: source.blockEnd - source.block,
      title: this.#textAt(this.#first(source.bytes, names.title), source, at),
      instance: this.#textAt(this.#first(source.bytes, INSTANCE), source, at),
      index: this.#index(source.bytes, names),
      cells: [],
      ...pair,
    };
    const number = this.all.push(thing) - 1;
    this.#enter(number);
    this.changes++;
    return number;
  }

  /** Another block speaks of the thing; maybe it is called differently now. */
  #update(thing: Thing, names: Names, source: Source): void {
    const title = this.#first(source.bytes, names.title);
    const instance = this.#first(source.bytes, INSTANCE);
    const index = this.#index(source.bytes, names);
    if (thing.index === index && this.#isText(thing.title, title, source) && this.#isText(thing.instance, instance, source)) return;
    thing.block = this.#arena.add(source.view, source.block, source.blockEnd);
    thing.blockBytes = source.blockEnd - source.block;
    thing.title = this.#textAt(title, source, thing.block);
    thing.instance = this.#textAt(instance, source, thing.block);
    thing.index = index;
    this.changes++;
  }

  /** Where the value of a label is in the arena, whose copy of the block begins at `at`. */
  #textAt(label: number, { view, block }: Source, at: number): number {
    const [from, to] = this.#span(label);
    if (from === to) return 0;
    return this.#labels.quoted[label] === 1 ? at + from - block : this.#arena.addText(view, from, to);
  }

  /** Whether the text at `at` in the arena is the label's raw value. */
  #isText(at: number, label: number, { view }: Source): boolean {
    const [from, to] = this.#span(label);
    if (at === 0 || from === to) return at === 0 && from === to;
    const { bytes, view: texts } = this.#arena;
    return at + to - from < bytes.length && bytes[at + to - from] === QUOTE && same(texts, at, view, from, to - from);
  }

  #index(bytes: Uint8Array, names: Names): number {
    const [from, to] = this.#span(this.#first(bytes, names.index));
    const index = from === to && names.zero === true ? 0 : unsigned(bytes, from, to);
    return index < 2 ** 31 ? index : -1;
  }

  #first(bytes: Uint8Array, names: readonly string[]): number {
    for (let at = 0; at < names.length; at++) {
      const label = this.#labels.find(bytes, names[at]!);
      if (label >= 0) return label;
    }
    return -1;
  }

  #span(label: number): readonly [number, number] {
    return label < 0 ? NOWHERE : [this.#labels.valueAt[label]!, this.#labels.valueEnd[label]!];
  }

  #find(table: ThingTable, bytes: Uint8Array, view: DataView, from: number, to: number): number {
    const mask = this.#table.length - 1;
    for (let place = hash(table, bytes, from, to) & mask; this.#table[place] !== 0; place = (place + 1) & mask) {
      const number = this.#table[place]! - 1;
      const { table: other, key, keyBytes } = this.all[number]!;
      if (other === table && keyBytes === to - from && same(this.#arena.view, key, view, from, keyBytes)) return number;
    }
    return -1;
  }

  #enter(number: number): void {
    if (this.all.length * 2 > this.#table.length) {
      this.#table = new Int32Array(this.#table.length * 2);
      for (let other = 0; other < this.all.length; other++) this.#put(other);
    } else this.#put(number);
  }

  #put(number: number): void {
    const { table, key, keyBytes } = this.all[number]!;
    const mask = this.#table.length - 1;
    let place = hash(table, this.#arena.bytes, key, key + keyBytes) & mask;
    while (this.#table[place] !== 0) place = (place + 1) & mask;
    this.#table[place] = number + 1;
  }

  #hasRoom(table: ThingTable): boolean {
    const rows = this.#rows.get(table) ?? 0;
    if (rows >= ROW_CAPS[table]) return false;
    this.#rows.set(table, rows + 1);
    return true;
  }
}

/** The bytes that the labels were read from, and where their block stands there. */
interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly block: number;
  readonly blockEnd: number;
}

const QUOTE = 34;
const BETWEEN = 10;
const isBelow = (index: number, limit: number): boolean => index >= 0 && index < limit;
const NOWHERE = [0, 0] as const;
const ZERO = Uint8Array.of(48);
const ZERO_VIEW = new DataView(ZERO.buffer);

function hash(table: ThingTable, bytes: Uint8Array, from: number, to: number): number {
  let mixed = RUN_SEED ^ TABLES.indexOf(table);
  for (let i = from; i < to; i++) mixed = Math.imul(mixed ^ bytes[i]!, 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
