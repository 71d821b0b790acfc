/** The built program where it can't be loaded: by the limit of `ulimit -n`, or because files of it are missing or damaged. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MOCK_GPU_NAME, startMock } from '../../lib/mock/mock.js';
import { systemClock } from '../../lib/run/system-clock.js';
import { builtProgram, ROOT } from '../helpers/built.js';
import { PtyProgram } from '../helpers/pty.js';

jest.setTimeout(120_000);

let program = '';
let directory = '';
beforeAll(() => {
  program = builtProgram();
  directory = mkdtempSync(join(tmpdir(), 'start-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
const run = (file: string, ...args: readonly string[]): Ran => spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' });
const runWith = (files: number, file: string, args = ''): Ran =>
  spawnSync('bash', ['-c', `ulimit -n ${files}; exec "$0" "$1" ${args}`, process.execPath, file], { encoding: 'utf8' });

describe('too few file descriptors', () => {
  const MESSAGE = 'all-smi-view: too many open files. Raise the limit of open files (ulimit -n).\n';
  /** The lowest limit at which Node.js itself runs a program. */
  let lowest = 0;
  beforeAll(() => {
    const nothing = join(directory, 'nothing.mjs');
    writeFileSync(nothing, '');
    for (lowest = 12; runWith(lowest, nothing).status !== 0; lowest++) if (lowest > 60) throw new Error('node does not start');
  });

  test('one line, or the result, at each limit', () => {
    const results = Array.from({ length: 20 }, (_, more) => runWith(lowest + more, program, '--version'));
    expect(results[0]).toMatchObject({ status: 1, stdout: '', stderr: MESSAGE });
    for (const { status, stdout, stderr } of results) {
      if (status === 0) expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/), stderr: '' });
      else expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: MESSAGE });
    }
    expect(results.at(-1)).toMatchObject({ status: 0 });
  });

  test.each([
    '--local',
    'api --port 0',
    'get users --hosts 127.0.0.1:1',
    'record --hosts 127.0.0.1:1',
    'replay-info none',
    'config',
    'mock',
    '-x',
  ])('%s', (args) => {
    expect(runWith(lowest + 1, program, args)).toMatchObject({ status: 1, stdout: '', stderr: MESSAGE });
  });

  test('check: unknown, at each limit at which it cannot be made', () => {
    const reasons = Array.from({ length: 14 }, (_, more) => runWith(lowest + more, program, 'check --hosts 127.0.0.1:1'));
    for (const ran of reasons) {
      expect(ran).toMatchObject({ status: 3, stderr: '', stdout: expect.stringMatching(/^UNKNOWN - (too many open files|no node .*)\n$/) });
    }
    expect(reasons[0]?.stdout).toBe('UNKNOWN - too many open files\n');
  });
});

describe('an incomplete installation', () => {
  let copy = '';
  const installed = (path: string): string => join(copy, 'dist', path);
  beforeAll(() => {
    copy = join(directory, 'package');
    cpSync(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'));
  });

  /** Runs the copy with one file missing (undefined) or with other contents. */
  function runDamaged(path: string, contents: string | undefined, ...args: readonly string[]): Ran {
    const whole = readFileSync(installed(path));
    if (contents === undefined) rmSync(installed(path));
    else writeFileSync(installed(path), contents);
    try {
      return run(installed('bin/all-smi-view.js'), ...args);
    } finally {
      writeFileSync(installed(path), whole);
    }
  }
  const chunk = (name: RegExp): string => `chunks/${readdirSync(installed('chunks')).find((file) => name.test(file)) ?? ''}`;

  /** The first file that the program imports a name from. */
  const imported = (): string => /from"\.\.\/(chunks\/[\w-]+\.js)"/.exec(readFileSync(installed('bin/program.js'), 'utf8'))?.[1] ?? '';

  test('is whole', () => {
    expect(run(installed('bin/all-smi-view.js'), '--version')).toMatchObject({ status: 0, stderr: '' });
  });

  test.each<[what: string, path: () => string, contents: string | undefined, args: readonly string[], says: string]>([
    ['the program is missing', () => 'bin/program.js', undefined, ['--version'], 'Cannot find module'],
    ['the program is cut off', () => 'bin/program.js', 'import{a as b}from"../chu', ['--version'], 'Invalid or unexpected token'],
    ['a file of a command is missing', () => chunk(/^get-command-/), undefined, ['get', 'users'], 'Cannot find module'],
    ['a file of a command is cut off', () => chunk(/^get-command-/), 'export const a={', ['get', 'users'], 'Unexpected end of input'],
    ['a file of the program is empty', imported, '', ['--version'], 'does not provide an export'],
  ])('%s', (_what, path, contents, args, says) => {
    const { status, stdout, stderr } = runDamaged(path(), contents, ...args);
    expect(stderr).toContain(says);
    expect({ status, stdout, lines: stderr.split('\n').length }).toEqual({ status: 1, stdout: '', lines: 2 });
    expect(stderr).toMatch(/^all-smi-view: the installation is incomplete: .*\. Reinstall all-smi-view\.\n$/);
  });

  test('the HTTP client is loaded again: until then the nodes wait, and are not down', async () => {
    const options = { platform: 'nvidia', gpuName: MOCK_GPU_NAME, startIndex: 1, failureNodes: 0, processes: true, seed: 1 } as const;
    const cluster = await startMock({ ...options, ports: [0], clock: systemClock });
    const client = installed('chunks/got.js');
    const whole = readFileSync(client);
    writeFileSync(client, whole.subarray(0, 1000));
    const terminal = new PtyProgram(process.execPath, [installed('bin/all-smi-view.js'), '--hosts', ...cluster.addresses, '-i', '1'], {
      cols: 120,
      rows: 30,
    });
    const shows = (text: string): Promise<void> => terminal.until(text, () => terminal.emulator.text().includes(text), 25_000);
    try {
      await shows('cannot load got.js: ');
      terminal.type('D');
      await shows('0 of 1 node up · 1 waiting …');
      writeFileSync(client, whole);
      await shows('1 of 1 node up');
    } finally {
      writeFileSync(client, whole);
      terminal.dispose();
      await cluster.stop();
    }
  });

  test('an error of the program itself is not taken for one', () => {
    const { status, stderr } = runDamaged('bin/program.js', `export const main = () => JSON.parse('{');`);
    expect(status).toBe(70);
    expect(stderr).toMatch(/^all-smi-view: internal error: SyntaxError: .*\nSyntaxError: .*\n +at JSON\.parse/);
  });
});
