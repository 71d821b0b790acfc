/** The interfaces at which the edges meet the core. Edges import these and never each other. */
import type { Change } from './columns.js';
import type { HostView, Ms } from './node-view.js';
import type { Sheet } from './sheet.js';

/** What a collector tells of a host. `overdue`: it went three intervals without an answer; `gone`: it is scraped no longer. */
export interface Delivery {
  readonly host: HostView;
  readonly kind: 'data' | 'failed' | 'overdue' | 'gone';
  /** 'jump' after a seek: what came before is no history of this. */
  readonly continuity: 'next' | 'jump';
  readonly change?: Change;
}

/** Delivers hosts: HTTP scrape, local machine, replay. The rest of the program cannot tell which one runs. */
export interface Collector {
  /** For the title: "hosts.csv", "3 hosts", "demo". */
  readonly source: string;
  /** The hosts known from the start, all `waiting`. */
  readonly hosts: readonly HostView[];
  /** Milliseconds between two scrapes of a host. */
  readonly intervalMs: Ms;
  start(deliver: (delivery: Delivery) => void): void;
  /** Ends everything under way; resolves when nothing will be delivered any more. */
  stop(): Promise<void>;
}

/** A sheet to be written into a file of its own. */
export interface SaveRequest {
  /** The file's name without time and extension: `users-alice`. Whatever is in it is made safe. */
  readonly name: string;
  readonly format: 'csv' | 'json';
  readonly sheet: Sheet;
}

/** Resolves with the path for people to read; rejects with an AppError. */
export type Save = (request: SaveRequest) => Promise<string>;

/** Time as the core sees it. Tests step it by hand. */
export interface Clock {
  /** Wall time. */
  now(): Ms;
  /** Calls `run` once after `ms`; the returned function cancels. */
  after(ms: Ms, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
