import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NO_IDENTITY } from '../../../lib/model/identity.js';
import type { NodeProcess, NodeSample } from '../../../lib/model/sample.js';
import { nodeText, waitingText } from '../../../lib/exposition/write/node-text.js';
import { readExposition } from '../../helpers/exposition-reader.js';
import { hasPromtool, promtoolComplaints } from '../../helpers/promtool.js';
import { capped } from '../../../lib/exposition/write/sample-families.js';

const SAMPLE: NodeSample = {
  at: 0,
  instance: 'n1',
  os: 'linux',
  arch: 'x86_64',
  gpus: [],
  scope: 'off',
  processes: undefined,
  cpu: undefined,
  memory: undefined,
  disks: [],
  sources: [],
};
const ROW: NodeProcess = {
  pid: 7,
  gpu: 0,
  gpuBytes: 5,
  smPercent: undefined,
  name: 'python',
  user: 'ann',
  command: 'python a.py',
  ageSeconds: 9.99,
  cpuPercent: undefined,
  residentBytes: undefined,
};
const lines = (sample: Partial<NodeSample>): string[] =>
  nodeText({ ...SAMPLE, ...sample }, '1.2.3')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

test('an empty collection has up and build_info', () => {
  const build = 'all_smi_build_info{instance="n1", hostname="n1", version="1.2.3", os="linux", arch="x86_64"} 1';
  expect(lines({})).toEqual(['all_smi_up{instance="n1", hostname="n1"} 1', build]);
  expect(waitingText(SAMPLE, '1.2.3').split('\n')).toContain('all_smi_up{instance="n1", hostname="n1"} 0');
});

test('a process has the labels in the order of all-smi, and its age in whole seconds', () => {
  const gpus = [{ index: 3, uuid: 'GPU-x', name: 'H100' }];
  const labels = 'pid="7", name="python", user="ann", device_id="3", gpu_index="3", device_uuid="GPU-x", command="python a.py"';
  expect(lines({ gpus, scope: 'gpu', processes: [ROW] }).filter((line) => line.includes('process'))).toEqual([
    'all_smi_process_export_info{instance="n1", scope="gpu"} 1',
    `all_smi_process_memory_used_bytes{${labels}} 5`,
    `all_smi_process_start_time_seconds{${labels}} 9`,
  ]);
});

test('the identity of a process comes after its readings, with known values only', () => {
  const gpus = [{ index: 3, uuid: 'GPU-x', name: 'H100' }];
  const identity = { ...NO_IDENTITY, scheduler: 'slurm', job: '211', step: '0', owner: 'a"b', ownerSource: 'job' };
  const processes = [
    { ...ROW, identity },
    { ...ROW, pid: 8 },
    { ...ROW, pid: 9, identity: NO_IDENTITY },
    { ...ROW, pid: 10, gpu: undefined, identity: { ...NO_IDENTITY, session: '42' } },
  ];
  expect(lines({ gpus, scope: 'all', processes }).filter((line) => line.includes('identity'))).toEqual([
    'all_smi_process_identity_info{pid="7", device_uuid="GPU-x", scheduler="slurm", job="211", step="0", owner="a\\"b", owner_source="job"} 1',
    'all_smi_process_identity_info{pid="10", device_uuid="", session="42"} 1',
  ]);
  const names = lines({ gpus, scope: 'all', processes }).map((line) => line.replace(/\{.*/, ''));
  expect(names.indexOf('all_smi_process_identity_info')).toBe(names.lastIndexOf('all_smi_process_start_time_seconds') + 1);
});

(hasPromtool ? test : test.skip)('promtool accepts identities, hostile ones too', () => {
  const hostile = ['a"b', 'line\nend', '\u001b[31m', '\\', '{x="y"}', '日本語', 'x'.repeat(5000)];
  const processes = hostile.map((job, nth) => ({ ...ROW, gpu: undefined, pid: nth + 1, identity: { ...NO_IDENTITY, job, unit: job } }));
  expect(promtoolComplaints(nodeText({ ...SAMPLE, scope: 'all', processes }, '1'))).toEqual([]);
});

test('a process on no GPU is on GPU 0 without a uuid', () => {
  const processes = [{ ...ROW, gpu: undefined, gpuBytes: 0, cpuPercent: 12.345, residentBytes: 4096 }];
  const labels = 'pid="7", name="python", user="ann", device_id="0", gpu_index="0", device_uuid="", command="python a.py"';
  expect(lines({ scope: 'all', processes }).slice(3)).toEqual([
    `all_smi_process_memory_used_bytes{${labels}} 0`,
    `all_smi_process_start_time_seconds{${labels}} 9`,
    `all_smi_process_cpu_percent{${labels}} 12.35`,
    `all_smi_process_resident_memory_bytes{${labels}} 4096`,
  ]);
});

test('readings of 0 are sent, missing ones are not', () => {
  const gpu = { index: 0, uuid: 'u', name: 'g', utilPercent: 0, powerWatts: undefined, performanceState: 0, memoryUsedBytes: 0 };
  const told = lines({ gpus: [gpu] }).filter((line) => line.includes('_gpu_'));
  expect(told.map((line) => line.replace(/\{.*\}/, ''))).toEqual([
    'all_smi_gpu_utilization 0',
    'all_smi_gpu_memory_used_bytes 0',
    'all_smi_gpu_performance_state 0',
    'all_smi_gpu_info 1',
  ]);
});

test('lists MIG devices of a GPU', () => {
  const part = {
    index: 2,
    uuid: 'MIG-1',
    profile: '2g.10gb',
    gpuInstance: 3,
    computeInstance: 0,
    memoryUsedBytes: 1,
    memoryTotalBytes: undefined,
  };
  const gpus = [{ index: 0, uuid: 'u', name: 'g', migEnabled: true, migDevices: [part] }];
  const base = 'gpu_index="0", gpu_uuid="u", gpu="g", instance="n1", host="n1"';
  const own = 'mig_instance="2", mig_uuid="MIG-1", mig_profile="2g.10gb", gpu_instance_id="3", compute_instance_id="0"';
  expect(lines({ gpus }).filter((line) => line.includes('mig_'))).toEqual([
    `all_smi_gpu_mig_mode{${base}} 1`,
    `all_smi_mig_instance_memory_used_bytes{${base}, ${own}} 1`,
  ]);
});

test('omits swap, buffers and cache if the machine has none', () => {
  const memory = {
    totalBytes: 1000,
    usedBytes: 250,
    availableBytes: 750,
    freeBytes: 1,
    buffersBytes: 0,
    cachedBytes: 0,
    swapTotalBytes: 0,
    swapUsedBytes: 0,
    swapFreeBytes: 0,
  };
  const names = (sample: Partial<NodeSample>): string[] => lines(sample).slice(2).map((line) => line.replace(/\{.*\}/, '').replace('all_smi_', '')); // prettier-ignore
  expect(names({ memory })).toEqual([
    'memory_total_bytes 1000',
    'memory_used_bytes 250',
    'memory_available_bytes 750',
    'memory_free_bytes 1',
    'memory_utilization 25.00',
  ]);
  expect(names({ memory: { ...memory, swapTotalBytes: 5, swapFreeBytes: 5, cachedBytes: 2 } }).slice(5)).toEqual([
    'memory_cached_bytes 2',
    'swap_total_bytes 5',
    'swap_used_bytes 0',
    'swap_free_bytes 5',
  ]);
});

describe('long labels', () => {
  const utf8 = (text: string): number => Buffer.byteLength(text);

  test('keep 256 bytes of a command, and give the number of omitted bytes', () => {
    expect(capped('x'.repeat(256), 256)).toBe('x'.repeat(256));
    expect(capped('x'.repeat(300), 256)).toBe(`${'x'.repeat(256)}...(44 bytes truncated)`);
    // Three bytes each: 85 of them are 255 bytes.
    expect(capped('日'.repeat(100), 256)).toBe(`${'日'.repeat(85)}...(45 bytes truncated)`);
    expect(capped('short', 256, 12)).toBe('short...(12 bytes truncated)');
  });

  test('the kept and the omitted bytes add up to the whole command', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, max) => {
        const clean = capped(text, Infinity);
        const [, kept = clean, missing = '0'] = /^(.*)\.\.\.\((\d+) bytes truncated\)$/su.exec(capped(text, max)) ?? [];
        expect(clean.startsWith(kept)).toBe(true);
        expect(utf8(kept) + Number(missing)).toBe(utf8(clean));
        expect(utf8(kept)).toBeLessThanOrEqual(max);
      }),
    );
  });
});

test('strict readers accept the text and read it back, whatever a process is called', () => {
  const nasty = fc.string({ unit: 'binary', maxLength: 40 });
  fc.assert(
    fc.property(fc.array(fc.record({ name: nasty, user: nasty, command: nasty }), { maxLength: 5 }), (texts) => {
      const processes = texts.map((text, pid) => ({ ...ROW, ...text, pid }));
      const families = readExposition(nodeText({ ...SAMPLE, scope: 'all', processes }, '1'));
      const back = families.get('all_smi_process_memory_used_bytes')?.samples ?? [];
      expect(back.map(({ labels }) => labels.command)).toEqual(processes.map(({ command }) => capped(command, 256)));
      expect(back.map(({ labels }) => labels.pid)).toEqual(processes.map(({ pid }) => String(pid)));
    }),
  );
});

(hasPromtool ? test : test.skip)('promtool accepts nasty names', () => {
  const command = `python "quoted" \\ back\\n =cmd|calc 日本 {brace} ${'x'.repeat(300)}`;
  expect(promtoolComplaints(nodeText({ ...SAMPLE, scope: 'all', processes: [{ ...ROW, command }] }, '1'))).toEqual([]);
});
