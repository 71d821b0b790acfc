/** What a Prometheus server has kept of a range of time, as samples for a report: window by window, so that memory does not depend on its length. */
import { Attribution } from '../aggregate/attribution.js';
import { AppError } from '../errors.js';
import { Parsers } from '../exposition/parser/index.js';
import type { Clock, Ms } from '../model/clock.js';
import { NodeNames } from '../model/node-names.js';
import { OUR_DIALECTS } from '../sources/dialects/dialects.js';
import { FrameReader, type ReadFrame } from '../sources/prometheus/frame-reader.js';
import { PrometheusServer, type Range } from '../sources/prometheus/prometheus-server.js';
import { ServerNodes } from '../sources/prometheus/server-nodes.js';
import { recordedDate } from '../text/timecode.js';
import { incompleteness } from '../view/server-notices.js';
import type { ReportSamples } from './report.js';
import type { PrometheusSource } from './settings.js';
import { nodeParser, ONE_TEXT } from './sources.js';

export interface ReportRange {
  readonly from: Ms;
  readonly to: Ms;
  /** From one moment to the next. Default: the time between scrapes. */
  readonly stepMs?: Ms;
}

/** Moments that are asked for at a time. */
const WINDOW = 32;
/** A server may word its warnings differently for each window. */
const MAX_WARNINGS = 5;

/** Throws `E_OPTION_BAD` for a step that is finer than the scrapes, and `E_NO_ANSWER`, as `read` does. */
export async function serverSamples(source: PrometheusSource, { from, to, stepMs }: ReportRange, clock: Clock): Promise<ReportSamples> {
  const server = new PrometheusServer({ ...source, clock });
  const reader = new FrameReader(server, source.match ?? '', clock, (source.dialects ?? OUR_DIALECTS).all);
  const asked = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (thrown) {
      server.close();
      throw thrown instanceof AppError ? failed(source, thrown, { from, to }) : thrown;
    }
  };
  // Where there is something, the time between scrapes can be measured.
  await asked(reader.lastAt({ from, to }).then((at) => reader.read({}, at)));
  const { intervalMs } = reader;
  if (stepMs !== undefined && stepMs < intervalMs) {
    server.close();
    throw new AppError('E_OPTION_BAD', { option: '--step', reason: `is shorter than the time between scrapes, ${intervalMs / 1000}s` });
  }
  const step = stepMs ?? intervalMs;
  return {
    intervalMs: step,
    async read(take, progress, warn) {
      const parsers = new Parsers();
      const attribution = parsers.holding((users) => new Attribution(users, { people: source.owner !== 'process' }));
      const newParser = () => nodeParser(parsers, ONE_TEXT, source).endpoints[0]!;
      const nodes = new ServerNodes({ newParser, names: new NodeNames(), attribution });
      const warnings = new Set<string>();
      let end = NaN;
      for (let at = from; at <= to; at += WINDOW * step) {
        const frames = await asked(framesOf(reader, { from: at, to: Math.min(to, at + (WINDOW - 1) * step), step }));
        const problem = incompleteness(reader.facts);
        if (problem !== undefined && warnings.size < MAX_WARNINGS && !warnings.has(problem)) {
          warnings.add(problem);
          warn(problem);
        }
        for (const { at: now, frame } of frames) {
          for (const { node, kind } of nodes.show({ frame, now, offset: 0, intervalMs: step, continuity: 'next' })) {
            if (kind !== 'data') continue;
            take(node);
            end = Math.max(end || node.at, node.at);
          }
          parsers.tidy();
        }
        progress(Math.min(1, (at - from) / (to - from)));
      }
      server.close();
      return end;
    },
  };
}

/** None where the server has kept nothing. Usage without processes would be nobody's: it is refused. */
async function framesOf(reader: FrameReader, range: Range): Promise<readonly ReadFrame[]> {
  try {
    const frames = await reader.range(range);
    if (reader.facts.withoutProcesses) throw new AppError('S_QUERY_LIMIT', { reason: 'processes would be left out' });
    return frames;
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'S_NO_SERIES') return [];
    throw thrown;
  }
}

function failed({ url }: PrometheusSource, error: AppError, { from, to }: ReportRange): AppError {
  const local = (at: Ms): string => recordedDate(at, -new Date(at).getTimezoneOffset());
  const where = error.code === 'S_NO_SERIES' ? `, from ${local(from)} to ${local(to)}` : '';
  return new AppError('E_NO_ANSWER', { reason: `${new URL(url).host}: ${error.message}${where}` }, { cause: error });
}
