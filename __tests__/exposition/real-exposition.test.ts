/** The real output of all-smi 0.28.1, and that all-smi could read our exposition of the same node. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { EXTRA_TABLES, GPU_FIELDS } from '../../lib/model/columns.js';
import type { NodeSample } from '../../lib/model/sample.js';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { METRICS } from '../../lib/exposition/schema/families.js';
import { nodeText } from '../../lib/exposition/write/node-text.js';
import { NameTables, RecordedColumns } from '../../lib/recording/play/recorded-columns.js';
import { readFrame, readLine, type DataLine } from '../../lib/recording/format/decode.js';
import { FramePacker } from '../../lib/recording/format/packed-frame.js';

const FOLDER = new URL('../fixtures/captures/all-smi-0.28/', import.meta.url);
const TEXT = readFileSync(new URL('040.prom', FOLDER), 'utf8');
const AT = Date.UTC(2026, 10, 27, 19, 32, 45);
const UUID = 'GPU-0b5e1a70-11aa-4c00-8000-0000000000a2';

/** Families that no screen needs, with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  all_smi_memory_free_bytes: 'the available memory is used instead',
};

const familiesOf = (text: string): readonly string[] => [...new Set(text.match(/^all_smi_\w+/gm))];

function parsed(text: string) {
  const parser = new Parsers().newParser();
  parser.push(Buffer.from(text));
  parser.commit(AT, 0);
  return parser.data;
}

describe('the exposition of all-smi', () => {
  test('has only families that are read, or omitted for a reason', () => {
    const read = new Set(METRICS.map(({ name }) => `all_smi_${name}`));
    const unread = familiesOf(TEXT).filter((family) => !read.has(family));
    expect(unread).toEqual(Object.keys(LEFT_OUT));
    expect(familiesOf(TEXT)).toHaveLength(45);
  });

  test('identifies the exporter, and has no line that cannot be read', () => {
    const { facts } = parsed(TEXT);
    expect(facts).toMatchObject({ instance: 'vm', exporterVersion: '0.28.1', up: true, hasProcessFamily: true, badLines: 0, capsHit: [] });
  });

  test('describes the GPU', () => {
    const data = parsed(TEXT);
    const { gpus } = data;
    expect([gpus.count, gpus.slots, gpus.index[0], data.text(gpus.uuid[0]!), data.text(gpus.name[0]!)]).toEqual([
      1,
      1,
      0,
      UUID,
      'NVIDIA H200',
    ]);
    const fields = Object.fromEntries(
      GPU_FIELDS.map((field) => [field, gpus.field[field][0]!]).filter(([, value]) => !Number.isNaN(value)),
    );
    expect(fields).toEqual({
      utilPercent: 100,
      memoryUsedBytes: 55_234_789_376,
      memoryTotalBytes: 150_754_820_096,
      temperatureCelsius: 64,
      powerWatts: 693.484,
      powerLimitWatts: 700,
      frequencyMhz: 1650,
      performanceState: 0,
      slowdownCelsius: 89,
      shutdownCelsius: 95,
      maxOperatingCelsius: 87,
    });
    const details = ['driver_version', 'cuda_version', 'architecture', 'pcie_gen_max', 'vbios_version', 'type', 'mig_mode_current'];
    expect(details.map((label) => gpus.detail(0, label))).toEqual(['580.159.04', '13.0', 'Hopper', '5', '96.00.A5.00.1A', 'GPU', '0']);
  });

  test('has values that are kept unchanged', () => {
    const { extras } = parsed(TEXT);
    const said = Object.fromEntries(
      EXTRA_TABLES.map((table) => {
        const rows = extras.rows(table);
        const all = Array.from({ length: rows.count }, (_, row) => rows.families(row).map(({ family, value }) => [family, value]));
        return [table, all.map((row) => Object.fromEntries(row) as object)] as const;
      }).filter(([, rows]) => rows.length > 0),
    );
    expect(said).toEqual({
      gpu: [
        {
          ane_utilization: 0,
          gpu_pcie_gen_current: 5,
          gpu_pcie_width_current: 16,
          gpu_clock_graphics_max_mhz: 1980,
          gpu_power_limit_current_watts: 700,
          gpu_gsp_firmware_mode: 2,
          gpu_gsp_firmware_version_info: 1,
        },
      ],
      cpu: [{}],
      socket: [{ cpu_socket_utilization: 16.09894561767578, cpu_socket_frequency_mhz: 2100 }],
      chassis: [{ chassis_info: 1, chassis_power_watts: 693.48 }],
      energy: [{ energy_consumed_joules_total: 15_615.533 }, { energy_consumed_joules_total: 15_615.533 }],
    });
    expect(extras.rows('gpu').families(0).find(({ family }) => family === 'gpu_gsp_firmware_version_info')?.labels).toContainEqual(['version', '580.159.04']); // prettier-ignore
    expect([0, 1].map((row) => extras.rows('energy').label(row, 'scope')).sort()).toEqual(['chassis', 'gpu']);
    expect(extras.rows('chassis').label(0, 'platform')).toBe('Linux');
  });

  test('describes the node', () => {
    const { cpus, cores, memory, disks } = parsed(TEXT);
    expect([cpus.count, cpus.title(0), cpus.value(0, 'utilPercent'), cpus.value(0, 'sockets'), cpus.value(0, 'cores')]).toEqual([
      1,
      'Intel(R) Xeon(R) Processor',
      16.09894561767578,
      1,
      16,
    ]);
    expect([cpus.value(0, 'threads'), cpus.value(0, 'frequencyMhz'), cpus.value(0, 'temperatureCelsius')]).toEqual([16, 2100, NaN]);
    expect([0, 1, 2].map((core) => cores.value(core, 'utilPercent'))).toEqual([25.329816818237305, 7.453416347503662, 4.248366355895996]);
    expect(
      (['totalBytes', 'usedBytes', 'availableBytes', 'buffersBytes', 'cachedBytes', 'utilPercent', 'swapTotalBytes'] as const).map(
        (field) => memory.value(0, field),
      ),
    ).toEqual([135_148_564_480, 2_275_332_096, 132_873_232_384, 67_706_880, 2_141_343_744, 1.6835784418092845, NaN]);
    expect([disks.title(0), disks.value(0, 'totalBytes'), disks.value(0, 'availableBytes')]).toEqual([
      '/',
      270_553_174_016,
      68_535_476_224,
    ]);
  });

  test('lists processes with user, start and memory; commands are sanitized, one process is on no GPU', () => {
    const data = parsed(TEXT);
    const { procs } = data;
    const rows = Array.from({ length: procs.count }, (_, row) => [
      procs.pid[row],
      data.userName(procs.user[row]!),
      procs.gpu[row],
      procs.vramBytes[row],
      procs.cpuPercent[row],
      Math.round(AT / 1000 - procs.ageSeconds[row]!),
    ]);
    expect(rows).toEqual([
      [2, 'root', -1, 0, 0, 1_795_807_867],
      [788, 'alice', 0, 42_584_768_512, 0.33, 1_795_807_907],
      [1510, 'bob', 0, 10_246_684_672, 98.17, 1_795_807_919],
      [2443, 'carol', 0, 2_382_364_672, 98.17, 1_795_807_934],
    ]);
    const commands = Array.from(procs.command.subarray(0, procs.count), (ref) => data.text(ref));
    expect(commands[1]).toContain('quoted "arg" \\ back naïve café 日本');
    expect(commands[3]).toMatch(
      /^\/opt\/torch\/\.venv\/bin\/python3 \/tmp\/train\.py 1500 busy 50 --name=@SUM\(A1:A9\) =cmd\|calc --esc=\]0;pwned$/,
    );
  });
});

test('equals the snapshot, as the only frame of a recording', () => {
  const snapshot = JSON.stringify(JSON.parse(readFileSync(new URL('snapshot.json', FOLDER), 'utf8')));
  const frame = new FramePacker().pack(readFrame([readLine(snapshot) as DataLine]));
  expect([frame.badRows, frame.nodes.map(({ nodeId }) => nodeId)]).toEqual([0, ['vm']]);
  const tables = new NameTables();
  tables.add(frame);
  const data = new RecordedColumns(tables);
  data.load(frame, frame.nodes[0]!);
  const { field } = data.gpus;
  expect([field.powerWatts[0], field.temperatureCelsius[0], field.frequencyMhz[0], field.memoryUsedBytes[0], field.powerLimitWatts[0]]).toEqual([79.893, 38, 345, 0, 700]); // prettier-ignore
  const gpu = data.extras.rows('gpu');
  expect(['gpu_pcie_gen_current', 'gpu_pcie_width_current', 'gpu_gsp_firmware_mode'].map((family) => gpu.value(0, family))).toEqual([
    5, 16, 2,
  ]);
  expect([gpu.label(0, 'version'), data.gpus.detail(0, 'driver_version'), data.gpus.detail(0, 'brand')]).toEqual(['580.159.04', '580.159.04', 'Nvidia']); // prettier-ignore
  expect([data.extras.rows('chassis').value(0, 'chassis_power_watts'), data.extras.rows('chassis').label(0, 'platform')]).toEqual([
    79.893,
    'Linux',
  ]);
  expect([data.cpus.value(0, 'cores'), data.memory.value(0, 'cachedBytes')]).toEqual([16, 2_255_589_376]);
});

/** The node in the text, as our own sources would report it. */
const SAMPLE: NodeSample = {
  at: AT,
  instance: 'vm',
  os: 'linux',
  arch: 'x86_64',
  gpus: [
    {
      index: 0,
      uuid: UUID,
      name: 'NVIDIA H200',
      utilPercent: 100,
      memoryUsedBytes: 55_234_789_376,
      memoryTotalBytes: 150_754_820_096,
      temperatureCelsius: 64,
      powerWatts: 693.484,
      powerLimitWatts: 700,
      powerLimitMaxWatts: 700,
      frequencyMhz: 1650,
      performanceState: 0,
      pcieGeneration: 5,
      pcieWidth: 16,
      slowdownCelsius: 89,
      shutdownCelsius: 95,
      maxOperatingCelsius: 87,
      graphicsMaxMhz: 1980,
      gspFirmwareVersion: '580.159.04',
      details: { driver_version: '580.159.04', cuda_version: '13.0', architecture: 'Hopper' },
    },
  ],
  scope: 'gpu',
  processes: [
    { pid: 788, gpu: 0, gpuBytes: 42_584_768_512, smPercent: 0, name: 'python3', user: 'alice', command: 'python3 "arg" \\ café', ageSeconds: 58, cpuPercent: 0.33, residentBytes: 1 }, // prettier-ignore
  ],
  cpu: { model: 'Intel(R) Xeon(R) Processor', vendor: 'Intel', utilPercent: 16.098, coreUtilPercent: [25.3], sockets: 1, cores: 16, threads: 16, frequencyMhz: 2100 }, // prettier-ignore
  memory: { totalBytes: 135_148_564_480, usedBytes: 2_275_332_096, availableBytes: 132_873_232_384, freeBytes: 130_860_027_904, buffersBytes: 67_706_880, cachedBytes: 2_141_343_744, swapTotalBytes: 0, swapUsedBytes: 0, swapFreeBytes: 0 }, // prettier-ignore
  disks: [{ mountPoint: '/', totalBytes: 270_553_174_016, availableBytes: 68_535_476_224 }],
  sources: [],
};

/** The rules of the reader in all-smi: one space, labels without braces, digits with one point, and length limits. */
const LINE = /^(all_smi_[a-z0-9_]{1,248})\{((?:[a-z_]+="(?:[^"\\{}\n]|\\["\\nr])*"(?:, (?!$))?)+)\} (\d+(?:\.\d+)?)$/;

describe('our exposition of the same node', () => {
  const ours = nodeText(SAMPLE, '0.1.0');
  const samples = (text: string): ReadonlyMap<string, number> =>
    new Map(
      text
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => {
          const found = LINE.exec(line);
          expect([line, found !== null && Buffer.byteLength(found[2]!) <= 1024]).toEqual([line, true]);
          return [found![1]!, Number(found![3])] as const;
        }),
    );

  test("follows the rules of all-smi's reader, as its own exposition does", () => {
    expect(samples(TEXT).size).toBe(45);
    expect(samples(ours).size).toBeGreaterThan(30);
  });

  test('has the same families with the same values', () => {
    const [theirs, own] = [samples(TEXT), samples(ours)];
    const differing = new Set(['cpu_utilization', 'cpu_core_utilization', 'memory_utilization', 'process_start_time_seconds'].map((name) => `all_smi_${name}`)); // prettier-ignore
    for (const [family, value] of own)
      if (theirs.has(family) && !differing.has(family) && !family.includes('_process_'))
        expect([family, value]).toEqual([family, theirs.get(family)]);
    const onlyOurs = [...own.keys()].filter((family) => !theirs.has(family));
    expect(onlyOurs).toEqual(['process_export_info', 'process_gpu_utilization', 'process_resident_memory_bytes'].map((name) => `all_smi_${name}`)); // prettier-ignore
  });

  test('omits filler values of drivers', () => {
    const gpu = { ...SAMPLE.gpus[0]!, powerWatts: 65_535, temperatureCelsius: 255, frequencyMhz: 4_294_967_295, utilPercent: 101, pcieWidth: 65_535, memoryTotalBytes: 0, performanceState: 32 }; // prettier-ignore
    const cpu = { ...SAMPLE.cpu!, utilPercent: -1, coreUtilPercent: [25.3, 65_535] };
    const text = nodeText({ ...SAMPLE, gpus: [gpu], cpu, processes: [{ ...SAMPLE.processes![0]!, smPercent: 65_535 }] }, '0.1.0');
    const gone = [
      'gpu_power_consumption_watts',
      'gpu_temperature_celsius',
      'gpu_frequency_mhz',
      'gpu_utilization',
      'gpu_pcie_width_current',
      'gpu_memory_total_bytes',
      'gpu_performance_state',
      'cpu_utilization',
      'process_gpu_utilization',
    ].map((name) => `all_smi_${name}`);
    expect(familiesOf(ours).filter((family) => !familiesOf(text).includes(family))).toEqual(expect.arrayContaining(gone));
    expect(familiesOf(ours).length - familiesOf(text).length).toBe(gone.length);
    expect(text.match(/^all_smi_cpu_core_utilization/gm)).toHaveLength(1);
  });
});
