/** A thousand nodes of eight GPUs in racks and partitions, some of them with problems; the same on every run. */
import type { GpuSpec, NodeSpec } from './hosts.js';

const GIB = 2 ** 30;
const USERS = ['inureyes', 'yeonji', 'mira', 'bob', 'alice'];

const gpu = (index: number, utilPercent: number, usedGib: number, temperatureCelsius: number, powerWatts: number): GpuSpec => ({
  index,
  name: 'NVIDIA H100 80GB HBM3',
  utilPercent,
  memoryUsedBytes: usedGib * GIB,
  memoryTotalBytes: 80 * GIB,
  temperatureCelsius,
  powerWatts,
  powerLimitWatts: 700,
  frequencyMhz: 1980,
});

/**
 * Every 97th node is down, every 89th stale, every 113th never answered, every 71st hot, every 53rd held idle; a third of the rest is free.
 */
export function bigCluster(nodes = 1000, gpus = 8): readonly NodeSpec[] {
  return Array.from({ length: nodes }, (_, nth): NodeSpec => {
    const [held, hot] = [nth % 53 === 52, nth % 71 === 70];
    const busy = !held && nth % 3 !== 2;
    const state = nth % 97 === 96 ? 'overdue' : nth % 89 === 88 ? 'failing' : nth % 113 === 112 ? 'waiting' : 'live';
    const row = (index: number): GpuSpec => {
      if (held) return gpu(index, 0, 40, 31, 116);
      if (!busy) return gpu(index, 0, 0.4, 29, 71);
      return gpu(
        index,
        40 + ((nth * 7 + index * 13) % 60),
        30 + ((nth + index) % 49),
        hot && index === 3 ? 91 : 55 + (nth % 20),
        300 + (nth % 300),
      );
    };
    const owners = busy || held ? Array.from({ length: gpus }, (_none, at) => at) : [];
    return {
      state,
      groups: { rack: `r${String(1 + Math.floor(nth / 32))}`, partition: nth < nodes / 2 ? 'train' : 'serve' },
      gpus: Array.from({ length: gpus }, (_none, index) => row(index)),
      procs: owners.map((at) => ({
        pid: 1000 + at,
        gpu: at,
        user: USERS[(nth >> 2) % USERS.length]!,
        vram: 29 * GIB,
        age: 3600 * (1 + (nth % 40)),
      })),
      cpus: [{ utilPercent: 10 + (nth % 50), cores: 96 }],
      memory: [{ totalBytes: 1024 * GIB, usedBytes: (100 + (nth % 700)) * GIB }],
    };
  });
}
