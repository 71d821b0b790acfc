/** The built program when writes fail: a file over a limit, a full disk, a log that cannot be written. */
import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtProgram } from '../helpers/built.js';

// Processes on a busy machine can be slow.
jest.setTimeout(60_000);

let program = '';
let directory = '';
beforeAll(() => {
  program = builtProgram();
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'refused-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function shell(script: string): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, V: `${process.execPath} ${program}` };
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: directory, encoding: 'utf8', env });
  return { status, stdout, stderr };
}

test('a config file on a full disk is not left truncated, and a retry works', () => {
  const refused = shell('ulimit -f 1; exec $V config init --config own.toml');
  expect(refused).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'all-smi-view: cannot write own.toml: the file would be too large. ' +
      'Choose another file, remove the existing one, or free disk space.\n',
  });
  expect(existsSync(join(directory, 'own.toml'))).toBe(false);
  expect(shell('$V config init --config own.toml')).toEqual({ status: 0, stdout: 'wrote own.toml\n', stderr: '' });
  expect(readFileSync(join(directory, 'own.toml'), 'utf8')).toMatch(/^# Config file of .*\n$/s);
});

test('a recording that reaches the limit of file sizes ends in one line, and what was written can be replayed', () => {
  const { status, stderr } = shell(
    `$V mock --nodes 2 --port 0 -o mock.csv >/dev/null & mock=$!; until [ -s mock.csv ]; do sleep 0.1; done;
     (ulimit -f 64; exec $V record --hostfile mock.csv -i 1 -o full.ndjson); status=$?; kill $mock; exit $status`,
  );
  expect(status).toBe(1);
  expect(stderr.split('\n').filter((line) => line.startsWith('all-smi-view: '))).toEqual([
    'all-smi-view: recording to full.ndjson stopped: the file would be too large. Everything up to then is complete and can be replayed.',
  ]);
  expect(stderr).not.toMatch(/^ +at /m);
  const replayed = shell('$V replay-info full.ndjson --verify');
  expect(replayed).toMatchObject({ status: 0, stdout: expect.stringMatching(/^frames +[1-9]/m) });
});

test('an exporter whose output fails runs until its signal', () => {
  // A source that does not work is logged, so the log is written to.
  const script = '$V api --port 0 -i 1 --nvidia-smi /nowhere/nvidia-smi >/dev/full 2>/dev/full & sleep 3; kill -TERM $!; wait $!';
  expect(shell(script)).toEqual({ status: 143, stdout: '', stderr: '' });
});
