/**
 * A host as a filter leaves it: the same columns with fewer rows. Whatever reads hosts (figures, tables, tabs of other people) works on it
 * unchanged. Made when it is read, once per version of the host.
 */
import {
  GPU_FIELDS,
  type CoreField,
  type CpuField,
  type DiskField,
  type GpuColumns,
  type HostExtras,
  type HostFacts,
  type MemoryField,
  type ProcColumns,
  type Rows,
} from '../model/columns.js';
import { silence, type HostSnapshot, type HostStatus, type HostView, type Ms } from '../model/host.js';
import { freezeHost } from '../model/record.js';
import { keep, type Filter, type Kept } from './evaluate.js';

const NO_ROWS = { count: 0, value: () => NaN, title: () => '' };

export class MaskedHost implements HostView {
  /** The host itself. */
  readonly whole: HostView;
  readonly #filter: Filter;
  #version = -1;
  #structure = 0;
  #hostStructure = -1;
  #kept: Kept | undefined;
  #gpus!: GpuColumns;
  #procs!: ProcColumns;

  constructor(whole: HostView, filter: Filter) {
    this.whole = whole;
    this.#filter = filter;
  }

  get hostId(): string {
    return this.whole.hostId;
  }
  get label(): string {
    return this.whole.label;
  }
  get groups(): ReadonlyMap<string, string> {
    return this.whole.groups;
  }
  get version(): number {
    return this.whole.version;
  }
  get structure(): number {
    this.kept();
    return this.#structure;
  }
  get at(): Ms {
    return this.whole.at;
  }
  get status(): HostStatus {
    return this.whole.status;
  }
  get gpus(): GpuColumns {
    this.kept();
    return this.#gpus;
  }
  get procs(): ProcColumns {
    this.kept();
    return this.#procs;
  }
  get cpus(): Rows<CpuField> {
    return this.#machine('cpus');
  }
  get cores(): Rows<CoreField> {
    return this.#machine('cores');
  }
  get memory(): Rows<MemoryField> {
    return this.#machine('memory');
  }
  get disks(): Rows<DiskField> {
    return this.#machine('disks');
  }
  /** Whether the host reports its processes does not hang on which GPUs a filter keeps. */
  get facts(): HostFacts {
    const { facts } = this.whole;
    return silence(this.whole) === 'no process export' ? { ...facts, processScope: 'off' } : facts;
  }
  /** By the slots that GPUs have on the host itself. */
  get extras(): HostExtras {
    return this.whole.extras;
  }
  text(ref: number): string {
    return this.whole.text(ref);
  }
  userName(id: number): string {
    return this.whole.userName(id);
  }
  freeze(): HostSnapshot {
    return freezeHost(this);
  }

  /** What the filter keeps of the host as it is now. */
  kept(): Kept {
    if (this.#kept === undefined || this.#version !== this.whole.version) this.#look();
    return this.#kept!;
  }

  #look(): void {
    const { whole } = this;
    const before = this.#kept;
    this.#kept = keep(this.#filter, whole);
    this.#version = whole.version;
    if (this.#hostStructure !== whole.structure || !before || !sameRows(before, this.#kept)) this.#structure++;
    this.#hostStructure = whole.structure;
    if (this.#kept.all) {
      this.#gpus = whole.gpus;
      this.#procs = whole.procs;
      return;
    }
    const slots = places(this.#kept.gpus, 1);
    this.#gpus = new MaskedGpus(whole.gpus, slots);
    this.#procs = new MaskedProcs(whole.procs, this.#kept, slots);
  }

  #machine<Name extends 'cpus' | 'cores' | 'memory' | 'disks'>(name: Name): HostView[Name] {
    return this.kept().any ? this.whole[name] : NO_ROWS;
  }
}

const sameRows = (a: Kept, b: Kept): boolean => same(a.gpus, b.gpus) && same(a.procs, b.procs);
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((value, at) => value === b[at]);

/** Where `mask` is `value`. */
function places(mask: Uint8Array, value: 0 | 1): Int32Array {
  let count = 0;
  for (let at = 0; at < mask.length; at++) if (mask[at] === value) count++;
  const found = new Int32Array(count);
  for (let at = 0, next = 0; at < mask.length; at++) if (mask[at] === value) found[next++] = at;
  return found;
}

interface Column {
  readonly length: number;
  [at: number]: number;
}
function pick<T extends Column>(column: T, rows: Int32Array): T {
  const picked = new (column.constructor as new (length: number) => T)(rows.length);
  for (let at = 0; at < rows.length; at++) picked[at] = column[rows[at]!]!;
  return picked;
}

type Columns<Name extends string> = Readonly<Record<Name, Column>>;

/** Columns with some of their rows, each picked when it is first read: of most columns nobody reads any. */
function pickedClass<Name extends string>(
  names: readonly Name[],
): new <From extends Columns<Name>>(from: From, rows: Int32Array) => Pick<From, Name> {
  class Picked {
    readonly from: Columns<Name>;
    readonly rows: Int32Array;
    readonly made: Partial<Record<Name, Column>> = {};
    constructor(from: Columns<Name>, rows: Int32Array) {
      this.from = from;
      this.rows = rows;
    }
  }
  for (const name of names) {
    Object.defineProperty(Picked.prototype, name, {
      get(this: Picked) {
        return (this.made[name] ??= pick(this.from[name], this.rows));
      },
    });
  }
  return Picked as never;
}

const PickedFields = pickedClass(GPU_FIELDS);
const PickedGpus = pickedClass(['index', 'uuid', 'name']);
const PickedProcs = pickedClass(['pid', 'user', 'vramBytes', 'ageSeconds', 'cpuPercent', 'smPercent', 'command', 'name']);

class MaskedGpus extends PickedGpus<GpuColumns> implements GpuColumns {
  readonly count: number;
  readonly slots: number;
  readonly field: GpuColumns['field'];
  readonly origin: Int32Array;
  readonly #whole: GpuColumns;

  constructor(whole: GpuColumns, slots: Int32Array) {
    super(whole, slots);
    let count = 0;
    while (count < slots.length && slots[count]! < whole.count) count++;
    this.count = count;
    this.slots = slots.length;
    this.field = new PickedFields(whole.field, slots.subarray(0, count));
    this.origin = slots;
    this.#whole = whole;
  }
  detail(slot: number, label: string): string {
    return this.#whole.detail(this.origin[slot]!, label);
  }
}

/** Rows that are kept, then those that are not but are on a GPU that is. */
class MaskedProcs extends PickedProcs<ProcColumns> implements ProcColumns {
  readonly count: number;
  readonly others: number;
  readonly gpu: Int32Array;

  constructor(whole: ProcColumns, kept: Kept, slots: Int32Array) {
    const own = places(kept.procs, 1);
    const others = places(kept.procs, 0).filter((row) => whole.gpu[row]! >= 0 && kept.gpus[whole.gpu[row]!] === 1);
    const rows = new Int32Array(own.length + others.length);
    rows.set(own);
    rows.set(others, own.length);
    super(whole, rows);
    this.count = own.length;
    this.others = others.length;
    const newSlot = new Int32Array(kept.gpus.length);
    for (let at = 0; at < slots.length; at++) newSlot[slots[at]!] = at;
    this.gpu = pick(whole.gpu, rows);
    for (let row = 0; row < rows.length; row++) if (this.gpu[row]! >= 0) this.gpu[row] = newSlot[this.gpu[row]!]!;
  }
}
