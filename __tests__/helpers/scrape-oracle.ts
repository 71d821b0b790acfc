/**
 * The content of a scrape, computed in the simplest way: line by line, everything from scratch each time. A test oracle for the parser, so
 * it imports nothing from the program.
 */
export interface OracleGpu {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, number>>;
}
export interface OracleProc {
  readonly pid: number;
  /** 'index uuid' of its GPU; '' for none. */
  readonly gpu: string;
  readonly user: string;
  readonly vramBytes: number;
  readonly ageSeconds: number | undefined;
  readonly cpuPercent: number | undefined;
  readonly smPercent: number | undefined;
  readonly residentBytes: number | undefined;
  readonly command: string;
  readonly name: string;
}
export interface OracleScrape {
  readonly gpus: readonly OracleGpu[];
  /** Sorted by pid and GPU. */
  readonly procs: readonly OracleProc[];
  /** Rows by table, each as 'title field=value ...'. */
  readonly tables: Readonly<Record<'cpus' | 'cores' | 'memory' | 'disks', readonly string[]>>;
  readonly instance: string;
  readonly version: string;
  readonly up: boolean | undefined;
  readonly hasProcessFamily: boolean;
  readonly scope: string | undefined;
  readonly badLines: number;
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const PB = 2 ** 50;
/** By family, with the lowest and the highest possible reading. */
const GPU: Readonly<Record<string, readonly [field: string, min: number, max: number]>> = {
  gpu_utilization: ['utilPercent', 0, 100.5],
  gpu_memory_used_bytes: ['memoryUsedBytes', 0, PB],
  gpu_memory_total_bytes: ['memoryTotalBytes', 1e-300, PB],
  gpu_temperature_celsius: ['temperatureCelsius', 1e-300, 250],
  gpu_power_consumption_watts: ['powerWatts', 0, 30_000],
  gpu_frequency_mhz: ['frequencyMhz', 1e-300, 100_000],
  gpu_performance_state: ['performanceState', 0, 15],
  gpu_sm_occupancy: ['smOccupancy', 0, 1],
  gpu_info: ['', 0, 0],
};
const SMALL: Readonly<Record<string, readonly [table: 'cpus' | 'cores' | 'memory' | 'disks', field: string, max: number]>> = {
  cpu_utilization: ['cpus', 'utilPercent', 100.5],
  cpu_core_count: ['cpus', 'cores', 1e6],
  cpu_core_utilization: ['cores', 'utilPercent', 100.5],
  memory_total_bytes: ['memory', 'totalBytes', 2 ** 53],
  memory_used_bytes: ['memory', 'usedBytes', 2 ** 53],
  swap_total_bytes: ['memory', 'swapTotalBytes', 2 ** 53],
  disk_total_bytes: ['disks', 'totalBytes', 2 ** 62],
  disk_available_bytes: ['disks', 'availableBytes', 2 ** 62],
};
const PROCESS: Readonly<Record<string, string>> = {
  process_memory_used_bytes: 'vram',
  process_start_time_seconds: 'start',
  process_cpu_percent: 'cpu',
  process_gpu_utilization: 'sm',
  process_resident_memory_bytes: 'resident',
};

/** Undefined: malformed. */
function readLine(line: string): Sample | undefined {
  const named = /^([^{ \t]+)[ \t]*(\{?)/.exec(line);
  if (!named) return undefined;
  const [head, name = '', brace] = named;
  let at = head.length;
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  if (brace === '{') {
    for (;;) {
      while (/^[ \t,]/.test(line.slice(at))) at++;
      if (line[at] === '}') break;
      const label = /^([^="},]+)=[ \t]*/.exec(line.slice(at));
      if (!label) return undefined;
      at += label[0].length;
      const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(line.slice(at));
      const value = quoted ?? /^([^,}]*)/.exec(line.slice(at))!;
      if (!quoted && line[at] === '"') return undefined;
      at += value[0].length;
      labels[label[1]!.trim()] = quoted ? unescape(value[1]!) : value[1]!.trim();
      while (/^[ \t]/.test(line.slice(at))) at++;
      if (line[at] !== ',' && line[at] !== '}') return undefined;
    }
    at++;
  } else if (!/[ \t]$/.test(head)) return undefined;
  const value = valueOf(line.slice(at));
  return value === undefined ? undefined : { name, labels, value };
}

const unescape = (raw: string): string =>
  raw.replace(/\\(.)/g, (whole, ch: string) => ({ n: '\n', r: '\r', '"': '"', '\\': '\\' })[ch] ?? whole);

function valueOf(rest: string): number | undefined {
  const match = /^[ \t]*([^ \t\r#]+)(?:[ \t]+[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)?[ \t\r]*(?:#[^]*)?$/.exec(rest);
  if (!match) return undefined;
  const text = match[1]!.toLowerCase();
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(text)) return Number(text);
  if (/^[+-]?nan$/.test(text)) return NaN;
  if (/^[+-]?inf(inity)?$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return undefined;
}

/** The text as shown on screen: without control characters. The tests stay below the length limits. */
const shown = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
const first = (labels: Readonly<Record<string, string>>, ...names: string[]): string => {
  const name = names.find((one) => one in labels);
  return name === undefined ? '' : shown(labels[name]!);
};
const number = (text: string, below = 2 ** 31): number => (/^\d{1,10}$/.test(text) && Number(text) < below ? Number(text) : NaN);
/** 65535 and 2^32 - 1 are the maximum of their width: drivers use them for missing values. */
const FILLERS = [65_535, 2 ** 32 - 1];
const reading = (value: number, min = 0, max = Infinity, fillers = FILLERS): number | undefined =>
  value >= min && value <= max && value !== Infinity && !fillers.includes(value) ? value : undefined;

const VALUE_TEXT = '[+-]?(?:[0-9.]+(?:[eE][+-]?[0-9]+)?|nan|inf|infinity)';
const WHOLE = new RegExp(`^[a-zA-Z_:][a-zA-Z0-9_:]*({[^"]*("[^"]*"[^"]*)*})? ${VALUE_TEXT}$`, 'i');

/** A sample of a known family whose values are not escaped, if it is unambiguous, and the number of further lines it takes. */
function readUnescaped(lines: readonly string[]): [sample: Sample | undefined, more: number] {
  const name = /^all_smi_([a-z_]+)[ \t]*\{/.exec(lines[0]!)?.[1] ?? '';
  if (!(name in GPU || name in PROCESS || name in SMALL || EXPORTER.includes(name))) return [undefined, 0];
  for (let more = 0; more < lines.length; more++) {
    const last = lines[more]!;
    if (more > 0 && /^[ \t]*(#|all_smi_)/.test(last)) return [undefined, 0];
    if (more > 0 && WHOLE.test(last)) continue;
    const text = lines.slice(0, more + 1).join('\n');
    const match = new RegExp(`^[a-z_]+[ \\t]*{(.*)}[ \\t]*(${VALUE_TEXT}[^\\n]*)$`, 'is').exec(text);
    const value = match ? valueOf(match[2]!) : undefined;
    if (!match || value === undefined) continue;
    const labels: Record<string, string> = Object.create(null) as Record<string, string>;
    for (const part of match[1]!.replace(/,[ \t]*$/, '').split(/(?<="[ \t]*),[ \t]*(?=[a-zA-Z_]\w*[ \t]*=[ \t]*")/)) {
      const [, label = '', raw = ''] = /^[ \t,]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"(.*)"[ \t]*$/s.exec(part) ?? [];
      if (label === '' || label in labels || /[",][ \t]*[a-zA-Z_]\w*[ \t]*=[ \t]*"/.test(raw)) return [undefined, 0];
      labels[label] = /^([^"\\\n]|\\.)*$/.test(raw) ? unescape(raw) : raw;
    }
    return [{ name: `all_smi_${name}`, labels, value }, more];
  }
  return [undefined, 0];
}

const EXPORTER = ['up', 'build_info', 'process_export_info'];

/** `nodeNow`: the time of the scrape on the clock of the node, in seconds. */
export function readScrape(text: string, nodeNow: number): OracleScrape {
  const samples: Sample[] = [];
  let badLines = 0;
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!.replace(/^[ \t\r]+/, '');
    if (line === '' || line.startsWith('#')) continue;
    let sample = readLine(line);
    if (!sample) {
      const [unescaped, more] = readUnescaped([line, ...lines.slice(at + 1)]);
      sample = unescaped;
      at += more;
    }
    if (!sample) badLines++;
    else if (sample.name.startsWith('all_smi_')) {
      const own = { ...sample, name: sample.name.slice('all_smi_'.length) };
      if (own.name in PROCESS && !(number(own.labels.pid ?? '', 2 ** 32) >= 0)) badLines++;
      else samples.push(own);
    }
  }
  const gpus = gpusOf(samples);
  const own = ({ name }: Sample): boolean => name in PROCESS;
  const rest = samples.filter((sample) => !own(sample));
  const instances = [...rest.filter(isKnown), ...samples.filter(own)].map(({ labels }) => first(labels, 'instance'));
  return {
    gpus,
    procs: procsOf(samples.filter(own), gpus, nodeNow),
    tables: { cpus: table(rest, 'cpus'), cores: table(rest, 'cores'), memory: table(rest, 'memory'), disks: table(rest, 'disks') },
    instance: instances.find((instance) => instance !== '') ?? '',
    version: first(rest.findLast(({ name }) => name === 'build_info')?.labels ?? {}, 'version'),
    up: rest.some(({ name }) => name === 'up') ? rest.findLast(({ name }) => name === 'up')!.value > 0 : undefined,
    hasProcessFamily: samples.some(own),
    scope: rest.findLast(({ name }) => name === 'process_export_info')?.labels.scope,
    badLines,
  };
}

const isKnown = ({ name, labels }: Sample): boolean =>
  (name in GPU && gpuKey(labels) !== '') || name in SMALL || name === 'up' || name === 'build_info' || name === 'process_export_info';
const gpuKey = (labels: Readonly<Record<string, string>>): string =>
  first(labels, 'gpu', 'npu') === '' ? '' : first(labels, 'gpu_uuid', 'npu_uuid', 'uuid');

/**
 * A GPU is a uuid with an index. Lines without an index belong to the only GPU of their uuid; if there is none, to a GPU of their own whose
 * index is its position; if there are several, to no GPU.
 */
function gpusOf(samples: readonly Sample[]): OracleGpu[] {
  const own = samples.filter(({ name, labels }) => name in GPU && gpuKey(labels) !== '');
  const indexOf = ({ labels }: Sample): string => first(labels, 'gpu_index', 'npu_index', 'index');
  const ownersOf = (sample: Sample): string[] => {
    const indices = own.filter(({ labels }) => gpuKey(labels) === gpuKey(sample.labels)).map(indexOf);
    return [...new Set(indices.filter((index) => !Number.isNaN(number(index))))];
  };
  const found = new Map<string, Sample[]>();
  for (const sample of own) {
    const index = indexOf(sample);
    const owners = Number.isNaN(number(index)) ? ownersOf(sample) : [index];
    if (owners.length > 1) continue;
    const key = `${gpuKey(sample.labels)} ${owners[0] ?? ''}`;
    found.set(key, [...(found.get(key) ?? []), sample]);
  }
  const gpus = [...found.values()].map((lines, position): OracleGpu => {
    const indexed = lines.filter((line) => !Number.isNaN(number(indexOf(line))));
    const named = (indexed.length > 0 ? indexed : lines).map(({ labels }) => first(labels, 'gpu', 'npu'));
    const fields: Record<string, number> = {};
    for (const [field, min, max] of Object.values(GPU)) {
      const of = (some: readonly Sample[]): Sample | undefined => some.findLast(({ name }) => GPU[name]![0] === field);
      const read = reading((of(indexed) ?? of(lines))?.value ?? NaN, min, max);
      if (field !== '' && read !== undefined) fields[field] = read;
    }
    return {
      uuid: gpuKey(lines[0]!.labels),
      index: indexed.length > 0 ? number(indexOf(indexed[0]!)) : position,
      name: named.findLast((name) => name !== '') ?? '',
      fields,
    };
  });
  return gpus.sort((a, b) => a.index - b.index || (a.uuid < b.uuid ? -1 : Number(a.uuid > b.uuid)));
}

/** The GPU of a row: the only one of its uuid; of several, the one with its index; otherwise the one with its index. */
function gpuOfRow(row: { readonly uuid: string; readonly index: number }, gpus: readonly OracleGpu[]): Pick<OracleGpu, 'uuid' | 'index'> {
  const named = row.uuid === '' ? [] : gpus.filter(({ uuid }) => uuid === row.uuid);
  return (
    (named.length === 1 ? named[0] : named.find(({ index }) => index === row.index)) ?? gpus.find(({ index }) => index === row.index) ?? row
  );
}

function procsOf(samples: readonly Sample[], gpus: readonly OracleGpu[], nodeNow: number): OracleProc[] {
  const rows = new Map<
    string,
    { pid: number; uuid: string; index: number; user: string; command: string; name: string; [value: string]: number | string }
  >();
  for (const { name, labels, value } of samples) {
    const pid = Number(labels.pid);
    const uuid = shown(labels.device_uuid ?? '');
    const indices = [number(labels.gpu_index ?? ''), number(labels.device_id ?? ''), 0];
    const index = indices.find((one) => !Number.isNaN(one))!;
    const key = `${pid} ${uuid}#${index}`;
    const row = rows.get(key) ?? { pid, uuid, index, user: '', command: '', name: '' };
    rows.set(key, row);
    row[PROCESS[name]!] = value;
    for (const label of ['user', 'command', 'name'] as const) row[label] = labels[label] ? shown(labels[label]) : row[label];
  }
  const procs = [...rows.values()].map((row): OracleProc => {
    const vram = reading(Number(row.vram ?? NaN), 0, PB) ?? NaN;
    const start = reading(Number(row.start ?? NaN), 0, Infinity, []);
    const age = start === undefined ? undefined : reading(start >= 1e9 ? nodeNow - start : start, 0, Infinity, []);
    const gpu = gpuOfRow(row, gpus);
    return {
      pid: row.pid,
      gpu: row.uuid === '' && !(vram > 0) ? '' : `${gpu.index} ${gpu.uuid}`,
      user: row.user,
      vramBytes: vram,
      ageSeconds: age,
      cpuPercent: reading(Number(row.cpu ?? NaN), 0, 1e6, []),
      smPercent: reading(Number(row.sm ?? NaN), 0, 25_600),
      residentBytes: reading(Number(row.resident ?? NaN), 0, 2 ** 53),
      command: row.command,
      name: row.name,
    };
  });
  return procs.sort(byPidAndGpu);
}

type Placed = Pick<OracleProc, 'pid' | 'gpu' | 'user' | 'command' | 'vramBytes'>;
const placeText = ({ gpu, user, command, vramBytes }: Placed): string => JSON.stringify([gpu, user, command, vramBytes]);
export const byPidAndGpu = (a: Placed, b: Placed): number => a.pid - b.pid || (placeText(a) < placeText(b) ? -1 : 1);

const KEYS = {
  cpus: (labels: Sample['labels']) => first(labels, 'index') || '0',
  cores: (labels: Sample['labels']) => first(labels, 'core_id'),
  memory: (labels: Sample['labels']) => first(labels, 'index') || '0',
  disks: (labels: Sample['labels']) => first(labels, 'mount_point'),
};

/** Rows in the order of their keys, as text. */
function table(samples: readonly Sample[], name: keyof typeof KEYS): string[] {
  const rows = new Map<string, Map<string, number>>();
  for (const { name: metric, labels, value } of samples) {
    const [own, field, max] = SMALL[metric] ?? [];
    if (own !== name || field === undefined) continue;
    const key = KEYS[name](labels);
    if (name === 'cores' && !(number(key) < 1024)) continue;
    const row = rows.get(key) ?? new Map<string, number>();
    rows.set(key, row);
    const read = reading(value, 0, max, own === 'disks' || field === 'cores' ? [] : FILLERS);
    if (read === undefined) row.delete(field);
    else row.set(field, read);
  }
  const order = (a: string, b: string): number => (name === 'disks' ? (a < b ? -1 : 1) : (number(a) || -1) - (number(b) || -1));
  return [...rows]
    .sort(([a], [b]) => order(a, b))
    .map(([, row]) =>
      [...row]
        .sort()
        .map(([field, value]) => `${field}=${value}`)
        .join(' '),
    );
}
