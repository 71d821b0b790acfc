/** Seeded scrapes of a node whose exporter misbehaves in every way that text allows. */

/** 0 <= x < 1, the same sequence for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Proc {
  pid: number;
  user: string;
  gpu: number;
  command: string;
  uuid: 'own' | 'none' | 'foreign';
  families: number;
}

const COMMANDS = [
  'python train.py --bs=128',
  'a "quoted" word',
  'back\\slash',
  'braces {a,b} and }',
  ', user="mallory"',
  'naïve café 日本',
  '',
  'x'.repeat(90),
  'tab\tand\u001b[31m',
  '=cmd|calc',
];
const USERS = ['alice', 'bob', '', 'root', 'müller', 'a\\b', '1004'];
const BAD = [
  'all_smi_x{a="b} 1',
  'all_smi_gpu_utilization',
  'all_smi_x{a=b c="d"} 1',
  '{a="b"} 1',
  'all_smi_process_memory_used_bytes{pid="abc"} 5',
  'all_smi_x{} 1.2.3',
  'all_smi_x{a="b"} 1 2 3',
  'all_smi_y{a="b"}',
  'all_smi_cpu_utilization{="x"} 3',
];
/** Label values of an exporter that does not escape them. */
const UNESCAPED = [
  'python -c "print(1)"',
  'a "quoted" word',
  'C:\\tools\\',
  '14" rack',
  'awk\nBEGIN{x=1} 5\n',
  'two\nlines',
  '"',
  'x"} 5',
  'x"} 5\ny',
  'a, b="c',
  'FOO="bar" run',
  'x", y="z',
  'one\n\nfoo{a="b"} 4\nlast "one"',
];
const ODD_VALUES = [
  'NaN',
  '+Inf',
  '-Inf',
  'inf',
  '-1',
  '1e3',
  '1.5E-2',
  '0',
  '00012',
  '.5',
  '5.',
  '12345678901234567890',
  '65535',
  '4294967295',
  '18446744073709551615',
  '1e300',
  '0.1234567890123456789',
  '7 1786003211000',
  '6 1.786113123e+09',
  '4e+09 1.786113123e+09 # {trace_id="x"} 1',
  '8 # {trace="a"} 1',
  '9\r',
];

export class FuzzedHost {
  readonly #random: () => number;
  #procs: Proc[] = [];
  #gpus: number;
  #layout: number;
  /** The index of each GPU. */
  #indices = [0, 1, 2, 3];
  /** Whether all GPUs report one uuid, and which of their lines have an index. */
  #oneUuid = false;
  #indexed: 'all' | 'none' | 'some' = 'all';

  constructor(seed: number) {
    this.#random = randomOf(seed);
    this.#gpus = this.#below(4);
    this.#layout = this.#below(4);
    for (let at = this.#below(8); at > 0; at--) this.#procs.push(this.#newProc());
  }

  below(limit: number): number {
    return this.#below(limit);
  }

  /** The next scrape. */
  scrape(): string {
    if (this.#chance(0.5)) this.#churn();
    if (this.#chance(0.1)) this.#layout = this.#below(4);
    if (this.#chance(0.1)) this.#gpus = this.#below(5);
    if (this.#chance(0.15)) shuffle(this.#indices, this.#random);
    if (this.#chance(0.05)) this.#oneUuid = !this.#oneUuid;
    if (this.#chance(0.1)) this.#indexed = this.#pick(['all', 'none', 'some'] as const);
    const lines = this.#lines();
    if (this.#chance(0.15)) shuffle(lines, this.#random);
    for (let edits = this.#chance(0.4) ? this.#below(4) : 0; edits > 0; edits--) this.#edit(lines);
    const text = lines.map((line) => this.#comment(line) + line + (this.#chance(0.02) ? '\r\n' : '\n')).join('');
    return this.#chance(0.1) ? text.slice(0, -1) : this.#chance(0.05) ? `${text}# EOF\n` : text;
  }

  #churn(): void {
    const procs = this.#procs;
    if (this.#chance(0.5) && procs.length > 0) procs.splice(this.#below(procs.length), 1);
    if (this.#chance(0.5)) procs.splice(this.#below(procs.length + 1), 0, this.#newProc());
    const proc = procs[this.#below(procs.length)];
    if (!proc) return;
    if (this.#chance(0.3)) proc.command = this.#pick(COMMANDS);
    if (this.#chance(0.2)) proc.user = this.#pick(USERS);
    if (this.#chance(0.2)) proc.families = 1 + this.#below(31);
    if (this.#chance(0.1)) proc.uuid = this.#pick(['own', 'none', 'foreign'] as const);
  }

  #newProc(): Proc {
    return {
      pid: 1 + this.#below(12),
      user: this.#pick(USERS),
      gpu: this.#below(4),
      command: this.#pick(COMMANDS),
      uuid: this.#chance(0.7) ? 'own' : this.#pick(['none', 'foreign'] as const),
      families: this.#chance(0.7) ? 7 : 1 + this.#below(31),
    };
  }

  #lines(): string[] {
    const head = ['all_smi_up{instance="n1", hostname="n1"} 1', `all_smi_build_info{instance="n1", version="0.25.0"} 1`];
    const blocks = [head, this.#gpuLines(), this.#procLines(), this.#otherLines()];
    if (this.#layout === 3) blocks.reverse();
    return blocks.flat();
  }

  #gpuLines(): string[] {
    const families = [
      'gpu_utilization',
      'gpu_memory_used_bytes',
      'gpu_memory_total_bytes',
      'gpu_temperature_celsius',
      'gpu_power_consumption_watts',
      'gpu_sm_occupancy',
    ];
    const old = this.#layout === 2;
    const labels = (gpu: number): string => {
      const index = this.#indexed === 'all' || (this.#indexed === 'some' && this.#chance(0.5)) ? String(this.#indices[gpu]!) : '';
      const name = this.#chance(0.05) ? 'H200' : 'H100';
      const instance = this.#chance(0.03) ? '' : 'n1';
      return old
        ? `gpu="${name}", instance="${instance}", uuid="${this.#uuid(gpu)}"${index && `, index="${index}"`}`
        : `gpu="${name}", instance="${instance}", gpu_uuid="${this.#uuid(gpu)}"${index && `, gpu_index="${index}"`}`;
    };
    const gpus = Array.from({ length: this.#gpus }, (_, gpu) => gpu);
    const infos = gpus.map(
      (gpu) => `all_smi_gpu_info{${labels(gpu)}, ${this.#chance(0.5) ? 'driver="1", cuda="2"' : 'cuda="2", driver="1"'}} 1`,
    );
    const line = (family: string, gpu: number): string => `all_smi_${family}{${labels(gpu)}} ${this.#value()}`;
    const own =
      this.#layout % 2 === 0
        ? gpus.flatMap((gpu) => families.map((family) => line(family, gpu)))
        : families.flatMap((family) => gpus.map((gpu) => line(family, gpu)));
    return [...own, ...infos];
  }

  #procLines(): string[] {
    const families = [
      'process_memory_used_bytes',
      'process_start_time_seconds',
      'process_cpu_percent',
      'process_gpu_utilization',
      'process_resident_memory_bytes',
    ];
    const block = ({ pid, user, gpu, command, uuid }: Proc): string => {
      const device = uuid === 'none' ? '' : uuid === 'foreign' ? `MIG-${gpu}` : this.#uuid(gpu);
      const index = this.#indices[gpu]!;
      const said = this.#chance(0.05) ? '' : user;
      const tail = this.#layout === 1 ? ', instance="n1", host="n1"' : '';
      return `pid="${pid}", name="python", user="${escaped(said)}", device_id="${index}", gpu_index="${index}", device_uuid="${device}", command="${escaped(command)}"${tail}`;
    };
    const line = (proc: Proc, family: number): string[] => {
      if ((proc.families & (1 << family)) === 0) return [];
      const comma = this.#layout === 2 ? block(proc).replaceAll('", ', '",') : block(proc);
      return [
        `all_smi_${families[family]}{${comma}} ${family === 1 && this.#chance(0.5) ? 1_786_000_000 - this.#below(1000) : this.#value()}`,
      ];
    };
    const numbers = families.map((_, family) => family);
    return this.#layout % 2 === 0
      ? this.#procs.flatMap((proc) => numbers.flatMap((family) => line(proc, family)))
      : numbers.flatMap((family) => this.#procs.flatMap((proc) => line(proc, family)));
  }

  #uuid(gpu: number): string {
    return this.#oneUuid ? 'GPU-0000' : `GPU-${gpu}`;
  }

  #otherLines(): string[] {
    const cpu = 'cpu_model="Xeon", instance="n1", hostname="n1", index="0"';
    const cores = Array.from(
      { length: 3 },
      (_, core) => `all_smi_cpu_core_utilization{instance="n1", core_id="${core}", core_type="C"} ${this.#value()}`,
    );
    return [
      `all_smi_cpu_utilization{${cpu}} ${this.#value()}`,
      `all_smi_cpu_core_count{${cpu}} 112`,
      ...cores,
      `all_smi_memory_total_bytes{instance="n1", index="0"} 1099511627776`,
      `all_smi_memory_used_bytes{instance="n1"} ${this.#value()}`,
      'all_smi_disk_total_bytes{instance="n1", mount_point="/", index="0"} 4398046511104',
      `all_smi_disk_available_bytes{instance="n1", mount_point="/data{1}", index="1"} ${this.#value()}`,
      'go_goroutines 12',
      `process_resident_memory_bytes ${this.#value()}`,
      `all_smi_nobody_knows{a="${this.#below(3)}"} 1`,
    ];
  }

  #edit(lines: string[]): void {
    const at = this.#below(lines.length);
    const edits = [
      () => lines.splice(at, 1),
      () => lines.splice(at, 0, this.#pick(BAD)),
      () => lines.splice(this.#below(lines.length + 1), 0, lines[at] ?? ''),
      () => lines.splice(at, 0, ''),
      () => (lines[at] = (lines[at] ?? '').replace(/ ([^ ]*)$/, '  \t$1')),
      () => (lines[at] = (lines[at] ?? '').replace('="n1"', '=n1')),
      () => (lines[at] = (lines[at] ?? '').replace(/python/, this.#pick(UNESCAPED))),
      () => (lines[at] = (lines[at] ?? '').replace(/"H100"/, `"${this.#pick(UNESCAPED)}"`)),
      () => (lines[at] = (lines[at] ?? '').slice(0, this.#below((lines[at] ?? '').length))),
      () => lines.push(lines.splice(at, 1)[0] ?? ''),
    ];
    this.#pick(edits)();
  }

  #comment(line: string): string {
    if (this.#layout === 1 && !this.#chance(0.05)) return '';
    const name = /^[^{ ]*/.exec(line)![0];
    return `# HELP ${name} text\n# TYPE ${name} gauge\n`;
  }

  #value(): string {
    if (this.#chance(0.04)) return this.#pick(ODD_VALUES);
    return this.#chance(0.3) ? String(this.#below(100_000)) : (this.#random() * 100).toFixed(this.#below(4));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
  #chance(part: number): boolean {
    return this.#random() < part;
  }
  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)]!;
  }
}

const escaped = (text: string): string => text.replace(/["\\]/g, '\\$&');

function shuffle(list: unknown[], random: () => number): void {
  for (let at = list.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [list[at], list[other]] = [list[other], list[at]];
  }
}
