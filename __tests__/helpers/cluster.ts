/**
 * A small cluster for golden screens: a user trains, another holds a GPU idle, one node is hot, one is down, one does not report its
 * processes.
 */
import type { GpuSpec, NodeSpec, ProcSpec } from './hosts.js';

const GIB = 2 ** 30;
const HOUR = 3600;
const DAY = 86_400;

const H100 = { name: 'NVIDIA H100 80GB HBM3', memoryTotalBytes: 79.6 * GIB, powerLimitWatts: 700, frequencyMhz: 1980 };

type Reading = readonly [utilPercent: number, usedGib: number, temperatureCelsius: number, powerWatts: number];
const gpus = (...readings: readonly Reading[]): GpuSpec[] =>
  readings.map(([utilPercent, usedGib, temperatureCelsius, powerWatts], index) => ({
    ...H100,
    index,
    utilPercent,
    memoryUsedBytes: usedGib * GIB,
    temperatureCelsius,
    powerWatts,
  }));

const proc = (
  pid: number,
  gpu: number,
  user: string,
  gib: number,
  age: number,
  command: string,
  more: Partial<ProcSpec> = {},
): ProcSpec => ({
  pid,
  gpu,
  user,
  vram: gib * GIB,
  age,
  command,
  cpu: 104,
  ...more,
});

const machine = (utilPercent: number, usedGib: number): Pick<NodeSpec, 'cpus' | 'memory' | 'disks'> => ({
  cpus: [{ title: 'AMD EPYC 9654', utilPercent, cores: 192, threads: 384, frequencyMhz: 3700, temperatureCelsius: 61, powerWatts: 412 }],
  memory: [{ totalBytes: 1511 * GIB, usedBytes: usedGib * GIB, availableBytes: (1511 - usedGib) * GIB, cachedBytes: 210 * GIB }],
  disks: [
    { title: '/', totalBytes: 894 * GIB, availableBytes: 401 * GIB },
    { title: '/scratch', totalBytes: 27_900 * GIB, availableBytes: 1900 * GIB },
  ],
});

const TRAIN = 'python train.py --bs=128 --epochs=100 --model=llama-70b --data=/scratch/c4 --resume';
const INFER = '/opt/llm/infer -m /models/phi-4-14b.safetensors --batch 4';
const EVAL = 'python eval.py --split=val --checkpoint=epoch_32.pt';

const FACTS = { exporterVersion: '0.21.0', samples: 214, bytes: 51_200, hasProcessFamily: true };

/** Four nodes, 26 GPUs. */
export const CLUSTER: readonly NodeSpec[] = [
  {
    ...machine(41, 611),
    gpus: gpus(
      [97, 61.2, 71, 611],
      [96, 79.0, 88, 690],
      [94, 60.1, 70, 602],
      [95, 60.3, 69, 598],
      [99, 61.0, 72, 640],
      [98, 60.9, 70, 622],
      [0, 40.6, 31, 116],
      [0, 0.4, 29, 71],
    ),
    procs: [
      ...[0, 1, 2, 3, 4, 5].map((gpu) => proc(10_000 + gpu, gpu, 'inureyes', 48, 2 * DAY + 3 * HOUR + 669 + gpu, TRAIN, { sm: 80 })),
      proc(20_000, 1, 'mira', 30.6, 53 * 60, INFER, { sm: 12 }),
      proc(21_000, 6, 'yeonji', 40.1, 26 * HOUR, 'python -m ipykernel_launcher -f kernel-7c1e.json', { cpu: 0.3 }),
      proc(22_000, 0, 'root', 9, 25 * 60, '/usr/local/bin/gpu_burn -i 0 86400'),
      { pid: 900, user: 'mira', command: 'bash', cpu: 0, age: 99 },
    ],
    facts: FACTS,
    status: { latencyMs: 12 },
  },
  {
    ...machine(12, 120),
    gpus: gpus([61, 52.3, 55, 402], [58, 51.9, 54, 398], [0, 0.4, 30, 70], [0, 0.4, 30, 70], [0, 0.4, 30, 70], [0, 0.4, 30, 70]),
    procs: [
      proc(31_000, 0, 'mira', 51.2, 52 * 60, EVAL, { sm: 44 }),
      proc(31_000, 1, 'mira', 51.2, 52 * 60, EVAL, { sm: 41 }),
      proc(32_000, 2, '', 0.1, 12, '日本語の名前 --検証=第2回'),
    ],
    facts: FACTS,
    status: { latencyMs: 31, skewMs: 42_000 },
  },
  {
    state: 'overdue',
    at: new Date(2026, 7, 7, 14, 29, 2).getTime(),
    ...machine(30, 300),
    gpus: gpus([88, 70.1, 66, 580], [87, 70.4, 67, 585], [90, 70.2, 66, 590], [91, 70.0, 66, 591]),
    procs: [0, 1, 2, 3].map((gpu) => proc(41_000 + gpu, gpu, 'bob', 69, 5 * HOUR, TRAIN)),
    facts: FACTS,
    status: {
      latencyMs: 18,
      failures: 7,
      failingSince: new Date(2026, 7, 7, 14, 29, 5).getTime(),
      nextTryAt: new Date(2026, 7, 7, 14, 32, 19).getTime(),
      error: { code: 'S_REFUSED', text: 'connection refused' },
    },
  },
  {
    ...machine(55, 900),
    gpus: gpus(
      [77, 62, 63, 511],
      [76, 62, 63, 512],
      [75, 62, 63, 513],
      [0, 0.4, 30, 70],
      [0, 0.4, 30, 70],
      [0, 0.4, 30, 70],
      [0, 0.4, 30, 70],
      [0, 0.4, 30, 70],
    ),
    facts: { ...FACTS, exporterVersion: '0.14.0', hasProcessFamily: false },
    status: { latencyMs: 9 },
  },
];
