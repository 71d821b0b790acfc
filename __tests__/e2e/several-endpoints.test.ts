/** The built program in a terminal, on a node with three exporters over real HTTP: DCGM, node_exporter and slurm-job-exporter. */
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { builtProgram } from '../helpers/built.js';
import { authority } from '../helpers/certificate.js';
import { expectGolden } from '../helpers/golden.js';
import { PtyProgram } from '../helpers/pty.js';
import { answers, startServer, type ServerOptions, type TestServer } from '../helpers/server.js';

// A node may be slow on a busy machine; `until` gives up earlier and shows the screen.
jest.setTimeout(60_000);

const [COLS, ROWS] = [150, 24];
const PATIENCE_MS = 20_000;
/** Servers have any free port; on the screens they have the last digits of the port that their exporter usually has. */
const EXPORTERS = [
  ['dcgm-slurm-hpcjob-custom', '19400'],
  ['node_exporter', '19100'],
  ['slurm-job-exporter', '19798'],
] as const;

let program = '';
let servers: TestServer[] = [];
let terminal: PtyProgram | undefined;
beforeAll(() => {
  program = builtProgram();
}, 60_000);
afterEach(async () => {
  terminal?.dispose();
  terminal = undefined;
  await Promise.all(servers.map((server) => server.kill()));
  servers = [];
});

async function serve(name: string, options: ServerOptions = {}): Promise<TestServer> {
  const text = readFileSync(new URL(`../fixtures/exporters/${name}.prom`, import.meta.url), 'utf8');
  const server = await startServer(answers(text), options);
  servers.push(server);
  return server;
}

async function threeExporters(): Promise<string> {
  for (const [name] of EXPORTERS) await serve(name);
  return `127.0.0.1:${servers.map(({ port }) => port).join('+')}`;
}

const view = (...args: readonly string[]): PtyProgram =>
  (terminal = new PtyProgram(process.execPath, [program, '-i', '0.5', ...args], { cols: COLS, rows: ROWS }));

/** Keeps the width of a right-aligned column. */
const masked = (text: string, mask: string): string => (text.startsWith('  ') ? mask.padStart(text.length) : ` ${mask}`);

/** The screen without what differs between two runs: ports, the time of day, ages, latencies, and how often the screen was painted. */
function settled({ emulator }: PtyProgram): string {
  return (
    EXPORTERS.reduce((text, [, port], nth) => text.replaceAll(String(servers[nth]?.port), port), emulator.text())
      .replace(/\d\d:\d\d:\d\d/g, 'HH:MM:SS')
      // What the viewer costs is told once it is known.
      .replace(/^ latency.*\n.*$/m, ' latency ...\n viewer ...')
      .replace(/ +\d+s(?= |$)/gm, (text) => masked(text, '#s'))
      .replace(/ +[\d.]+ ms(?= |$)/gm, (text) => masked(text, '# ms'))
      // How often a dead port was tried, and when a port is tried next.
      .replace(/\(\d+ failed scrapes?\)/g, '(# failed scrapes)')
      .replace(/(failed scrapes\)).*$/gm, '$1 ...')
      .replace(/ +[1-9]\d* +\S+(?=  (?:connection|TLS))/gm, (text) => '#     #s'.padStart(text.length))
      .replace(/( 0 +0) +\S+$/gm, '$1')
  );
}

/** Compares the screen that has this text, once it does not change any more: a frame may arrive in parts. */
async function expectScreen(name: string, screen: PtyProgram, text: string): Promise<void> {
  await screen.until(text, () => screen.emulator.text().includes(text), PATIENCE_MS);
  for (let before = ''; before !== settled(screen); await pause(100)) before = settled(screen);
  expectGolden(name, COLS, ROWS, settled(screen));
}

function get(...args: readonly string[]): Promise<{ readonly rows: readonly Record<string, unknown>[] }> {
  const child = spawn(process.execPath, [program, 'get', ...args, '-o', 'json']);
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  return new Promise((resolve, reject) =>
    child.on('close', (status) => {
      if (status === 0) resolve(JSON.parse(stdout) as { rows: Record<string, unknown>[] });
      else reject(new Error(`exit status ${status}\n${stdout}`));
    }),
  );
}

describe('DCGM, node_exporter and slurm-job-exporter are one node', () => {
  test('on the Users tab and on its page; with the DCGM port dead it is failing, and Diagnosis says which endpoint fails', async () => {
    const screen = view('--hosts', await threeExporters());
    await screen.shows('1 of 1 node');
    screen.type('V');
    await expectScreen('e2e-endpoints-users', screen, 'CMD (largest VRAM)');
    screen.type('D\r');
    await expectScreen('e2e-endpoints-page', screen, 'processes not reported');

    // Its readings are stale after three refreshes of DCGM, 90 s, and then the node is down, which takes too long here. Until then
    // the node is failing: its last readings are shown, are in the totals, and its tab, its page and Diagnosis tell of it.
    await servers[0]!.kill();
    await expectScreen('e2e-endpoints-page-failing', screen, 'connection refused');
    screen.type('V');
    await expectScreen('e2e-endpoints-users-failing', screen, 'CMD (largest VRAM)');
    screen.type('D');
    // All three have a row, and only the dead one has failed.
    await expectScreen('e2e-endpoints-diagnosis-failing', screen, '1 endpoint failing');
    screen.type('q');
    expect((await screen.exited).status).toBe(0);
  });

  test('get prints what the screen shows', async () => {
    const hosts = await threeExporters();
    const [nodes, gpus] = await Promise.all(['nodes', 'gpus'].map((table) => get(table, '--hosts', hosts)));
    const screen = view('--hosts', hosts);
    await screen.shows('1 of 1 node');
    screen.type('D\r');
    await screen.shows('processes not reported');
    const text = screen.emulator.text();

    const [node] = nodes!.rows;
    expect(nodes!.rows).toHaveLength(1);
    expect(node).toMatchObject({ node_id: hosts, status: 'up' });
    expect(text).toContain(` ${String(node!.node)}  up · last seen `);
    expect(text).toContain(`1 of 1 node · ${String(node!.gpus)} GPUs `);
    expect(text).toContain(` ${Math.round(Number(node!.power_watts))} W `);
    // A line of the page: "0  H100 80GB  ███ 97%  ███ 68.8/79.6G  66°  611/700W  1830MHz  alice (allocated)".
    const line =
      /^ +(\d+)  H100 80GB +[█-▏░]+ +(\d+)% +[█-▏░]+ +([\d.]+)\/([\d.]+)G +(\d+)° +(\d+)\/(\d+)W +(\d+)MHz +(\w+) \(allocated(, idle)?\)$/gm;
    const shown = [...text.matchAll(line)].map(([, ...cells]) => cells);
    const gib = (bytes: unknown): string => (Number(bytes) / 2 ** 30).toFixed(1);
    const printed = gpus!.rows.map((row) => [
      String(row.gpu),
      String(row.util_percent),
      gib(row.vram_used_bytes),
      gib(row.vram_total_bytes),
      String(row.temperature_celsius),
      ...[row.power_watts, row.power_limit_watts, row.clock_mhz].map((value) => String(Math.round(Number(value)))),
      String((row.allocated_to as readonly string[])[0]),
      row.state === 'held_idle' ? ', idle' : undefined,
    ]);
    expect(printed).toHaveLength(2);
    expect(shown).toEqual(printed);
  });
});

describe('a node over TLS', () => {
  test('is read with the certificate authority of the site, and refused without', async () => {
    const own = authority();
    const node = await serve('dcgm-slurm-hpcjob-custom', { tls: own.issue() });
    const directory = mkdtempSync(join(tmpdir(), 'all-smi-view-tls-'));
    try {
      writeFileSync(join(directory, 'ca.pem'), own.cert);
      const config = join(directory, 'http.yml');
      writeFileSync(config, 'tls_config: {ca_file: ca.pem}\n');
      const screen = view('--hosts', `https://${node.nodeId}`, '--http-config', config);
      await screen.shows('1 of 1 node · 2 GPUs 49%');
      screen.type('D\r');
      await expectScreen('e2e-endpoints-tls', screen, 'processes not reported');
      screen.dispose();

      const refused = view('--hosts', `https://${node.nodeId}`);
      await refused.shows('0 of 1 node');
      refused.type('D');
      await expectScreen('e2e-endpoints-tls-refused', refused, 'TLS: certificate');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
