/** From the bytes of a node to its columns: npm run bench -- parse */
import type { ScrapeParser } from '../lib/wire/parser.js';
import { Wire } from '../lib/wire/wire.js';
import { AT, bodyOf, nodesOf, pushBody, rounds, type Layout, type Node } from './cluster.js';
import { alternated } from './measure.js';
import type { BenchRow, Target } from './table.js';
import { naiveParse } from './yardstick/naive.mjs';
import { rng } from './yardstick/workload.mjs';

const WARM: Target = { goal: 18, gate: 10 };
const REPLACED: Target = { goal: 12, gate: 8 };
const SHUFFLED: Target = { goal: 5, gate: 4 };
const NEW: Target = { goal: 4, gate: 3 };

export async function bench(): Promise<BenchRow[]> {
  const typical = nodesOf('W3', { hosts: 8 })[7]!;
  const full = nodesOf('W2', { hosts: 1 })[0]!;
  const rows: BenchRow[] = [];
  for (const layout of ['real', 'mock'] as const) {
    rows.push(...(await host(`typical host, ${layout}`, typical, layout, 40)));
    rows.push(...(await host(`50,000 rows, ${layout}`, full, layout, 3)));
  }
  return rows;
}

/** A host in four states: nothing but values changes, 2 % of its processes are replaced, its rows come in another order, it is new. */
async function host(name: string, node: Node, layout: Layout, scrapes: number): Promise<BenchRow[]> {
  const random = rng(7);
  const after = (churn: number): readonly Node[] => [...rounds([node], scrapes, churn)].map(([one]) => one!);
  const shuffled = Array.from({ length: scrapes }, () => ({ ...node, procs: [...node.procs].sort(() => random() - 0.5) }));
  return [
    await known(`parse ${name}, warm`, after(0), layout, WARM),
    await known(`parse ${name}, 2 % replaced`, after(0.02), layout, REPLACED),
    await known(`parse ${name}, shuffled`, shuffled, layout, SHUFFLED),
    await fresh(`parse ${name}, new host`, after(0), layout),
  ];
}

function known(name: string, nodes: readonly Node[], layout: Layout, target: Target): Promise<BenchRow> {
  const parser = new Wire().newParser();
  return compared(name, nodes, layout, target, () => parser);
}

/** The code is warm, the host is not. Another host stays: without any the engine would forget what it has learned of parsers. */
async function fresh(name: string, nodes: readonly Node[], layout: Layout): Promise<BenchRow> {
  const wire = new Wire();
  const other = wire.newParser();
  read(other, bodyOf(nodes[0]!, layout));
  const row = await compared(name, nodes, layout, NEW, () => wire.newParser());
  return other.data.facts.samples > 0 ? row : { ...row, oursMs: NaN };
}

/** The plain port gets its text already decoded. */
async function compared(
  name: string,
  nodes: readonly Node[],
  layout: Layout,
  target: Target,
  parser: () => ScrapeParser,
): Promise<BenchRow> {
  const bodies = nodes.map((node) => bodyOf(node, layout));
  const texts = bodies.map(String);
  let [ours, theirs] = [0, 0];
  const times = await alternated(
    () => read(parser(), bodies[ours++ % bodies.length]!),
    () => naiveParse(texts[theirs++ % texts.length]!, 'host'),
  );
  return { name, target, ...times };
}

function read(parser: ScrapeParser, body: Buffer): unknown {
  pushBody(parser, body);
  return parser.commit(AT, 0);
}
