import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, statSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Codec } from '../../lib/recording/codec/codec.js';
import { startMock } from '../../lib/mock/mock.js';
import type { Cluster } from '../../lib/mock/mock-server.js';
import { builtProgram } from '../helpers/built.js';
import { bundle, PtyProgram } from '../helpers/pty.js';
import { closeReader, count, inNewDirectory, openReader, place, play } from '../helpers/recording-player.js';
import { complaintsAbout } from '../helpers/recording-validator.js';
import { linesIn } from '../helpers/recordings.js';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { systemClock } from '../../lib/run/system-clock.js';

inNewDirectory();

let program = '';
let worker: URL;
let cluster: Cluster;
const running: ChildProcess[] = [];
beforeAll(async () => {
  program = builtProgram();
  worker = pathToFileURL(join(program, '../../chunks/worker.js'));
  cluster = await startMock({
    ports: [0, 0, 0],
    processes: true,
    seed: 1,
    clock: systemClock,
    platform: 'nvidia',
    gpuName: 'NVIDIA B200 192GB HBM3',
    failureNodes: 0,
    startIndex: 1,
  });
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => cluster.stop());

/** Resolves when `holds` returns true; checks every few milliseconds. */
async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 800) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('killed at any moment', () => {
  let fast: ReturnType<typeof bundle>;
  beforeAll(() => void (fast = bundle(fileURLToPath(new URL('./record-program.ts', import.meta.url)))));
  afterAll(() => fast.remove());

  test.each<readonly [Codec, string]>([
    ['none', 'a.ndjson'],
    ['gzip', 'a.ndjson.gz'],
    ['zstd', 'a.ndjson.zst'],
  ])('%s: every written frame plays', async (codec, name) => {
    for (const kill of count(codec === 'zstd' ? 3 : 2)) {
      const path = place.directory.file(`${kill}-${name}`);
      const child = spawn(process.execPath, [fast.file, path, codec, worker.href], { stdio: ['ignore', 'pipe', 'inherit'] });
      running.push(child);
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const ended = new Promise((resolve) => child.on('close', resolve));
      // Anywhere in a block, including while one is being closed.
      await until(() => said.split('\n').length > 40 + kill * 61, 'frames');
      child.kill('SIGKILL');
      await ended;
      const written = said.split('\n').length - 1;
      const seen = await play(await openReader(path));
      expect(seen.length).toBeGreaterThanOrEqual(written);
      expect(seen).toEqual(count(seen.length));
    }
  });
});

describe('the command', () => {
  const ALL_NODES = ['node-0001', 'node-0002', 'node-0003'].map((name) => [name, 8, 20] as const);
  /** The name, the GPUs and the processes of each node in the last frame; undefined: there is no frame yet. */
  async function lastNodes(path: string): Promise<readonly unknown[] | undefined> {
    if (!existsSync(path)) return undefined;
    const copy = place.directory.file(`copy-${basename(path)}`);
    copyFileSync(path, copy);
    const reader = await openReader(copy).catch(() => undefined);
    if (!reader) return undefined;
    const last = await reader.last();
    closeReader(reader);
    return last?.frame?.nodes.map(({ name, rows }) => [name, rows?.gpus.length, rows?.procs.length]);
  }
  const start = (...args: readonly string[]): ChildProcess => {
    const child = spawn(process.execPath, [program, 'record', '--hosts', ...cluster.addresses, '-i', '0.5', ...args], {
      cwd: place.directory.path,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.push(child);
    return child;
  };
  const statusOf = (child: ChildProcess): Promise<number | null> => new Promise((resolve) => child.on('close', resolve));

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGALRM', 'SIGUSR2', 'SIGXCPU', 'SIGVTALRM'] as const)(
    '%s ends the file, which is complete',
    async (signal) => {
      const path = place.directory.file('a.ndjson.zst');
      const child = start('-o', path);
      const ended = statusOf(child);
      await until(async () => isDeepStrictEqual(await lastNodes(path), ALL_NODES), 'a frame with all nodes');
      child.kill(signal);
      expect(await ended).toBe(0);
      const lines = linesIn(path);
      expect(lines.flatMap((line, at) => complaintsAbout(line, String(at)))).toEqual([]);
      expect(lines.length).toBeGreaterThan(1);
      const reader = await openReader(path);
      expect(reader.info).toMatchObject({ cut: false, badLines: 0, intervalMs: 500, seekable: true });
      expect(await lastNodes(path)).toEqual(ALL_NODES);
    },
  );

  test('leaves what it has written when killed', async () => {
    const path = place.directory.file('a.ndjson.gz');
    const child = start('-o', path);
    const ended = statusOf(child);
    await until(() => existsSync(path) && statSync(path).size > 6000, 'frames');
    copyFileSync(path, place.directory.file('before.ndjson.gz'));
    child.kill('SIGKILL');
    await ended;
    const before = await play(await openReader(place.directory.file('before.ndjson.gz')));
    const after = await play(await openReader(path));
    expect(before.length).toBeGreaterThan(0);
    expect(after.length).toBeGreaterThanOrEqual(before.length);
  });

  test('records for a duration, with a default name, only the selected sections', async () => {
    const child = start('--duration', '1s', '--include', 'gpu,process', '--compress', 'none');
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    expect(await statusOf(child)).toBe(0);
    const [name = ''] = readdirSync(place.directory.path).filter((file) => file.startsWith('all-smi-'));
    expect(name).toMatch(/^all-smi-\d{8}-\d{6}\.ndjson$/);
    expect(said).toMatch(/recording to all-smi-.*; press Ctrl-C to stop\n.* frames?, .*, in all-smi-/s);
    const frame = JSON.parse(linesIn(place.directory.file(name))[1] ?? '') as object;
    // As all-smi writes it for nodes that are scraped.
    expect(frame).toMatchObject({ hostname: 'remote' });
    expect(Object.keys(frame)).toEqual([
      'at_ms',
      'at_seq',
      'body_crc32',
      'connections',
      'extras',
      'gpus',
      'hostname',
      'processes',
      'schema',
      'timestamp',
    ]);
  });

  test('keeps the last segments', async () => {
    const child = start('--duration', '2s', '-o', 'a.ndjson', '--max-size', '40K', '--max-files', '2');
    expect(await statusOf(child)).toBe(0);
    const files = readdirSync(place.directory.path).filter((file) => file.startsWith('a.'));
    expect(files).toHaveLength(2);
    expect((await play(await openReader(place.directory.file('a.ndjson')))).length).toBeGreaterThan(0);
  });

  test('shows progress on a terminal', async () => {
    const child = new PtyProgram(
      process.execPath,
      [program, 'record', '--hosts', ...cluster.addresses, '-i', '0.5', '--duration', '1h', '-o', place.directory.file('a.ndjson.zst')],
      { cols: 110, rows: 8 },
    );
    await child.shows('3 of 3 nodes');
    await child.shows(' left');
    const progress = /● 00:00:\d\d · \d+ frames? · .* · 3 of 3 nodes · .*\/h · 00:59:\d\d left/;
    await child.until('progress', () => progress.test(child.emulator.text()));
    child.type('\u0003');
    expect((await child.exited).status).toBe(0);
    await child.until('what it came to', () => /record: \d+ frames?, .* in/.test(child.emulator.text()));
    child.dispose();
  });
});

test('w in the viewer records what is on screen', async () => {
  mkdirSync(place.directory.file('here'));
  const viewer = new PtyProgram(
    '/bin/sh',
    ['-c', `cd ${place.directory.file('here')} && exec ${process.execPath} ${program} --hosts ${cluster.addresses.join(' ')} -i 0.5`],
    { cols: 120, rows: 16 },
  );
  await viewer.shows('3 of 3 nodes');
  viewer.type('w');
  await viewer.shows('● REC');
  await viewer.until('two frames', () => / [2-9] frames/.test(viewer.emulator.text()));
  viewer.type('w');
  await viewer.until('no chip', () => !viewer.emulator.text().includes('● REC'));
  viewer.type('w');
  await viewer.shows('● REC');
  viewer.type('q');
  expect((await viewer.exited).status).toBe(0);
  viewer.dispose();
  const files = readdirSync(place.directory.file('here'));
  expect(files).toHaveLength(2);
  for (const file of files) {
    const reader = await openReader(join(place.directory.file('here'), file));
    expect(reader.info).toMatchObject({ cut: false, badLines: 0 });
  }
});
