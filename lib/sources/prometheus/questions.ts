/**
 * What is asked of a Prometheus server, as queries. Never everything: the families that are on screen, without the labels that are long and the same
 * every time. Pure.
 */
import { METRICS, NAMESPACE, type Metric } from '../../exposition/schema/families.js';
import type { Needs } from '../../model/collector.js';
import type { Dialect } from '../dialects/dialect.js';
import { familiesOf } from '../dialects/dialects.js';

/** Which rows an answer is about. */
export type Subject =
  'up' | 'sampled' | 'fixed' | 'gpus' | 'machine' | 'processes' | 'ages' | 'shares' | 'identities' | 'commands' | 'dialects' | 'whole';

export interface Question {
  readonly subject: Subject;
  readonly query: string;
}

/** What a server has, as far as it was found out. */
export interface Inventory {
  /** Scrape jobs that have any of our families; '' for series without that label. */
  readonly jobs: readonly string[];
  /** The families that show which exporters there are. */
  readonly families: readonly string[];
  readonly hasAllSmi: boolean;
  /** The other exporters, and which of their families there are. */
  readonly dialects: readonly Dialect[];
  /** Label matchers that narrow everything: `cluster="a"`; '' for none. */
  readonly match: string;
  /** The sums of docs/prometheus/rules.yml are recorded. */
  readonly hasRules: boolean;
}

/** They change when a node is changed, not while it runs: asked once in a while. */
const FIXED: ReadonlySet<string> = new Set([
  'build_info',
  'process_export_info',
  'gpu_info',
  'gpu_memory_total_bytes',
  'gpu_power_limit_max_watts',
  'gpu_temperature_threshold_slowdown_celsius',
  'gpu_temperature_threshold_shutdown_celsius',
  'gpu_temperature_threshold_max_operating_celsius',
  'gpu_numa_node_id',
  'cpu_info',
  'cpu_model',
  'cpu_socket_count',
  'cpu_core_count',
  'cpu_thread_count',
  'memory_total_bytes',
  'swap_total_bytes',
  'disk_total_bytes',
]);
const namesOf = (wanted: (metric: Metric) => boolean): readonly string[] => METRICS.filter(wanted).map(({ name }) => name);
const fixed = namesOf(({ table, name }) => FIXED.has(name) || table === 'runtime');
const gpus = namesOf((metric) => metric.table === 'gpu' && 'field' in metric && !FIXED.has(metric.name));
const machine = namesOf(({ table, name }) => ['up', 'cpu', 'memory', 'disk', 'source'].includes(table) && !FIXED.has(name));
const MEMORY = 'process_memory_used_bytes';
const AGE = 'process_start_time_seconds';
const SHARE = 'process_gpu_utilization';
const IDENTITY = 'process_identity_info';
const processes = namesOf(({ table }) => table === 'process');

/** By these, rows of GPUs and processes differ; all other labels of a GPU are known from its fixed rows. */
const GPU_LABELS = 'instance, gpu_index, npu_index, index';
const PROCESS_LABELS = 'instance, gpu_index, device_id, device_uuid, user, pid';

/** A metric name that shows that there are nodes with all-smi. */
const ALL_SMI_PROOF = ['gpu_utilization', 'up', 'gpu_info', 'cpu_utilization'].map((name) => NAMESPACE + name);

/** Well within the five minutes for which a server still has a sample. */
const LOOK_SECONDS = 60;
/** VictoriaMetrics refuses more than 100,000 in a subquery. */
const MAX_LOOKS = 90_000;

/** How many nodes there were, and their power, as recorded by the rules. */
const RECORDED: readonly string[] = ['cluster:all_smi_nodes:count', 'cluster:all_smi_gpu_power_watts:sum'];

/** Exporters of GPUs. What only describes the machine is not asked from here. */
const withGpus = (dialects: readonly Dialect[]): readonly Dialect[] => dialects.filter(({ gpuReadings }) => gpuReadings !== undefined);

const CORE = new Set(['utilPercent', 'memoryUsedBytes', 'powerWatts']);
const proofOf = (dialect: Dialect): readonly string[] =>
  dialect.proof.families ?? (dialect.gpuReadings ?? []).filter(({ into }) => CORE.has(into)).flatMap(({ families }) => families);
/** As a pattern of names. */
const pattern = (dialect: Dialect, families: readonly string[]): readonly string[] =>
  dialect.prefixed ? families.flatMap((family) => [family, `[a-z0-9]+_${family}`]) : families;

const selector = (names: readonly string[], match: string, more = ''): string =>
  `{${[names.length === 1 ? `__name__="${names[0]!}"` : `__name__=~"${names.join('|')}"`, match, more].filter((part) => part !== '').join(',')}}`;
const ours = (names: readonly string[]): readonly string[] => names.map((name) => NAMESPACE + name);

/** Escapes a text for a label matcher; with `=~` it is taken literally. */
const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
export const anyOf = (label: string, values: readonly string[]): string =>
  values.length === 1
    ? `${label}=${quoted(values[0]!)}`
    : `${label}=~${quoted(values.map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'))}`;

const proofs = (dialects: readonly Dialect[]): readonly string[] => [
  ...ALL_SMI_PROOF,
  ...withGpus(dialects).flatMap((dialect) => pattern(dialect, proofOf(dialect))),
];

/** Which exporters there are: which of their families, by job. */
export const probe = (match: string, dialects: readonly Dialect[]): string =>
  `group by (__name__, job) (${selector([...RECORDED, ...proofs(dialects)], match)})`;

/** When the server had anything of any exporter last, in so many seconds. Where that is much, it is too much to ask about long. */
export const lastSeen = (match: string, dialects: readonly Dialect[], seconds: number): string =>
  `max_over_time((group(${selector(proofs(dialects), match)}) * time())[${Math.ceil(seconds)}s:${Math.max(LOOK_SECONDS, Math.ceil(seconds / MAX_LOOKS))}s])`;

/** What the probe has found. `names`: pairs of a family and a job. */
export function inventoryOf(
  names: readonly (readonly [family: string, job: string])[],
  match: string,
  dialects: readonly Dialect[],
): Inventory {
  const found = new Set(names.map(([family]) => family));
  const families = [...found].filter((family) => !RECORDED.includes(family)).sort();
  const has = (dialect: Dialect): boolean => {
    const patterns = pattern(dialect, proofOf(dialect)).map((one) => new RegExp(`^${one}$`));
    return [...found].some((name) => patterns.some((one) => one.test(name)));
  };
  return {
    jobs: [...new Set(names.filter(([family]) => !RECORDED.includes(family)).map(([, job]) => job))].sort(),
    families,
    hasAllSmi: ALL_SMI_PROOF.some((name) => found.has(name)),
    dialects: withGpus(dialects).filter(has),
    match,
    hasRules: RECORDED.every((name) => found.has(name)),
  };
}

/** The targets of our jobs; `more`: another matcher. */
export const upOf = ({ jobs, match }: Inventory, more = ''): string =>
  `up{${[anyOf('job', jobs), match, more].filter((part) => part !== '').join(',')}}`;

/** Which targets there are, and when each was scraped last. */
export function targetQuestions(inventory: Inventory): readonly Question[] {
  const up = upOf(inventory);
  return [
    { subject: 'up', query: `max by (instance) (${up})` },
    { subject: 'sampled', query: `max by (instance) (timestamp(${up}))` },
  ];
}

/** Where `up` is not kept: when the GPUs were sampled last. */
export const sampledQuestion = ({ match, families }: Inventory): Question => ({
  subject: 'sampled',
  // One by one: without their names, families may have the same labels, and Prometheus refuses that.
  query: `max by (instance) (${families.map((name) => `timestamp(${selector([name], match)})`).join(' or ')})`,
});

export const fixedQuestions = ({ hasAllSmi, match }: Inventory): readonly Question[] =>
  hasAllSmi ? [{ subject: 'fixed', query: selector(ours(fixed), match) }] : [];

/** The values that change. `of`: only of these nodes; absent: of all. */
export function valueQuestions(
  { hasAllSmi, dialects, match }: Inventory,
  { nodes = [], processes: all = false }: Needs,
  of?: readonly string[],
): readonly Question[] {
  const only = of === undefined ? '' : anyOf('instance', of);
  const rows = (names: readonly string[]): string => selector(ours(names), match, only);
  const slim = (labels: string, names: readonly string[]): string => `max by (${labels}) (${rows(names)})`;
  const ownQuestions: readonly Question[] = [
    { subject: 'gpus', query: slim(`__name__, ${GPU_LABELS}`, gpus) },
    { subject: 'machine', query: rows(machine) },
    ...(all
      ? [{ subject: 'processes', query: rows(processes) } as const]
      : ([
          { subject: 'processes', query: slim(PROCESS_LABELS, [MEMORY]) },
          { subject: 'ages', query: slim(PROCESS_LABELS, [AGE]) },
          { subject: 'shares', query: slim(PROCESS_LABELS, [SHARE]) },
        ] as const)),
    { subject: 'identities', query: rows([IDENTITY]) },
  ];
  return [
    ...(hasAllSmi ? ownQuestions : []),
    ...dialectQuestions(dialects, match, only),
    ...(hasAllSmi && nodes.length > 0 ? [{ subject: 'whole', query: wholeQuery(nodes, match) } as const] : []),
  ];
}

/** The processes whose commands are shown: the largest of each user, and all of some users. */
export function commandQuestions({ hasAllSmi, match }: Inventory, { users = [], processes: all = false }: Needs): readonly Question[] {
  if (!hasAllSmi || all) return [];
  const memory = (more = ''): string => selector(ours([MEMORY]), match, more);
  return [
    { subject: 'commands', query: `topk by (user) (1, ${memory()} > 0)` },
    ...users.map((user) => ({ subject: 'commands', query: memory(anyOf('user', [user])) }) as const),
  ];
}

function dialectQuestions(dialects: readonly Dialect[], match: string, only: string): readonly Question[] {
  const names = [
    ...new Set(
      dialects.flatMap((dialect) =>
        pattern(
          dialect,
          familiesOf(dialect).filter((family) => family !== dialect.cpuSeconds),
        ),
      ),
    ),
  ];
  return names.length === 0 ? [] : [{ subject: 'dialects', query: selector(names, match, only) }];
}

export interface TimelineQueries {
  readonly nodes: string;
  readonly power: string;
}

/** The number of nodes that the server could scrape, and their power, as recorded; undefined: not recorded, or not of all exporters. */
export function recordedTimeline({ hasRules, dialects, match }: Inventory): TimelineQueries | undefined {
  if (!hasRules || dialects.length > 0) return undefined;
  const [nodes = '', power = ''] = RECORDED.map((name) => `max(${selector([name], match)})`);
  return { nodes, power };
}

/** The same, computed. */
export function timelineQueries(inventory: Inventory): TimelineQueries {
  const { hasAllSmi, dialects, match } = inventory;
  const own = hasAllSmi ? [powerOf(selector(ours([POWER]), match), GPU_LABELS)] : [];
  const others = dialects.flatMap(({ gpu, gpuReadings = [] }) => {
    const { families, scale = 1 } = gpuReadings.find(({ into }) => into === 'powerWatts') ?? { families: [] };
    const labels = ['instance', ...(gpu?.uuid ?? []), ...(gpu?.index ?? [])].join(', ');
    return families.length === 0 ? [] : [`${powerOf(selector(families, match), labels)} * ${scale}`];
  });
  return { nodes: `count(max by (instance) (${upOf(inventory)}) == 1)`, power: [...own, ...others].join(' or ') || 'vector(NaN)' };
}

const POWER = 'gpu_power_consumption_watts';
/** Rows that are there twice are counted once. */
const powerOf = (rows: string, labels: string): string => `sum(clamp_min(max by (${labels}) (${rows}), 0))`;

const wholeQuery = (nodes: readonly string[], match: string): string =>
  `{${[`__name__=~"${NAMESPACE}.+"`, match, anyOf('instance', nodes)].filter((part) => part !== '').join(',')}}`;

/** The families of slim rows that do not have their name as a label. */
export const NAME_OF: Readonly<Partial<Record<Subject, string>>> = {
  processes: NAMESPACE + MEMORY,
  ages: NAMESPACE + AGE,
  shares: NAMESPACE + SHARE,
};
