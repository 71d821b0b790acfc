/** Where the readings of a GPU come from, on a node with several endpoints: by group of readings, as labels of the GPU. */

export const SOURCE_LABELS = {
  utilization: 'source_utilization',
  memory: 'source_memory',
  temperature: 'source_temperature',
  power: 'source_power',
  clocks: 'source_clocks',
  other: 'source_other',
  processes: 'source_processes',
} as const;
export type SourceGroup = keyof typeof SOURCE_LABELS;
export const SOURCE_GROUPS = Object.keys(SOURCE_LABELS) as readonly SourceGroup[];

/** By the name of a reading: what follows `util`, `memory`, ..., or precedes its unit. */
const PATTERNS: readonly (readonly [SourceGroup, RegExp])[] = [
  ['utilization', /^util/],
  ['temperature', /Celsius$/],
  ['power', /Watts$/],
  ['clocks', /Mhz$/],
  ['memory', /^memory/],
];

/** The group of a reading of `NodeGpu`, or of a column of GPUs. */
export const sourceGroupOf = (reading: string): SourceGroup => PATTERNS.find(([, pattern]) => pattern.test(reading))?.[0] ?? 'other';
