/** Line 1: what the cluster is doing, where that comes from, when. */
import type { ClusterTotals } from '../aggregate/cluster.js';
import type { Ms } from '../model/host.js';
import type { TitleParts } from './chrome.js';
import { bytes, count, percent, watts } from './text.js';
import { recordedClock } from './timecode.js';

export interface TitleSource {
  readonly source: string;
  readonly intervalMs: Ms;
  readonly now: Ms;
  /** Minutes that the clock of a recording is ahead of UTC; absent: what is shown is now. */
  readonly recordedOffset?: number | undefined;
}

export function titleParts(totals: ClusterTotals, { source, intervalMs, now, recordedOffset }: TitleSource): TitleParts {
  const short = summary(totals, true);
  // The figures go from the end.
  const shorter = short.map((_, at) => short.slice(0, short.length - at).join(' · '));
  return {
    left: [`all-smi-view  ${summary(totals, false).join(' · ')}`, ...shorter],
    right: [
      source,
      `every ${intervalMs / 1000}s`,
      recordedOffset === undefined ? `${clock(now)} live` : `${recordedClock(now, recordedOffset)} replay`,
    ],
  };
}

function summary(totals: ClusterTotals, short: boolean): readonly string[] {
  const { hosts, hostsCounted, gpus, utilReported, memoryReported, powerReported } = totals;
  const nodes = short
    ? `${count(hostsCounted)}/${count(hosts)} nodes`
    : `${count(hostsCounted)} of ${count(hosts)} ${hosts === 1 ? 'node' : 'nodes'}`;
  if (gpus === 0) return [nodes];
  const parts = [nodes, `${count(gpus)} ${gpus === 1 ? 'GPU' : 'GPUs'}${utilReported > 0 ? ` ${percent(totals.utilPercent)}` : ''}`];
  if (memoryReported > 0) parts.push(short ? shortMemory(totals) : longMemory(totals));
  if (powerReported > 0) parts.push(watts(totals.powerWatts));
  return parts;
}

/** '1.46 of 4.51 TiB': one unit where both have the same. */
function longMemory({ memoryUsedBytes, memoryTotalBytes }: ClusterTotals): string {
  const [used, total] = [bytes(memoryUsedBytes), bytes(memoryTotalBytes)];
  const unit = total.slice(total.indexOf(' '));
  return `${used.endsWith(unit) ? used.slice(0, -unit.length) : used} of ${total}`;
}

function shortMemory(totals: ClusterTotals): string {
  return longMemory(totals)
    .replace(' of ', '/')
    .replace(/ ([KMGTPE]?)i?B/g, '$1');
}

/** Local wall time. */
export function clock(now: Ms): string {
  const date = new Date(now);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}
