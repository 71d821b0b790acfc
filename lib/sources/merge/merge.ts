/**
 * What several exporters say of one node, as one sample. Copies of a reading count once: for each, the best source has it. all-smi comes first, then
 * whatever is freshest; what is computed, or counted in another way, only fills gaps. Which endpoint answered first makes no difference. Pure.
 */
import type { Ms } from '../../model/clock.js';
import type { NodeAllocation, NodeGpu, NodeProcess, NodeSample } from '../../model/sample.js';
import { SOURCE_LABELS, sourceGroupOf, type SourceGroup } from '../../model/gpu-sources.js';
import { groupGpus, type GpuGroup } from './gpu-groups.js';

/** What one endpoint of the node answered. */
export interface Part {
  readonly endpoint: string;
  readonly sample: NodeSample;
  /** The id of the dialect; 'all-smi'. */
  readonly dialect: string;
  /** How often its exporter renews its values; 0: for each scrape. */
  readonly refreshMs: Ms;
  /** How often it is scraped. */
  readonly intervalMs: Ms;
}

export interface Merged {
  readonly sample: NodeSample;
  /** Parts that are of another node, by position, and the part whose GPUs they do not have. Nothing of them is in the sample. */
  readonly others: ReadonlyMap<number, number>;
}

/** Of exporters that are equally fresh, the first. */
const ORDER = ['nvitop', 'nge', 'dcgm', 'jobstats', 'mindprince', 'gpud', 'hami_mon', 'gke_nv', 'telegraf_smi'];

/** `parts`: in the order in which the endpoints of the node are listed; at least one. */
export function merge(parts: readonly Part[]): Merged {
  const { groups, others } = groupGpus(parts.map(({ sample }) => sample));
  const best = byPrecedence(parts).filter((at) => !others.has(at));
  const samples = best.map((at) => parts[at]!.sample);
  const slotOf = slotsOf(groups);
  const processes = processesOf(parts, best, slotOf);
  const first = <Key extends keyof NodeSample>(key: Key, isKnown: (value: NodeSample[Key]) => boolean): NodeSample[Key] =>
    (samples.find((sample) => isKnown(sample[key])) ?? samples[0]!)[key];
  const isText = (text: string): boolean => text !== '';
  const sample: NodeSample = {
    at: Math.max(...samples.map(({ at }) => at)),
    instance: nameOf(parts, best),
    os: first('os', isText),
    arch: first('arch', isText),
    gpus: groups.map((group) => gpuOf(group, parts, best, processes?.from)),
    scope: processes ? processes.scope : first('scope', (scope) => scope !== 'unsupported'),
    processes: processes?.rows,
    cpu: samples.find(({ cpu }) => cpu?.utilPercent !== undefined)?.cpu ?? first('cpu', (cpu) => cpu !== undefined),
    memory: first('memory', (memory) => memory !== undefined),
    disks: first('disks', (disks) => disks.length > 0),
    uptimeSeconds: first('uptimeSeconds', (seconds) => seconds !== undefined),
    allocations: mergeAllocations(
      best.flatMap((at) =>
        (parts[at]!.sample.allocations ?? []).map((row) => ({ ...row, gpu: row.gpu === undefined ? undefined : slotOf(at, row.gpu) })),
      ),
    ),
    sources: sourcesOf(samples),
  };
  return { sample, others };
}

/** The positions of the parts, the most trusted first. */
function byPrecedence(parts: readonly Part[]): readonly number[] {
  const newest = Math.max(...parts.map(({ sample }) => sample.at));
  // Endpoints are not scraped at the same time: only what is older than the next scrape would be is older.
  const missed = ({ sample, refreshMs, intervalMs }: Part): number =>
    Math.max(0, Math.round((newest - sample.at) / Math.max(refreshMs, intervalMs, 1)) - 1);
  const rank = ({ dialect }: Part): number => (ORDER.includes(dialect) ? ORDER.indexOf(dialect) : ORDER.length);
  const isOwn = ({ dialect }: Part): number => Number(dialect === 'all-smi');
  return parts
    .map((_, at) => at)
    .sort((x, y) => {
      const [a, b] = [parts[x]!, parts[y]!];
      return isOwn(b) - isOwn(a) || missed(a) - missed(b) || a.refreshMs - b.refreshMs || rank(a) - rank(b) || x - y;
    });
}

/** The GPU of the merged sample, by the position of a part and of a GPU in it. */
function slotsOf(groups: readonly GpuGroup[]): (part: number, gpu: number) => number | undefined {
  const slots = new Map(groups.flatMap(({ of }, slot) => [...of].map(([part, gpu]) => [`${part} ${gpu}`, slot])));
  return (part, gpu) => slots.get(`${part} ${gpu}`);
}

/** The name that the kernel has, else the one that the best part sends: some exporters send the name of their container. */
function nameOf(parts: readonly Part[], best: readonly number[]): string {
  const named = best.filter((at) => parts[at]!.sample.instance !== '');
  return parts[named.find((at) => ['all-smi', 'node', 'node_drm'].includes(parts[at]!.dialect)) ?? named[0] ?? 0]!.sample.instance;
}

const NOT_READINGS: ReadonlySet<string> = new Set(['index', 'uuid', 'name', 'details', 'migDevices', 'lesser']);

/** `processes`: the part that lists the processes of the node. */
function gpuOf({ of }: GpuGroup, parts: readonly Part[], best: readonly number[], processes: number | undefined): NodeGpu {
  const seen = best.filter((at) => of.has(at)).map((at) => ({ at, gpu: parts[at]!.sample.gpus[of.get(at)!]! }));
  const readings: Record<string, unknown> = {};
  const sources = new Map<SourceGroup, Set<string>>();
  for (const isLesser of [false, true]) {
    for (const { at, gpu } of seen) {
      for (const [key, value] of Object.entries(gpu)) {
        if (value === undefined || readings[key] !== undefined || NOT_READINGS.has(key)) continue;
        if ((gpu.lesser?.includes(key) === true) !== isLesser) continue;
        readings[key] = value;
        const group = sourceGroupOf(key);
        sources.set(group, (sources.get(group) ?? new Set()).add(parts[at]!.endpoint));
      }
    }
  }
  if (processes !== undefined && of.has(processes)) sources.set('processes', new Set([parts[processes]!.endpoint]));
  const labels = [...sources].map(([group, endpoints]) => [SOURCE_LABELS[group], [...endpoints].join(' ')] as const);
  const text = (pick: (gpu: NodeGpu) => string): string => seen.map(({ gpu }) => pick(gpu)).find((one) => one !== '') ?? '';
  return {
    ...(readings as Partial<NodeGpu>),
    index: (seen.find(({ gpu }) => !gpu.lesser?.includes('index')) ?? seen[0]!).gpu.index,
    // As nvidia-smi writes it, if any of them does.
    uuid: seen.map(({ gpu }) => gpu.uuid).find((uuid) => /^gpu-/i.test(uuid)) ?? text(({ uuid }) => uuid),
    name: text(({ name }) => name),
    migDevices: seen.map(({ gpu }) => gpu.migDevices ?? []).find((devices) => devices.length > 0) ?? [],
    details: Object.fromEntries([...[...seen].reverse().flatMap(({ gpu }) => Object.entries(gpu.details ?? {})), ...labels]),
  };
}

interface Processes {
  readonly rows: readonly NodeProcess[];
  readonly scope: NodeSample['scope'];
  readonly from: number;
}

/**
 * Those of one part, so that a process that ended between two scrapes is not listed: of all-smi, else of one that names users. What it does not
 * report of a process, another may. Undefined: none reports processes.
 */
function processesOf(
  parts: readonly Part[],
  best: readonly number[],
  slotOf: (part: number, gpu: number) => number | undefined,
): Processes | undefined {
  const listing = best.filter((at) => parts[at]!.sample.processes !== undefined);
  const namesUsers = (at: number): boolean => parts[at]!.sample.processes!.some(({ user }) => user !== '');
  const from = listing.find((at) => parts[at]!.dialect === 'all-smi') ?? listing.find(namesUsers) ?? listing[0];
  if (from === undefined) return undefined;
  const placed = (at: number): readonly NodeProcess[] =>
    parts[at]!.sample.processes!.map((row) => ({ ...row, gpu: row.gpu === undefined ? undefined : slotOf(at, row.gpu) }));
  const more = listing.filter((at) => at !== from).map((at) => new Map(placed(at).map((row) => [`${row.pid} ${row.gpu}`, row])));
  const rows = placed(from).map((row) => {
    const alike = more.flatMap((one) => one.get(`${row.pid} ${row.gpu}`) ?? []);
    return alike.length === 0 ? row : alike.reduce(filled, row);
  });
  return { rows, scope: parts[from]!.sample.scope, from };
}

/** `row`, with what only `other` has. */
const filled = <Row extends object>(row: Row, other: Row): Row => ({
  ...row,
  ...Object.fromEntries(Object.entries(other).filter(([key]) => isBlank(row[key as keyof Row]))),
});
const isBlank = (value: unknown): boolean => value === undefined || value === '';

type Owner = NodeAllocation['owner'];

/** The same for all rows of a job or a pod. */
const holderKey = ({ job, namespace, pod, user }: Owner): string =>
  job !== '' ? `job ${job}` : pod !== '' ? `pod ${namespace}/${pod}` : `user ${user}`;

/**
 * Each GPU of each job or pod once. A row that names no GPU only says how many there are: of these, the ones that another row names are not counted
 * again.
 */
function mergeAllocations(rows: readonly NodeAllocation[]): readonly NodeAllocation[] {
  const owners = new Map<string, Owner>();
  for (const { owner } of rows) {
    const known = owners.get(holderKey(owner));
    owners.set(holderKey(owner), known ? ownerOf(known, owner) : owner);
  }
  const placed = new Map<string, NodeAllocation>();
  const counted = new Map<string, NodeAllocation>();
  for (const row of rows) {
    const key = holderKey(row.owner);
    const into = row.gpu === undefined ? counted : placed;
    const place = row.gpu === undefined ? key : `${row.gpu} ${key}`;
    if (!into.has(place)) into.set(place, { ...row, owner: owners.get(key)! });
  }
  const found = new Map<string, number>();
  for (const { owner } of placed.values()) found.set(holderKey(owner), (found.get(holderKey(owner)) ?? 0) + 1);
  const rest = [...counted].flatMap(([key, row]): readonly NodeAllocation[] => {
    const known = found.get(key) ?? 0;
    if (known === 0) return [row];
    return row.gpuCount !== undefined && row.gpuCount > known ? [{ ...row, gpuCount: row.gpuCount - known }] : [];
  });
  return [...placed.values(), ...rest];
}

/** A name says more than the number of an account. */
function ownerOf(known: Owner, other: Owner): Owner {
  const all = filled(known, other);
  return /^\d+$/.test(all.user) && other.user !== '' && !/^\d+$/.test(other.user) ? { ...all, user: other.user } : all;
}

/** That one exporter does not report GPUs says nothing where another one does. */
function sourcesOf(samples: readonly NodeSample[]): NodeSample['sources'] {
  const all = samples.flatMap(({ sources }) => sources);
  const silent = ({ name, state }: (typeof all)[number]): boolean => name === 'gpus' && state === 'unsupported';
  return samples.every(({ sources }) => sources.some(silent)) ? all : all.filter((source) => !silent(source));
}
