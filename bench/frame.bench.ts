/** From a key to the bytes of the next frame, and their number: npm run bench -- frame */
import { bodyOf, nodesOf, rounds, ScrapedCluster } from './cluster.js';
import { percentile, timed } from './measure.js';
import type { BenchRow, Target } from './table.js';
import { BenchViewer } from './viewer.js';

const SIZE = { cols: 220, rows: 60 };
const ROUNDS = 120;
const WARM_UP = 15;
const KEY: Target = { goal: 8, gate: 16 };

/** The usual keys of a tab: moving, paging, sorting. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  All: ['Down', 'Down', 'PageDown', 'u', 'Up', 'm', 'PageUp', 'End', 'd', 'Home'],
  Users: ['Down', 'Down', 'PageDown', 'm', 'Up', 'p', 'PageUp', 'End', 'u', 'Home'],
  Host: ['Down', 'Down', 'PageDown', 'm', 'Up', 'c', 'PageUp', 'End', 'u', 'Home'],
};

export async function bench(): Promise<BenchRow[]> {
  const [first, second] = [...rounds(nodesOf('W3'), 2, 0)] as [ReturnType<typeof nodesOf>, ReturnType<typeof nodesOf>];
  const cluster = new ScrapedCluster(first.map(({ host }) => host));
  const viewer = new BenchViewer(cluster, SIZE.cols, SIZE.rows);
  const scrapeAll = (nodes: typeof first): void => {
    for (const [at, node] of nodes.entries()) cluster.scrape(at, bodyOf(node));
  };
  scrapeAll(first);
  await viewer.settle();
  const rows: BenchRow[] = [];
  for (const [tab, keys] of Object.entries(KEYS)) {
    const { times, bytes } = await press(viewer, keys);
    rows.push({ name: `key to bytes, ${tab} tab, 99 %`, oursMs: percentile(times, 0.99), target: KEY });
    rows.push({ name: `key to bytes, ${tab} tab, middle`, oursMs: percentile(times, 0.5) });
    rows.push({ name: `bytes after a key, ${tab} tab, middle`, value: percentile(bytes, 0.5), unit: 'bytes' });
    rows.push({ name: `bytes after a key, ${tab} tab, most`, value: Math.max(...bytes), unit: 'bytes' });
    viewer.press('Tab');
    await viewer.settle();
  }
  const before = viewer.bytes;
  scrapeAll(second);
  await viewer.settle();
  rows.push({ name: 'bytes after an answer of every node, Host tab', value: viewer.bytes - before, unit: 'bytes' });
  await viewer.close();
  return rows;
}

async function press(
  viewer: BenchViewer,
  keys: readonly string[],
): Promise<{ readonly times: readonly number[]; readonly bytes: readonly number[] }> {
  const times: number[] = [];
  const bytes: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++)
    for (const key of keys) {
      const before = viewer.bytes;
      const time = timed(() => viewer.press(key));
      await viewer.taken();
      if (round < WARM_UP) continue;
      times.push(time);
      bytes.push(viewer.bytes - before);
    }
  return { times, bytes };
}
