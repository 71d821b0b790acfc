/**
 * Recordings: npm run bench -- record. Opening to the first frame and seeking, in files of 10,000 and of 200,000 frames: the short ones are
 * the reference for the long ones, so the ratio is 1 if the length of a file costs nothing. Then the cost of a cluster of 1,000 nodes to
 * the thread that paints, when written and when played. Needs some GB in the temporary directory.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { usersDerivation } from '../lib/aggregate/users.js';
import { Derivations } from '../lib/aggregate/derivations.js';
import { CacheDirectory } from '../lib/recording/read/cache-directory.js';
import type { Codec } from '../lib/recording/codec/codec.js';
import { readFrame, readLine, type DataLine } from '../lib/recording/format/decode.js';
import { frozenPieces, FrameBuilder, frameLines, headerLine, type FrameMeta, type LineBytes } from '../lib/recording/format/encode.js';
import { newEncoder } from '../lib/recording/write/segment-encoders.js';
import { compressorHere } from '../lib/recording/thread/same-thread.js';
import { buffersOf, FramePacker } from '../lib/recording/format/packed-frame.js';
import { sliced } from '../lib/recording/write/recorder.js';
import { Reader } from '../lib/recording/read/recording-reader.js';
import { RecordedNodes } from '../lib/recording/play/recorded-nodes.js';
import { SECTIONS } from '../lib/recording/format/schema.js';
import { SegmentFile } from '../lib/recording/write/segment-file.js';
import { builtProgram } from '../__tests__/helpers/built.js';
import { buildNodes, type TestNode } from '../__tests__/helpers/hosts.js';
import { PtyProgram } from '../__tests__/helpers/pty.js';
import { percentile } from './measure.js';
import type { BenchRow } from './table.js';

const SHORT = 10_000;
const LONG = 200_000;
const INTERVAL_MS = 3000;
const FIRST_AT = Date.UTC(2026, 0, 1);
const SEEKS = 20;
const ROUNDS = 5;
const META = { offsetMinutes: 0, hostname: 'remote', include: new Set(SECTIONS) };

export async function bench(): Promise<BenchRow[]> {
  const directory = mkdtempSync(join(tmpdir(), 'all-smi-view-bench-'));
  try {
    return [...(await files(directory)), ...(await cluster()), await memory(directory)];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** CPU milliseconds, the best of several rounds: for work that sometimes waits. */
async function best(run: () => Promise<unknown>, rounds = ROUNDS): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    globalThis.gc?.();
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

async function files(directory: string): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [codec, extension] of [
    ['none', ''],
    ['gzip', '.gz'],
    ['zstd', '.zst'],
  ] as const) {
    const paths = await Promise.all([SHORT, LONG].map((frames) => write(join(directory, `${frames}.ndjson${extension}`), codec, frames)));
    rows.push(...(await compared(codec === 'none' ? 'plain' : codec, paths as [string, string], directory)));
  }
  // A stream without a seek table, as all-smi writes it: it is read through once, and plays meanwhile.
  if (hasZstd()) rows.push(...(await streams(directory)));
  return rows;
}

async function streams(directory: string): Promise<BenchRow[]> {
  const times: number[] = [];
  for (const frames of [SHORT, LONG]) {
    const path = join(directory, `stream-${frames}.zst`);
    const out = openSync(path, 'w');
    execFileSync('zstd', ['-3', '-q', '-c', join(directory, `${frames}.ndjson`)], { stdio: ['ignore', out, 'inherit'] });
    closeSync(out);
    times.push(await best(() => opened(path, directory, frames)));
  }
  return [{ name: 'open to first frame, a zstd stream, 200,000 frames', oursMs: times[1]!, yardstickMs: times[0]! }];
}

/** A cycle of a single node, about 1 KiB; only its time changes. */
async function write(path: string, codec: Codec, frames: number): Promise<string> {
  const hosts = buildNodes([{ gpus: 1, procs: [{ pid: 1, gpu: 0, user: 'alice' }] }]);
  const template = frameLines(hosts, { ...META, at: FIRST_AT })[0]!;
  const text = Buffer.concat(template).toString();
  const file = await SegmentFile.create(path);
  const encoder = newEncoder(codec, file, Infinity, await compressorHere());
  const header = headerLine({
    hosts: ['n'],
    intervalMs: INTERVAL_MS,
    zone: 'UTC',
    offsetMinutes: 0,
    writer: 'all-smi-view bench',
    segment: 1,
    firstSeq: 0,
  });
  await encoder.record({ lines: [header], at: NaN, frames: 0 });
  const AT_ONCE = 256;
  for (let from = 0; from < frames; from += AT_ONCE) {
    const lines = Array.from({ length: Math.min(AT_ONCE, frames - from) }, (_, nth): LineBytes => {
      const at = FIRST_AT + (from + nth) * INTERVAL_MS;
      const stamp = `${new Date(at).toISOString().slice(0, 19)}Z`;
      return [Buffer.from(text.replace(/"at_ms":\d+/, `"at_ms":${at}`).replace(/"timestamp":"[^"]+"/, `"timestamp":"${stamp}"`))];
    });
    await encoder.record({ lines, at: FIRST_AT + from * INTERVAL_MS, frames: lines.length });
  }
  await encoder.finish();
  await file.close();
  return path;
}

/** Without a cache from an earlier opening. */
async function opened(path: string, directory: string, key: number): Promise<void> {
  const cache = join(directory, `cache-${key}-${Math.random()}`);
  const reader = await Reader.open([path], { cache: new CacheDirectory(cache) });
  await reader.first();
  reader.close();
  rmSync(cache, { recursive: true });
}

async function compared(codec: string, [short, long]: readonly [string, string], directory: string): Promise<BenchRow[]> {
  const [openShort, openLong] = [await best(() => opened(short, directory, 0)), await best(() => opened(long, directory, 1))];
  const [seekShort, seekLong] = [await sought(short, SHORT, directory), await sought(long, LONG, directory)];
  return [
    { name: `open to first frame, ${codec}, 200,000 frames`, oursMs: openLong, yardstickMs: openShort },
    // Identical frames would compress so well that the short gzip file is a single page.
    { name: `seek, ${codec}, 200,000 frames`, oursMs: seekLong, ...(codec === 'gzip' ? {} : { yardstickMs: seekShort }) },
  ];
}

async function sought(path: string, frames: number, directory: string): Promise<number> {
  const reader = await Reader.open([path], { cache: new CacheDirectory(join(directory, `seek-${frames}`)) });
  await reader.index(() => Promise.resolve(true));
  let nth = 0;
  const ms = await best(async () => {
    for (let seek = 0; seek < SEEKS; seek++) {
      nth = (nth + 0.618 * frames) % frames;
      await reader.at(FIRST_AT + nth * INTERVAL_MS);
    }
  });
  reader.close();
  return ms / SEEKS;
}

function hasZstd(): boolean {
  try {
    execFileSync('zstd', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const NODES = 1000;

const nodes = (): readonly TestNode[] =>
  buildNodes(
    Array.from({ length: NODES }, (_, node) => ({
      gpus: Array.from({ length: 8 }, (_gpu, gpu) => ({
        uuid: `GPU-${node}-${gpu}`,
        name: 'NVIDIA H100',
        utilPercent: gpu,
        memoryUsedBytes: 1e9,
        powerWatts: 300,
        details: { driver_version: '580', cuda_version: '13.0' },
      })),
      procs: Array.from({ length: 20 }, (_proc, pid) => ({
        pid,
        gpu: pid % 8,
        user: `user${(node + pid) % 200}`,
        vram: 1e9,
        age: pid,
        command: `python train.py ${pid}`,
      })),
      cpus: [{ title: 'Xeon', utilPercent: 3, cores: 112 }],
      memory: [{ totalBytes: 1e12, usedBytes: 1e11 }],
    })),
  );

const PLAYED_FRAMES = 40;
const PLAY_MS = 10_000;

/** Peak memory of the built viewer while it plays at 8x, including its decoding thread. */
async function memory(directory: string): Promise<BenchRow> {
  const hosts = nodes();
  const path = join(directory, 'nodes.ndjson.zst');
  const file = await SegmentFile.create(path);
  const encoder = newEncoder('zstd', file, Infinity, await compressorHere());
  for (let frame = 0; frame < PLAYED_FRAMES; frame++) {
    const at = FIRST_AT + frame * INTERVAL_MS;
    await encoder.record({ lines: frameLines(hosts, { ...META, at }), at, frames: 1 });
  }
  await encoder.finish();
  await file.close();
  const program = new PtyProgram(process.execPath, [builtProgram(), '--replay', path, '--speed', '8'], { cols: 120, rows: 30 });
  try {
    await program.until('the nodes', () => program.emulator.text().includes('1,000 of 1,000 nodes'), 60_000);
    program.type('V');
    await new Promise((resolve) => setTimeout(resolve, PLAY_MS));
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8'))?.[1];
    return { name: 'memory while 1,000 nodes play at 8x, at most', value: Number(peak) / 1024, unit: 'MiB' };
  } finally {
    program.dispose();
  }
}

async function cluster(): Promise<BenchRow[]> {
  const hosts = nodes();
  const meta: FrameMeta = { ...META, at: FIRST_AT };
  const slices: number[] = [];
  const record = async (): Promise<readonly LineBytes[]> => {
    const frame = new FrameBuilder(meta);
    const slice = sliced();
    let began = performance.now();
    const rest = (): Promise<void> | undefined => {
      const pause = slice();
      if (!pause) return undefined;
      slices.push(performance.now() - began);
      return pause.then(() => void (began = performance.now()));
    };
    for (const host of hosts) for (const piece of await frozenPieces(host, meta, rest)) frame.add(piece);
    return frame.lines();
  };
  const recordMs = await best(record);
  const lines = await record();
  const packer = new FramePacker();
  const data = lines.map((line) => readLine(Buffer.concat(line).toString().trimEnd()) as DataLine);
  const packed = Array.from({ length: ROUNDS }, () => packer.pack(readFrame(data)));
  const shown = new RecordedNodes(INTERVAL_MS);
  const derivations = new Derivations();
  let collector = 0;
  const playMs = await best(() => {
    // As it arrives from the worker thread.
    const message = packed.shift()!;
    const frame = structuredClone(message, { transfer: buffersOf(message) });
    shown.take(frame);
    shown.show(frame, 'next');
    derivations.derive(usersDerivation, shown.all, ++collector);
    return Promise.resolve();
  });
  return [
    { name: 'record a cycle of 1,000 nodes, painting thread', oursMs: recordMs },
    { name: 'record a cycle of 1,000 nodes, a long slice (99 %)', oursMs: percentile(slices, 0.99) },
    { name: 'play a frame of 1,000 nodes, painting thread', oursMs: playMs },
  ];
}
