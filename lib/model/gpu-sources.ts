/** Where the readings of a GPU come from. On a node with several endpoints, labels of the GPU name them, a label per group of readings. */
import type { GpuColumns } from './columns.js';
import type { EndpointView } from './endpoint.js';
import { GPU_FIELDS } from './gpu-fields.js';
import type { NodeView } from './node-view.js';

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
const SOURCE_GROUPS = Object.keys(SOURCE_LABELS) as readonly SourceGroup[];

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

/** An endpoint that has reported something of a GPU. */
export interface GpuSource {
  readonly endpoint: EndpointView;
  /** What answers there; '' where that is not known. */
  readonly exporter: string;
  readonly groups: readonly SourceGroup[];
}

/** Which endpoints the readings of a GPU come from, in the order of the endpoints. */
export function sourcesOfGpu(node: Pick<NodeView, 'endpoints' | 'facts' | 'gpus'>, slot: number): readonly GpuSource[] {
  const { endpoints, facts, gpus } = node;
  const groupsOf = (endpoint: EndpointView): readonly SourceGroup[] =>
    endpoints.length === 1
      ? reportedGroups(gpus, slot)
      : SOURCE_GROUPS.filter((group) => gpus.detail(slot, SOURCE_LABELS[group]).split(' ').includes(endpoint.id));
  return endpoints.flatMap((endpoint) => {
    const groups = groupsOf(endpoint);
    const { exporterVersion } = endpoint.facts ?? facts;
    return groups.length === 0 ? [] : [{ endpoint, exporter: exporterVersion, groups }];
  });
}

function reportedGroups({ field, count }: GpuColumns, slot: number): readonly SourceGroup[] {
  const found = new Set(GPU_FIELDS.filter((name) => slot < count && !Number.isNaN(field[name][slot]!)).map(sourceGroupOf));
  return SOURCE_GROUPS.filter((group) => found.has(group));
}
