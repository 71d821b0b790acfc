/** Where `record` writes, and the command lines of the all-smi manual. Real processes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { builtProgram } from '../helpers/built.js';
import { inNewDirectory, place } from '../helpers/recording-player.js';

inNewDirectory();

function shell(script: string): { readonly status: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
    cwd: place.directory.path,
    encoding: 'utf8',
    env: { ...process.env, V: `${process.execPath} ${builtProgram()}` },
  });
  return { status, out: stdout, err: stderr };
}
const QUICK = 'record --hosts 127.0.0.1:9 -i 0.5';

test.each(['-', '/dev/stdout'])('-o %s writes plain lines to standard output, and no file', (name) => {
  const { status, out, err } = shell(`$V ${QUICK} --duration 1s -o ${name} | cat`);
  const lines = out.split('\n').slice(0, -1);
  expect([status, JSON.parse(lines[0]!), JSON.parse(lines.at(-1)!)]).toMatchObject([0, { header: true }, { end: true }]);
  expect(err).toContain('in standard output');
  expect(readdirSync(place.directory.path).filter((file) => file !== 'cache')).toEqual([]);
});

test('ends quietly when the reader closes the pipe', () => {
  const { out } = shell(`{ $V ${QUICK} -o -; echo "status $?" > status; } | head -1`);
  expect(JSON.parse(out)).toMatchObject({ header: true });
  expect(readFileSync(place.directory.file('status'), 'utf8')).toBe('status 0\n');
});

test('refuses devices and pipes, and does not create numbered files next to them', () => {
  execFileSync('mkfifo', [place.directory.file('pipe')]);
  for (const name of ['pipe', '/dev/null']) {
    const { status, err } = shell(`$V ${QUICK} --duration 1s -o ${name}`);
    expect([status, err]).toEqual([1, expect.stringContaining(`cannot write ${name}: is a device or a pipe`)]);
  }
  expect(readdirSync(place.directory.path).filter((file) => file !== 'cache')).toEqual(['pipe']);
});

test('a log that cannot be written does not end a recording', () => {
  if (!existsSync('/dev/full')) return;
  const { status } = shell(`$V ${QUICK} --duration 1s -o r.ndjson 2>/dev/full`);
  expect([status, readFileSync(place.directory.file('r.ndjson'), 'utf8')]).toEqual([0, expect.stringContaining('"end":true')]);
});

test.each([
  ['--source remote --duration 1s --max-size 0 --include gpu,processes', 0, ''],
  ['--source remote --duration 1s --max-files 3', 0, ''],
  ['--source local --duration 1s', 2, '--source: local cannot be combined'],
  ['--source elsewhere', 2, '"elsewhere" is not one of'],
  ['--source remote --local', 2, '--source: remote cannot be combined'],
])('record %s', (args, code, says) => {
  const { status, err } = shell(`$V ${QUICK} -o r.ndjson ${args}`);
  expect([status, err]).toEqual([code, expect.stringContaining(says)]);
});
