/** What samples speak of, apart from process rows: GPUs, CPUs, cores, memories, disks, the exporter. Known by a label of theirs. */
import { QUOTE } from './ascii.js';
import { bytesOf, repeats, same, type Arena, type Cutter, type Room } from './bytes.js';
import { ALIASES, ROW_CAPS, type Table } from '../schema/families.js';
import { labelNamed, unsigned, type LabelReader } from './labels.js';

export type EntityTable = Exclude<Table, 'process'>;

/** Texts are positions in the arena; 0 is the empty one. */
export interface Entity {
  readonly table: EntityTable;
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
  /** Its samples are linked; 0: it has none. */
  firstSample: number;
  lastSample: number;
}

interface Names {
  /** Numbers of label names, in the order in which they are looked for. */
  readonly key: readonly number[];
  /** A second label that the key is made of: several entities share the first. */
  readonly also?: number;
  /** Entities whose index is not a number below this are left out. */
  readonly indexBelow?: number;
  readonly title: readonly number[];
  readonly index: readonly number[];
  /** 'text': without its key a sample is left out. 'number': likewise, and where the key is not a number below the cap of rows. */
  readonly needs?: 'text' | 'number';
  /** Without its key a sample belongs to row 0. */
  readonly zero?: true;
}

const named = (...names: readonly string[]): readonly number[] => names.map(labelNamed);

const PART_OF_GPU = { key: named('gpu_uuid'), needs: 'text' } as const;

/** The labels that matter, by table. */
const NAMES: Readonly<Record<EntityTable, Names>> = {
  gpu: { key: named(...ALIASES.gpuUuid), title: named(...ALIASES.gpuName), index: named(...ALIASES.gpuIndex), needs: 'text' },
  cpu: { key: named('index'), title: named('cpu_model', 'model'), index: named('index'), zero: true },
  core: { key: named('core_id'), title: [], index: named('core_id'), needs: 'number' },
  memory: { key: named('index'), title: [], index: named('index'), zero: true },
  disk: { key: named('mount_point'), title: named('mount_point'), index: [] },
  up: { key: [], title: [], index: [] },
  build: { key: [], title: named('version'), index: [] },
  scope: { key: [], title: named('scope'), index: [] },
  socket: { key: named('socket_id'), title: [], index: named('socket_id') },
  mig: { ...PART_OF_GPU, also: labelNamed('mig_instance'), title: named('mig_profile'), index: named('mig_instance'), indexBelow: 65 },
  vgpu: { ...PART_OF_GPU, also: labelNamed('vgpu_id'), title: named('vgpu_type'), index: named('vgpu_id') },
  link: { ...PART_OF_GPU, also: labelNamed('link_index'), title: named('remote_type'), index: named('link_index'), indexBelow: 32 },
  chassis: { key: [], title: [], index: [] },
  fan: { key: named('fan_id'), title: named('fan_name'), index: named('fan_id') },
  energy: { key: named('scope'), also: labelNamed('gpu_uuid'), title: [], index: named('gpu_index') },
  runtime: { key: [], title: [], index: [] },
  source: { key: named('source'), title: [], index: [] },
};
const INSTANCE = named('instance');
const NUMBERS = Object.fromEntries(Object.keys(NAMES).map((table, number) => [table, number])) as Readonly<Record<EntityTable, number>>;

/** Entities by their tables, in their order. */
export type ByTables = Readonly<Partial<Record<EntityTable, readonly Entity[]>>>;

export function byTables(entities: readonly Entity[]): ByTables {
  const found: Partial<Record<EntityTable, Entity[]>> = {};
  for (const entity of entities) (found[entity.table] ??= []).push(entity);
  return found;
}

/** Enough for most hosts. */
const FIRST_PLACES = 128;
const MOST_TABLES = 32;
export const ENTITIES_ROOM: Room = { floats: 0, ints: FIRST_PLACES + MOST_TABLES };
/** Keys of two labels are put together here. */
let pair = bytesOf(256);
const RUN_SEED = (Math.random() * 2 ** 32) | 0;

export type NoEntity = 'useless' | 'full';

export class Entities {
  readonly all: Entity[] = [];
  /** Rises when an entity came, went or is called differently. */
  changes = 0;
  /** Tables for whose rows there was no room. */
  capped: readonly Table[] = [];
  readonly #arena: Arena;
  readonly #labels: LabelReader;
  /** Open addressing: entity + 1, 0 for none. */
  #table: Int32Array<ArrayBuffer>;
  /** By number of a table. */
  readonly #rows: Int32Array;

  /** `cutter` has THINGS_ROOM. */
  constructor(arena: Arena, labels: LabelReader, cutter: Cutter) {
    this.#arena = arena;
    this.#labels = labels;
    this.#table = cutter.ints(FIRST_PLACES);
    this.#rows = cutter.ints(MOST_TABLES);
  }

  /** Whether the block of entity `number` stands at `at`, and the entity is one of `table`. */
  standsAt(number: number, table: Table, view: DataView, at: number, end: number): boolean {
    const entity = this.all[number];
    if (entity?.table !== table || at + entity.blockBytes > end) return false;
    return repeats(this.#arena.view, entity.block, view, at, entity.blockBytes);
  }

  /** The entity that the labels just read speak of. Its block, where it is new or called differently, is added to the arena. */
  take(table: EntityTable, bytes: Uint8Array, view: DataView, block: number, blockEnd: number): number | NoEntity {
    const names = NAMES[table];
    const key = this.#first(names.key);
    const from = this.#labels.startOf(key);
    const to = this.#labels.endOf(key);
    if (names.needs && from === to) return 'useless';
    if (names.indexBelow !== undefined && !isBelow(this.#index(bytes, names), names.indexBelow)) return 'useless';
    if (names.also !== undefined) return this.#takePair(table, names, key, { bytes, view, block, blockEnd });
    if (table === 'gpu' && this.#first(names.title) < 0) return 'useless';
    if (names.needs === 'number' && !(unsigned(bytes, from, to) >= 0 && unsigned(bytes, from, to) < ROW_CAPS.core)) return 'useless';
    const zero = from === to && names.zero === true;
    const known = zero ? this.#find(table, ZERO, ZERO_VIEW, 0, 1) : this.#find(table, bytes, view, from, to);
    if (known >= 0) {
      this.#update(this.all[known]!, names, { bytes, view, block, blockEnd });
      return known;
    }
    if (!this.#hasRoom(table)) {
      this.full(table);
      return 'full';
    }
    return this.#add(table, names, key, { bytes, view, block, blockEnd });
  }

  /** An entity whose key is two labels: they are put behind each other with a byte between that no label has. */
  #takePair(table: EntityTable, names: Names, first: number, source: Source): number | NoEntity {
    const labels = this.#labels;
    const second = labels.find(names.also!);
    const length = labels.endOf(first) - labels.startOf(first) + 1 + labels.endOf(second) - labels.startOf(second);
    if (length > pair.bytes.length) pair = bytesOf(length * 2);
    const { bytes, view } = pair;
    bytes.set(source.bytes.subarray(labels.startOf(first), labels.endOf(first)));
    bytes[labels.endOf(first) - labels.startOf(first)] = BETWEEN;
    bytes.set(source.bytes.subarray(labels.startOf(second), labels.endOf(second)), labels.endOf(first) - labels.startOf(first) + 1);
    const known = this.#find(table, bytes, view, 0, length);
    if (known >= 0) {
      this.#update(this.all[known]!, names, source);
      return known;
    }
    if (!this.#hasRoom(table)) {
      this.full(table);
      return 'full';
    }
    return this.#add(table, names, -1, source, { key: this.#arena.addText(view, 0, length), keyBytes: length });
  }

  /** Entities whose samples are all gone go too. By old number: the new one. */
  sweep(): Int32Array {
    const moved = new Int32Array(this.all.length);
    const kept = this.all.filter((entity, number) => {
      if (entity.firstSample !== 0) return true;
      moved[number] = -1;
      return false;
    });
    let next = 0;
    for (let number = 0; number < moved.length; number++) if (moved[number] === 0) moved[number] = next++;
    this.all.length = 0;
    this.#rows.fill(0);
    this.#table.fill(0);
    for (const entity of kept) {
      this.#hasRoom(entity.table);
      this.#enter(this.all.push(entity) - 1);
    }
    this.changes++;
    return moved;
  }

  #add(table: EntityTable, names: Names, key: number, source: Source, made?: Pick<Entity, 'key' | 'keyBytes'>): number {
    const from = this.#labels.startOf(key);
    const to = this.#labels.endOf(key);
    const zero = from === to && names.zero === true;
    const at = this.#arena.add(source.view, source.block, source.blockEnd);
    const entity: Entity = {
      table,
      key: made ? made.key : zero ? this.#arena.addText(ZERO_VIEW, 0, 1) : this.#textAt(key, source, at),
      keyBytes: made ? made.keyBytes : zero ? 1 : to - from,
      block: at,
      blockBytes: source.blockEnd - source.block,
      title: this.#textAt(this.#first(names.title), source, at),
      instance: this.#textAt(this.#first(INSTANCE), source, at),
      index: this.#index(source.bytes, names),
      firstSample: 0,
      lastSample: 0,
    };
    const number = this.all.push(entity) - 1;
    this.#enter(number);
    this.changes++;
    return number;
  }

  /** Another block speaks of the entity; maybe it is called differently now. One that leaves a text out does not take it back. */
  #update(entity: Entity, names: Names, source: Source): void {
    const title = this.#first(names.title);
    const instance = this.#first(INSTANCE);
    const index = this.#index(source.bytes, names);
    if (entity.index === index && this.#says(entity.title, title, source) && this.#says(entity.instance, instance, source)) return;
    entity.block = this.#arena.add(source.view, source.block, source.blockEnd);
    entity.blockBytes = source.blockEnd - source.block;
    entity.title = this.#textAt(title, source, entity.block) || entity.title;
    entity.instance = this.#textAt(instance, source, entity.block) || entity.instance;
    entity.index = index;
    this.changes++;
  }

  /** Where the value of a label is in the arena, whose copy of the block begins at `at`. */
  #textAt(label: number, { view, block }: Source, at: number): number {
    const from = this.#labels.startOf(label);
    const to = this.#labels.endOf(label);
    if (from === to) return 0;
    return this.#labels.quoted[label] === 1 ? at + from - block : this.#arena.addText(view, from, to);
  }

  /** Whether the label's raw value is the text at `at` in the arena, or it says nothing. */
  #says(at: number, label: number, { view }: Source): boolean {
    const from = this.#labels.startOf(label);
    const to = this.#labels.endOf(label);
    if (from === to) return true;
    const { bytes, view: texts } = this.#arena;
    return at > 0 && at + to - from < bytes.length && bytes[at + to - from] === QUOTE && same(texts, at, view, from, to - from);
  }

  #index(bytes: Uint8Array, names: Names): number {
    const label = this.#first(names.index);
    const from = this.#labels.startOf(label);
    const to = this.#labels.endOf(label);
    const index = from === to && names.zero === true ? 0 : unsigned(bytes, from, to);
    return index < 2 ** 31 ? index : -1;
  }

  #first(names: readonly number[]): number {
    for (let at = 0; at < names.length; at++) {
      const label = this.#labels.find(names[at]!);
      if (label >= 0) return label;
    }
    return -1;
  }

  #find(table: EntityTable, bytes: Uint8Array, view: DataView, from: number, to: number): number {
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

  #hasRoom(table: EntityTable): boolean {
    const at = NUMBERS[table];
    if (this.#rows[at]! >= ROW_CAPS[table]) return false;
    this.#rows[at]!++;
    return true;
  }

  /** There is no room for more of `table`. */
  full(table: Table): void {
    if (!this.capped.includes(table)) this.capped = [...this.capped, table];
  }
}

/** The bytes that the labels were read from, and where their block stands there. */
interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly block: number;
  readonly blockEnd: number;
}

const BETWEEN = 10;
const isBelow = (index: number, limit: number): boolean => index >= 0 && index < limit;
const ZERO = Uint8Array.of(48);
const ZERO_VIEW = new DataView(ZERO.buffer);

function hash(table: EntityTable, bytes: Uint8Array, from: number, to: number): number {
  let mixed = RUN_SEED ^ NUMBERS[table];
  for (let i = from; i < to; i++) mixed = Math.imul(mixed ^ bytes[i]!, 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
