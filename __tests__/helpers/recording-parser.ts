/** A parser that interprets nothing and records its calls: push, commit, abort. */
import { NO_ALLOCATIONS } from '../../lib/model/allocations.js';
import type { Change, NodeData } from '../../lib/model/columns.js';
import { NO_EXTRAS, NO_FACTS, NO_GPUS, NO_PROCESSES, NO_ROWS } from '../../lib/model/empty-columns.js';
import type { ScrapeParser } from '../../lib/exposition/parser/scanner.js';

/** A node without data. `instance`: the name it reports. */
export const emptyHostData = (instance = ''): NodeData => ({
  procs: NO_PROCESSES,
  gpus: NO_GPUS,
  cpus: NO_ROWS,
  cores: NO_ROWS,
  memory: NO_ROWS,
  disks: NO_ROWS,
  extras: NO_EXTRAS,
  allocations: NO_ALLOCATIONS,
  facts: { ...NO_FACTS, instance },
  text: () => '',
  userName: () => '',
});

export class RecordingParser implements ScrapeParser {
  data = emptyHostData();
  /** Committed bodies in order. */
  readonly committed: { body: string; at: number; skewMs: number | undefined }[] = [];
  aborted = 0;
  /** Bytes pushed since the last commit or abort. */
  pending = '';

  push(chunk: Uint8Array): void {
    this.pending += Buffer.from(chunk).toString('utf8');
  }
  refusal(): undefined {
    return undefined;
  }
  commit(at: number, skewMs: number | undefined): Change {
    this.committed.push({ body: this.pending, at, skewMs });
    this.pending = '';
    return 'values';
  }
  abort(): void {
    this.aborted++;
    this.pending = '';
  }
}
