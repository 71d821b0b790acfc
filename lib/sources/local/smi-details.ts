/** What changes slowly about the GPUs: asked now and then, beside the collections, and kept. */
import type { NodeGpu, NodeMigDevice, NodeSource } from '../../model/sample.js';
import { OneShot } from './run-command.js';
import type { GpuDetails, MigName } from './smi-xml.js';
import type { Clock, Ms } from '../../model/clock.js';

/** `-q -x` is slow, and so is what it tells; but on divided GPUs it alone tells the memory of their parts. */
const KEEP_MS = 60_000;
const KEEP_MIG_MS = 15_000;
const TIMEOUT_MS = 15_000;

export class SmiDetails {
  readonly #clock: Clock;
  readonly #query: OneShot;
  #known: readonly GpuDetails[] = [];
  #migNames: ReadonlyMap<string, readonly MigName[]> = new Map();
  #source: NodeSource = { name: 'gpu-details', state: 'starting', reason: '' };
  #askedAt: Ms = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#query = new OneShot(clock, TIMEOUT_MS);
  }

  get source(): NodeSource {
    return this.#source;
  }

  /** Asks when it is time. Resolves with the answer; nobody needs to wait for it. */
  async refresh(program: string, divided: boolean): Promise<void> {
    const now = this.#clock.now();
    if (now - this.#askedAt >= (divided ? KEEP_MIG_MS : KEEP_MS) && this.#asking === undefined) {
      this.#askedAt = now;
      this.#asking = this.#ask(program, divided).finally(() => (this.#asking = undefined));
    }
    await this.#asking;
  }

  stop(): void {
    this.#query.stop();
  }

  /** The same GPUs with what is known of them. */
  added(gpus: readonly NodeGpu[]): readonly NodeGpu[] {
    return gpus.map((gpu) => {
      const details = this.#known.find(({ uuid }) => uuid === gpu.uuid);
      if (details === undefined) return gpu;
      const migDevices = gpu.migEnabled === false ? [] : this.#parts(details);
      return { ...gpu, ...details, details: { ...details.details, ...gpu.details }, migDevices };
    });
  }

  #parts({ uuid: gpu, migDevices }: GpuDetails): readonly NodeMigDevice[] {
    const names = this.#migNames.get(gpu) ?? [];
    return migDevices.map((part) => {
      const { uuid = '', profile = '' } = names.find(({ index }) => index === part.index) ?? {};
      return { ...part, uuid, profile };
    });
  }

  async #ask(program: string, divided: boolean): Promise<void> {
    const outcome = await this.#query.run({ file: program, args: ['-q', '-x'] });
    if (outcome.kind !== 'ok') return this.#say(outcome.kind, outcome.reason);
    // Loaded here: most of the program never needs it.
    const { parseDetails, parseMigNames } = await import('./smi-xml.js');
    const details = parseDetails(outcome.output);
    if (details === undefined) return this.#say('failed', 'the answer is not whole');
    this.#known = details;
    const list = divided ? await this.#query.run({ file: program, args: ['-L'] }) : undefined;
    if (list?.kind === 'ok') this.#migNames = parseMigNames(list.output);
    this.#say('ok', '');
  }

  #say(state: NodeSource['state'], reason: string): void {
    this.#source = { name: 'gpu-details', state, reason };
  }
}
