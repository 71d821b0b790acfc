/**
 * A frame as a few typed arrays for all its nodes, built where decoding does not delay keys, and transferred without copying. Texts are
 * numbers; a frame carries the texts that no earlier frame had.
 */
import { CORE_FIELDS, CPU_FIELDS, DISK_FIELDS, GPU_FIELDS, MEMORY_FIELDS, type NodeFacts } from '../../model/columns.js';
import { ALLOCATION_TEXTS, PROCESS_OWNERS } from './owners-json.js';
import { packExtras } from './recorded-extras.js';
import type { ReadEndpoint } from './connection-read.js';
import type { CellRecord, GpuRecord, RecordedRows, ProcRecord, RecordedFrame } from './records.js';
import type { Ms } from '../../model/clock.js';
import type { EndpointStatus } from '../../model/endpoint.js';

export const TABLES = ['cpus', 'cores', 'memory', 'disks'] as const;
export type TableName = (typeof TABLES)[number];
export const TABLE_FIELDS: Readonly<Record<TableName, readonly string[]>> = {
  cpus: CPU_FIELDS,
  cores: CORE_FIELDS,
  memory: MEMORY_FIELDS,
  disks: DISK_FIELDS,
};

/** Rows of all nodes, one node after another. `values` is stored field by field: field f of row r is element `f * rows + r`. */
export interface PackedRows {
  readonly rows: number;
  readonly values: Float64Array<ArrayBuffer>;
  readonly titles: Uint32Array<ArrayBuffer>;
}
export interface PackedGpus extends PackedRows {
  readonly index: Int32Array<ArrayBuffer>;
  readonly uuid: Uint32Array<ArrayBuffer>;
  /** Pairs of label and text of row r: elements `detailStarts[r]` to `detailStarts[r + 1] - 1`. */
  readonly details: Uint32Array<ArrayBuffer>;
  readonly detailStarts: Uint32Array<ArrayBuffer>;
}
/** `titles` are commands; `values` are PROC_VALUES. */
export interface PackedProcs extends PackedRows {
  readonly pid: Uint32Array<ArrayBuffer>;
  readonly gpu: Int32Array<ArrayBuffer>;
  readonly user: Int32Array<ArrayBuffer>;
  readonly name: Uint32Array<ArrayBuffer>;
}
export const PROC_VALUES = ['vramBytes', 'ageSeconds', 'cpuPercent', 'smPercent'] as const;

/** The first row of a node, and how many it has. */
export interface Spans extends Readonly<Record<TableName | 'gpus' | 'procs', readonly [from: number, count: number]>> {
  readonly reportedGpus: number;
}

export interface PackedNode {
  readonly nodeId: string;
  readonly name: string;
  readonly at: Ms;
  readonly status: EndpointStatus | undefined;
  /** Of a node with several. */
  readonly endpoints: readonly ReadEndpoint[];
  readonly groups: ReadonlyMap<string, string>;
  readonly facts: NodeFacts;
  /** What few nodes have, as one text. */
  readonly extras: string;
  /** Owners of its processes and GPUs as one text, with names by number; '' if none are known. */
  readonly owners: string;
  readonly spans: Spans | undefined;
}

/** Columns, in the order of PROCESS_OWNERS and ALLOCATION_TEXTS. NaN is null in the text. */
export interface PackedOwners {
  readonly procs: readonly (readonly number[])[];
  readonly gpu: readonly number[];
  readonly gpuCount: readonly (number | null)[];
  readonly since: readonly (number | null)[];
  readonly texts: readonly (readonly number[])[];
}

/** New names: they follow the first `from` names; 0: all earlier ones are dropped. */
export interface Names {
  readonly from: number;
  readonly added: readonly string[];
}

export interface PackedFrame {
  readonly at: Ms;
  readonly offsetMinutes: number | undefined;
  readonly badRows: number;
  readonly nodes: readonly PackedNode[];
  readonly gpus: PackedGpus;
  readonly procs: PackedProcs;
  readonly tables: Readonly<Record<TableName, PackedRows>>;
  readonly texts: Names;
  readonly users: Names;
}

/** Number of texts that are kept between frames before they are dropped. */
const MAX_TEXTS = 200_000;
/** Users beyond this number have no name: such a recording is not of a real cluster. */
const MAX_USERS = 65_536;

class Interner {
  readonly #ids = new Map([['', 0]]);
  #added: string[] = [''];
  #from = 0;

  id(text: string): number {
    let id = this.#ids.get(text);
    if (id === undefined) {
      this.#ids.set(text, (id = this.#ids.size));
      this.#added.push(text);
    }
    return id;
  }

  /** 0 for a new name if there are `max` already; known names keep their number. */
  idWithin(text: string, max: number): number {
    return this.#ids.size < max ? this.id(text) : (this.#ids.get(text) ?? 0);
  }

  get size(): number {
    return this.#ids.size;
  }

  forget(): void {
    this.#ids.clear();
    this.#ids.set('', 0);
    this.#added = [''];
    this.#from = 0;
  }

  take(): Names {
    const names = { from: this.#from, added: this.#added };
    this.#from += this.#added.length;
    this.#added = [];
    return names;
  }
}

export class FramePacker {
  readonly #texts = new Interner();
  readonly #users = new Interner();

  pack(frame: RecordedFrame): PackedFrame {
    if (this.#texts.size > MAX_TEXTS) this.#texts.forget();
    const all = frame.nodes.flatMap(({ rows }) => rows ?? []);
    const spans = spansOf(all);
    let next = 0;
    const packed = {
      gpus: this.#gpus(all.flatMap(({ gpus }) => gpus)),
      procs: this.#procs(all.flatMap(({ procs }) => procs)),
      tables: Object.fromEntries(TABLES.map((table) => [table, this.#cells(table, all.flatMap((rows) => rows[table]))])) as Record<TableName, PackedRows>, // prettier-ignore
    };
    return {
      at: frame.at,
      offsetMinutes: frame.offsetMinutes,
      badRows: frame.badRows,
      nodes: frame.nodes.map(({ rows, extras, ...host }) => ({
        ...host,
        extras: packExtras(extras),
        owners: rows ? this.#owners(rows) : '',
        spans: rows && spans[next++],
      })),
      ...packed,
      texts: this.#texts.take(),
      users: this.#users.take(),
    };
  }

  #ref = (text: string): number => this.#texts.id(text);

  #gpus(gpus: readonly GpuRecord[]): PackedGpus {
    const details = gpus.map((gpu) => gpu.details.flat());
    const detailStarts = new Uint32Array(gpus.length + 1);
    details.forEach((one, at) => (detailStarts[at + 1] = detailStarts[at]! + one.length));
    return {
      rows: gpus.length,
      values: fieldMajor(gpus, GPU_FIELDS.length, ({ values }, field) => values[field] ?? NaN),
      titles: Uint32Array.from(gpus, ({ name }) => this.#ref(name)),
      index: Int32Array.from(gpus, ({ index }) => index),
      uuid: Uint32Array.from(gpus, ({ uuid }) => this.#ref(uuid)),
      details: Uint32Array.from(details.flat(), this.#ref),
      detailStarts,
    };
  }

  #procs(procs: readonly ProcRecord[]): PackedProcs {
    return {
      rows: procs.length,
      values: fieldMajor(procs, PROC_VALUES.length, (proc, field) => proc[PROC_VALUES[field]!]),
      titles: Uint32Array.from(procs, ({ command }) => this.#ref(command)),
      pid: Uint32Array.from(procs, ({ pid }) => pid),
      gpu: Int32Array.from(procs, ({ gpu }) => gpu),
      user: Int32Array.from(procs, ({ user }) => this.#users.idWithin(user, MAX_USERS)),
      name: Uint32Array.from(procs, ({ name }) => this.#ref(name)),
    };
  }

  #owners({ procs, allocations }: RecordedRows): string {
    if (allocations.length === 0 && procs.every(({ owners }) => owners === undefined)) return '';
    const id = (name: string): number => this.#users.idWithin(name, MAX_USERS);
    const packed: PackedOwners = {
      procs: PROCESS_OWNERS.map((owner) => procs.map(({ owners }) => id(owners?.[owner] ?? ''))),
      gpu: allocations.map(({ gpu }) => gpu),
      gpuCount: allocations.map(({ gpuCount }) => gpuCount),
      since: allocations.map(({ since }) => since),
      texts: ALLOCATION_TEXTS.map((name) => allocations.map(({ texts }) => id(texts[name]))),
    };
    return JSON.stringify(packed);
  }

  #cells(table: TableName, cells: readonly CellRecord[]): PackedRows {
    return {
      rows: cells.length,
      values: fieldMajor(cells, TABLE_FIELDS[table].length, ({ values }, field) => values[field] ?? NaN),
      titles: Uint32Array.from(cells, ({ title }) => this.#ref(title)),
    };
  }
}

function fieldMajor<Row>(rows: readonly Row[], fields: number, value: (row: Row, field: number) => number): Float64Array<ArrayBuffer> {
  const values = new Float64Array(rows.length * fields);
  for (let field = 0, at = 0; field < fields; field++) for (const row of rows) values[at++] = value(row, field);
  return values;
}

function spansOf(hosts: readonly RecordedRows[]): readonly Spans[] {
  const ends = { gpus: 0, procs: 0, cpus: 0, cores: 0, memory: 0, disks: 0 };
  return hosts.map((rows) => {
    const take = (name: keyof typeof ends): readonly [number, number] => {
      const from = ends[name];
      ends[name] += rows[name].length;
      return [from, rows[name].length];
    };
    return {
      gpus: take('gpus'),
      reportedGpus: rows.reportedGpus,
      procs: take('procs'),
      cpus: take('cpus'),
      cores: take('cores'),
      memory: take('memory'),
      disks: take('disks'),
    };
  });
}

/** The buffers of a frame, to be transferred instead of copied. */
export function buffersOf({ gpus, procs, tables }: PackedFrame): ArrayBuffer[] {
  const arrays = [gpus, procs, ...Object.values(tables)].flatMap((rows) =>
    Object.values(rows).filter((value) => ArrayBuffer.isView(value)),
  );
  return arrays.map((array) => array.buffer as ArrayBuffer);
}
