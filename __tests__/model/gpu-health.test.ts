import { expect, test } from '@jest/globals';
import { gpuHealth } from '../../lib/model/gpu-health.js';
import { TestNode, type GpuSpec } from '../helpers/hosts.js';

const told = (gpu: GpuSpec): readonly string[] | undefined => {
  const { gpus } = new TestNode({ gpus: [gpu] });
  return gpuHealth(gpus, 0)?.map(({ id, level }) => `${id} ${level}`);
};

test.each<readonly [string, GpuSpec, readonly string[] | undefined]>([
  ['nothing that could tell', { utilPercent: 50, temperatureCelsius: 40 }, undefined],
  ['the last Xid says nothing of now', { lastXid: 79 }, undefined],
  ['all is well', { eccUncorrected: 0, rowRemapFailed: 0, clockEvents: 0 }, []],
  [
    'corrected errors, and rows that were remapped, are no trouble',
    { eccCorrected: 900, rowsRemapped: 3, rowsRemappedUncorrectable: 1, rowRemapPending: 0 },
    [],
  ],
  ['idle, an application’s clocks, the power limit, sync boost: no trouble', { clockEvents: 0x1 | 0x2 | 0x4 | 0x10 | 0x100 }, []],
  ['an uncorrected error', { eccUncorrected: 1 }, ['ecc_uncorrected warn']],
  ['rows to be remapped', { rowRemapPending: 1 }, ['row_remap_pending warn']],
  ['the driver slows it down for its temperature', { clockEvents: 0x20 | 0x4 }, ['sw_thermal_slowdown warn']],
  ['the hardware does, for that or for the power supply', { clockEvents: 0x8 | 0x40 }, ['hw_thermal_slowdown warn']],
  ['the same', { clockEvents: 0x8 | 0x80 }, ['hw_power_brake warn']],
  ['the hardware does, for a reason it does not give', { clockEvents: 0x8 }, ['hw_slowdown warn']],
  [
    'the worst comes first',
    { rowRemapPending: 1, rowRemapFailed: 1, eccUncorrected: 3 },
    ['row_remap_failed crit', 'ecc_uncorrected warn', 'row_remap_pending warn'],
  ],
])('%s', (_, gpu, expected) => {
  expect(told(gpu)).toEqual(expected);
});

test('in words', () => {
  const words = (gpu: GpuSpec): readonly string[] => gpuHealth(new TestNode({ gpus: [gpu] }).gpus, 0)!.map((one) => one.words);
  expect(words({ eccUncorrected: 1, clockEvents: 0x40 })).toEqual(['1 uncorrected ECC error', 'slowed down by temperature (hardware)']);
  expect(words({ eccUncorrected: 2 })).toEqual(['2 uncorrected ECC errors']);
});

test('a GPU that only its processes mention', () => {
  expect(gpuHealth(new TestNode({ gpus: [] }).gpus, 0)).toBeUndefined();
});
