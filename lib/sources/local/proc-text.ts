/** Files of /proc as text -> records. Formats: proc(5). Anything that does not parse is undefined, never 0. */
import type { NodeCpu, NodeMemory } from '../../model/sample.js';
import { clean } from '../../text/sanitize.js';

export interface PidStat {
  /** The name in the kernel: at most 15 bytes. */
  readonly name: string;
  readonly state: string;
  readonly kernelThread: boolean;
  /** User and system time, in ticks. */
  readonly cpuTicks: number;
  /** Start time in ticks since boot. Together with the pid it identifies a process uniquely. */
  readonly startTicks: number;
  /** Changes when the process executes another program: the addresses of its code and its arguments. */
  readonly image: string;
}

/** PF_KTHREAD of the kernel's task flags. */
const KERNEL_THREAD = 0x0020_0000;

/** `/proc/PID/stat`. The name is in parentheses and may contain anything, including parentheses and newlines. */
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
  /** The effective user, like ps shows it. */
  readonly uid: number;
  /** Kernel threads and zombies have none. */
  readonly residentBytes: number | undefined;
}

/** `/proc/PID/status`. */
export function parsePidStatus(text: string): PidStatus | undefined {
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(text)?.[1];
  return uid === undefined ? undefined : { uid: Number(uid), residentBytes: kibibytes(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) };
}

/**
 * `/proc/PID/cmdline`: arguments terminated by NUL; at most `maxBytes` are read. If a process has overwritten it, it is one padded text.
 */
export function parseCmdline(bytes: Uint8Array, maxBytes = MAX_CMDLINE): readonly string[] {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const text = new TextDecoder().decode(bytes.subarray(0, Math.min(end, maxBytes)));
  const argv = text === '' ? [] : text.split('\0');
  // A cut argument may be half a credential.
  return end > maxBytes && argv.length > 1 ? argv.slice(0, -1) : argv;
}

/** The usual system limit for command lines: a credential must be seen whole to be hidden. */
export const MAX_CMDLINE = 128 * 1024;

export interface CutCommand {
  /** At most `maxBytes` of UTF-8. */
  readonly text: string;
  /** Bytes after those in `text`. */
  readonly restBytes: number;
}

/** The beginning of a command, not cut within a character. */
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

/** CPU times since boot, in ticks. */
export interface CpuTimes {
  readonly total: number;
  readonly idle: number;
}

export interface CpuClock {
  readonly all: CpuTimes | undefined;
  /** By number of the core; offline cores are absent. */
  readonly cores: ReadonlyMap<number, CpuTimes>;
}

/** As many as Linux can have (NR_CPUS). */
const MAX_CORES = 8192;

/** The `cpu` lines of `/proc/stat`. Guest time is included in user time. */
export function parseCpuClock(text: string): CpuClock {
  let all: CpuTimes | undefined;
  const cores = new Map<number, CpuTimes>();
  for (const [, core = '', rest = ''] of text.matchAll(/^cpu(\d*)\s+([\d ]+)$/gm)) {
    const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, soft = 0, stolen = 0] = rest.split(' ').map(Number);
    const times = { total: user + nice + system + idle + waiting + irq + soft + stolen, idle: idle + waiting };
    if (core === '') all = times;
    else if (Number(core) < MAX_CORES) cores.set(Number(core), times);
  }
  return { all, cores };
}

/** Percent busy between two readings; undefined without a previous reading, or when no time has passed (or time went backwards). */
export function busyPercent(now: CpuTimes | undefined, before: CpuTimes | undefined): number | undefined {
  if (now === undefined || before === undefined) return undefined;
  const total = now.total - before.total;
  const idle = now.idle - before.idle;
  // Idle time is known to decrease by a tick occasionally.
  return total > 0 ? Math.min(100, Math.max(0, (100 * (total - idle)) / total)) : undefined;
}

/** `/proc/meminfo`. Used is what is not available. */
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

/** `/proc/cpuinfo`: one block per thread. Only x86 reports the core and socket of a thread, and its frequency. */
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

/** File systems that are on a local disk although their device does not look like one. */
const LOCAL_KINDS: readonly string[] = ['zfs', 'bcachefs'];
/** Read-only images of packages: always full. */
const IMAGES: readonly string[] = ['squashfs', 'iso9660'];

/**
 * The disks in `/proc/mounts`, each once, at the shortest of its mount points. Network file systems are left out: a query to one that does
 * not respond would never return. In a container `/` is included, whatever its type.
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

/** Blanks in mount points are written as octal escapes. */
const unescaped = (text: string): string => text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
