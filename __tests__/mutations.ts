/**
 * Could the tests fail? Plants one fault at a time into a copy of the sources and runs the tests that should find it there.
 *
 * npm run mutations [-- NAME...]: the faults of a list, all or these.
 * npm run mutations -- --sample N [--seed S] [--folder lib/alerts] [--minutes M] [--report FILE] [--mirrored]: N automatic ones in each folder.
 *
 * Exit status 1 when tests pass in spite of a fault of the list, or fail without any.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NAMED_FAULTS } from './mutations/named-faults.js';
import { sampleOf, sourcesByFolder, type Planted } from './mutations/sample.js';

/** Where the tests are that find a fault of the list which names none. */
const SUITES = ['__tests__/exposition', '__tests__/aggregate'];
const NOT_SOURCES: ReadonlySet<string> = new Set(['node_modules', '.git', 'dist', 'coverage']);
/** Tests that go on for longer than this do not end: the fault is found. */
const ENDLESS_MS = 15 * 60_000;

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string', default: '' },
    minutes: { type: 'string', default: '60' },
    report: { type: 'string', default: 'mutations.json' },
    /** Only the tests that mirror the folder: quick, and what survives may be found by others. */
    mirrored: { type: 'boolean', default: false },
  },
});
const unknown = names.filter((name) => !(name in NAMED_FAULTS));
if (unknown.length > 0) throw new Error(`no such fault: ${unknown.join(', ')} (there are ${Object.keys(NAMED_FAULTS).join(', ')})`);

const copy = mkdtempSync(join(tmpdir(), 'mutations-'));
try {
  cpSync('.', copy, { recursive: true, filter: (path) => !NOT_SOURCES.has(path) });
  symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'));
  process.exitCode =
    options.sample === undefined ? runNamed(names.length > 0 ? names : Object.keys(NAMED_FAULTS)) : runSample(Number(options.sample));
} finally {
  rmSync(copy, { recursive: true });
}

function runNamed(faults: readonly string[]): number {
  const wanted = new Set(faults.flatMap((name) => NAMED_FAULTS[name]!.tests ?? SUITES));
  if (!passes([...wanted])) {
    console.error('The tests fail without any fault: npm test');
    return 1;
  }
  const survivors = faults.filter((name) => {
    const { file, from, to, tests = SUITES } = NAMED_FAULTS[name]!;
    const parts = readFileSync(join(copy, file), 'utf8').split(from);
    if (parts.length !== 2) throw new Error(`${name}: "${from}" stands ${parts.length - 1} times in ${file}`);
    const found = isFound(file, parts.join(to), () => passes(tests));
    console.log(`${found ? 'found   ' : 'SURVIVES'}  ${name}`);
    return !found;
  });
  console.log(`${faults.length - survivors.length} of ${faults.length} faults found`);
  return survivors.length > 0 ? 1 : 0;
}

interface Score {
  planted: number;
  found: number;
  survivors: Pick<Planted, 'file' | 'line' | 'operator' | 'from' | 'to'>[];
}

function runSample(count: number): number {
  const seed = Number(options.seed);
  const end = Date.now() + Number(options.minutes) * 60_000;
  const scores: Record<string, Score> = {};
  for (const [folder, files] of sourcesByFolder(options.folder)) {
    if (Date.now() > end) break;
    const mirrored = mirror(folder);
    if (mirrored.length > 0 && !passes(mirrored)) {
      console.log(`${folder}: its tests fail without any fault, left out`);
      continue;
    }
    const score: Score = (scores[folder] = { planted: 0, found: 0, survivors: [] });
    for (const { file, line, operator, start, end: until, from, to } of sampleOf(folder, files, count, seed)) {
      if (Date.now() > end) break;
      const source = readFileSync(join(copy, file), 'utf8');
      // What is nearest first: most faults are found there.
      const found = isFound(
        file,
        source.slice(0, start) + to + source.slice(until),
        () => passes(mirrored) && (options.mirrored || passesRelated(file)),
      );
      score.planted++;
      if (found) score.found++;
      else score.survivors.push({ file, line, operator, from, to });
      const text = `${from} -> ${to}`.replace(/\s+/g, ' ');
      console.log(
        `${found ? 'found   ' : 'SURVIVES'}  ${file}:${line}  ${operator}: ${text.length > 90 ? `${text.slice(0, 90)}...` : text}`,
      );
      writeFileSync(options.report, `${JSON.stringify({ seed, scores }, null, 2)}\n`);
    }
  }
  for (const [folder, { planted, found }] of Object.entries(scores)) console.log(`${folder.padEnd(32)} ${found} of ${planted}`);
  return 0;
}

/** The tests that mirror a folder: the folder of its name, or the nearest one above. */
function mirror(folder: string): readonly string[] {
  for (let path = folder.replace(/^lib(\/|$)/, ''); path !== '' && path !== '.'; path = path.slice(0, Math.max(0, path.lastIndexOf('/')))) {
    const plugin = path.startsWith('plugins/') ? `__tests__/plugins/${path.slice('plugins/'.length)}` : '';
    if (plugin !== '') return [plugin];
    if (existsSync(join(copy, '__tests__', path))) return [`__tests__/${path}/`];
  }
  return ['__tests__/paths'];
}

function isFound(file: string, planted: string, survives: () => boolean): boolean {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, planted);
  const found = !survives();
  writeFileSync(path, source);
  return found;
}

function passes(tests: readonly string[]): boolean {
  return jest(tests);
}
function passesRelated(file: string): boolean {
  return jest(['--selectProjects', 'unit', '--findRelatedTests', file]);
}

function jest(args: readonly string[]): boolean {
  const command = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--bail',
    '--silent',
    '--maxWorkers=1',
    ...args,
  ];
  return spawnSync(process.execPath, command, { cwd: copy, stdio: 'ignore', timeout: ENDLESS_MS }).status === 0;
}
