/** A cluster that is scraped without a network: the bodies of the workload, parsed by the parsers of the program. */
import { Node } from '../lib/model/node.js';
import type { Collector, Delivery } from '../lib/model/collector.js';
import { Parsers } from '../lib/exposition/parser/index.js';
import { SPEC, advance, cluster, expose, rng } from './yardstick/workload.mjs';
import type { ScrapeParser } from '../lib/exposition/parser/scanner.js';

export type Layout = 'real' | 'mock';

/** A node of the workload: `procs` are its rows. */
export interface WorkloadNode {
  readonly host: string;
  readonly name: string;
  readonly procs: readonly unknown[];
}
export type WorkloadName = 'W1' | 'W2' | 'W3';

/** The nodes of a standard workload, or some of them. */
export const nodesOf = (name: WorkloadName, part: { readonly hosts?: number } = {}): readonly WorkloadNode[] =>
  cluster({ ...SPEC[name], ...part });

/** The response of a node. */
export const bodyOf = (node: WorkloadNode, layout: Layout = 'real'): Buffer => expose(node, layout);

/** `rounds` successive scrapes of each node; `churn` is the share of processes that has been replaced since. */
export function* rounds(nodes: readonly WorkloadNode[], count: number, churn: number): Generator<readonly WorkloadNode[]> {
  const random = rng(7);
  let now = nodes;
  for (let round = 0; round < count; round++) {
    yield now;
    now = now.map((node) => advance(node, random, { churn }) as WorkloadNode);
  }
}

/** The time of all samples. */
export const AT = Date.UTC(2026, 7, 7);
const CHUNK = 65_536;

/** A body in chunks as they come from a socket. */
export function* chunksOf(body: Buffer): Generator<Buffer> {
  for (let from = 0; from < body.length; from += CHUNK) yield body.subarray(from, from + CHUNK);
}

export function pushBody(parser: ScrapeParser, body: Buffer): void {
  for (const chunk of chunksOf(body)) parser.push(chunk);
}

export class ScrapedCluster implements Collector {
  readonly source = 'bench';
  readonly intervalMs = 3000;
  readonly nodes: readonly Node[];
  readonly #parsers: readonly ScrapeParser[];
  #deliver: (delivery: Delivery) => void = () => undefined;

  constructor(nodeIds: readonly string[]) {
    const wire = new Parsers();
    this.#parsers = nodeIds.map(() => wire.newParser());
    this.nodes = nodeIds.map((nodeId, at) => new Node({ nodeId }, this.#parsers[at]!.data));
  }

  start(deliver: (delivery: Delivery) => void): void {
    this.#deliver = deliver;
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }

  push(host: number, chunk: Uint8Array): void {
    this.#parsers[host]!.push(chunk);
  }

  /** The body is complete. */
  commit(host: number, at = AT): void {
    const record = this.nodes[host]!;
    const change = this.#parsers[host]!.commit(at, 0);
    record.commit({ at, latencyMs: 20, skewMs: 0 }, change);
    this.#deliver({ node: record, kind: 'data', continuity: 'next' });
  }

  scrape(host: number, body: Buffer, at = AT): void {
    pushBody(this.#parsers[host]!, body);
    this.commit(host, at);
  }
}
