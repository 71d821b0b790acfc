/** `nvidia-smi --query-gpu=... --format=csv,noheader,nounits`: readings that change every second, one line per GPU. */
import { clean } from '../../text/sanitize.js';
import type { Ms } from '../../model/clock.js';
import type { NodeGpu } from '../../model/sample.js';
import type { Heard } from './child-loop.js';
import { linesOf, mebibytes, reading, word } from './smi-values.js';

/** Queried in this order. A driver that lacks a field reports that, and is queried again without it. */
export const GPU_QUERY = [
  'count',
  'index',
  'uuid',
  'name',
  'driver_version',
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'temperature.gpu',
  'power.draw',
  'power.limit',
  'clocks.gr',
  'pstate',
  'mig.mode.current',
  'clocks.mem',
  'temperature.memory',
  'fan.speed',
] as const;
export type GpuQueryField = (typeof GPU_QUERY)[number];

/** Required fields. */
export const NEEDED: readonly string[] = ['index', 'uuid', 'name'];

export interface GpuLine {
  /** Number of GPUs; undefined: the driver does not report it. */
  readonly count: number | undefined;
  /** Undefined: not reported. One of the two is. */
  readonly index: number | undefined;
  readonly uuid: string | undefined;
  readonly gpu: Omit<NodeGpu, 'index' | 'uuid'>;
  /** `[GPU requires reset]` and the like in its cells; '' for none. */
  readonly trouble: string;
}

/** The name of a GPU that does not report one. */
export const NAMELESS = 'NVIDIA GPU';

const MODES: Readonly<Record<string, boolean>> = { Enabled: true, Disabled: false };
const TROUBLE = /^\[?(GPU (?:requires reset|is lost))\]?$/i;
const whole = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

/** The separator is a comma and a blank, so that a comma within a number does not separate. */
function cellsOf(line: string, count: number): string[] {
  const cells = line.split(/,\s/);
  return (cells.length < count ? line.split(',') : cells).map((cell) => cell.trim());
}

/** A line of `fields`; undefined: something else, such as an error message. Only a name may contain commas. */
export function gpuLine(line: string, fields: readonly string[]): GpuLine | undefined {
  const cells = cellsOf(line, fields.length);
  const surplus = cells.length - fields.length;
  if (surplus < 0) return undefined;
  const name = fields.indexOf('name');
  if (surplus > 0) cells.splice(name, surplus + 1, cells.slice(name, name + surplus + 1).join(', '));
  const cell = (field: GpuQueryField): string | undefined => cells[fields.indexOf(field)];
  const index = whole(reading(cell('index')));
  const uuid = word(cell('uuid'));
  if ((index === undefined && uuid === undefined) || (uuid !== undefined && !/^[\w-]+$/.test(uuid))) return undefined;
  const driver = word(cell('driver_version'));
  return {
    count: whole(reading(cell('count'))),
    index,
    uuid: uuid === undefined ? undefined : clean(uuid, 128),
    gpu: {
      name: clean(word(cell('name')) ?? NAMELESS, 128),
      utilPercent: reading(cell('utilization.gpu')),
      memoryUsedBytes: mebibytes(cell('memory.used')),
      memoryTotalBytes: mebibytes(cell('memory.total')),
      temperatureCelsius: reading(cell('temperature.gpu')),
      powerWatts: reading(cell('power.draw')),
      powerLimitWatts: reading(cell('power.limit')),
      frequencyMhz: reading(cell('clocks.gr')),
      performanceState: reading(cell('pstate')),
      memoryMhz: reading(cell('clocks.mem')),
      memoryCelsius: reading(cell('temperature.memory')),
      fanPercent: reading(cell('fan.speed')),
      migEnabled: MODES[cell('mig.mode.current') ?? ''],
      ...(driver === undefined ? {} : { details: { driver_version: clean(driver, 64) } }),
    },
    trouble: cells.map((one) => TROUBLE.exec(one)?.[1]).find((one) => one !== undefined) ?? '',
  };
}

interface Row {
  readonly gpu: NodeGpu;
  readonly at: Ms;
}

/** More than any machine has. */
const MAX_GPUS = 1024;

export interface GpuTableOptions {
  readonly fields: readonly string[];
  /** What identifies a GPU without a uuid (Jetson), besides its index: the name of the machine. */
  readonly machine: string;
}

/**
 * The newest row of each GPU, by index. A GPU whose row is missing or invalid does not affect the others: it stays known, without readings,
 * while the driver counts more GPUs than it lists.
 */
export class GpuTable {
  readonly #machine: string;
  #fields: readonly string[];
  #rows = new Map<number, Row>();
  #count: number | undefined;
  #last = -1;

  constructor({ fields, machine }: GpuTableOptions) {
    this.#fields = fields;
    this.#machine = machine;
  }

  /** Number of GPUs as counted by the driver; undefined: not reported. */
  get count(): number | undefined {
    return this.#count;
  }

  /** Whether nvidia-smi does not report the uuid of this GPU. */
  isUnnamed({ index, uuid }: NodeGpu): boolean {
    return uuid === this.#standIn(index);
  }

  /** A line that arrived at `now`. `whole`: it is the last one of a round over all GPUs, or the first of another. */
  push(line: string, now: Ms): Heard {
    const text = linesOf(line)[0];
    if (text === undefined) return { kind: 'blank' };
    const parsed = gpuLine(text, this.#fields);
    if (parsed === undefined) return { kind: 'words', words: text };
    const index = parsed.index ?? this.#indexOf(parsed.uuid);
    if (index >= MAX_GPUS) return { kind: 'words', words: text };
    const known = this.#rows.get(index)?.gpu;
    const uuid = parsed.uuid ?? known?.uuid ?? this.#standIn(index);
    this.#count = parsed.count ?? this.#count;
    this.#rows.set(index, { gpu: { index, uuid, ...parsed.gpu }, at: now });
    this.#forget(now);
    const again = index <= this.#last;
    this.#last = index;
    const whole = again || (this.#count !== undefined && index >= this.#count - 1);
    return { kind: 'data', whole, ...(parsed.trouble === '' ? {} : { words: `GPU ${index}: ${parsed.trouble}` }) };
  }

  /** The lines from here on come from another process. */
  restart(fields: readonly string[]): void {
    this.#fields = fields;
    this.#last = -1;
  }

  /**
   * The GPUs by index. Rows older than `keepMs` have no readings; they are left out if the driver no longer counts their GPUs, or if it
   * neither counts nor reports errors.
   */
  at(now: Ms, keepMs: Ms, complains: boolean): { readonly gpus: readonly NodeGpu[]; readonly silent: number } {
    const rows = [...this.#rows.values()].sort((a, b) => a.gpu.index - b.gpu.index);
    const fresh = rows.filter(({ at }) => now - at <= keepMs);
    const lost = this.#count === undefined ? complains : this.#count > fresh.length;
    if (fresh.length === 0) return { gpus: rows.map(({ gpu }) => identity(gpu)), silent: rows.length };
    const gpus = rows.flatMap((row) => (fresh.includes(row) ? [row.gpu] : lost ? [identity(row.gpu)] : []));
    if (!lost) this.#rows = new Map(fresh.map((row) => [row.gpu.index, row]));
    return { gpus, silent: Math.max(gpus.length, this.#count ?? 0) - fresh.length };
  }

  /** A substitute for the uuid; viewers identify GPUs by it. */
  #standIn(index: number): string {
    return `${this.#machine}-gpu-${index}`;
  }

  /** More rows than GPUs: the numbering has changed. */
  #forget(now: Ms): void {
    while (this.#count !== undefined && this.#rows.size > Math.max(1, this.#count)) {
      const [oldest] = [...this.#rows].sort(([, a], [, b]) => a.at - b.at)[0]!;
      if (this.#rows.get(oldest)!.at >= now) return;
      this.#rows.delete(oldest);
    }
  }

  /** The index of a GPU that does not report it: the one it had, or the first free one. */
  #indexOf(uuid: string | undefined): number {
    const known = [...this.#rows.values()].find(({ gpu }) => gpu.uuid === uuid);
    if (known !== undefined) return known.gpu.index;
    let index = 0;
    while (this.#rows.has(index)) index++;
    return index;
  }
}

/** The properties of a GPU, without readings. */
const identity = ({ index, uuid, name, details }: NodeGpu): NodeGpu => ({ index, uuid, name, ...(details ? { details } : {}) });
