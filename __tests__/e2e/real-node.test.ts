/** The built viewer on the data of real nodes: who holds the GPU, and for how long. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { MOCK_GPU_NAME, startMock } from '../../lib/mock/mock.js';
import { builtProgram } from '../helpers/built.js';
import { PtyProgram } from '../helpers/pty.js';
import { answers, startServer } from '../helpers/server.js';
import { systemClock } from '../../lib/run/system-clock.js';

jest.setTimeout(60_000);

let program = '';
const open: { dispose(): unknown }[] = [];
beforeAll(() => {
  program = builtProgram();
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.dispose();
});

/** What the exporter of an H100 node with several users sent, and when. */
const EXPOSITION = join('__tests__', 'fixtures', 'captures', 'h100-exposition');
const captured = (name: string): string => readFileSync(join(EXPOSITION, `${name}.prom`), 'utf8');
const STATIC_DATE = 'Mon, 23 Nov 2026 07:42:08 GMT';

function view(...args: readonly string[]): PtyProgram {
  const terminal = new PtyProgram(process.execPath, [program, ...args], { cols: 220, rows: 30 });
  open.push(terminal);
  terminal.type('V');
  return terminal;
}

/** The cells of the row that begins with `name`, with the command as one cell. */
function row(terminal: PtyProgram, name: string): string | undefined {
  const line = terminal.emulator
    .text()
    .split('\n')
    .find((text) => text.replace(/^[ ▌]*/, '').startsWith(`${name} `));
  return line?.replace(/^[ ▌]*/, '').replace(/\s{2,}/g, ' | ');
}

test('shows an H100 shared by four users with their bytes, processes and ages, and no shells without a GPU', async () => {
  const node = await startServer(answers(captured('static'), { date: STATIC_DATE }));
  open.push({ dispose: () => node.kill() });
  const terminal = view('--hosts', node.nodeId);
  await terminal.shows('svc-metrics');
  // 2,770,337,792 + 7,100,956,672 bytes are 9.19 GiB. Start 07:41:38, scrape 07:42:08. 689.35 W x 9,871,294,464 / 22,722,641,920 = 299 W.
  expect(row(terminal, 'alice')).toMatch(
    /^alice \| 1 \| 1 \| 0 \| 2 \| 9\.19 GiB \| 299 W \| 00:00:30 \| \/opt\/conda\/bin\/python3 \/tmp\/train\.py 6000 busy/,
  );
  expect(row(terminal, 'bob')).toMatch(/^bob \| 1 \| 1 \| 0 \| 1 \| 9\.54 GiB \| 311 W \| 00:00:30 \| .*9000 busy/);
  expect(row(terminal, 'svc-metrics')).toMatch(/^svc-metrics \| 1 \| 1 \| 0 \| 1 \| 1\.12 GiB \| 36\.3 W \| 00:00:30 \| .*500 idle/);
  expect(terminal.emulator.text()).toContain('3 users');
  expect(terminal.emulator.text()).toContain('1 system account hidden (f)');
  expect(terminal.emulator.text()).not.toMatch(/su -s|bash/);
  expect(row(terminal, 'root')).toBeUndefined();
  terminal.type('f');
  await terminal.shows('--as-root');
  expect(row(terminal, 'root')).toMatch(
    /^root \| 1 \| 1 \| 0 \| 1 \| 1\.31 GiB \| 42\.7 W \| 00:00:30 \| python3 \/tmp\/train\.py 700 idle/,
  );
  terminal.type('q');
  expect(await terminal.exited).toEqual({ status: 0, signal: 0 });
});

test('shows the same node later: other users, commands with quotes, backslashes and other scripts', async () => {
  const node = await startServer(answers(captured('020')));
  open.push({ dispose: () => node.kill() });
  const terminal = view('--hosts', node.nodeId, '-i', '0.5');
  await terminal.shows('"arg" \\ back');
  expect(row(terminal, 'alice')).toMatch(/^alice \| 1 \| 1 \| 1 \| 1 \| 39\.7 GiB \| 116 W/);
  node.behave(answers(captured('045')));
  await terminal.shows('carol');
  // 42,584,768,512 + 10,246,684,672 + 2,382,364,672 bytes.
  expect(terminal.emulator.text()).toContain('51.4 GiB owned');
  node.behave(answers(captured('090')));
  await terminal.until('carol to go', () => !terminal.emulator.text().includes('carol'));
  terminal.type('q');
});

test('shows three mock nodes with the values they were configured with', async () => {
  const mock = await startMock({
    ports: [0, 0, 0],
    platform: 'nvidia',
    gpuName: MOCK_GPU_NAME,
    startIndex: 1,
    failureNodes: 0,
    processes: true,
    seed: 1,
    clock: systemClock,
  });
  open.push({ dispose: () => mock.stop() });
  const terminal = view('--hosts', ...mock.addresses);
  await terminal.shows('3 of 3 nodes');
  await terminal.until('all users', () =>
    ['inureyes', 'mira', 'yeonji'].every((user) => row(terminal, user)?.includes(' | 3 | ') === true),
  );
  // 6, 6 and 4 of 8 GPUs on each of three nodes; 3,060, 3,180 and 3,120 seconds.
  expect(row(terminal, 'inureyes')).toMatch(/^inureyes \| 3 \| 18 \| 0 \| 18 \| .* \| 00:51:00 \| python train\.py --bs=128 --epochs=100/);
  expect(row(terminal, 'mira')).toMatch(/^mira \| 3 \| 18 \| 0 \| 18 \| .* \| 00:53:00 \| /);
  expect(row(terminal, 'yeonji')).toMatch(/^yeonji \| 3 \| 12 \| 0 \| 12 \| .* \| 00:52:00 \| /);
  terminal.type('f');
  await terminal.until('root', () => row(terminal, 'root')?.startsWith('root | 3 | 12 | 0 | 12 |') === true);
  terminal.type('q');
});
