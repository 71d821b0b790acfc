/** A frame of many nodes from a Prometheus server, and the same nodes scraped directly: npm run bench -- prometheus */
import { readFileSync } from 'node:fs';
import { Asking } from '../__tests__/helpers/asking.js';
import { historyOf } from '../__tests__/helpers/open-metrics.js';
import { hasEngine, startMetricServer } from '../__tests__/helpers/metric-servers.js';
import { startQuery } from '../lib/run/query-run.js';
import { readHostfile } from '../lib/sources/hostlists/hostfile.js';
import { percentile, since } from './measure.js';
import { Serving } from './programs.js';
import type { BenchRow } from './table.js';

const SIZES = [200, 1000];
const ROUNDS = 5;
const KIB = 1024;

export async function bench(): Promise<BenchRow[]> {
  if (!hasEngine('prometheus')) throw new Error('needs the Debian package prometheus: .ci/run unpacks it');
  const rows: BenchRow[] = [];
  for (const nodes of SIZES) rows.push(...(await compared(nodes)));
  return rows;
}

async function compared(nodes: number): Promise<BenchRow[]> {
  const serving = await Serving.mock(nodes);
  try {
    const targets = readFileSync(serving.hostFile, 'utf8').match(/[\w.]+:\d+/g)!;
    const texts = await Promise.all(targets.map(async (target) => (await fetch(`http://${target}/metrics`)).text()));
    const asked = await ofServer(targets, texts);
    const scraped = await directly(serving.hostFile);
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const of = `frame of ${nodes.toLocaleString('en')} nodes`;
    return [
      { name: `${of} from a server, CPU`, oursMs: asked.cpuMs, yardstickMs: scraped.cpuMs },
      { name: `${of} from a server, wall time`, oursMs: asked.wallMs },
      { name: `${of} from a server, received, decompressed`, value: asked.bytes / KIB, unit: 'KiB' },
      { name: `${of} scraped directly, wall time`, oursMs: scraped.wallMs },
      { name: `${of} scraped directly, received`, value: bytes / KIB, unit: 'KiB' },
    ];
  } finally {
    await serving.end();
  }
}

interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** At moments of a history: what a frame costs does not depend on when it was. */
async function ofServer(targets: readonly string[], texts: readonly string[]): Promise<Cost & { readonly bytes: number }> {
  const begin = Math.floor(Date.now() / 1000 - 3600);
  const frames = Array.from({ length: ROUNDS + 2 }, (_, frame) => begin + 10 * frame);
  const history = historyOf(frames.flatMap((seconds) => targets.map((instance, node) => ({ seconds, instance, text: texts[node]! }))));
  const server = await startMetricServer('prometheus', { history });
  const asking = await new Asking(server.url, { timeoutMs: 30_000, startAt: frames[0]! * 1000 }).start();
  try {
    const costs: Cost[] = [];
    for (const seconds of frames.slice(1)) {
      const [cpu, wall] = [process.cpuUsage(), performance.now()];
      await asking.arrive({ action: 'seek', at: seconds * 1000 });
      costs.push({ cpuMs: since(cpu), wallMs: performance.now() - wall });
    }
    return { ...medians(costs.slice(1)), bytes: asking.collector.facts.bytes };
  } finally {
    await asking.collector.stop();
    await server.stop();
  }
}

async function directly(hostFile: string): Promise<Cost> {
  const { targets } = await readHostfile(hostFile);
  const costs: Cost[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const [cpu, wall] = [process.cpuUsage(), performance.now()];
    const run = await startQuery({
      sources: [{ kind: 'hosts', targets, notes: [], title: '', timeoutMs: 30_000 }],
      plugins: [],
      once: true,
    });
    await run.complete;
    costs.push({ cpuMs: since(cpu), wallMs: performance.now() - wall });
    await run.stop();
  }
  return medians(costs.slice(1));
}

const medians = (costs: readonly Cost[]): Cost => ({
  cpuMs: percentile(
    costs.map(({ cpuMs }) => cpuMs),
    0.5,
  ),
  wallMs: percentile(
    costs.map(({ wallMs }) => wallMs),
    0.5,
  ),
});
