/** Line 1: what the cluster is doing, the source, the time. Pure. */
import type { ClusterTotals } from '../aggregate/cluster.js';
import type { FilterCounts } from '../filter/filtered-nodes.js';
import type { TitleParts } from './chrome.js';
import { bytes, count, percent, watts } from '../text/format.js';
import { recordedClock } from '../text/timecode.js';
import type { Ms } from '../model/clock.js';

export interface TitleSource {
  readonly source: string;
  readonly intervalMs: Ms;
  readonly now: Ms;
  /** Minutes that the clock of a recording is ahead of UTC; absent: live. */
  readonly recordedOffset?: number | undefined;
  /** How much matches the filter: the values refer to that. */
  readonly kept?: FilterCounts | undefined;
}

export function titleParts(totals: ClusterTotals, { source, intervalMs, now, recordedOffset, kept }: TitleSource): TitleParts {
  const short = summary(totals, true, kept);
  // Values are dropped from the end.
  const shorter = short.map((_, at) => short.slice(0, short.length - at).join(' · '));
  return {
    left: [`all-smi-view  ${summary(totals, false, kept).join(' · ')}`, ...shorter],
    right: [
      source,
      `every ${intervalMs / 1000}s`,
      recordedOffset === undefined ? `${clock(now)} live` : `${recordedClock(now, recordedOffset)} replay`,
    ],
  };
}

function summary(totals: ClusterTotals, short: boolean, kept: FilterCounts | undefined): readonly string[] {
  const { nodes: hosts, nodesIncluded, gpus, utilReported, memoryReported, powerReported } = totals;
  const of = (part: number, all: number): string => (short ? `${count(part)}/${count(all)}` : `${count(part)} of ${count(all)}`);
  const plural = (word: string, n: number): string => (n === 1 ? word : `${word}s`);
  const util = utilReported > 0 ? ` ${percent(totals.utilPercent)}` : '';
  const nodes = `${of(nodesIncluded, hosts)} ${plural('node', short ? 2 : hosts)}`;
  if (gpus === 0 && !kept) return [nodes];
  const parts = kept
    ? [`filtered: ${of(gpus, kept.gpusAll)} ${plural('GPU', kept.gpusAll)}${util}`, `${count(kept.nodes)} ${plural('node', kept.nodes)}`]
    : [nodes, `${count(gpus)} ${plural('GPU', gpus)}${util}`];
  if (memoryReported > 0) parts.push(short ? shortMemory(totals) : longMemory(totals));
  if (powerReported > 0) parts.push(watts(totals.powerWatts));
  return parts;
}

/** '1.46 of 4.51 TiB': one unit if both have the same. */
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
