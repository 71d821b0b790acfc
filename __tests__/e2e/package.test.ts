/** The npm package: packed, installed into an empty directory, run, and used by a plugin author who has nothing else. */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtProgram, ROOT } from '../helpers/built.js';
import { PtyProgram } from '../helpers/pty.js';

const SLOW_MS = 120_000;
// Processes on a busy machine can be slow; `until` gives up earlier and shows the screen.
jest.setTimeout(60_000);

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

let directory = '';

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
/** Without the variables that an outer npm sets. */
const ENV = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$)/.test(name)));
const run = (command: string, ...args: readonly string[]): Ran => spawnSync(command, args, { cwd: directory, encoding: 'utf8', env: ENV });
const installed = (path: string): string => readFileSync(join(directory, 'node_modules/all-smi-view', path), 'utf8');

beforeAll(() => {
  builtProgram();
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'package-')));
  writeFileSync(join(directory, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }');
  const packed = run('npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', directory, ROOT);
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  // Offline: any remaining download would fail.
  const { status, stderr } = run('npm', 'install', '--offline', '--no-audit', '--no-fund', join(directory, filename));
  if (status !== 0) throw new Error(stderr);
}, SLOW_MS);
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('the installed package', () => {
  test('has no dependencies', () => {
    expect(readdirSync(join(directory, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['all-smi-view']);
  });

  test('runs', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(run('npx', '--no-install', 'all-smi-view', '--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
    expect(run('npx', '--no-install', 'all-smi-view', '--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--hostfile FILE'),
    });
  });

  test('contains the terminal description', () => {
    expect(installed('dist/usr/xterm-256color')).toContain('xterm-256color');
  });

  test('names every bundled package with its licence', () => {
    const headings = [...installed('dist/THIRD_PARTY_LICENSES').matchAll(/^(\S+) \d+\.\d+\.\d+ \([\w.-]+\)\n-{72}\n\S/gm)];
    const bundled = ['neo-blessed', 'got', 'yargs', 'yargs-parser', 'papaparse', 'get-east-asian-width', 'keyv'];
    expect(headings.map(([, name]) => name)).toEqual(expect.arrayContaining(bundled));
  });

  test('contains no sources, tests or paths of the build machine', () => {
    const files = readdirSync(join(directory, 'node_modules/all-smi-view'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.\w+$/.test(file),
    );
    expect(files.filter((file) => /(?<!\.d)\.ts$|__tests__|\.map$/.test(file))).toEqual([]);
    for (const file of files) expect(installed(file)).not.toContain(ROOT);
  });
});

/** The documentation page: its example, and the command that compiles it. */
const PAGE = readFileSync(join(ROOT, 'docs/PLUGINS.md'), 'utf8');
const EXAMPLE = /```ts\n(.*?)```/s.exec(PAGE)?.[1] ?? '';
const COMPILE = /^npx tsc (.*) idle\.mts$/m.exec(PAGE)?.[1]?.split(' ') ?? [];

/** Type errors of a plugin that sees only the installed package: no types of node, no skipped checks. */
function typeErrors(source: string, ...more: readonly string[]): string {
  writeFileSync(join(directory, 'idle.mts'), source);
  return run(process.execPath, TSC, ...COMPILE, ...more, 'idle.mts').stdout;
}

describe('a third-party tab, as documented', () => {
  test('type-checks against the package alone, also in strict mode', () => {
    expect(COMPILE).toContain('--strict');
    const strictest = [
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      '--noImplicitReturns',
      '--verbatimModuleSyntax',
      '--noEmit',
    ];
    expect(typeErrors(EXAMPLE, ...strictest)).toBe('');
    // Compiled as the page describes; the following tests run the output.
    expect(typeErrors(EXAMPLE)).toBe('');
  });

  test('does not type-check with an error in it', () => {
    const wrong = EXAMPLE.replace("scope: 'tab'", "scope: 'top'")
      .replace("api.tableState('vram', true)", "'none'")
      .replace('api.bytes(sum)', 'api.octets(sum)');
    const errors = typeErrors(wrong, '--noEmit');
    expect(errors).toContain('Type \'"top"\' is not assignable');
    expect(errors).toContain("Type 'string' is not assignable");
    expect(errors).toContain("Property 'octets' does not exist");
  });

  describe('on the demo cluster', () => {
    let started: PtyProgram | undefined;
    const start = (...args: readonly string[]): PtyProgram =>
      (started = new PtyProgram(join(directory, 'node_modules/.bin/all-smi-view'), ['--demo', ...args], { cols: 120, rows: 30 }));
    afterEach(() => {
      started?.dispose();
    });

    test('is in the tab strip, the footer and the help; its keys and all others work', async () => {
      const pty = start('--plugin', join(directory, 'idle.mjs'));
      await pty.shows('Users │ Free │ Topology │ Idle │ gpu-01');
      await pty.shows('6 of 6 nodes');
      pty.type('T\x1b[C');
      await pty.shows('GPUs held idle');
      await pty.shows('▼VRAM');
      // An alert of the demo may occupy the line for a while.
      await pty.until('the footer', () => /^ Enter open {2}m VRAM {2}d node {2}s sum {2}\? help/.test(pty.emulator.row(29).join('')));
      pty.type('s');
      await pty.until('the toast', () => /\d GiB held idle/.test(pty.emulator.row(28).join('')));
      pty.type('?');
      await pty.shows('show the sum of the VRAM');
      pty.type('\x1b[F');
      await pty.shows('Idle: 0% utilisation in the last scrape');
      pty.type('\x1b');
      await pty.until('the help to close', () => !pty.emulator.text().includes('Idle: 0%'));
      pty.type('d\r');
      await pty.shows('up · last seen');
      pty.type('q');
      expect((await pty.exited).status).toBe(0);
    });

    test('a plugin that throws loses only its pane', async () => {
      writeFileSync(join(directory, 'broken.mjs'), BROKEN);
      const pty = start('--plugin', join(directory, 'broken.mjs'));
      await pty.shows('Users │ Free │ Topology │ Broken │ gpu-01');
      pty.type('T\x1b[C');
      await pty.shows('The plugin "broken" failed.');
      await pty.shows('Error: on purpose');
      pty.type('V');
      await pty.shows('amara.okafor');
      pty.type('q');
      expect((await pty.exited).status).toBe(0);
    });
  });

  test('an error in a plugin is reported at the start, with file and field', () => {
    writeFileSync(join(directory, 'wrong.mjs'), "export default () => ({ apiVersion: 1, id: 'wrong', tabs: [] });");
    const { status, stderr } = run('npx', '--no-install', 'all-smi-view', '--demo', '--plugin', 'wrong.mjs');
    expect(status).toBe(2);
    expect(stderr).toBe('all-smi-view: plugin wrong.mjs, tabs: is not a function. docs/PLUGINS.md describes the plugin interface.\n');
  });
});

const BROKEN = `export default ({ definePlugin }) => definePlugin({
  apiVersion: 1,
  id: 'broken',
  tabs: () => [{ plugin: 'broken', key: '', title: 'Broken', order: 20 }],
  init: () => 0,
  layers: [],
  view() { throw new Error('on purpose'); },
});`;
