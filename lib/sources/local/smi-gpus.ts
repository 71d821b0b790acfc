/** `nvidia-smi --query-gpu=... --format=csv,noheader,nounits`: what changes from second to second, a line a GPU. */
import { clean } from '../../text/sanitize.js';
import type { NodeGpu } from '../../model/sample.js';
import { mebibytes, reading, word } from './smi-values.js';

/** Asked for in this order. A driver that lacks one says so, and is asked again without it. */
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
] as const;
export type GpuQueryField = (typeof GPU_QUERY)[number];

/** What can't be done without. */
export const NEEDED: readonly string[] = ['index', 'uuid', 'name'];

interface GpuLine {
  /** How many GPUs there are; undefined: the driver doesn't say. */
  readonly count: number | undefined;
  readonly gpu: NodeGpu;
}

const MODES: Readonly<Record<string, boolean>> = { Enabled: true, Disabled: false };

/** A line of `fields`; undefined: it is something else, such as an error in words. */
export function gpuLine(line: string, fields: readonly string[]): GpuLine | undefined {
  const cells = line.split(',');
  if (cells.length !== fields.length) return undefined;
  const cell = (field: GpuQueryField): string | undefined => cells[fields.indexOf(field)]?.trim();
  const index = reading(cell('index'));
  const uuid = word(cell('uuid'));
  if (index === undefined || uuid === undefined) return undefined;
  const driver = word(cell('driver_version'));
  return {
    count: reading(cell('count')),
    gpu: {
      index,
      uuid: clean(uuid, 128),
      name: clean(word(cell('name')) ?? 'NVIDIA GPU', 128),
      utilPercent: reading(cell('utilization.gpu')),
      memoryUsedBytes: mebibytes(cell('memory.used')),
      memoryTotalBytes: mebibytes(cell('memory.total')),
      temperatureCelsius: reading(cell('temperature.gpu')),
      powerWatts: reading(cell('power.draw')),
      powerLimitWatts: reading(cell('power.limit')),
      frequencyMhz: reading(cell('clocks.gr')),
      performanceState: reading(cell('pstate')),
      migEnabled: MODES[cell('mig.mode.current') ?? ''],
      ...(driver === undefined ? {} : { details: { driver_version: clean(driver, 64) } }),
    },
  };
}

/**
 * Puts lines together to rounds: one round says something about every GPU once. A round is over when as many lines have come as there
 * are GPUs, or when one speaks again (another has fallen off the bus and is not listed).
 */
export class GpuRounds {
  #fields: readonly string[];
  #open = new Map<number, NodeGpu>();
  #latest: readonly NodeGpu[] | undefined;

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  /** The last whole round, by index; undefined before the first. */
  get latest(): readonly NodeGpu[] | undefined {
    return this.#latest;
  }

  /** Whether this line was one of a GPU, and whether it ended a round. */
  push(line: string): 'round' | 'row' | 'other' {
    const parsed = gpuLine(line, this.#fields);
    if (parsed === undefined) return 'other';
    const { count, gpu } = parsed;
    const again = this.#open.has(gpu.index);
    if (again) this.#close();
    this.#open.set(gpu.index, gpu);
    const whole = count !== undefined && this.#open.size >= count;
    if (whole) this.#close();
    return whole || again ? 'round' : 'row';
  }

  /** Another process speaks from here on: what was begun is void. */
  restart(fields: readonly string[]): void {
    this.#fields = fields;
    this.#open.clear();
  }

  #close(): void {
    this.#latest = [...this.#open.values()].sort((a, b) => a.index - b.index);
    this.#open = new Map();
  }
}
