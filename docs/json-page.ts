/** docs/JSON.md: what `get` prints, from the tables. */
import { exportColumns } from '../lib/view/table-columns.js';
import type { Table } from '../lib/plugin/types.js';

/** Type and meaning of each key. */
const KEYS: Readonly<Record<string, readonly [type: string, about: string]>> = {
  age_seconds: ['number', 'time since the last good scrape'],
  at: ['time', 'when the alert was raised'],
  bad_lines: ['integer', 'lines and values of the last scrape that could not be used'],
  body_bytes: ['integer', 'size of the last response'],
  clock_mhz: ['number', 'clock of the GPU'],
  clock_skew_seconds: ['number', "how far the node's clock is ahead of this machine's"],
  command: ['string', 'command line, or the name of the process where it is not reported'],
  cpu_percent: ['number', '100 is one thread of the CPU'],
  error: ['string', 'why the last scrape failed'],
  failures: ['integer', 'failed scrapes in a row'],
  free_since: ['time', 'since when all of these GPUs have been free'],
  gpu: ['integer', 'index of the GPU on its node'],
  gpu_indexes: ['list of integers', 'GPUs by their index on the node'],
  gpus: ['integer', 'number of GPUs'],
  gpus_busy: ['integer', 'GPUs that compute'],
  gpus_free: ['integer', 'GPUs that are idle now and hold at most 1 GiB'],
  gpus_held_idle: ['integer', 'GPUs that are idle now and hold more than 1 GiB'],
  idle_since: ['time', 'since when the GPU has been held idle; null where that began before the first sample'],
  is_system: ['boolean', 'root and other accounts that the Users tab hides (key f)'],
  latency_seconds: ['number', 'from the request to the last byte of the last good scrape'],
  level: ['string', 'warning or critical'],
  longest_seconds: ['number', 'age of the oldest process on a GPU'],
  message: ['string', 'the alert in a sentence'],
  model: ['string', 'model as the driver reports it'],
  next_seconds: ['number', 'time to the next scrape'],
  node: ['string', 'name of the node'],
  node_id: ['string', 'address of the node, unique'],
  nodes: ['integer', 'nodes where the user has processes on GPUs'],
  pid: ['integer', 'process id on its node'],
  power_is_partial: ['boolean', 'some GPUs do not report their power'],
  power_limit_watts: ['number', 'power limit of the GPU'],
  power_watts: ['number', "power; of a user, an estimate by the share of each GPU's memory"],
  problem: ['string', 'errors, failed sources of the exporter and bad lines'],
  procs: ['integer', 'processes on GPUs'],
  rule: ['string', 'rule of the alert ([CONFIG.md](CONFIG.md))'],
  running_seconds: ['number', 'age of the process'],
  samples: ['integer', 'samples in the last response'],
  sm_gpus: ['number', 'sum of the SM shares; 1 is one GPU in full use'],
  sm_percent: ['number', 'sum of the SM shares of the process; 100 is one GPU'],
  started_at: ['time', 'start of the process'],
  state: ['string', 'of a GPU: computing, held_idle, free or unknown; of a scrape: as on the Diagnosis tab'],
  status: [
    'string',
    'up, stale (the last scrape failed, or could not be made in time), down (no data for three refreshes) or never (no good scrape yet)',
  ],
  temperature_celsius: ['number', 'temperature of the GPU'],
  threshold: ['number', 'threshold of the rule, in its unit'],
  top_command: ['string', 'command of the process with the most GPU memory'],
  user: ['string', 'account; null where it is not known'],
  users: ['list of strings', 'users with processes there; of a GPU, most memory first; `?` where one is not known'],
  util_percent: ['number', 'utilization of the GPU'],
  uuid: ['string', 'UUID of the GPU'],
  value: ['number', 'reading that raised the alert, in the unit of the rule'],
  vram_bytes: ['integer', 'GPU memory held'],
  vram_is_partial: ['boolean', 'some processes do not report their memory'],
  vram_total_bytes: ['integer', 'memory of a GPU'],
  account: ['string or null', 'account of the jobs; null: none is known'],
  job: ['string or null', 'id of the job; null: none is known'],
  namespace: ['string or null', 'namespace of the pods; null: none is known'],
  team: ['string or null', 'team of the users; null: none is known'],
  allocated_gpus: ['number or null', 'GPUs that the scheduler has allocated, used or not; null: no allocation is known anywhere'],
  allocated_idle_gpus: ['number or null', 'allocated GPUs that are known to be free or held idle'],
  vram_used_bytes: ['integer', 'memory in use on the GPU'],
};

const TABLES: Readonly<Record<string, string>> = {
  users: 'Every user with processes on GPUs, system accounts included.',
  accounts: 'The same by account of the scheduler.',
  jobs: 'The same by job.',
  namespaces: 'The same by Kubernetes namespace.',
  teams: 'The same by team.',
  gpus: 'Every GPU of the nodes that answered.',
  processes: 'Every process on a GPU.',
  nodes: 'Every node, whether or not it answered. Figures of a node without current data are null.',
  free: 'GPUs that have been free and without a process for 60 seconds, by node and model; only of nodes that report processes.',
  idle: 'GPUs that are held idle now: more than 1 GiB in use while they do not compute.',
  alerts: 'Active alerts. Rules about durations need more than one sample: `--watch`, or a recording.',
  scrapes: 'How well each node is scraped, as on the Diagnosis tab.',
};

const EXAMPLE = `{
  "schema": "all-smi-view/1",
  "table": "users",
  "at": "2026-08-07T14:32:03Z",
  "max_age_seconds": 2.1,
  "coverage": {
    "nodes": 30,
    "answered": 29,
    "reporting": 28,
    "failed": [{ "node": "node-007", "code": "S_REFUSED", "message": "connection refused" }]
  },
  "rows": [{ "user": "alice", "gpus": 8 }]
}`;

export const JSON_TEXT: readonly string[] = [
  '`all-smi-view get TABLE -o json` prints one document:',
  `\`\`\`json\n${EXAMPLE}\n\`\`\``,
  '`at` is the time of the newest sample in the result, `max_age_seconds` the age of the oldest. `coverage` counts the nodes, those that answered, ' +
    'and those that report their processes; `failed` lists the missing nodes, each with a code of [ERRORS.md](ERRORS.md).',
  'Keys that are listed here stay; more may follow. Numbers are not rounded. A value that is not reported is `null`, never 0. Times are RFC 3339 in UTC.',
  '`-o ndjson` prints one row per line and puts `sample_at` first. CSV has the same columns, except those marked JSON; `--columns` adds them. In CSV a list ' +
    'of GPUs is written as ranges (`0-3,5`), and a text that a spreadsheet would run as a formula begins with an apostrophe.',
];

/** Heading, sentence, and a line per key. Throws for a key that is not described. */
export function jsonSections(tables: readonly Table[]): readonly (readonly [id: string, about: string, rows: readonly string[][]])[] {
  return tables.map(({ id, columns }) => {
    const rows = exportColumns(columns).map(({ export: file }) => {
      const known = KEYS[file!.name];
      if (!known) throw new Error(`docs/json-page.ts does not describe ${file!.name} of ${id}`);
      return [`\`${file!.name}\``, ...known, file!.jsonOnly ? 'JSON' : 'JSON, CSV'];
    });
    return [id, TABLES[id] ?? '', rows] as const;
  });
}
