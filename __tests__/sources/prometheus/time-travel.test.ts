/** The history of a server under the keys of a replay: on real servers, with a history that was imported. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Asking } from '../../helpers/asking.js';
import { ENGINES, hasEngine, startMetricServer, type Engine, type MetricServer } from '../../helpers/metric-servers.js';
import { mockTexts } from '../../helpers/mock-texts.js';
import { historyOf, type Exposed } from '../../helpers/open-metrics.js';

const STEP = 10;
const FRAMES = 30;
const NODES = 2;
/** Yesterday, at a whole ten minutes. */
const BEGIN = Math.floor((Date.now() / 1000 - 86_400) / 600) * 600;
const timeOf = (frame: number): number => (BEGIN + STEP * frame) * 1000;

/** Node 2 could not be scraped at the end. */
const texts = Array.from({ length: FRAMES }, (_, step) => mockTexts('nvidia', { nodes: NODES, processes: true, step }));
const scrapes = texts.flatMap((nodes, frame) =>
  nodes.map((text, node): Exposed => ({
    seconds: BEGIN + STEP * frame,
    instance: `n${node + 1}:9090`,
    text: node === 1 && frame >= FRAMES - 3 ? '' : text,
  })),
);

/** The power of each GPU of a node, in its text. */
const powerIn = (text: string): number[] =>
  [...text.matchAll(/^all_smi_gpu_power_consumption_watts\{.*\} (\S+)$/gm)].map(([, value]) => Number(value));

describe.each(ENGINES)('%s', (engine: Engine) => {
  const test_ = hasEngine(engine) ? test : test.skip;
  let server: MetricServer | undefined;
  const travellers: Asking[] = [];
  const travel = async (startAt?: number, speed?: number): Promise<Asking> => {
    const traveller = new Asking(server!.url, { ...(startAt === undefined ? {} : { startAt }), ...(speed === undefined ? {} : { speed }) });
    travellers.push(traveller);
    return traveller.start();
  };

  beforeAll(async () => {
    if (hasEngine(engine)) server = await startMetricServer(engine, { history: historyOf(scrapes) });
  });
  afterAll(async () => {
    for (const { collector } of travellers) await collector.stop();
    await server?.stop();
  });

  test_('starts at a time, with the values of that time and their age', async () => {
    const traveller = await travel(timeOf(7) + 4000);
    expect(traveller.power('n1:9090')).toEqual(powerIn(texts[7]![0]!));
    expect(traveller.power('n2:9090')).toEqual(powerIn(texts[7]![1]!));
    expect(traveller.status).toMatchObject({ at: timeOf(7) + 4000, playing: false, seeking: false });
    expect(traveller.deliveries[0]!.node.status.okAt).toBe(timeOf(7));
  });

  test_('steps by the interval of the samples, and seeks', async () => {
    const traveller = await travel(timeOf(7));
    await traveller.arrive({ action: 'step', by: 1 });
    expect(traveller.power('n1:9090')).toEqual(powerIn(texts[8]![0]!));
    await traveller.arrive({ action: 'step', by: -1 });
    await traveller.arrive({ action: 'step', by: -1 });
    expect(traveller.power('n1:9090')).toEqual(powerIn(texts[6]![0]!));
    await traveller.arrive({ action: 'seek', at: timeOf(20) });
    expect(traveller.power('n2:9090')).toEqual(powerIn(texts[20]![1]!));
    expect(traveller.deliveries.map(({ continuity }) => continuity)).toEqual(['jump', 'jump']);
    await traveller.arrive({ action: 'start' });
    expect(traveller.status.at).toBeGreaterThanOrEqual(timeOf(0));
    expect(traveller.status.at).toBeLessThan(timeOf(FRAMES));
  });

  test_('a node that could not be scraped then fails then, and keeps no values of another time', async () => {
    const traveller = await travel(timeOf(5));
    await traveller.arrive({ action: 'seek', at: timeOf(FRAMES - 2) });
    const failed = traveller.deliveries.filter(({ node }) => node.nodeId === 'n2:9090').at(-1)!;
    expect(failed.node.status.error?.code).toBe('S_TARGET_DOWN');
  });

  test_('the bar has the nodes and their power', async () => {
    const traveller = await travel(timeOf(3));
    await traveller.until(() => (traveller.status.timeline ?? []).length > 0);
    const { timeline = [], firstAt } = traveller.status;
    const sums = texts.map((nodes) => nodes.flatMap(powerIn).reduce((sum, watts) => sum + watts, 0));
    const [least, most] = [Math.min(...sums), Math.max(...sums)];
    const shown = timeline.filter(({ nodes }) => nodes === NODES);
    expect(shown.length).toBeGreaterThan(0);
    for (const { powerWatts } of shown) {
      expect(powerWatts).toBeGreaterThanOrEqual(least - 1e-6);
      expect(powerWatts).toBeLessThanOrEqual(most + 1e-6);
    }
    expect(firstAt).toBeGreaterThan(timeOf(0) - 2 * 86_400_000);
  });

  test_('the bar has what rules have recorded, where they have', async () => {
    // Since before the day that the bar shows.
    const recorded = Array.from({ length: 26 * 60 }, (_, minute) => {
      const seconds = BEGIN - 3600 + 60 * minute;
      return `cluster:all_smi_nodes:count{} 77 ${seconds}\ncluster:all_smi_gpu_power_watts:sum{} 1234.5 ${seconds}\n`;
    });
    const other = await startMetricServer(engine, { history: `${historyOf(scrapes)}${recorded.join('')}` });
    const traveller = await new Asking(other.url, { startAt: timeOf(3) }).start();
    await traveller.until(() => (traveller.status.timeline ?? []).length > 0);
    expect(traveller.status.timeline![0]).toMatchObject({ nodes: 77, powerWatts: 1234.5 });
    await traveller.collector.stop();
    await other.stop();
  });

  test_('plays moment after moment', async () => {
    const traveller = await travel(timeOf(2), 16);
    traveller.collector.command({ action: 'toggle' });
    await traveller.until(() => traveller.status.at >= timeOf(12));
    const frame = (traveller.status.at - timeOf(0)) / (STEP * 1000);
    expect(traveller.power('n1:9090')).toEqual(powerIn(texts[frame]![0]!));
    traveller.collector.command({ action: 'toggle' });
    expect(traveller.status.playing).toBe(false);
  });

  test_('a time of which nothing was kept: the nearest moment, and a message', async () => {
    const traveller = await travel(timeOf(2));
    await traveller.until(() => (traveller.status.timeline ?? []).length > 0);
    await traveller.arrive({ action: 'seek', at: timeOf(0) - 3_600_000 });
    expect(traveller.said.at(-1)).toMatch(/^nothing at .*: the nearest is /);
    expect(traveller.power('n1:9090')).toHaveLength(8);
  });

  test_('} is the present, which has no nodes here', async () => {
    const traveller = await travel(timeOf(2));
    traveller.collector.command({ action: 'end' });
    expect(traveller.collector.status).toBeUndefined();
    await traveller.until(() => traveller.collector.facts.problem !== '');
    expect(traveller.collector.facts.problem).toBe('the server has no GPU metrics, or none that match');
    // Back again.
    await traveller.arrive({ action: 'seek', at: timeOf(9) });
    expect(traveller.power('n1:9090')).toEqual(powerIn(texts[9]![0]!));
  });
});
