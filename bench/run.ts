/**
 * npm run bench [-- --baseline] [NAME...]: compares all benches (or those named) with their targets, in one table. Results go to
 * bench/results.json, which `npm run bench:compare` reads; --baseline makes their ratios the new baseline.
 *
 * Each bench runs in a process of its own, so that none is affected by the heap or the compiled code of another.
 */
import { spawnSync } from 'node:child_process';
import { readBaseline, writeBaseline, writeResults } from './files.js';
import { figureOf, toBaseline, toTable, type BenchRow, type Figure } from './table.js';

type Bench = () => Promise<{ bench(): Promise<BenchRow[]> }>;
const BENCHES: Readonly<Record<string, Bench>> = {
  parse: () => import('./parse.bench.js'),
  'new-host': () => import('./new-host.bench.js'),
  aggregate: () => import('./aggregate.bench.js'),
  sweep: () => import('./sweep.bench.js'),
  frame: () => import('./frame.bench.js'),
  tabs: () => import('./tabs.bench.js'),
  program: () => import('./program.bench.js'),
  get: () => import('./get.bench.js'),
  whole: () => import('./whole.bench.js'),
  stress: () => import('./stress.bench.js'),
  filter: () => import('./filter.bench.js'),
  node: () => import('./node.bench.js'),
  ssh: () => import('./ssh.bench.js'),
  jobs: () => import('./jobs.bench.js'),
  prometheus: () => import('./prometheus.bench.js'),
  exporters: () => import('./exporters.bench.js'),
  record: () => import('./record.bench.js'),
  report: () => import('./report.bench.js'),
};
/** In the child process: prints the rows of one bench as JSON, on the last line. */
const ROWS = '--rows';

const args = process.argv.slice(2);
if (args[0] === ROWS) {
  const { bench } = await BENCHES[args[1]!]!();
  console.log(JSON.stringify(await bench()));
} else run(args);

function run(args: readonly string[]): void {
  const named = args.filter((arg) => !arg.startsWith('--'));
  const unknown = named.filter((name) => !(name in BENCHES));
  if (unknown.length > 0) throw new Error(`no such bench: ${unknown.join(', ')} (there are ${Object.keys(BENCHES).join(', ')})`);
  const figures: Figure[] = [];
  for (const name of named.length > 0 ? named : Object.keys(BENCHES)) figures.push(...rowsOf(name).map(figureOf));
  console.log(toTable(figures, readBaseline()));
  writeResults(figures);
  if (args.includes('--baseline')) writeBaseline(toBaseline(figures, readBaseline().tolerance));
}

function rowsOf(name: string): readonly BenchRow[] {
  const { status, stdout } = spawnSync(process.execPath, [...process.execArgv, process.argv[1]!, ROWS, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the bench ${name} failed`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as BenchRow[];
}
