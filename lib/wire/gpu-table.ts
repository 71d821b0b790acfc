/** GPUs of a host: those that report, in the order of their indices, then those that only process rows speak of. */
import { GPU_FIELDS, type GpuColumns, type GpuField } from '../model/columns.js';
import type { Arena } from './bytes.js';
import { BLOCK, BLOCK_BYTES, INTS as CELL_INTS, METRIC, type Cells } from './cells.js';
import { METRICS } from './families.js';
import { decodeText, type LabelReader } from './labels.js';
import type { ProcTable } from './proc-table.js';
import { Readings } from './readings.js';
import { DEVICE, INTS, type ProcessRows } from './rows.js';
import type { Scan } from './scan.js';
import { textOf, textRef } from './text-ref.js';
import type { Thing } from './things.js';

/** The metric whose labels are details. */
const INFO = METRICS.findIndex(({ name }) => name === 'gpu_info');
/** By metric: its place in GPU_FIELDS, -1 for none. */
const FIELD_OF = Int32Array.from(METRICS, (metric) =>
  'field' in metric && metric.table === 'gpu' ? GPU_FIELDS.indexOf(metric.field) : -1,
);

interface Gpu {
  readonly uuid: string;
  readonly index: number;
  readonly uuidRef: number;
  readonly nameRef: number;
  /** Cell of its info family, -1 for none. */
  readonly info: number;
  /** Undefined: only process rows speak of it. */
  readonly thing: Thing | undefined;
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

  /** The things of those that report, in the order of their slots. */
  get things(): readonly Thing[] {
    return this.#gpus.slice(0, this.count).flatMap(({ thing }) => thing ?? []);
  }

  detail(slot: number, label: string): string {
    const { at, bytes } = this.#details[slot] ?? { at: 0, bytes: 0 };
    if (at === 0 || !this.#arena) return '';
    const source = this.#arena.bytes;
    this.#labels.read(source, at, at + bytes);
    return this.#labels.text(source, this.#labels.find(source, label), 'value');
  }

  /** Which GPUs report, and where their values go. */
  arrange(cells: Cells, things: readonly Thing[], arena: Arena): void {
    this.#gpus = things
      .map((thing, place) => gpuOf(thing, place, cells, arena))
      .sort((a, b) => a.index - b.index || (a.uuid < b.uuid ? -1 : 1));
    this.count = this.#gpus.length;
    this.readings.begin(this.count * GPU_FIELDS.length);
    this.field = fieldsOf(this.readings.values, this.count);
    this.#gpus.forEach(({ thing }, slot) => {
      for (const cell of thing!.cells) {
        const metric = cells.ints[cell * CELL_INTS + METRIC]!;
        const field = FIELD_OF[metric]!;
        if (field >= 0) this.readings.add(cell, metric, field * this.count + slot);
      }
    });
  }

  /** Info labels may stand in another order each time, so their place is looked up at each commit. */
  loadDetails({ cells, arena }: Scan): void {
    this.#arena = arena;
    this.#details.length = this.count;
    for (let slot = 0; slot < this.count; slot++) {
      const { info } = this.#gpus[slot]!;
      const detail = (this.#details[slot] ??= { at: 0, bytes: 0 });
      detail.at = info < 0 ? 0 : cells.ints[info * CELL_INTS + BLOCK]!;
      detail.bytes = info < 0 ? 0 : cells.ints[info * CELL_INTS + BLOCK_BYTES]!;
    }
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
      ghosts.set(ghostKey(device), {
        uuid: device.uuid,
        index: device.index,
        uuidRef: textRef(device.at, 'name'),
        nameRef: 0,
        info: -1,
        thing: undefined,
      });
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
}

function gpuOf(thing: Thing, place: number, { ints }: Cells, arena: Arena): Gpu {
  return {
    uuid: textOf(arena.bytes, textRef(thing.key, 'name')),
    index: thing.index >= 0 ? thing.index : place,
    uuidRef: textRef(thing.key, 'name'),
    nameRef: textRef(thing.title, 'value'),
    info: thing.cells.find((cell) => ints[cell * CELL_INTS + METRIC] === INFO) ?? -1,
    thing,
  };
}

/** Columns of one array that holds them one behind the other. */
function fieldsOf({ buffer }: Float64Array<ArrayBuffer>, count: number): Record<GpuField, Float64Array> {
  const fields: Partial<Record<GpuField, Float64Array>> = {};
  for (let at = 0; at < GPU_FIELDS.length; at++) fields[GPU_FIELDS[at]!] = new Float64Array(buffer, at * count * 8, count);
  return fields as Record<GpuField, Float64Array>;
}
