/** Processes as /proc tells them, from one collection to the next: what they are called, whose they are, what they cost. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import type { NodeProcess } from '../../model/sample.js';
import { clean } from '../../text/sanitize.js';
import { within } from './with-timeout.js';
import { parseCmdline, parsePidStat, parsePidStatus, cutCommand, type CutCommand, type PidStat, type PidStatus } from './proc-text.js';
import { redact } from './redact.js';
import type { PasswdNames } from './passwd.js';
import type { Clock } from '../../model/clock.js';

/** What /proc knows of a process; the rest of a NodeProcess is the GPU's to say. */
export type ProcRow = Pick<
  NodeProcess,
  'pid' | 'name' | 'user' | 'command' | 'commandRestBytes' | 'ageSeconds' | 'cpuPercent' | 'residentBytes'
>;

export interface ProcTableOptions {
  /** Usually /proc. */
  readonly dir: string;
  readonly clock: Clock;
  readonly users: PasswdNames;
  readonly redact: boolean;
}

/** Ticks a second in every file of /proc, on all machines that Node.js runs on (USER_HZ). */
const TICKS = 100;
/** So many processes are read in a row before others get their turn. */
const BATCH = 64;
/**
 * A command is read again after so long, for a process may write over it. Its file can hang for as long as its process is stuck in the
 * kernel, so commands are read one after the other and waited for no longer than this: a stuck one costs the newer commands, not the figures.
 */
const COMMAND_KEEP_MS = 30_000;
const COMMANDS_WAIT_MS = 1_000;
const NAMES_WAIT_MS = 1_000;

interface Command {
  readonly text: string;
  readonly restBytes: number;
  readonly at: number;
  readonly image: string;
}

/** A process between two collections. */
interface Entry {
  readonly stat: PidStat;
  readonly status: PidStatus;
  readonly uptime: number | undefined;
  readonly cpuPercent: number | undefined;
  command: Command | undefined;
}

export class ProcTable {
  readonly #options: ProcTableOptions;
  #entries = new Map<number, Entry>();
  #reading: Promise<void> | undefined;

  constructor(options: ProcTableOptions) {
    this.#options = options;
  }

  /** Whether a process was there at the last collection. */
  has(pid: number): boolean {
    return this.#entries.has(pid);
  }

  /**
   * The processes with these pids, or all but the kernel's own threads; those that are gone (or not to be seen) are left out. `uptime`: seconds since boot,
   * from the same /proc.
   */
  async read(pids: Iterable<number> | 'all', uptime: number | undefined): Promise<ReadonlyMap<number, ProcRow>> {
    const { users, clock } = this.#options;
    const before = this.#entries;
    const entries = (this.#entries = new Map<number, Entry>());
    let left = BATCH;
    for (const pid of pids === 'all' ? this.#listed() : pids) {
      const entry = this.#entry(pid, before.get(pid), uptime);
      if (entry !== undefined && !(pids === 'all' && entry.stat.kernelThread)) entries.set(pid, entry);
      if (--left > 0) continue;
      left = BATCH;
      await turn();
    }
    await within(clock, COMMANDS_WAIT_MS, (this.#reading ??= this.#commands(entries).finally(() => (this.#reading = undefined))));
    await within(clock, NAMES_WAIT_MS, users.learn([...entries.values()].map(({ status }) => status.uid)));
    return new Map([...entries].map(([pid, entry]) => [pid, this.#row(pid, entry)]));
  }

  #listed(): number[] {
    try {
      return readdirSync(this.#options.dir)
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .sort((a, b) => a - b);
    } catch {
      return [];
    }
  }

  #entry(pid: number, old: Entry | undefined, uptime: number | undefined): Entry | undefined {
    const stat = parsePidStat(this.#file(pid, 'stat'));
    const status = stat && parsePidStatus(this.#file(pid, 'status'));
    if (stat === undefined || status === undefined) return undefined;
    const same = old?.stat.startTicks === stat.startTicks ? old : undefined;
    const command = same?.command?.image === stat.image ? same.command : undefined;
    return { stat, status, uptime, cpuPercent: cpuPercent(stat, uptime, same), command };
  }

  #file(pid: number, name: string): string {
    try {
      return readFileSync(`${this.#options.dir}/${pid}/${name}`, 'utf8');
    } catch {
      return '';
    }
  }

  async #commands(entries: ReadonlyMap<number, Entry>): Promise<void> {
    const now = this.#options.clock.now();
    for (const [pid, entry] of entries) {
      const { stat, command } = entry;
      if (command !== undefined && now - command.at < COMMAND_KEEP_MS) continue;
      const bytes = await readFile(`${this.#options.dir}/${pid}/cmdline`).catch(() => undefined);
      if (bytes !== undefined) entry.command = { ...this.#told(parseCmdline(bytes), stat), at: now, image: stat.image };
    }
  }

  /** On one line; threads of the kernel and the dead have no arguments, they are shown by name as ps does it. */
  #told(argv: readonly string[], { name, state }: PidStat): CutCommand {
    if (argv.length === 0) return { text: `[${name}]${state === 'Z' ? ' <defunct>' : ''}`, restBytes: 0 };
    // Whole, so that no half of a credential is left where a command is cut; and again, for what is cut may look otherwise.
    const shown = this.#options.redact ? redact(argv) : argv;
    const cut = cutCommand(clean(shown.join(' ').replace(/\s/g, ' '), Infinity));
    return this.#options.redact ? { ...cut, text: redact(cut.text.split(' ')).join(' ') } : cut;
  }

  #row(pid: number, { stat, status, uptime, cpuPercent: cpu, command }: Entry): ProcRow {
    const age = uptime === undefined ? -1 : uptime - stat.startTicks / TICKS;
    return {
      pid,
      name: stat.name,
      user: this.#options.users.name(status.uid),
      command: command?.text ?? '',
      commandRestBytes: command?.restBytes ?? 0,
      // Younger than nothing: the two files speak of different machines (a container's uptime).
      ageSeconds: age < 0 ? undefined : age,
      cpuPercent: cpu,
      residentBytes: status.residentBytes,
    };
  }
}

/** CPU between two readings of a process; undefined at its first. */
function cpuPercent(stat: PidStat, uptime: number | undefined, before: Entry | undefined): number | undefined {
  if (before?.uptime === undefined || uptime === undefined || uptime <= before.uptime) return undefined;
  const seconds = (stat.cpuTicks - before.stat.cpuTicks) / TICKS;
  return Math.max(0, (100 * seconds) / (uptime - before.uptime));
}
