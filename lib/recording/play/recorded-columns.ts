/** A node of a recording, as columns over the arrays of a packed frame: the counterpart of the parser of a live node. */
import type { AllocationColumns } from '../../model/allocations.js';
import {
  GPU_FIELDS,
  type NodeExtras,
  type GpuColumns,
  type GpuField,
  type NodeData,
  type NodeFacts,
  type ProcColumns,
  type Rows,
} from '../../model/columns.js';
import { NO_EXTRAS, NO_FACTS, NO_GPUS, NO_PROCESSES, NO_ROWS } from '../../model/empty-columns.js';
import { NO_OWNERS, recordedOwners, type RecordedOwners } from './recorded-owners.js';
import { RecordedExtras } from '../format/recorded-extras.js';
import {
  PROC_VALUES,
  TABLE_FIELDS,
  type Names,
  type PackedOwners,
  type PackedFrame,
  type PackedNode,
  type PackedRows,
  type TableName,
} from '../format/packed-frame.js';

/** Names by number. A list only grows, until a new one is started: a node that did not change still refers to the list it came with. */
export class NameTables {
  #texts: string[] = [''];
  #users: string[] = [''];
  readonly #of = new WeakMap<PackedFrame, FrameNames>();

  /** Adds the names of a frame; frames must come in the order in which they were packed. */
  add(frame: PackedFrame): void {
    this.#texts = extended(this.#texts, frame.texts);
    this.#users = extended(this.#users, frame.users);
    this.#of.set(frame, { texts: this.#texts, users: this.#users });
  }

  /** The names of a frame that was added. */
  of(frame: PackedFrame): FrameNames {
    return this.#of.get(frame) ?? NO_NAMES;
  }
}

interface FrameNames {
  readonly texts: readonly string[];
  readonly users: readonly string[];
}
const NO_NAMES: FrameNames = { texts: [''], users: [''] };

function extended(known: string[], { from, added }: Names): string[] {
  if (from === 0) return [...added];
  for (const name of added) known.push(name);
  return known;
}

export class RecordedColumns implements NodeData {
  readonly #tables: NameTables;
  #texts: readonly string[] = [''];
  #users: readonly string[] = [''];
  #source: { readonly frame: PackedFrame; readonly spans: NonNullable<PackedNode['spans']> } | undefined;
  #facts: NodeFacts = NO_FACTS;
  #extras: NodeExtras = NO_EXTRAS;
  #procs: ProcColumns | undefined;
  #ownersText = '';
  #owners: RecordedOwners | undefined;
  #gpus: GpuColumns | undefined;
  #rows: Partial<Record<TableName, Rows<string>>> = {};

  constructor(tables: NameTables) {
    this.#tables = tables;
  }

  /** Shows the node of `frame`; a node without rows has reported nothing. */
  load(frame: PackedFrame, { spans, facts, extras, owners }: PackedNode): void {
    this.#facts = facts;
    this.#extras = spans ? new RecordedExtras(extras, spans.gpus[1]) : NO_EXTRAS;
    ({ texts: this.#texts, users: this.#users } = this.#tables.of(frame));
    this.#source = spans && { frame, spans };
    this.#procs = undefined;
    this.#ownersText = spans ? owners : '';
    this.#owners = undefined;
    this.#gpus = undefined;
    this.#rows = {};
  }

  get procs(): ProcColumns {
    return (this.#procs ??= this.#source
      ? procColumns(this.#source.frame.procs, this.#source.spans.procs, this.#known().processes)
      : NO_PROCESSES);
  }
  get allocations(): AllocationColumns {
    return this.#known().allocations;
  }

  #known(): RecordedOwners {
    return (this.#owners ??= this.#ownersText === '' ? NO_OWNERS : recordedOwners(JSON.parse(this.#ownersText) as PackedOwners));
  }

  get gpus(): GpuColumns {
    return (this.#gpus ??= this.#source ? this.#gpuColumns(this.#source) : NO_GPUS);
  }
  get cpus(): NodeData['cpus'] {
    return this.#table('cpus');
  }
  get cores(): NodeData['cores'] {
    return this.#table('cores');
  }
  get memory(): NodeData['memory'] {
    return this.#table('memory');
  }
  get disks(): NodeData['disks'] {
    return this.#table('disks');
  }
  get facts(): NodeFacts {
    return this.#facts;
  }
  get extras(): NodeExtras {
    return this.#extras;
  }
  text(ref: number): string {
    return this.#texts[ref] ?? '';
  }
  userName(id: number): string {
    return this.#users[id] ?? '';
  }

  #table(name: TableName): Rows<string> {
    return (this.#rows[name] ??= this.#source
      ? rowsOf(this.#source.frame.tables[name], name, this.#source.spans[name], this.#texts)
      : NO_ROWS);
  }

  #gpuColumns({ frame: { gpus }, spans }: { readonly frame: PackedFrame; readonly spans: NonNullable<PackedNode['spans']> }): GpuColumns {
    const [from, slots] = spans.gpus;
    const texts = this.#texts;
    return {
      count: spans.reportedGpus,
      slots,
      index: gpus.index.subarray(from, from + slots),
      uuid: gpus.uuid.subarray(from, from + slots),
      name: gpus.titles.subarray(from, from + slots),
      field: Object.fromEntries(GPU_FIELDS.map((field, at) => [field, column(gpus, at, from, slots)])) as Record<GpuField, Float64Array>,
      detail: (slot, label) => {
        for (let at = gpus.detailStarts[from + slot]!; at < gpus.detailStarts[from + slot + 1]!; at += 2) {
          if (texts[gpus.details[at]!] === label) return texts[gpus.details[at + 1]!] ?? '';
        }
        return '';
      },
    };
  }
}

function column({ values, rows }: PackedRows, field: number, from: number, count: number): Float64Array {
  return values.subarray(field * rows + from, field * rows + from + count);
}

function procColumns(
  procs: PackedFrame['procs'],
  [from, count]: readonly [number, number],
  known: RecordedOwners['processes'],
): ProcColumns {
  const user = procs.user.subarray(from, from + count);
  const value = (name: (typeof PROC_VALUES)[number]): Float64Array => column(procs, PROC_VALUES.indexOf(name), from, count);
  return {
    count,
    pid: procs.pid.subarray(from, from + count),
    gpu: procs.gpu.subarray(from, from + count),
    user,
    vramBytes: value('vramBytes'),
    ageSeconds: value('ageSeconds'),
    cpuPercent: value('cpuPercent'),
    smPercent: value('smPercent'),
    // Recordings do not contain it.
    residentBytes: new Float64Array(count).fill(NaN),
    command: procs.titles.subarray(from, from + count),
    name: procs.name.subarray(from, from + count),
    known: known && { ...known, owners: { ...known.owners, user } },
  };
}

function rowsOf(packed: PackedRows, name: TableName, [from, count]: readonly [number, number], texts: readonly string[]): Rows<string> {
  const fields = TABLE_FIELDS[name];
  return {
    count,
    value: (row, field) => packed.values[fields.indexOf(field) * packed.rows + from + row] ?? NaN,
    title: (row) => texts[packed.titles[from + row]!] ?? '',
  };
}
