/** The built viewer when the system refuses to open files and sockets: real nodes, a real terminal, and a limit set with `ulimit -n`. */
import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MOCK_GPU_NAME, startMock } from '../../lib/mock/mock.js';
import type { Cluster } from '../../lib/mock/mock-server.js';
import { systemClock } from '../../lib/run/system-clock.js';
import { builtProgram } from '../helpers/built.js';
import { PtyProgram } from '../helpers/pty.js';

// Processes on a busy machine can be slow; `until` gives up earlier and shows the screen.
jest.setTimeout(90_000);
const PATIENCE_MS = 25_000;

let program = '';
let directory = '';
let terminal: PtyProgram;
let cluster: Cluster;
beforeAll(() => {
  program = builtProgram();
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'few-files-'));
});
afterEach(async () => {
  terminal.dispose();
  await cluster.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function serve(ports: readonly number[]): Promise<void> {
  const options = { platform: 'nvidia', gpuName: MOCK_GPU_NAME, startIndex: 1, failureNodes: 0, processes: true, seed: 1 } as const;
  cluster = await startMock({ ...options, ports, clock: systemClock });
}

/** The directory of the viewer, which also receives its exports and recordings. */
function view(setUp: string, addresses: readonly string[]): void {
  const hosts = join(directory, 'hosts.txt');
  writeFileSync(hosts, addresses.join('\n'));
  const script = `cd ${directory}; ${setUp}; exec ${process.execPath} ${program} --hostfile ${hosts} -i 1`;
  terminal = new PtyProgram('bash', ['-c', script], { cols: 140, rows: 30, env: { XDG_CACHE_HOME: directory } });
}

const shows = (text: string): Promise<void> =>
  terminal.until(JSON.stringify(text), () => terminal.emulator.text().includes(text), PATIENCE_MS);
/** Sets the open file limit of the viewer from now on. */
const allow = (files: number): void => void execFileSync('prlimit', ['--pid', String(terminal.pid), `--nofile=${files}:`]);
const exported = (): readonly string[] => readdirSync(join(directory, 'all-smi')).filter((name) => name.endsWith('.csv'));

test('with more nodes than file descriptors, scrapes are limited, with a notice, and exports and recordings still work', async () => {
  await serve(Array<number>(150).fill(0));
  view('ulimit -n 64', cluster.addresses);
  await shows('150 of 150 nodes');
  await shows('of 150 nodes scraped at a time; raise ulimit -n');
  terminal.type('w');
  await terminal.until('a frame', () => / [1-9]\d* frames?/.test(terminal.emulator.text()), PATIENCE_MS);
  terminal.type('Ve');
  await shows('saved ');
  expect(exported()).toHaveLength(1);
  // No node is lost to the limit later on either.
  await shows('150 of 150 nodes');
  terminal.type('q');
  expect(await terminal.exited).toEqual({ status: 0, signal: 0 });
  expect(readdirSync(directory).filter((name) => name.endsWith('.zst'))).toHaveLength(1);
});

test('without free file descriptors each failure is one line, and everything works again later', async () => {
  await serve([0, 0, 0]);
  const ports = cluster.addresses.map((address) => Number(address.split(':')[1]));
  view(':', cluster.addresses);
  await shows('3 of 3 nodes');
  terminal.type('D');
  await shows('memory ');
  allow(4);
  // New connections are needed now.
  await cluster.stop();
  await serve(ports);
  await shows('too many open files here; raise ulimit -n');
  await shows('memory –');
  terminal.type('V');
  await shows('partial coverage');
  terminal.type('e');
  await shows('export failed: ');
  terminal.type('w');
  await shows('cannot write all-smi-');
  // The modules for charts and regular expressions.
  terminal.type('\x1b[Dc');
  await shows('Utilisation');
  // The state of the nodes is unknown, and they are fine: none is shown as down.
  terminal.type('D');
  await shows('0 of 3 nodes up · 3 waiting …');
  expect(terminal.emulator.text()).not.toContain('down');
  terminal.type('A');
  await shows('No history yet.');
  terminal.type('A');
  terminal.type('/user~=^[im]\r');
  allow(256);
  await shows('filtered: 24 of 24 GPUs');
  terminal.type('Ve');
  await shows('saved ');
  expect(exported()).toHaveLength(1);
  terminal.type('q');
  expect(await terminal.exited).toEqual({ status: 0, signal: 0 });
});

test('no file may grow: exports and recordings are refused in one line, and the viewer runs on', async () => {
  await serve([0, 0]);
  view('ulimit -f 0', cluster.addresses);
  await shows('2 of 2 nodes');
  terminal.type('Ve');
  await terminal.until('the reason', () => /export failed: .* cannot hold a file this large/.test(terminal.emulator.text()), PATIENCE_MS);
  terminal.type('w');
  await terminal.until('the end', () => /recording to .* stopped: the file would be too large/.test(terminal.emulator.text()), PATIENCE_MS);
  terminal.type('D');
  await shows('2 of 2 nodes up');
  terminal.type('q');
  expect(await terminal.exited).toEqual({ status: 0, signal: 0 });
});
