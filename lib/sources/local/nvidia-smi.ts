/**
 * GPUs through nvidia-smi. Two of it run on and on: one tells the GPUs, one (pmon) what each process uses of them. Who is on which GPU is
 * asked anew each time, for of that nvidia-smi tells nothing when there is nobody, and silence could be a hang; `-q -x` is asked now and
 * then. So a collection costs one start of nvidia-smi, and a driver that hangs is not joined by more of them.
 */
import type { NodeGpu, NodeSource } from '../../model/sample.js';
import { findProgram, type Command } from './child.js';
import { Loop } from './child-loop.js';
import { OneShot } from './run-command.js';
import { within } from './with-timeout.js';
import { APPS_QUERY, parseApps, type SmiApp } from './smi-apps.js';
import { SmiDetails } from './smi-details.js';
import { GPU_QUERY, GpuRounds, NEEDED } from './smi-gpus.js';
import { PmonRounds } from './smi-pmon.js';
import { gpuProcesses, type GpuProcess } from './smi-rows.js';
import { refusedField } from './smi-values.js';
import type { Clock, Ms } from '../../model/clock.js';

export interface SmiOptions {
  /** Path or name of nvidia-smi. */
  readonly program: string;
  readonly clock: Clock;
  readonly intervalMs: Ms;
  /** Whether to ask who is on the GPUs. */
  readonly processes: boolean;
}

export interface SmiReading {
  /** Those that were last seen; without readings when nobody tells them now. */
  readonly gpus: readonly NodeGpu[];
  /** Undefined: not asked for, or nobody can say. */
  readonly processes: readonly GpuProcess[] | undefined;
  readonly sources: readonly NodeSource[];
}

const APPS_TIMEOUT_MS = 5_000;
/** The first collection waits so long for a first word of each. */
const FIRST_WAIT_MS = 8_000;
const CSV = '--format=csv,noheader,nounits';

/** pmon takes whole seconds, from 1 to 10. */
const pmonSeconds = (intervalMs: Ms): number => Math.min(10, Math.max(1, Math.round(intervalMs / 1000)));

export class NvidiaSmi {
  readonly #options: SmiOptions;
  readonly #rounds = new GpuRounds(GPU_QUERY);
  readonly #gpus: Loop;
  readonly #pmonRounds: PmonRounds;
  readonly #pmon: Loop;
  readonly #apps: OneShot;
  readonly #details: SmiDetails;
  #fields: readonly string[] = GPU_QUERY;
  #first = true;

  constructor(options: SmiOptions) {
    const { clock, intervalMs } = options;
    this.#options = options;
    this.#gpus = new Loop({
      clock,
      intervalMs,
      command: () => {
        this.#rounds.restart(this.#fields);
        return this.#looping(`--query-gpu=${this.#fields.join()}`, CSV, `--loop-ms=${Math.round(intervalMs)}`);
      },
      onLine: (line) => this.#rounds.push(line) !== 'other',
      onRefusal: (output) => this.#withoutRefused(output),
    });
    const seconds = pmonSeconds(intervalMs);
    this.#pmonRounds = new PmonRounds(seconds * 1000);
    this.#pmon = new Loop({
      clock,
      intervalMs: seconds * 1000,
      command: () => this.#looping('pmon', '-s', 'um', '-d', String(seconds)),
      onLine: (line) => this.#pmonRounds.push(line, clock.now()),
    });
    this.#apps = new OneShot(clock, APPS_TIMEOUT_MS);
    this.#details = new SmiDetails(clock);
  }

  /** Never rejects. */
  async read(): Promise<SmiReading> {
    const { clock, processes } = this.#options;
    const first = this.#first;
    this.#first = false;
    this.#gpus.tick(clock.now());
    if (first) await within(clock, FIRST_WAIT_MS, this.#gpus.settled);
    const program = findProgram(this.#options.program);
    // A driver that doesn't tell its GPUs is not asked for more.
    if (program === undefined || !this.#gpus.fresh(clock.now())) {
      return { gpus: this.#lastSeen(), processes: undefined, sources: [sourceOf('gpus', this.#gpus)] };
    }
    await this.#askBeside(program, first);
    const asked = processes ? await this.#askApps(program) : undefined;
    // Meanwhile those that run on may have spoken: what they said last goes with the answer.
    const gpus = this.#details.added(this.#rounds.latest ?? []);
    const sources = [sourceOf('gpus', this.#gpus), this.#details.source];
    if (asked === undefined) return { gpus, processes: undefined, sources };
    const { rows, source } = asked;
    const shares = this.#pmon.fresh(clock.now()) ? this.#pmonRounds.latest : [];
    return { gpus, processes: rows && gpuProcesses(gpus, rows, shares), sources: [...sources, source, sourceOf('sm-shares', this.#pmon)] };
  }

  async stop(): Promise<void> {
    this.#apps.stop();
    this.#details.stop();
    await within(this.#options.clock, 1000, Promise.all([this.#gpus.stop(), this.#pmon.stop()]));
  }

  /** Starts what runs beside the collections; the first one waits for it a little, so that it isn't a half one. */
  async #askBeside(program: string, first: boolean): Promise<void> {
    const { clock, processes } = this.#options;
    if (processes) this.#pmon.tick(clock.now());
    const divided = this.#rounds.latest?.some(({ migEnabled }) => migEnabled === true) ?? false;
    const details = this.#details.refresh(program, divided);
    if (first) await within(clock, FIRST_WAIT_MS, Promise.all([details, processes ? this.#pmon.settled : undefined]));
  }

  async #askApps(program: string): Promise<{ readonly rows: readonly SmiApp[] | undefined; readonly source: NodeSource }> {
    const name = 'gpu-processes';
    const outcome = await this.#apps.run({ file: program, args: [`--query-compute-apps=${APPS_QUERY}`, CSV] });
    if (outcome.kind !== 'ok') return { rows: undefined, source: { name, state: outcome.kind, reason: outcome.reason } };
    const rows = parseApps(outcome.output);
    if (rows === undefined) return { rows, source: { name, state: 'failed', reason: 'the answer is not a list of processes' } };
    return { rows, source: { name, state: 'ok', reason: '' } };
  }

  /** What the GPUs are, without anything that moves. */
  #lastSeen(): readonly NodeGpu[] {
    return (this.#rounds.latest ?? []).map(({ index, uuid, name, details }) => ({ index, uuid, name, ...(details ? { details } : {}) }));
  }

  /**
   * Into a pipe, nvidia-smi may hold back its lines until it has some thousand bytes of them; `stdbuf` (coreutils) makes it write each.
   */
  #looping(...args: readonly string[]): Command | undefined {
    const program = findProgram(this.#options.program);
    const stdbuf = findProgram('stdbuf');
    if (program === undefined || stdbuf === undefined) return program === undefined ? undefined : { file: program, args };
    return { file: stdbuf, args: ['-oL', program, ...args] };
  }

  #withoutRefused(output: string): boolean {
    const refused = refusedField(output);
    if (refused === undefined || NEEDED.includes(refused) || !this.#fields.includes(refused)) return false;
    this.#fields = this.#fields.filter((field) => field !== refused);
    return true;
  }
}

const sourceOf = (name: NodeSource['name'], { state, reason }: Loop): NodeSource => ({
  name,
  state,
  reason: state === 'missing' ? 'nvidia-smi was not found' : reason,
});
