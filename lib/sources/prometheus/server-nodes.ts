/** The nodes that a server knows: a frame becomes commits, failures and disappearances, as if each node had been scraped. */
import { AppError } from '../../errors.js';
import type { ScrapeParser } from '../../exposition/parser/index.js';
import type { Ms } from '../../model/clock.js';
import type { Delivery } from '../../model/collector.js';
import { Endpoint, isOverdue } from '../../model/endpoint.js';
import { Node, type AttributionSource } from '../../model/node.js';
import type { NodeNames } from '../../model/node-names.js';
import { elapsed } from '../../text/timecode.js';
import type { Frame, NodeFrame } from './frame-builder.js';

export interface ServerNodesOptions {
  readonly newParser: () => ScrapeParser;
  readonly names: NodeNames;
  readonly attribution?: AttributionSource;
}

interface Known {
  readonly record: Node;
  readonly parser: ScrapeParser;
  /** What was read last. */
  text: string;
  sampledAt: Ms;
  /** When it was first missed; undefined: it is there. */
  missedAt: Ms | undefined;
}

/** A frame, and how its times are to be read. */
export interface Shown {
  readonly frame: Frame;
  /** Of the frame, by our clock; in the past, by the server's. */
  readonly now: Ms;
  /** Our clock minus the server's. */
  readonly offset: Ms;
  readonly intervalMs: Ms;
  readonly continuity: Delivery['continuity'];
}

/** A node that the server no longer knows is dropped after this. */
const FORGET_MS: Ms = 300_000;
const encoder = new TextEncoder();

export class ServerNodes {
  readonly #options: ServerNodesOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: ServerNodesOptions) {
    this.#options = options;
  }

  get all(): readonly Node[] {
    return [...this.#known.values()].map(({ record }) => record);
  }

  /** Adds the nodes of a frame without showing any of their data. */
  expect(frame: Frame, intervalMs: Ms): void {
    for (const nodeId of frame.keys()) this.#get(nodeId, intervalMs);
  }

  show(shown: Shown): readonly Delivery[] {
    const { frame, intervalMs, now, continuity } = shown;
    const deliveries: Delivery[] = [];
    for (const [nodeId, node] of frame) deliveries.push(this.#show(this.#get(nodeId, intervalMs), node, shown));
    for (const [nodeId, known] of this.#known) {
      if (frame.has(nodeId)) continue;
      known.missedAt ??= now;
      if (continuity === 'jump' || now - known.missedAt >= FORGET_MS) {
        this.#known.delete(nodeId);
        this.#options.names.release(known.record);
        deliveries.push({ node: known.record, kind: 'gone', continuity });
      } else deliveries.push(this.#fail(known, new AppError('S_NOT_SERVED'), shown));
    }
    return deliveries;
  }

  /** The server did not answer: nothing new is known of any node. */
  silent(error: AppError, now: Ms, intervalMs: Ms): readonly Delivery[] {
    return [...this.#known.values()].map((known) => this.#fail(known, error, { now, intervalMs, continuity: 'next' }));
  }

  #get(nodeId: string, intervalMs: Ms): Known {
    let known = this.#known.get(nodeId);
    if (!known) {
      const { newParser, names, attribution } = this.#options;
      const parser = newParser();
      const record = new Node({ nodeId }, parser.data, [new Endpoint(nodeId, intervalMs)], names, attribution);
      this.#known.set(nodeId, (known = { record, parser, text: '', sampledAt: NaN, missedAt: undefined }));
    }
    return known;
  }

  #show(known: Known, { up, sampledAt, text }: NodeFrame, shown: Shown): Delivery {
    const { now, offset, intervalMs, continuity } = shown;
    known.missedAt = undefined;
    if (up === false || text === undefined) return this.#fail(known, new AppError('S_TARGET_DOWN'), shown);
    const at = Number.isNaN(sampledAt) ? now : Math.min(now, sampledAt + offset);
    if (isOverdue(at, intervalMs, now)) return this.#fail(known, new AppError('S_OLD_SAMPLES', { age: elapsed(now - at) }), shown);
    const { record, parser } = known;
    if (text === known.text && sampledAt === known.sampledAt && record.status.phase === 'live' && continuity === 'next')
      return { node: record, kind: 'data', continuity };
    try {
      parser.push(encoder.encode(text));
      const refusal = parser.refusal();
      if (refusal) throw refusal;
      record.commit({ at }, parser.commit(at, 0));
    } catch (thrown) {
      parser.abort();
      return this.#fail(known, thrown instanceof AppError ? thrown : new AppError('E_INTERNAL', { reason: String(thrown) }), shown);
    }
    known.text = text;
    known.sampledAt = sampledAt;
    return { node: record, kind: 'data', continuity };
  }

  #fail(
    { record }: Known,
    { code, message }: AppError,
    { now, intervalMs, continuity }: Pick<Shown, 'now' | 'intervalMs' | 'continuity'>,
  ): Delivery {
    record.fail({ at: now, error: { code, text: message } });
    const { okAt, failingSince = now, overdue } = record.status;
    // A server tells for sure that a node is down; what it has not said for a while is not known for sure either.
    const isLate = isOverdue(okAt ?? failingSince, intervalMs, now) || (code === 'S_TARGET_DOWN' && okAt === undefined);
    if (overdue || !isLate) return { node: record, kind: 'failed', continuity };
    record.setStatus({ overdue: true });
    return { node: record, kind: 'overdue', continuity };
  }
}
