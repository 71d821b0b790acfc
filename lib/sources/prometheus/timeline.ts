/** How many nodes there were, and what power they drew, over a long time: for the line of the replay bar. */
import type { Ms } from '../../model/clock.js';
import type { TimelinePoint } from '../../model/replay.js';
import { msOf } from './series-reader.js';
import type { FrameReader } from './frame-reader.js';
import type { PrometheusServer, Result } from './prometheus-server.js';
import { timelineQueries } from './questions.js';

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
  const { nodes, power } = timelineQueries(inventory);
  const [counted, drawn] = await Promise.all([nodes, power].map((query) => server.range(query, { from, to, step })));
  const watts = new Map(pointsOf(drawn!).map(({ at, value }) => [at, value]));
  return { points: pointsOf(counted!).map(({ at, value }) => ({ at, nodes: value, powerWatts: watts.get(at) ?? NaN })), stepMs: step };
}

const pointsOf = ({ series }: Result): readonly { readonly at: Ms; readonly value: number }[] =>
  (series[0]?.points ?? []).map(([seconds, value]) => ({ at: msOf(seconds), value: Number(value) }));
