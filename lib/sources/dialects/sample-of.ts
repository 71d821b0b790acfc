/** What an exporter sent, as a sample of its node. Pure. */
import type { Families } from '../../exposition/reader/text-reader.js';
import type { Ms } from '../../model/clock.js';
import type { NodeAllocation, NodeCpu, NodeDisk, NodeMemory, NodeSample, NodeSource } from '../../model/sample.js';
import { firstOf, ownerIn, readingOf, selects } from './rows.js';
import { NODE_READINGS, type Dialect, type NodeReading } from './dialect.js';
import { gpusOf, type FoundGpus } from './gpus-of.js';
import { processesOf } from './processes-of.js';

/** Counters of the seconds of a CPU: a share needs two scrapes. */
interface CpuTime {
  idle: number;
  all: number;
  /** What they were before they last changed. */
  from: { readonly idle: number; readonly all: number } | undefined;
}
/** By CPU. */
export type CpuTimes = ReadonlyMap<string, Readonly<CpuTime>>;

export interface Sampled {
  readonly sample: NodeSample;
  /** For the next sample. */
  readonly cpuTimes: CpuTimes;
}

export function sampleOf(families: Families, dialect: Dialect, at: Ms, before: CpuTimes = new Map()): Sampled {
  const cpuTimes = cpuTimesOf(families, dialect, before);
  const found = gpusOf(families, dialect);
  const processes = processesOf(families, dialect, found);
  const sample: NodeSample = {
    at,
    instance: nameOf(families, dialect),
    os: '',
    arch: '',
    gpus: found.gpus,
    scope: processes === undefined ? 'unsupported' : 'gpu',
    processes,
    cpu: cpuOf(families, dialect, cpuTimes),
    memory: memoryOf(families, dialect),
    disks: disksOf(families, dialect),
    uptimeSeconds: uptimeOf(families, dialect),
    allocations: [...found.allocations, ...nodeOwners(families, dialect)],
    sources: sourcesOf(dialect, found),
  };
  return { sample, cpuTimes };
}

/** An exporter without GPUs in its metrics says nothing about whether the node has any. */
function sourcesOf({ program, gpuReadings }: Dialect, { gpus, alike }: FoundGpus): readonly NodeSource[] {
  if (alike > 0) return [{ name: 'gpus', state: 'partial', reason: `${alike} GPUs have the same uuid: what is named by it is left out` }];
  return gpus.length === 0 && gpuReadings === undefined
    ? [{ name: 'gpus', state: 'unsupported', reason: `${program} does not report GPUs` }]
    : [];
}

/** An address is no name: some exporters send theirs. */
function nameOf(families: Families, { node = [] }: Dialect): string {
  const uname = families.get('node_uname_info')?.[0];
  if (uname) return uname.labels.get('nodename') ?? '';
  for (const rows of families.values()) {
    const name = rows[0] ? firstOf(rows[0], node) : '';
    if (name !== '') return /^[\d.]+$|:/.test(name) ? '' : name;
  }
  return '';
}

function nodeReading(families: Families, dialect: Dialect, into: NodeReading): number | undefined {
  for (const mapping of dialect.nodeReadings ?? []) {
    if (mapping.into !== into) continue;
    for (const family of mapping.families) {
      for (const row of families.get(family) ?? []) {
        if (!selects(mapping.where, row)) continue;
        const value = readingOf(row.value, mapping, NODE_READINGS[into]);
        if (!Number.isNaN(value)) return value;
      }
    }
  }
  return undefined;
}

/** A machine has hundreds of CPUs, with eight counters each: there is one object for each, and no more. */
function cpuTimesOf(families: Families, { cpuSeconds }: Dialect, before: CpuTimes): CpuTimes {
  const times = new Map<string, CpuTime>();
  for (const { labels, value } of families.get(cpuSeconds ?? '') ?? []) {
    const mode = labels.get('mode') ?? '';
    // Guests are part of user and nice.
    if (!(value >= 0) || mode.startsWith('guest')) continue;
    const cpu = labels.get('cpu') ?? '';
    let time = times.get(cpu);
    if (!time) times.set(cpu, (time = { idle: 0, all: 0, from: undefined }));
    time.all += value;
    if (mode === 'idle' || mode === 'iowait') time.idle += value;
  }
  for (const [cpu, now] of times) {
    const then = before.get(cpu);
    if (!then) continue;
    // An answer may be that of before: behind a cache, or scraped more often than it is made. The last change is then still the newest.
    now.from = then.all === now.all && then.idle === now.idle ? then.from : { idle: then.idle, all: then.all };
  }
  return times;
}

function cpuOf(families: Families, dialect: Dialect, times: CpuTimes): NodeCpu | undefined {
  const value = (into: NodeReading): number | undefined => nodeReading(families, dialect, into);
  const [busy, threads = times.size || undefined] = [value('cpuBusy'), value('cpuThreads')];
  let [idle, all] = [0, 0];
  const cores = Array.from(times.values(), (now) => {
    const then = now.from;
    // A counter that went back was reset.
    if (!then || now.all <= then.all || now.idle < then.idle) return undefined;
    idle += now.idle - then.idle;
    all += now.all - then.all;
    return 100 * (1 - (now.idle - then.idle) / (now.all - then.all));
  });
  const ofBusy = busy !== undefined && threads ? (100 * busy) / threads : undefined;
  const utilPercent = value('cpuPercent') ?? ofBusy ?? (all > 0 ? 100 * (1 - idle / all) : undefined);
  if (utilPercent === undefined && threads === undefined) return undefined;
  const isPerCpu = times.size > 1 || (times.size === 1 && !times.has(''));
  return {
    model: '',
    vendor: '',
    utilPercent,
    coreUtilPercent: isPerCpu ? cores : [],
    sockets: undefined,
    cores: undefined,
    threads: times.size > 0 && !isPerCpu ? undefined : threads,
    frequencyMhz: undefined,
  };
}

function memoryOf(families: Families, dialect: Dialect): NodeMemory | undefined {
  const value = (into: NodeReading): number | undefined => nodeReading(families, dialect, into);
  const [totalBytes, availableBytes] = [value('memoryTotalBytes'), value('memoryAvailableBytes')];
  if (totalBytes === undefined) return undefined;
  const [swapTotalBytes, swapFreeBytes] = [value('swapTotalBytes'), value('swapFreeBytes')];
  return {
    totalBytes,
    usedBytes: value('memoryUsedBytes') ?? minus(totalBytes, availableBytes),
    availableBytes,
    freeBytes: value('memoryFreeBytes'),
    buffersBytes: value('memoryBuffersBytes'),
    cachedBytes: value('memoryCachedBytes'),
    swapTotalBytes,
    swapUsedBytes: value('swapUsedBytes') ?? minus(swapTotalBytes, swapFreeBytes),
    swapFreeBytes,
  };
}

/** Never by our clock: the node's may be set differently. */
function uptimeOf(families: Families, dialect: Dialect): number | undefined {
  const told = nodeReading(families, dialect, 'uptimeSeconds');
  if (told !== undefined) return told;
  const [clock = NaN, boot = NaN] = [nodeReading(families, dialect, 'clockSeconds'), nodeReading(families, dialect, 'bootSeconds')];
  return clock >= boot ? clock - boot : undefined;
}

const minus = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : Math.max(0, a - b);

/** File systems that hold no data of their own. */
const NO_DISKS = new Set(['tmpfs', 'devtmpfs', 'ramfs', 'overlay', 'squashfs', 'iso9660', 'fuse.lxcfs', 'nsfs', 'efivarfs']);

function disksOf(families: Families, { disks }: Dialect): readonly NodeDisk[] {
  if (!disks) return [];
  const available = new Map((families.get(disks.available) ?? []).map(({ labels, value }) => [labels.get('mountpoint') ?? '', value]));
  return (families.get(disks.size) ?? []).flatMap(({ labels, value }): readonly NodeDisk[] => {
    const mountPoint = labels.get('mountpoint') ?? '';
    const availableBytes = available.get(mountPoint);
    const isBad = (labels.get('device_error') ?? '') !== '' || NO_DISKS.has(labels.get('fstype') ?? '');
    return isBad || !(value > 0) || availableBytes === undefined ? [] : [{ mountPoint, totalBytes: value, availableBytes }];
  });
}

/** Owners of something on the node, once each; the number of their GPUs where those are numbered. */
function nodeOwners(families: Families, dialect: Dialect): readonly NodeAllocation[] {
  const { nodeOwners: from, program } = dialect;
  if (!from) return [];
  const found = new Map<string, { owner: NodeAllocation['owner']; gpus: Set<string> }>();
  for (const row of from.families.flatMap((family) => families.get(family) ?? [])) {
    const named = ownerIn(row, dialect);
    if (named.job === '') continue;
    // What is sent where the look-up of the user failed.
    const names = named.user === 'error' ? { ...named, user: '' } : named;
    const key = JSON.stringify(names);
    const known = found.get(key) ?? { owner: names, gpus: new Set() };
    if (from.gpuLabel !== undefined) known.gpus.add(row.labels.get(from.gpuLabel) ?? '');
    found.set(key, known);
  }
  return [...found.values()].map(({ owner: who, gpus }) => ({
    gpu: undefined,
    gpuCount: from.gpuLabel === undefined ? undefined : gpus.size,
    owner: who,
    source: program,
  }));
}
