/** The arithmetic of the scheduler: interval, spread, backoff. Pure. */
import type { Ms } from '../../model/clock.js';

/** In the first round, at most one node starts per this time. */
const START_SPACING_MS = 10;
const FIRST_RETRY_MS = 5000;
export const MAX_BACKOFF_MS = 60_000;

/** Default time in milliseconds between two scrapes of a node. */
export function adaptiveInterval(nodes: number): Ms {
  if (nodes <= 10) return 3000;
  if (nodes <= 50) return 4000;
  return nodes <= 100 ? 5000 : 6000;
}

/**
 * The wait after the n-th consecutive failure: half an interval (at most 5 s), doubled each time, up to a minute. `random` 0..1 subtracts
 * up to half, so that nodes that failed together are retried at different times.
 */
export function backoff(failures: number, intervalMs: Ms, random: number): Ms {
  const first = Math.min(intervalMs / 2, FIRST_RETRY_MS);
  return Math.round(Math.min(first * 2 ** (failures - 1), MAX_BACKOFF_MS) * (1 - random / 2));
}

/** When node i of n is first scraped in a round: spread over an interval, over less when there are few nodes. */
export function stagger(node: number, nodes: number, intervalMs: Ms): Ms {
  return Math.floor((node / nodes) * Math.min(intervalMs, nodes * START_SPACING_MS));
}

/**
 * The node's next grid point (origin + node/nodes of an interval + whole intervals) that is not past, and at least half an interval after
 * its last start. Points that passed during a scrape are skipped, so there is no drift and no catching up.
 */
export function nextOnGrid(node: number, nodes: number, intervalMs: Ms, times: { origin: Ms; startedAt: Ms; now: Ms }): Ms {
  const base = times.origin + Math.floor((node / nodes) * intervalMs);
  const earliest = Math.max(times.now, times.startedAt + intervalMs / 2);
  return base + Math.ceil((earliest - base) / intervalMs) * intervalMs;
}
