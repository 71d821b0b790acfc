/** Assembles a query without a screen: sources and state, until every node has answered or failed. */
import { AppState } from '../app/state.js';
import type { AlertSettings } from '../alerts/rules.js';
import { AppError } from '../errors.js';
import { Parsers } from '../exposition/parser/index.js';
import { loadRegexEngine } from '../filter/regex.js';
import type { Ms } from '../model/clock.js';
import type { Delivery } from '../model/collector.js';
import { failedHere } from '../model/endpoint.js';
import type { NodeView } from '../model/node-view.js';
import type { Replay } from '../model/replay.js';
import type { TabPlugin } from '../plugin/types.js';
import { startJobs } from './job-sources.js';
import type { Source } from './settings.js';
import { localNodeId, openSources, teams } from './sources.js';
import { systemClock } from './system-clock.js';

export interface QuerySettings {
  readonly sources: readonly Source[];
  /** What is asked for the jobs of the cluster. */
  readonly jobs?: readonly string[];
  /** The team of a user; '' for none. */
  readonly teamOf?: (user: string) => string;
  readonly plugins: readonly TabPlugin[];
  readonly alerts?: AlertSettings;
  readonly filter?: string;
  readonly user?: string;
  /** Nodes are scraped once. Off: again after each interval, for what needs time. */
  readonly once?: boolean;
  /** A value that is a difference of two samples is printed, where this machine is read. */
  readonly rates?: boolean;
  /** Called after each delivery, with the number of nodes that have answered or failed. */
  readonly onProgress?: (done: number, nodes: number) => void;
}

export interface QueryRun {
  /** What the tables are read from; `now` is that of the last delivery. */
  readonly state: AppState;
  /** Resolves when every node and scheduler has answered or failed; of a replay, when its frame is there. Rejects when the recording cannot be read. */
  readonly complete: Promise<void>;
  /** Sets `state.now`. */
  tick(): void;
  /** How long the frames that were shown of a replay cover; 0 for live nodes. */
  watchedMs(): Ms;
  /** Calls `listen` after each delivery. */
  onDelivery(listen: () => void): void;
  stop(): Promise<void>;
}

/** Other nodes send shares; those of this machine are differences of two samples. */
const RATE_SAMPLES = 2;

export async function startQuery(settings: QuerySettings): Promise<QueryRun> {
  const { sources, jobs: asked = [], plugins, alerts, filter, user, once = false, rates = true, onProgress } = settings;
  const parsers = new Parsers();
  const opened = await openSources(sources, {
    parsers,
    clock: systemClock,
    rounds: once ? 'one' : 'at-once',
    wholeProcesses: true,
    afterCommit: () => void parsers.tidy(),
    ...teams(settings),
  });
  const { collector, replay } = opened;
  const state = new AppState(plugins, collector.intervalMs, collector.nodes, alerts);
  parsers.onRenumbered(() => state.forget());
  opened.jobs?.onChanged(() => state.ownersChanged());
  if (filter !== undefined) {
    await loadRegexEngine();
    state.filtering.set(filter);
  }
  if (user !== undefined) state.filtering.pin(user);
  const local = rates && sources.some(({ kind }) => kind === 'local') ? localNodeId(sources.length === 1) : undefined;
  const round = new FirstRound(collector.nodes, ({ nodeId }) => (nodeId === local ? RATE_SAMPLES : 1));
  let listen: () => void = () => undefined;
  const tick = (): void => {
    state.now = replay?.status?.at ?? systemClock.now();
  };
  let firstAt = Infinity;
  const start = (): void => {
    collector.start((delivery) => {
      tick();
      // A seek forgets what was before it.
      if (delivery.continuity === 'jump') firstAt = Infinity;
      firstAt = Math.min(firstAt, state.now);
      state.deliver(delivery);
      round.take(delivery);
      onProgress?.(round.done, round.nodes);
      listen();
    });
  };
  tick();
  const recording = sources.some(({ kind }) => kind === 'replay') ? replay : undefined;
  const complete = recording ? lastFrame(recording, sources, start) : round.complete;
  if (!recording) start();
  const jobs = await startJobs(asked, opened.jobs, (states) => (state.jobSources = states));
  return {
    state,
    complete: jobs === undefined ? complete : Promise.all([complete, jobs.settled]).then(() => undefined),
    tick,
    watchedMs: () => (recording ? state.now - firstAt : 0),
    onDelivery: (next) => (listen = next),
    async stop() {
      await Promise.all([collector.stop(), jobs?.stop()]);
      await opened.close();
    },
  };
}

/** Nodes that have not answered yet, with all their endpoints. */
class FirstRound {
  readonly nodes: number;
  readonly complete: Promise<void>;
  /** By node and endpoint: the samples that are missing. */
  readonly #waiting = new Map<string, Map<string, number>>();
  #finish: () => void = () => undefined;

  constructor(nodes: readonly NodeView[], samples: (node: NodeView) => number) {
    this.nodes = nodes.length;
    for (const node of nodes) this.#waiting.set(node.nodeId, new Map(node.endpoints.map(({ id }) => [id, samples(node)])));
    this.complete = new Promise((resolve) => {
      this.#finish = resolve;
    });
    if (nodes.length === 0) this.#finish();
  }

  get done(): number {
    return this.nodes - this.#waiting.size;
  }

  take({ node: { nodeId, endpoints }, kind, endpoint = endpoints[0]! }: Delivery): void {
    // Its turn will come.
    if (kind === 'overdue' && failedHere(endpoint.status)) return;
    const waiting = this.#waiting.get(nodeId);
    const left = waiting?.get(endpoint.id);
    if (waiting === undefined || left === undefined) return;
    if (kind === 'data' && left > 1) waiting.set(endpoint.id, left - 1);
    else waiting.delete(endpoint.id);
    if (waiting.size === 0) this.#waiting.delete(nodeId);
    if (this.#waiting.size === 0) this.#finish();
  }
}

/** Shows the frame at the start time of the source, else the last one, and stops there. */
function lastFrame(replay: Replay, sources: readonly Source[], start: () => void): Promise<void> {
  const timed = sources.some((source) => source.kind === 'replay' && source.start !== undefined);
  return new Promise((resolve, reject) => {
    let sought = false;
    replay.onStatus((problem) => {
      if (problem !== undefined) reject(new AppError('E_RECORDING_BAD', { file: replay.source, reason: problem }));
      else if (sought && replay.status?.seeking !== true) resolve();
    });
    start();
    replay.command({ action: 'toggle' });
    sought = true;
    replay.command(timed && replay.status ? { action: 'seek', at: replay.status.at } : { action: 'end' });
  });
}
