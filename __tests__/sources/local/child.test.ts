import { afterEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Child, type Exit } from '../../../lib/sources/local/child.js';
import { failure } from '../../../lib/sources/local/run-command.js';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A process that has ended but was not waited for is not alive.
  return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
}

async function until(holds: () => boolean): Promise<void> {
  for (let left = 1000; !holds(); left--) {
    if (left === 0) throw new Error('never came');
    await pause(5);
  }
}

interface Run {
  readonly child: Child;
  readonly output: () => string;
}

/** A program with this body, which finds its directory in `$dir`. */
function run(body: string): Run & { readonly directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'all-smi-view-child-'));
  directories.push(directory);
  writeFileSync(join(directory, 'program'), `#!/bin/sh\ndir=${directory}\n${body}\n`, { mode: 0o755 });
  let output = '';
  const child = new Child({ file: join(directory, 'program'), args: ['a b', '$HOME'] }, (text) => (output += text));
  return { child, output: () => output, directory };
}
const pidsIn = (directory: string): number[] => readFileSync(join(directory, 'pids'), 'utf8').split('\n').filter(Boolean).map(Number);

describe('a program', () => {
  test.each<[string, string, Exit]>([
    ['ends', 'echo "$1|$2"; echo bad >&2; exit 14', { code: 14, signal: null }],
    ['ends with 255', 'echo "$1|$2"; exit 255', { code: 255, signal: null }],
    ['is killed', 'echo "$1|$2"; kill -9 $$', { code: null, signal: 'SIGKILL' }],
    ['is ended by another signal', 'echo "$1|$2"; kill -15 $$', { code: null, signal: 'SIGTERM' }],
  ])('%s: has the exit status and the complete output', async (_, body, exit) => {
    const { child, output } = run(body);
    expect(await child.exited).toEqual(exit);
    expect(output()).toContain('a b|$HOME\n');
  });

  test('gets no input', async () => {
    const { child, output } = run('read -r line; echo "got:$line"');
    await child.exited;
    expect(output()).toBe('got:\n');
  });

  test('is ended with its background processes', async () => {
    const { child, directory } = run('for i in 1 2 3; do sleep 300 & echo $! >>$dir/pids; done; echo hello');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    await until(() => !pidsIn(directory).some(alive));
    expect(pidsIn(directory)).toHaveLength(3);
  });

  test('is killed with its children, even one that ignores signals', async () => {
    const { child, directory } = run(
      'trap "" HUP INT TERM PIPE; echo $$ >>$dir/pids; sleep 300 & echo $! >>$dir/pids; echo up; while :; do sleep 1; done',
    );
    await until(() => existsSync(join(directory, 'pids')) && pidsIn(directory).length === 2);
    child.kill();
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await until(() => !pidsIn(directory).some(alive));
  });

  test('that cannot be started has a readable reason', async () => {
    expect(failure('', { code: null, signal: null, error: Object.assign(new Error('spawn EMFILE'), { code: 'EMFILE' }) })).toMatch(
      /too many open files; raise ulimit -n$/,
    );
    const gone = new Child({ file: '/nowhere/program', args: [] }, () => undefined);
    expect((await gone.exited).code).toBe(127);
  });
});
