/** Assigns the rows of a frame to nodes. A frame of all-smi merges all nodes; only our frames record which of them a process ran on. */
import { CPU_FIELDS, MEMORY_FIELDS, type CpuField, type MemoryField, type NodeFacts } from '../../model/columns.js';
import type { ReadConnection } from './connection-read.js';
import { readAllocation, type AllocationRecord } from './owners-json.js';
import { gpuReadings, readChassis, readExtra, readLinks, type ExtraTablesRead } from './extras-read.js';
import { putReading, type DetailReading } from '../../exposition/schema/detail-readings.js';
import { gpuCalled } from '../../model/gpu-identity.js';
import type { Loose } from '../../model/loose.js';
import { isProcessMemoryUnknown } from '../../model/process-support.js';
import { textOf } from './json-read.js';
import type { CellRecord, GpuRecord, RecordedRows, ProcRecord, RecordedNode } from './records.js';
import { ageOf, readCores, readCpu, readDisk, readGpu, readMemory, type ReadProc } from './row-read.js';
import { MAX_HOSTS, MAX_ROWS, type ArrayName } from './schema.js';
import type { Ms } from '../../model/clock.js';

/** The host name that all-smi gives a frame that merges the nodes of a remote recording. */
const MERGED = 'remote';

/** The sections of the frame, including empty ones. */
export interface FrameSections {
  readonly connections: boolean;
  readonly processes: boolean;
}

interface Gathered {
  readonly nodeId: string;
  name: string;
  connection?: ReadConnection;
  hasRows: boolean;
  readonly gpus: GpuRecord[];
  readonly cpus: CellRecord[];
  cores: readonly CellRecord[];
  readonly memory: CellRecord[];
  readonly disks: CellRecord[];
  /** By pid and device. */
  readonly procs: Map<string, ReadProc>;
  readonly allocations: AllocationRecord[];
  readonly extras: ExtraTablesRead;
  /** By GPU: what its row has besides the columns. */
  readonly readings: Map<GpuRecord, readonly DetailReading[]>;
  /** Rows of the format that repeat our section. */
  readonly fallback: ExtraTablesRead;
}

export class FrameNodes {
  badRows = 0;
  readonly #at: Ms;
  readonly #hostname: string;
  readonly #nodes = new Map<string, Gathered>();
  /** `undefined`: GPUs of several nodes have the uuid, so it is ambiguous. */
  #byUuid: Map<string, Gathered | undefined> | undefined;
  /** Process rows, of all nodes. */
  #processes = 0;

  constructor(at: Ms, hostname: string) {
    this.#at = at;
    this.#hostname = hostname;
  }

  connection(connection: ReadConnection): void {
    const node = this.#host(connection.nodeId, connection.name);
    if (node) node.connection = connection;
  }

  row(array: Exclude<ArrayName, 'connections' | 'processes'>, row: Loose): void {
    const hostname = textOf(row, 'hostname') || this.#hostname;
    const node = this.#host(textOf(row, 'host_id') || hostname, textOf(row, 'instance') || hostname);
    if (!node) return;
    node.hasRows = true;
    if (array === 'chassis') return readChassis(node.fallback, row);
    if (array === 'extras') {
      if (!readExtra(node.extras, row)) this.badRows++;
      return;
    }
    const rows = { job_allocations: node.allocations, gpus: node.gpus, cpus: node.cpus, memory: node.memory, storage: node.disks }[array];
    if (rows.length >= MAX_ROWS[array]) {
      this.badRows++;
      return;
    }
    if (array === 'gpus') {
      const gpu = readGpu(row, node.gpus.length);
      node.gpus.push(gpu);
      node.readings.set(gpu, gpuReadings(row, gpu));
      readLinks(node.fallback, row, gpu);
    } else if (array === 'job_allocations') node.allocations.push(readAllocation(row));
    else if (array === 'memory') node.memory.push(readMemory(row));
    else if (array === 'storage') node.disks.push(readDisk(row));
    else {
      node.cpus.push(readCpu(row));
      if (node.cores.length === 0) node.cores = readCores(row);
    }
  }

  /** After all other rows: the node of a process may have to be found by its GPU. */
  process(proc: ReadProc): void {
    this.#processes++;
    const node = this.#hostOf(proc);
    const key = proc.onGpu ? `${proc.pid} ${proc.deviceId} ${proc.deviceUuid}` : `${proc.pid}`;
    const before = node?.procs.get(key);
    const isDropped = !node || (!before && node.procs.size >= MAX_ROWS.processes);
    if (isDropped || before) this.badRows++;
    if (isDropped) return;
    node.hasRows = true;
    node.procs.set(key, before ? corrected(before, proc) : proc);
  }

  finish(sections: FrameSections): readonly RecordedNode[] {
    if (this.#nodes.size === 0 && this.#hostname !== MERGED) {
      const only = this.#host(this.#hostname, this.#hostname);
      if (only) only.hasRows = true;
    }
    const merged = this.#hostname === MERGED || this.#nodes.size > 1;
    const unknown = !sections.connections && merged && this.#processes === 0;
    return [...this.#nodes.values()].map((node) => ({
      nodeId: node.nodeId,
      name: node.name,
      at: node.connection?.status.okAt ?? this.#at,
      status: node.connection?.status,
      endpoints: node.connection?.endpoints ?? [],
      groups: node.connection?.groups ?? new Map<string, string>(),
      facts: factsOf(node, sections, unknown),
      extras: sections.connections ? node.extras : fallbackOf(node),
      rows: node.hasRows
        ? rowsOf(node, node.connection?.status.okAt ?? this.#at, { foreign: !sections.connections, merged: this.#hostname === MERGED })
        : undefined,
    }));
  }

  #host(nodeId: string, label: string): Gathered | undefined {
    const known = this.#nodes.get(nodeId);
    if (known) return known;
    if (nodeId === '' || this.#nodes.size >= MAX_HOSTS) {
      this.badRows++;
      return undefined;
    }
    const node: Gathered = {
      nodeId,
      name: label,
      hasRows: false,
      gpus: [],
      cpus: [],
      cores: [],
      memory: [],
      disks: [],
      procs: new Map(),
      allocations: [],
      extras: {},
      fallback: {},
      readings: new Map(),
    };
    this.#nodes.set(nodeId, node);
    return node;
  }

  #hostOf({ nodeId, deviceUuid }: ReadProc): Gathered | undefined {
    if (nodeId !== '') return this.#host(nodeId, nodeId);
    if (this.#nodes.size === 0 && this.#hostname !== MERGED) return this.#host(this.#hostname, this.#hostname);
    if (this.#nodes.size === 1) return this.#nodes.values().next().value;
    this.#byUuid ??= nodesByUuid(this.#nodes.values());
    return deviceUuid === '' ? undefined : this.#byUuid.get(deviceUuid);
  }
}

/** Rows of GPUs are in the order of their slots. */
function fallbackOf({ gpus, readings, fallback }: Gathered): ExtraTablesRead {
  for (const [slot, gpu] of [...gpus].sort(inOrder).entries())
    for (const { table, ...one } of readings.get(gpu) ?? []) putReading(fallback, table, slot, one);
  return fallback;
}

function nodesByUuid(nodes: Iterable<Gathered>): Map<string, Gathered | undefined> {
  const found = new Map<string, Gathered | undefined>();
  for (const node of nodes)
    for (const uuid of new Set(node.gpus.map((gpu) => gpu.uuid))) found.set(uuid, found.has(uuid) ? undefined : node);
  return found;
}

/** What a frame without our section implies about processes: no section: not exported; all nodes merged and no rows: unknown. */
function factsOf({ connection, name }: Gathered, sections: FrameSections, unknown: boolean): NodeFacts {
  const none = { uptimeSeconds: NaN, samples: 0, badLines: 0, badSample: '', oddReadings: 0, oddSample: '', capsHit: [], bytes: 0 };
  const sent = connection?.facts ?? {
    instance: name,
    exporterVersion: '',
    up: undefined,
    hasProcessFamily: !unknown,
    processScope: undefined,
  };
  if (!sections.processes) return { ...none, ...sent, hasProcessFamily: false, processScope: 'off' };
  return { ...none, ...sent, ...(unknown ? { processScope: 'unrecorded' as const } : {}) };
}

/** Who wrote the rows. `foreign`: all-smi, which writes 0 for the share of a process that it does not measure. `merged`: rows of several nodes. */
interface Origin {
  readonly foreign: boolean;
  readonly merged: boolean;
}

function rowsOf(node: Gathered, at: Ms, { foreign, merged }: Origin): RecordedRows {
  const reported = [...node.gpus].sort(inOrder);
  const gpus = new GpuFinder(reported);
  const procs = [...node.procs.values()];
  const slots = procs.map((proc) => gpus.find(proc));
  const { all, placeOf } = gpus.placed();
  return {
    gpus: all,
    reportedGpus: reported.length,
    procs: procs.map((proc, row): ProcRecord => {
      const { pid, user, cpuPercent, command, name, owners } = proc;
      const vramBytes = proc.vramBytes === 0 && isProcessMemoryUnknown(all[placeOf(slots[row]!)]?.name ?? '') ? NaN : proc.vramBytes;
      const smPercent = foreign && proc.smPercent === 0 ? NaN : proc.smPercent;
      return {
        pid,
        gpu: placeOf(slots[row]!),
        user,
        vramBytes,
        ageSeconds: ageOf(proc.start, at),
        cpuPercent,
        smPercent,
        command,
        name,
        owners,
      };
    }),
    cpus: foreign && merged ? node.cpus.map((cpu) => withoutFillers(cpu, CPU_FIELDS, CPU_FILLERS)) : node.cpus,
    cores: node.cores,
    memory: foreign && merged ? node.memory.map((one) => withoutFillers(one, MEMORY_FIELDS, MEMORY_FILLERS)) : node.memory,
    disks: node.disks,
    allocations: node.allocations.map((one) => ({
      ...one,
      gpu: reported.findIndex(({ uuid, index }) => one.uuid !== '' && uuid === one.uuid && index === one.gpuIndex),
    })),
  };
}

/** Of two rows of a process on one device, the later one counts, as in a scrape; what it does not report stays. */
function corrected(before: ReadProc, after: ReadProc): ReadProc {
  const value = (name: 'vramBytes' | 'cpuPercent' | 'smPercent'): number => (Number.isNaN(after[name]) ? before[name] : after[name]);
  return {
    ...after,
    user: after.user || before.user,
    vramBytes: value('vramBytes'),
    start: after.start || before.start,
    cpuPercent: value('cpuPercent'),
    smPercent: value('smPercent'),
    command: after.command || before.command,
    name: after.name || before.name,
    owners: after.owners ?? before.owners,
  };
}

/** Fields for which all-smi writes 0 if a remote node did not report them. */
const CPU_FILLERS: ReadonlySet<string> = new Set<CpuField>(['sockets', 'cores', 'threads', 'frequencyMhz']);
const MEMORY_FILLERS: ReadonlySet<string> = new Set<MemoryField>(['buffersBytes', 'cachedBytes']);

const withoutFillers = ({ title, values }: CellRecord, fields: readonly string[], fillers: ReadonlySet<string>): CellRecord => ({
  title,
  values: values.map((value, at) => (value === 0 && fillers.has(fields[at]!) ? NaN : value)),
});

const inOrder = (a: GpuRecord, b: GpuRecord): number => a.index - b.index || (a.uuid < b.uuid ? -1 : Number(a.uuid > b.uuid));

/**
 * The GPU of a process row, found as in scrapes: by uuid, and by index too if several GPUs have that uuid; otherwise by index alone (a MIG
 * device has its own uuid). Creates GPUs that only process rows mention.
 */
class GpuFinder {
  readonly #reported: readonly GpuRecord[];
  readonly #slots: GpuRecord[];
  readonly #byUuid = new Map<string, number[]>();
  readonly #byIndex = new Map<number, number>();
  /** GPUs that only process rows mention, by index and uuid. */
  readonly #unreported = new Map<string, number>();

  constructor(reported: readonly GpuRecord[]) {
    this.#reported = reported;
    this.#slots = [...reported];
    reported.forEach((gpu, slot) => {
      const called = this.#byUuid.get(gpu.uuid);
      if (called) called.push(slot);
      else this.#byUuid.set(gpu.uuid, [slot]);
      if (!this.#byIndex.has(gpu.index)) this.#byIndex.set(gpu.index, slot);
    });
  }

  find({ onGpu, deviceUuid: uuid, deviceId: index }: ReadProc): number {
    if (!onGpu) return -1;
    const called = uuid === '' ? [] : (this.#byUuid.get(uuid) ?? []);
    const slot = gpuCalled(called, index, (one) => this.#slots[one]!.index);
    return slot >= 0 ? slot : (this.#byIndex.get(index) ?? this.#unreportedGpu(uuid, index));
  }

  #unreportedGpu(uuid: string, index: number): number {
    const key = `${index} ${uuid}`;
    const known = this.#unreported.get(key);
    if (known !== undefined) return known;
    const slot = this.#slots.push({ index, uuid, name: '', values: [], details: [] }) - 1;
    this.#unreported.set(key, slot);
    return slot;
  }

  /** All GPUs, the unreported ones sorted after the others, and the new position of each slot. */
  placed(): { readonly all: readonly GpuRecord[]; readonly placeOf: (slot: number) => number } {
    const first = this.#reported.length;
    const ghosts = this.#slots.slice(first).map((gpu, at) => ({ gpu, slot: first + at }));
    ghosts.sort((a, b) => inOrder(a.gpu, b.gpu));
    const places = new Map(ghosts.map(({ slot }, at) => [slot, first + at]));
    return { all: [...this.#reported, ...ghosts.map(({ gpu }) => gpu)], placeOf: (slot) => places.get(slot) ?? slot };
  }
}
