/**
 * GPUs through nvidia-smi. Two instances run continuously: one reports the GPUs, one (pmon) reports the utilization per process. The
 * processes on each GPU are queried again each time, because for these nvidia-smi prints nothing when there are none, and silence could mean
 * that it hangs; `-q -x` runs from time to time. A collection thus starts nvidia-smi once, and does not add more instances to a hung
 * driver.
 */
import type { NodeGpu, NodeSource } from '../../model/sample.js';
import { clean } from '../../text/sanitize.js';
import type { Command, Programs } from './child.js';
import { Loop } from './child-loop.js';
import { failure, OneShot, type Outcome } from './run-command.js';
import { within } from './with-timeout.js';
import { APPS_QUERY, parseApps, type SmiApp, type SmiApps } from './smi-apps.js';
import { SmiDetails } from './smi-details.js';
import { GPU_QUERY, GpuTable, NEEDED } from './smi-gpus.js';
import { PmonRounds } from './smi-pmon.js';
import { gpuProcesses, occupied, type GpuProcess } from './smi-rows.js';
import { refusedField } from './smi-values.js';
import type { Clock, Ms } from '../../model/clock.js';

export interface SmiOptions {
  /** Path or name of nvidia-smi. */
  readonly program: string;
  readonly programs: Programs;
  readonly clock: Clock;
  readonly intervalMs: Ms;
  /** Whether to query the processes on the GPUs. */
  readonly processes: boolean;
  /** The name of the machine. */
  readonly machine: string;
}

export interface SmiReading {
  /** The GPUs last seen; without readings if there are no current ones. */
  readonly gpus: readonly NodeGpu[];
  /** Undefined: not requested, or not available. */
  readonly processes: readonly GpuProcess[] | undefined;
  readonly sources: readonly NodeSource[];
}

const APPS_TIMEOUT_MS = 5_000;
/** How long the first collection waits for the first output of each. */
const FIRST_WAIT_MS = 8_000;
const CSV = '--format=csv,noheader,nounits';

/** pmon accepts whole seconds, from 1 to 10. */
const pmonSeconds = (intervalMs: Ms): number => Math.min(10, Math.max(1, Math.round(intervalMs / 1000)));

export class NvidiaSmi {
  readonly #options: SmiOptions;
  readonly #table: GpuTable;
  readonly #gpus: Loop;
  readonly #pmonRounds: PmonRounds;
  readonly #pmon: Loop;
  readonly #apps: OneShot;
  readonly #details: SmiDetails;
  #fields: readonly string[] = GPU_QUERY;
  #first = true;

  constructor(options: SmiOptions) {
    const { clock, intervalMs, programs } = options;
    this.#options = options;
    this.#table = new GpuTable({ fields: GPU_QUERY, machine: options.machine });
    this.#gpus = new Loop({
      clock,
      programs,
      intervalMs,
      command: () => {
        this.#table.restart(this.#fields);
        return this.#looping(`--query-gpu=${this.#fields.join()}`, CSV, `--loop-ms=${Math.round(intervalMs)}`);
      },
      onLine: (line) => this.#table.push(line, clock.now()),
      onRefusal: (output) => this.#withoutRefused(output),
    });
    const seconds = pmonSeconds(intervalMs);
    this.#pmonRounds = new PmonRounds(seconds * 1000);
    this.#pmon = new Loop({
      clock,
      programs,
      intervalMs: seconds * 1000,
      command: () => this.#looping('pmon', '-s', 'um', '-d', String(seconds)),
      onLine: (line) => this.#pmonRounds.push(line, clock.now()),
    });
    this.#apps = new OneShot(clock, APPS_TIMEOUT_MS, programs);
    this.#details = new SmiDetails(clock, programs);
  }

  /** Never rejects. */
  async read(): Promise<SmiReading> {
    const { clock, processes } = this.#options;
    const first = this.#first;
    this.#first = false;
    this.#gpus.tick(clock.now());
    if (first) await within(clock, FIRST_WAIT_MS, this.#gpus.settled);
    const program = this.#program;
    // A driver that reports neither its GPUs nor an error is not queried further.
    if (program === undefined || !this.#gpus.talking(clock.now())) {
      const { gpus, source } = this.#listed();
      return { gpus, processes: undefined, sources: [source] };
    }
    await this.#askBeside(program, first);
    const asked = processes ? await this.#askApps(program) : undefined;
    // Meanwhile the continuous instances may have printed more: their latest output belongs to the answer.
    const { gpus, source } = this.#listed();
    const sources = [source, this.#details.source];
    if (asked === undefined) return { gpus: this.#details.added(gpus), processes: undefined, sources };
    if (asked.apps === undefined)
      return { gpus: this.#details.added(gpus), processes: undefined, sources: [...sources, asked.source, this.#shares()] };
    const on = occupied(this.#details.added(gpus), asked.apps, {
      count: this.#table.count,
      uuids: this.#details.uuids,
      unnamed: (gpu) => this.#table.isUnnamed(gpu),
    });
    const shares = this.#pmon.fresh(clock.now()) ? this.#pmonRounds.latest : [];
    return { gpus: on.gpus, processes: gpuProcesses(on.gpus, on.apps, shares), sources: [...sources, asked.source, this.#shares()] };
  }

  async stop(): Promise<void> {
    this.#apps.stop();
    this.#details.stop();
    await within(this.#options.clock, 1000, Promise.all([this.#gpus.stop(), this.#pmon.stop()]));
  }

  /** Starts the continuous instances; the first collection waits briefly for them, so that it is complete. */
  async #askBeside(program: string, first: boolean): Promise<void> {
    const { clock, processes } = this.#options;
    if (processes) this.#pmon.tick(clock.now());
    const divided = this.#listed().gpus.some(({ migEnabled }) => migEnabled === true);
    const details = this.#details.refresh(program, divided);
    if (first) await within(clock, FIRST_WAIT_MS, Promise.all([details, processes ? this.#pmon.settled : undefined]));
  }

  async #askApps(program: string): Promise<{ readonly apps: readonly SmiApp[] | undefined; readonly source: NodeSource }> {
    const outcome = await this.#apps.run({ file: program, args: [`--query-compute-apps=${APPS_QUERY}`, CSV] });
    const { apps, state, reason } = appsOf(outcome);
    return { apps, source: { name: 'gpu-processes', state, reason: clean(reason, 200) } };
  }

  #shares(): NodeSource {
    return sourceOf('sm-shares', this.#pmon.report(this.#options.clock.now()));
  }

  /** The GPUs, including those without readings, and the state of their source. */
  #listed(): { readonly gpus: readonly NodeGpu[]; readonly source: NodeSource } {
    const now = this.#options.clock.now();
    const report = this.#gpus.report(now);
    const { gpus, silent } = this.#table.at(now, this.#gpus.keepMs, report.reason !== '');
    const source = sourceOf('gpus', report);
    if (silent === 0 || (source.state !== 'ok' && source.state !== 'partial')) return { gpus, source };
    const total = Math.max(gpus.length, this.#table.count ?? 0);
    const missing = `no data for ${silent} of ${total} GPUs`;
    return { gpus, source: { ...source, state: 'partial', reason: source.reason === '' ? missing : `${missing}: ${source.reason}` } };
  }

  get #program(): string | undefined {
    return this.#options.programs.find(this.#options.program);
  }

  #looping(...args: readonly string[]): Command | undefined {
    const program = this.#program;
    return program === undefined ? undefined : { file: program, args, byLine: true };
  }

  #withoutRefused(output: string): boolean {
    const refused = refusedField(output);
    if (refused === undefined || NEEDED.includes(refused) || !this.#fields.includes(refused)) return false;
    this.#fields = this.#fields.filter((field) => field !== refused);
    return true;
  }
}

const sourceOf = (name: NodeSource['name'], { state, reason }: Pick<NodeSource, 'state' | 'reason'>): NodeSource => ({
  name,
  state,
  reason: state === 'missing' ? 'nvidia-smi was not found' : reason,
});

interface AppsAnswer extends Pick<NodeSource, 'state' | 'reason'> {
  /** Undefined: the processes on the GPUs cannot be determined. */
  readonly apps?: readonly SmiApp[];
}

/** Exit status of nvidia-smi when the infoROM of a GPU is damaged; its output is valid. */
const INFOROM_DAMAGED = 14;

const isSentence = (line: string): boolean => /[a-z]{3} /i.test(line) && !/^(?:GPU|MIG)-/.test(line);

/** The processes of an answer, whatever its exit status: complete rows are valid. */
function appsOf(outcome: Outcome): AppsAnswer {
  if (outcome.kind !== 'ended') return { state: outcome.kind, reason: outcome.reason };
  const { output, errors, exit } = outcome;
  const { rows, odd, warnings }: SmiApps = parseApps(output);
  const good = exit.code === 0 || exit.code === INFOROM_DAMAGED;
  const why = odd.find(isSentence) ?? odd[0] ?? failure([...warnings, errors].join('\n'), exit);
  if (rows.length === 0 && (odd.length > 0 || !good)) return { state: 'failed', reason: why };
  if (odd.length > 0) return { apps: rows, state: 'partial', reason: `${odd.length} of ${rows.length + odd.length} lines: ${why}` };
  return good ? { apps: rows, state: 'ok', reason: warnings[0] ?? '' } : { apps: rows, state: 'partial', reason: why };
}
