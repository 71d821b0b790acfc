/** The built program on a terminal: npm run bench -- program. Takes some minutes, mostly waiting. */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from '../__tests__/helpers/pty.js';
import { adaptiveInterval } from '../lib/sources/schedule/pace.js';
import { IDLE_AFTER_MS } from '../lib/app/render-loop.js';
import { percentile } from './measure.js';
import { builtProgram, costOf, FRAME_END, keyTimes, SELECTED, Serving, shareOf, Terminal } from './programs.js';
import type { BenchRow } from './table.js';

const STARTS = 15;
const KEY_ROUNDS = 10;
const WARM_UP_MS = 20_000;
const WINDOW_MS = 30_000;
const IDLE_WINDOW_MS = 60_000;

export async function bench(): Promise<BenchRow[]> {
  const viewer = builtProgram();
  const rows = await starts(viewer);
  const few = await Serving.mock(100);
  try {
    rows.push(...(await idle(viewer, few)));
  } finally {
    await few.end();
  }
  const many = await Serving.mock(1000);
  try {
    rows.push(...(await busy(viewer, many)));
  } finally {
    await many.end();
  }
  return rows;
}

/** From the start of the process to the first frame; for node, to the one line that it prints. */
async function starts(viewer: string): Promise<BenchRow[]> {
  const first = async (args: readonly string[], mark: string, end: string): Promise<number> => {
    const from = performance.now();
    const terminal = new Terminal(process.execPath, args);
    await terminal.wrote(mark, end);
    const ms = performance.now() - from;
    await terminal.end();
    return ms;
  };
  const node: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round <= STARTS; round++) {
    const [line, picture] = [
      await first(['-e', 'console.log("here I am"); setInterval(() => 0, 1000)'], 'here I am', '\n'),
      await first([viewer, '--hosts', '127.0.0.1:9'], 'all-smi-view', FRAME_END),
    ];
    // The first round reads the files.
    if (round === 0) continue;
    node.push(line);
    ours.push(picture);
  }
  const [nodeMs, oursMs] = [percentile(node, 0.5), percentile(ours, 0.5)];
  return [
    { name: 'first picture, times one line of node', value: oursMs / nodeMs, unit: 'x', target: { goal: 2.2, gate: 2.6 } },
    { name: 'first picture, wall time', oursMs },
    { name: 'one line of node, wall time', oursMs: nodeMs },
  ];
}

/**
 * Without key presses, compared with a poller with got that requests the same nodes equally often, so that disturbances of the machine affect
 * both alike.
 */
async function idle(viewer: string, nodes: Serving): Promise<BenchRow[]> {
  const loop = bundle(fileURLToPath(new URL('./poller.ts', import.meta.url)));
  const ours: number[] = [];
  const gots: number[] = [];
  let mib = 0;
  try {
    for (let round = 0; round < 2; round++) {
      const terminal = new Terminal(process.execPath, [viewer, '--hostfile', nodes.hostFile]);
      const got = new Terminal(process.execPath, [loop.file, 'got', nodes.hostFile, String(adaptiveInterval(100))]);
      await pause(IDLE_AFTER_MS + WARM_UP_MS);
      const [viewers, loops] = await Promise.all([terminal, got].map(({ pid }) => shareOf(pid, IDLE_WINDOW_MS)));
      ours.push(viewers!);
      gots.push(loops!);
      ({ mib } = costOf(terminal.pid));
      await terminal.end();
      await got.end();
    }
  } finally {
    loop.remove();
  }
  const [all, alone] = [percentile(ours, 0.5), percentile(gots, 0.5)];
  return [
    { name: 'idle viewer, 100 nodes, above got alone', value: all - alone, unit: '%', target: { goal: 1, gate: 1.5 } },
    { name: 'idle viewer, 100 nodes', value: all, unit: '%' },
    { name: 'got alone, 100 nodes', value: alone, unit: '%' },
    { name: 'resident memory, 100 nodes', value: mib, unit: 'MiB', target: { goal: 150, gate: 225 } },
  ];
}

async function busy(viewer: string, nodes: Serving): Promise<BenchRow[]> {
  const echo = new Terminal(process.execPath, ['-e', ECHO]);
  const terminal = new Terminal(process.execPath, [viewer, '--hostfile', nodes.hostFile]);
  try {
    await echo.wrote('ready');
    await pause(WARM_UP_MS);
    const share = await shareOf(terminal.pid, WINDOW_MS);
    const { mib } = costOf(terminal.pid);
    const ours: number[] = [];
    const echoes: number[] = [];
    for (let round = 0; round < KEY_ROUNDS; round++) {
      ours.push(...(await keyTimes(terminal)));
      echoes.push(...(await keyTimes(echo, '')));
    }
    const at = (part: number): number => percentile(ours, part) / percentile(echoes, part);
    return [
      { name: 'idle viewer, 1,000 nodes', value: share, unit: '%' },
      { name: 'resident memory, 1,000 nodes', value: mib, unit: 'MiB', target: { goal: 250, gate: 375 } },
      { name: 'key to frame on a terminal, 1,000 nodes, 99 %', oursMs: percentile(ours, 0.99) },
      { name: 'key to frame on a terminal, times an echo, middle', value: at(0.5), unit: 'x' },
      { name: 'key to frame on a terminal, times an echo, 99 %', value: at(0.99), unit: 'x' },
    ];
  } finally {
    await echo.end();
    await terminal.end();
  }
}

/** Writes the mark of a selected row for each key. */
const ECHO = `process.stdin.setRawMode(true); process.stdin.on('data', () => process.stdout.write('${SELECTED}')); console.log('ready')`;
