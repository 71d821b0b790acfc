/**
 * Checks a line of a recording against the format of all-smi, using the tables of the format: required fields, types, integers without a
 * decimal point. Reads the raw text, because a JSON parser forgets how a number was written.
 */
export type Complaint = string;

type Rule = (text: string, path: string) => Complaint[];

/** JSON with the original spelling of numbers. */
type Node =
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'literal'; readonly value: boolean | null }
  | { readonly kind: 'array'; readonly items: readonly Node[] }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Node>; readonly keys: readonly string[] };

function parse(text: string): Node {
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at += match[0].length;
    return match?.[0];
  };
  const node = (): Node => {
    const string = take(/"(?:[^"\\\u0000-\u001f]|\\.)*"/y);
    if (string !== undefined) return { kind: 'string', value: JSON.parse(string) as string };
    const number = take(/-?\d+(\.\d+)?([eE][+-]?\d+)?/y);
    if (number !== undefined) return { kind: 'number', text: number };
    const literal = take(/true|false|null/y);
    if (literal !== undefined) return { kind: 'literal', value: JSON.parse(literal) as boolean | null };
    if (take(/\[/y) !== undefined) {
      const items: Node[] = [];
      if (take(/\]/y) !== undefined) return { kind: 'array', items };
      do items.push(node());
      while (take(/,/y) !== undefined);
      if (take(/\]/y) === undefined) throw new Error(`] expected at ${at}`);
      return { kind: 'array', items };
    }
    if (take(/\{/y) === undefined) throw new Error(`value expected at ${at}: ${text.slice(at, at + 20)}`);
    const members = new Map<string, Node>();
    const keys: string[] = [];
    if (take(/\}/y) !== undefined) return { kind: 'object', members, keys };
    do {
      const key = JSON.parse(take(/"(?:[^"\\\u0000-\u001f]|\\.)*"/y) ?? 'x') as string;
      if (take(/:/y) === undefined) throw new Error(`: expected at ${at}`);
      members.set(key, node());
      keys.push(key);
    } while (take(/,/y) !== undefined);
    if (take(/\}/y) === undefined) throw new Error(`} expected at ${at}`);
    return { kind: 'object', members, keys };
  };
  const root = node();
  if (at !== text.length) throw new Error(`text after the value at ${at}`);
  return root;
}

type Check = (node: Node, path: string) => Complaint[];
const fine: Complaint[] = [];

const integer =
  (min: bigint, max: bigint): Check =>
  (node, path) => {
    if (node.kind !== 'number' || !/^-?\d+$/.test(node.text)) return [`${path}: no integer`];
    const value = BigInt(node.text);
    return value >= min && value <= max ? fine : [`${path}: ${node.text} is out of range`];
  };
const u64 = integer(0n, 2n ** 64n - 1n);
const u32 = integer(0n, 2n ** 32n - 1n);
const i32 = integer(-(2n ** 31n), 2n ** 31n - 1n);
const u8 = integer(0n, 255n);
const f64: Check = (node, path) => (node.kind === 'number' && Number.isFinite(Number(node.text)) ? fine : [`${path}: no number`]);
const string: Check = (node, path) => (node.kind === 'string' ? fine : [`${path}: no text`]);
const bool: Check = (node, path) => (node.kind === 'literal' && node.value !== null ? fine : [`${path}: no boolean`]);
const maybe =
  (check: Check): Check =>
  (node, path) =>
    node.kind === 'literal' && node.value === null ? fine : check(node, path);
const matching =
  (pattern: RegExp): Check =>
  (node, path) =>
    node.kind === 'string' && pattern.test(node.value) ? fine : [`${path}: does not match ${String(pattern)}`];
const oneOf = (...values: readonly string[]): Check => matching(new RegExp(`^(${values.join('|')})$`));
const listOf =
  (check: Check): Check =>
  (node, path) =>
    node.kind === 'array' ? node.items.flatMap((item, at) => check(item, `${path}[${at}]`)) : [`${path}: no list`];
const record =
  (required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (node, path) => {
    if (node.kind !== 'object') return [`${path}: no object`];
    return [
      ...Object.entries(required).flatMap(([key, check]) =>
        node.members.has(key) ? check(node.members.get(key)!, `${path}.${key}`) : [`${path}.${key}: missing`],
      ),
      ...Object.entries(optional).flatMap(([key, check]) => (node.members.has(key) ? check(node.members.get(key)!, `${path}.${key}`) : [])),
    ];
  };
const texts: Check = (node, path) =>
  node.kind === 'object' ? [...node.members].flatMap(([key, value]) => string(value, `${path}.${key}`)) : [`${path}: no object`];

const wallTime = matching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
const identity = { host_id: string, hostname: string, instance: string };

const gpu = record(
  {
    ...identity,
    uuid: string,
    time: wallTime,
    name: string,
    device_type: string,
    utilization: f64,
    ane_utilization: f64,
    power_consumption: f64,
    temperature: u32,
    frequency: u32,
    used_memory: u64,
    total_memory: u64,
    detail: texts,
  },
  {
    dla_utilization: maybe(f64),
    tensorcore_utilization: maybe(f64),
    gpu_core_count: maybe(u32),
    temperature_threshold_slowdown: maybe(u32),
    temperature_threshold_shutdown: maybe(u32),
    temperature_threshold_max_operating: maybe(u32),
    temperature_threshold_acoustic: maybe(u32),
    performance_state: maybe(u32),
    fan_speed_rpm: maybe(u32),
    numa_node_id: maybe(i32),
    gsp_firmware_mode: maybe(u8),
    gsp_firmware_version: maybe(string),
    nvlink_remote_devices: listOf(
      record({ link_index: u32, remote_type: oneOf('gpu', 'switch', 'ibmnpu', 'unknown') }, { bandwidth_mb_s: maybe(u32) }),
    ),
    gpm_metrics: maybe(record({}, { sm_occupancy: maybe(f64), memory_bandwidth_utilization: maybe(f64) })),
  },
);

const platform: Check = (node, path) =>
  node.kind === 'object' ? record({ Other: string })(node, path) : oneOf('Intel', 'Amd', 'AppleSilicon', 'Arm')(node, path);
const cpu = record(
  {
    ...identity,
    cpu_model: string,
    architecture: string,
    platform_type: platform,
    socket_count: u32,
    total_cores: u32,
    total_threads: u32,
    base_frequency_mhz: u32,
    max_frequency_mhz: u32,
    cache_size_mb: u32,
    utilization: f64,
    per_core_utilization: listOf(
      record({ core_id: u32, core_type: oneOf('Super', 'Performance', 'Efficiency', 'Standard'), utilization: f64 }),
    ),
    per_socket_info: listOf(
      record({ cores: u32, frequency_mhz: u32, socket_id: u32, threads: u32, utilization: f64 }, { temperature: maybe(u32) }),
    ),
    time: wallTime,
  },
  { index: u32, temperature: maybe(u32), power_consumption: maybe(f64) },
);

const memory = record({
  ...identity,
  available_bytes: u64,
  buffers_bytes: u64,
  cached_bytes: u64,
  free_bytes: u64,
  index: u32,
  swap_free_bytes: u64,
  swap_total_bytes: u64,
  swap_used_bytes: u64,
  time: wallTime,
  total_bytes: u64,
  used_bytes: u64,
  utilization: f64,
});

const process = record({
  command: string,
  cpu_percent: f64,
  cpu_time: u64,
  device_id: u64,
  device_uuid: string,
  gpu_utilization: f64,
  memory_percent: f64,
  memory_rss: u64,
  memory_vms: u64,
  nice_value: i32,
  pid: u32,
  ppid: u32,
  priority: i32,
  process_name: string,
  start_time: matching(/^$|^\d+(\.\d+)?$|^\d+(:\d+)+(\.\d+)?$/),
  state: string,
  threads: u32,
  used_memory: u64,
  user: string,
  uses_gpu: bool,
});

const storage = record({ available_bytes: u64, host_id: string, hostname: string, index: u32, mount_point: string, total_bytes: u64 });
const chassis = record(
  {
    ...identity,
    detail: texts,
    fan_speeds: listOf(record({ id: u32, max_rpm: u32, name: string, speed_rpm: u32 })),
    psu_status: listOf(
      record({ id: u32, name: string, status: oneOf('Unknown', 'Ok', 'Degraded', 'Failed', 'NotPresent') }, { power_watts: maybe(f64) }),
    ),
    time: wallTime,
  },
  { total_power_watts: maybe(f64), inlet_temperature: maybe(f64), outlet_temperature: maybe(f64), thermal_pressure: maybe(string) },
);

const data = record(
  { schema: matchingNumber('1'), timestamp: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/), hostname: string },
  {
    gpus: listOf(gpu),
    cpus: listOf(cpu),
    memory: listOf(memory),
    processes: listOf(process),
    storage: listOf(storage),
    chassis: listOf(chassis),
    errors: listOf(record({ kind: oneOf('timeout', 'panic', 'error'), message: string, section: string })),
  },
);
const header = record({
  schema: matchingNumber('1'),
  header: bool,
  hosts: listOf(string),
  interval_ms: u64,
  all_smi_version: string,
});
const index = record({ schema: matchingNumber('1'), index: bool, seq: integer(0n, 2n ** 63n - 1n), byte_offset: u64 });

function matchingNumber(text: string): Check {
  return (node, path) => (node.kind === 'number' && node.text === text ? fine : [`${path}: is not ${text}`]);
}

/** Keys in alphabetical order on every level. */
function unsorted(node: Node, path: string): Complaint[] {
  if (node.kind === 'array') return node.items.flatMap((item, at) => unsorted(item, `${path}[${at}]`));
  if (node.kind !== 'object') return [];
  const sorted = [...node.keys].sort((a, b) => (Buffer.from(a) < Buffer.from(b) ? -1 : 1));
  const own =
    new Set(node.keys).size === node.keys.length && sorted.every((key, at) => key === node.keys[at])
      ? []
      : [`${path}: keys are not in order, or duplicated`];
  return [...own, ...[...node.members].flatMap(([key, value]) => unsorted(value, `${path}.${key}`))];
}

/** The errors of a line (without its line feed); an empty list: all-smi can read it. */
export const complaintsAbout: Rule = (line, path) => {
  if (Buffer.byteLength(line) > 16 * 2 ** 20) return [`${path}: longer than 16 MiB`];
  let root: Node;
  try {
    root = parse(line);
  } catch (error) {
    return [`${path}: ${String(error)}`];
  }
  if (root.kind !== 'object') return [`${path}: no object`];
  const { members } = root;
  const flag = (key: string): boolean => {
    const member = members.get(key);
    return member?.kind === 'literal' && member.value === true;
  };
  const check = flag('header') ? header : flag('index') ? index : data;
  return [...check(root, path), ...unsorted(root, path)];
};
