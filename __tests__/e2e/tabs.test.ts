/** Every other tab of the built program in a real terminal, on nodes of three vendors, one of which does not answer. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { MOCK_GPU_NAME, startMock } from '../../lib/mock/mock.js';
import type { Cluster } from '../../lib/mock/mock-server.js';
import { builtProgram } from '../helpers/built.js';
import { PtyProgram } from '../helpers/pty.js';
import { systemClock } from '../../lib/run/system-clock.js';

// Processes on a busy machine can be slow; `until` gives up earlier and shows the screen.
jest.setTimeout(60_000);

const PLATFORMS = ['nvidia', 'apple', 'tpu'] as const;
let clusters: readonly Cluster[] = [];
let terminal: PtyProgram;

beforeAll(async () => {
  const program = builtProgram();
  clusters = await Promise.all(
    PLATFORMS.map((platform, nth) =>
      startMock({
        ports: [0],
        platform,
        gpuName: MOCK_GPU_NAME,
        startIndex: nth + 1,
        failureNodes: 0,
        processes: true,
        switches: { vgpu: true, mig: true, hardware: true, topology: true },
        seed: 1,
        clock: systemClock,
      }),
    ),
  );
  const addresses = clusters.flatMap((cluster) => cluster.addresses);
  terminal = new PtyProgram(process.execPath, [program, '--hosts', ...addresses, '127.0.0.1:1', '-i', '0.5'], { cols: 140, rows: 40 });
  await terminal.shows('3 of 4 nodes · 17 GPUs');
});
afterAll(async () => {
  terminal.dispose();
  await Promise.all(clusters.map((cluster) => cluster.stop()));
});

/** Types keys and waits for what they show. */
async function types(keys: string, ...what: readonly RegExp[]): Promise<void> {
  terminal.type(keys);
  await terminal.until(what.map(String).join(' and '), () => what.every((one) => one.test(terminal.emulator.text())));
}

describe('a tour of the tabs', () => {
  test('All: values, marks, both densities, groups, charts', async () => {
    await terminal.until('every figure', () => /util [▏▎▍▌▋▊▉█]+.*VRAM .*temp .*power /.test(terminal.emulator.text()));
    await types('z', /last \d+[ms].*SM occupancy 67% · memory bandwidth 42% · P\d/);
    await types('zG', /▸ node-0001 +.* 8 of 8 busy/, /▸ node-0002 .* 1 of 1 busy/, /▸ node-0003 .* 8 of 8 busy/);
    await types('X', /▾ node-0003[^]*TPU v6e/);
    // Ends the grouping: without labels, by node is the only one.
    await types('Gc', /Utilisation +now \d+% · max .* in %, mean of 17 GPUs/);
    await types('\x1b', /▲NODE +GPU +MODEL/);
  });

  test('a node from the picker: its processes, then all details', async () => {
    await types(':', /go to/);
    await types('0001\r', /node-0001 +up · last seen/, /PID +USER/);
    await types(
      'z',
      /max operating 87° · throttles at 90° · shuts down at 95°\s+acoustic limit 77°/,
      /MIG +5 instances/,
      /1g\.5gb .* MIG-mock-0-0/,
    );
    await types('\x1b[6~', /vGPU +4 instances +· +mode Sriov/);
    await types('z', /PID +USER/);
    await types(':node-0002\r', /Apple M2 Ultra/);
    await types('z', /neural engine/, /temp +–/);
    await types('z', /processes not reported: the exporter cannot list them for these accelerators/);
  });

  test('Topology: graph and matrix', async () => {
    await types(':0001\r', /node-0001 +up · last seen/);
    await types('T', /NUMA node 0 ─+┐ +┌ NUMA node 1/, /28 NVLinks between GPUs · 8 to switches/);
    await types('M', /GPU 0 +X +NVS +NVS/);
  });

  test('Diagnosis: nodes that answer, their latency and errors', async () => {
    await types('D', /3 of 4 nodes up · 1 down/, /latency p50 \d+ ms/, /connection refused/, /node-0003 .*up/);
  });

  test('quits', async () => {
    terminal.type('q');
    expect((await terminal.exited).status).toBe(0);
  });
});
