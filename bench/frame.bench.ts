/** From a key to the bytes of the frame that answers it: npm run bench -- frame */
import { bodyOf, nodesOf, ScrapedCluster } from './cluster.js';
import { percentile, timed } from './measure.js';
import type { BenchRow } from './table.js';
import { BenchViewer } from './viewer.js';

const SIZE = { cols: 220, rows: 60 };
const ROUNDS = 150;

/** What people press on a tab: moving, paging, sorting. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  All: ['Down', 'Down', 'PageDown', 'u', 'Up', 'm', 'PageUp', 'End', 'd', 'Home'],
  Users: ['Down', 'Down', 'PageDown', 'm', 'Up', 'p', 'PageUp', 'End', 'u', 'Home'],
  Host: ['Down', 'Down', 'PageDown', 'm', 'Up', 'c', 'PageUp', 'End', 'u', 'Home'],
};

export async function bench(): Promise<BenchRow[]> {
  const nodes = nodesOf('W3');
  const cluster = new ScrapedCluster(nodes.map(({ host }) => host));
  const viewer = new BenchViewer(cluster, SIZE.cols, SIZE.rows);
  for (const [at, node] of nodes.entries()) cluster.scrape(at, bodyOf(node));
  viewer.settle();
  const rows: BenchRow[] = [];
  for (const [tab, keys] of Object.entries(KEYS)) {
    for (const key of keys) viewer.press(key);
    const times = Array.from({ length: ROUNDS }, () => keys.map((key) => timed(() => viewer.press(key)))).flat();
    rows.push({ name: `key to bytes, ${tab} tab, p99`, oursMs: percentile(times, 0.99) });
    viewer.press('Tab');
    viewer.settle();
  }
  await viewer.close();
  return rows;
}
