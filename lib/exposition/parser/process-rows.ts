/** Process rows of the current scrape: one per (pid, device), found by the bytes of their lines, by pid, or by pid and device. */
import { Cutter, NO_FLOATS, NO_INTS, repeats, roomFor, same, type Arena, type Room } from './bytes.js';
import { ALIASES, ROW_CAPS } from '../schema/families.js';
import { labelNamed, unsigned, type LabelReader } from './labels.js';
import {
  ROW_BLOCK,
  ROW_BLOCK_BYTES,
  ROW_COMMAND,
  ROW_DEVICE,
  ROW_INTS,
  ROW_LINES,
  ROW_MIXED,
  ROW_NAME,
  ROW_NEXT,
  ROW_PID,
  ROW_SEEN,
  ROW_USER,
  ROW_VALUES,
  SEEN_BITS,
} from './row-layout.js';
import type { UserNames } from './user-names.js';

const PID_LABEL = labelNamed('pid');
const UUID_LABEL = labelNamed('device_uuid');
const USER_LABEL = labelNamed('user');
const COMMAND_LABEL = labelNamed('command');
const NAME_LABEL = labelNamed('name');
const INDEX_LABELS = ALIASES.processGpu.map(labelNamed);

/** Enough for most nodes. */
const FIRST_ROWS = 32;
const FIRST_PLACES = 64;
const roomOf = (rows: number): Room => ({ floats: rows * ROW_VALUES, ints: rows * ROW_INTS });
export const ROWS_ROOM: Room = { ...roomOf(FIRST_ROWS), ints: roomOf(FIRST_ROWS).ints + FIRST_PLACES };

/** Maximum number of GPUs in the process rows of one scrape; more than the limit of GPUs, since a MIG instance has its own name. */
const MAX_DEVICES = 1024;

/** The GPU of a process row: identified by uuid and index, since several GPUs may report the same uuid. */
export interface Device {
  /** The offset of the raw uuid in the arena. */
  readonly at: number;
  readonly bytes: number;
  /** 0 if the labels have none. */
  readonly index: number;
  /** The last scrape with a row of it. */
  scrape: number;
}

/** A label block: its offset in the arena, its length, and the position where it was read. */
interface Block {
  readonly at: number;
  readonly bytes: number;
  readonly from: number;
}

export type Found = 'bad' | 'capped' | number;

export class ProcessRows {
  count = 0;
  ints = NO_INTS;
  /** ROW_VALUES of each row. NaN: not reported. */
  values = NO_FLOATS;
  /** By number. When this is another list, numbers from the old one are invalid. */
  devices: Device[] = [];
  /** Rows and devices that the current scrape has had so far. */
  #seenRows = 0;
  #seenDevices = 0;
  /** Open addressing by pid alone, so that all rows of a pid are probed together: row + 1, 0 for none. */
  #table: Int32Array<ArrayBuffer>;
  readonly #arena: Arena;
  readonly #users: UserNames;
  readonly #labels: LabelReader;

  /** `cutter` has ROWS_ROOM. */
  constructor(arena: Arena, users: UserNames, labels: LabelReader, cutter: Cutter) {
    this.#arena = arena;
    this.#users = users;
    this.#labels = labels;
    this.#resize(FIRST_ROWS, cutter);
    this.#table = cutter.ints(FIRST_PLACES);
  }

  /** The length of the row's block if it is at `at`, else 0. */
  blockAt(row: number, view: DataView, at: number, end: number): number {
    const { ints } = this;
    const bytes = ints[row * ROW_INTS + ROW_BLOCK_BYTES]!;
    return at + bytes <= end && repeats(this.#arena.view, ints[row * ROW_INTS + ROW_BLOCK]!, view, at, bytes) ? bytes : 0;
  }

  /** The row whose lines followed those of `row`; not below `count` if there is none. */
  after(row: number): number {
    return row < this.count ? this.ints[row * ROW_INTS + ROW_NEXT]! : this.count;
  }

  /** Notes that the lines of `next` follow those of `row`. */
  follow(row: number, next: number): void {
    if (row < this.count) this.ints[row * ROW_INTS + ROW_NEXT] = next;
  }

  /** Notes that the lines of `row` come between those of `before` and those that followed it. */
  insert(before: number, row: number): void {
    this.ints[row * ROW_INTS + ROW_NEXT] = this.after(before);
    this.follow(before, row);
  }

  /** The row whose block is at `at`, looked up by the pid, which most exporters put first; -1 if there is none. */
  rowAtPid(bytes: Uint8Array, view: DataView, at: number, end: number): number {
    if (
      at + 15 > end ||
      bytes[at] !== 112 ||
      bytes[at + 1] !== 105 ||
      bytes[at + 2] !== 100 ||
      bytes[at + 3] !== 61 ||
      bytes[at + 4] !== 34
    )
      return -1;
    let pid = 0;
    for (let i = at + 5, digit = bytes[i]! - 48; digit >= 0 && digit <= 9; digit = bytes[++i]! - 48) pid = pid * 10 + digit;
    return this.#rowOfPid(pid, view, at, end);
  }

  #rowOfPid(pid: number, view: DataView, at: number, end: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let place = placeOf(pid) & mask; table[place] !== 0; place = (place + 1) & mask) {
      const row = table[place]! - 1;
      if (this.ints[row * ROW_INTS + ROW_PID] === (pid | 0) && this.blockAt(row, view, at, end) > 0) return row;
    }
    return -1;
  }

  /**
   * The row that the labels just read belong to; it is created if needed. `block`: the offset of their block in the arena, `bytes` long.
   * The labels become those of the row, or are added to them if this scrape has had the row before.
   */
  take(source: Uint8Array, view: DataView, block: Block, scrape: number): Found {
    const labels = this.#labels;
    const pidLabel = labels.find(PID_LABEL);
    const pid = pidLabel < 0 ? -1 : unsigned(source, labels.valueAt[pidLabel]!, labels.valueEnd[pidLabel]!);
    if (pid < 0) return 'bad';
    const device = this.#deviceOf(source, view);
    if (device < 0) return 'capped';
    let row = this.#rowOf(pid, device);
    if (row < 0) {
      if (this.#seenRows >= ROW_CAPS.process) return 'capped';
      row = this.#add(pid, device);
    }
    if (!this.admit(row, scrape)) return 'capped';
    this.#relabel(row, source, view, block, scrape);
    return row;
  }

  /** A new scrape has no rows yet. */
  begin(): void {
    this.#seenRows = this.#seenDevices = 0;
  }

  /** Whether this scrape may have another row; rows and devices of earlier scrapes do not count. To be called before the row is marked as seen. */
  admit(row: number, scrape: number): boolean {
    const { ints } = this;
    if (ints[row * ROW_INTS + ROW_SEEN]! >> SEEN_BITS === scrape) return true;
    const device = this.devices[ints[row * ROW_INTS + ROW_DEVICE]!]!;
    if (this.#seenRows >= ROW_CAPS.process || (device.scrape !== scrape && this.#seenDevices >= MAX_DEVICES)) return false;
    this.#seenRows++;
    if (device.scrape !== scrape) this.#seenDevices++;
    device.scrape = scrape;
    return true;
  }

  /** Takes the labels of a block in the arena again, like `take`: for rows whose lines differ. */
  retake(row: number, blockAt: number, bytes: number, scrape: number): void {
    const { bytes: source, view } = this.#arena;
    this.#labels.readBlock(this.#arena, blockAt, bytes);
    this.#relabel(row, source, view, { at: blockAt, bytes, from: blockAt }, scrape);
  }

  /** Keeps the rows of `scrape`, in their order, and their devices. Returns the new number for each old one; undefined: all remain. */
  sweep(scrape: number): Int32Array | undefined {
    const { ints, values } = this;
    let kept = 0;
    let moved: Int32Array | undefined;
    for (let row = 0; row < this.count; row++) {
      const seen = ints[row * ROW_INTS + ROW_SEEN]!;
      if (seen >> SEEN_BITS !== scrape) {
        moved ??= identity(this.count);
        continue;
      }
      if (kept !== row) {
        ints.copyWithin(kept * ROW_INTS, row * ROW_INTS, (row + 1) * ROW_INTS);
        values.copyWithin(kept * ROW_VALUES, row * ROW_VALUES, (row + 1) * ROW_VALUES);
      }
      if (moved) moved[row] = kept;
      for (let value = 0; value < ROW_VALUES; value++) if ((seen & (1 << value)) === 0) values[kept * ROW_VALUES + value] = NaN;
      kept++;
    }
    if (moved) {
      this.count = kept;
      for (let at = ROW_NEXT; at < kept * ROW_INTS; at += ROW_INTS) ints[at] = moved[ints[at]!] ?? 0;
      this.#rehash();
      this.#sweepDevices(scrape);
    }
    return moved;
  }

  #sweepDevices(scrape: number): void {
    const kept = this.devices.filter((device) => device.scrape === scrape);
    if (kept.length === this.devices.length) return;
    const numbers = new Map(kept.map((device, number) => [device, number]));
    const moved = this.devices.map((device) => numbers.get(device) ?? 0);
    for (let at = ROW_DEVICE; at < this.count * ROW_INTS; at += ROW_INTS) this.ints[at] = moved[this.ints[at]!]!;
    this.devices = kept;
  }

  markUsers(live: Uint8Array): void {
    for (let row = 0; row < this.count; row++) live[this.ints[row * ROW_INTS + ROW_USER]!] = 1;
  }

  renumberUsers(fresh: Int32Array): void {
    for (let row = 0; row < this.count; row++) this.ints[row * ROW_INTS + ROW_USER] = fresh[this.ints[row * ROW_INTS + ROW_USER]!]!;
  }

  #relabel(row: number, source: Uint8Array, view: DataView, block: Block, scrape: number): void {
    const { ints } = this;
    const at = row * ROW_INTS;
    const first = ints[at + ROW_SEEN]! >> SEEN_BITS !== scrape;
    if (first) {
      ints[at + ROW_SEEN] = scrape << SEEN_BITS;
      ints[at + ROW_BLOCK] = block.at;
      ints[at + ROW_BLOCK_BYTES] = block.bytes;
      ints[at + ROW_USER] = ints[at + ROW_COMMAND] = ints[at + ROW_NAME] = 0;
    } else if (block.at !== ints[at + ROW_BLOCK]) ints[at + ROW_MIXED] = 1;
    const labels = this.#labels;
    const toArena = block.at - block.from;
    for (let label = 0; label < labels.count; label++) {
      const from = labels.valueAt[label]!;
      const to = labels.valueEnd[label]!;
      const named = labels.named[label]!;
      if (from === to) continue;
      if (named === USER_LABEL) ints[at + ROW_USER] = this.#users.idOf(source, from, to) || ints[at + ROW_USER]!;
      else if (named === COMMAND_LABEL || named === NAME_LABEL)
        ints[at + (named === NAME_LABEL ? ROW_NAME : ROW_COMMAND)] =
          labels.quoted[label] === 1 ? from + toArena : this.#arena.addText(view, from, to);
    }
  }

  #deviceOf(source: Uint8Array, view: DataView): number {
    const labels = this.#labels;
    const uuid = labels.find(UUID_LABEL);
    const from = labels.startOf(uuid);
    const to = labels.endOf(uuid);
    const index = indexOf(source, labels);
    const { devices } = this;
    for (let device = 0; device < devices.length; device++) {
      const known = devices[device]!;
      if (known.index === index && known.bytes === to - from && same(this.#arena.view, known.at, view, from, known.bytes)) return device;
    }
    if (this.#seenDevices >= MAX_DEVICES || this.#seenRows >= ROW_CAPS.process) return -1;
    return devices.push({ at: to === from ? 0 : this.#arena.addText(view, from, to), bytes: to - from, index, scrape: 0 }) - 1;
  }

  #rowOf(pid: number, device: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let place = placeOf(pid) & mask; table[place] !== 0; place = (place + 1) & mask) {
      const at = (table[place]! - 1) * ROW_INTS;
      if (this.ints[at + ROW_PID] === (pid | 0) && this.ints[at + ROW_DEVICE] === device) return table[place]! - 1;
    }
    return -1;
  }

  #add(pid: number, device: number): number {
    const row = this.count++;
    if (this.count * ROW_INTS > this.ints.length) this.#resize(roomFor(this.count, row));
    const { ints, values } = this;
    const at = row * ROW_INTS;
    for (let i = at; i < at + ROW_LINES; i++) ints[i] = 0;
    for (let value = 0; value < ROW_VALUES; value++) {
      ints[at + ROW_LINES + value] = -1;
      values[row * ROW_VALUES + value] = NaN;
    }
    ints[at + ROW_PID] = pid;
    ints[at + ROW_DEVICE] = device;
    if (this.count * 2 > this.#table.length) this.#rehash();
    else this.#enter(row);
    return row;
  }

  #enter(row: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let place = placeOf(this.ints[row * ROW_INTS + ROW_PID]!) & mask;
    while (table[place] !== 0) place = (place + 1) & mask;
    table[place] = row + 1;
  }

  #rehash(): void {
    if (this.count * 2 > this.#table.length) this.#table = new Int32Array(roomFor(this.count, this.#table.length));
    else this.#table.fill(0);
    for (let row = 0; row < this.count; row++) this.#enter(row);
  }

  #resize(rows: number, cutter = new Cutter(roomOf(rows))): void {
    this.values = cutter.floats(rows * ROW_VALUES, this.values);
    this.ints = cutter.ints(rows * ROW_INTS, this.ints);
  }
}

const SEED = (Math.random() * 2 ** 32) | 0;

/** Seeded, so that a node that knows the function still cannot choose pids that all collide. */
function placeOf(pid: number): number {
  const mixed = Math.imul((pid | 0) ^ SEED, 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 7;
}

/** The index of the GPU, 0 if the labels have none. */
function indexOf(source: Uint8Array, labels: LabelReader): number {
  for (let at = 0; at < INDEX_LABELS.length; at++) {
    const label = labels.find(INDEX_LABELS[at]!);
    const index = label < 0 ? -1 : unsigned(source, labels.valueAt[label]!, labels.valueEnd[label]!);
    if (index >= 0 && index < 2 ** 31) return index;
  }
  return 0;
}

const identity = (count: number): Int32Array => Int32Array.from({ length: count }, (_, row) => row);
