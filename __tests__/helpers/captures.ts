/** Captures of a real GPU, as records and as a simulated machine: a fake nvidia-smi and a /proc that advance from sample to sample. */
import {
  closeSync,
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FIXTURES = new URL('../fixtures/captures/', import.meta.url).pathname;
const STAND_IN = new URL('./nvidia-smi.sh', import.meta.url).pathname;

/** A row of `ps -o pid,ppid,user,uid,etimes,time,pcpu,rss,vsz,stat,nlwp,args`. */
export interface PsRow {
  readonly pid: number;
  readonly uid: number;
  readonly etimes: number;
  readonly cpuSeconds: number;
  readonly rssKib: number;
  readonly state: string;
  readonly args: string;
}

export interface CaptureSample {
  readonly second: number;
  readonly at: number;
  /** The unmodified files of the sample by name. */
  readonly files: Readonly<Record<string, string>>;
  readonly ps: readonly PsRow[];
}

export function readPs(text: string): PsRow[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, pid, , , uid, etimes, time, , rss, , state, , args] =
        /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(\d+)\s+([\d:]+)\s+([\d.]+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\d+) (.*)$/.exec(line)!;
      const [hours = 0, minutes = 0, seconds = 0] = time!.split(':').map(Number);
      return {
        pid: Number(pid),
        uid: Number(uid),
        etimes: Number(etimes),
        cpuSeconds: hours * 3600 + minutes * 60 + seconds,
        rssKib: Number(rss),
        state: state![0]!,
        args: args!,
      };
    });
}

/** The samples of the timeline in order. */
export function timeline(): CaptureSample[] {
  const text = readFileSync(join(FIXTURES, 'h100-timeline/samples.txt'), 'utf8');
  return text
    .split(/^=== /m)
    .slice(1)
    .map((block) => {
      const [head = '', ...parts] = block.split(/^--- /m);
      const [second, stamp] = head.trim().split(' ');
      const files = Object.fromEntries(parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]));
      return { second: Number(second), at: Date.parse(stamp!), files, ps: readPs(files['ps.txt']!) };
    });
}

export const fixture = (name: string): string => readFileSync(join(FIXTURES, name), 'utf8');

/** Names by uid, from a passwd file. */
export const namesOf = (passwd: string): Map<number, string> =>
  new Map(passwd.split('\n').flatMap((line) => (line === '' ? [] : [[Number(line.split(':')[2]), line.split(':')[0]!] as const])));

export const TIMELINE_GPU_FIELDS =
  'index, uuid, name, driver_version, utilization.gpu, utilization.memory, memory.used, memory.total, temperature.gpu, power.draw, ' +
  'power.limit, clocks.gr, clocks.mem, pstate, fan.speed';

const LOOPS = ['gpu', 'pmon'] as const;

/** A directory that simulates a machine: `nvidia-smi` to run, `proc` to read, `passwd`. */
export class StandInMachine {
  readonly directory = mkdtempSync(join(tmpdir(), 'all-smi-view-machine-'));
  readonly nvidiaSmi = join(this.directory, 'nvidia-smi');
  readonly procDir = join(this.directory, 'proc');
  readonly passwdFile = join(this.directory, 'passwd');
  readonly #pipes: number[];

  constructor() {
    for (const name of ['now', 'proc/sys/kernel']) mkdirSync(join(this.directory, name), { recursive: true });
    symlinkSync(STAND_IN, this.nvidiaSmi);
    for (const name of LOOPS) spawnSync('mkfifo', [join(this.directory, `${name}.pipe`)]);
    this.#pipes = LOOPS.map((name) => openSync(join(this.directory, `${name}.pipe`), constants.O_RDWR | constants.O_NONBLOCK));
    for (const name of ['said', 'started']) this.write(name, '');
    for (const name of ['apps.csv', 'pmon.txt', 'list.txt']) this.write(`now/${name}`, '');
    this.#kernel();
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.directory, name), 'utf8');
  }

  /** A process in /proc. */
  process(
    pid: number,
    { uid, argv, startTicks }: { readonly uid: number; readonly argv: readonly string[]; readonly startTicks: number },
  ): void {
    mkdirSync(join(this.procDir, String(pid)), { recursive: true });
    const name = argv[0]!.replace(/^.*\//, '').slice(0, 15);
    const fields = Array.from({ length: 50 }, () => '0');
    fields[22 - 3] = String(startTicks);
    this.write(`proc/${pid}/stat`, `${pid} (${name}) S ${fields.slice(1).join(' ')}\n`);
    this.write(`proc/${pid}/status`, `Name:\t${name}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nVmRSS:\t  1000 kB\n`);
    this.write(`proc/${pid}/cmdline`, `${argv.join('\0')}\0`);
  }

  /** The open files of a process in /proc, which also makes them readable. */
  opens(pid: number, ...files: readonly string[]): void {
    const directory = join(this.procDir, String(pid), 'fd');
    mkdirSync(directory, { recursive: true });
    for (const [nth, file] of files.entries()) symlinkSync(file, join(directory, String(nth)));
  }

  forget(name: string): void {
    rmSync(join(this.directory, name), { recursive: true, force: true });
  }

  /** Command lines of the nvidia-smi processes that were started, each preceded by its pid. */
  get started(): string[] {
    return readFileSync(join(this.directory, 'started'), 'utf8').split('\n').filter(Boolean);
  }

  /** Whether an nvidia-smi with this argument is running, or its watchdog. */
  runs(argument: string): boolean {
    return this.running.some((pid) => argumentsOf(pid).includes(argument));
  }

  /** Pids of the running nvidia-smi processes and their watchdogs. */
  get running(): readonly number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => pid !== process.pid && this.#isOurs(pid));
  }

  /** The number of outputs of looping nvidia-smi processes. */
  get said(): Record<(typeof LOOPS)[number], number> {
    const words = readFileSync(join(this.directory, 'said'), 'utf8').split('\n');
    const count = (name: string): number => words.filter((word) => word === name).length;
    return { gpu: count('gpu'), pmon: count('pmon') };
  }

  /** The number of outputs of the running loops so far. */
  get outputs(): number {
    return readFileSync(join(this.directory, 'said'), 'utf8').split('\n').filter(Boolean).length;
  }

  /** Makes the looping processes print once more. */
  speak(): void {
    for (const pipe of this.#pipes) writeSync(pipe, '\n');
  }

  /** Ends all running processes: the real ones end when their reader closes the pipe. */
  dispose(): void {
    for (const pid of this.running) process.kill(pid, 'SIGKILL');
    for (const pipe of this.#pipes) closeSync(pipe);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The parent of kernel threads, present only in the /proc of a whole machine. */
  #kernel(): void {
    mkdirSync(join(this.procDir, '2'));
    this.write('proc/2/stat', `2 (kthreadd) S 0 0 0 0 -1 2129984 ${Array.from({ length: 43 }, () => '0').join(' ')}\n`);
    this.write('proc/2/status', 'Name:\tkthreadd\nUid:\t0\t0\t0\t0\n');
    this.write('proc/2/cmdline', '');
  }

  #isOurs(pid: number): boolean {
    return argumentsOf(pid).includes(this.nvidiaSmi);
  }
}

function argumentsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** The single sample of h100-static. */
export function staticMachine(): StandInMachine {
  const machine = new StandInMachine();
  cpSync(join(FIXTURES, 'h100-static/proc'), machine.procDir, { recursive: true });
  machine.write('proc/sys/kernel/hostname', 'gpu-h100-01\n');
  machine.write('passwd', fixture('h100-static/passwd'));
  const [head = '', ...rows] = fixture('h100-static/gpu.csv').trim().split('\n');
  const names = head
    .replace(/ \[[^\]]*\]/g, '')
    .replace('clocks.current.graphics', 'clocks.gr')
    .replace('clocks.current.memory', 'clocks.mem');
  const cells = rows.map((row) => row.replace(/(\d) (?:%|W|MiB|MHz)(?=,|$)/g, '$1'));
  // The same moment in the driver's own report has what was not queried.
  const [, memoryCelsius = ''] = /<memory_temp>(\d+) C</.exec(fixture('h100-static/q.xml'))!;
  const lines = [`${names}, temperature.memory`, ...cells.map((row) => `${row}, ${memoryCelsius}`)];
  machine.write('now/gpu.csv', `${lines.join('\n')}\n`);
  machine.write('now/apps.csv', fixture('h100-static/apps.csv'));
  machine.write('now/pmon.txt', fixture('h100-static/pmon.txt'));
  machine.write('now/q.xml', fixture('h100-static/q.xml'));
  return machine;
}

/** The boot time of the machine in the timeline: its uptime is derived from it. */
const UPTIME_AT_START = 40;

/** Plays the timeline. Process start times are consistent with the ages that ps reported in all samples. */
export class TimelineMachine extends StandInMachine {
  readonly samples = timeline();
  readonly bootAt = this.samples[0]!.at - UPTIME_AT_START * 1000;
  readonly #starts = startTimes(this.samples, this.bootAt);

  constructor() {
    super();
    this.write('proc/sys/kernel/hostname', 'gpu-h100-02\n');
    this.write('proc/cpuinfo', fixture('h100-timeline/cpuinfo'));
    this.write('passwd', fixture('h100-timeline/passwd'));
    this.write('now/q.xml', fixture('h100-timeline/q.xml'));
    this.show(this.samples[0]!);
  }

  /** Makes this sample the current one. */
  show({ at, files, ps }: CaptureSample): void {
    this.write('now/gpu.csv', `${TIMELINE_GPU_FIELDS}\n${files['gpu.csv']!}`);
    this.write('now/apps.csv', files['apps.csv']!);
    this.write('now/pmon.txt', files['pmon.txt']!);
    this.write('proc/stat', files.stat!);
    this.write('proc/meminfo', files.meminfo!);
    this.write('proc/uptime', `${((at - this.bootAt) / 1000).toFixed(2)} 0.00\n`);
    for (const pid of this.#starts.keys()) if (!ps.some((row) => row.pid === pid)) this.forget(`proc/${pid}`);
    for (const row of ps) this.#process(row);
  }

  #process({ pid, uid, cpuSeconds, rssKib, state, args }: PsRow): void {
    mkdirSync(join(this.procDir, String(pid)), { recursive: true });
    const name = args.split(' ')[0]!.replace(/^.*\//, '').slice(0, 15);
    const fields = Array.from({ length: 50 }, () => '0');
    fields[14 - 3] = String(cpuSeconds * 100);
    fields[22 - 3] = String(this.#starts.get(pid));
    this.write(`proc/${pid}/stat`, `${pid} (${name}) ${state} ${fields.slice(1).join(' ')}\n`);
    this.write(`proc/${pid}/status`, `Name:\t${name}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nVmRSS:\t  ${rssKib} kB\n`);
    this.write(`proc/${pid}/cmdline`, `${args.split(' ').join('\0')}\0`);
  }
}

/** Ticks from boot to the start of each process: the middle of the range that its ages allow. */
function startTimes(samples: readonly CaptureSample[], bootAt: number): Map<number, number> {
  const open = new Map<number, [from: number, to: number]>();
  for (const { at, ps } of samples)
    for (const { pid, etimes } of ps) {
      const [from, to] = open.get(pid) ?? [-Infinity, Infinity];
      const uptime = (at - bootAt) / 1000;
      open.set(pid, [Math.max(from, uptime - etimes - 1), Math.min(to, uptime - etimes)]);
    }
  return new Map([...open].map(([pid, [from, to]]) => [pid, Math.round(50 * (from + to))]));
}
