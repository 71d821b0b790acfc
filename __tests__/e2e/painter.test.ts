/** The painter on a real terminal: signals, faults, job control, and a terminal that does not read. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { bundle, PtyProgram } from '../helpers/pty.js';

// Processes on a busy machine can be slow; `until` gives up earlier and shows the screen.
jest.setTimeout(30_000);

let program: ReturnType<typeof bundle>;
let pty: PtyProgram;
const start = (options: ConstructorParameters<typeof PtyProgram>[2] = {}): void => {
  pty = new PtyProgram(process.execPath, [program.file], options);
};
beforeAll(() => {
  program = bundle(new URL('./painter-program.ts', import.meta.url).pathname);
});
afterAll(() => {
  program.remove();
});
afterEach(() => {
  pty.dispose();
});

async function expectRestored(): Promise<void> {
  await pty.until('the normal screen', () => !pty.emulator.alternate);
  expect(pty.emulator.modes).toEqual({ mouse: 'none', paste: false });
  expect(pty.emulator.cursor.hidden).toBe(false);
}

describe('the terminal is restored, however the program ends', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
    ['SIGUSR2', 140],
    ['SIGALRM', 142],
    ['SIGXCPU', 152],
    ['SIGVTALRM', 154],
  ] as const)('%s: status %i', async (signal, status) => {
    start();
    await pty.shows('calm');
    expect(pty.emulator.alternate).toBe(true);
    pty.kill(signal);
    expect(await pty.exited).toEqual({ status, signal: 0 });
    await expectRestored();
  });

  test('q: status 0', async () => {
    start();
    await pty.shows('calm');
    pty.type('q');
    expect((await pty.exited).status).toBe(0);
    await expectRestored();
  });

  test.each([
    ['an exception', 't', 'thrown [31mon purpose'],
    ['a rejection', 'r', 'rejected on purpose'],
  ])('%s: status 70, one line and the stack on the normal screen', async (_what, key, message) => {
    start({ cols: 200, rows: 30 });
    await pty.shows('calm');
    pty.type(key);
    expect((await pty.exited).status).toBe(70);
    await expectRestored();
    await pty.shows(`all-smi-view: internal error: ${message}`);
    await pty.shows('program.mjs');
  });

  test('a terminal that closes ends the program with status 129', async () => {
    start();
    await pty.shows('calm');
    pty.hangUp();
    expect(await pty.exited).toEqual({ status: 129, signal: 0 });
  });

  test('output printed meanwhile appears afterwards', async () => {
    start({ cols: 100 });
    await pty.shows('calm');
    pty.type('l');
    await pty.shows('keys l');
    expect(pty.emulator.text()).not.toContain('while up');
    pty.type('q');
    await pty.exited;
    await pty.shows('printed while up');
    await pty.shows('Warning: warned while up');
  });
});

describe('an unsuitable terminal', () => {
  test('TERM=dumb is refused', async () => {
    start({ env: { TERM: 'dumb' } });
    expect((await pty.exited).status).toBe(2);
    await pty.shows('refused: E_TERM_DUMB');
    expect(pty.raw).not.toContain('\x1b');
  });

  test('a pipe is refused', async () => {
    pty = new PtyProgram('/bin/sh', ['-c', `'${process.execPath}' '${program.file}' | cat`]);
    await pty.shows('refused: E_NOT_A_TTY');
    expect(pty.raw).not.toContain('\x1b');
  });
});

describe('size', () => {
  test('follows the terminal', async () => {
    start();
    await pty.shows('size 60x12');
    pty.resize(33, 5);
    await pty.shows('size 33x5');
    pty.resize(1, 1);
    pty.resize(70, 9);
    await pty.shows('size 70x9');
  });

  test('works at 1x1', async () => {
    start();
    await pty.shows('calm');
    pty.resize(1, 1);
    pty.type('k');
    pty.resize(50, 8);
    await pty.shows('size 50x8');
    await pty.shows('keys k');
  });

  test('0x0, as reported on serial lines, is taken as 80x24', async () => {
    pty = new PtyProgram('/bin/sh', ['-c', `stty rows 0 cols 0; exec '${process.execPath}' '${program.file}'`], { cols: 80, rows: 24 });
    await pty.shows('size 80x24');
    pty.resize(50, 8);
    await pty.shows('size 50x8');
  });
});

describe('job control', () => {
  const inShell = async (wrap = (command: string): string => command): Promise<void> => {
    pty = new PtyProgram('/bin/bash', ['--norc', '--noprofile', '-i'], { cols: 80, env: { PS1: 'ready> ', HISTFILE: '/dev/null' } });
    await pty.shows('ready>');
    // The bracketed paste of the shell would be mistaken for ours.
    pty.type("bind 'set enable-bracketed-paste off'\r");
    pty.type(`${wrap(`'${process.execPath}' '${program.file}'`)}\r`);
    await pty.shows('calm');
  };
  const childPid = (): number => Number(/pid (\d+)/.exec(pty.emulator.text())![1]);

  test.each([
    ['Ctrl-Z', () => pty.type('\x1a')],
    ['SIGTSTP', () => process.kill(childPid(), 'SIGTSTP')],
  ])('%s stops it on a restored terminal, and fg redraws the screen', async (_what, stop) => {
    await inShell();
    stop();
    await expectRestored();
    await pty.shows('Stopped');
    pty.type('echo $((6 * 7))\r');
    await pty.shows('42');
    pty.resize(66, 10);
    pty.type('fg\r');
    await pty.shows('size 66x10');
    expect(pty.emulator.alternate).toBe(true);
    expect(pty.emulator.modes).toEqual({ mouse: 'drag', paste: true });
    pty.type('k');
    await pty.until('the key', () => /^keys .*\bk$/m.test(pty.emulator.text()));
    pty.type('q');
    await expectRestored();
  });

  test('redraws the screen after SIGSTOP, which cannot be caught', async () => {
    await inShell();
    const pid = childPid();
    process.kill(pid, 'SIGSTOP');
    await pty.shows('Stopped');
    pty.type('clear; echo rubbish\r');
    await pty.shows('rubbish');
    pty.type('fg\r');
    await pty.until('the picture', () => pty.emulator.text().startsWith(`pid ${pid}`) && !pty.emulator.text().includes('rubbish'));
    expect(pty.emulator.alternate).toBe(true);
    pty.type('k');
    await pty.shows('keys k');
  });

  test('a wrapper in the same job stops and continues with it', async () => {
    await inShell((command) => `sh -c "${command}; true"`);
    pty.type('\x1a');
    await expectRestored();
    await pty.shows('Stopped');
    pty.type('fg\r');
    await pty.shows('keys C-z');
    expect(pty.emulator.alternate).toBe(true);
    pty.type('q');
    await expectRestored();
    await pty.until('the prompt', () => pty.emulator.text().trimEnd().endsWith('ready>'));
  });

  test('a terminal that closes while it is stopped ends it', async () => {
    await inShell();
    const pid = childPid();
    pty.type('\x1a');
    await pty.shows('Stopped');
    pty.hangUp();
    await pty.until('its end', () => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z'));
  });

  test('without job control Ctrl-Z does not stop it', async () => {
    start();
    await pty.shows('calm');
    pty.type('\x1a');
    await pty.until('leaving', () => pty.raw.includes('\x1b[?1049l'));
    pty.type('k');
    await pty.shows('keys C-z k');
    expect(pty.emulator.alternate).toBe(true);
  });
});

describe('a terminal that does not read', () => {
  let directory: string;
  const ticks = (): number => {
    try {
      return readFileSync(join(directory, 'ticks'), 'utf8').split('\n').length - 1;
    } catch {
      return 0;
    }
  };
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'all-smi-view-ticks-'));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  test('does not block the program, and gets a correct screen when it reads again', async () => {
    start({ cols: 200, rows: 50, env: { TICKS: join(directory, 'ticks') } });
    await pty.shows('calm');
    pty.type('f');
    await pty.shows('flood');
    pty.hold();
    // 10 kB per tick, 50 ticks per second: any kernel buffer of the terminal is full long before 60 ticks.
    const held = ticks();
    await pty.until('ticks going on', () => ticks() > held + 60, 20_000);
    pty.type('f');
    pty.release();
    await pty.shows('calm');
    await pty.until('a right picture', () => {
      const rows = pty.emulator.text().split('\n');
      return rows.slice(3).every((row, y) => row === `row ${y}`);
    });
    pty.type('q');
    expect((await pty.exited).status).toBe(0);
    await expectRestored();
  });

  test('does not keep the program from ending', async () => {
    start({ cols: 200, rows: 50, env: { TICKS: join(directory, 'ticks') } });
    await pty.shows('calm');
    pty.type('f');
    await pty.shows('flood');
    pty.hold();
    const held = ticks();
    await pty.until('ticks going on', () => ticks() > held + 40, 20_000);
    pty.kill('SIGTERM');
    expect((await pty.exited).status).toBe(143);
  });
});
