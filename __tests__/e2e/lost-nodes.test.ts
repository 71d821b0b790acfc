/** The built program in a real terminal while nodes are lost: their power does not look as if the others drew less. */
import { afterAll, beforeAll, jest, test } from '@jest/globals';
import { MOCK_GPU_NAME, startMock } from '../../lib/mock/mock.js';
import type { Cluster } from '../../lib/mock/mock-server.js';
import { builtProgram } from '../helpers/built.js';
import { PtyProgram } from '../helpers/pty.js';
import { systemClock } from '../../lib/run/system-clock.js';

// Processes on a busy machine can be slow; `until` gives up earlier and shows the screen.
jest.setTimeout(60_000);

/** A history grows by one column every few seconds. */
const SLOW_MS = 25_000;

let clusters: readonly Cluster[] = [];
let terminal: PtyProgram;

const nodes = (startIndex: number, count: number): Promise<Cluster> =>
  startMock({
    ports: Array.from({ length: count }, () => 0),
    platform: 'nvidia',
    gpuName: MOCK_GPU_NAME,
    startIndex,
    failureNodes: 0,
    processes: true,
    switches: { vgpu: false, mig: false, hardware: false, topology: false },
    seed: 1,
    clock: systemClock,
  });

beforeAll(async () => {
  const program = builtProgram();
  clusters = await Promise.all([nodes(1, 1), nodes(2, 3)]);
  const addresses = clusters.flatMap((cluster) => cluster.addresses);
  terminal = new PtyProgram(process.execPath, [program, '--hosts', ...addresses, '-i', '0.5'], { cols: 200, rows: 30 });
});
afterAll(async () => {
  terminal.dispose();
  await Promise.all(clusters.map((cluster) => cluster.stop()));
});

/** The history of power at the top of the screen, in pieces without a gap. */
const pieces = (): readonly string[] =>
  /power +([▁▂▃▄▅▆▇█ ]*[▁▂▃▄▅▆▇█]) \d/
    .exec(terminal.emulator.text())?.[1]
    ?.split(/ +/)
    .filter((piece) => piece !== '') ?? [];

test('the history of power has a gap where nodes are lost', async () => {
  await terminal.shows('4 of 4 nodes');
  await terminal.until('a history of power', () => (pieces().at(-1) ?? '').length >= 3, SLOW_MS);
  // More than one if the nodes answered one after the other.
  const before = pieces().length;
  await clusters[1]!.stop();
  await terminal.shows('1 of 4 nodes');
  await terminal.until('values, a gap, and values after it', () => pieces().length === before + 1, SLOW_MS);
});
