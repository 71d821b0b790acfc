/** The GPUs of a node: those that report, by index, then those that only appear in process rows. */
import { GPU_FIELDS, type GpuColumns, type GpuField } from '../../../model/columns.js';
import { FIELDS_OF_LABELS, isUnavailable, LABELS_OF_FIELDS, olderReading } from '../../../model/gpu-fields.js';
import { gpuCalled } from '../../../model/gpu-identity.js';
import { isProcessMemoryUnknown } from '../../../model/process-support.js';
import { same, type Arena } from '../bytes.js';
import { type SampleValues } from '../sample-values.js';
import { METRICS, ROW_CAPS } from '../../schema/families.js';
import { decodeText, type LabelReader } from '../labels.js';
import { VALUE_BLOCK, VALUE_BLOCK_BYTES, VALUE_INTS, VALUE_METRIC, VALUE_NEXT, ROW_DEVICE, ROW_INTS } from '../row-layout.js';
import type { ProcTable } from './process-table.js';
import type { Readings } from './readings.js';
import { type Device, type ProcessRows } from '../process-rows.js';
import type { ScanState } from '../scan-state.js';
import { textOf, textRef } from './text-ref.js';
import type { Entity } from '../entities.js';

/** The metric whose labels are the details. */
const INFO = METRICS.findIndex(({ name }) => name === 'gpu_info');
/** By metric: its position in GPU_FIELDS, -1 if it is not there. */
const FIELD_OF = Int32Array.from(METRICS, (metric) =>
  'field' in metric && metric.table === 'gpu' ? GPU_FIELDS.indexOf(metric.field) : -1,
);

const NO_INDICES = new Int32Array(0);
const NO_TEXTS = new Uint32Array(0);
/** The column of every field that no GPU reports. */
const UNREPORTED = new Float64Array(ROW_CAPS.gpu).fill(NaN);

const NO_DETAIL = { at: 0, bytes: 0, hasReadings: false };

interface Gpu {
  /** The entities of its lines; empty if only process rows mention it. */
  readonly parts: readonly Entity[];
  readonly index: number;
  /** The offset of the uuid in the arena, and its length. */
  readonly uuid: number;
  readonly uuidBytes: number;
  readonly nameRef: number;
  /** The sample of its info family, -1 if it has none. */
  readonly info: number;
}

export class GpuTable implements GpuColumns {
  count = 0;
  slots = 0;
  index = NO_INDICES;
  uuid = NO_TEXTS;
  name = NO_TEXTS;
  /** By slot, where any GPU is such: 1: 0 bytes of a process are not a reading. */
  withoutMemory: Uint8Array | undefined;
  field = fieldsOf(UNREPORTED, 0, new Uint8Array(GPU_FIELDS.length));
  readonly #labels: LabelReader;
  readonly #readings: Readings;
  /** The number of GPUs that report. */
  #gpus: readonly Gpu[] = [];
  #arena: Arena | undefined;
  /** By slot: where the labels of its info family are in the arena. */
  readonly #details: { at: number; bytes: number; hasReadings: boolean }[] = [];
  /** Columns of fields that only labels of the info family report. */
  readonly #ofLabels = new Map<GpuField, Float64Array>();
  /** By device of the process rows: the slot of its GPU, -1 if no reporting GPU matches. */
  readonly #slotOf: number[] = [];
  #devices: readonly Device[] = [];
  /** The lists contain exactly #gpus. */
  #listed = false;

  constructor(labels: LabelReader, readings: Readings) {
    this.#labels = labels;
    this.#readings = readings;
  }

  detail(slot: number, label: string): string {
    const { at, bytes } = this.#details[slot] ?? NO_DETAIL;
    if (at === 0 || !this.#arena) return '';
    const source = this.#arena.bytes;
    this.#labels.readBlock(this.#arena, at, bytes);
    return this.#labels.text(source, this.#labels.findByName(source, label), 'value');
  }

  /** All labels of the info family. */
  details(slot: number): readonly (readonly [label: string, text: string])[] {
    const { at, bytes } = this.#details[slot] ?? NO_DETAIL;
    if (at === 0 || !this.#arena) return [];
    this.#labels.readBlock(this.#arena, at, bytes);
    return this.#labels.pairs(this.#arena.bytes);
  }

  /** The number of values that `gpus` GPUs need. */
  room(gpus: number): number {
    return gpus * GPU_FIELDS.length;
  }

  /**
   * Finds out which GPUs report, and where their values go: to the start of the readings. `firstLines`: the first line of each entity in
   * the exposition; needed if some have no index. Returns the entities of each slot, the one with an index first.
   */
  arrange(
    samples: SampleValues,
    entities: readonly Entity[],
    arena: Arena,
    firstLines: ReadonlyMap<Entity, number>,
  ): readonly (readonly Entity[])[] {
    const uuidOf = ({ uuid }: Gpu): string => textOf(arena.bytes, textRef(uuid, 'name'));
    const gpus = partsOf(entities, arena, firstLines).map((parts, place) => gpuOf(parts, place, samples));
    gpus.sort((a, b) => a.index - b.index || order(uuidOf(a), uuidOf(b)));
    this.#gpus = gpus;
    this.count = gpus.length;
    const unknown = gpus.map(({ nameRef }) => Number(isProcessMemoryUnknown(textOf(arena.bytes, nameRef))));
    this.withoutMemory = unknown.includes(1) ? Uint8Array.from(unknown) : undefined;
    const reported = new Uint8Array(GPU_FIELDS.length);
    gpus.forEach(({ parts }, slot) => {
      // The one that is added last wins.
      for (let part = parts.length - 1; part >= 0; part--) this.#readings.add(parts[part]!, samples, FIELD_OF, slot, this.count, reported);
    });
    this.field = fieldsOf(this.#readings.values, this.count, reported);
    this.#slotOf.length = 0;
    this.#details.length = 0;
    this.#ofLabels.clear();
    this.#listed = false;
    return gpus.map(({ parts }) => parts);
  }

  /** The order of info labels may change, so they are looked up at each commit. */
  loadDetails({ samples, arena }: ScanState): void {
    this.#arena = arena;
    this.#details.length = this.count;
    for (let slot = 0; slot < this.count; slot++) {
      const { info } = this.#gpus[slot]!;
      const detail = (this.#details[slot] ??= { ...NO_DETAIL });
      const before = detail.bytes;
      detail.at = info < 0 ? 0 : samples.ints[info * VALUE_INTS + VALUE_BLOCK]!;
      detail.bytes = info < 0 ? 0 : samples.ints[info * VALUE_INTS + VALUE_BLOCK_BYTES]!;
      // A new label changes the length; if only values of the same length change, the same labels are there.
      if (detail.bytes !== before) detail.hasReadings = this.#hasReadings(detail);
    }
    this.#readLabels();
  }

  #hasReadings({ at, bytes }: { readonly at: number; readonly bytes: number }): boolean {
    const arena = this.#arena;
    if (at === 0 || !arena) return false;
    this.#labels.readBlock(arena, at, bytes);
    return LABELS_OF_FIELDS.some((label) => this.#labels.findByName(arena.bytes, label) >= 0);
  }

  /** Takes readings from labels of the info family. Runs after they are loaded. */
  #readLabels(): void {
    for (const column of this.#ofLabels.values()) column.fill(NaN);
    for (let slot = 0; slot < this.count; slot++) {
      if (!this.#details[slot]!.hasReadings) continue;
      const detail = (label: string): string => this.detail(slot, label);
      for (const field of FIELDS_OF_LABELS) {
        if (this.field[field][slot] === 0 && isUnavailable(field, detail)) this.field[field][slot] = NaN;
        // If any GPU of the node has the family, labels are not used.
        if (this.field[field] !== UNREPORTED && !this.#ofLabels.has(field)) continue;
        const value = olderReading(field, detail);
        if (!Number.isNaN(value)) this.#ofLabel(field)[slot] = value;
      }
    }
  }

  #ofLabel(field: GpuField): Float64Array {
    let column = this.#ofLabels.get(field);
    if (!column) {
      column = this.field[field] = new Float64Array(this.count).fill(NaN);
      this.#ofLabels.set(field, column);
    }
    return column;
  }

  /**
   * Assigns process rows to GPUs: by uuid, and by index too if several GPUs have that uuid; otherwise by index alone (a MIG device has its
   * own uuid). If no index is exported, it is the position. A row without a uuid that holds no bytes is on no GPU.
   */
  place(rows: ProcessRows, procs: ProcTable, arena: Arena): void {
    const { count, ints, devices } = rows;
    if (devices !== this.#devices) this.#slotOf.length = 0;
    this.#devices = devices;
    for (let device = this.#slotOf.length; device < devices.length; device++) this.#slotOf.push(this.#match(devices[device]!, arena));
    const slotOf = this.#slotOf.includes(-1) ? this.#withGhosts(rows, procs, arena) : this.#slotOf;
    if (slotOf === this.#slotOf && !this.#listed) this.#list(this.#gpus);
    for (let row = 0; row < count; row++) {
      const device = ints[row * ROW_INTS + ROW_DEVICE]!;
      const off = devices[device]!.bytes === 0 && !(procs.vramBytes[row]! > 0);
      procs.gpu[row] = off ? -1 : slotOf[device]!;
    }
  }

  /** The slot of the GPU that matches a device. */
  #match(device: Device, arena: Arena): number {
    const byIndex = this.#gpus.findIndex(({ index }) => index === device.index);
    if (device.bytes === 0) return byIndex;
    const isRaw = ({ uuid, uuidBytes }: Gpu): boolean =>
      uuidBytes === device.bytes && same(arena.view, uuid, arena.view, device.at, uuidBytes);
    let slot = this.#named(device.index, isRaw);
    if (slot < 0) {
      const name = uuidText(arena, device);
      slot = this.#named(device.index, ({ uuid }) => textOf(arena.bytes, textRef(uuid, 'name')) === name);
    }
    return slot >= 0 ? slot : byIndex;
  }

  #named(index: number, isCalledSo: (gpu: Gpu) => boolean): number {
    const called = this.#gpus.flatMap((gpu, slot) => (isCalledSo(gpu) ? slot : []));
    return gpuCalled(called, index, (slot) => this.#gpus[slot]!.index);
  }

  /** Slots by device. Devices that match no GPU but have processes get slots after those of the GPUs. */
  #withGhosts({ count, ints, devices }: ProcessRows, { vramBytes }: ProcTable, arena: Arena): readonly number[] {
    const occupied = new Uint8Array(devices.length);
    for (let row = 0; row < count; row++) {
      const device = ints[row * ROW_INTS + ROW_DEVICE]!;
      if (devices[device]!.bytes > 0 || vramBytes[row]! > 0) occupied[device] = 1;
    }
    const keyOf = (device: Device): string => `${uuidText(arena, device)}#${device.index}`;
    const ghosts = new Map<string, Device>();
    devices.forEach((device, number) => {
      if (this.#slotOf[number]! < 0 && occupied[number] === 1 && !ghosts.has(keyOf(device))) ghosts.set(keyOf(device), device);
    });
    const sorted = [...ghosts].sort(([a, one], [b, other]) => one.index - other.index || order(a, b));
    const slots = new Map(sorted.map(([key], at) => [key, this.count + at]));
    this.#list([
      ...this.#gpus,
      ...sorted.map(([, { at, bytes, index }]) => ({ parts: [], index, uuid: at, uuidBytes: bytes, nameRef: 0, info: -1 })),
    ]);
    return devices.map((device, number) => (this.#slotOf[number]! >= 0 ? this.#slotOf[number]! : (slots.get(keyOf(device)) ?? -1)));
  }

  #list(gpus: readonly Gpu[]): void {
    this.#listed = gpus === this.#gpus;
    this.slots = gpus.length;
    this.index = new Int32Array(gpus.length);
    this.uuid = new Uint32Array(gpus.length);
    this.name = new Uint32Array(gpus.length);
    for (let slot = 0; slot < gpus.length; slot++) {
      const { index, uuid, nameRef } = gpus[slot]!;
      this.index[slot] = index;
      this.uuid[slot] = textRef(uuid, 'name');
      this.name[slot] = nameRef;
    }
  }
}

const uuidText = ({ bytes: source }: Arena, { at, bytes }: Device): string => decodeText(source, at, at + bytes, 'name');

const order = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

/**
 * The entities that form one GPU: one, or one plus the lines without an index that have its uuid, if no other has that uuid. Lines without
 * an index form a GPU of their own if no line with an index has their uuid. If several have it, the lines cannot be assigned and are left
 * out. In the order of the exposition if that matters.
 */
function partsOf(entities: readonly Entity[], { view }: Arena, firstLines: ReadonlyMap<Entity, number>): readonly (readonly Entity[])[] {
  const parts = entities.filter(({ index }) => index >= 0).map((entity) => [entity]);
  if (parts.length === entities.length) return parts;
  for (const entity of entities.filter(({ index }) => index < 0)) {
    const { id, idBytes } = entity;
    const owners = parts.filter(([one]) => one!.index >= 0 && one!.idBytes === idBytes && same(view, one!.id, view, id, idBytes));
    if (owners.length === 0) parts.push([entity]);
    else if (owners.length === 1) owners[0]!.push(entity);
  }
  const lineOf = (own: readonly Entity[]): number => Math.min(...own.map((entity) => firstLines.get(entity) ?? Infinity));
  return parts.sort((a, b) => lineOf(a) - lineOf(b));
}

/** The sample of its info family, 0 if it has none. */
function infoOf({ firstSample }: Entity, { ints }: SampleValues): number {
  let info = firstSample;
  while (info !== 0 && ints[info * VALUE_INTS + VALUE_METRIC] !== INFO) info = ints[info * VALUE_INTS + VALUE_NEXT]!;
  return info;
}

/** `place`: its position in the exposition, used as the index of a GPU that exports none. */
function gpuOf(parts: readonly Entity[], place: number, samples: SampleValues): Gpu {
  const { index, id, idBytes } = parts[0]!;
  return {
    parts,
    index: index >= 0 ? index : place,
    uuid: id,
    uuidBytes: idBytes,
    nameRef: textRef(parts.find(({ title }) => title !== 0)?.title ?? 0, 'value'),
    info: parts.map((part) => infoOf(part, samples)).find((info) => info > 0) ?? -1,
  };
}

/** Columns at the start of one array, one after another. `reported`: 1 for each field that some GPU reports. */
function fieldsOf({ buffer }: Float64Array<ArrayBuffer>, count: number, reported: Uint8Array): Record<GpuField, Float64Array> {
  const fields: Partial<Record<GpuField, Float64Array>> = {};
  for (let at = 0; at < GPU_FIELDS.length; at++)
    fields[GPU_FIELDS[at]!] = reported[at] === 0 ? UNREPORTED : new Float64Array(buffer, at * count * 8, count);
  return fields as Record<GpuField, Float64Array>;
}
