/** A parser that understands nothing and remembers everything: what was pushed, committed, aborted. */
import { NO_ALLOCATIONS } from '../../lib/model/allocations.js';
import type { Change, NodeData, Rows } from '../../lib/model/columns.js';
import { GPU_FIELDS } from '../../lib/model/columns.js';
import { NO_EXTRAS } from '../../lib/model/empty-columns.js';
import type { ScrapeParser } from '../../lib/exposition/parser/scanner.js';

const noRows: Rows<never> = { count: 0, value: () => NaN, title: () => '' };
const none = new Float64Array();

/** A host that said nothing. `instance`: what it calls itself. */
export function emptyHostData(instance = ''): NodeData {
  return {
    procs: {
      count: 0,
      pid: new Uint32Array(),
      gpu: new Int32Array(),
      user: new Int32Array(),
      vramBytes: none,
      ageSeconds: none,
      cpuPercent: none,
      smPercent: none,
      command: new Uint32Array(),
      name: new Uint32Array(),
    },
    gpus: {
      count: 0,
      slots: 0,
      index: new Int32Array(),
      uuid: new Uint32Array(),
      name: new Uint32Array(),
      field: Object.fromEntries(GPU_FIELDS.map((field) => [field, none])) as Record<(typeof GPU_FIELDS)[number], Float64Array>,
      detail: () => '',
    },
    cpus: noRows,
    cores: noRows,
    memory: noRows,
    disks: noRows,
    extras: NO_EXTRAS,
    allocations: NO_ALLOCATIONS,
    facts: {
      instance,
      exporterVersion: '',
      up: undefined,
      hasProcessFamily: false,
      processScope: undefined,
      samples: 0,
      badLines: 0,
      badSample: '',
      capsHit: [],
      bytes: 0,
    },
    text: () => '',
    userName: () => '',
  };
}

export class RecordingParser implements ScrapeParser {
  data = emptyHostData();
  /** Bodies committed, in order. */
  readonly committed: { body: string; at: number; skewMs: number | undefined }[] = [];
  aborted = 0;
  /** Pushed since the last commit or abort. */
  pending = '';

  push(chunk: Uint8Array): void {
    this.pending += Buffer.from(chunk).toString('utf8');
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
