/**
 * Reports: npm run bench -- report. A recording of 100 nodes with 800 GPUs: how many times faster than real time it is read, and how much the heap
 * grows from the first half to the second.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheDirectory } from '../lib/recording/read/cache-directory.js';
import { frameLines } from '../lib/recording/format/encode.js';
import { SECTIONS } from '../lib/recording/format/schema.js';
import { compressorHere } from '../lib/recording/thread/same-thread.js';
import { RecordingWriter } from '../lib/recording/write/recording-writer.js';
import { recordedSamples, reportOn } from '../lib/run/report.js';
import { buildNodes, type NodeSpec } from '../__tests__/helpers/hosts.js';
import type { BenchRow } from './table.js';

const NODES = 100;
const GPUS = 8;
const FRAMES = 120;
const INTERVAL_MS = 10_000;
const FIRST_AT = Date.UTC(2026, 0, 1);
const GIB = 2 ** 30;
/** How many times faster than real time a report has to be. */
const LEAST = 200;

function nodes(frame: number): readonly NodeSpec[] {
  return Array.from({ length: NODES }, (_, at) => ({
    gpus: Array.from({ length: GPUS }, (__, index) => ({
      index,
      uuid: `GPU-${at}-${index}`,
      name: 'NVIDIA H100 80GB HBM3',
      utilPercent: (frame * 7 + at + index) % 101,
      memoryUsedBytes: 40 * GIB,
      memoryTotalBytes: 80 * GIB,
      powerWatts: 300 + ((frame + index) % 400),
    })),
    procs: Array.from({ length: GPUS }, (__, gpu) => ({
      pid: 1000 + gpu,
      gpu,
      user: `user${(at + gpu) % 40}`,
      vram: 38 * GIB,
      sm: (frame * 3 + gpu) % 100,
      command: 'python train.py',
    })),
  }));
}

export async function bench(): Promise<BenchRow[]> {
  const directory = mkdtempSync(join(tmpdir(), 'all-smi-view-bench-'));
  try {
    const path = join(directory, 'day.ndjson.zst');
    const writer = await RecordingWriter.create({
      path,
      codec: 'zstd',
      header: { hosts: ['n'], intervalMs: INTERVAL_MS, zone: 'UTC', offsetMinutes: 0, writer: 'bench' },
      newCompressor: compressorHere,
    });
    for (let frame = 0; frame < FRAMES; frame++) {
      const at = FIRST_AT + frame * INTERVAL_MS;
      const built = buildNodes(nodes(frame).map((spec) => ({ at, ...spec })));
      await writer.write(frameLines(built, { at, offsetMinutes: 0, hostname: 'remote', include: new Set(SECTIONS) }), at);
    }
    await writer.finish();
    const heaps: number[] = [];
    const before = process.cpuUsage();
    const samples = await recordedSamples([writer.path], new CacheDirectory(join(directory, 'cache')));
    let taken = 0;
    const { totals } = await reportOn(
      {
        ...samples,
        read: (take, progress, warn) =>
          samples.read(
            (node) => {
              take(node);
              if (++taken % ((NODES * FRAMES) / 4) === 0) {
                globalThis.gc?.();
                heaps.push(process.memoryUsage().heapUsed);
              }
            },
            progress,
            warn,
          ),
      },
      { by: 'user', onProgress: () => undefined },
    );
    // Of the processor: other programs may run.
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    const times = (totals.to - totals.from) / 1000 / seconds;
    return [
      {
        name: `report: ${NODES} nodes, ${NODES * GPUS} GPUs, a frame every ${INTERVAL_MS / 1000} s: times real time`,
        value: times,
        unit: 'x',
        target: { goal: 2 * LEAST, gate: LEAST },
      },
      {
        name: 'report: heap at its end, of that at its half',
        value: (heaps[3]! / heaps[1]!) * 100,
        unit: '%',
        target: { goal: 105, gate: 130 },
      },
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}
