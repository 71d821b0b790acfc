/** The built viewer on a real terminal, watching nodes that answer, die and come back. */
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { MOCK_GPU_NAME, startMock } from '../../lib/mock/mock.js';
import type { Cluster } from '../../lib/mock/mock-server.js';
import { builtProgram } from '../helpers/built.js';
import { PtyProgram } from '../helpers/pty.js';
import { systemClock } from '../../lib/run/system-clock.js';

// Processes on a busy machine can be slow; `until` gives up earlier and shows the screen.
jest.setTimeout(60_000);

let program = '';
let pty: PtyProgram | undefined;
let clusters: Cluster[] = [];
beforeAll(() => {
  program = builtProgram();
});
afterEach(async () => {
  pty?.dispose();
  await Promise.all(clusters.map((cluster) => cluster.stop()));
  clusters = [];
});

function view(...args: readonly string[]): PtyProgram {
  return (pty = new PtyProgram(process.execPath, [program, ...args], { cols: 120, rows: 30 }));
}

async function serve(ports: readonly number[], startIndex: number): Promise<Cluster> {
  const cluster = await startMock({
    ports,
    platform: 'nvidia',
    gpuName: MOCK_GPU_NAME,
    startIndex,
    failureNodes: 0,
    processes: true,
    seed: 1,
    clock: systemClock,
  });
  clusters.push(cluster);
  return cluster;
}

/** The program with a limit on open files. */
function viewWithFiles(files: number, ...args: readonly string[]): PtyProgram {
  const shell = ['-c', `ulimit -n ${files}; exec "$0" "$@"`, process.execPath, program, ...args];
  return (pty = new PtyProgram('/bin/sh', shell, { cols: 120, rows: 30 }));
}

async function expectRestored(terminal: PtyProgram): Promise<void> {
  await terminal.until('the normal screen', () => !terminal.emulator.alternate);
  expect(terminal.emulator.modes).toEqual({ mouse: 'none', paste: false });
  expect(terminal.emulator.cursor.hidden).toBe(false);
}

describe('the demo', () => {
  test('shows a live cluster and that it is a demo, responds to keys and mouse, and quits with status 0', async () => {
    const terminal = view('--demo');
    await terminal.shows('demo: a made-up cluster');
    await terminal.shows('6 of 6 nodes · 48 GPUs');
    terminal.type('V');
    await terminal.shows('amara.okafor');
    await terminal.shows('partial coverage: 5 of 6 nodes');
    terminal.type('f');
    await terminal.shows('gpu_burn');
    // A click on the tab of gpu-03: press and release, 1-based.
    const x = terminal.emulator.row(1).join('').indexOf('gpu-03') + 1;
    terminal.type(`\x1b[<0;${x};2M\x1b[<0;${x};2m`);
    await terminal.shows('hana.kim (held idle');
    terminal.type('?');
    await terminal.shows('Esc close');
    terminal.type('\x1b');
    await terminal.until('the help to close', () => !terminal.emulator.text().includes('Esc close'));
    terminal.resize(80, 24);
    await terminal.until('24 rows', () => terminal.emulator.row(23).join('').includes('? help'));
    terminal.type('q');
    expect(await terminal.exited).toEqual({ status: 0, signal: 0 });
    await expectRestored(terminal);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends it with status %i and restores the terminal', async (signal, status) => {
    const terminal = view('--demo');
    await terminal.shows('6 of 6 nodes');
    terminal.kill(signal);
    expect(await terminal.exited).toEqual({ status, signal: 0 });
    await expectRestored(terminal);
  });

  test('Ctrl-C is a key here: status 0', async () => {
    const terminal = view('--demo');
    await terminal.shows('demo');
    terminal.type('\x03');
    expect((await terminal.exited).status).toBe(0);
    await expectRestored(terminal);
  });
});

describe('nodes', () => {
  test('the first frame does not wait for any node', async () => {
    // A port of the documentation address range, where nothing answers.
    const terminal = view('--hosts', '192.0.2.1:9090', '-i', '0.5');
    await terminal.shows('Waiting for the first response from');
    await terminal.shows('192.0.2.1:9090');
    terminal.type('q');
    expect((await terminal.exited).status).toBe(0);
  });

  test('three mock nodes are summed; one that dies is dimmed, with the reason and in no total, and recovers', async () => {
    await serve([0, 0], 1);
    const third = await serve([0], 3);
    const addresses = clusters.flatMap((cluster) => cluster.addresses);
    const terminal = view('--hosts', ...addresses, '-i', '0.5');
    await terminal.shows('3 of 3 nodes · 24 GPUs');
    terminal.type('V');
    // Each node has 6 GPUs and 6 processes.
    await terminal.until('18 GPUs of inureyes', () => /inureyes +3 +18 +0 +18 /.test(terminal.emulator.text()));
    const port = Number(third.addresses[0]!.split(':')[1]);
    await third.stop();
    await terminal.until('12 GPUs of inureyes', () => /inureyes +2 +12 +0 +12 /.test(terminal.emulator.text()));
    await terminal.shows('partial coverage: 2 of 3 nodes');
    await terminal.shows('node-0003 ✕');
    // Left to All, End to its last rows.
    terminal.type('\x1b[D\x1b[F');
    await terminal.until('the age of the last answer', () => /node-0003 ~\d+s +7 /.test(terminal.emulator.text()));
    // Left to the Diagnosis tab, then left again to the last node.
    terminal.type('\x1b[D\x1b[D');
    await terminal.shows('connection refused');
    await terminal.shows('next scrape in');
    await serve([port], 3);
    await terminal.shows('3 of 3 nodes · 24 GPUs');
    await terminal.shows('up · last seen');
    terminal.type('q');
    expect((await terminal.exited).status).toBe(0);
  });
});

describe('few open files', () => {
  test.each([64, 60])('%i connections are enough for 60 nodes, which take turns', async (files) => {
    const cluster = await serve(
      Array.from({ length: 60 }, () => 0),
      1,
    );
    const terminal = viewWithFiles(files, '-i', '5', '--hosts', ...cluster.addresses);
    await terminal.shows('60 of 60 nodes');
    await terminal.until('how many at a time', () =>
      /open files are limited: \d+ of 60 nodes scraped at a time; raise ulimit -n/.test(terminal.emulator.text()),
    );
    terminal.type('D');
    await terminal.shows('60 of 60 nodes up');
    terminal.type('q');
    expect((await terminal.exited).status).toBe(0);
  });
});
