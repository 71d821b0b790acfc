/** A report over the range of a real server equals the report over a recording of the same moments, gaps included. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { UsageBy } from '../../lib/aggregate/usage.js';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { Node } from '../../lib/model/node.js';
import { frameLines } from '../../lib/recording/format/encode.js';
import { recordedSamples, reportOn, type Report } from '../../lib/run/report.js';
import { serverSamples, type ReportRange } from '../../lib/run/server-samples.js';
import { systemClock } from '../../lib/run/system-clock.js';
import { before, ENGINES, hasEngine, startMetricServer, type Engine, type MetricServer } from '../helpers/metric-servers.js';
import { mockTexts } from '../helpers/mock-texts.js';
import { historyOf } from '../helpers/open-metrics.js';
import { inNewDirectory, place } from '../helpers/recording-player.js';
import { HEADER, newWriter } from '../helpers/recordings.js';
import { startServer } from '../helpers/server.js';

inNewDirectory();

const STEP = 10;
const NODES = 2;
const FRAMES = 100;
/** A short gap, and one that is longer than a server looks back, so that it has nothing in a part of it. */
const isKept = (frame: number): boolean => frame < 20 || (frame >= 23 && frame < 40) || frame >= 80;
const BEGIN = Math.floor((Date.now() / 1000 - 86_400) / 600) * 600;
const timeOf = (frame: number): number => (BEGIN + STEP * frame) * 1000;
const frames = Array.from({ length: FRAMES }, (_, frame) => frame).filter(isKept);

/** The same processes each time; their shares, and the power, change. */
const [even, odd] = [0, 1].map((step) => mockTexts('nvidia', { nodes: NODES, processes: true, step: 3 * step }));
const textsAt = (frame: number): readonly string[] => (frame % 7 < 4 ? even! : odd!);

const history = (): string =>
  historyOf(
    frames.flatMap((frame) => textsAt(frame).map((text, node) => ({ seconds: BEGIN + STEP * frame, instance: `n${node + 1}:9090`, text }))),
  );

async function recording(): Promise<string> {
  const writer = await newWriter(place.directory.file('range.ndjson'), 'none', { header: { ...HEADER, intervalMs: STEP * 1000 } });
  const parsers = new Parsers();
  const nodes = Array.from({ length: NODES }, (_, nth) => {
    const parser = parsers.newParser();
    return { parser, node: new Node({ nodeId: `n${nth + 1}:9090` }, parser.data) };
  });
  for (const frame of frames) {
    const at = timeOf(frame);
    nodes.forEach(({ parser, node }, nth) => {
      parser.push(Buffer.from(textsAt(frame)[nth]!));
      node.commit({ at }, parser.commit(at, 0));
    });
    const include = new Set(['gpu', 'cpu', 'memory', 'chassis', 'process'] as const);
    await writer.write(
      frameLines(
        nodes.map(({ node }) => node),
        { at, offsetMinutes: 0, hostname: 'remote', include },
      ),
      at,
    );
  }
  await writer.finish();
  return writer.path;
}

/** Sums in another order may differ in the last digits. */
function expectSame(one: unknown, other: unknown, path = ''): void {
  if (typeof one === 'number' && typeof other === 'number' && !Number.isInteger(other))
    expect({ path, isNear: Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(other)) }).toEqual({ path, isNear: true });
  else if (typeof one === 'object' && typeof other === 'object' && one !== null && other !== null) {
    expect({ path, keys: Object.keys(one) }).toEqual({ path, keys: Object.keys(other) });
    for (const [key, value] of Object.entries(one)) expectSame(value, (other as Record<string, unknown>)[key], `${path}.${key}`);
  } else expect({ path, value: one }).toEqual({ path, value: other });
}

const plain = ({ rows, totals }: Report): unknown => ({
  totals,
  rows: Object.fromEntries(rows.map(({ byModel, ...row }) => [row.name, { ...row, byModel: Object.fromEntries(byModel) }])),
});

describe.each(ENGINES)('%s', (engine: Engine) => {
  const test_ = hasEngine(engine) ? test : test.skip;
  let server: MetricServer | undefined;
  const over = async (range: ReportRange, by: UsageBy = 'user'): Promise<Report> =>
    reportOn(await serverSamples({ kind: 'prometheus', url: server!.url, timeoutMs: 5000 }, range, systemClock), {
      by,
      onProgress: () => undefined,
    });

  beforeAll(async () => {
    if (hasEngine(engine)) server = await startMetricServer(engine, { history: history() });
  });
  afterAll(() => server?.stop());

  const WHOLE = { from: timeOf(0), to: timeOf(FRAMES - 1) };

  test_.each<UsageBy>(['user', 'node', 'model'])('by %s, it is what the recording says', async (by) => {
    const recorded = await reportOn(await recordedSamples([await recording()], place.cache), { by, onProgress: () => undefined });
    const report = await over(WHOLE, by);
    expect(recorded.rows.length).toBeGreaterThan(by === 'user' ? 2 : 0);
    expectSame(plain(report), plain(recorded));
    // Sixteen GPUs: frames 19 to 23, and 39 to 80.
    expect(report.totals.unknown).toBe(16 * STEP * (4 + 41));
  });

  test_('a range that begins before the first sample, and ends after the last, says the same', async () => {
    expectSame(plain(await over({ from: timeOf(-200), to: timeOf(FRAMES + 200) })), plain(await over(WHOLE)));
  });

  test_('a long range with little in it: a few minutes of three weeks are found', async () => {
    const DAY = 86_400_000;
    const short = { from: timeOf(0) - 20 * DAY, to: timeOf(0) + DAY, stepMs: 120_000 };
    const { totals } = await over(short);
    expect(totals.nodes).toBe(NODES);
    expect(totals.from).toBeGreaterThanOrEqual(timeOf(0));
    expect(totals.computing + totals.heldIdle + totals.free).toBeGreaterThan(0);
  });

  test_('families that have the same labels, as those of dcgm-exporter', async () => {
    const text = ['GPU_UTIL', 'FB_USED', 'FB_FREE', 'POWER_USAGE'].map(
      (name) => `DCGM_FI_DEV_${name}{gpu="0",UUID="GPU-0",modelName="H100"} 100\n`,
    );
    const scrapes = frames.map((frame) => ({ seconds: BEGIN + STEP * frame, instance: 'd1:9400', text: text.join('') }));
    const dcgm = await startMetricServer(engine, { history: historyOf(scrapes) });
    try {
      const samples = await serverSamples({ kind: 'prometheus', url: dcgm.url, timeoutMs: 5000 }, WHOLE, systemClock);
      const { totals } = await reportOn(samples, { by: 'node', onProgress: () => undefined });
      expect(totals).toMatchObject({ nodes: 1, computing: STEP * (FRAMES - 1 - 4 - 41), unknown: STEP * (4 + 41) });
    } finally {
      await dcgm.stop();
    }
  });

  test_('incomplete answers are told, once, and the rows that came are counted', async () => {
    const proxy = await startServer(before(server!, () => undefined, { warnings: ['a replica does\u001b[2J not answer'] }));
    try {
      const told: string[] = [];
      const samples = await serverSamples({ kind: 'prometheus', url: `http://${proxy.nodeId}`, timeoutMs: 5000 }, WHOLE, systemClock);
      const report = await reportOn(samples, { by: 'user', onProgress: () => undefined, onWarning: (text) => told.push(text) });
      expect(told).toEqual(["the server's answer is incomplete: a replica does[2J not answer"]);
      expectSame(plain(report), plain(await over(WHOLE)));
    } finally {
      await proxy.kill();
    }
  });

  test_('a step may be longer than the time between scrapes, and not shorter', async () => {
    const { totals } = await over({ ...WHOLE, to: timeOf(18), stepMs: 3 * STEP * 1000 });
    expect(totals).toMatchObject({ unknown: 0, from: timeOf(0), to: timeOf(18) });
    await expect(over({ ...WHOLE, stepMs: 5000 })).rejects.toMatchObject({
      code: 'E_OPTION_BAD',
      message: '--step: is shorter than the time between scrapes, 10s',
    });
  });

  test_('a range of which nothing was kept', async () => {
    await expect(over({ from: timeOf(-2000), to: timeOf(-1000) })).rejects.toMatchObject({
      code: 'E_NO_ANSWER',
      message: expect.stringMatching(/: the server has no GPU metrics, or none that match, from .* to /),
    });
  });
});
