/** The state of the scrape of each node, as columns in the order of the nodes; and their summary. */
import { conditionOf, included, isSkewed, sourcesOf, type Derivation, type NodeCondition, type NodeView } from '../../lib/index.js';

export interface Scrapes {
  readonly nodes: readonly NodeView[];
  /** Whether any node has several endpoints. */
  readonly several: boolean;
  /** Included, as in the title; the failing ones are among them. */
  readonly up: number;
  readonly failing: number;
  readonly down: number;
  readonly drained: number;
  readonly waiting: number;
  /** Of all endpoints that answer of the included nodes, sorted. */
  readonly latencies: Float64Array;
  /** Of one scrape of each included node. */
  readonly bytes: number;
  readonly samples: number;
  /** Of nodes with several, those that do not answer. */
  readonly endpointsFailing: number;
  /** Nodes whose exporter reports a failing source. */
  readonly collectionFails: number;
  readonly skewed: number;
  readonly withBadLines: number;
  readonly capped: number;
}

const FAILS: ReadonlySet<string> = new Set(['failed', 'hanging']);

/** Only whether a source fails is cached per node: everything else depends on the status, which changes without a new version. */
export const scrapesDerivation: Derivation<boolean, Scrapes> = {
  id: 'scrapes',
  over: 'all',
  part: (node) => sourcesOf(node).some(({ state }) => FAILS.has(state)),
  merge(parts) {
    const pairs = [...parts];
    const nodes = pairs.map(([node]) => node);
    const conditions = nodes.map(conditionOf);
    const seen = nodes.filter(included);
    const those = (condition: NodeCondition): number => conditions.filter((one) => one === condition).length;
    const sum = (figure: (node: NodeView) => number): number => seen.reduce((all, node) => all + (figure(node) || 0), 0);
    return {
      nodes,
      several: nodes.some(({ endpoints }) => endpoints.length > 1),
      up: seen.length,
      failing: those('failing'),
      endpointsFailing: nodes
        .flatMap(({ endpoints }) => (endpoints.length > 1 ? endpoints : []))
        .filter(({ status }) => status.phase === 'failing').length,
      down: those('down'),
      drained: those('drained'),
      waiting: those('waiting'),
      latencies: Float64Array.from(
        seen.flatMap(({ endpoints }) => endpoints.filter(included)),
        ({ status }) => status.latencyMs ?? NaN,
      )
        .filter((ms) => !Number.isNaN(ms))
        .sort(),
      bytes: sum(({ facts }) => facts.bytes),
      samples: sum(({ facts }) => facts.samples),
      collectionFails: pairs.filter(([node, fails]) => fails && included(node)).length,
      skewed: seen.filter(({ status }) => isSkewed(status.skewMs)).length,
      withBadLines: seen.filter(({ facts }) => facts.badLines > 0).length,
      capped: seen.filter(({ facts }) => facts.capsHit.length > 0).length,
    };
  },
};
