/** The interfaces between the edges and the core. Edges import these and never each other. */
import type { EndpointView } from './endpoint.js';
import type { NodeView } from './node-view.js';
import type { Ms } from './clock.js';

/** What a collector reports about a node. `overdue`: three intervals passed without an answer; `gone`: it is no longer scraped. */
export interface Delivery {
  readonly node: NodeView;
  readonly kind: 'data' | 'failed' | 'overdue' | 'gone';
  /** 'jump' after a seek: the samples before it are not part of this node's history. */
  readonly continuity: 'next' | 'jump';
  /** The endpoint that it is about; absent: all of the node. */
  readonly endpoint?: EndpointView;
}

/** What is on screen beyond what every tab may show. */
export interface Needs {
  /** These nodes, with everything that is known of them. */
  readonly nodes?: readonly string[];
  /** The commands of these users. */
  readonly users?: readonly string[];
  /** All processes, with everything that is known of each. */
  readonly processes?: boolean;
}

/** Delivers nodes: HTTP scrape, local machine, replay. The rest of the program does not know which one runs. */
export interface Collector {
  /** For the title: "hosts.csv", "3 hosts", "demo". */
  readonly source: string;
  /** The nodes known at the start, all `waiting`. */
  readonly nodes: readonly NodeView[];
  /** Milliseconds between two scrapes of a node. */
  readonly intervalMs: Ms;
  start(deliver: (delivery: Delivery) => void): void;
  /** What is on screen. A source that gets everything anyway does not ask. */
  want?(needs: Needs): void;
  /** Stops everything that is running; resolves when nothing more will be delivered. */
  stop(): Promise<void>;
}
