/** One `get users` of many nodes, from the start of the process to its end: npm run bench -- get */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundle } from '../__tests__/helpers/pty.js';
import { percentile } from './measure.js';
import { builtProgram, Serving } from './programs.js';
import type { BenchRow } from './table.js';

const NODES = 1000;
const ROUNDS = 9;

export async function bench(): Promise<BenchRow[]> {
  const program = builtProgram();
  const bare = bundle(fileURLToPath(new URL('./bare-fetch.ts', import.meta.url)));
  const nodes = await Serving.mock(NODES);
  const ours: number[] = [];
  const bares: number[] = [];
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      const times = [
        timeOf([bare.file, nodes.hostFile]),
        timeOf([program, 'get', 'users', '--hostfile', nodes.hostFile, '-o', 'json', '--strict']),
      ] as const;
      // In the first round the nodes compile their own code.
      if (round === 0) continue;
      bares.push(times[0]);
      ours.push(times[1]);
    }
  } finally {
    bare.remove();
    await nodes.end();
  }
  const [oursMs, bareMs] = [percentile(ours, 0.5), percentile(bares, 0.5)];
  return [
    { name: 'get users of 1,000 nodes, times a bare fetch', value: oursMs / bareMs, unit: 'x', target: { goal: 1.5, gate: 4 } },
    { name: 'get users of 1,000 nodes, wall time', oursMs },
    { name: 'bare fetch of 1,000 nodes, wall time', oursMs: bareMs },
  ];
}

function timeOf(args: readonly string[]): number {
  const from = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return performance.now() - from;
}
