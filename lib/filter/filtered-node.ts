/**
 * A node as seen through a filter: the same columns with fewer rows. All code that reads nodes (figures, tables, tabs of plugins) works on
 * it unchanged. Computed when it is read, once per version of the node.
 */
import type { AllocationColumns } from '../model/allocations.js';
import { OWNERS, type Owners, type ProcessOwners } from '../model/owners.js';
import {
  GPU_FIELDS,
  type CoreField,
  type CpuField,
  type DiskField,
  type GpuColumns,
  type GpuField,
  type NodeExtras,
  type NodeFacts,
  type MemoryField,
  type ProcColumns,
  type Rows,
} from '../model/columns.js';
import { NO_GPUS, NO_PROCESSES, NO_ROWS } from '../model/empty-columns.js';
import { whyNotReporting, type NodeView } from '../model/node-view.js';
import { matchRows, type Filter, type Matches } from './evaluate.js';
import type { Ms } from '../model/clock.js';
import type { EndpointStatus } from '../model/endpoint.js';

const NONE: Int32Array = new Int32Array(0);
/** Shared by all nodes without a match. */
const NO_MATCHING_GPUS: GpuColumns = { ...NO_GPUS, origin: NONE };

export class FilteredNode implements NodeView {
  /** The node itself. */
  readonly whole: NodeView;
  #filter: Filter;
  #version = 0;
  #structure = 0;
  /** The evaluated versions of the node; -1: none yet, or with another filter. */
  #seen = { version: -1, structure: -1 };
  #kept: Matches | undefined;
  /** Reused for the next evaluation. */
  #spare: Matches | undefined;
  #gpus: GpuColumns = NO_MATCHING_GPUS;
  #procs: ProcColumns = NO_PROCESSES;
  readonly #ownGpus = new MaskedGpus();
  readonly #ownProcs = new MaskedProcs();

  constructor(whole: NodeView, filter: Filter) {
    this.whole = whole;
    this.#filter = filter;
  }

  /** The same node under another filter; its buffers are reused. */
  use(filter: Filter): this {
    if (filter === this.#filter) return this;
    this.#filter = filter;
    this.#seen = { ...this.#seen, version: -1 };
    return this;
  }

  get nodeId(): string {
    return this.whole.nodeId;
  }
  get name(): string {
    return this.whole.name;
  }
  get groups(): ReadonlyMap<string, string> {
    return this.whole.groups;
  }
  /** Increases with that of the node, and with each new filter. */
  get version(): number {
    this.kept();
    return this.#version;
  }
  get structure(): number {
    this.kept();
    return this.#structure;
  }
  get at(): Ms {
    return this.whole.at;
  }
  get status(): EndpointStatus {
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
  get allocations(): AllocationColumns {
    return this.whole.allocations;
  }
  get endpoints(): NodeView['endpoints'] {
    return this.whole.endpoints;
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
  /** Whether the node reports its processes does not depend on which GPUs match. */
  get facts(): NodeFacts {
    const { facts } = this.whole;
    const why = whyNotReporting(this.whole);
    if (why === 'no process export') return { ...facts, processScope: 'off' };
    return why === 'cannot list processes' ? { ...facts, processScope: 'unsupported' } : facts;
  }
  /** By the slots that GPUs have on the node itself. */
  get extras(): NodeExtras {
    return this.whole.extras;
  }
  text(ref: number): string {
    return this.whole.text(ref);
  }
  userName(id: number): string {
    return this.whole.userName(id);
  }

  /** The matches on the node's current data. Valid until the next call. */
  kept(): Matches {
    if (this.#kept === undefined || this.#seen.version !== this.whole.version) this.#look();
    return this.#kept!;
  }

  #look(): void {
    const { whole } = this;
    const before = this.#kept;
    const kept = matchRows(this.#filter, whole, this.#spare);
    this.#spare = before;
    this.#kept = kept;
    if (whole.version > 0) this.#version++;
    if (this.#seen.structure !== whole.structure || !before || !sameRows(before, kept)) this.#structure++;
    this.#seen = { version: whole.version, structure: whole.structure };
    const { all, gpuCount, procCount } = kept;
    if (all || gpuCount + procCount === 0) {
      this.#gpus = all ? whole.gpus : NO_MATCHING_GPUS;
      this.#procs = all ? whole.procs : NO_PROCESSES;
      return;
    }
    const slots = places(kept.gpus, kept.slots, 1);
    this.#gpus = this.#ownGpus.fill(whole.gpus, slots);
    this.#procs = this.#ownProcs.fill(whole.procs, kept, slots);
  }

  #machine<Name extends 'cpus' | 'cores' | 'memory' | 'disks'>(name: Name): NodeView[Name] {
    return this.kept().any ? this.whole[name] : NO_ROWS;
  }
}

const sameRows = (a: Matches, b: Matches): boolean => same(a.gpus, a.slots, b.gpus, b.slots) && same(a.procs, a.rows, b.procs, b.rows);

function same(a: Uint8Array, length: number, b: Uint8Array, other: number): boolean {
  if (length !== other) return false;
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Positions where the first `length` elements of `mask` are `value`. */
function places(mask: Uint8Array, length: number, value: 0 | 1): Int32Array {
  let count = 0;
  for (let at = 0; at < length; at++) if (mask[at] === value) count++;
  const found = new Int32Array(count);
  for (let at = 0, next = 0; at < length; at++) if (mask[at] === value) found[next++] = at;
  return found;
}

interface Column {
  readonly length: number;
  [at: number]: number;
}
/** Copies into `into` if it is long enough. */
function pick<T extends Column>(column: T, rows: Int32Array, into: T | undefined): T {
  const { length } = rows;
  const picked = into && into.length >= length ? into : new (column.constructor as new (length: number) => T)(length + (length >> 2));
  for (let at = 0; at < length; at++) picked[at] = column[rows[at]!]!;
  return picked;
}

type Columns<Name extends string> = Readonly<Record<Name, Column>>;

/** Columns with some of their rows, each selected when it is first read: most columns are never read. */
class Picked<Name extends string> {
  #from: Columns<Name> | undefined;
  #rows = NONE;
  #stamp = 0;
  readonly #made: Partial<Record<Name, { column: Column; stamp: number }>> = {};

  protected pickFrom(from: Columns<Name>, rows: Int32Array): void {
    this.#from = from;
    this.#rows = rows;
    this.#stamp++;
  }
  column(name: Name): Column {
    let made = this.#made[name];
    if (!made) this.#made[name] = made = { column: pick(this.#from![name], this.#rows, undefined), stamp: this.#stamp };
    else if (made.stamp !== this.#stamp) {
      made.column = pick(this.#from![name], this.#rows, made.column);
      made.stamp = this.#stamp;
    }
    return made.column;
  }
}

/** A class whose objects have the columns as fields. */
function pickedClass<Name extends string, From extends Columns<Name>>(names: readonly Name[]): new () => Picked<Name> & Pick<From, Name> {
  class Named extends Picked<Name> {}
  for (const name of names) {
    Object.defineProperty(Named.prototype, name, {
      get(this: Named) {
        return this.column(name);
      },
    });
  }
  return Named as never;
}

const PickedFields = pickedClass<GpuField, GpuColumns['field']>(GPU_FIELDS);
const PickedGpus = pickedClass<'index' | 'uuid' | 'name', GpuColumns>(['index', 'uuid', 'name']);
type ProcName = 'pid' | 'user' | 'vramBytes' | 'ageSeconds' | 'cpuPercent' | 'smPercent' | 'residentBytes' | 'command' | 'name';
const PickedProcs = pickedClass<ProcName, ProcColumns>([
  'pid',
  'user',
  'vramBytes',
  'ageSeconds',
  'cpuPercent',
  'smPercent',
  'residentBytes',
  'command',
  'name',
]);

class MaskedFields extends PickedFields {
  fill(whole: GpuColumns['field'], slots: Int32Array): void {
    this.pickFrom(whole, slots);
  }
}

class MaskedGpus extends PickedGpus implements GpuColumns {
  count = 0;
  slots = 0;
  origin = NONE;
  readonly field = new MaskedFields();
  whole: GpuColumns = NO_MATCHING_GPUS;

  fill(whole: GpuColumns, slots: Int32Array): this {
    this.pickFrom(whole, slots);
    let count = 0;
    while (count < slots.length && slots[count]! < whole.count) count++;
    this.count = count;
    this.slots = slots.length;
    this.field.fill(whole.field, slots.subarray(0, count));
    this.origin = slots;
    this.whole = whole;
    return this;
  }
  detail(slot: number, label: string): string {
    return this.whole.detail(this.origin[slot]!, label);
  }
}

const pickOwners = ({ owners, runsAs, container }: ProcessOwners, rows: Int32Array): ProcessOwners => ({
  owners: Object.fromEntries(OWNERS.map((owner) => [owner, pick(owners[owner], rows, undefined)])) as Owners,
  runsAs: pick(runsAs, rows, undefined),
  container: pick(container, rows, undefined),
});

/** Matching rows, then other rows on matching GPUs. */
class MaskedProcs extends PickedProcs implements ProcColumns {
  count = 0;
  others = 0;
  gpu = NONE;
  known: ProcessOwners | undefined;

  fill(whole: ProcColumns, kept: Matches, slots: Int32Array): this {
    const own = places(kept.procs, kept.rows, 1);
    const others = places(kept.procs, kept.rows, 0).filter((row) => whole.gpu[row]! >= 0 && kept.gpus[whole.gpu[row]!] === 1);
    const rows = others.length === 0 ? own : new Int32Array(own.length + others.length);
    if (rows !== own) {
      rows.set(own);
      rows.set(others, own.length);
    }
    this.pickFrom(whole, rows);
    this.known = whole.known && pickOwners(whole.known, rows);
    this.count = own.length;
    this.others = others.length;
    // By slot of the node: the slot in the filtered view.
    const newSlot = new Int32Array(kept.slots);
    for (let at = 0; at < slots.length; at++) newSlot[slots[at]!] = at;
    this.gpu = pick(whole.gpu, rows, this.gpu);
    for (let row = 0; row < rows.length; row++) if (this.gpu[row]! >= 0) this.gpu[row] = newSlot[this.gpu[row]!]!;
    return this;
  }
}
