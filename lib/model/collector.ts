/** The interfaces at which the edges meet the core. Edges import these and never each other. */
import type { NodeView } from './node-view.js';
import type { Ms } from './clock.js';

/** What a collector tells of a host. `overdue`: it went three intervals without an answer; `gone`: it is scraped no longer. */
export interface Delivery {
  readonly node: NodeView;
  readonly kind: 'data' | 'failed' | 'overdue' | 'gone';
  /** 'jump' after a seek: what came before is no history of this. */
  readonly continuity: 'next' | 'jump';
}

/** Delivers hosts: HTTP scrape, local machine, replay. The rest of the program cannot tell which one runs. */
export interface Collector {
  /** For the title: "hosts.csv", "3 hosts", "demo". */
  readonly source: string;
  /** The hosts known from the start, all `waiting`. */
  readonly nodes: readonly NodeView[];
  /** Milliseconds between two scrapes of a host. */
  readonly intervalMs: Ms;
  start(deliver: (delivery: Delivery) => void): void;
  /** Ends everything under way; resolves when nothing will be delivered any more. */
  stop(): Promise<void>;
}
