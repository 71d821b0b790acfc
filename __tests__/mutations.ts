/**
 * Checks that the tests can fail: plants one fault at a time into a copy of the sources and runs the tests that should find it.
 *
 * npm run mutations [-- NAME...]: all named faults, or these.
 *
 * npm run mutations -- --sample N [--seed S] [--directory lib/alerts] [--minutes M] [--report FILE] [--mirrored]: N automatic ones in each
 * directory, taking one from each directory in turn, so that a run that ends early has covered all directories.
 *
 * Exit status 1 when tests pass despite a named fault, or fail without any fault.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NAMED_FAULTS } from './mutations/named-faults.js';
import { sampleOf, sourcesByDirectory, type Planted } from './mutations/sample.js';

/** The tests that should find named faults without tests of their own. */
const SUITES = ['__tests__/exposition', '__tests__/aggregate'];
const NOT_SOURCES: ReadonlySet<string> = new Set(['node_modules', '.git', 'dist', 'coverage']);
/** Tests that run longer than this are taken to hang, which finds the fault. */
const ENDLESS_MS = 10 * 60_000;

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    directory: { type: 'string', default: '' },
    minutes: { type: 'string', default: '60' },
    report: { type: 'string', default: 'mutations.json' },
    /** Only the tests that mirror the directory: quick, but other tests may find what survives. */
    mirrored: { type: 'boolean', default: false },
  },
});
const unknown = names.filter((name) => !(name in NAMED_FAULTS));
if (unknown.length > 0) throw new Error(`no such fault: ${unknown.join(', ')} (there are ${Object.keys(NAMED_FAULTS).join(', ')})`);

/** Results of test files without a fault: whether they pass. */
const sound = new Map<string, boolean>();
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
  const survivors = faults.filter((name) => {
    const { file, from, to, tests = SUITES } = NAMED_FAULTS[name]!;
    const parts = readFileSync(join(copy, file), 'utf8').split(from);
    if (parts.length !== 2) throw new Error(`${name}: "${from}" stands ${parts.length - 1} times in ${file}`);
    const found = isFound(file, parts.join(to), tests);
    console.log(`${found ? 'found   ' : 'SURVIVES'}  ${name}`);
    return !found;
  });
  const unsound = [...sound].filter(([, passes]) => !passes).map(([file]) => file);
  console.log(`${faults.length - survivors.length} of ${faults.length} faults found`);
  for (const file of unsound) console.log(`fails without any fault: ${file}`);
  return survivors.length + unsound.length > 0 ? 1 : 0;
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
  const samples = [...sourcesByDirectory(options.directory)].map(([directory, files]) => sampleOf(directory, files, count, seed));
  const rounds = Array.from({ length: count }, (_, nth) => samples.flatMap((sample) => sample[nth] ?? []));
  for (const { directory, file, line, operator, start, end: until, from, to } of rounds.flat()) {
    if (Date.now() > end) break;
    const source = readFileSync(join(copy, file), 'utf8');
    const planted = source.slice(0, start) + to + source.slice(until);
    // The closest tests first: they find most faults.
    const found =
      isFound(file, planted, mirror(directory)) ||
      (!options.mirrored && isFound(file, planted, ['--selectProjects', 'unit', '--findRelatedTests', file]));
    const score = (scores[directory] ??= { planted: 0, found: 0, survivors: [] });
    score.planted++;
    if (found) score.found++;
    else score.survivors.push({ file, line, operator, from, to });
    const text = `${from} -> ${to}`.replace(/\s+/g, ' ');
    console.log(`${found ? 'found   ' : 'SURVIVES'}  ${file}:${line}  ${operator}: ${text.length > 90 ? `${text.slice(0, 90)}...` : text}`);
    writeFileSync(options.report, `${JSON.stringify({ seed, scores }, null, 2)}\n`);
  }
  for (const [directory, { planted, found }] of Object.entries(scores)) console.log(`${directory.padEnd(32)} ${found} of ${planted}`);
  const all = Object.values(scores);
  const sum = (of: (score: Score) => number): number => all.reduce((total, score) => total + of(score), 0);
  console.log(`${sum(({ found }) => found)} of ${sum(({ planted }) => planted)} faults found`);
  for (const [test, passes] of sound) if (!passes) console.log(`left out, fails without any fault: ${test}`);
  return 0;
}

/** The tests that mirror a directory: those in the directory of the same name, or of the nearest parent that has tests. */
function mirror(directory: string): readonly string[] {
  for (
    let path = directory.replace(/^lib(\/|$)/, '');
    path !== '' && path !== '.';
    path = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  ) {
    const tests = join(copy, '__tests__', path);
    if (existsSync(tests) && readdirSync(tests).some((name) => name.endsWith('.test.ts'))) return [`__tests__/${path}/`];
    if (path.startsWith('plugins/')) return [`__tests__/${path}`];
  }
  return ['__tests__/paths'];
}

/** Whether a fault makes tests fail that pass without it. Tests that fail anyway are left out and named at the end. */
function isFound(file: string, planted: string, tests: readonly string[]): boolean {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  for (;;) {
    writeFileSync(path, planted);
    const failed = jest(tests);
    writeFileSync(path, source);
    if (failed === 'all') return true;
    if (failed.length === 0) return false;
    for (const test of failed) if (!sound.has(test)) sound.set(test, jest([test]).length === 0);
    if (failed.some((test) => sound.get(test))) return true;
  }
}

/** The test files that fail; `all`: they hang, or jest itself crashed. */
function jest(tests: readonly string[]): readonly string[] | 'all' {
  const unsound = [...sound].filter(([, passes]) => !passes).map(([file]) => `/${file}$`);
  const command = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--bail',
    '--silent',
    '--passWithNoTests',
    '--maxWorkers=1',
    ...tests,
    ...(unsound.length > 0 ? ['--testPathIgnorePatterns', ...unsound, ...(tests.includes('unit') ? ['/__tests__/e2e/'] : [])] : []),
  ];
  const env = { ...process.env, FORCE_COLOR: '0' };
  const { status, stderr } = spawnSync(process.execPath, command, {
    cwd: copy,
    env,
    encoding: 'utf8',
    timeout: ENDLESS_MS,
    maxBuffer: 1 << 28,
  });
  if (status === 0) return [];
  const failed = [...stderr.matchAll(/^FAIL (?:\S+ )?(__tests__\/\S+)/gm)].map(([, test]) => test!);
  return failed.length > 0 ? [...new Set(failed)] : 'all';
}
