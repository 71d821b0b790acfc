/** GPU data that changes slowly: queried from time to time, besides the collections, and cached. */
import type { NodeGpu, NodeMigDevice, NodeSource } from '../../model/sample.js';
import { clean } from '../../text/sanitize.js';
import type { Programs } from './child.js';
import { failure, OneShot, type Outcome } from './run-command.js';
import { isWarning } from './smi-values.js';
import { parseDetails, parseMigNames, type GpuDetails, type MigName } from './smi-xml.js';
import type { Clock, Ms } from '../../model/clock.js';

/** `-q -x` is slow, and its data changes slowly; but for divided GPUs it is the only source of the memory of their parts. */
const KEEP_MS = 60_000;
const KEEP_MIG_MS = 15_000;
const TIMEOUT_MS = 15_000;

export class SmiDetails {
  readonly #clock: Clock;
  readonly #query: OneShot;
  #known = new Map<string, GpuDetails>();
  #migNames: ReadonlyMap<string, readonly MigName[]> = new Map();
  #source: NodeSource = { name: 'gpu-details', state: 'starting', reason: '' };
  #askedAt: Ms = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(clock: Clock, programs: Programs) {
    this.#clock = clock;
    this.#query = new OneShot(clock, TIMEOUT_MS, programs);
  }

  get source(): NodeSource {
    return this.#source;
  }

  /** Uuids of the GPUs in the order of their indexes, as far as they are known. */
  get uuids(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** Queries when due. Resolves with the answer; callers need not wait for it. */
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

  /** The same GPUs with the cached data. */
  added(gpus: readonly NodeGpu[]): readonly NodeGpu[] {
    return gpus.map((gpu) => {
      const details = this.#known.get(gpu.uuid);
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
    if (outcome.kind !== 'ended') return this.#judge(outcome.kind, outcome.reason);
    const answer = parseDetails(outcome.output);
    const { code } = outcome.exit;
    if (answer.gpus.length === 0) {
      const reason = answer.words[0] ?? 'nvidia-smi -q -x lists no GPU';
      return this.#judge('failed', code === 0 ? reason : failure(answer.words.join('\n') + outcome.errors, outcome.exit));
    }
    // For a GPU whose part of the answer is damaged, the old data stays valid; data of a removed GPU is never requested.
    const old = answer.damaged > 0 ? this.#known : [];
    this.#known = new Map([...answer.gpus.map((gpu) => [gpu.uuid, gpu] as const), ...[...old].filter(([uuid]) => !has(answer.gpus, uuid))]);
    const list = divided ? await this.#query.run({ file: program, args: ['-L'] }) : undefined;
    if (list?.kind === 'ended') this.#migNames = new Map([...this.#migNames, ...parseMigNames(list.output)]);
    const words = answer.words.find((line) => !isWarning(line));
    if (answer.damaged > 0) this.#judge('partial', words ?? `nvidia-smi -q -x: the output for ${answer.damaged} GPUs is damaged`);
    else this.#judge(words === undefined ? 'ok' : 'partial', words ?? answer.words[0] ?? failedList(list));
  }

  #judge(state: NodeSource['state'], reason: string): void {
    this.#source = { name: 'gpu-details', state, reason: clean(reason, 200) };
  }
}

const has = (gpus: readonly GpuDetails[], uuid: string): boolean => gpus.some((gpu) => gpu.uuid === uuid);
const failedList = (list: Outcome | undefined): string =>
  list === undefined || list.kind === 'ended' ? '' : `nvidia-smi -L: ${list.reason}`;
