/**
 * What it costs to leave the viewer open, as whole processes one after the other: npm run bench -- whole. The nodes are captured answers of
 * all-smi's mock, served in turn. Takes half an hour, nearly all of it waiting.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from '../__tests__/helpers/pty.js';
import { IDLE_AFTER_MS } from '../lib/app/render-loop.js';
import { percentile } from './measure.js';
import { builtProgram, costOf, Serving, shareOf, Terminal } from './programs.js';
import type { BenchRow } from './table.js';

const ROUNDS = 5;
const WINDOW_MS = 30_000;
/** Until the terminal has its first frame, so that a key is not lost. */
const STARTED_MS = 2000;
const BETWEEN_KEYS_MS = 10_000;
const PORT = 23_700;

interface Cluster {
  readonly nodes: number;
  readonly intervalMs: number;
}
const SMALL: Cluster = { nodes: 100, intervalMs: 3000 };
const LARGE: Cluster = { nodes: 1000, intervalMs: 5000 };

/** CPU in percent of a core, and resident memory in MiB. */
interface Cost {
  readonly share: number;
  readonly mib: number;
}

export async function bench(): Promise<BenchRow[]> {
  const programs = {
    viewer: builtProgram(),
    poller: bundled(new URL('./poller.ts', import.meta.url)),
    played: bundled(new URL('./played-nodes.ts', import.meta.url)),
  };
  try {
    return [...(await rowsOf(SMALL, programs)), ...(await rowsOf(LARGE, programs))];
  } finally {
    programs.poller.remove();
    programs.played.remove();
  }
}

const bundled = (url: URL): ReturnType<typeof bundle> => bundle(fileURLToPath(url));

interface Programs {
  readonly viewer: string;
  readonly poller: ReturnType<typeof bundle>;
  readonly played: ReturnType<typeof bundle>;
}

async function rowsOf(cluster: Cluster, { viewer, poller, played }: Programs): Promise<BenchRow[]> {
  const { nodes, intervalMs } = cluster;
  const isSmall = cluster === SMALL;
  const serving = new Serving((hostFile) => [played.file, String(nodes), String(PORT), hostFile]);
  await serving.ready();
  const view = [viewer, '--hostfile', serving.hostFile, '--interval', String(intervalMs / 1000)];
  const poll = (client: string) => () => costOfPoller([poller.file, client, serving.hostFile, String(intervalMs)], intervalMs);
  const programs: Record<string, () => Promise<Cost>> = {
    http: poll('http'),
    got: poll('got'),
    tuned: poll('ours'),
    idle: () => costOfViewer(view),
    ...(isSmall ? { keys: () => costOfViewer(view, BETWEEN_KEYS_MS) } : {}),
  };
  const costs: Record<string, Cost[]> = {};
  try {
    for (let round = 0; round < ROUNDS; round++)
      for (const [name, cost] of Object.entries(programs)) (costs[name] ??= []).push(await cost());
  } finally {
    await serving.end();
  }
  const middle = (name: string, of: keyof Cost): number =>
    percentile(
      costs[name]!.map((cost) => cost[of]),
      0.5,
    );
  const what = `${nodes.toLocaleString('en')} nodes every ${intervalMs / 1000} s`;
  const overGot = (name: string): number => middle(name, 'share') / middle('got', 'share');
  return [
    { name: `idle viewer, times bare got, ${what}`, value: overGot('idle'), unit: 'x', target: { goal: 1, gate: 1.2 } },
    ...(isSmall
      ? [
          {
            name: `a key every 10 s, times bare got, ${what}`,
            value: overGot('keys'),
            unit: 'x',
            target: { goal: 1.1, gate: 1.3 },
          } as const,
        ]
      : []),
    { name: `got as it is used, times bare got, ${what}`, value: overGot('tuned'), unit: 'x' },
    { name: `node:http, times bare got, ${what}`, value: overGot('http'), unit: 'x' },
    { name: `idle viewer, ${what}`, value: middle('idle', 'share'), unit: '%' },
    { name: `bare got, ${what}`, value: middle('got', 'share'), unit: '%' },
    {
      name: `resident memory, ${what}`,
      value: middle('idle', 'mib'),
      unit: 'MiB',
      target: isSmall ? { goal: 80, gate: 100 } : { goal: 180, gate: 240 },
    },
  ];
}

async function costOfPoller(args: readonly string[], intervalMs: number): Promise<Cost> {
  const terminal = new Terminal(process.execPath, args);
  await pause(2 * intervalMs);
  return measured(terminal, WINDOW_MS);
}

/** On the Users tab. `betweenKeys`: how often a key is pressed; absent: none for so long that the viewer is idle. */
async function costOfViewer(args: readonly string[], betweenKeys?: number): Promise<Cost> {
  const terminal = new Terminal(process.execPath, args);
  await pause(STARTED_MS);
  terminal.type('V');
  await pause(IDLE_AFTER_MS + STARTED_MS);
  const typing = betweenKeys === undefined ? undefined : setInterval(() => terminal.type('m'), betweenKeys);
  try {
    return await measured(terminal, WINDOW_MS);
  } finally {
    clearInterval(typing);
  }
}

async function measured(terminal: Terminal, ms: number): Promise<Cost> {
  try {
    const share = await shareOf(terminal.pid, ms);
    return { share, mib: costOf(terminal.pid).mib };
  } finally {
    await terminal.end();
  }
}
