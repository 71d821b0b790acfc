/**
 * Nodes built from plain records, for tests that do not need the parser. Unused parts of the columns hold poison values, so reading them
 * shows.
 */
import { NO_EXTRAS, NO_FACTS } from '../../lib/model/empty-columns.js';
import { NO_ALLOCATIONS, type AllocationColumns } from '../../lib/model/allocations.js';
import {
  GPU_FIELDS,
  type CoreField,
  type CpuField,
  type DiskField,
  type ExtraRows,
  type ExtraTable,
  type GpuField,
  type NodeData,
  type NodeExtras,
  type NodeFacts,
  type MemoryField,
  type Rows,
} from '../../lib/model/columns.js';
import { EXTRA_METRICS } from '../../lib/exposition/schema/extra-families.js';
import { Node } from '../../lib/model/node.js';
import type { EndpointStatus } from '../../lib/model/endpoint.js';

export type GpuSpec = Partial<Record<GpuField, number>> & {
  readonly index?: number;
  readonly uuid?: string;
  readonly name?: string;
  readonly details?: Readonly<Record<string, string>>;
  /** Known only from process rows. Such GPUs come last. */
  readonly ghost?: boolean;
};

export interface ProcSpec {
  readonly pid: number;
  /** Position in `gpus`; absent or -1: on no GPU. */
  readonly gpu?: number;
  readonly user?: string;
  readonly vram?: number;
  readonly age?: number;
  readonly cpu?: number;
  readonly sm?: number;
  readonly command?: string;
  readonly name?: string;
}

/** A row of a family that only some nodes export. */
export interface ExtraSpec {
  readonly values: Readonly<Record<string, number>>;
  readonly labels?: Readonly<Record<string, string>>;
}

type Cell<Field extends string> = Partial<Record<Field, number>> & { readonly title?: string };

/** The content of one scrape of a node. */
export interface ScrapeSpec {
  /** Records, or a number of GPUs that report nothing. */
  readonly gpus?: readonly GpuSpec[] | number;
  readonly procs?: readonly ProcSpec[];
  readonly cpus?: readonly Cell<CpuField>[];
  readonly cores?: readonly Cell<CoreField>[];
  readonly memory?: readonly Cell<MemoryField>[];
  readonly disks?: readonly Cell<DiskField>[];
  /** `gpu`: the slot. */
  readonly extras?: Partial<Record<ExtraTable, readonly ExtraSpec[]>>;
  /** `hasProcessFamily` defaults to true if there are processes. */
  readonly facts?: Partial<NodeFacts>;
  readonly allocations?: AllocationColumns;
}

export interface NodeSpec extends ScrapeSpec {
  readonly nodeId?: string;
  readonly name?: string;
  /** False: the host file gives no name, so the node has the name that its exporter reports. */
  readonly named?: boolean;
  readonly groups?: Readonly<Record<string, string>>;
  /** 'live' (the default) has answered; 'waiting' never has; the others have answered once. */
  readonly state?: 'live' | 'waiting' | 'failing' | 'overdue';
  readonly status?: Partial<EndpointStatus>;
  /** The time of the last scrape. */
  readonly at?: number;
}

/** The default time of the last scrape. */
export const ANSWERED_AT = Date.UTC(2026, 7, 7, 14, 32, 3);

const POISON = -7.7e77;
const POISON_INT = 0x6b6b6b6b;

/** User ids, shared as by the parsers of one program. */
export class UserIds {
  readonly names = [''];
  readonly #ids = new Map([['', 0]]);
  id(name: string): number {
    let id = this.#ids.get(name);
    if (id === undefined) this.#ids.set(name, (id = this.names.push(name) - 1));
    return id;
  }
}

export class TestNode extends Node {
  readonly #data: TestData;

  constructor({ nodeId = 'node-0001:9090', name, named = name !== undefined, groups = {}, ...spec }: NodeSpec, users = new UserIds()) {
    const data = new TestData(users);
    super({ nodeId, groups: new Map(Object.entries(groups)), ...(named && name !== undefined ? { name } : {}) }, data);
    this.#data = data;
    const { state = 'live', at = ANSWERED_AT } = spec;
    if (state !== 'waiting') this.scrape(spec, at);
    if (state === 'failing' || state === 'overdue') this.fail({ at, error: { code: 'S_REFUSED', text: 'connection refused' } });
    if (state === 'overdue') this.setStatus({ overdue: true });
    if (spec.status) this.setStatus(spec.status);
  }

  /** Delivers the next scrape. */
  scrape(spec: ScrapeSpec, at = ANSWERED_AT): this {
    this.#data.load(spec);
    this.commit({ at });
    return this;
  }
}

/** Nodes that share user ids: by default `node-0001:9090` with the name `node-0001`, and so on. */
export function buildNodes(specs: readonly NodeSpec[], users = new UserIds()): TestNode[] {
  return specs.map((spec, at) => {
    const name = `node-${String(at + 1).padStart(4, '0')}`;
    return new TestNode({ nodeId: `${name}:9090`, name, ...spec }, users);
  });
}

class TestData implements NodeData {
  allocations = NO_ALLOCATIONS;
  readonly #users: UserIds;
  #texts = [''];
  procs!: NodeData['procs'];
  gpus!: NodeData['gpus'];
  cpus!: NodeData['cpus'];
  cores!: NodeData['cores'];
  memory!: NodeData['memory'];
  disks!: NodeData['disks'];
  facts!: NodeFacts;
  extras: NodeExtras = NO_EXTRAS;

  constructor(users: UserIds) {
    this.#users = users;
    this.load({});
  }
  text(ref: number): string {
    const text = this.#texts[ref];
    if (text === undefined) throw new Error(`no text ${ref}: the reference belongs to other columns`);
    return text;
  }
  userName(id: number): string {
    const name = this.#users.names[id];
    if (name === undefined) throw new Error(`no user ${id}`);
    return name;
  }

  load({ gpus = [], procs = [], cpus = [], cores = [], memory = [], disks = [], facts = {}, extras = {}, ...more }: ScrapeSpec): void {
    this.allocations = more.allocations ?? NO_ALLOCATIONS;
    this.extras = { rows: (table) => extraRows(extras[table] ?? []) };
    this.#texts = [''];
    const list = typeof gpus === 'number' ? Array.from({ length: gpus }, (): GpuSpec => ({})) : gpus;
    this.gpus = this.#gpuColumns(list);
    this.procs = this.#procColumns(procs);
    this.cpus = rows(cpus);
    this.cores = rows(cores);
    this.memory = rows(memory);
    this.disks = rows(disks);
    this.facts = { ...NO_FACTS, hasProcessFamily: procs.length > 0, ...facts };
  }

  #ref(text = ''): number {
    return text === '' ? 0 : this.#texts.push(text) - 1;
  }

  #gpuColumns(list: readonly GpuSpec[]): NodeData['gpus'] {
    const count = list.findLastIndex(({ ghost }) => !ghost) + 1;
    if (list.slice(0, count).some(({ ghost }) => ghost)) throw new Error('ghost GPUs come last');
    const reading = (field: GpuField) => floats(list.slice(0, count).map((gpu) => gpu[field] ?? NaN));
    return {
      count,
      slots: list.length,
      index: Int32Array.from([...list.map(({ index }, slot) => index ?? slot), POISON_INT]),
      uuid: refs(list.map(({ uuid }) => this.#ref(uuid))),
      name: refs(list.map(({ name }) => this.#ref(name))),
      field: Object.fromEntries(GPU_FIELDS.map((field) => [field, reading(field)])) as Record<GpuField, Float64Array>,
      detail: (slot, label) => list[slot]?.details?.[label] ?? '',
    };
  }

  #procColumns(list: readonly ProcSpec[]): NodeData['procs'] {
    return {
      count: list.length,
      pid: refs(list.map(({ pid }) => pid)),
      gpu: Int32Array.from([...list.map(({ gpu }) => gpu ?? -1), POISON_INT]),
      user: Int32Array.from([...list.map(({ user = '' }) => this.#users.id(user)), POISON_INT]),
      vramBytes: floats(list.map(({ vram }) => vram ?? 0)),
      ageSeconds: floats(list.map(({ age }) => age ?? NaN)),
      cpuPercent: floats(list.map(({ cpu }) => cpu ?? NaN)),
      smPercent: floats(list.map(({ sm }) => sm ?? NaN)),
      residentBytes: floats(list.map(() => NaN)),
      command: refs(list.map(({ command }) => this.#ref(command))),
      name: refs(list.map(({ name }) => this.#ref(name))),
    };
  }
}

const floats = (values: readonly number[]): Float64Array => Float64Array.from([...values, POISON, POISON]);
const refs = (values: readonly number[]): Uint32Array => Uint32Array.from([...values, POISON_INT]);

function extraRows(specs: readonly ExtraSpec[]): ExtraRows {
  return {
    count: specs.length,
    value: (row, family) => specs[row]?.values[family] ?? NaN,
    label: (row, name) => specs[row]?.labels?.[name] ?? '',
    families: (row) =>
      Object.entries(specs[row]?.values ?? {}).map(([family, value]) => ({
        family,
        unit: EXTRA_METRICS.find(({ name }) => name === family)?.unit ?? '',
        value,
        labels: Object.entries(specs[row]?.labels ?? {}),
      })),
  };
}

function rows<Field extends string>(cells: readonly Cell<Field>[]): Rows<Field> {
  return {
    count: cells.length,
    value: (row, field) => (cells[row] as Partial<Record<string, number>>)[field] ?? NaN,
    title: (row) => cells[row]!.title ?? '',
  };
}
