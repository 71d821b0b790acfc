/** Files of /proc as text -> records. Formats: proc(5). Whatever does not parse is undefined, never 0. */
import type { NodeCpu, NodeMemory } from '../../model/sample.js';
import { clean } from '../../text/sanitize.js';

export interface PidStat {
  /** As the kernel calls it: at most 15 bytes. */
  readonly name: string;
  readonly state: string;
  readonly kernelThread: boolean;
  /** User and system time, in ticks. */
  readonly cpuTicks: number;
  /** Ticks from boot to its start. With the pid it names one process for ever. */
  readonly startTicks: number;
  /** Changes when the process becomes another program: where its code and its arguments lie. */
  readonly image: string;
}

/** PF_KTHREAD of the kernel's task flags. */
const KERNEL_THREAD = 0x0020_0000;

/** `/proc/PID/stat`. The name is in brackets and may hold anything, brackets and line ends too. */
export function parsePidStat(text: string): PidStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const name = clean(text.slice(open + 1, close), 64);
  // Field n of the manual page is fields[n - 3].
  const fields = text.slice(close + 2).split(' ');
  const at = (field: number): number => Number(fields[field - 3]);
  const [cpuTicks, startTicks] = [at(14) + at(15), at(22)];
  if (Number.isNaN(cpuTicks) || Number.isNaN(startTicks)) return undefined;
  return {
    name,
    state: fields[0] ?? '',
    kernelThread: (at(9) & KERNEL_THREAD) !== 0,
    cpuTicks,
    startTicks,
    image: `${name} ${fields[23] ?? ''} ${fields[45] ?? ''} ${fields[46] ?? ''}`,
  };
}

export interface PidStatus {
  /** Effective: who it acts for, as ps tells it. */
  readonly uid: number;
  /** Kernel threads and the dead have none. */
  readonly residentBytes: number | undefined;
}

/** `/proc/PID/status`. */
export function parsePidStatus(text: string): PidStatus | undefined {
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(text)?.[1];
  return uid === undefined ? undefined : { uid: Number(uid), residentBytes: kibibytes(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) };
}

/**
 * `/proc/PID/cmdline`: arguments that end in NUL; at most `maxBytes` are looked at. A process may write over it: then it is one text, padded.
 */
export function parseCmdline(bytes: Uint8Array, maxBytes = MAX_CMDLINE): readonly string[] {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const text = new TextDecoder().decode(bytes.subarray(0, Math.min(end, maxBytes)));
  const argv = text === '' ? [] : text.split('\0');
  // An argument that is cut may be half a credential.
  return end > maxBytes && argv.length > 1 ? argv.slice(0, -1) : argv;
}

/** As long as the system lets command lines be, for most; a credential must be seen whole to be hidden. */
const MAX_CMDLINE = 128 * 1024;

export interface CutCommand {
  /** At most `maxBytes` of UTF-8. */
  readonly text: string;
  /** Bytes behind what is in `text`. */
  readonly restBytes: number;
}

/** The beginning of a command, not cut in the middle of a character. */
export function cutCommand(command: string, maxBytes = 1024): CutCommand {
  const bytes = new TextEncoder().encode(command);
  let cut = Math.min(bytes.length, maxBytes);
  while (cut > 0 && cut < bytes.length && (bytes[cut]! & 0xc0) === 0x80) cut--;
  return { text: new TextDecoder().decode(bytes.subarray(0, cut)), restBytes: bytes.length - cut };
}

const kibibytes = (digits: string | undefined): number | undefined => (digits === undefined ? undefined : Number(digits) * 1024);

/** `/proc/uptime`: seconds since boot. */
export function parseUptime(text: string): number | undefined {
  const digits = /^(\d+(?:\.\d+)?)\s/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Time of a CPU since boot, in ticks. */
export interface CpuTimes {
  readonly total: number;
  readonly idle: number;
}

export interface CpuClock {
  readonly all: CpuTimes | undefined;
  /** By number of the core; one that is switched off is absent. */
  readonly cores: ReadonlyMap<number, CpuTimes>;
}

/** The `cpu` lines of `/proc/stat`. Guest time is in user time already. */
export function parseCpuClock(text: string): CpuClock {
  let all: CpuTimes | undefined;
  const cores = new Map<number, CpuTimes>();
  for (const [, core = '', rest = ''] of text.matchAll(/^cpu(\d*)\s+([\d ]+)$/gm)) {
    const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, soft = 0, stolen = 0] = rest.split(' ').map(Number);
    const times = { total: user + nice + system + idle + waiting + irq + soft + stolen, idle: idle + waiting };
    if (core === '') all = times;
    else cores.set(Number(core), times);
  }
  return { all, cores };
}

/** Percent busy between two readings; undefined without a reading before, or when no time went by (or it went backwards). */
export function busyPercent(now: CpuTimes | undefined, before: CpuTimes | undefined): number | undefined {
  if (now === undefined || before === undefined) return undefined;
  const total = now.total - before.total;
  const idle = now.idle - before.idle;
  // Idle time is known to step back by a tick.
  return total > 0 ? Math.min(100, Math.max(0, (100 * (total - idle)) / total)) : undefined;
}

/** `/proc/meminfo`. Used is what cannot be had. */
export function parseMeminfo(text: string): NodeMemory {
  const field = (name: string): number | undefined => kibibytes(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]);
  const [totalBytes, availableBytes] = [field('MemTotal'), field('MemAvailable')];
  const [swapTotalBytes, swapFreeBytes] = [field('SwapTotal'), field('SwapFree')];
  return {
    totalBytes,
    availableBytes,
    usedBytes: less(totalBytes, availableBytes),
    freeBytes: field('MemFree'),
    buffersBytes: field('Buffers'),
    cachedBytes: field('Cached'),
    swapTotalBytes,
    swapFreeBytes,
    swapUsedBytes: less(swapTotalBytes, swapFreeBytes),
  };
}

const less = (whole: number | undefined, part: number | undefined): number | undefined =>
  whole === undefined || part === undefined ? undefined : Math.max(0, whole - part);

const VENDORS: Readonly<Record<string, NodeCpu['vendor']>> = { GenuineIntel: 'Intel', AuthenticAMD: 'Amd' };

export type CpuModel = Pick<NodeCpu, 'model' | 'vendor' | 'sockets' | 'cores' | 'threads' | 'frequencyMhz'>;

/** `/proc/cpuinfo`: a block a thread. Only x86 says which core and socket a thread is on, and how fast it runs. */
export function parseCpuinfo(text: string): CpuModel {
  const all = (name: string): string[] => [...text.matchAll(new RegExp(`^${name}\\s*: (.*)$`, 'gm'))].map((match) => match[1]!.trim());
  const threads = all('processor').length;
  const sockets = all('physical id');
  const cores = all('core id');
  const clocks = all('cpu MHz').map(Number);
  const places = new Set(cores.map((core, thread) => `${sockets[thread] ?? ''} ${core}`));
  return {
    model: clean(all('model name')[0] ?? '', 128),
    vendor: VENDORS[all('vendor_id')[0] ?? ''] ?? (all('CPU implementer').length > 0 ? 'Arm' : ''),
    sockets: sockets.length > 0 ? new Set(sockets).size : undefined,
    cores: places.size > 0 ? places.size : undefined,
    threads: threads > 0 ? threads : undefined,
    frequencyMhz: clocks.length > 0 ? Math.round(clocks.reduce((sum, clock) => sum + clock, 0) / clocks.length) : undefined,
  };
}

export interface Mount {
  readonly device: string;
  readonly mountPoint: string;
}

/** Kinds of file system that are on a disk of this machine though their device does not look like one. */
const LOCAL_KINDS: readonly string[] = ['zfs', 'bcachefs'];
/** Images that come with programs: always full. */
const IMAGES: readonly string[] = ['squashfs', 'iso9660'];

/**
 * The disks in `/proc/mounts`, each once, at the shortest of its mount points. File systems of other machines are left out: asking one that
 * doesn't answer would never come back. In a container `/` counts, whatever it is made of.
 */
export function parseMounts(text: string): readonly Mount[] {
  const disks = new Map<string, Mount>();
  for (const line of text.split('\n')) {
    const [device = '', point = '', kind = ''] = line.split(' ');
    const onDisk = (device.startsWith('/dev/') && !IMAGES.includes(kind)) || LOCAL_KINDS.includes(kind);
    const root = point === '/' && kind === 'overlay';
    const mountPoint = clean(unescaped(point), 1024);
    const known = disks.get(device);
    if ((onDisk || root) && (known === undefined || mountPoint.length < known.mountPoint.length)) disks.set(device, { device, mountPoint });
  }
  return [...disks.values()];
}

/** Blanks in mount points are written as octal numbers. */
const unescaped = (text: string): string => text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
