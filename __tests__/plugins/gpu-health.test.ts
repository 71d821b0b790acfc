/** What is wrong with GPUs, as people see it. */
import { test } from '@jest/globals';
import { Driver } from '../helpers/driver.js';
import { expectGolden } from '../helpers/golden.js';
import type { GpuSpec, NodeSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const gpu = (index: number, health: GpuSpec): GpuSpec => ({
  index,
  name: 'NVIDIA H100 80GB HBM3',
  uuid: `GPU-${index}`,
  temperatureCelsius: 60 + index,
  utilPercent: 90,
  memoryUsedBytes: 60 * GIB,
  memoryTotalBytes: 80 * GIB,
  powerWatts: 600,
  powerLimitWatts: 700,
  frequencyMhz: 1800,
  ...health,
});
const HOSTS: readonly NodeSpec[] = [
  {
    nodeId: '10.0.0.1:9400',
    name: 'gpu-a01',
    gpus: [
      gpu(0, { lastXid: 0, eccUncorrected: 0, eccCorrected: 4, rowsRemapped: 1, rowRemapFailed: 0, clockEvents: 4 }),
      gpu(1, { lastXid: 79, eccUncorrected: 0, rowRemapFailed: 0, clockEvents: 0 }),
      gpu(2, { lastXid: 48, eccUncorrected: 2, rowRemapPending: 1, rowRemapFailed: 0, clockEvents: 0x48 }),
      gpu(3, { rowRemapFailed: 1 }),
      gpu(4, {}),
    ],
  },
];

test.each([160, 80])('the All tab with details, %s columns', (cols) => {
  const driver = new Driver({ hosts: HOSTS, cols, rows: 24 });
  expectGolden('gpu-health', cols, 24, driver.press('z').frame());
});

test('the page of the node', () => {
  const driver = new Driver({ hosts: HOSTS, cols: 160, rows: 45 });
  expectGolden('gpu-health-node', 160, 45, driver.press('Enter').press('z').frame());
});
