import { describe, expect, test } from '@jest/globals';
import { divertConsole } from '../../lib/paint/stream-capture.js';
import { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import { SteppedClock } from '../helpers/clock.js';
import { END_SIGNALS, holdTerminal, isUsableTerminal } from '../../lib/paint/lifetime.js';

describe('isUsableTerminal', () => {
  const tty = { isTTY: true };
  test.each([
    [tty, tty, { TERM: 'xterm-256color' }, undefined],
    [tty, tty, { TERM: 'tmux-256color' }, undefined],
    [tty, tty, {}, undefined],
    [tty, tty, { TERM: 'dumb' }, 'E_TERM_DUMB'],
    [tty, tty, { TERM: 'unknown' }, 'E_TERM_DUMB'],
    [{}, tty, {}, 'E_NOT_A_TTY'],
    [tty, {}, { TERM: 'dumb' }, 'E_NOT_A_TTY'],
    [{ isTTY: false }, { isTTY: false }, {}, 'E_NOT_A_TTY'],
  ])('stdin %j, stdout %j, %j: %s', (stdin, stdout, env, wanted) => {
    expect(isUsableTerminal(stdin, stdout, env)).toBe(wanted);
  });
});

describe('divertConsole', () => {
  /** The output of `run` while diverted, and the output from before the diversion ended. */
  function printed(run: () => void): string {
    let text = '';
    const undo = divertConsole({ write: (part: string) => (text += part) });
    try {
      run();
      expect(text).toBe('');
    } finally {
      undo();
    }
    return text;
  }

  test('keeps all output until the end', () => {
    const { log } = console;
    const text = printed(() => {
      console.log('one %d', 1);
      console.error(new Error('two').message);
      console.table([{ a: 1 }]);
    });
    expect(text).toMatch(/^one 1\ntwo\n┌/);
    expect(console.log).toBe(log);
  });

  test('removes terminal controls from it', () => {
    expect(printed(() => console.warn('a\x1b[2Jb\u009bc'))).toBe('a[2Jbc\n');
  });

  test('limits its size, and states what is missing', () => {
    const text = printed(() => {
      for (let n = 0; n < 100; n++) console.log('x'.repeat(999));
    });
    // 65 lines of 1000 characters fit into 65,536; 35 do not.
    expect(text).toHaveLength(65_000 + '(35000 more characters were not kept)\n'.length);
    expect(text).toMatch(/\(35000 more characters were not kept\)\n$/);
  });
});

describe('a signal that ends the program', () => {
  function held(): { readonly proc: EventEmitter; readonly exits: number[]; left: number } {
    const proc = Object.assign(new EventEmitter(), { pid: 1, kill: () => true });
    const found = { proc, exits: [] as number[], left: 0 };
    holdTerminal(
      { gone: false, enter: () => undefined, leave: () => found.left++ },
      {
        stdin: new EventEmitter(),
        stderr: { write: () => true },
        clock: new SteppedClock(0),
        exit: (status) => found.exits.push(status),
        process: proc as unknown as NodeJS.Process,
      },
    );
    return found;
  }

  test.each(END_SIGNALS)('%s restores the terminal', (signal) => {
    const found = held();
    found.proc.emit(signal);
    expect([found.exits, found.left]).toEqual([[128 + constants.signals[signal]], 1]);
  });

  test('is handled once, with the terminal restored', () => {
    const { proc, exits, left } = held();
    expect(left).toBe(0);
    proc.emit('SIGTERM');
    proc.emit('SIGHUP');
    expect(exits).toEqual([143]);
  });

  test('SIGHUP may arrive more than once when a window closes: a listener stays, so that the shutdown in progress is not cut short', () => {
    const found = held();
    const listeners: number[] = [];
    found.proc.on('removeListener', (event) => {
      if (event === 'SIGHUP') listeners.push(found.proc.listenerCount('SIGHUP'));
    });
    found.proc.emit('SIGHUP');
    expect(listeners).toEqual([1]);
    expect([found.exits, found.left]).toEqual([[129], 1]);
    expect(found.proc.listenerCount('SIGHUP')).toBe(1);
    // A second SIGINT comes from a user who does not want to wait.
    expect(found.proc.listenerCount('SIGINT')).toBe(0);
    found.proc.emit('SIGHUP');
    expect([found.exits, found.left]).toEqual([[129], 1]);
  });
});
