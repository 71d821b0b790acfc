/** The first scrape of a node, with warm code: npm run bench -- new-host */
import { Parsers } from '../lib/exposition/parser/index.js';
import { rounds } from './cluster.js';
import { compared, subjects } from './parse.js';
import type { BenchRow, Target } from './table.js';

const NEW: Target = { goal: 4, gate: 3 };

const kept: unknown[] = [];

export async function bench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const subject of subjects()) {
    const wire = new Parsers();
    // Keeps one parser alive, so that the engine does not discard the compiled code.
    kept.push(wire.newParser());
    const nodes = [...rounds([subject.node], subject.scrapes, 0)].map(([one]) => one!);
    rows.push(await compared(`parse ${subject.name}, new host`, nodes, subject, NEW, () => wire.newParser()));
  }
  return rows;
}
