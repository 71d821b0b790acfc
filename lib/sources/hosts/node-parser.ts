/**
 * The parser of one endpoint, whichever exporter answers there. all-smi is read by its own, fast parser. If the answer is in a dialect, it is read as
 * a sample, and so are those that follow; if it is neither, it is refused.
 */
import { AppError } from '../../errors.js';
import type { ScrapeParser } from '../../exposition/parser/index.js';
import { TextReader, type Wanted } from '../../exposition/reader/text-reader.js';
import { NAMESPACE } from '../../exposition/schema/families.js';
import type { SampleColumns } from '../../exposition/write/sample-columns.js';
import type { Change, NodeData, TextRef, UserId } from '../../model/columns.js';
import type { Ms } from '../../model/clock.js';
import type { Dialect } from '../dialects/dialect.js';
import { dialectOf, isIn, unreadableOf, wantedBy, wantedByAny } from '../dialects/dialects.js';
import { sampleOf, type CpuTimes } from '../dialects/sample-of.js';

/** Columns for the samples of a program. */
export type NewColumns = (program: string) => SampleColumns;

const SECOND: Ms = 1000;

export class NodeParser implements ScrapeParser {
  readonly data: ParsedData;
  readonly #own: ScrapeParser;
  readonly #newColumns: NewColumns;
  /** Whether the answer, or the last good one, is that of all-smi. */
  #isOwn = false;
  #dialect: Dialect | undefined;
  #columns: SampleColumns | undefined;
  #cpuTimes: CpuTimes = new Map();
  #reader: TextReader | undefined;
  #bytes = 0;
  #wantedOfDialect: Wanted | undefined;
  readonly #wanted: Wanted = (name) => {
    // The first answer of a node with all-smi may be large: it is not read twice.
    if (!this.#dialect && name.startsWith(NAMESPACE)) this.#isOwn = true;
    return (this.#wantedOfDialect ?? wantedByAny())(name);
  };

  /** `own`: the parser of all-smi. */
  constructor(own: ScrapeParser, newColumns: NewColumns) {
    this.#own = own;
    this.#newColumns = newColumns;
    this.data = new ParsedData(own.data);
  }

  /** How often the exporter collects what it sends; 0: for each scrape, or not known. */
  get refreshMs(): Ms {
    return (this.#dialect?.refreshSeconds ?? 0) * SECOND;
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (!this.#isOwn) (this.#reader ??= new TextReader(this.#wanted)).push(chunk);
    if (!this.#dialect) this.#own.push(chunk);
  }

  refusal(): AppError | undefined {
    this.#reader?.end();
    if (!this.#dialect) {
      const refusal = this.#own.refusal();
      if (refusal?.code !== 'S_FOREIGN') return refusal;
      // The next answer is looked at in full.
      this.#isOwn = false;
      const families = this.#reader?.families ?? new Map();
      const unreadable = unreadableOf(families);
      const dialect = dialectOf(families);
      this.#speak(dialect);
      if (dialect) return undefined;
      return unreadable ? new AppError('S_OTHER_EXPORTER', { program: unreadable.program, reason: unreadable.why }) : refusal;
    }
    if (isIn(this.#dialect, this.#reader?.families ?? new Map())) return undefined;
    const what = `other metrics than before (${this.#dialect.program})`;
    this.#speak(undefined);
    return new AppError('S_FOREIGN', { what });
  }

  commit(at: Ms, skewMs: Ms | undefined): Change {
    const change = this.#dialect ? this.#commitSample(this.#dialect, at) : this.#commitOwn(at, skewMs);
    this.#reset();
    return change;
  }

  abort(): void {
    this.#own.abort();
    this.#reset();
  }

  #commitOwn(at: Ms, skewMs: Ms | undefined): Change {
    const before = this.data.of;
    const change = this.#own.commit(at, skewMs);
    this.data.of = this.#own.data;
    this.#isOwn = true;
    this.#columns = undefined;
    return before === this.data.of ? change : 'structure';
  }

  #commitSample(dialect: Dialect, at: Ms): Change {
    const reader = this.#reader!;
    const { sample, cpuTimes } = sampleOf(reader.families, dialect, at, this.#cpuTimes);
    const isNew = this.#columns === undefined || this.data.of !== this.#columns;
    const columns = isNew ? this.#newColumns(dialect.program) : this.#columns!;
    const change = columns.load(sample, {
      samples: reader.samples,
      badLines: reader.badLines,
      badSample: reader.badSample,
      bytes: this.#bytes,
      ...(reader.capped ? { capsHit: ['rows'] } : {}),
    });
    this.#cpuTimes = cpuTimes;
    this.#columns = columns;
    this.data.of = columns;
    // What the parser of all-smi has seen of this text is of no use.
    this.#own.abort();
    return isNew ? 'structure' : change;
  }

  #speak(dialect: Dialect | undefined): void {
    this.#dialect = dialect;
    this.#wantedOfDialect = dialect && wantedBy(dialect);
  }

  #reset(): void {
    this.#reader = undefined;
    this.#bytes = 0;
  }
}

/** The data of whichever parser has committed last. */
class ParsedData implements NodeData {
  of: NodeData;

  constructor(first: NodeData) {
    this.of = first;
  }

  get procs(): NodeData['procs'] {
    return this.of.procs;
  }
  get gpus(): NodeData['gpus'] {
    return this.of.gpus;
  }
  get allocations(): NodeData['allocations'] {
    return this.of.allocations;
  }
  get cpus(): NodeData['cpus'] {
    return this.of.cpus;
  }
  get cores(): NodeData['cores'] {
    return this.of.cores;
  }
  get memory(): NodeData['memory'] {
    return this.of.memory;
  }
  get disks(): NodeData['disks'] {
    return this.of.disks;
  }
  get facts(): NodeData['facts'] {
    return this.of.facts;
  }
  get extras(): NodeData['extras'] {
    return this.of.extras;
  }
  text(ref: TextRef): string {
    return this.of.text(ref);
  }
  userName(id: UserId): string {
    return this.of.userName(id);
  }
}
