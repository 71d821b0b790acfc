/** What npm gets: packed, installed into an empty folder, run, and written against by somebody who has nothing else. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtProgram, ROOT } from '../helpers/built.js';

const SLOW_MS = 120_000;
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

let folder = '';

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
/** Without what an outer npm puts into the environment. */
const ENV = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$)/.test(name)));
const run = (command: string, ...args: readonly string[]): Ran => spawnSync(command, args, { cwd: folder, encoding: 'utf8', env: ENV });
const installed = (path: string): string => readFileSync(join(folder, 'node_modules/all-smi-view', path), 'utf8');

beforeAll(() => {
  builtProgram();
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'package-')));
  writeFileSync(join(folder, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }');
  const packed = run('npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', folder, ROOT);
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  // Offline: whatever it still had to fetch would fail.
  const { status, stderr } = run('npm', 'install', '--offline', '--no-audit', '--no-fund', join(folder, filename));
  if (status !== 0) throw new Error(stderr);
}, SLOW_MS);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the installed package', () => {
  test('brings nothing else along', () => {
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['all-smi-view']);
  });

  test('runs', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(run('npx', '--no-install', 'all-smi-view', '--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
    expect(run('npx', '--no-install', 'all-smi-view', '--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--hostfile FILE'),
    });
  });

  test('holds the terminal description that the screen is drawn with', () => {
    expect(installed('dist/usr/xterm-256color')).toContain('xterm-256color');
  });

  test('names every package in it with its licence', () => {
    const headings = [...installed('dist/THIRD_PARTY_LICENSES').matchAll(/^(\S+) \d+\.\d+\.\d+ \([\w.-]+\)\n-{72}\n\S/gm)];
    const bundled = ['neo-blessed', 'got', 'yargs', 'yargs-parser', 'papaparse', 'get-east-asian-width', 'keyv'];
    expect(headings.map(([, name]) => name)).toEqual(expect.arrayContaining(bundled));
  });

  test('holds no sources, tests or paths of the machine it was made on', () => {
    const files = readdirSync(join(folder, 'node_modules/all-smi-view'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.\w+$/.test(file),
    );
    expect(files.filter((file) => /(?<!\.d)\.ts$|__tests__|\.map$/.test(file))).toEqual([]);
    for (const file of files) expect(installed(file)).not.toContain(ROOT);
  });
});

const PLUGIN = `
import type { PluginApi, TabPlugin } from 'all-smi-view';

interface Ui { readonly presses: number }

export default ({ definePlugin, line, lines }: PluginApi): TabPlugin =>
  definePlugin<Ui>({
    apiVersion: 1,
    id: 'down',
    tabs: () => [{ plugin: 'down', key: '', title: 'Down' }],
    init: () => ({ presses: 0 }),
    layers: [
      {
        rung: 'tab',
        title: 'Down',
        bindings: [{ id: 'down.press', keys: ['x'], label: 'count', hint: 1, run: (ui) => [{ presses: ui.presses + 1 }] }],
      },
    ],
    view: (ui, app) => {
      const down = [...app.hosts].filter((host) => host.status.phase === 'failing');
      return { blocks: [lines(line(\`\${down.length} down, \${ui.presses} presses\`), ...down.map((host) => line(host.label)))] };
    },
  });
`;

/** Type errors of a plugin that sees the installed package and nothing else: no types of node, no check skipped. */
function typeErrors(source: string): string {
  mkdirSync(join(folder, 'tab'), { recursive: true });
  writeFileSync(join(folder, 'tab/plugin.ts'), source);
  const compilerOptions = { strict: true, exactOptionalPropertyTypes: true, noEmit: true, module: 'nodenext', target: 'es2022', types: [] };
  writeFileSync(join(folder, 'tab/tsconfig.json'), JSON.stringify({ compilerOptions, files: ['plugin.ts'] }));
  return run(process.execPath, TSC, '-p', 'tab').stdout;
}

describe("somebody else's tab", () => {
  test('type-checks against the package alone', () => {
    expect(typeErrors(PLUGIN)).toBe('');
  });

  test('and a wrong one does not', () => {
    expect(typeErrors(PLUGIN.replace("rung: 'tab'", "rung: 'top'"))).toContain('Type \'"top"\' is not assignable');
    expect(typeErrors(PLUGIN.replace('ui.presses + 1', "'one'"))).toContain("Type 'string' is not assignable to type 'number'");
  });
});
