/**
 * A random cluster and its events: nodes whose exporters write text in different ways, GPUs that are renumbered and replaced, processes
 * that end and whose pids are reused. It only generates texts; `expected.ts` computes the expected values from them.
 */
import fc from 'fast-check';

const MIB = 2 ** 20;
/** The start of a scenario, in seconds. */
export const START_SECONDS = 1_786_113_123;
export const ROUND_SECONDS = 3;

export const USERS = ['alice', 'bob', '', 'root', 'müller', '7', '1000', '=cmd', 'zoe', '😀', 'a\\b', 'o"neil'] as const;
const COMMANDS = [
  'python train.py --bs=128',
  '',
  'torchrun --nproc 8 {a,b} "x y"',
  '=HYPERLINK(0)',
  '-c import this',
  'C:\\run\\me',
  'naïve 日本',
  'x'.repeat(90),
] as const;
const NAMES = ['python', '', 'pt_main_thread'] as const;

/** The label names of the exporter: before 0.21, as in 0.25, as in 0.28. */
const GENERATIONS = ['old', '0.25', '0.28'] as const;
type Generation = (typeof GENERATIONS)[number];

/** Clock offset of a node, in seconds. */
const CLOCKS = [0, 0, 86_400, -86_400, 7] as const;

const PROCESS_FAMILIES = [
  'process_memory_used_bytes',
  'process_start_time_seconds',
  'process_cpu_percent',
  'process_gpu_utilization',
] as const;

export interface NodeSpec {
  readonly generation: Generation;
  /** No label has the index: it is the position among the GPUs. */
  readonly unnumbered: boolean;
  /** Sorted by family, or by device. */
  readonly byFamily: boolean;
  /** Numbers that GPUs are generated from. */
  readonly gpus: readonly number[];
  /** Numbers that processes are generated from. */
  readonly procs: readonly number[];
  /** Bit mask of the PROCESS_FAMILIES that the exporter lacks. */
  readonly without: number;
  readonly clock: number;
  /** Sends a Date header. */
  readonly dated: boolean;
  /** The process scope that the exporter reports. */
  readonly scope: '' | 'gpu' | 'all';
}

/** An event on a node before a round. */
export interface Happening {
  readonly node: number;
  readonly kind: (typeof KINDS)[number];
  readonly pick: number;
}
const KINDS = ['vanish', 'return', 'exit', 'spawn', 'reuse', 'swap', 'replace', 'lose', 'divide', 'reorder'] as const;

export interface Scenario {
  readonly nodes: readonly NodeSpec[];
  /** The events before each round except the first. */
  readonly rounds: readonly (readonly Happening[])[];
}

const many = (most: number): fc.Arbitrary<number[]> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.array(fc.maxSafeNat(), { maxLength: Math.min(most, 12), size: 'max' }) },
    { weight: 1, arbitrary: fc.array(fc.maxSafeNat(), { maxLength: most, size: 'max' }) },
  );

const node: fc.Arbitrary<NodeSpec> = fc.record({
  generation: fc.constantFrom(...GENERATIONS),
  unnumbered: fc.boolean(),
  byFamily: fc.boolean(),
  gpus: fc.array(fc.maxSafeNat(), { maxLength: 16, size: 'max' }),
  procs: many(200),
  without: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(15) }),
  clock: fc.constantFrom(...CLOCKS),
  dated: fc.boolean(),
  scope: fc.constantFrom('', '', '', 'gpu', 'all'),
});

const happening: fc.Arbitrary<Happening> = fc.record({ node: fc.nat(39), kind: fc.constantFrom(...KINDS), pick: fc.nat(1000) });

/** Up to `most` nodes over up to `rounds` rounds. */
export const scenario = (most: number, rounds: number): fc.Arbitrary<Scenario> =>
  fc.record({
    nodes: fc.oneof(
      { weight: 5, arbitrary: fc.array(node, { minLength: 1, maxLength: 5, size: 'max' }) },
      { weight: 1, arbitrary: fc.array(node, { minLength: 1, maxLength: most, size: 'max' }) },
    ),
    rounds: fc.array(fc.array(happening, { maxLength: 12, size: 'max' }), { maxLength: rounds - 1, size: 'max' }),
  });

/** Derives a sequence of choices from a number. */
class Choices {
  #rest: number;
  constructor(number: number) {
    this.#rest = number;
  }
  below(limit: number): number {
    const chosen = this.#rest % limit;
    this.#rest = Math.floor(this.#rest / limit);
    return chosen;
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

interface Gpu {
  uuid: string;
  index: number;
  readonly name: string;
  readonly power: number | undefined;
  readonly usedMib: number | undefined;
  readonly util: number | undefined;
  readonly celsius: number | undefined;
  divided: boolean;
}

/** A row of a process: how it names its GPU, and the memory it holds there. */
interface Row {
  readonly gpu: Gpu | undefined;
  readonly says: 'uuid' | 'uuid and index 0' | 'index' | 'mig' | 'nothing' | 'unknown';
  readonly slice: number;
  readonly bytes: number | string;
}
interface Process {
  readonly pid: number;
  readonly user: string;
  readonly command: string;
  readonly name: string;
  /** Seconds since its start, or the Unix time of its start on the node's clock. */
  readonly start: { readonly epoch: number } | { readonly since: number };
  readonly cpu: number;
  readonly sm: number;
  readonly rows: readonly Row[];
  /** Bit mask of the PROCESS_FAMILIES that this process lacks. */
  readonly without: number;
}

const POWERS = [undefined, 71.25, 300, 611.4, 0, -1, 0.001, 1200, 350.5, 1e308, 29_999.5, 1e9] as const;
const BYTES = [0, 512 * MIB, 1, 10_240 * MIB, 80_000 * MIB, 4096 * MIB, 12_345_678, '-5', 'NaN', '1.5e9', '1e308', '+Inf'] as const;

export class NodeModel {
  readonly instance: string;
  readonly spec: NodeSpec;
  readonly gpus: Gpu[];
  procs: Process[];
  vanished = false;
  #cards = 0;

  constructor(spec: NodeSpec, nth: number) {
    this.spec = spec;
    this.instance = `node-${String(nth + 1).padStart(2, '0')}`;
    this.gpus = spec.gpus.map((number, index) => this.#gpu(new Choices(number), index));
    this.procs = [];
    for (const number of spec.procs) this.procs.push(this.#process(number, 0));
  }

  /** Seconds on the node's clock in a round. */
  clock(round: number): number {
    return START_SECONDS + round * ROUND_SECONDS + this.spec.clock;
  }

  #gpu(choices: Choices, index: number): Gpu {
    return {
      uuid: `GPU-${this.instance}-${this.#cards++}`,
      index,
      name: choices.of(['NVIDIA H100 80GB HBM3', 'NVIDIA A100-SXM4-40GB']),
      power: choices.of(POWERS),
      usedMib: choices.of([undefined, 0, 500, 81_000, 40_000]),
      util: choices.of([undefined, 0, 97, 33.5]),
      celsius: choices.of([undefined, 0, 64]),
      divided: choices.below(4) === 1,
    };
  }

  #process(number: number, round: number, pid?: number): Process {
    const choices = new Choices(number);
    const known = this.gpus.length > 0;
    const user = choices.of(USERS);
    const ownPid = 1 + choices.below(40) * (choices.below(9) === 1 ? 100_000_007 : 1);
    const rows = Array.from({ length: 1 + (choices.below(3) === 1 ? choices.below(4) : 0) }, (): Row => {
      const gpu = known ? choices.of(this.gpus) : undefined;
      const says = gpu
        ? choices.of(['uuid', 'uuid', 'uuid and index 0', 'index', 'nothing', 'unknown', 'mig', 'mig'] as const)
        : choices.of(['nothing', 'unknown'] as const);
      return { gpu, says: says === 'mig' && gpu?.divided !== true ? 'uuid' : says, slice: choices.below(3), bytes: choices.of(BYTES) };
    });
    const now = this.clock(round);
    return {
      pid: pid ?? this.#free(ownPid),
      user,
      rows: choices.below(6) === 1 ? [...rows, ...rows.slice(0, 1)] : rows,
      start: choices.of([
        { since: 5 },
        { since: 0 },
        { since: 86_400 * 3 },
        { epoch: now - 61 },
        { epoch: now - 40 * 86_400 },
        { epoch: now + 3600 },
      ]),
      cpu: choices.of([0, 12.5, 3200]),
      sm: choices.of([0, 41, 100]),
      without: choices.below(5) === 1 ? choices.below(16) : 0,
      command: choices.of(COMMANDS),
      name: choices.of(NAMES),
    };
  }

  /** A pid belongs to one process at a time. */
  #free(pid: number): number {
    const taken = new Set(this.procs.map((process) => process.pid));
    while (taken.has(pid)) pid++;
    return pid;
  }

  happen({ kind, pick }: Happening, round: number): void {
    const { gpus, procs } = this;
    const gpu = gpus[pick % Math.max(1, gpus.length)];
    const at = pick % Math.max(1, procs.length);
    switch (kind) {
      case 'vanish':
      case 'return':
        this.vanished = kind === 'vanish';
        break;
      case 'exit':
        procs.splice(at, 1 + (pick % 5));
        break;
      case 'spawn':
        procs.splice(at, 0, this.#process(pick * 7_919_777, round));
        break;
      case 'reuse':
        if (procs[at]) procs[at] = this.#process(pick * 104_729_111, round, procs[at].pid);
        break;
      case 'swap': {
        const other = gpus[(pick + 1) % Math.max(1, gpus.length)];
        if (gpu && other) [gpu.index, other.index] = [other.index, gpu.index];
        gpus.sort((a, b) => a.index - b.index);
        break;
      }
      case 'replace':
        if (gpu) gpu.uuid = `GPU-${this.instance}-${this.#cards++}`;
        break;
      case 'lose':
        if (gpu) gpus.splice(gpus.indexOf(gpu), 1);
        gpus.forEach((each, index) => (each.index = index));
        break;
      case 'divide':
        if (gpu) gpu.divided = !gpu.divided;
        break;
      case 'reorder':
        procs.reverse();
    }
  }

  text(round: number): string {
    const head = [`all_smi_up{instance="${this.instance}", hostname="${this.instance}"} 1`, this.#build(), ...this.#scope()];
    return `${[...head, ...this.#gpuLines(), ...this.#processLines(round)].join('\n')}\n`;
  }

  #build(): string {
    const version = this.spec.generation === 'old' ? '0.20.1' : `${this.spec.generation}.0`;
    return `all_smi_build_info{instance="${this.instance}", hostname="${this.instance}", version="${version}", os="linux", arch="x86_64"} 1`;
  }

  #scope(): string[] {
    return this.spec.scope === '' ? [] : [`all_smi_process_export_info{scope="${this.spec.scope}"} 1`];
  }

  #labels(gpu: Gpu): string {
    const [uuid, index] = this.spec.generation === 'old' ? ['uuid', 'index'] : ['gpu_uuid', 'gpu_index'];
    const numbered = this.spec.unnumbered ? '' : `, ${index}="${gpu.index}"`;
    return `gpu="${gpu.name}", instance="${this.instance}", ${uuid}="${gpu.uuid}"${numbered}`;
  }

  #info(gpu: Gpu): string {
    // Newer exporters send sorted labels that identify the device; older ones send readings as labels too.
    const more =
      this.spec.generation === '0.28'
        ? 'architecture="Hopper", cuda_version="13.0", driver_version="580.82.07", type="GPU"'
        : 'type="GPU", pcie_width="x16", driver_version="580.82.07", current_power="71", cuda_version="13.0"';
    return `all_smi_gpu_info{${this.#labels(gpu)}, ${more}} 1`;
  }

  #gpuLines(): string[] {
    const families: readonly (readonly [family: string, value: (gpu: Gpu) => number | undefined])[] = [
      ['gpu_utilization', ({ util }) => util],
      ['gpu_memory_used_bytes', ({ usedMib }) => (usedMib === undefined ? undefined : usedMib * MIB)],
      ['gpu_memory_total_bytes', () => 81_920 * MIB],
      ['gpu_temperature_celsius', ({ celsius }) => celsius],
      ['gpu_power_consumption_watts', ({ power }) => power],
    ];
    const line = (gpu: Gpu, [family, value]: (typeof families)[number]): string[] => {
      const number = value(gpu);
      return number === undefined ? [] : [`all_smi_${family}{${this.#labels(gpu)}} ${number}`];
    };
    const readings = this.spec.byFamily
      ? families.flatMap((family) => this.gpus.flatMap((gpu) => line(gpu, family)))
      : this.gpus.flatMap((gpu) => families.flatMap((family) => line(gpu, family)));
    return [...this.gpus.map((gpu) => this.#info(gpu)), ...readings, ...this.gpus.flatMap((gpu) => this.#sliceLines(gpu))];
  }

  #sliceLines(gpu: Gpu): string[] {
    if (!gpu.divided) return [];
    const base = `gpu_index="${gpu.index}", gpu_uuid="${gpu.uuid}", gpu="${gpu.name}", instance="${this.instance}", host="${this.instance}"`;
    const slice = (nth: number): string =>
      `all_smi_mig_instance_memory_used_bytes{${base}, mig_instance="${nth}", mig_uuid="${sliceName(gpu, nth)}", mig_profile="1g.10gb"} ${nth * MIB}`;
    return [`all_smi_gpu_mig_mode{${base}} 1`, ...[0, 1, 2].map(slice)];
  }

  #processLines(round: number): string[] {
    const values = (process: Process, row: Row): readonly (number | string)[] => [
      row.bytes,
      this.#start(process, round),
      process.cpu,
      process.sm,
    ];
    const line = (process: Process, row: Row, family: number): string[] => {
      if (((process.without | this.spec.without) >> family) & 1) return [];
      return [`all_smi_${PROCESS_FAMILIES[family]!}{${this.#row(process, row)}} ${values(process, row)[family]!}`];
    };
    const families = PROCESS_FAMILIES.map((_, family) => family);
    const rows = this.procs.flatMap((process) => process.rows.map((row) => [process, row] as const));
    return this.spec.byFamily
      ? families.flatMap((family) => rows.flatMap(([process, row]) => line(process, row, family)))
      : rows.flatMap(([process, row]) => families.flatMap((family) => line(process, row, family)));
  }

  #start({ start }: Process, round: number): number {
    return 'epoch' in start ? start.epoch : start.since + round * ROUND_SECONDS;
  }

  #row({ pid, user, command, name }: Process, { gpu, says, slice }: Row): string {
    const here = gpu && this.gpus.includes(gpu) ? gpu : undefined;
    const [uuid, index] = here ? deviceOf(here, says, slice) : ['', says === 'unknown' ? 40 + slice : 0];
    const named = `pid="${pid}", name="${name}", user="${escaped(user)}", device_id="${index}"`;
    const tail = this.spec.generation === '0.28' ? `, instance="${this.instance}", host="${this.instance}"` : '';
    return `${named}, gpu_index="${index}", device_uuid="${uuid}", command="${escaped(command)}"${tail}`;
  }
}

const sliceName = ({ uuid }: Gpu, slice: number): string => `MIG-${uuid}-${slice}`;

function deviceOf(gpu: Gpu, says: Row['says'], slice: number): readonly [uuid: string, index: number] {
  switch (says) {
    case 'uuid':
      return [gpu.uuid, gpu.index];
    case 'uuid and index 0':
      return [gpu.uuid, 0];
    case 'index':
      return ['', gpu.index];
    case 'mig':
      return [sliceName(gpu, slice), gpu.index];
    case 'unknown':
      return [`GPU-elsewhere-${slice}`, 40 + slice];
    case 'nothing':
      return ['', 0];
  }
}

const escaped = (text: string): string => text.replace(/["\\]/g, '\\$&');
