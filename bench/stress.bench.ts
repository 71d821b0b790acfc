/** Ten nodes of 50,000 process rows, watched by the built program on a terminal: npm run bench -- stress. Needs 2 GB of memory. */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from '../__tests__/helpers/pty.js';
import { percentile } from './measure.js';
import { builtProgram, costOf, keyTimes, Serving, shareOf, Terminal } from './programs.js';
import type { BenchRow } from './table.js';

const WARM_UP_MS = 30_000;
const WINDOW_MS = 30_000;
const KEY_ROUNDS = 10;

export async function bench(): Promise<BenchRow[]> {
  const script = bundle(fileURLToPath(new URL('./big-nodes.ts', import.meta.url)));
  const nodes = new Serving((hostFile) => [script.file, hostFile]);
  try {
    await nodes.ready();
    return await stressed(new Terminal(process.execPath, [builtProgram(), '--hostfile', nodes.hostFile]));
  } finally {
    await nodes.end();
    script.remove();
  }
}

async function stressed(terminal: Terminal): Promise<BenchRow[]> {
  try {
    await pause(WARM_UP_MS);
    const share = await shareOf(terminal.pid, WINDOW_MS);
    const early = costOf(terminal.pid).mib;
    terminal.type('V');
    const times: number[] = [];
    for (let round = 0; round < KEY_ROUNDS; round++) times.push(...(await keyTimes(terminal)));
    await pause(WINDOW_MS);
    return [
      { name: 'ten nodes of 50,000 rows, share of a core', value: share, unit: '%' },
      { name: 'key to frame among ten nodes of 50,000 rows, middle', oursMs: percentile(times, 0.5) },
      { name: 'key to frame among ten nodes of 50,000 rows, 99 %', oursMs: percentile(times, 0.99) },
      { name: 'resident memory, ten nodes of 50,000 rows, after a minute', value: early, unit: 'MiB' },
      { name: 'resident memory, ten nodes of 50,000 rows, later', value: costOf(terminal.pid).mib, unit: 'MiB' },
    ];
  } finally {
    await terminal.end();
  }
}
