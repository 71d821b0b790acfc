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
  await viewer.settle();
  const rows: BenchRow[] = [];
  for (const [tab, keys] of Object.entries(KEYS)) {
    const times: number[] = [];
    for (let round = 0; round <= ROUNDS; round++)
      for (const key of keys) {
        const time = timed(() => viewer.press(key));
        await viewer.taken();
        // The first round warms up.
        if (round > 0) times.push(time);
      }
    rows.push({ name: `key to bytes, ${tab} tab, p99`, oursMs: percentile(times, 0.99) });
    viewer.press('Tab');
    await viewer.settle();
  }
  await viewer.close();
  return rows;
}
