/** The machine without its GPUs: CPU, memory, disks, from /proc. */
import type { NodeCpu, NodeDisk, NodeMemory } from '../../model/sample.js';
import { clean } from '../../text/sanitize.js';
import type { Access } from './access.js';
import { within } from './with-timeout.js';
import {
  busyPercent,
  parseCpuClock,
  parseCpuinfo,
  parseMeminfo,
  parseMounts,
  parseUptime,
  type CpuClock,
  type CpuModel,
} from './proc-text.js';
import type { Clock, Ms } from '../../model/clock.js';

export interface SystemReading {
  /** Seconds since boot. */
  readonly uptime: number | undefined;
  readonly cpu: NodeCpu | undefined;
  readonly memory: NodeMemory | undefined;
  readonly disks: readonly NodeDisk[];
}

/** Read less often: on a big machine, reading the list of CPUs takes milliseconds, and disks fill slowly. */
const SLOW_MS = 30_000;
const DISKS_WAIT_MS = 1_000;

export class SystemReader {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #access: Access;
  #cpuClock: CpuClock | undefined;
  #model: CpuModel | undefined;
  #slowAt: Ms = -Infinity;
  #disks: readonly NodeDisk[] = [];
  #asking: Promise<void> | undefined;

  constructor(dir: string, clock: Clock, access: Access) {
    this.#access = access;
    this.#dir = dir;
    this.#clock = clock;
  }

  /** The machine's hostname and its properties. */
  get identity(): { readonly instance: string; readonly os: string; readonly arch: string } {
    const { hostname, os, arch } = this.#access.system;
    return { instance: clean(this.#file('sys/kernel/hostname')?.trim() ?? hostname, 256), os, arch };
  }

  /** Whether /proc exists. */
  get present(): boolean {
    return this.#file('stat') !== undefined;
  }

  async read(): Promise<SystemReading> {
    const now = this.#clock.now();
    if (now - this.#slowAt >= SLOW_MS) {
      this.#slowAt = now;
      const cpuinfo = this.#file('cpuinfo');
      this.#model = cpuinfo === undefined ? undefined : parseCpuinfo(cpuinfo);
      await within(this.#clock, DISKS_WAIT_MS, (this.#asking ??= this.#askDisks().finally(() => (this.#asking = undefined))));
    }
    const memory = this.#file('meminfo');
    return {
      uptime: parseUptime(this.#file('uptime') ?? ''),
      cpu: this.#cpu(),
      memory: memory === undefined ? undefined : parseMeminfo(memory),
      disks: this.#disks,
    };
  }

  async #askDisks(): Promise<void> {
    this.#disks = await this.#access.files.disks(parseMounts(this.#file('mounts') ?? '').map(({ mountPoint }) => mountPoint));
  }

  #cpu(): NodeCpu | undefined {
    const text = this.#file('stat');
    if (text === undefined) return undefined;
    const before = this.#cpuClock;
    const now = (this.#cpuClock = parseCpuClock(text));
    const none = { model: '', vendor: '', sockets: undefined, cores: undefined, threads: undefined, frequencyMhz: undefined } as const;
    const highest = Math.max(-1, ...now.cores.keys());
    return {
      ...(this.#model ?? none),
      utilPercent: busyPercent(now.all, before?.all),
      coreUtilPercent: Array.from({ length: highest + 1 }, (_, core) => busyPercent(now.cores.get(core), before?.cores.get(core))),
    };
  }

  #file(name: string): string | undefined {
    try {
      return this.#access.files.text(`${this.#dir}/${name}`);
    } catch {
      return undefined;
    }
  }
}
