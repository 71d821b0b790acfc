/**
 * npm run bench [-- --baseline] [-- NAME...]: all benches (or those named), one table. Exit status 1 when a ratio has fallen further
 * below bench/baseline.json than its tolerance; --baseline writes that file anew.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as aggregate from './aggregate.bench.js';
import * as frame from './frame.bench.js';
import * as node from './node.bench.js';
import * as parse from './parse.bench.js';
import * as record from './record.bench.js';
import { judge, toBaseline, toTable, type Baseline, type BenchRow } from './table.js';

const BENCHES: Readonly<Record<string, { bench(): Promise<BenchRow[]> }>> = { parse, aggregate, frame, node, record };
const BASELINE = fileURLToPath(new URL('./baseline.json', import.meta.url));
const TOLERANCE = 0.4;

const args = process.argv.slice(2);
const named = args.filter((arg) => !arg.startsWith('--'));
const unknown = named.filter((name) => !(name in BENCHES));
if (unknown.length > 0) throw new Error(`no such bench: ${unknown.join(', ')} (there are ${Object.keys(BENCHES).join(', ')})`);

const rows: BenchRow[] = [];
for (const [name, { bench }] of Object.entries(BENCHES)) if (named.length === 0 || named.includes(name)) rows.push(...(await bench()));

const baseline: Baseline = existsSync(BASELINE)
  ? (JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline)
  : { tolerance: TOLERANCE, ratios: {} };
const verdicts = judge(rows, baseline);
console.log(toTable(verdicts));
if (args.includes('--baseline')) {
  const fresh = toBaseline(rows, baseline.tolerance);
  writeFileSync(BASELINE, `${JSON.stringify({ ...fresh, ratios: { ...baseline.ratios, ...fresh.ratios } }, null, 2)}\n`);
} else if (verdicts.some(({ failed }) => failed)) process.exitCode = 1;
