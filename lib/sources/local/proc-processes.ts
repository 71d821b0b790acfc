/** Processes from /proc, from one collection to the next: their names, owners, resource usage, and the jobs and containers they are in. */
import { setImmediate as turn } from 'node:timers/promises';
import { NO_IDENTITY, type ProcessIdentity } from '../../model/identity.js';
import type { NodeProcess } from '../../model/sample.js';
import { clean } from '../../text/sanitize.js';
import { MAX_ENVIRONMENT_BYTES, readEnvironment, type EnvironmentJob } from './job-environment.js';
import { asksEnvironment, located, MAX_CGROUP_BYTES, readCgroup, type CgroupFacts } from './process-identity.js';
import { isNobody, parseLoginUid, personBehind, type Accounts } from './process-owner.js';
import { within } from './with-timeout.js';
import {
  MAX_CMDLINE,
  parseCmdline,
  parsePidStat,
  parsePidStatus,
  cutCommand,
  type CutCommand,
  type PidStat,
  type PidStatus,
} from './proc-text.js';
import { redact } from './redact.js';
import type { MachineFiles } from './files.js';
import { shortage } from './shortage.js';
import type { PasswdNames } from './passwd.js';
import type { SubUids } from './subuid.js';
import type { Clock } from '../../model/clock.js';

/** The data that /proc has about a process; the rest of a NodeProcess comes from the GPU. */
export type ProcRow = Pick<
  NodeProcess,
  'pid' | 'name' | 'user' | 'command' | 'commandRestBytes' | 'ageSeconds' | 'cpuPercent' | 'residentBytes' | 'identity'
>;

export interface ProcTableOptions {
  /** Usually /proc. */
  readonly dir: string;
  readonly files: MachineFiles;
  readonly clock: Clock;
  readonly users: PasswdNames;
  readonly subUids: SubUids;
  readonly redact: boolean;
  /** Whether the person behind a process of root, or of a container's uid, is looked for. */
  readonly owner: 'person' | 'process';
}

/** Ticks per second in every file of /proc, on all machines that Node.js runs on (USER_HZ). */
const TICKS = 100;
/** Number of processes read before yielding to the event loop. */
const BATCH = 64;
/**
 * A command and a cgroup are reread after this time, because a process may overwrite the one and be moved to another of the other. Reading can
 * block while the process is stuck in the kernel, so they are read one after the other, with this limit on the wait: a stuck process delays
 * the newer commands, but not the readings.
 */
const KEEP_MS = 30_000;
const TEXTS_WAIT_MS = 1_000;
const NAMES_WAIT_MS = 1_000;

/** The initial pid namespace has this inode number on every Linux (PROC_PID_INIT_INO); others get a number when they are created. */
const FIRST_NAMESPACE = 'pid:[4026531836]';
/** Device files that a process has open while it uses a GPU: of the driver, of Jetson, of WSL. */
const DEVICE = /^\/dev\/(?:nvidia|nvhost|nvmap|nvgpu|dxg)/;
/** How many of a process' open files are checked. */
const MAX_FILES = 4096;

interface Command {
  readonly text: string;
  readonly restBytes: number;
  readonly at: number;
  readonly image: string;
}

/** Where a process comes from. */
interface Origin {
  readonly at: number;
  readonly cgroup: CgroupFacts;
  readonly jobs: readonly EnvironmentJob[];
  readonly loginUid: number | undefined;
  /** What is made of it, once names have been looked up. */
  identity?: ProcessIdentity;
}

/** A process between two collections. */
interface Entry {
  readonly stat: PidStat;
  readonly status: PidStatus;
  readonly uptime: number | undefined;
  readonly cpuPercent: number | undefined;
  command: Command | undefined;
  origin: Origin | undefined;
}

const NOTHING_READ: Pick<Entry, 'command' | 'origin'> = { command: undefined, origin: undefined };

export class ProcTable {
  readonly #options: ProcTableOptions;
  readonly #accounts: Accounts;
  /** Files are read one after the other. */
  readonly #buffer = Buffer.alloc(Math.max(MAX_ENVIRONMENT_BYTES, MAX_CMDLINE + 1, MAX_CGROUP_BYTES + 1));
  #entries = new Map<number, Entry>();
  #reading: Promise<void> | undefined;
  #unread = new Set<number>();
  #unlisted = false;
  #wholeMachine = false;
  #shortage: string | undefined;

  constructor(options: ProcTableOptions) {
    this.#options = options;
    const { users, subUids } = options;
    this.#accounts = {
      name: (uid) => users.name(uid),
      isNamed: (uid) => users.isNamed(uid),
      subordinateTo: (uid) => {
        const user = subUids.userOf(uid);
        return /^\d+$/.test(user) ? users.name(Number(user)) : user;
      },
    };
  }

  /** Whether a process existed at the last collection. */
  has(pid: number): boolean {
    return this.#entries.has(pid);
  }

  /** Why the processes could not be read the last time, although they may exist; undefined: they could be read. */
  get shortage(): string | undefined {
    return this.#shortage;
  }

  /** Whether it is not known if this process existed the last time. */
  isUnread(pid: number): boolean {
    return this.#unlisted || this.#unread.has(pid);
  }

  /**
   * Whether this /proc is that of the whole machine, and not of a container's pid namespace: only there are kernel threads visible and does
   * the namespace have its fixed number, which is checked as well because /proc may hide the processes of other users. A directory without
   * `self` is a copy and not the /proc of any namespace: its pids are taken as they are.
   */
  get isWholeMachine(): boolean {
    return (this.#wholeMachine ||=
      parsePidStat(this.#file(2, 'stat'))?.kernelThread === true ||
      this.#link('self/ns/pid') === FIRST_NAMESPACE ||
      !this.#options.files.exists(`${this.#options.dir}/self`));
  }

  /** Whether the process has the device of a GPU open; undefined: only its owner and root may check, and no one after it has ended. */
  holdsDevice(pid: number): boolean | undefined {
    try {
      const files = this.#options.files.list(`${this.#options.dir}/${pid}/fd`);
      if (files.some((file, nth) => nth < MAX_FILES && DEVICE.test(this.#link(`${pid}/fd/${file}`)))) return true;
      return files.length === 0 || files.length > MAX_FILES ? undefined : false;
    } catch {
      return undefined;
    }
  }

  /**
   * The processes with these pids, or all except kernel threads; processes that have ended or are not visible are left out. `uptime`:
   * seconds since boot, from the same /proc.
   */
  async read(pids: Iterable<number> | 'all', uptime: number | undefined): Promise<ReadonlyMap<number, ProcRow>> {
    const { users, subUids, clock } = this.#options;
    const before = this.#entries;
    this.#unread = new Set();
    this.#unlisted = false;
    this.#shortage = undefined;
    const entries = (this.#entries = new Map<number, Entry>());
    let left = BATCH;
    for (const pid of pids === 'all' ? this.#listed() : pids) {
      const entry = this.#entry(pid, before.get(pid), uptime);
      if (entry !== undefined && !(pids === 'all' && entry.stat.kernelThread)) entries.set(pid, entry);
      if (--left > 0) continue;
      left = BATCH;
      await turn();
    }
    subUids.refresh();
    await within(clock, TEXTS_WAIT_MS, (this.#reading ??= this.#texts(entries).finally(() => (this.#reading = undefined))));
    await within(clock, NAMES_WAIT_MS, users.learn([...entries.values()].flatMap(uidsOf)));
    return new Map([...entries].map(([pid, entry]) => [pid, this.#row(pid, entry)]));
  }

  #listed(): number[] {
    try {
      return this.#options.files
        .list(this.#options.dir)
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .sort((a, b) => a - b);
    } catch (error) {
      this.#shortage ??= shortage(error);
      this.#unlisted = this.#shortage !== undefined;
      return [];
    }
  }

  /** The target of a link; '' without permission. */
  #link(name: string): string {
    try {
      return this.#options.files.link(`${this.#options.dir}/${name}`);
    } catch {
      return '';
    }
  }

  #entry(pid: number, old: Entry | undefined, uptime: number | undefined): Entry | undefined {
    const stat = parsePidStat(this.#file(pid, 'stat'));
    const status = stat && parsePidStatus(this.#file(pid, 'status'));
    if (stat === undefined || status === undefined) return undefined;
    const same = old?.stat.startTicks === stat.startTicks ? old : undefined;
    const { command, origin } = same?.stat.image === stat.image ? same : NOTHING_READ;
    const cpu = cpuPercent(stat, uptime, same);
    return { stat, status, uptime, cpuPercent: cpu, command, origin: same?.status.uid === status.uid ? origin : undefined };
  }

  #file(pid: number, name: string): string {
    try {
      return this.#options.files.text(`${this.#options.dir}/${pid}/${name}`);
    } catch (error) {
      const short = shortage(error);
      if (short !== undefined) this.#unread.add(pid);
      this.#shortage ??= short;
      return '';
    }
  }

  async #texts(entries: ReadonlyMap<number, Entry>): Promise<void> {
    const now = this.#options.clock.now();
    const isOld = (read: { readonly at: number } | undefined): boolean => read === undefined || now - read.at >= KEEP_MS;
    const old = [...entries].filter(([, { command, origin }]) => isOld(command) || isOld(origin));
    await this.#options.files.fetch('texts', old.map(([pid]) => pid)); // prettier-ignore
    for (const [pid, entry] of old) {
      const { stat, command } = entry;
      if (!isOld(command)) continue;
      const bytes = await this.#read(pid, 'cmdline', MAX_CMDLINE + 1).catch(() => undefined);
      if (bytes !== undefined) entry.command = { ...this.#told(parseCmdline(bytes), stat), at: now, image: stat.image };
    }
    for (const [pid, entry] of old) {
      // What cannot be read for lack of resources stays as it was.
      if (isOld(entry.origin)) entry.origin = (await this.#origin(pid, entry.status.uid, now).catch(() => undefined)) ?? entry.origin;
    }
  }

  async #origin(pid: number, uid: number, at: number): Promise<Origin> {
    const person = this.#options.owner === 'person' && isNobody(uid, this.#accounts);
    const cgroup = readCgroup(Buffer.from(await this.#start(pid, 'cgroup', MAX_CGROUP_BYTES + 1)).toString());
    const jobs = asksEnvironment(cgroup, person) ? readEnvironment(await this.#start(pid, 'environ', MAX_ENVIRONMENT_BYTES)) : [];
    const asksLogin = person && cgroup.identity.container !== '';
    const login = asksLogin ? Buffer.from(await this.#start(pid, 'loginuid', 32)).toString() : '';
    return { at, cgroup, jobs, loginUid: parseLoginUid(login) };
  }

  /** The beginning of a file, valid until the next one is read; empty without permission. Rejects when there are too many open files. */
  async #start(pid: number, name: string, maxBytes: number): Promise<Uint8Array> {
    try {
      return await this.#read(pid, name, maxBytes);
    } catch (error) {
      if (shortage(error) !== undefined) throw error;
      return new Uint8Array();
    }
  }

  #read(pid: number, name: string, maxBytes: number): Promise<Uint8Array> {
    return this.#options.files.start(`${this.#options.dir}/${pid}/${name}`, maxBytes, this.#buffer);
  }

  /** On one line. Kernel threads and zombies have no arguments; like ps, it shows their names. */
  #told(argv: readonly string[], { name, state }: PidStat): CutCommand {
    if (argv.length === 0) return { text: `[${name}]${state === 'Z' ? ' <defunct>' : ''}`, restBytes: 0 };
    // Redacted before it is cut, so that no half of a credential is left at the cut, and again after it, because the cut text may look
    // different.
    const shown = this.#options.redact ? redact(argv) : argv;
    const cut = cutCommand(clean(shown.join(' ').replace(/\s/g, ' '), Infinity));
    return this.#options.redact ? { ...cut, text: redact(cut.text.split(' ')).join(' ') } : cut;
  }

  #row(pid: number, entry: Entry): ProcRow {
    const { stat, status, uptime, cpuPercent: cpu, command } = entry;
    const age = uptime === undefined ? -1 : uptime - stat.startTicks / TICKS;
    return {
      pid,
      name: stat.name,
      user: this.#options.users.name(status.uid),
      command: command?.text ?? '',
      commandRestBytes: command?.restBytes ?? 0,
      // A negative age: the two files belong to different machines (a container's uptime).
      ageSeconds: age < 0 ? undefined : age,
      cpuPercent: cpu,
      residentBytes: status.residentBytes,
      identity: this.#identity(entry),
    };
  }

  /** A name that is learnt later is there when the cgroup is read again. */
  #identity({ status: { uid }, origin }: Entry): ProcessIdentity | undefined {
    if (origin === undefined) return undefined;
    origin.identity ??= this.#known(origin, uid);
    return origin.identity === NO_IDENTITY ? undefined : origin.identity;
  }

  #known({ cgroup, jobs, loginUid }: Origin, uid: number): ProcessIdentity {
    const place = located(cgroup, jobs, isNobody(uid, this.#accounts) ? undefined : uid);
    const person = this.#options.owner === 'person' ? personBehind(place, uid, loginUid, this.#accounts) : {};
    const identity = { ...place.identity, ...person };
    return Object.values(identity).some((text) => text !== '') ? identity : NO_IDENTITY;
  }
}

/** The uids whose names are needed. */
const uidsOf = ({ status, origin }: Entry): number[] =>
  [status.uid, origin?.cgroup.jobUid, origin?.cgroup.managerUid, origin?.loginUid, ...(origin?.jobs ?? []).map(({ uid }) => uid)].filter(
    (uid) => uid !== undefined,
  );

/** CPU between two readings of a process; undefined at the first. */
function cpuPercent(stat: PidStat, uptime: number | undefined, before: Entry | undefined): number | undefined {
  if (before?.uptime === undefined || uptime === undefined || uptime <= before.uptime) return undefined;
  const seconds = (stat.cpuTicks - before.stat.cpuTicks) / TICKS;
  return Math.max(0, (100 * seconds) / (uptime - before.uptime));
}
