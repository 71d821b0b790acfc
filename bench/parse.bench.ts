/** From the bytes of a known node to its columns: npm run bench -- parse */
import { Parsers } from '../lib/exposition/parser/index.js';
import { rounds, type WorkloadNode } from './cluster.js';
import { compared, subjects, type Subject } from './parse.js';
import type { BenchRow, Target } from './table.js';
import { rng } from './yardstick/workload.mjs';

const WARM: Target = { goal: 18, gate: 10 };
const REPLACED: Target = { goal: 12, gate: 8 };
const SHUFFLED: Target = { goal: 5, gate: 4 };

export async function bench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const subject of subjects()) rows.push(...(await host(subject)));
  return rows;
}

/** In three cases: only values change, 2% of the processes are replaced, the rows are reordered. */
async function host(subject: Subject): Promise<BenchRow[]> {
  const { name, node, scrapes } = subject;
  const random = rng(7);
  const after = (churn: number): readonly WorkloadNode[] => [...rounds([node], scrapes, churn)].map(([one]) => one!);
  const shuffled = Array.from({ length: scrapes }, () => ({ ...node, procs: [...node.procs].sort(() => random() - 0.5) }));
  const known = (state: string, nodes: readonly WorkloadNode[], target: Target): Promise<BenchRow> => {
    const parser = new Parsers().newParser();
    return compared(`parse ${name}, ${state}`, nodes, subject, target, () => parser);
  };
  return [
    await known('warm', after(0), WARM),
    await known('2 % replaced', after(0.02), REPLACED),
    await known('shuffled', shuffled, SHUFFLED),
  ];
}
