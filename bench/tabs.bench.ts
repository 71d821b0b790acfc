/** All tabs and their modes with 1,000 nodes of 8 GPUs: keys, frames with new values, and the memory of the program: npm run bench -- tabs */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtProgram } from '../__tests__/helpers/built.js';
import { PtyProgram } from '../__tests__/helpers/pty.js';
import { MOCK_GPU_NAME, startMock } from '../lib/mock/mock.js';
import { NO_SWITCHES } from '../lib/mock/mock-features.js';
import { writeHosts } from '../lib/mock/mock-ports.js';
import diagnosis from '../plugins/diagnosis/index.js';
import topology from '../plugins/topology/index.js';
import { AT, bodyOf, nodesOf, rounds, ScrapedCluster } from './cluster.js';
import { percentile, timed } from './measure.js';
import type { BenchRow } from './table.js';
import { BenchViewer } from './viewer.js';
import { systemClock } from '../lib/run/system-clock.js';

const SIZE = { cols: 220, rows: 60 };
const ROUNDS = 100;
const SCRAPES = 12;
const NODES = 1000;
const WATCH_MS = 30_000;
const INTERVAL_MS = 3000;
/** The share of processes that has been replaced. */
const CHURN = 0.01;
const FRAME = { goal: 16, gate: 50 };

/** The keys that lead to a mode, and the keys pressed in it. */
const MODES: readonly (readonly [name: string, way: readonly string[], keys: readonly string[]])[] = [
  ['All, two lines a GPU', ['z'], ['Down', 'PageDown', 'u', 'End', 't', 'Home']],
  ['All, by node', ['z', 'G'], ['Down', 'PageDown', 'X', 'u', 'End', 'X', 'Home']],
  ['Topology', ['T'], ['M', 'n', 'Down', 'M', 'N']],
  ['Diagnosis', ['D'], ['Down', 'l', 'PageDown', 'End', 'f', 'Home']],
  ['a node, all of it', ['Left', 'z'], ['Down', 'PageDown', 'End', 'Home', 'z', 'z']],
  ['picker', [':'], ['9', 'Backspace', 'n', '0', 'Backspace', 'Backspace']],
];

export async function bench(): Promise<BenchRow[]> {
  const nodes = nodesOf('W3');
  const cluster = new ScrapedCluster(nodes.map(({ host }) => host));
  const viewer = new BenchViewer(cluster, SIZE.cols, SIZE.rows, [topology, diagnosis]);
  const times: number[] = [];
  let at = AT;
  for (const now of rounds(nodes, SCRAPES, CHURN)) {
    for (const [nth, node] of now.entries()) cluster.scrape(nth, bodyOf(node), at);
    times.push(timed(() => viewer.pass(INTERVAL_MS)));
    await viewer.taken();
    at += INTERVAL_MS;
  }
  // The first rounds are a warm-up.
  const rows: BenchRow[] = [{ name: 'picture of a new round, All tab', oursMs: percentile(times.slice(2), 0.5), target: FRAME }];
  for (const [name, way, keys] of MODES) {
    for (const key of way) await pressed(viewer, key);
    rows.push({ name: `key to bytes, ${name}, p99`, oursMs: await answered(viewer, keys), target: FRAME });
  }
  await viewer.close();
  return [...rows, await memory()];
}

/** Peak memory of the built viewer after some time with as many nodes. */
async function memory(): Promise<BenchRow> {
  const directory = await mkdtemp(join(tmpdir(), 'all-smi-view-bench-'));
  const cluster = await startMock({
    ports: Array.from({ length: NODES }, () => 0),
    platform: 'nvidia',
    gpuName: MOCK_GPU_NAME,
    startIndex: 1,
    failureNodes: 0,
    processes: true,
    switches: { ...NO_SWITCHES, hardware: true },
    seed: 1,
    clock: systemClock,
  });
  const hosts = join(directory, 'hosts.csv');
  await writeHosts(hosts, cluster.addresses);
  const program = new PtyProgram(process.execPath, [builtProgram(), '--hostfile', hosts], SIZE);
  try {
    await program.until('the nodes', () => program.emulator.text().includes('1,000 of 1,000 nodes'), 60_000);
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8'))?.[1];
    return { name: 'memory with 1,000 nodes of 8 GPUs and their histories, at most', value: Number(peak) / 1024, unit: 'MiB' };
  } finally {
    program.dispose();
    await cluster.stop();
    await rm(directory, { recursive: true });
  }
}

async function answered(viewer: BenchViewer, keys: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++)
    for (const key of keys) {
      const time = await pressed(viewer, key);
      if (round > 0) times.push(time);
    }
  return percentile(times, 0.99);
}

async function pressed(viewer: BenchViewer, key: string): Promise<number> {
  const time = timed(() => viewer.press(key, key.length === 1 ? key : ''));
  await viewer.taken();
  return time;
}
