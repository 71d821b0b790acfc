/** What samples are about, apart from process rows: GPUs, CPUs, cores, memories, disks, the exporter. Identified by labels. */
import { QUOTE } from './ascii.js';
import { bytesOf, repeats, same, type Arena, type Bytes, type Cutter, type Room } from './bytes.js';
import { ALIASES, ROW_CAPS, type Table } from '../schema/families.js';
import { closingQuote, labelNamed, unsigned, type LabelReader } from './labels.js';

export type EntityTable = Exclude<Table, 'process'>;

/** Texts are offsets in the arena; 0 is the empty text. */
export interface Entity {
  readonly table: EntityTable;
  /** Distinguishes it from others of its table: uuid and index, mount point. The parts are concatenated. */
  readonly key: number;
  readonly keyBytes: number;
  /** The first part of its key as a text of its own. */
  readonly id: number;
  readonly idBytes: number;
  /** Its index as a number, -1 if it has none. */
  readonly index: number;
  /** The label block by which it is recognised at once. */
  readonly block: number;
  readonly blockBytes: number;
  title: number;
  instance: number;
  /** Its lines differ in title or instance, so any of them may change these. */
  mixed: boolean;
  /** The last scrape with a sample of it. */
  scrape: number;
  /** Its samples are a linked list; 0: it has none. */
  firstSample: number;
  lastSample: number;
}

interface Names {
  /** The parts of the key: for each, the numbers of label names, in order of preference. */
  readonly key: readonly (readonly number[])[];
  /** Entities whose index is not a number below this are left out. */
  readonly indexBelow?: number;
  readonly title: readonly number[];
  readonly index: readonly number[];
  /** A sample with none of these labels is left out. */
  readonly requires?: readonly number[];
  /** 'text': a sample whose key starts with an empty text is left out. 'number': likewise, and if it is not a number below the row limit. */
  readonly needs?: 'text' | 'number';
  /** A sample without the key belongs to row 0. */
  readonly zero?: true;
}

const named = (...names: readonly string[]): readonly number[] => names.map(labelNamed);

const GPU_NAME = named(...ALIASES.gpuName);
const GPU_INDEX = named(...ALIASES.gpuIndex);
/** Several GPUs may report the same uuid (zeros, in virtual machines), so the index is part of the key. */
const GPU_KEY = [named(...ALIASES.gpuUuid), GPU_INDEX] as const;
const partOfGpu = (label: string): Pick<Names, 'key' | 'needs' | 'index'> => ({
  key: [named('gpu_uuid'), named('gpu_index'), named(label)],
  needs: 'text',
  index: named(label),
});

/** The labels that matter, by table. */
const NAMES: Readonly<Record<EntityTable, Names>> = {
  gpu: { key: GPU_KEY, title: GPU_NAME, index: GPU_INDEX, requires: GPU_NAME, needs: 'text' },
  cpu: { key: [named('index')], title: named('cpu_model', 'model'), index: named('index'), zero: true },
  core: { key: [named('core_id')], title: [], index: named('core_id'), needs: 'number' },
  memory: { key: [named('index')], title: [], index: named('index'), zero: true },
  disk: { key: [named('mount_point')], title: named('mount_point'), index: [] },
  up: { key: [], title: [], index: [] },
  build: { key: [], title: named('version'), index: [] },
  scope: { key: [], title: named('scope'), index: [] },
  socket: { key: [named('socket_id')], title: [], index: named('socket_id') },
  mig: { ...partOfGpu('mig_instance'), title: named('mig_profile'), indexBelow: 65 },
  vgpu: { ...partOfGpu('vgpu_id'), title: named('vgpu_type') },
  engine: { ...partOfGpu('engine'), title: named('engine') },
  clock: { ...partOfGpu('domain'), title: named('domain') },
  link: { ...partOfGpu('link_index'), title: named('remote_type'), indexBelow: 32 },
  chassis: { key: [], title: [], index: [] },
  fan: { key: [named('fan_id')], title: named('fan_name'), index: named('fan_id') },
  energy: { key: [named('scope'), named('gpu_uuid'), named('gpu_index')], title: [], index: named('gpu_index') },
  runtime: { key: [], title: [], index: [] },
  source: { key: [named('source')], title: [], index: [] },
  identity: { key: [named('pid'), named('device_uuid')], title: [], index: [] },
};
const INSTANCE = named('instance');
/** The key of a sample that belongs to row 0 because it has no key. */
const ZERO = Uint8Array.of(48);
const ZERO_VIEW = new DataView(ZERO.buffer);
const NUMBERS = Object.fromEntries(Object.keys(NAMES).map((table, number) => [table, number])) as Readonly<Record<EntityTable, number>>;

/** Entities by table, in their order. */
export type ByTables = Readonly<Partial<Record<EntityTable, readonly Entity[]>>>;

export function byTables(entities: readonly Entity[]): ByTables {
  const found: Partial<Record<EntityTable, Entity[]>> = {};
  for (const entity of entities) (found[entity.table] ??= []).push(entity);
  return found;
}

/** Enough for most nodes. */
const FIRST_PLACES = 128;
const MOST_TABLES = 32;
export const ENTITIES_ROOM: Room = { floats: 0, ints: FIRST_PLACES + MOST_TABLES };
const RUN_SEED = (Math.random() * 2 ** 32) | 0;

export type NoEntity = 'useless' | 'full';

export class Entities {
  readonly all: Entity[] = [];
  /** Incremented when an entity is added, removed or renamed. */
  changes = 0;
  /** Tables that reached their row limit. */
  capped: readonly Table[] = [];
  readonly #arena: Arena;
  readonly #labels: LabelReader;
  /** Open addressing: entity + 1, 0 for none. */
  #table: Int32Array<ArrayBuffer>;
  /** By table number: entities that the current scrape has had so far. */
  readonly #rows: Int32Array;
  /** The key to look up: where its bytes are. Keys of several parts are concatenated in #joined. */
  readonly #key: { bytes: Uint8Array; view: DataView; from: number; to: number } = { bytes: ZERO, view: ZERO_VIEW, from: 0, to: 0 };
  #joined = bytesOf(256);

  /** `cutter` has ENTITIES_ROOM. */
  constructor(arena: Arena, labels: LabelReader, cutter: Cutter) {
    this.#arena = arena;
    this.#labels = labels;
    this.#table = cutter.ints(FIRST_PLACES);
    this.#rows = cutter.ints(MOST_TABLES);
  }

  /** Whether the block of entity `number` is at `at`, and the entity belongs to `table`. */
  standsAt(number: number, table: Table, view: DataView, at: number, end: number): boolean {
    const entity = this.all[number];
    if (entity?.table !== table || at + entity.blockBytes > end) return false;
    return repeats(this.#arena.view, entity.block, view, at, entity.blockBytes);
  }

  /** The entity that the labels just read belong to; it is created if needed, and its block added to the arena. */
  take(table: EntityTable, bytes: Uint8Array, view: DataView, block: number, blockEnd: number): number | NoEntity {
    const names = NAMES[table];
    const source = { bytes, view, block, blockEnd };
    if (!this.#isUseful(names, bytes)) return 'useless';
    this.#readKey(names, source);
    const known = this.#find(table);
    if (known >= 0) {
      const entity = this.all[known]!;
      if (!entity.mixed) entity.mixed = !this.#agrees(entity, names, source);
      return known;
    }
    if (!this.#hasRoom(table)) {
      this.full(table);
      return 'full';
    }
    return this.#add(table, names, source);
  }

  /** A new scrape has no entities yet. */
  begin(): void {
    this.#rows.fill(0);
  }

  /** Notes that `scrape` has a sample of the entity. False: the table is full, whether the entity is new or from an earlier scrape. */
  admit(entity: Entity, scrape: number): boolean {
    if (entity.scrape === scrape) return true;
    if (!this.#hasRoom(entity.table)) {
      this.full(entity.table);
      return false;
    }
    this.#rows[NUMBERS[entity.table]]!++;
    entity.scrape = scrape;
    return true;
  }

  /** Removes entities that have no samples left. Returns the new number for each old one. */
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
    this.#table.fill(0);
    for (const entity of kept) this.#enter(this.all.push(entity) - 1);
    this.changes++;
    return moved;
  }

  /** Title and instance of entities whose lines differ come from the lines of this scrape; the last line that has one wins. */
  relabel(lines: LabelledLines): void {
    const mixed = this.all.filter((entity) => entity.mixed);
    if (mixed.length === 0) return;
    const before = new Map(mixed.map((entity) => [entity, this.#facts(entity)]));
    for (const entity of mixed) {
      entity.title = entity.instance = 0;
      entity.mixed = false;
    }
    lines((entity, block, bytes) => {
      if (before.has(entity)) this.#relabel(entity, block, bytes);
    });
    for (const [entity, facts] of before) if (facts !== this.#facts(entity)) this.changes++;
  }

  /** The `instance` of a label block in the arena, 0 if it has none. */
  instanceIn(block: number, bytes: number): number {
    const source = { bytes: this.#arena.bytes, view: this.#arena.view, block, blockEnd: block + bytes };
    this.#labels.readBlock(this.#arena, block, bytes);
    return this.#textAt(this.#first(INSTANCE), source, block);
  }

  #facts({ title, instance }: Entity): string {
    const { bytes } = this.#arena;
    const text = (at: number): string => (at === 0 ? '' : latin1.decode(bytes.subarray(at, closingQuote(bytes, at))));
    return `${text(title)}"${text(instance)}`;
  }

  /** Called for the lines of this scrape, one after another. */
  #relabel(entity: Entity, block: number, bytes: number): void {
    const source = { bytes: this.#arena.bytes, view: this.#arena.view, block, blockEnd: block + bytes };
    const names = NAMES[entity.table];
    this.#labels.readBlock(this.#arena, block, bytes);
    if (!entity.mixed) entity.mixed = !this.#agrees(entity, names, source);
    entity.title = this.#textAt(this.#first(names.title), source, block) || entity.title;
    entity.instance = this.#textAt(this.#first(INSTANCE), source, block) || entity.instance;
  }

  #isUseful({ key, needs, requires, indexBelow, index }: Names, bytes: Uint8Array): boolean {
    if (requires && this.#first(requires) < 0) return false;
    if (indexBelow !== undefined && !isBelow(this.#index(bytes, index), indexBelow)) return false;
    if (needs === undefined) return true;
    const first = this.#first(key[0]!);
    const from = this.#labels.startOf(first);
    const to = this.#labels.endOf(first);
    return from < to && (needs === 'text' || isBelow(unsigned(bytes, from, to), ROW_CAPS.core));
  }

  /** The parts of a key are concatenated, separated by a byte that no label contains. */
  #readKey({ key, zero }: Names, { bytes, view }: Source): void {
    const labels = this.#labels;
    const found = this.#key;
    if (key.length < 2) {
      const label = key.length === 0 ? -1 : this.#first(key[0]!);
      const isZero = zero === true && labels.startOf(label) === labels.endOf(label);
      found.bytes = isZero ? ZERO : bytes;
      found.view = isZero ? ZERO_VIEW : view;
      found.from = isZero ? 0 : labels.startOf(label);
      found.to = isZero ? 1 : labels.endOf(label);
      return;
    }
    let to = 0;
    for (const part of key) {
      const label = this.#first(part);
      const from = labels.startOf(label);
      const size = labels.endOf(label) - from;
      if (to + size + 1 > this.#joined.bytes.length) this.#joined = longer(this.#joined, (to + size + 1) * 2);
      const joined = this.#joined.bytes;
      for (let i = 0; i < size; i++) joined[to + i] = bytes[from + i]!;
      joined[to + size] = BETWEEN;
      to += size + 1;
    }
    found.bytes = this.#joined.bytes;
    found.view = this.#joined.view;
    found.from = 0;
    found.to = to;
  }

  #add(table: EntityTable, names: Names, source: Source): number {
    const key = this.#key;
    const id = names.key.length === 0 ? -1 : this.#first(names.key[0]!);
    const block = this.#arena.add(source.view, source.block, source.blockEnd);
    const number =
      this.all.push({
        table,
        key: this.#arena.addText(key.view, key.from, key.to),
        keyBytes: key.to - key.from,
        id: this.#textAt(id, source, block),
        idBytes: this.#labels.endOf(id) - this.#labels.startOf(id),
        index: this.#index(source.bytes, names.index, names.zero),
        block,
        blockBytes: source.blockEnd - source.block,
        title: this.#textAt(this.#first(names.title), source, block),
        instance: this.#textAt(this.#first(INSTANCE), source, block),
        mixed: false,
        scrape: 0,
        firstSample: 0,
        lastSample: 0,
      }) - 1;
    this.#enter(number);
    this.changes++;
    return number;
  }

  /** The offset of a label's value in the arena, whose copy of the block starts at `at`. */
  #textAt(label: number, { view, block }: Source, at: number): number {
    const from = this.#labels.startOf(label);
    const to = this.#labels.endOf(label);
    if (from === to) return 0;
    return this.#labels.quoted[label] === 1 ? at + from - block : this.#arena.addText(view, from, to);
  }

  /** Whether the labels just read have the entity's title and instance. */
  #agrees({ title, instance }: Entity, names: Names, source: Source): boolean {
    return this.#isText(title, this.#first(names.title), source) && this.#isText(instance, this.#first(INSTANCE), source);
  }

  /** Whether the label's raw value equals the text at `at` in the arena. */
  #isText(at: number, label: number, { view }: Source): boolean {
    const from = this.#labels.startOf(label);
    const to = this.#labels.endOf(label);
    if (from === to) return at === 0;
    const { bytes, view: texts } = this.#arena;
    return at > 0 && at + to - from < bytes.length && bytes[at + to - from] === QUOTE && same(texts, at, view, from, to - from);
  }

  #index(bytes: Uint8Array, names: readonly number[], zero?: true): number {
    const label = this.#first(names);
    const from = this.#labels.startOf(label);
    const to = this.#labels.endOf(label);
    const index = from === to && zero === true ? 0 : unsigned(bytes, from, to);
    return index < 2 ** 31 ? index : -1;
  }

  #first(names: readonly number[]): number {
    for (let at = 0; at < names.length; at++) {
      const label = this.#labels.find(names[at]!);
      if (label >= 0) return label;
    }
    return -1;
  }

  #find(table: EntityTable): number {
    const { bytes, view, from, to } = this.#key;
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
    return this.#rows[NUMBERS[table]]! < ROW_CAPS[table];
  }

  /** Notes that `table` is full. */
  full(table: Table): void {
    if (!this.capped.includes(table)) this.capped = [...this.capped, table];
  }
}

/** Calls back for each line of a scrape that belongs to an entity, in order, with its label block in the arena. */
export type LabelledLines = (line: (entity: Entity, block: number, bytes: number) => void) => void;

/** The bytes that the labels were read from, and the position of their block in them. */
interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly block: number;
  readonly blockEnd: number;
}

function longer({ bytes }: Bytes, length: number): Bytes {
  const made = bytesOf(length);
  made.bytes.set(bytes);
  return made;
}

const BETWEEN = 10;
const isBelow = (index: number, limit: number): boolean => index >= 0 && index < limit;
const latin1 = new TextDecoder('latin1');

function hash(table: EntityTable, bytes: Uint8Array, from: number, to: number): number {
  let mixed = RUN_SEED ^ NUMBERS[table];
  for (let i = from; i < to; i++) mixed = Math.imul(mixed ^ bytes[i]!, 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
