/** The keys of the JSON that `get` prints: type and meaning. docs/JSON.md and the JSON Schema are made from them. */
import { HEALTH_IDS } from '../lib/model/gpu-health.js';
import { NODE_CONDITIONS } from '../lib/model/node-view.js';
import { NODE_STATUSES } from '../lib/query/node-tables.js';
import { IDLE_BY } from '../lib/query/idle-table.js';
import { GPU_STATES } from '../lib/view/gpu-cells.js';

export type KeyType = 'string' | 'integer' | 'number' | 'boolean' | 'time' | 'list of integers' | 'list of strings' | 'list of objects';

export interface Key {
  readonly type: KeyType;
  readonly about: string;
  /** Never null. */
  readonly always?: true;
  /** May be negative; of numbers. */
  readonly signed?: true;
  readonly values?: readonly string[];
}

const NODE = { type: 'string', about: 'name of the node', always: true } as const;

/** By name, or by table and name where a table means something else by it. */
export const KEYS: Readonly<Record<string, Key>> = {
  account: { type: 'string', about: 'account of the jobs; null: none is known' },
  age_seconds: { type: 'number', about: 'time since the last good scrape' },
  allocated_gpus: { type: 'number', about: 'GPUs that the scheduler has allocated, used or not; null: no allocation is known anywhere' },
  allocated_idle_gpus: { type: 'number', about: 'allocated GPUs on which nothing computes, by their utilization' },
  allocated_to: {
    type: 'list of strings',
    about: 'users to whom a scheduler has allocated the GPU; `?` where it names none',
    always: true,
  },
  allocations: {
    type: 'list of objects',
    about:
      'allocations of the GPU: `user`, `uid` where the name of the user is not known, `account`, `job`, `namespace`, `pod`, and the `source` that reports it; null: not reported',
    always: true,
  },
  at: { type: 'time', about: 'when the alert was raised', always: true },
  bad_lines: { type: 'integer', about: 'lines and values of the last scrape that could not be used' },
  body_bytes: { type: 'integer', about: 'size of the last response' },
  clock_mhz: { type: 'number', about: 'clock of the GPU' },
  clock_skew_seconds: { type: 'number', about: "how far the node's clock is ahead of this machine's", signed: true },
  container: { type: 'string', about: 'first 12 digits of the id of the container, or its name' },
  command: { type: 'string', about: 'command line, or the name of the process where it is not reported' },
  cost: { type: 'number', about: 'what `gpu_hours` and `energy_kwh` cost, in the currency of the config; null: no price is known' },
  cpu_percent: { type: 'number', about: '100 is one thread of the CPU' },
  ecc_corrected: { type: 'integer', about: 'corrected ECC errors since the driver was loaded' },
  ecc_uncorrected: { type: 'integer', about: 'uncorrected ECC errors since the driver was loaded' },
  error: { type: 'string', about: 'why the last scrape failed' },
  energy_kwh: { type: 'number', about: 'energy by use since the viewer started; null: `W` does not show it, and in `get`' },
  endpoint: { type: 'string', about: 'address of the endpoint; a node may have several', always: true },
  exporter: { type: 'string', about: 'what answers at the endpoint' },
  failures: { type: 'integer', about: 'failed scrapes in a row', always: true },
  free_since: { type: 'time', about: 'since when all of these GPUs have been free', always: true },
  gpu: { type: 'integer', about: 'index of the GPU on its node', always: true },
  'alerts.gpu': { type: 'integer', about: 'index of the GPU on its node; null where the alert is about the node' },
  gpu_hours: { type: 'number', about: 'GPU-hours computing since the viewer started; null: `W` does not show it, and in `get`' },
  gpu_indexes: { type: 'list of integers', about: 'GPUs by their index on the node', always: true },
  gpus: { type: 'integer', about: 'number of GPUs' },
  gpus_by_allocation: {
    type: 'number',
    about: 'GPUs allocated to the user on nodes that do not report processes, and so are not in `gpus`; null: how many is not reported',
  },
  gpus_allocated: { type: 'integer', about: 'GPUs that are free but that a scheduler has allocated', always: true },
  gpus_settling: { type: 'integer', about: 'GPUs that have been free for less than 60 seconds', always: true },
  gpus_total: { type: 'integer', about: 'GPUs of this model on the node', always: true },
  gpus_unknown: { type: 'integer', about: 'GPUs of which it is not known whether they are free', always: true },
  'free.gpus': { type: 'integer', about: 'GPUs that are free', always: true },
  'free.gpus_held_idle': { type: 'integer', about: 'GPUs of this model that are held idle', always: true },
  'free.cpu_percent': { type: 'number', about: 'CPU of the node in use' },
  held_by: { type: 'list of strings', about: 'who has the other GPUs of this model there, with their number', always: true },
  ram_free_bytes: { type: 'integer', about: 'memory of the node that is available' },
  gpus_busy: { type: 'integer', about: 'GPUs that compute' },
  gpus_free: {
    type: 'integer',
    about: 'GPUs known to be free: idle, at most 1 GiB in use, no process, on a node that reports its processes',
  },
  gpus_held_idle: {
    type: 'number',
    about: 'GPUs that the row holds, by processes or by an allocation, and on which it computes nothing now; null: not known of any',
  },
  'nodes.gpus_held_idle': { type: 'integer', about: 'GPUs that do not compute now, with a process or more than 1 GiB on them' },
  idle_by: {
    type: 'string',
    about:
      'how it is known: from the SM shares of the processes, only from the utilization of the GPU, or from an allocation to somebody who has no process there',
    always: true,
    values: Object.values(IDLE_BY),
  },
  idle_seconds: { type: 'number', about: 'time since `idle_since`' },
  'idle.vram_bytes': {
    type: 'integer',
    about: 'memory of the GPU that the holder has; of a GPU without known holders, all that is in use',
  },
  'idle.idle_since': {
    type: 'time',
    about: 'since when the holder has computed nothing there; null where that began before the first sample',
  },
  'idle.job': { type: 'string', about: 'job or pod that has the GPU by an allocation' },
  is_idle: { type: 'boolean', about: 'it holds memory of its GPUs and computes on none of them', always: true },
  health: {
    type: 'list of strings',
    about: `what is wrong with the GPU now; empty: nothing, null: nothing is reported that could tell. ${HEALTH_IDS.map((id) => `\`${id}\``).join(', ')}`,
  },
  idle_gpu_hours: { type: 'number', about: 'GPU-hours held idle since the viewer started; null: `W` does not show it, and in `get`' },
  idle_since: { type: 'time', about: 'since when the GPU has been held idle; null where that began before the first sample' },
  is_system: { type: 'boolean', about: 'root and other accounts that the Users tab hides (key f)', always: true },
  job: { type: 'string', about: 'id of the job; null: none is known' },
  last_xid: { type: 'integer', about: 'the last Xid, however long ago; 0: none since the driver was loaded' },
  latency_seconds: { type: 'number', about: 'from the request to the last byte of the last good scrape' },
  level: { type: 'string', about: 'level of the alert', always: true, values: ['warning', 'critical'] },
  longest_seconds: { type: 'number', about: 'age of the oldest process on a GPU' },
  message: { type: 'string', about: 'the alert in a sentence', always: true },
  model: { type: 'string', about: 'model as the driver reports it' },
  namespace: { type: 'string', about: 'namespace of the pods; null: none is known' },
  next_seconds: { type: 'number', about: 'time to the next scrape; null where none follows: without `--watch`', signed: true },
  node: NODE,
  node_id: { type: 'string', about: 'address of the node, unique', always: true },
  nodes: { type: 'integer', about: 'nodes with processes on GPUs', always: true },
  on_others_gpu: { type: 'boolean', about: 'on a GPU that a scheduler has allocated to somebody else', always: true },
  pid: { type: 'integer', about: 'process id on its node', always: true },
  pod: { type: 'string', about: 'Kubernetes pod; null: none is known' },
  power_is_partial: { type: 'boolean', about: 'some GPUs do not report their power', always: true },
  power_limit_watts: { type: 'number', about: 'power limit of the GPU' },
  power_watts: { type: 'number', about: 'an estimate, by the share of the memory in use on each GPU' },
  power_by_use_watts: { type: 'number', about: 'an estimate: the idle power of each GPU by memory, the rest by SM share' },
  power_by_use_is_estimate: {
    type: 'boolean',
    about: 'some of `power_by_use_watts` is by memory, because SM shares are not reported, or over an idle power that was not measured',
    always: true,
  },
  'gpus.power_watts': { type: 'number', about: 'power of the GPU' },
  'nodes.power_watts': { type: 'number', about: 'power of the GPUs of the node' },
  problem: { type: 'string', about: 'errors, failed sources of the exporter and bad lines' },
  procs: { type: 'integer', about: 'processes on GPUs', always: true },
  rows_remapped_correctable: { type: 'integer', about: 'memory rows remapped for correctable errors' },
  rows_remapped_uncorrectable: { type: 'integer', about: 'memory rows remapped for uncorrectable errors' },
  rule: { type: 'string', about: 'rule of the alert ([CONFIG.md](CONFIG.md))', always: true },
  runs_as: { type: 'string', about: 'account that runs the process, where `user` is the person behind it' },
  running_seconds: { type: 'number', about: 'age of the process' },
  samples: { type: 'integer', about: 'samples in the last response' },
  sm_gpus: { type: 'number', about: 'sum of the SM shares; 1 is one GPU in full use' },
  sm_percent: { type: 'number', about: 'sum of the SM shares of the process; 100 is one GPU' },
  sources: {
    type: 'list of objects',
    about:
      'where the readings of the GPU come from: `endpoint`, `exporter`, the time `at` which it answered, and the `fields` (utilization, memory, temperature, power, clocks, other, processes)',
    always: true,
  },
  started_at: { type: 'time', about: 'start of the process' },
  state: { type: 'string', about: 'what the GPU does now', always: true, values: Object.values(GPU_STATES) },
  'scrapes.state': { type: 'string', about: 'of the node, as on the Diagnosis tab', always: true, values: NODE_CONDITIONS },
  status: {
    type: 'string',
    about:
      'up, stale (the last scrape failed, or could not be made in time), down (no data for three refreshes), drained (the same, and taken out of service by the scheduler) or never (no good scrape yet)',
    always: true,
    values: NODE_STATUSES,
  },
  team: { type: 'string', about: 'team of the users; null: none is known' },
  temperature_celsius: { type: 'number', about: 'temperature of the GPU', signed: true },
  threshold: { type: 'number', about: 'threshold of the rule, in its unit' },
  top_command: { type: 'string', about: 'command of the process with the most GPU memory' },
  uptime_seconds: { type: 'integer', about: 'time since the node was booted, by its own clock; null: not reported' },
  user: { type: 'string', about: 'account; null where it is not known' },
  users: {
    type: 'list of strings',
    about: 'users with processes there; of a GPU, most memory first; `?` where one is not known',
    always: true,
  },
  util_percent: { type: 'number', about: 'utilization of the GPU' },
  uuid: { type: 'string', about: 'UUID of the GPU' },
  value: { type: 'number', about: 'reading that raised the alert, in the unit of the rule', signed: true },
  vram_bytes: { type: 'integer', about: 'GPU memory held' },
  vram_is_partial: { type: 'boolean', about: 'some processes do not report their memory', always: true },
  'processes.vram_is_partial': { type: 'boolean', about: 'the memory of the process is not reported for all of its GPUs', always: true },
  vram_total_bytes: { type: 'integer', about: 'memory of the GPU' },
  'free.vram_total_bytes': { type: 'integer', about: 'memory of the largest of these GPUs' },
  vram_used_bytes: { type: 'integer', about: 'memory in use on the GPU' },
};

/** Throws for a key that is not described. */
export function keyOf(table: string, name: string): Key {
  const key = KEYS[`${table}.${name}`] ?? KEYS[name];
  if (!key) throw new Error(`docs/json-keys.ts does not describe ${name} of ${table}`);
  return key;
}
