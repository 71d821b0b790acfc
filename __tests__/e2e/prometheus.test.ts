/** The built program with a real server: the past that it kept is the past that was recorded; typing a time in the viewer goes there. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { builtProgram } from '../helpers/built.js';
import { ENGINES, hasEngine, startMetricServer, type Engine, type MetricServer } from '../helpers/metric-servers.js';
import { mockTexts } from '../helpers/mock-texts.js';
import { PtyProgram } from '../helpers/pty.js';
import { answers, startServer, type TestServer } from '../helpers/server.js';

const run = promisify(execFile);
const NODES = 2;
const localClock = (at: Date): string =>
  [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
const textsAt = (step: number): string[] => mockTexts('nvidia', { nodes: NODES, processes: true, step });

type Row = Readonly<Record<string, unknown>> & { readonly user: string };

async function users(...args: readonly string[]): Promise<readonly Row[]> {
  const { stdout } = await run(process.execPath, [builtProgram(), 'get', 'users', '-o', 'json', ...args]);
  const { rows } = JSON.parse(stdout) as { rows: readonly Row[] };
  return [...rows].sort((a, b) => (a.user < b.user ? -1 : 1));
}

describe.each(ENGINES)('%s', (engine: Engine) => {
  const test_ = hasEngine(engine) ? test : test.skip;
  const exporters: TestServer[] = [];
  let server: MetricServer | undefined;
  let directory = '';

  beforeAll(async () => {
    if (!hasEngine(engine)) return;
    directory = await mkdtemp(join(tmpdir(), 'past-'));
    for (const text of textsAt(0)) exporters.push(await startServer(answers(text)));
    server = await startMetricServer(engine, { jobs: [{ name: 'gpus', targets: exporters.map(({ nodeId }) => ({ address: nodeId })) }] });
  });
  afterAll(async () => {
    await server?.stop();
    for (const exporter of exporters) await exporter.kill();
    if (directory !== '') await rm(directory, { recursive: true });
  });

  test_('the viewer: a time typed after : is on screen with the bar of a replay, and } is live again', async () => {
    const viewer = new PtyProgram(process.execPath, [builtProgram(), '--prometheus', server!.url], { cols: 140, rows: 24 });
    try {
      await viewer.shows(`${NODES} of ${NODES} nodes`);
      await viewer.shows(' live');
      await pause(2000);
      viewer.type(`:@${localClock(new Date(Date.now() - 2000))}\r`);
      await viewer.shows(' replay');
      await viewer.shows(' ‖ 1×');
      await viewer.shows(`${NODES} of ${NODES} nodes`);
      viewer.type('w');
      await viewer.shows('a replay cannot be recorded');
      viewer.type('}');
      await viewer.shows(' live');
      viewer.type(':@99:99\r');
      await viewer.shows('@99:99 is not a valid time');
      // On Diagnosis: who answers.
      viewer.type(':diagnosis\r');
      await viewer.shows(engine === 'prometheus' ? 'server: Prometheus 2.' : 'server: VictoriaMetrics at');
    } finally {
      viewer.dispose();
    }
  });

  test_('a moment of the past is as it was recorded then', async () => {
    const file = join(directory, 'then.ndjson');
    const hosts = exporters.map(({ nodeId }) => nodeId);
    await run(process.execPath, [builtProgram(), 'record', '--hosts', ...hosts, '--duration', '2s', '-o', file]);
    const then = new Date().toISOString().slice(0, 19);
    // The nodes go on, and the server sees it.
    textsAt(50).forEach((text, node) => exporters[node]!.behave(answers(text)));
    const url = server!.url;
    let now = await users('--prometheus', url);
    const past = await users('--prometheus', url, '--at', then);
    const recorded = await users('--replay', file);
    expect(recorded.length).toBeGreaterThan(2);
    expect(past.map(({ user }) => user)).toEqual(recorded.map(({ user }) => user));
    past.forEach((row, nth) => {
      for (const [name, value] of Object.entries(row)) {
        const other = recorded[nth]![name];
        // Sums in another order may differ in the last digits.
        if (typeof value === 'number' && typeof other === 'number' && !Number.isInteger(other))
          expect(Math.abs(value - other)).toBeLessThanOrEqual(1e-9 * Math.abs(other));
        else expect([name, value]).toEqual([name, other]);
      }
    });
    while (JSON.stringify(now) === JSON.stringify(past)) {
      await pause(500);
      now = await users('--prometheus', url);
    }
  });
});
