/**
 * The expected values for the texts of a cluster's nodes, computed with regular expressions and Maps in the most obvious way. A test
 * oracle: it imports nothing from the program.
 */
import { oracleTotals, oracleUsers, type OracleHost, type OracleUser } from '../aggregate/users-oracle.js';
import { readScrape, type OracleGpu, type OracleProc } from '../helpers/scrape-oracle.js';

/** The last text of a node, and whether it is included in totals. */
export interface Answered {
  readonly nodeId: string;
  /** '': the node has never answered. */
  readonly text: string;
  /** Seconds on the node's clock when it answered; on ours if it sends no Date. */
  readonly now: number;
  readonly counts: boolean;
}

interface Gpu extends OracleGpu {
  readonly ghost: boolean;
}
interface Read {
  readonly nodeId: string;
  readonly name: string;
  readonly gpus: readonly Gpu[];
  readonly procs: readonly (OracleProc & { readonly slot: number })[];
  readonly host: OracleHost;
}

export interface Expected {
  readonly users: ReadonlyMap<string, OracleUser>;
  readonly totals: Readonly<Record<string, number>>;
  /** One record per process on a GPU, of each node that is included in totals. */
  readonly processes: readonly ProcessRecord[];
  readonly gpus: readonly GpuRecord[];
}
export interface ProcessRecord {
  readonly node: string;
  readonly node_id: string;
  readonly pid: number;
  /** Null: unknown. */
  readonly user: string | null;
  readonly gpu_indexes: readonly number[];
  readonly vram_bytes: number | null;
  readonly vram_is_partial: boolean;
  readonly sm_percent: number | null;
  readonly is_idle: boolean;
  readonly cpu_percent: number | null;
  readonly running_seconds: number | null;
  /** Several if rows that are otherwise equal differ in their command. */
  readonly commands: readonly string[];
}
export interface GpuRecord {
  readonly node_id: string;
  readonly gpu: number;
  readonly uuid: string | null;
  readonly util_percent: number | null;
  readonly vram_used_bytes: number | null;
  readonly power_watts: number | null;
  readonly temperature_celsius: number | null;
  readonly users: readonly string[];
}

export function expectedOf(nodes: readonly Answered[]): Expected {
  const read = nodes.map(readNode);
  const hosts = read.map(({ host }) => host);
  const counted = read.filter((_, at) => nodes[at]!.counts && nodes[at]!.text !== '');
  return {
    users: oracleUsers(hosts),
    totals: oracleTotals(hosts),
    processes: counted.flatMap(processRecords),
    gpus: counted.flatMap((node) => node.gpus.map((gpu, slot) => gpuRecord(node, gpu, slot))),
  };
}

function readNode({ nodeId, text, now, counts }: Answered): Read {
  const scrape = readScrape(text, now);
  const key = ({ index, uuid }: OracleGpu): string => `${index} ${uuid}`;
  const known = scrape.gpus.map((gpu): Gpu => ({ ...gpu, ghost: false }));
  const elsewhere = [...new Set(scrape.procs.map(({ gpu }) => gpu))].filter((gpu) => gpu !== '' && !known.some((one) => key(one) === gpu));
  const ghosts = elsewhere.map((gpu): Gpu => {
    const [index = '', uuid = ''] = gpu.split(' ');
    return { index: Number(index), uuid, name: '', fields: {}, ghost: true };
  });
  ghosts.sort((a, b) => a.index - b.index || (a.uuid < b.uuid ? -1 : 1));
  const gpus = [...known, ...ghosts];
  const slots = new Map(gpus.map((gpu, slot) => [key(gpu), slot]));
  const procs = scrape.procs.map((row) => ({ ...row, slot: row.gpu === '' ? -1 : slots.get(row.gpu)! }));
  const host: OracleHost = {
    state: text === '' ? 'waiting' : counts ? 'live' : 'overdue',
    gpus: gpus.map(({ fields, ghost }) => ({ ...fields, ...(ghost ? { ghost } : {}) })),
    procs: procs.map(({ pid, slot, user, vramBytes, ageSeconds = NaN, smPercent = NaN, command, name }) => ({
      pid,
      gpu: slot,
      user,
      vram: vramBytes,
      age: ageSeconds,
      sm: smPercent,
      command,
      name,
    })),
    facts: { hasProcessFamily: scrape.hasProcessFamily, processScope: scrape.scope as OracleHost['facts']['processScope'] },
  };
  return { nodeId, name: scrape.instance || nodeId, gpus, procs, host };
}

function processRecords({ nodeId, name, gpus, procs }: Read): ProcessRecord[] {
  const byProcess = new Map<string, Read['procs'][number][]>();
  for (const row of procs) byProcess.set(`${row.pid} ${row.user}`, [...(byProcess.get(`${row.pid} ${row.user}`) ?? []), row]);
  return [...byProcess.values()].flatMap((rows) => {
    const on = rows.filter(({ slot }) => slot >= 0);
    if (on.length === 0) return [];
    const most = Math.max(...on.map(weight));
    const holding = on.filter((row) => weight(row) === most);
    const first = Math.min(...holding.map(({ slot }) => slot));
    return {
      node: name,
      node_id: nodeId,
      pid: rows[0]!.pid,
      user: rows[0]!.user || null,
      gpu_indexes: [...new Set(on.map(({ slot }) => gpus[slot]!.index))].sort((a, b) => a - b),
      vram_bytes: heldOf(on.map(({ vramBytes }) => vramBytes)),
      vram_is_partial: on.some(({ vramBytes }) => Number.isNaN(vramBytes)),
      sm_percent: total(on.map(({ smPercent }) => smPercent)),
      is_idle: isIdle({ gpus, procs }, on),
      cpu_percent: largest(rows.map(({ cpuPercent }) => cpuPercent)),
      running_seconds: largest(rows.map(({ ageSeconds }) => ageSeconds)),
      commands: holding.filter(({ slot }) => slot === first).map((row) => row.command || row.name),
    };
  });
}

/** Memory is held, and no SM used; of a GPU that reports less than 5 %, by all that hold more than 64 MiB of it. */
function isIdle({ gpus, procs }: Pick<Read, 'gpus' | 'procs'>, rows: Read['procs']): boolean {
  const holds = ({ vramBytes }: Read['procs'][number]): boolean => !(vramBytes <= 64 * 2 ** 20);
  const isHeld = (slot: number): boolean => {
    const { utilPercent, memoryUsedBytes } = gpus[slot]!.fields;
    if (utilPercent === undefined || utilPercent >= 5) return false;
    return procs.some((row) => row.slot === slot && holds(row)) || (memoryUsedBytes ?? 0) > 2 ** 30;
  };
  const told = rows.filter((row) => holds(row) || (row.smPercent ?? NaN) > 0);
  return told.length > 0 && told.every((row) => holds(row) && (isHeld(row.slot) || row.smPercent === 0));
}

function gpuRecord({ nodeId, procs }: Read, { index, uuid, fields }: Gpu, slot: number): GpuRecord {
  const held = new Map<string, number[]>();
  for (const row of procs)
    if (row.slot === slot) {
      held.set(row.user, [...(held.get(row.user) ?? []), row.vramBytes]);
    }
  const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const most = (bytes: readonly number[]): number => heldOf(bytes) ?? -1;
  const owners = [...held].sort(([a, bytes], [b, other]) => most(other) - most(bytes) || bytewise(a, b));
  return {
    node_id: nodeId,
    gpu: index,
    uuid: uuid || null,
    util_percent: fields.utilPercent ?? null,
    vram_used_bytes: fields.memoryUsedBytes ?? null,
    power_watts: fields.powerWatts ?? null,
    temperature_celsius: fields.temperatureCelsius ?? null,
    users: owners.map(([user]) => user || '?'),
  };
}

/** Unknown values sort last. */
const weight = ({ vramBytes }: OracleProc): number => (Number.isNaN(vramBytes) ? -1 : vramBytes);

/** The bytes held at least. Null if the known ones add up to 0 and others are unknown: the total could be anything. */
function heldOf(bytes: readonly number[]): number | null {
  const known = bytes.filter((value) => !Number.isNaN(value)).reduce((sum, value) => sum + value, 0);
  return known === 0 && bytes.some(Number.isNaN) ? null : known;
}

const reported = (values: readonly (number | undefined)[]): number[] => values.filter((value) => value !== undefined);
const total = (values: readonly (number | undefined)[]): number | null =>
  reported(values).length === 0 ? null : reported(values).reduce((sum, value) => sum + value, 0);
const largest = (values: readonly (number | undefined)[]): number | null =>
  reported(values).length === 0 ? null : Math.max(...reported(values));

/** '61.2 GiB': three significant figures. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const unit = units.findIndex((_, power) => bytes / 1024 ** power < 1023.5);
  const value = bytes / 1024 ** unit;
  return `${unit === 0 ? value.toFixed(0) : threeFigures(value)} ${units[unit]}`;
}

/** '611 W', '41.0 W', '5.21 kW'. */
export function wattsText(watts: number): string {
  const units = ['W', 'kW', 'MW', 'GW'];
  const unit = units.findIndex((_, power) => watts / 1000 ** power < 999.5);
  const value = watts / 1000 ** unit;
  return `${unit === 0 && value < 99.95 ? value.toFixed(1) : threeFigures(value)} ${units[unit]}`;
}

const threeFigures = (value: number): string => value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);

/** '1d 02:03:04'. */
export function durationText(seconds: number): string {
  const two = (part: number): string => String(Math.floor(part)).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const clock = [(seconds % 86_400) / 3600, (seconds % 3600) / 60, seconds % 60].map(two).join(':');
  return days > 0 ? `${days}d ${clock}` : clock;
}
