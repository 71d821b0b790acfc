/** The page about other exporters, from the dialects that the program reads. */
import { DIALECTS, UNREADABLE } from '../lib/sources/dialects/dialects.js';
import type { Dialect, GpuReading, Mapping } from '../lib/sources/dialects/dialect.js';

type Rows = readonly (readonly string[])[];
/** Draws a table in Markdown. */
type Table = (head: readonly string[], rows: Rows) => string;

const mark = (is: boolean): string => (is ? 'yes' : '–');

const fills =
  (...readings: readonly GpuReading[]) =>
  ({ gpuReadings = [] }: Dialect): string =>
    mark(gpuReadings.some(({ into }) => readings.includes(into)));

const owned =
  (...names: readonly (keyof NonNullable<Dialect['owner']>)[]) =>
  ({ owner = {}, nodeOwners }: Dialect): string =>
    names.some((name) => owner[name]) ? (nodeOwners ? 'yes, not on which GPU' : 'yes') : '–';

const processes = ({ processes: from }: Dialect): string => (from ? (from.shownBy ? 'if exported' : 'yes') : '–');

const COLUMNS: Readonly<Record<string, (dialect: Dialect) => string>> = {
  Exporter: ({ program }) => program,
  Port: ({ port }) => port || '–',
  Utilization: fills('utilPercent'),
  'Memory used': fills('memoryUsedBytes', 'memoryUsedPercent'),
  Memory: fills('memoryTotalBytes', 'memoryFreeBytes', 'memoryUsedPercent'),
  Temperature: fills('temperatureCelsius'),
  Power: fills('powerWatts'),
  Limit: fills('powerLimitWatts', 'powerLimitMaxWatts'),
  Clock: fills('frequencyMhz'),
  MIG: ({ gpu }) => mark(gpu?.part !== undefined && !gpu.tiles),
  Processes: processes,
  Users: ({ processes: from }) => mark(from?.user !== undefined),
  Jobs: owned('job'),
  Pods: owned('pod'),
  Machine: (dialect) => mark(dialect.nodeReadings !== undefined || dialect.with !== undefined),
  'Renewed every': ({ refreshSeconds }) => (refreshSeconds === 0 ? 'scrape' : `${refreshSeconds} s`),
};

const familyRow = <Reading extends string>({ into, families, where = {}, scale = 1 }: Mapping<Reading>): readonly string[] => [
  `\`${into}\``,
  families.map((family) => `\`${family}\``).join(', '),
  Object.entries(where)
    .map(([label, text]) => `\`${label}="${text}"\``)
    .join(', '),
  scale === 1 ? '' : `× ${scale}`,
];

function familiesSection(dialect: Dialect, table: Table): string {
  const { program, id, gpuReadings = [], processes: from, nodeReadings = [], cpuSeconds, disks } = dialect;
  const rows = [
    ...gpuReadings.map(familyRow),
    ...(from?.readings ?? []).map(familyRow),
    ...nodeReadings.map(familyRow),
    ...(cpuSeconds === undefined ? [] : [['`cpuPercent`', `\`${cpuSeconds}\``, 'between two scrapes', '']]),
    ...(disks ? [['disks', `\`${disks.size}\`, \`${disks.available}\``, '', '']] : []),
  ];
  return `### ${program} (\`${id}\`)\n\n${rows.length === 0 ? 'Owners only.' : table(['Reading', 'Families', 'Rows', 'Scale'], rows)}`;
}

export const exporterSections = (table: Table): readonly string[] => [
  "A node may run another exporter instead of all-smi: name its port, `--hosts 'node[01-16]:9400'`. What answers there is recognised by the " +
    'names of its metrics; nothing has to be configured. [DIALECTS.md](DIALECTS.md): how to add an exporter, or names that your site has changed. all-smi reports most; of the others, only nvitop-exporter lists processes with ' +
    'their users.',
  '## What each can report',
  '`–`: it does not report this, so it is shown as not reported. "Processes: –" means that the node counts as not reporting processes: ' +
    'no user is missing from it, they are not known.',
  table(
    Object.keys(COLUMNS),
    DIALECTS.map((dialect) => Object.values(COLUMNS).map((of) => of(dialect))),
  ),
  '## How values are read',
  [
    '- **Copies count once.** An exporter repeats the values of a GPU for each pod, job or MIG instance on it. The row that belongs to no pod is that of the GPU; else any of them.',
    '- **MIG.** Temperature, power and clock are those of the board. Memory is that of each instance; in use on the board is the sum. Utilization of the board is not reported.',
    '- **Fillers** of DCGM, -1, NaN and values that no GPU can have are not reported.',
    '- **Total memory** of dcgm-exporter is what is used, free and reserved. Before 4.4 the reserved 0.3 to 1 GiB are not exported, and the total is too low by that.',
    '- **Memory in use** includes what the driver reserves for some exporters (jobstats, GKE): up to 1 GiB more than for others.',
    '- **Power limit.** Where only the limit in effect is exported, it also stands for the maximum.',
    '- **Utilization of DCGM 4.6** (`DCGM_FI_DEV_GPU_UTIL_RATIO`) may be a percentage or a fraction: it is shown only when a GPU of the node shows which.',
    '- **Age.** Some exporters renew their values less often than they are scraped (last column). Such a node is down after three of these times without an answer, not after three scrapes.',
    '- **Owners.** Jobs and pods in the labels of a GPU are shown as allocations, unless `--jobs` knows more. A user who is a number is a uid.',
    '- **Names** come from the label of the exporter (`Hostname`, `nodename`), if it is not an address; else from the host file or the address.',
  ].join('\n'),
  '## Several exporters of one node',
  "`--hosts 'node[01-16]:9400+9100'` lists endpoints of one node ([HOSTS.md](HOSTS.md)). Each is scraped on its own, and has its own state and age on the Diagnosis tab. What they report is shown as one node:",
  [
    '- **Which GPU.** By its UUID; else by the PCI bus, the minor number or the index, where another exporter of the node sends them together with the UUID. A number that an exporter counts for itself, within a job for instance, is never one of these.',
    '- **Each value once**, from the best source: all-smi, then the exporter that renews its values most often; one that has missed a refresh comes after the others. Values that are computed, or that count in another way (memory of jobstats), only fill gaps. The details of a GPU, and `sources` in `get gpus -o json`, say which endpoint it is from.',
    '- **Processes** are those of one exporter: all-smi, else one that names their users. Where none lists processes they are not reported, and no process is made up.',
    '- **Allocations** of one job on one GPU count once, whoever reports them: one exporter may have the GPU, another the user.',
    '- **Up.** A node is up while every endpoint that ever reported its GPUs is; without GPUs, while any endpoint is. What only another endpoint reported is dropped when that is overdue.',
    '- **Other GPUs.** An endpoint whose GPUs have other UUIDs than those of the endpoints listed before it is not of the same node: it is refused (`S_OTHER_GPUS`), and nothing of it is used.',
  ].join('\n'),
  '## Exporters that are recognised and not read',
  table(
    ['Exporter', 'Why'],
    UNREADABLE.map(({ program, why }) => [program, why]),
  ),
  '## Families',
  ...DIALECTS.map((dialect) => familiesSection(dialect, table)),
];
