/** The Users tab in a real terminal, level by level, on nodes that answer. */
import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MOCK_GPU_NAME, startMock } from '../../lib/mock/mock.js';
import type { Cluster } from '../../lib/mock/mock-server.js';
import { builtProgram } from '../helpers/built.js';
import { PtyProgram } from '../helpers/pty.js';
import { systemClock } from '../../lib/run/system-clock.js';

// Processes on a busy machine can be slow; `until` gives up earlier and shows the screen.
jest.setTimeout(60_000);

let program = '';
let cache = '';
let cluster: Cluster;
let terminal: PtyProgram;
beforeAll(() => {
  program = builtProgram();
});
beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), 'all-smi-view-cache-'));
  cluster = await startMock({
    ports: [0, 0, 0],
    platform: 'nvidia',
    gpuName: MOCK_GPU_NAME,
    startIndex: 1,
    failureNodes: 0,
    processes: true,
    seed: 1,
    clock: systemClock,
  });
  terminal = new PtyProgram(process.execPath, [program, '--hosts', ...cluster.addresses, '-i', '0.5'], {
    cols: 140,
    rows: 30,
    env: { XDG_CACHE_HOME: cache },
  });
  await terminal.shows('3 of 3 nodes · 24 GPUs');
  terminal.type('V');
  await terminal.until('18 GPUs of inureyes', () => /▌ inureyes +3 +18 +0 +18 /.test(screen()));
});
afterEach(async () => {
  terminal.dispose();
  await cluster.stop();
  rmSync(cache, { recursive: true, force: true });
});

const screen = (): string => terminal.emulator.text();
/** Types keys one after the other and waits for what they show. */
async function types(keys: string, what: RegExp): Promise<void> {
  terminal.type(keys);
  await terminal.until(String(what), () => what.test(screen()));
}
const quits = async (): Promise<void> => {
  terminal.type('q');
  expect((await terminal.exited).status).toBe(0);
};

describe('the Users tab', () => {
  test('sorts by key and by header, shows system accounts and the help', async () => {
    await types('t', /▼LONGEST[^]*▌ mira[^]*yeonji[^]*inureyes/);
    await types('t', /▲LONGEST/);
    await types('f', /root +3 +12 +0 +12 [^]*system accounts shown/);
    const header = terminal.emulator.row(3).join('');
    const x = header.indexOf('VRAM') + 1;
    await types(`\x1b[<0;${x};4M\x1b[<0;${x};4m`, /▼VRAM/);
    await types('?', /sort by VRAM \(again: reverse\)/);
    await types('\x1b[F', /POWER\* is an estimate/);
    await types('\x1b', /▼VRAM/);
    await quits();
  });

  test('drills down to nodes, processes and details; Esc goes back', async () => {
    await types('\r', /Users ▸ inureyes ▸ 3 nodes · 18 GPUs/);
    expect(screen()).toMatch(/▌ node-000\d +0,2-4,6-7 /);
    await types('u', /▲NODE[^]*node-0001/);
    await types('\x1b[B\r', /Users ▸ inureyes ▸ node-000\d ▸ 6 processes/);
    expect(screen()).toMatch(/▌ +\d+ +\d .*GiB/);
    await types('p', /▲PID/);
    await types('\x1b[H\r', /Users ▸ inureyes ▸ node-000\d ▸ 10000/);
    expect(screen()).toMatch(/command +python train\.py --bs=128 --epochs=100 --model=llama-70b/);
    expect(screen()).toMatch(/OTHER USERS/);
    await types('\x1b', /6 processes/);
    await types('\x7f', /3 hosts/);
    await types('\x1b', /3 users/);
    await quits();
  });

  test('opens a row on a double click and its node on o, and V returns to the same level', async () => {
    const y =
      screen()
        .split('\n')
        .findIndex((text) => text.includes('mira')) + 1;
    const click = `\x1b[<0;6;${y}M\x1b[<0;6;${y}m`;
    await types(click + click, /Users ▸ mira ▸ 3 nodes/);
    await types('o', /up · last seen/);
    await types('V', /Users ▸ mira ▸ 3 nodes/);
    await quits();
  });

  test('shows which node does not report its processes', async () => {
    const stopped = cluster.stop();
    await stopped;
    await terminal.shows('partial coverage: 0 of 3 nodes');
    await types('i', /node-0001 +down .*connection refused since/);
    await types('i', /No node is up/);
    await quits();
  });
});

describe('exports', () => {
  const files = (): string[] => readdirSync(join(cache, 'all-smi'));

  test('e on each level writes a file of its own, readable only by its owner', async () => {
    await types('e', /saved .*all-smi\/users-\d{8}T\d{6}\.csv/);
    await types('\r', /3 hosts/);
    await types('e', /saved .*users-inureyes-\d{8}T\d{6}\.csv/);
    await types('\r', /6 processes/);
    await types('E', /saved .*users-inureyes-node-000\d-\d{8}T\d{6}\.json/);
    const [users = ''] = files().filter((name) => /^users-\d/.test(name));
    const path = join(cache, 'all-smi', users);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines[0]).toBe('user,is_system,nodes,gpus,procs,vram_bytes,power_watts,longest_seconds,top_command');
    expect(lines[1]).toMatch(/^inureyes,false,3,18,18,\d+,\d+\.\d{3},3060,python train\.py/);
    expect(files()).toHaveLength(3);
    await quits();
  });

  test('refuses a directory that is a link, with a reason', async () => {
    symlinkSync(tmpdir(), join(cache, 'all-smi'));
    await types('e', /export failed: .* is a symbolic link/);
    await quits();
  });
});
