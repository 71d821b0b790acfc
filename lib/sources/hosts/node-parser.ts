/**
 * What reads the endpoints of a node: their answers end in the same columns. The columns of one endpoint with all-smi are those of its parser, as
 * they are; the samples of several endpoints are merged.
 */
import { AppError } from '../../errors.js';
import type { ScrapeParser } from '../../exposition/parser/index.js';
import type { SampleColumns } from '../../exposition/write/sample-columns.js';
import type { Change, NodeData, NodeFacts, TextRef, UserId } from '../../model/columns.js';
import type { Ms } from '../../model/clock.js';
import { OUR_DIALECTS } from '../dialects/dialects.js';
import { merge, type Part } from '../merge/merge.js';
import { overOwn, sampleOfOwn } from '../merge/own-node.js';
import { EndpointParser, type Answer } from './endpoint-parser.js';

/** Reads the answers of one endpoint into the data of its node. */
export interface EndpointReader extends ScrapeParser {
  /** Whether its last good answer has GPUs. Absent: it is the only one of its node. */
  readonly hasGpus?: boolean;
  /** Facts of its last good answer. Absent: those of the node are. */
  readonly facts?: NodeFacts | undefined;
  /** What it has answered is too old to be shown. */
  drop?(): Change;
}

export interface NodeReader {
  readonly data: NodeData;
  /** In the order of the endpoints. */
  readonly endpoints: readonly EndpointReader[];
  /** Endpoints that answer, and are not used because they are of another node. */
  readonly strangers?: ReadonlyMap<EndpointReader, AppError>;
}

/** The address of an endpoint, and how often it is scraped. */
export interface ReadFrom {
  readonly id: string;
  readonly intervalMs: Ms;
}

/** Columns for the samples of a node. */
type NewColumns = () => SampleColumns;

/** The reader of a node whose only endpoint is read by this parser. */
export const onlyOwn = (parser: ScrapeParser): NodeReader => ({ data: parser.data, endpoints: [parser] });

export class NodeParser implements NodeReader {
  readonly data: ParsedData;
  readonly endpoints: readonly Reader[];
  readonly #newColumns: NewColumns;
  #columns: SampleColumns | undefined;
  strangers: ReadonlyMap<EndpointReader, AppError> = new Map();

  /** `newParser`: for all-smi. `newColumns`: for samples. */
  constructor(from: readonly ReadFrom[], newParser: () => ScrapeParser, newColumns: NewColumns, dialects = OUR_DIALECTS) {
    const parsers = from.map(() => new EndpointParser(newParser(), dialects));
    const data = new ParsedData(parsers[0]!.own.data);
    this.data = data;
    this.endpoints = from.map((one, at) => new Reader(one, data, parsers[at]!, () => this.#publish()));
    this.#newColumns = newColumns;
  }

  #publish(): Change {
    const seen = this.endpoints.filter(({ answered }) => answered !== undefined);
    const [only] = seen;
    const before = this.data.of;
    // Nothing is newer than what is shown.
    if (!only) return 'values';
    if (seen.length === 1) {
      this.strangers = new Map();
      const { answer } = only.answered!;
      if (answer.kind === 'own') this.data.of = only.parser.own.data;
      const change = answer.kind === 'own' ? answer.change : this.#load(answer.sample, answer.facts);
      return before === this.data.of ? change : 'structure';
    }
    return this.#merge(seen);
  }

  #merge(seen: readonly Reader[]): Change {
    const before = this.data.of;
    const { sample, others } = merge(seen.map(partOf));
    this.strangers = new Map([...others].map(([at, other]) => [seen[at]!, strangerError(seen[other]!)]));
    const used = seen.filter((reader) => !this.strangers.has(reader));
    const change = this.#load(
      sample,
      factsOf(
        used.map(({ answered }) => answered!.answer.facts),
        sample.instance,
      ),
    );
    const own = used.find(({ answered }) => answered!.answer.kind === 'own');
    if (!own) return before === this.data.of ? change : 'structure';
    this.data.of = overOwn(own.parser.own.data, this.#columns!);
    // Whether only values differ is not known of both.
    return 'structure';
  }

  #load(sample: Part['sample'], facts: NodeFacts): Change {
    this.#columns ??= this.#newColumns();
    const change = this.#columns.load(sample, receivedOf(facts));
    this.data.of = this.#columns;
    return change;
  }
}

class Reader implements EndpointReader {
  readonly from: ReadFrom;
  readonly data: NodeData;
  readonly parser: EndpointParser;
  readonly #publish: () => Change;
  /** Its last good answer; undefined: none, or too long ago. */
  answered: { readonly answer: Answer; readonly at: Ms } | undefined;

  constructor(from: ReadFrom, data: NodeData, parser: EndpointParser, publish: () => Change) {
    this.from = from;
    this.data = data;
    this.parser = parser;
    this.#publish = publish;
  }

  get refreshMs(): Ms {
    return this.parser.refreshMs;
  }
  get hasGpus(): boolean {
    const answer = this.answered?.answer;
    return answer !== undefined && (answer.kind === 'own' ? this.parser.own.data.gpus.slots : answer.sample.gpus.length) > 0;
  }
  get facts(): NodeFacts | undefined {
    return this.answered?.answer.facts;
  }

  push(chunk: Uint8Array): void {
    this.parser.push(chunk);
  }
  refusal(): AppError | undefined {
    return this.parser.refusal();
  }
  commit(at: Ms, skewMs: Ms | undefined): Change {
    this.answered = { answer: this.parser.commit(at, skewMs), at };
    return this.#publish();
  }
  abort(): void {
    this.parser.abort();
  }
  drop(): Change {
    this.answered = undefined;
    return this.#publish();
  }
}

function partOf({ from: { id, intervalMs }, parser, answered }: Reader): Part {
  const { answer, at } = answered!;
  const isOwn = answer.kind === 'own';
  return {
    endpoint: id,
    dialect: isOwn ? 'all-smi' : answer.dialect.id,
    sample: isOwn ? sampleOfOwn(parser.own.data, at) : answer.sample,
    refreshMs: parser.refreshMs,
    intervalMs,
  };
}

const strangerError = ({ from }: Reader): AppError => new AppError('S_OTHER_GPUS', { other: from.id });

/** Facts of a text that the sample was made of; the columns add what follows from the sample. */
const receivedOf = ({
  exporterVersion,
  samples,
  badLines,
  badSample,
  oddReadings,
  oddSample,
  capsHit,
  bytes,
}: NodeFacts): Partial<NodeFacts> => ({
  exporterVersion,
  samples,
  badLines,
  badSample,
  oddReadings,
  oddSample,
  bytes,
  ...(capsHit.length > 0 ? { capsHit } : {}),
});

/** Of all answers together. */
function factsOf(all: readonly NodeFacts[], instance: string): NodeFacts {
  const sum = (of: (facts: NodeFacts) => number): number => all.reduce((total, facts) => total + of(facts), 0);
  const first = (of: (facts: NodeFacts) => string): string => all.map(of).find((text) => text !== '') ?? '';
  return {
    ...all[0]!,
    instance,
    exporterVersion: all
      .map(({ exporterVersion }) => exporterVersion)
      .filter((text) => text !== '')
      .join(' + '),
    samples: sum(({ samples }) => samples),
    badLines: sum(({ badLines }) => badLines),
    badSample: first(({ badSample }) => badSample),
    oddReadings: sum(({ oddReadings }) => oddReadings),
    oddSample: first(({ oddSample }) => oddSample),
    bytes: sum(({ bytes }) => bytes),
    capsHit: [...new Set(all.flatMap(({ capsHit }) => capsHit))],
  };
}

/** The data of what was published last. */
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
