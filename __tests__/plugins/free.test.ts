/** The Free tab. */
import { expect, test } from '@jest/globals';
import free from '../../plugins/free/index.js';
import { Driver, NOW } from '../helpers/driver.js';
import { expectGolden } from '../helpers/golden.js';
import type { GpuSpec, NodeSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const IDLE: GpuSpec = { name: 'NVIDIA H100 80GB HBM3', utilPercent: 0, memoryUsedBytes: 0, memoryTotalBytes: 80 * GIB };
const BUSY: GpuSpec = { ...IDLE, utilPercent: 97, memoryUsedBytes: 60 * GIB };
const HELD: GpuSpec = { ...IDLE, memoryUsedBytes: 40 * GIB };
const L40: GpuSpec = { ...IDLE, name: 'NVIDIA L40S', memoryTotalBytes: 48 * GIB };
const numbered = (gpus: readonly GpuSpec[]): readonly GpuSpec[] => gpus.map((gpu, index) => ({ ...gpu, index, uuid: `GPU-${index}` }));
const machine = (cpu: number, ramGib: number) => ({
  cpus: [{ cores: 64, utilPercent: cpu }],
  memory: [{ totalBytes: 512 * GIB, usedBytes: (512 - ramGib) * GIB }],
});
const on = (user: string, gpu: number, gib: number) => ({ pid: 100 + gpu, user, gpu, vram: gib * GIB, command: 'python' });
const REPORTING = { processScope: 'gpu' as const };

const HOSTS: readonly NodeSpec[] = [
  {
    name: 'gpu-01',
    groups: { rack: 'r1' },
    gpus: numbered([IDLE, BUSY, BUSY, HELD]),
    procs: [on('alice', 1, 60), on('alice', 2, 60), on('bob', 3, 40)],
    facts: REPORTING,
    ...machine(31, 200),
  },
  { name: 'gpu-02', groups: { rack: 'r1' }, gpus: numbered([IDLE, IDLE, IDLE, IDLE]), facts: REPORTING, ...machine(2, 500) },
  { name: 'gpu-03', groups: { rack: 'r2' }, gpus: numbered([IDLE, IDLE, L40, L40]), facts: REPORTING, ...machine(4, 490) },
  { name: 'gpu-04', groups: { rack: 'r2' }, gpus: numbered([IDLE, IDLE]), facts: { processScope: 'off' }, ...machine(4, 90) },
  { name: 'gpu-05', groups: { rack: 'r2' }, gpus: numbered([IDLE]), state: 'overdue', at: NOW - 90_000 },
  { name: 'gpu-06', state: 'waiting' },
];

/** The tab after a minute of scrapes, so that what is free has been so for long enough. */
function open(cols: number, rows: number): Driver {
  const driver = new Driver({ hosts: HOSTS, plugins: [free], cols, rows });
  for (let second = 3; second <= 63; second += 3) {
    driver.step(3000);
    for (const spec of HOSTS.slice(0, 4)) driver.scrape(spec.name!, spec);
  }
  return driver.press('O');
}

test.each([
  [200, 60],
  [120, 40],
  [80, 24],
] as const)('%ix%i', (cols, rows) => {
  expectGolden('free', cols, rows, open(cols, rows).frame());
});

test('how many GPUs are needed on one node', () => {
  const driver = open(120, 20);
  const need = (): string => /Nodes with at least .*$/m.exec(driver.frame())![0].trim();
  expect(need()).toBe('Nodes with at least 1 free GPU: 3 of 5 · < > changes how many you need');
  driver.press('<');
  expect(need()).toBe('Nodes with at least 1 free GPU: 3 of 5 · < > changes how many you need');
  driver.press('>', '>');
  expect(need()).toBe('Nodes with at least 3 free GPUs: 1 of 5 · < > changes how many you need');
  driver.press('>', '>');
  expect(need()).toBe('Nodes with at least 5 free GPUs: 0 of 5 · < > changes how many you need');
});

test('Enter opens the node', () => {
  expect(open(120, 30).press('Enter').frame()).toContain(' gpu-02 ');
});
