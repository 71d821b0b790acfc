/** Memory in use without process rows: the exporter runs without --processes, or cannot list the processes of that accelerator. */
import { describe, expect, test } from '@jest/globals';
import { mayLack, whyNotReporting } from '../../lib/model/node-view.js';
import { PROCESS_SUPPORT } from '../../lib/model/process-support.js';
import { PLATFORMS } from '../../lib/mock/mock-platforms.js';
import type { Platform } from '../../lib/mock/mock-types.js';
import { buildNodes, type GpuSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const gpu = (name: string, details: Readonly<Record<string, string>> = {}, used = 9 * GIB): GpuSpec => ({
  name,
  details,
  memoryUsedBytes: used,
});
const whyOf = (...gpus: readonly GpuSpec[]) =>
  whyNotReporting(buildNodes([{ gpus, facts: { hasProcessFamily: false, processScope: undefined } }])[0]!);

describe('memory in use without process rows', () => {
  test.each([
    ['NVIDIA H100 80GB HBM3', {}],
    ['NVIDIA H200', { type: 'GPU', lib_name: 'CUDA' }],
    ['NVIDIA Jetson AGX Orin', {}],
    ['Tenstorrent Wormhole n300', { type: 'NPU', lib_name: 'Luwen' }],
    ['AMD Instinct MI300X', { lib_name: 'ROCm' }],
    ['Intel(R) Data Center GPU Max 1550', {}],
    ['FuriosaAI RNGD', { type: 'NPU' }],
    ['RBLN-CA25', { lib_name: 'RBLN' }],
    ['ATOM-Max', {}],
    ['AWS Trainium1', { type: 'NPU' }],
    ['', {}],
    ['Some new accelerator', { type: 'NPU', lib_name: 'new' }],
    ['Output 5', {}],
  ])('%s %j: the exporter runs without --processes', (name, details) => {
    expect(whyOf(gpu(name, details))).toBe('no process export');
  });

  test.each([
    ['Intel Gaudi 3', { type: 'NPU', lib_name: 'Habana' }],
    ['HL-325L', {}],
    ['HL325', { lib_name: 'Habana' }],
    ['', { lib_name: 'Habana' }],
    ['Google TPU v5p', {}],
    ['TPU v4', {}],
    ['v6e', { type: 'TPU' }],
    ['v6e', { lib_name: 'libtpu' }],
    ['Apple M2 Ultra', { lib_name: 'Metal' }],
    ['M4 Max', { lib_name: 'Metal' }],
  ])('%s %j: processes cannot be listed, so its users are unknown', (name, details) => {
    expect(whyOf(gpu(name, details))).toBe('cannot list processes');
    expect(whyOf(gpu(name, details, GIB))).toBeUndefined();
  });

  test('an exporter for AMD GPUs may lack the library that it needs instead; only our own exporter says that it runs without --processes', () => {
    const lacks = (gpus: readonly GpuSpec[], processScope?: 'off') =>
      mayLack(buildNodes([{ gpus, facts: { hasProcessFamily: false, processScope } }])[0]!);
    const amd = gpu('AMD Instinct MI300X', { lib_name: 'ROCm' });
    expect(lacks([amd])).toBe('its AMD library');
    expect(lacks([amd], 'off')).toBeUndefined();
    expect(lacks([gpu('NVIDIA L4')])).toBeUndefined();
  });

  test('of several GPUs, one that can list processes decides; one with almost no memory in use does not', () => {
    const gaudi = gpu('Intel Gaudi 3');
    expect(whyOf(gaudi, gpu('NVIDIA L4'))).toBe('no process export');
    expect(whyOf(gaudi, gpu('NVIDIA L4', {}, GIB))).toBe('cannot list processes');
    expect(whyOf(gaudi, gpu('NVIDIA L4', {}, NaN))).toBe('cannot list processes');
    expect(whyOf()).toBeUndefined();
  });
});

test('the process scope of our own exporter decides, whatever the GPU', () => {
  const node = buildNodes([{ gpus: [gpu('Apple M2 Ultra')], facts: { hasProcessFamily: false, processScope: 'off' } }])[0]!;
  expect(whyNotReporting(node)).toBe('no process export');
});

test('the platforms of the mock; three vendors cannot list processes', () => {
  const none = ['gaudi', 'tpu', 'apple'];
  for (const [platform, { model, info }] of Object.entries<Platform>(PLATFORMS))
    expect([platform, whyOf(gpu(model?.name ?? 'NVIDIA H100', info))]).toEqual([
      platform,
      none.includes(platform) ? 'cannot list processes' : 'no process export',
    ]);
  expect(PROCESS_SUPPORT.filter(({ processes }) => processes === 'none').map(({ maker }) => maker)).toEqual(['Gaudi', 'TPU', 'Apple']);
});
