/** How many nodes there were, and what power they drew, over a long time: for the line of the replay bar. */
import type { Ms } from '../../model/clock.js';
import { overdueAfter } from '../../model/endpoint.js';
import type { TimelinePoint } from '../../model/replay.js';
import { msOf } from './series-reader.js';
import type { FrameReader } from './frame-reader.js';
import type { PrometheusServer, Result } from './prometheus-server.js';
import { recordedTimeline, timelineQueries, type TimelineQueries } from './questions.js';

/** Enough for the widest screen, and cheap for the server. */
const POINTS = 200;

export interface Timeline {
  readonly points: readonly TimelinePoint[];
  /** Between two points; NaN: it was not read. */
  readonly stepMs: Ms;
}

/** `at`: a time at which there may be something. Rejects with an AppError. */
export async function readTimeline(server: PrometheusServer, reader: FrameReader, from: Ms, to: Ms, at: Ms): Promise<Timeline> {
  const inventory = await reader.inventoryAt([at, to]);
  const step = Math.max(reader.intervalMs, Math.ceil((to - from) / POINTS / 1000) * 1000);
  const read = async ({ nodes, power }: TimelineQueries): Promise<readonly TimelinePoint[]> => {
    const [counted, drawn] = await Promise.all([nodes, power].map((query) => server.range(query, { from, to, step })));
    const watts = new Map(pointsOf(drawn!).map(({ at: time, value }) => [time, value]));
    return pointsOf(counted!).map(({ at: time, value }) => ({ at: time, nodes: value, powerWatts: watts.get(time) ?? NaN }));
  };
  const recorded = recordedTimeline(inventory);
  const points = recorded && (await read(recorded));
  // Rules record from the day on which they were added.
  const isWhole = points?.[0] !== undefined && points[0].at - from <= overdueAfter(step);
  return { points: isWhole ? points : await read(timelineQueries(inventory)), stepMs: step };
}

const pointsOf = ({ series }: Result): readonly { readonly at: Ms; readonly value: number }[] =>
  (series[0]?.points ?? []).map(([seconds, value]) => ({ at: msOf(seconds), value: Number(value) }));
