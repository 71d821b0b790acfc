/** From a key typed into a filter to the bytes of the next frame, with 1,000 nodes: npm run bench -- filter */
import { loadRegexEngine } from '../lib/filter/regex.js';
import { bodyOf, nodesOf, ScrapedCluster } from './cluster.js';
import { percentile, timed } from './measure.js';
import type { BenchRow } from './table.js';
import { BenchViewer } from './viewer.js';

/** What is typed should be seen within this time. */
const TYPING_MS = 100;
const SIZE = { cols: 220, rows: 60 };
const ROUNDS = 8;

/** Each key changes the filter or makes it invalid; each valid filter is evaluated for all GPUs and processes. */
const TYPED: Readonly<Record<string, string>> = {
  'a user and memory': 'user==user0001 & mem_used > 40GiB',
  'words of commands': 'command~=train.*resume',
  'a regular expression over commands': 'command~=tr[ai]+n.*run\\d+',
};

export async function bench(): Promise<BenchRow[]> {
  await loadRegexEngine();
  const nodes = nodesOf('W3');
  const cluster = new ScrapedCluster(nodes.map(({ host }) => host));
  const viewer = new BenchViewer(cluster, SIZE.cols, SIZE.rows);
  for (const [at, node] of nodes.entries()) cluster.scrape(at, bodyOf(node));
  await viewer.settle();
  const rows: BenchRow[] = [];
  for (const tab of ['All', 'Users']) {
    for (const [what, text] of Object.entries(TYPED)) {
      await typed(viewer, '/');
      const times: number[] = [];
      for (let round = 0; round <= ROUNDS; round++) {
        await typed(viewer, 'C-u');
        for (const ch of text) {
          const time = await typed(viewer, ch === ' ' ? 'Space' : ch, ch);
          // The first round is a warm-up.
          if (round > 0) times.push(time);
        }
      }
      await typed(viewer, 'Esc');
      rows.push({
        name: `typing ${what}, ${tab} tab, p99`,
        oursMs: percentile(times, 0.99),
        target: { goal: TYPING_MS / 2, gate: TYPING_MS },
      });
    }
    await typed(viewer, 'Tab');
    await viewer.settle();
  }
  await viewer.close();
  return rows;
}

async function typed(viewer: BenchViewer, name: string, text = ''): Promise<number> {
  const time = timed(() => viewer.press(name, text));
  await viewer.taken();
  return time;
}
