/**
 * npm run mutations [-- NAME...]: could the tests fail? Plants one fault at a time into a copy of the sources and runs the tests of
 * the parser and of the aggregation there. Exit status 1 when they pass in spite of a fault, or fail without one.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Mutation {
  readonly file: string;
  /** Stands in the file once. */
  readonly from: string;
  readonly to: string;
}

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'memory is not clamped': {
    file: 'lib/exposition/parser/committed/committed.ts',
    from: 'bytes > 0 && bytes < Infinity ? bytes : 0',
    to: 'bytes',
  },
  'negative watts are shared out': {
    file: 'lib/aggregate/users-part.ts',
    from: 'reports && powerWatts[slot]! > 0 ? powerWatts[slot]! : 0',
    to: 'reports ? powerWatts[slot]! : 0',
  },
  'gpu_index and gpu_uuid of a GPU are swapped': {
    file: 'lib/exposition/parser/entities.ts',
    from: '{ key: named(...ALIASES.gpuUuid), title: named(...ALIASES.gpuName), index: named(...ALIASES.gpuIndex),',
    to: '{ key: named(...ALIASES.gpuIndex), title: named(...ALIASES.gpuName), index: named(...ALIASES.gpuUuid),',
  },
  'gpu_index and device_uuid of a process are swapped': {
    file: 'lib/exposition/parser/process-rows.ts',
    from: "const UUID_LABEL = labelNamed('device_uuid');",
    to: "const UUID_LABEL = labelNamed('gpu_index');",
  },
  'a family that a row lost keeps its value': {
    file: 'lib/exposition/parser/process-rows.ts',
    from: 'values[kept * SECTIONS + section] = NaN;',
    to: 'values[kept * SECTIONS + section]! += 0;',
  },
  'a reading that vanished keeps its value': {
    file: 'lib/exposition/parser/sample-values.ts',
    from: 'if (gone === 0) return undefined;',
    to: 'if (gone >= 0) return undefined;',
  },
  'a process that ended stays': {
    file: 'lib/exposition/parser/process-rows.ts',
    from: 'if (seen >> SEEN_BITS !== scrape) {',
    to: 'if (seen >> SEEN_BITS > scrape) {',
  },
  'the last line of the last scrape stays': {
    file: 'lib/exposition/parser/scanner.ts',
    from: 'if (!this.#tracking && this.#line < scan.template.count) {',
    to: 'if (!this.#tracking && this.#line + 1 < scan.template.count) {',
  },
  'a line without an end is lost': {
    file: 'lib/exposition/parser/scanner.ts',
    from: 'if (this.#tailBytes > 0 || this.#skipping) this.#pushSlice(LINE_END);',
    to: 'if (this.#skipping) this.#pushSlice(LINE_END);',
  },
  'an aborted body is kept': {
    file: 'lib/exposition/parser/scanner.ts',
    from: 'if (this.#tracking) this.#forget();\n    this.#reset();',
    to: 'this.#reset();',
  },
  'one pid of two users is one process': {
    file: 'lib/aggregate/users-part.ts',
    from: 'pids.begin(pid, user, count);',
    to: 'pids.begin(pid, pid, count);',
  },
  'among equals the last row is the top command': {
    file: 'lib/aggregate/users-part.ts',
    from: 'return pid[row]! < pid[top]! ||',
    to: 'return pid[row]! > pid[top]! ||',
  },
  'rows on no GPU hold memory of the first': {
    file: 'lib/exposition/parser/committed/committed.ts',
    from: '!moved && devices[',
    to: 'moved && devices[',
  },
};

const SUITES = ['__tests__/wire', '__tests__/aggregate'];

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in MUTATIONS));
if (unknown.length > 0) throw new Error(`no such fault: ${unknown.join(', ')} (there are ${Object.keys(MUTATIONS).join(', ')})`);

const copy = mkdtempSync(join(tmpdir(), 'mutations-'));
try {
  process.exitCode = run(names.length > 0 ? names : Object.keys(MUTATIONS));
} finally {
  rmSync(copy, { recursive: true });
}

function run(faults: readonly string[]): number {
  for (const file of ['lib', 'plugins', '__tests__', 'bench', 'jest.config.js', 'package.json', 'tsconfig.json'])
    cpSync(file, join(copy, file), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'));
  if (!passes()) {
    console.error('The tests fail without any fault: npm test');
    return 1;
  }
  const survivors = faults.filter((name) => !isFound(name, MUTATIONS[name]!));
  console.log(`${faults.length - survivors.length} of ${faults.length} faults found`);
  return survivors.length > 0 ? 1 : 0;
}

function isFound(name: string, { file, from, to }: Mutation): boolean {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const parts = source.split(from);
  if (parts.length !== 2) throw new Error(`${name}: "${from}" stands ${parts.length - 1} times in ${file}`);
  writeFileSync(path, parts.join(to));
  const found = !passes();
  writeFileSync(path, source);
  console.log(`${found ? 'found   ' : 'SURVIVES'}  ${name}`);
  return found;
}

function passes(): boolean {
  const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', '--bail', '--silent', ...SUITES];
  return spawnSync(process.execPath, jest, { cwd: copy, stdio: 'ignore' }).status === 0;
}
