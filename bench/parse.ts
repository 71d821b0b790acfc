/** Our parser and the reference implementation on the same bodies. */
import { AT, bodyOf, nodesOf, pushBody, type Layout, type WorkloadNode } from './cluster.js';
import { alternated } from './measure.js';
import type { BenchRow, Target } from './table.js';
import { naiveParse } from './yardstick/naive.mjs';
import type { ScrapeParser } from '../lib/exposition/parser/scanner.js';

export interface Subject {
  readonly name: string;
  readonly node: WorkloadNode;
  readonly layout: Layout;
  /** Number of bodies that are used in turn. */
  readonly scrapes: number;
}

export function subjects(): readonly Subject[] {
  const typical = nodesOf('W3', { hosts: 8 })[7]!;
  const full = nodesOf('W2', { hosts: 1 })[0]!;
  return (['real', 'mock'] as const).flatMap((layout) => [
    { name: `typical host, ${layout}`, node: typical, layout, scrapes: 40 },
    { name: `50,000 rows, ${layout}`, node: full, layout, scrapes: 3 },
  ]);
}

/** `parser`: the one that reads next. The reference implementation gets decoded text. */
export async function compared(
  name: string,
  nodes: readonly WorkloadNode[],
  { layout }: Subject,
  target: Target,
  parser: () => ScrapeParser,
): Promise<BenchRow> {
  const bodies = nodes.map((node) => bodyOf(node, layout));
  const texts = bodies.map(String);
  let [ours, theirs] = [0, 0];
  const times = await alternated(
    () => {
      const one = parser();
      pushBody(one, bodies[ours++ % bodies.length]!);
      return one.commit(AT, 0);
    },
    () => naiveParse(texts[theirs++ % texts.length]!, 'host'),
  );
  return { name, target, ...times };
}
