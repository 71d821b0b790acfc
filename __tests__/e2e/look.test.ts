/** Theme, filter and config file of the built viewer, on a real terminal. */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtProgram } from '../helpers/built.js';
import { PtyProgram } from '../helpers/pty.js';

jest.setTimeout(60_000);

let program = '';
let directory = '';
let pty: PtyProgram | undefined;
beforeAll(() => {
  program = builtProgram();
  directory = mkdtempSync(join(tmpdir(), 'look-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});
afterEach(() => {
  pty?.dispose();
});

function view(args: readonly string[], env: Record<string, string> = {}): PtyProgram {
  const variables = { XDG_CONFIG_HOME: directory, COLORTERM: '', ...env };
  return (pty = new PtyProgram(process.execPath, [program, '--demo', ...args], { cols: 120, rows: 30, env: variables }));
}

describe('the terminal', () => {
  test('TERM=linux gets 16 colours and ASCII', async () => {
    const terminal = view([], { TERM: 'linux' });
    await terminal.shows('6 of 6 nodes - 48 GPUs');
    terminal.type('q');
    await terminal.exited;
    expect(terminal.raw).not.toMatch(/[^\x00-\x7f]/);
    expect(terminal.raw).not.toMatch(/[34]8;5;/);
    expect(terminal.raw).toMatch(/\x1b\[[\d;]*3[1-6]/);
  });

  test('follows NO_COLOR, LANG=C and --no-mouse', async () => {
    const terminal = view(['--no-mouse'], { NO_COLOR: '1', LANG: 'C' });
    await terminal.shows('6 of 6 nodes - 48 GPUs');
    expect(terminal.emulator.modes).toEqual({ mouse: 'none', paste: true });
    terminal.type('q');
    await terminal.exited;
    expect(terminal.raw).not.toMatch(/[^\x00-\x7f]|[34]8;5;|\x1b\[[\d;]*[34][0-7]m/);
  });

  test('follows --theme', async () => {
    const terminal = view(['--theme', 'high-contrast']);
    await terminal.shows('6 of 6 nodes');
    expect(terminal.emulator.look(119, 20).slice(0, 2)).toEqual([231, 16]);
  });
});

describe('a filter', () => {
  test('is typed with a regular expression, stays active, and is cleared', async () => {
    const terminal = view([]);
    await terminal.shows('48 GPUs');
    terminal.type('/');
    await terminal.shows('Ctrl-R previous');
    terminal.type('user ~= "^(hana|jonas)"\r');
    await terminal.shows('/ user ~= "^(hana|jonas)"');
    await terminal.until('fewer GPUs', () => /filtered: \d+ of 48 GPUs/.test(terminal.emulator.text()));
    terminal.type('V');
    await terminal.shows('hana.kim');
    // A new alert may mention her for a few seconds.
    await terminal.until('nobody else', () => !terminal.emulator.text().includes('amara.okafor'));
    terminal.type('\x1b');
    await terminal.shows('6 of 6 nodes');
  });

  test('is set from the command line, with a user', async () => {
    const terminal = view(['--user', 'hana.kim', '--filter', 'util < 50']);
    await terminal.shows('only hana.kim (U)');
    await terminal.shows('/ util < 50');
  });
});

describe('the config file', () => {
  test('is read, and warnings are printed', async () => {
    const path = join(directory, 'mine.toml');
    writeFileSync(path, '[view]\nfilter = "util > 50"\nfoo = 1\n');
    const terminal = view(['--config', path]);
    await terminal.shows('/ util > 50');
    expect(terminal.raw).toContain(`all-smi-view: config file ${path}, line 3, column 7: unknown key view.foo`);
  });

  test('an error in it ends the program before the screen changes', async () => {
    const path = join(directory, 'wrong.toml');
    writeFileSync(path, '[view]\nfilter = "util >"\n');
    const terminal = view(['--config', path]);
    expect(await terminal.exited).toEqual({ status: 2, signal: 0 });
    expect(terminal.raw).toContain(`view.filter (${path}, line 2, column 10): parse error: expected a number of percent at col 7`);
    expect(terminal.raw).not.toContain('\x1b[?1049h');
  });
});
