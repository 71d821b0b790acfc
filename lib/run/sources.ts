/** Opens each kind of source. To add a source, add a kind to the union (settings.ts) and a factory here. */
import { AppError } from '../errors.js';
import { Attribution, type AttributionOptions } from '../aggregate/attribution.js';
import { KnownJobs } from '../aggregate/known-jobs.js';
import type { Parsers } from '../exposition/parser/index.js';
import { affordable } from '../http/open-files.js';
import type { Clock } from '../model/clock.js';
import type { Collector } from '../model/collector.js';
import { NodeNames } from '../model/node-names.js';
import type { AttributionSource } from '../model/node.js';
import type { Replay } from '../model/replay.js';
import { combined } from '../sources/combined-collector.js';
import { SampleColumns } from '../exposition/write/sample-columns.js';
import { NodeParser, type ReadFrom } from '../sources/hosts/node-parser.js';
import { createHttpCollector } from '../sources/hosts/http-collector.js';
import type { Rounds } from '../sources/schedule/scheduler.js';
import { expandHosts, MAX_HOSTS, type Target } from '../sources/hostlists/targets.js';
import { count } from '../text/format.js';
import { parseMoment } from '../text/timecode.js';
import { VERSION } from '../version.js';
import { line, span, type Line } from '../view/frame.js';
import { localNotices } from '../view/local-notices.js';
import { serverFacts, serverNotices, type SourceFact } from '../view/server-notices.js';
import { STANDALONE, type HostsSource, type Source, type SourceKind } from './settings.js';

export interface SourceContext {
  readonly parsers: Parsers;
  readonly clock: Clock;
  /** Called after each delivery of data: the point at which user ids may be renumbered. */
  readonly afterCommit: () => void;
  /** Of the nodes of all sources. */
  readonly names: NodeNames;
  /** What is known of the owners of processes and GPUs, beyond what the nodes send. */
  readonly attribution: AttributionSource;
  /** Of scrapes. Default 'spread'. */
  readonly rounds?: Rounds;
  /** Whether this is the only source. */
  readonly alone: boolean;
  /** Everything that is known of each process is used, not only what is on the screen. Default: false. */
  readonly wholeProcesses?: boolean;
}

/** An opened source; nothing is collected until the collector is started. */
export interface OpenSource {
  readonly collector: Collector;
  /** The same object, if it has the past: a recording, or the history of a server. */
  readonly replay?: Replay;
  /** Takes the jobs of schedulers, and knows them; absent for a recording, which has what was known then. */
  readonly jobs?: KnownJobs;
  /** Lines under the tab strip: facts about the source that are always shown. */
  notices(): readonly Line[];
  /** What is known of the source itself, for Diagnosis. */
  facts?(): readonly SourceFact[];
  /** Stops what was started with it; the collector has been stopped before. */
  close(): Promise<void>;
}

type Factory<Kind extends SourceKind> = (source: Extract<Source, { kind: Kind }>, context: SourceContext) => Promise<OpenSource>;

const NOTHING: Pick<OpenSource, 'notices' | 'close'> = { notices: () => [], close: () => Promise.resolve() };

/** Modules that only some runs need are loaded on demand. */
const FACTORIES: { readonly [Kind in SourceKind]: Factory<Kind> } = {
  hosts: (source, context) => {
    const { targets } = source;
    const endpoints = targets.reduce((sum, target) => sum + target.endpoints.length, 0);
    const most = source.changes ? MAX_HOSTS : endpoints;
    const maxConnections = affordable(2 * most, context.alone ? KEPT_FILES : KEPT_FILES + FILES_OF_PROGRAMS);
    const collector = httpCollector({ ...source, maxConnections }, targets, source.title, context);
    const notices = (): readonly Line[] => [...filesNotices(endpoints, maxConnections), ...listNotices(source.changes?.problems() ?? [])];
    return Promise.resolve({ ...NOTHING, collector, notices });
  },

  async local({ machine, intervalMs }, { parsers, clock, afterCommit, names, attribution, alone }) {
    const { createLocalCollector } = await import('../sources/local/local-collector.js');
    const columns = parsers.holding((users) => new SampleColumns(users, VERSION));
    const collector = createLocalCollector({
      ...machine,
      columns,
      names,
      attribution,
      nodeId: localNodeId(alone),
      clock,
      afterCommit,
      ...(intervalMs === undefined ? {} : { intervalMs }),
    });
    return { ...NOTHING, collector, notices: () => localNotices(collector.sources, alone) };
  },

  async ssh(
    { machine, targets, title, ssh, timeoutMs, intervalMs },
    { parsers, clock, afterCommit, names, attribution, rounds = 'spread' },
  ) {
    const { createSshCollector } = await import('../sources/ssh/ssh-collector.js');
    const collector = createSshCollector({
      ...machine,
      targets,
      source: title,
      ssh,
      timeoutMs,
      newColumns: () => parsers.holding((users) => new SampleColumns(users, VERSION)),
      names,
      attribution,
      rounds,
      clock,
      afterCommit,
      ...(intervalMs === undefined ? {} : { intervalMs }),
    });
    return { ...NOTHING, collector };
  },

  async demo(source, context) {
    const demo = await (await import('../mock/demo.js')).startDemo(context.clock);
    return {
      collector: httpCollector(source, expandHosts(demo.addresses), 'demo', context),
      notices: () => [DEMO_NOTICE],
      close: () => demo.stop(),
    };
  },

  async prometheus(source, context) {
    const { parsers, rounds = 'spread' } = context;
    const { PrometheusCollector } = await import('../sources/prometheus/prometheus-collector.js');
    const now = context.clock.now();
    const startAt = source.start === undefined ? undefined : parseMoment(source.start, now, -new Date(now).getTimezoneOffset());
    if (typeof startAt === 'string') throw new AppError('E_OPTION_BAD', { option: '--start', reason: startAt });
    const collector = new PrometheusCollector({
      ...source,
      ...context,
      ...(startAt === undefined ? {} : { startAt }),
      newParser: () => nodeParser(parsers, ONE_TEXT, source).endpoints[0]!,
      once: rounds === 'one',
    });
    const opening = collector.open();
    // The screen opens without waiting for long; what is printed or recorded needs the nodes.
    const isShown = rounds === 'spread' && context.wholeProcesses !== true;
    const soon = new Promise<undefined>((resolve) => context.clock.after(SOON_MS, () => resolve(undefined)));
    const failure = await (isShown ? Promise.race([opening, soon]) : opening);
    if (failure && rounds !== 'spread') {
      await collector.stop();
      throw new AppError('E_NO_ANSWER', { reason: `${collector.source}: ${failure.message}` }, { cause: failure });
    }
    return {
      ...NOTHING,
      collector,
      replay: collector,
      notices: () => serverNotices(collector.facts, context.clock.now()),
      facts: () => serverFacts(collector.facts, context.clock.now()),
    };
  },

  async replay(source) {
    const replay = await (await import('./open-replay.js')).openReplay(source);
    return { ...NOTHING, collector: replay, replay };
  },
};

/** How long the first frame on the screen waits for a server. */
const SOON_MS = 700;

/** Files reserved for everything except connections: exports, a recording, modules, the resolver. */
const KEPT_FILES = 24;
/** What this machine needs on top: three pipes for each nvidia-smi that may run at a time, and the files read from /proc. */
const FILES_OF_PROGRAMS = 24;

/** Where nodes have to wait for each other's connections. */
const filesNotices = (nodes: number, maxConnections: number): readonly Line[] =>
  maxConnections >= nodes
    ? []
    : [
        line(
          span(
            ` open files are limited: ${count(maxConnections)} of ${count(nodes)} nodes scraped at a time; raise ulimit -n `,
            'chip-warn',
          ),
        ),
      ];

/** Lists of nodes that are not as they are now. */
const listNotices = (problems: readonly string[]): readonly Line[] => problems.map((text) => line(span(` ${text} `, 'chip-warn')));

/** The id of this machine; it cannot be confused with a node that is scraped under the name localhost. */
export const localNodeId = (alone: boolean): string => (alone ? 'localhost' : 'this machine');

const DEMO_NOTICE: Line = line(span(' demo: a made-up cluster ', 'chip'));

/** The name of the program is in the facts of each sample. */
export const nodeParser = (parsers: Parsers, endpoints: readonly ReadFrom[], { dialects }: Pick<HostsSource, 'dialects'>): NodeParser =>
  new NodeParser(
    endpoints,
    () => parsers.newParser(),
    () => parsers.holding((users) => new SampleColumns(users, '')),
    dialects,
  );

/** What a server sends of a node comes in one text. */
export const ONE_TEXT: readonly ReadFrom[] = [{ id: '', intervalMs: 0 }];

function httpCollector(
  {
    timeoutMs,
    intervalMs,
    accesses,
    dialects,
    changes,
    maxConnections,
  }: Pick<HostsSource, 'timeoutMs' | 'intervalMs' | 'accesses' | 'dialects' | 'changes'> & {
    readonly maxConnections?: number;
  },
  targets: readonly Target[],
  title: string,
  { parsers, clock, afterCommit, names, attribution, rounds = 'spread' }: SourceContext,
): Collector {
  return createHttpCollector({
    targets,
    newReader: (endpoints) => nodeParser(parsers, endpoints, { dialects }),
    source: title,
    names,
    attribution,
    timeoutMs,
    clock,
    afterCommit,
    rounds,
    ...(intervalMs === undefined ? {} : { intervalMs }),
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(accesses ? { accesses } : {}),
    ...(changes ? { changes } : {}),
  });
}

export interface OpenContext extends Omit<SourceContext, 'alone' | 'names' | 'attribution'> {
  /** The team of a user; '' for none. */
  readonly teamOf?: AttributionOptions['teamOf'];
}

/** The teams in the settings of a run. */
export const teams = ({ teamOf }: Pick<OpenContext, 'teamOf'>): Pick<OpenContext, 'teamOf'> => (teamOf ? { teamOf } : {});

/**
 * All sources of a run as one. If one cannot be opened, those already open are closed. Throws what opening a source throws, and
 * `E_INTERNAL` for a combination that the command line should have rejected.
 */
export async function openSources(sources: readonly Source[], { teamOf, ...context }: OpenContext): Promise<OpenSource> {
  const alone = sources.length === 1;
  if (sources.length === 0 || (!alone && sources.some(({ kind }) => STANDALONE.has(kind))))
    throw new AppError('E_INTERNAL', { reason: `sources: ${sources.map(({ kind }) => kind).join(', ')}` });
  const opened: OpenSource[] = [];
  const names = new NodeNames();
  const people = !sources.some((source) => ownerOf(source) === 'process');
  const jobs = new KnownJobs(() => opened.flatMap(({ collector }) => collector.nodes));
  const attribution = context.parsers.holding((users) => new Attribution(users, { people, ...(teamOf ? { teamOf } : {}) }));
  attribution.setJobs(jobs);
  jobs.onChanged(() => attribution.setJobs(jobs));
  try {
    for (const source of sources) opened.push(await open(source, { ...context, names, attribution, alone }));
  } catch (error) {
    await Promise.all(opened.map((one) => one.close()));
    throw error;
  }
  const [first] = opened;
  if (alone && first) return sources[0]?.kind === 'replay' ? first : { ...first, jobs };
  return {
    jobs,
    collector: combined(opened.map(({ collector }) => collector)),
    notices: () => opened.flatMap((one) => one.notices()),
    close: async () => void (await Promise.all(opened.map((one) => one.close()))),
  };
}

const ownerOf = (source: Source): 'person' | 'process' | undefined => {
  if (source.kind === 'replay') return undefined;
  return source.kind === 'local' || source.kind === 'ssh' ? source.machine.owner : source.owner;
};

function open(source: Source, context: SourceContext): Promise<OpenSource> {
  const factory = FACTORIES[source.kind] as (source: Source, context: SourceContext) => Promise<OpenSource>;
  return factory(source, context);
}
