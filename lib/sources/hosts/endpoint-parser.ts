/**
 * Reads the answers of one endpoint, whichever exporter sends them. all-smi is read by its own, fast parser; the answers of other exporters, which
 * are recognised by their families, become samples. An answer is first read as the last good one was: if it turns out to be of another
 * exporter, it is read again.
 */
import { AppError } from '../../errors.js';
import type { ScrapeParser } from '../../exposition/parser/index.js';
import { TextReader, type Wanted } from '../../exposition/reader/text-reader.js';
import { NAMESPACE } from '../../exposition/schema/families.js';
import { NO_FACTS } from '../../model/empty-columns.js';
import type { Change, NodeFacts } from '../../model/columns.js';
import type { Ms } from '../../model/clock.js';
import type { NodeSample } from '../../model/sample.js';
import type { Dialect } from '../dialects/dialect.js';
import { isIn, unreadableOf, wantedBy, type Dialects } from '../dialects/dialects.js';
import { sampleOf, type CpuTimes } from '../dialects/sample-of.js';

/** A good answer: the columns of the parser of all-smi have it, or it is a sample. */
export type Answer =
  | { readonly kind: 'own'; readonly change: Change; readonly facts: NodeFacts }
  | { readonly kind: 'sample'; readonly dialect: Dialect; readonly sample: NodeSample; readonly facts: NodeFacts };

const SECOND: Ms = 1000;
/** What is kept of an answer until it is clear that it is of the same exporter as the last one. */
const MAX_KEPT_BYTES = 2 ** 20;

export class EndpointParser {
  readonly own: ScrapeParser;
  readonly #dialects: Dialects;
  /** The exporter of the last good answer. */
  #last: Dialect | 'all-smi' | undefined;
  /** How this answer is read. Undefined: in all ways. */
  #as: Dialect | 'all-smi' | undefined;
  #wantedByLast: Wanted | undefined;
  #cpuTimes: CpuTimes = new Map();
  #reader: TextReader | undefined;
  #bytes = 0;
  /** Undefined: it is clear which exporter has sent it. */
  #kept: Uint8Array[] | undefined = [];
  readonly #wantedByAny: Wanted = (name) => {
    // The first answer of all-smi may be large: it is not read twice.
    if (name.startsWith(NAMESPACE)) this.#as = 'all-smi';
    return this.#dialects.wanted()(name);
  };

  /** `own`: the parser of all-smi. */
  constructor(own: ScrapeParser, dialects: Dialects) {
    this.own = own;
    this.#dialects = dialects;
  }

  /** How often the exporter collects what it sends; 0: for each scrape, or not known. */
  get refreshMs(): Ms {
    return typeof this.#last === 'object' ? this.#last.refreshSeconds * SECOND : 0;
  }

  push(chunk: Uint8Array): void {
    if (this.#bytes === 0) this.#as = this.#last === 'all-smi' && !isLikeOwn(chunk) ? undefined : this.#last;
    this.#bytes += chunk.length;
    const { isClear } = this.#read(chunk);
    if (isClear || this.#bytes > MAX_KEPT_BYTES) this.#kept = undefined;
    this.#kept?.push(chunk);
  }

  /** Ends the answer. Why it cannot be used; undefined: it can be. */
  refusal(): AppError | undefined {
    this.#endReader();
    if (typeof this.#as === 'object' && !isIn(this.#as, this.#families)) {
      const { program } = this.#as;
      this.#as = undefined;
      // The next answer is looked at in full.
      if (!this.#kept) this.#last = undefined;
      if (!this.#kept) return new AppError('S_FOREIGN', { what: `other metrics than before (${program})` });
      this.#readAgain(this.#kept);
    }
    if (typeof this.#as === 'object') return undefined;
    const refusal = this.own.refusal();
    if (refusal?.code !== 'S_FOREIGN') return refusal;
    const dialect = this.#dialects.of(this.#families);
    if (dialect) {
      this.#as = dialect;
      return undefined;
    }
    const unreadable = unreadableOf(this.#families);
    return unreadable ? new AppError('S_OTHER_EXPORTER', { program: unreadable.program, reason: unreadable.why }) : refusal;
  }

  /** To be called if there is no refusal. */
  commit(at: Ms, skewMs: Ms | undefined): Answer {
    const answer = typeof this.#as === 'object' ? this.#sample(this.#as, at) : this.#own(at, skewMs);
    this.#reset();
    return answer;
  }

  abort(): void {
    this.own.abort();
    this.#reset();
  }

  get #families(): TextReader['families'] {
    return this.#reader?.families ?? new Map();
  }

  #read(chunk: Uint8Array): { readonly isClear: boolean } {
    if (this.#as !== 'all-smi') {
      this.#reader ??= new TextReader(typeof this.#as === 'object' ? this.#wantedByLast! : this.#wantedByAny, {}, this.own.texts);
      this.#reader.push(chunk);
    }
    if (typeof this.#as === 'object') return { isClear: this.#kept !== undefined && isIn(this.#as, this.#families) };
    this.own.push(chunk);
    return { isClear: true };
  }

  #readAgain(chunks: readonly Uint8Array[]): void {
    this.#reader = undefined;
    for (const chunk of chunks) this.#read(chunk);
    this.#endReader();
  }

  #endReader(): void {
    this.#reader?.end();
  }

  #own(at: Ms, skewMs: Ms | undefined): Answer {
    const change = this.own.commit(at, skewMs);
    this.#last = 'all-smi';
    const { facts } = this.own.data;
    return { kind: 'own', change, facts };
  }

  #sample(dialect: Dialect, at: Ms): Answer {
    const { families, samples, badLines, badSample, capped } = this.#reader!;
    const { sample, cpuTimes } = sampleOf(families, dialect, at, this.#last === dialect ? this.#cpuTimes : undefined);
    this.#cpuTimes = cpuTimes;
    if (this.#last !== dialect) this.#wantedByLast = wantedBy(dialect);
    this.#last = dialect;
    // What the parser of all-smi has seen of this text is of no use.
    this.own.abort();
    const capsHit = capped ? ['rows'] : [];
    const facts = { ...NO_FACTS, exporterVersion: dialect.program, samples, badLines, badSample, bytes: this.#bytes, capsHit };
    return { kind: 'sample', dialect, sample, facts: { ...facts, instance: sample.instance, up: true } };
  }

  #reset(): void {
    this.#reader = undefined;
    this.#bytes = 0;
    this.#kept = [];
  }
}

const isLikeOwn = (chunk: Uint8Array): boolean => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).includes(NAMESPACE);
