/** Other exporters than all-smi: reading node_exporter, and a viewer of nodes with two endpoints each: npm run bench -- exporters */
import { setTimeout as pause } from 'node:timers/promises';
import { IDLE_AFTER_MS } from '../lib/app/render-loop.js';
import { ReaderTexts } from '../lib/exposition/reader/known-texts.js';
import { TextReader } from '../lib/exposition/reader/text-reader.js';
import { mockPlans } from '../lib/mock/mock-cluster.js';
import { MOCK_DIALECTS } from '../lib/mock/mock-dialects.js';
import { readNode } from '../lib/mock/mock-node.js';
import { MOCK_GPU_NAME } from '../lib/mock/mock.js';
import { DIALECTS, wantedBy } from '../lib/sources/dialects/dialects.js';
import { alternated } from './measure.js';
import { builtProgram, Serving, shareOf, Terminal } from './programs.js';
import type { BenchRow } from './table.js';

const SCRAPES = 20;
const NODES = Number(process.env.BENCH_NODES ?? 1000);
const INTERVAL_SECONDS = 6;
const WARM_UP_MS = 20_000;
const WINDOW_MS = 30_000;

export async function bench(): Promise<BenchRow[]> {
  return [await reading(), await endpoints()];
}

/** The labels of each line, and a map of all families: what a reader does that knows neither what is wanted nor what it has seen. */
function plainRead(text: string): Map<string, { readonly labels: Record<string, string>; readonly value: number }[]> {
  const families = new Map<string, { labels: Record<string, string>; value: number }[]>();
  for (const line of text.split('\n')) {
    const [, name, block = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    const labels = Object.fromEntries([...block.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label!, text!]));
    families.set(name, [...(families.get(name) ?? []).slice(-1), { labels, value: Number(value) }]);
  }
  return families;
}

async function reading(): Promise<BenchRow> {
  const [plan] = mockPlans({ gpuName: MOCK_GPU_NAME, nodes: 1, startIndex: 1, processes: true, seed: 1 });
  const write = MOCK_DIALECTS.node_exporter.text(plan!);
  const bodies = Array.from({ length: SCRAPES }, (_, step) => Buffer.from(write(readNode(plan!, step, 3 * step), 3 * step)));
  const texts = bodies.map(String);
  const wanted = wantedBy(DIALECTS.find(({ id }) => id === 'node')!);
  const known = new ReaderTexts();
  let [ours, theirs] = [0, 0];
  const times = await alternated(
    () => {
      const reader = new TextReader(wanted, {}, known);
      reader.push(bodies[ours++ % SCRAPES]!);
      reader.end();
      return reader.families;
    },
    () => plainRead(texts[theirs++ % SCRAPES]!),
  );
  return { name: `read node_exporter, ${Math.round(bodies[0]!.length / 1024)} KB`, ...times, target: { goal: 10, gate: 5 } };
}

/** CPU of a viewer without key presses, per endpoint, relative to a viewer of nodes with all-smi. */
async function endpoints(): Promise<BenchRow> {
  const viewer = builtProgram();
  const shares: number[] = [];
  for (const [dialect, each] of [
    ['all-smi', 1],
    ['dcgm,node_exporter', 2],
  ] as const) {
    const nodes = await Serving.mock(NODES, dialect);
    const terminal = new Terminal(process.execPath, [viewer, '--hostfile', nodes.hostFile, '--interval', String(INTERVAL_SECONDS)]);
    try {
      await pause(IDLE_AFTER_MS + WARM_UP_MS);
      shares.push((await shareOf(terminal.pid, WINDOW_MS)) / each);
    } finally {
      await terminal.end();
      await nodes.end();
    }
  }
  const [own, other] = shares as [number, number];
  return {
    name: 'idle cost of an endpoint, DCGM and node_exporter, times all-smi',
    value: other / own,
    unit: 'x',
    target: { goal: 1.5, gate: 2 },
  };
}
