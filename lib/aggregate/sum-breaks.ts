/**
 * When a sum over GPUs became one of clearly fewer or more GPUs, because nodes were lost or came back. The sum jumps then, and no GPU draws
 * less.
 */
import type { ClusterTotals } from './cluster.js';

/** One in this many GPUs: about the least that is seen in a line of eight steps. */
const SEEN_SHARE = 8;

export class SumBreaks {
  readonly #kept: number;
  #samples: number[] = [];
  /** GPUs in the sum at the last break. 0: not known yet. */
  #gpus = 0;

  /** `kept`: breaks of older samples are dropped. */
  constructor(kept: number) {
    this.#kept = kept;
  }

  /** Where the sums are not comparable, oldest first. */
  get samples(): readonly number[] {
    return this.#samples;
  }

  /** No sum at all is a gap already. Compared with the last break, so that nodes that are lost one by one make one too. */
  record(sample: number, { powerReported }: Pick<ClusterTotals, 'powerReported'>): void {
    if (powerReported === 0) return;
    if (this.#gpus > 0 && Math.abs(powerReported - this.#gpus) * SEEN_SHARE < Math.max(powerReported, this.#gpus)) return;
    if (this.#gpus > 0 && this.#samples.at(-1) !== sample)
      this.#samples = [...this.#samples.filter((at) => at > sample - this.#kept), sample];
    this.#gpus = powerReported;
  }

  clear(): void {
    this.#samples = [];
    this.#gpus = 0;
  }
}
