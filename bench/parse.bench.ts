/** From the bytes of a node to its columns: npm run bench -- parse */
import { Wire } from '../lib/wire/wire.js';
import type { ScrapeParser } from '../lib/wire/parser.js';
import { alternated } from './measure.js';
import type { BenchRow } from './table.js';
import { naiveParse } from './yardstick/naive.mjs';
import { SPEC, advance, cluster, expose, rng } from './yardstick/workload.mjs';

type Layout = 'real' | 'mock';
interface Node {
  readonly host: string;
  readonly procs: readonly unknown[];
}
const text = (node: unknown, layout: Layout): Buffer => expose(node, layout);

/** When the scrape is said to be answered. */
const AT = Date.UTC(2026, 7, 7);
const CHUNK = 65_536;

export async function bench(): Promise<BenchRow[]> {
  const typical = (cluster(SPEC.W3) as Node[])[7]!;
  const full = (cluster({ ...SPEC.W2, hosts: 1 }) as Node[])[0]!;
  return (['real', 'mock'] as const).flatMap((layout) => [
    ...host(`typical host, ${layout}`, typical, layout, 40),
    ...host(`50,000 rows, ${layout}`, full, layout, 3),
  ]);
}

/** A host in four states: nothing but values changes, 2 % of its processes are replaced, it is new, its rows come in another order. */
function host(name: string, node: Node, layout: Layout, scrapes: number): BenchRow[] {
  const random = rng(7);
  const after = (churn: number): Node[] => {
    const nodes = [node];
    for (let scrape = 1; scrape < scrapes; scrape++) nodes.push(advance(nodes.at(-1), random, { churn }) as Node);
    return nodes;
  };
  const shuffled = Array.from({ length: scrapes }, () => ({ ...node, procs: [...node.procs].sort(() => random() - 0.5) }));
  return [
    warm(`parse ${name}, warm`, after(0), layout),
    warm(`parse ${name}, 2 % replaced`, after(0.02), layout),
    warm(`parse ${name}, shuffled`, shuffled, layout),
    fresh(`parse ${name}, new host`, after(0), layout),
  ];
}

function warm(name: string, nodes: readonly Node[], layout: Layout): BenchRow {
  const bodies = nodes.map((node) => text(node, layout));
  const parser = new Wire().newParser();
  for (const body of bodies) read(parser, body);
  return compared(name, bodies, () => parser);
}

/** The code is warm, the host is not. */
function fresh(name: string, nodes: readonly Node[], layout: Layout): BenchRow {
  const bodies = nodes.map((node) => text(node, layout));
  const wire = new Wire();
  for (const body of bodies) read(wire.newParser(), body);
  return compared(name, bodies, () => wire.newParser());
}

/** The plain port gets its text already decoded. */
function compared(name: string, bodies: readonly Buffer[], parser: () => ScrapeParser): BenchRow {
  const texts = bodies.map((body) => body.toString());
  let [ours, theirs] = [0, 0];
  return {
    name,
    ...alternated(
      () => read(parser(), bodies[ours++ % bodies.length]!),
      () => naiveParse(texts[theirs++ % texts.length]!, 'host'),
    ),
  };
}

function read(parser: ScrapeParser, body: Buffer): unknown {
  for (let from = 0; from < body.length; from += CHUNK) parser.push(body.subarray(from, from + CHUNK));
  return parser.commit(AT, 0);
}
