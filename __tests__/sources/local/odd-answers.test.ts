/**
 * What nvidia-smi prints in the field in addition to good rows: none of it costs another GPU or process its row, and the reason is shown.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { setTimeout as pause } from 'node:timers/promises';
import { nodeText } from '../../../lib/exposition/write/node-text.js';
import { troubles, type NodeSample } from '../../../lib/model/sample.js';
import { Machine } from '../../../lib/sources/local/machine.js';
import { parseApps } from '../../../lib/sources/local/smi-apps.js';
import { GpuTable, GPU_QUERY } from '../../../lib/sources/local/smi-gpus.js';
import { PmonRounds } from '../../../lib/sources/local/smi-pmon.js';
import { gpuProcesses, occupied } from '../../../lib/sources/local/smi-rows.js';
import { parseDetails, parseMigNames } from '../../../lib/sources/local/smi-xml.js';
import { fixture, StandInMachine } from '../../helpers/captures.js';
import { SteppedClock } from '../../helpers/clock.js';
import { readExposition } from '../../helpers/exposition-reader.js';

const MIB = 1_048_576;
const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

const uuid = (nth: number): string => `GPU-aaaaaaaa-0000-0000-0000-00000000000${nth}`;
const gpu = (count: number, index: number): string =>
  `${count}, ${index}, ${uuid(index + 1)}, NVIDIA A100-SXM4-80GB, 550.90.07, 87, 40000, 81920, 61, 310.5, 400.0, 1410, P0, Disabled, 1593, 55, [N/A]`;
const LOST = 'Unable to determine the device handle for GPU 0000:41:00.0: Unknown Error';
const INFOROM = 'WARNING: infoROM is corrupted at gpu 0000:41:00.0';
const APPS = [`${uuid(1)}, 3001, python, 39990`, `${uuid(2)}, 3002, python3, 19990`];
const PMON = `# gpu         pid   type     sm    mem    enc    dec    jpg    ofa     fb   ccpm    command
# Idx           #    C/G      %      %      %      %      %      %     MB     MB    name
    0       3001     C     87     20      -      -      -      -  39990      0    python
    1       3002     C      -      -      -      -      -      -  19990      0    python3
`;
const XML = `<?xml version="1.0" ?>
<nvidia_smi_log>
<driver_version>550.90.07</driver_version>
<cuda_version>12.4</cuda_version>
<gpu id="1">
<uuid>${uuid(1)}</uuid>
<product_architecture>Ampere</product_architecture>
</gpu>
<gpu id="2">
<uuid>${uuid(2)}</uuid>
<product_architecture>Ampere</product_architecture>
</gpu>
</nvidia_smi_log>
`;

/** A node of two GPUs with a process on each. */
function field(files: Readonly<Record<string, string>> = {}): StandInMachine {
  const here = new StandInMachine();
  running.push({ stop: () => here.dispose() });
  here.write('proc/sys/kernel/hostname', 'node-a\n');
  here.write('proc/uptime', '100000.00 0.00\n');
  here.write('proc/stat', 'cpu  1 0 1 1 0 0 0 0 0 0\n');
  here.write('passwd', 'alice:x:1001:1::/:\nbob:x:1002:1::/:\n');
  here.process(3001, { uid: 1001, argv: ['python', 'train.py'], startTicks: 500_000 });
  here.process(3002, { uid: 1002, argv: ['python3', 'serve.py'], startTicks: 600_000 });
  here.process(3003, { uid: 1002, argv: ['trainer'], startTicks: 600_000 });
  here.write('now/gpu.txt', `${gpu(2, 0)}\n${gpu(2, 1)}\n`);
  here.write('now/apps.csv', `${APPS.join('\n')}\n`);
  here.write('now/pmon.txt', PMON);
  here.write('now/q.xml', XML);
  for (const [name, text] of Object.entries(files)) here.write(name, text);
  return here;
}

interface Rig {
  readonly clock: SteppedClock;
  read(ms?: number): Promise<NodeSample>;
}

/** A collection in vain gives up after `waitMs`: only then does the clock advance. */
function rig({ nvidiaSmi, procDir, passwdFile }: StandInMachine, waitMs = 10_000): Rig {
  const clock = new SteppedClock(1_000_000);
  const machine = new Machine({ nvidiaSmi, procDir, passwdFile, clock, intervalMs: 1000, scope: 'gpu', redact: true });
  running.push(machine);
  const read = async (ms = 0): Promise<NodeSample> => {
    clock.step(ms);
    const under = { way: true };
    const sample = machine.read().finally(() => (under.way = false));
    for (let waited = 0; under.way; waited += 5) {
      await pause(5);
      if (waited >= waitMs) clock.step(1000);
    }
    return sample;
  };
  return { clock, read };
}

/** pid, user, index of the GPU, MiB. */
const people = ({ processes, gpus }: NodeSample): unknown =>
  processes?.map(({ pid, user, gpu: at, gpuBytes }) => [pid, user, gpus[at!]?.index, gpuBytes === undefined ? undefined : gpuBytes / MIB]);
const BOTH = [
  [3001, 'alice', 0, 39_990],
  [3002, 'bob', 1, 19_990],
];
const source = (sample: NodeSample, name: string): unknown => {
  const { state, reason } = sample.sources.find((one) => one.name === name)!;
  return { state, reason };
};
const exported = (
  sample: NodeSample,
  name: string,
): readonly { readonly value: number; readonly labels: Readonly<Record<string, string>> }[] =>
  readExposition(nodeText(sample, '1')).get(`all_smi_${name}`)?.samples ?? [];

describe('processes on the GPUs', () => {
  test('exit status 14 and an infoROM warning cost nothing, and the warning is the reason', async () => {
    const here = field({
      'now/apps.csv': `${APPS.join('\n')}\n${INFOROM}\n`,
      'apps.rc': '14',
      'now/q.xml': `${XML}${INFOROM}\n`,
      'q.rc': '14',
    });
    const sample = await rig(here).read();
    expect(people(sample)).toEqual(BOTH);
    expect(source(sample, 'gpu-processes')).toEqual({ state: 'ok', reason: INFOROM });
    expect(source(sample, 'gpu-details')).toEqual({ state: 'ok', reason: INFOROM });
    expect(troubles(sample.sources)).toContain(`GPU processes: ${INFOROM}`);
    expect(sample.gpus.map(({ details }) => details?.architecture)).toEqual(['Ampere', 'Ampere']);
  });

  test('a corrupted infoROM on a node without users', async () => {
    const sample = await rig(field({ 'now/apps.csv': `${INFOROM}\n`, 'apps.rc': '14' })).read();
    expect([people(sample), source(sample, 'gpu-processes')]).toEqual([[], { state: 'ok', reason: INFOROM }]);
  });

  test.each([
    '[Not Supported]',
    '[N/A], [N/A], [N/A], [N/A]',
    `${uuid(2)}, [N/A], [Not Found], [N/A]`,
    `${uuid(2)}, [Insufficient Permissions], [Insufficient Permissions], [N/A]`,
    LOST,
  ])('%s among the rows does not affect other rows', async (row) => {
    const sample = await rig(field({ 'now/apps.csv': `${APPS[0]!}\n${row}\n${APPS[1]!}\n` })).read();
    expect(people(sample)).toEqual(BOTH);
    expect(source(sample, 'gpu-processes')).toEqual({ state: 'partial', reason: `1 of 3 lines: ${row}` });
  });

  test('a line end in the name of a process', async () => {
    const sample = await rig(field({ 'now/apps.csv': `${APPS.join('\n')}\n${uuid(2)}, 3003, my\ntrainer, 500\n` })).read();
    expect(people(sample)).toEqual([...BOTH, [3003, 'bob', 1, 500]]);
    expect(source(sample, 'gpu-processes')).toEqual({ state: 'ok', reason: '' });
  });

  test('memory that is not reported leaves no sample, and the process is listed', async () => {
    const sample = await rig(field({ 'now/apps.csv': `${uuid(1)}, 3001, python, [N/A]\n` })).read();
    expect(people(sample)).toEqual([[3001, 'alice', 0, undefined]]);
    expect(exported(sample, 'process_memory_used_bytes')).toEqual([]);
    expect(exported(sample, 'process_start_time_seconds')).toMatchObject([
      { value: 95_000, labels: { pid: '3001', user: 'alice', device_uuid: uuid(1), command: 'python train.py' } },
    ]);
  });

  test('output without a row is an error, with the text as the reason', async () => {
    for (const words of ['[Not Supported]', '[N/A], [N/A], [N/A], [N/A]', LOST]) {
      const sample = await rig(field({ 'now/apps.csv': `${words}\n` })).read();
      expect([sample.processes, source(sample, 'gpu-processes')]).toEqual([undefined, { state: 'failed', reason: words }]);
      expect(exported(sample, 'process_export_info')).toEqual([]);
    }
  });
});

describe('a GPU off the bus', () => {
  const four = `${gpu(4, 0)}\n${LOST}\n${gpu(4, 3)}\n`;

  test.each([
    ['nvidia-smi continues', {}],
    ['nvidia-smi ends after each round', { 'gpu.rc': '255' }],
  ])('%s: the others and its process are reported, and the reason is shown', async (_, files) => {
    const here = field({ ...files, 'now/gpu.txt': four });
    const { read } = rig(here);
    let sample = await read();
    for (let round = 0; round < 3; round++) {
      here.speak();
      sample = await read(1000);
    }
    expect(sample.gpus.map(({ index, uuid: id, utilPercent }) => [index, id, utilPercent])).toEqual(
      expect.arrayContaining([
        [0, uuid(1), 87],
        [3, uuid(4), 87],
      ]),
    );
    expect(source(sample, 'gpus')).toEqual({ state: 'partial', reason: `no data for 2 of 4 GPUs: ${LOST}` });
    expect(sample.processes?.map(({ pid, gpu: at }) => [pid, sample.gpus[at!]?.uuid])).toEqual([
      [3001, uuid(1)],
      [3002, uuid(2)],
    ]);
    expect(exported(sample, 'gpu_utilization').map(({ labels }) => labels.gpu_uuid)).toEqual([uuid(1), uuid(4)]);
  });

  test('lost later: it stays in the list without readings, in its position', async () => {
    const here = field();
    const { read } = rig(here);
    await read();
    here.write('now/gpu.txt', `${gpu(2, 0)}\n${LOST}\n`);
    for (let round = 0; round < 5; round++) {
      here.speak();
      await pause(50);
      await read(1000);
    }
    const sample = await read();
    expect(sample.gpus.map(({ index, utilPercent }) => [index, utilPercent])).toEqual([
      [0, 87],
      [1, undefined],
    ]);
    expect(people(sample)).toEqual(BOTH);
    expect(source(sample, 'gpus')).toEqual({ state: 'partial', reason: `no data for 1 of 2 GPUs: ${LOST}` });
  });
});

describe('bad answers are not silence', () => {
  const words = 'Unable to determine the device handle for GPU0000:41:00.0: GPU is lost.  Reboot the system to recover this GPU';

  test('an error every second: the source fails with it, the process keeps running, and processes are known', async () => {
    const here = field({ 'now/gpu.txt': `${words}\n` });
    const { read } = rig(here);
    await read();
    // The clock advances only when the output has arrived, however slow the machine is.
    const spoken = async (): Promise<void> => {
      const before = here.outputs;
      here.speak();
      while (here.outputs === before) await pause(5);
      await pause(20);
    };
    for (let round = 0; round < 20; round++) {
      await spoken();
      await read(5000);
    }
    await spoken();
    const sample = await read();
    expect(source(sample, 'gpus')).toEqual({ state: 'failed', reason: words });
    expect(here.started.filter((line) => line.includes('--query-gpu'))).toHaveLength(1);
    expect(sample.processes?.map(({ pid }) => pid)).toEqual([3001, 3002]);
    expect(exported(sample, 'gpu_utilization')).toEqual([]);
  });

  test('a GPU without a uuid is a GPU with its processes', async () => {
    const orin = '1, 0, [N/A], Orin (nvgpu), 540.4.0, 12, [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A]';
    const sample = await rig(field({ 'now/gpu.txt': `${orin}\n`, 'now/apps.csv': `${APPS[0]!}\n` })).read();
    expect(sample.gpus).toMatchObject([{ index: 0, uuid: 'node-a-gpu-0', name: 'Orin (nvgpu)', utilPercent: 12 }]);
    expect(source(sample, 'gpus')).toEqual({ state: 'ok', reason: '' });
    expect(people(sample)).toEqual([[3001, 'alice', 0, 39_990]]);
  });

  test('a failed driver is the reason, and no GPU is free', async () => {
    const sample = await rig(field({ 'now/gpu.txt': `${LOST}\n`, 'gpu.rc': '255' })).read();
    expect(sample.processes).toBeUndefined();
    expect(exported(sample, 'node_source_info').map(({ labels }) => [labels.source, labels.state, labels.reason])).toEqual([
      ['gpus', 'failed', LOST],
    ]);
  });

  test('a hang is one reason while it lasts', async () => {
    const { read } = rig(field({ 'gpu.hang': '' }), 100);
    const reasons = new Set<string>();
    for (let round = 0; round < 60; round++) for (const line of troubles((await read(3000)).sources)) reasons.add(line);
    expect([...reasons]).toEqual(['GPUs: no response for more than 10 s']);
  });

  test('repeated exits with the same error are one reason', async () => {
    const here = field({ 'now/gpu.txt': `${gpu(2, 0)}\n${gpu(2, 1)}\n`, 'gpu.rc': '3' });
    const { read } = rig(here);
    const reasons = new Set<string>();
    await read();
    for (let round = 0; round < 10; round++) {
      const before = here.said.gpu;
      let sample = await read(1000);
      // On a slow machine the exit of the last process is noticed late: the next collection then starts another one.
      for (let waited = 5; here.said.gpu === before; waited += 5) {
        await pause(5);
        if (waited % 500 === 0) sample = await read();
      }
      await pause(20);
      if (round > 0) reasons.add(JSON.stringify(source(sample, 'gpus')));
    }
    expect([...reasons]).toEqual([JSON.stringify({ state: 'partial', reason: 'exit status 3' })]);
  });
});

/** Lines from user reports, or lines that a fault of a driver, a terminal or a disk could produce. */
const ODDITIES: readonly string[] = [
  '',
  '   ',
  '[N/A]',
  '[Not Supported]',
  '[Not Found]',
  '[Unknown Error]',
  '[Insufficient Permissions]',
  '[GPU requires reset]',
  '[GPU is lost]',
  'ERR!',
  '-',
  '[N/A], [N/A], [N/A], [N/A]',
  `${uuid(9)}, [N/A], [Not Found], [N/A]`,
  `${uuid(9)}, [Insufficient Permissions], [Insufficient Permissions], [N/A]`,
  '2, [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A]',
  LOST,
  'Unable to determine the device handle for GPU0000:41:00.0: GPU is lost.  Reboot the system to recover this GPU',
  INFOROM,
  'WARNING: Retrieving MIG device failed',
  'Failed to initialize NVML: Driver/library version mismatch',
  'NVML library version: 580.95',
  "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
  'No devices were found',
  'No running processes found',
  'Not supported on the device(s)',
  'Killed',
  '\uFEFF# gpu',
  '\u0000\u0001\u0002',
  '\uFFFD\uFFFD, \uFFFD, \uFFFD',
  ', , , , , , , , , , , , , ',
  '    0          -     -      -      -      -      -      -      -      -      -    -              ',
  '</gpu>',
  '<gpu id="9">',
  '}{"; DROP TABLE gpus; --',
  'x'.repeat(70_000),
];

/** The output for a node of four GPUs, one of them divided: a process on each, two on the last. */
const TOLD = {
  gpu: [0, 1, 2, 3].map((index) => (index === 3 ? gpu(4, 3).replace('Disabled', 'Enabled').replace('87', '[N/A]') : gpu(4, index))),
  apps: [
    `${uuid(1)}, 101, python, 100`,
    `${uuid(2)}, 102, a, b, 200`,
    `${uuid(3)}, 103, /usr/bin/c d, [N/A]`,
    'MIG-11111111-2222-3333-4444-000000000001, 104, python, 400',
    'MIG-11111111-2222-3333-4444-000000000002, 105, python, 500',
  ],
  pmon: [
    ...PMON.split('\n').slice(0, 2),
    ...[101, 102, 103].map(
      (pid, at) => `    ${at}    ${pid}     C     ${at + 20}      5      -      -      -      -   9772      0    python        `,
    ),
    '    2    106     G      3      5      -      -      -      -     77      0    Xorg          ',
  ],
  xml: [
    ...fixture('h100-static/q.xml').split('\n').slice(0, 8),
    ...[1, 2, 3].flatMap((nth) => [
      `\t<gpu id="${nth}">`,
      `\t\t<uuid>${uuid(nth)}</uuid>`,
      '\t\t<vbios_version>96.00</vbios_version>',
      '\t</gpu>',
    ]),
    '\t<gpu id="4">',
    `\t\t<uuid>${uuid(4)}</uuid>`,
    '\t\t<mig_devices>',
    ...[0, 1].flatMap((index) => [
      '\t\t\t<mig_device>',
      `\t\t\t\t<index>${index}</index>`,
      '\t\t\t\t<fb_memory_usage>',
      '\t\t\t\t\t<total>100 MiB</total>',
      '\t\t\t\t</fb_memory_usage>',
      '\t\t\t</mig_device>',
    ]),
    '\t\t</mig_devices>',
    '\t</gpu>',
    '</nvidia_smi_log>',
  ],
  list: [
    ...[0, 1, 2, 3].map((index) => `GPU ${index}: NVIDIA A100 (UUID: ${uuid(index + 1)})`),
    '  MIG 3g.40gb     Device  0: (UUID: MIG-11111111-2222-3333-4444-000000000001)',
    '  MIG 3g.40gb     Device  1: (UUID: MIG-11111111-2222-3333-4444-000000000002)',
  ],
};
type Output = keyof typeof TOLD;

interface Made {
  /** By index. */
  readonly gpus: ReadonlyMap<number, string>;
  /** By pid: its GPU and its memory. */
  readonly processes: ReadonlyMap<number, string>;
}

/** The result of such outputs, combined as in a collection. */
function made(outputs: Readonly<Record<Output, readonly string[]>>): Made {
  const table = new GpuTable({ fields: GPU_QUERY, machine: 'node-a' });
  for (const line of outputs.gpu) table.push(line, 0);
  const { gpus: details } = parseDetails(outputs.xml.join('\n'));
  const names = parseMigNames(outputs.list.join('\n'));
  const listed = table.at(0, 1000, true).gpus.map((one) => {
    const more = details.find(({ uuid: id }) => id === one.uuid);
    const parts = names.get(one.uuid) ?? [];
    return { ...one, migDevices: (more?.migDevices ?? []).map((part) => ({ ...part, uuid: parts.find(({ index }) => index === part.index)?.uuid ?? '', profile: '' })) }; // prettier-ignore
  });
  const pmon = new PmonRounds(1000);
  for (const line of outputs.pmon) pmon.push(line, 0);
  const uuids = details.map(({ uuid: id }) => id);
  const known = {
    count: table.count,
    uuids,
    unnamed: (one: { readonly index: number; readonly uuid: string }) => one.uuid === `node-a-gpu-${one.index}`,
  };
  const { gpus, apps } = occupied(listed, parseApps(outputs.apps.join('\n')).rows, known);
  return {
    gpus: new Map(listed.map(({ index, uuid: id, memoryUsedBytes }) => [index, `${id} ${memoryUsedBytes ?? ''}`])),
    processes: new Map(gpuProcesses(gpus, apps, pmon.latest).map((row) => [row.pid, `${gpus[row.gpu]!.uuid} ${row.gpuBytes ?? ''}`])),
  };
}

test('a line for a GPU that no machine can have is no GPU', () => {
  const table = new GpuTable({ fields: GPU_QUERY, machine: 'node-a' });
  const line = (index: number): string => GPU_QUERY.map((field) => (field === 'index' ? index : field === 'uuid' ? `GPU-${index}` : 1)).join(', '); // prettier-ignore
  expect([1023, 1024, 4_000_000].map((index) => table.push(line(index), 0).kind)).toEqual(['data', 'words', 'words']);
  expect(table.at(0, 1000, true).gpus.map(({ index }) => index)).toEqual([1023]);
});

describe('any line of an output, replaced by any odd line', () => {
  const whole = made(TOLD);
  /** The process or the GPU that a line describes. */
  const about = (output: Output, at: number): { readonly pid?: number; readonly gpu?: number } => {
    if (output === 'gpu') return { gpu: at };
    if (output === 'apps') return { pid: 101 + at };
    return output === 'pmon' && at === 5 ? { pid: 106 } : {};
  };

  test('the original outputs have four GPUs and six processes', () => {
    expect([...whole.gpus.keys()]).toEqual([0, 1, 2, 3]);
    expect([...whole.processes.keys()].sort()).toEqual([101, 102, 103, 104, 105, 106]);
    expect(whole.processes.get(105)).toBe(`${uuid(4)} ${500 * MIB}`);
  });

  test('does not affect rows of other processes and GPUs', () => {
    const places = (Object.keys(TOLD) as Output[]).flatMap((output) => TOLD[output].map((_, at) => ({ output, at })));
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.constantFrom(...ODDITIES), fc.boolean(), ({ output, at }, oddity, carriage) => {
        const lines = TOLD[output].with(at, oddity).map((line) => (carriage ? `${line}\r` : line));
        const { gpus, processes } = made({ ...TOLD, [output]: lines });
        const own = about(output, at);
        for (const [index, told] of whole.gpus) if (index !== own.gpu) expect([index, gpus.get(index)]).toEqual([index, told]);
        for (const [pid, told] of whole.processes) {
          if (pid === own.pid) continue;
          expect([pid, processes.has(pid)]).toEqual([pid, true]);
          // The line may be the only one with its GPU, which is then unknown; but the process is never put on another GPU.
          const [place = '', bytes] = processes.get(pid)!.split(' ');
          expect(bytes).toBe(told.split(' ')[1]);
          if (!place.startsWith('MIG-')) expect([pid, place]).toEqual([pid, told.split(' ')[0]]);
        }
      }),
      { numRuns: 4000 },
    );
  });

  test('the same holds for running programs', async () => {
    const here = field();
    const { read } = rig(here);
    await read();
    const places = [...[0, 1].map((at) => ['gpu', at] as const), ...[0, 1].map((at) => ['apps', at] as const)];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.constantFrom(...ODDITIES), async ([output, at], oddity) => {
        const rows = output === 'gpu' ? [gpu(2, 0), gpu(2, 1)] : APPS;
        const before = here.said.gpu;
        here.write(output === 'gpu' ? 'now/gpu.txt' : 'now/apps.csv', `${rows.with(at, oddity).join('\n')}\n`);
        here.speak();
        while (here.said.gpu === before) await pause(2);
        const sample = await read(1000);
        here.write('now/gpu.txt', `${gpu(2, 0)}\n${gpu(2, 1)}\n`);
        here.write('now/apps.csv', `${APPS.join('\n')}\n`);
        const other = output === 'gpu' ? sample.gpus[1 - at]?.uuid : sample.processes?.find(({ pid }) => pid === 3002 - at)?.pid;
        expect(other).toBe(output === 'gpu' ? uuid(2 - at) : 3002 - at);
        if (output === 'gpu') expect(people(sample)).toEqual(BOTH);
      }),
      { numRuns: 40 },
    );
  });
});
