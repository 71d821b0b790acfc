/** GPUs of a host: those that report, in the order of their indices, then those that only process rows speak of. */
import { GPU_FIELDS, type GpuColumns, type GpuField } from '../model/columns.js';
import type { Arena } from './bytes.js';
import type { Cell } from './cells.js';
import { ALIASES, METRICS } from './families.js';
import { decodeText, LabelReader } from './labels.js';
import type { ProcTable } from './proc-table.js';
import { Readings } from './readings.js';
import { DEVICE, INTS, type ProcessRows } from './rows.js';
import type { Scan } from './scan.js';
import { textRef } from './text-ref.js';

/** The metric whose labels are details. */
const INFO = METRICS.findIndex(({ name }) => name === 'gpu_info');

interface Gpu {
  readonly uuid: string;
  readonly index: number;
  readonly uuidRef: number;
  readonly nameRef: number;
  /** Cell of its info family, -1 for none. */
  readonly info: number;
}

export class GpuTable implements GpuColumns {
  count = 0;
  slots = 0;
  index = new Int32Array(0);
  uuid = new Uint32Array(0);
  name = new Uint32Array(0);
  field = fieldsOf(new Float64Array(0), 0);
  readonly readings = new Readings();
  readonly #labels: LabelReader;
  #gpus: readonly Gpu[] = [];
  #arena: Arena | undefined;
  /** By slot: where the labels of its info family are in the arena. */
  #details: { at: number; bytes: number }[] = [];

  constructor(labels: LabelReader) {
    this.#labels = labels;
  }

  detail(slot: number, label: string): string {
    const { at, bytes } = this.#details[slot] ?? { at: 0, bytes: 0 };
    if (at === 0 || !this.#arena) return '';
    const source = this.#arena.bytes;
    this.#labels.read(source, at, at + bytes);
    return this.#labels.text(source, this.#labels.find(source, label), 'value');
  }

  /** New cells: which GPUs report, and where their values go. */
  arrange({ cells, arena }: Scan): void {
    const own = cells.cells.map((cell, number) => ({ cell, number })).filter(({ cell }) => METRICS[cell.metric]?.table === 'gpu');
    const firsts = new Map<string, Cell>();
    for (const { cell } of own) if (!firsts.has(cell.key)) firsts.set(cell.key, cell);
    const infos = new Map(own.filter(({ cell }) => cell.metric === INFO).map(({ cell, number }) => [cell.key, number]));
    this.#gpus = [...firsts.values()]
      .map((cell, place) => this.#gpuOf(cell, place, arena, infos.get(cell.key) ?? -1))
      .sort((a, b) => a.index - b.index || (a.uuid < b.uuid ? -1 : 1));
    this.count = this.#gpus.length;
    this.readings.begin(this.count * GPU_FIELDS.length);
    this.field = fieldsOf(this.readings.values, this.count);
    const slots = new Map(this.#gpus.map(({ uuid }, slot) => [uuid, slot]));
    for (const { cell, number } of own) {
      const { field } = METRICS[cell.metric] as { readonly field?: GpuField };
      if (field !== undefined) this.readings.add(number, cell.metric, GPU_FIELDS.indexOf(field) * this.count + slots.get(cell.key)!);
    }
    this.#list(this.#gpus);
  }

  /** Info labels may stand in another order each time, so their place is looked up at each commit. */
  loadDetails({ cells, arena }: Scan): void {
    this.#arena = arena;
    for (let slot = 0; slot < this.count; slot++) {
      const cell = cells.cells[this.#gpus[slot]!.info];
      const detail = (this.#details[slot] ??= { at: 0, bytes: 0 });
      detail.at = cell?.at ?? 0;
      detail.bytes = cell?.bytes ?? 0;
    }
    this.#details.length = this.count;
  }

  /**
   * Puts the process rows on their GPUs: by uuid, else by index, which is the position where none is exported. A row without a uuid that
   * holds no bytes is on none.
   */
  place(rows: ProcessRows, procs: ProcTable, arena: Arena): void {
    const { count, ints, devices } = rows;
    const { vramBytes } = procs;
    const occupied = new Uint8Array(devices.length);
    for (let row = 0; row < count; row++) {
      const device = ints[row * INTS + DEVICE]!;
      if (devices[device]!.bytes > 0 || vramBytes[row]! > 0) occupied[device] = 1;
    }
    const slotOf = this.#slotsOf(rows, occupied, arena);
    for (let row = 0; row < count; row++) {
      const device = ints[row * INTS + DEVICE]!;
      const off = devices[device]!.bytes === 0 && vramBytes[row] === 0;
      procs.gpu[row] = off ? -1 : slotOf[device]!;
    }
  }

  /** Slots by device; devices that no GPU is get slots behind those of the GPUs. */
  #slotsOf({ devices }: ProcessRows, occupied: Uint8Array, arena: Arena): Int32Array {
    const known = this.#gpus.slice(0, this.count);
    const byUuid = new Map(known.map(({ uuid }, slot) => [uuid, slot]));
    const byIndex = new Map(known.map(({ index }, slot) => [index, slot]).reverse() as [number, number][]);
    const named = devices.map(({ at, bytes, index }) => ({ at, index, uuid: decodeText(arena.bytes, at, at + bytes, 'name') }));
    const ghosts = new Map<string, Gpu>();
    const ghostKey = ({ uuid, index }: { uuid: string; index: number }): string => uuid || `#${index}`;
    const slotOf = Int32Array.from(named, ({ uuid, index }) => byUuid.get(uuid) ?? byIndex.get(index) ?? -1);
    named.forEach((device, number) => {
      if (slotOf[number]! >= 0 || occupied[number] === 0 || ghosts.has(ghostKey(device))) return;
      ghosts.set(ghostKey(device), { uuid: device.uuid, index: device.index, uuidRef: textRef(device.at, 'name'), nameRef: 0, info: -1 });
    });
    const sorted = [...ghosts].sort(([, a], [, b]) => a.index - b.index || (a.uuid < b.uuid ? -1 : 1));
    const ghostSlots = new Map(sorted.map(([key], at) => [key, this.count + at]));
    named.forEach((device, number) => {
      if (slotOf[number] === -1) slotOf[number] = ghostSlots.get(ghostKey(device)) ?? -1;
    });
    this.#list([...known, ...sorted.map(([, ghost]) => ghost)]);
    return slotOf;
  }

  #list(gpus: readonly Gpu[]): void {
    this.slots = gpus.length;
    this.index = Int32Array.from(gpus, ({ index }) => index);
    this.uuid = Uint32Array.from(gpus, ({ uuidRef }) => uuidRef);
    this.name = Uint32Array.from(gpus, ({ nameRef }) => nameRef);
  }

  #gpuOf({ at, bytes, key, note }: Cell, place: number, arena: Arena, info: number): Gpu {
    const index = /^\d{1,9}$/.test(note.index ?? '') ? Number(note.index) : place;
    this.#labels.read(arena.bytes, at, at + bytes);
    return {
      uuid: key,
      index,
      info,
      uuidRef: this.#refOf(arena, ALIASES.gpuUuid, 'name'),
      nameRef: this.#refOf(arena, ALIASES.gpuName, 'value'),
    };
  }

  /** A reference to the first of the labels just read that is there. */
  #refOf(arena: Arena, names: readonly string[], cap: 'name' | 'value'): number {
    const labels = this.#labels;
    const label = names.map((name) => labels.find(arena.bytes, name)).find((found) => found >= 0);
    if (label === undefined) return 0;
    const [from, to] = [labels.valueAt[label]!, labels.valueEnd[label]!];
    return textRef(labels.quoted[label] === 1 ? from : arena.addText(arena.view, from, to), cap);
  }
}

/** Columns of one array that holds them one behind the other. */
function fieldsOf(values: Float64Array<ArrayBuffer>, count: number): Record<GpuField, Float64Array> {
  return Object.fromEntries(GPU_FIELDS.map((field, at) => [field, values.subarray(at * count, (at + 1) * count)])) as Record<
    GpuField,
    Float64Array
  >;
}
