/** Details and typed fields in recordings of all-smi 0.26 to 0.28, read from theirs and written to ours. */
import { expect, test } from '@jest/globals';
import { Node } from '../../lib/model/node.js';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { NameTables, RecordedColumns } from '../../lib/recording/play/recorded-columns.js';
import { readFrame, readLine, type DataLine } from '../../lib/recording/format/decode.js';
import { frameLines } from '../../lib/recording/format/encode.js';
import { FramePacker } from '../../lib/recording/format/packed-frame.js';
import { SECTIONS } from '../../lib/recording/format/schema.js';
import { ANSWERED_AT } from '../helpers/hosts.js';
import { complaintsAbout } from '../helpers/recording-validator.js';

function read(line: string): RecordedColumns {
  const frame = new FramePacker().pack(readFrame([readLine(line) as DataLine]));
  const tables = new NameTables();
  tables.add(frame);
  const columns = new RecordedColumns(tables);
  columns.load(frame, frame.nodes[0]!);
  return columns;
}

type Json = Readonly<Record<string, unknown>>;
const frame = (rows: Json): string => JSON.stringify({ hostname: 'n1', ...rows, schema: 1, timestamp: '2026-11-27T19:33:44Z' });
const row = (uuid: string, index: string, more: Json, detail: Json = {}): Json => ({
  hostname: 'n1',
  name: 'Card',
  uuid,
  ...more,
  detail: { index, ...detail },
});
const figures = (columns: RecordedColumns, slot: number): object =>
  Object.fromEntries(
    columns.extras
      .rows('gpu')
      .families(slot)
      .map(({ family, value }) => [family, value]),
  );

test('details of 0.28, whatever the order of the rows', () => {
  const dla = {
    dla_power_watts: '12.25',
    dla_clock_mhz: '1600',
    dla_max_frequency_mhz: '1800',
    dla_clock_memory_mhz: '4266',
    dla_temperature: '51',
  };
  const amd = {
    pcie_gen_current: '5',
    pcie_width_current: '16',
    clock_memory_current: '2619',
    card_power_watts: '148.50',
    'Fan Speed': '40%',
    'Free Memory': '97076 MiB',
    'Hotspot Temperature': '71',
    'Memory Temperature': '64',
    'Memory Controller Activity': '12',
    'Memory Type': 'Unified',
    Interconnect: 'NVLink-C2C',
    'Engine: render': '12.34%',
    'Engine: compute (L0)': '5.00%',
    'Frequency: gpu (L0)': '2400 MHz',
  };
  const columns = read(
    frame({
      gpus: [
        row('U1', '1', {}, amd),
        row('U0', '0', { dla_utilization: 37.5, gsp_firmware_mode: 2, gsp_firmware_version: '580.159.04', ane_utilization: -1 }, dla),
      ],
    }),
  );
  expect(figures(columns, 0)).toEqual({
    dla_utilization: 37.5,
    gpu_gsp_firmware_mode: 2,
    gpu_gsp_firmware_version_info: 1,
    dla_power_watts: 12.25,
    dla_frequency_mhz: 1600,
    dla_max_frequency_mhz: 1800,
    dla_clock_memory_mhz: 4266,
    dla_temperature_celsius: 51,
  });
  expect(figures(columns, 1)).toEqual({
    gpu_pcie_gen_current: 5,
    gpu_pcie_width_current: 16,
    gpu_clock_memory_current_mhz: 2619,
    gpu_fan_duty_cycle: 40,
    gpu_memory_free_bytes: 101_791_563_776,
    gpu_hotspot_temperature_celsius: 71,
    gpu_memory_temperature_celsius: 64,
    gpu_memory_controller_activity: 12,
  });
  expect(columns.gpus.field.cardPowerWatts[1]).toBe(148.5);
  expect(columns.gpus.detail(1, 'memory_type') + columns.gpus.detail(1, 'interconnect')).toBe('UnifiedNVLink-C2C');
  const engines = columns.extras.rows('engine');
  expect(
    [0, 1].map((at) => [engines.label(at, 'engine'), engines.label(at, 'gpu_uuid'), engines.value(at, 'gpu_engine_utilization')]),
  ).toEqual([
    ['render', 'U1', 12.34],
    ['compute (L0)', 'U1', 5],
  ]);
  expect(columns.extras.rows('clock').families(0)[0]).toMatchObject({ value: 2400, labels: [['domain', 'gpu (L0)'], ['gpu_uuid', 'U1'], ['gpu_index', '1']] }); // prettier-ignore
});

test('a fan in RPM, Rebellions and Tenstorrent', () => {
  const columns = read(
    frame({
      gpus: [
        row('U0', '0', { fan_speed_rpm: null }, { 'Fan Speed': '1450 RPM' }),
        row(
          'U1',
          '1',
          {},
          {
            'Serial ID': 'R1',
            Location: '7',
            'Firmware Version': '1.2',
            'KMD Version': '3.4',
            'Performance State': 'P14',
            Status: 'normal',
          },
        ),
        row(
          'U2',
          '2',
          {},
          {
            voltage: '0.75',
            current: '61',
            aiclk_mhz: '1000',
            vreg_temperature: '49',
            pcie_link_gen: '4',
            board_type: 'n300',
            board_id: 'b1',
          },
        ),
      ],
    }),
  );
  expect(columns.gpus.field.fanRpm[0]).toBe(1450);
  expect(figures(columns, 0)).toEqual({});
  const rows = columns.extras.rows('gpu');
  expect(['sid', 'location', 'firmware', 'version', 'pstate', 'status'].map((label) => rows.label(1, label))).toEqual([
    'R1',
    '7',
    '1.2',
    '3.4',
    'P14',
    'normal',
  ]);
  expect(rows.value(1, 'rebellions_status')).toBe(1);
  expect(figures(columns, 2)).toEqual({
    tenstorrent_voltage_volts: 0.75,
    tenstorrent_current_amperes: 61,
    tenstorrent_aiclk_mhz: 1000,
    tenstorrent_vreg_temperature_celsius: 49,
    tenstorrent_pcie_generation: 4,
    tenstorrent_board_info: 1,
  });
  expect([rows.label(2, 'board_type'), rows.label(2, 'board_id')]).toEqual(['n300', 'b1']);
});

test('the chassis, with keys in mixed case', () => {
  const detail = {
    'Product Name': 'DGX H100',
    Vendor: 'NVIDIA',
    Board: 'b',
    Version: '2',
    'BIOS Version': '1.4',
    platform: 'Linux',
    cpu_power_watts: '12.5',
    gpu_power_watts: '7',
    ane_power_watts: '0',
  };
  const chassis = read(
    frame({ chassis: [{ hostname: 'n1', detail, fan_speeds: [], thermal_pressure: 'Nominal', total_power_watts: 79.893 }] }),
  ).extras.rows('chassis');
  expect(
    ['product_name', 'vendor', 'board', 'version', 'bios_version', 'platform', 'level'].map((label) => chassis.label(0, label)),
  ).toEqual(['DGX H100', 'NVIDIA', 'b', '2', '1.4', 'Linux', 'Nominal']);
  expect(['power', 'cpu_power', 'gpu_power', 'ane_power'].map((name) => chassis.value(0, `chassis_${name}_watts`))).toEqual([
    79.893, 12.5, 7, 0,
  ]);
});

test('values of 0 that stand for missing ones: shares of processes, bytes of Neuron, counts and caches of remote nodes', () => {
  const rows = {
    hostname: 'remote',
    gpus: [
      row(
        'U0',
        '0',
        { utilization: 0, used_memory: 0, total_memory: 1024 },
        { memory_usage_source: 'unavailable', utilization_source: 'unavailable' },
      ),
      row('U1', '1', { utilization: 0, used_memory: 0, total_memory: 1024 }, { memory_usage_source: 'sysfs' }),
    ],
    cpus: [{ hostname: 'n1', cpu_model: 'c', socket_count: 0, total_cores: 0, total_threads: 0, base_frequency_mhz: 0, utilization: 0 }],
    memory: [
      {
        hostname: 'n1',
        total_bytes: 1024,
        used_bytes: 10,
        available_bytes: 1014,
        buffers_bytes: 0,
        cached_bytes: 0,
        swap_total_bytes: 0,
        swap_used_bytes: 0,
        utilization: 1,
      },
    ],
    processes: [{ pid: 1, device_uuid: 'U1', gpu_utilization: 0.0, used_memory: 512 }, { pid: 2, device_uuid: 'U1', gpu_utilization: 7.5, used_memory: 512 }], // prettier-ignore
  };
  const { gpus, procs, cpus, memory } = read(frame(rows));
  const { utilPercent, memoryUsedBytes } = gpus.field;
  expect([utilPercent[0], memoryUsedBytes[0], utilPercent[1], memoryUsedBytes[1]]).toEqual([NaN, NaN, 0, 0]);
  expect([...procs.smPercent.subarray(0, 2)]).toEqual([NaN, 7.5]);
  expect((['sockets', 'cores', 'threads', 'frequencyMhz', 'utilPercent'] as const).map((field) => cpus.value(0, field))).toEqual([
    NaN,
    NaN,
    NaN,
    NaN,
    0,
  ]);
  expect((['usedBytes', 'buffersBytes', 'cachedBytes'] as const).map((field) => memory.value(0, field))).toEqual([10, NaN, NaN]);
  // A node that records itself measures them.
  const local = read(frame({ ...rows, hostname: 'n1' }));
  expect((['buffersBytes', 'cachedBytes', 'swapTotalBytes'] as const).map((field) => local.memory.value(0, field))).toEqual([0, 0, 0]);
});

const GPU = 'gpu="Card", instance="n1", gpu_uuid="U0", gpu_index="0"';
const TEXT = `all_smi_dla_utilization{${GPU}} 37.5
all_smi_dla_power_watts{${GPU}} 12.254
all_smi_dla_frequency_mhz{${GPU}} 1600.4
all_smi_dla_temperature_celsius{${GPU}} 51
all_smi_gpu_card_power_watts{${GPU}} 148.5
all_smi_gpu_pcie_gen_current{${GPU}} 5
all_smi_gpu_pcie_width_current{${GPU}} 16
all_smi_gpu_clock_memory_current_mhz{${GPU}} 2619
all_smi_gpu_fan_duty_cycle{${GPU}} 40
all_smi_gpu_memory_free_bytes{${GPU}} 101791563776
all_smi_gpu_engine_utilization{${GPU}, engine="render"} 12.34
all_smi_gpu_clock_domain_current_mhz{${GPU}, domain="gpu (L0)"} 2400
all_smi_gpu_info{${GPU}, memory_type="Unified", dla_uuid="DLA-1"} 1
all_smi_gaudi_driver_info{${GPU}, version="1.18"} 1
all_smi_gpu_gsp_firmware_version_info{${GPU}, version="580.159.04"} 1
all_smi_chassis_info{hostname="n1", instance="n1", platform="Linux", product_name="DGX"} 1
all_smi_chassis_cpu_power_watts{hostname="n1", instance="n1"} 12.5
`;

function recorded(text: string): { readonly line: string; readonly gpu: Json; readonly chassis: Json } {
  const parser = new Parsers().newParser();
  const node = new Node({ nodeId: 'n1:9090' }, parser.data);
  parser.push(Buffer.from(text));
  parser.commit(ANSWERED_AT, 0);
  node.commit({ at: ANSWERED_AT });
  const lines = frameLines([node], { at: ANSWERED_AT, offsetMinutes: 0, hostname: 'remote', include: new Set(SECTIONS) });
  const line = Buffer.concat(lines[0] as Uint8Array[])
    .toString()
    .trimEnd();
  const { gpus, chassis } = JSON.parse(line) as { gpus: Json[]; chassis: Json[] };
  return { line, gpu: gpus[0]!, chassis: chassis[0]! };
}

test('our recordings have them under the same keys, and read the same without our own section', () => {
  const { line, gpu, chassis } = recorded(TEXT);
  expect(complaintsAbout(line, '')).toEqual([]);
  expect([gpu.dla_utilization, gpu.gsp_firmware_version]).toEqual([37.5, '580.159.04']);
  expect(gpu.detail).toEqual({
    'Engine: render': '12.34%',
    'Fan Speed': '40%',
    'Free Memory': '97076 MiB',
    'Frequency: gpu (L0)': '2400 MHz',
    'Memory Type': 'Unified',
    card_power_watts: '148.50',
    clock_memory_current: '2619',
    dla_clock_mhz: '1600',
    dla_power_watts: '12.25',
    dla_temperature: '51',
    dla_uuid: 'DLA-1',
    index: '0',
    instance_name: 'n1',
    pcie_gen_current: '5',
    pcie_width_current: '16',
  });
  expect(chassis.detail).toEqual({ 'Product Name': 'DGX', cpu_power_watts: '12.5', platform: 'Linux' });
  const { connections: _connections, extras: _extras, ...foreign } = JSON.parse(line) as Json;
  const columns = read(JSON.stringify(foreign));
  expect(figures(columns, 0)).toMatchObject({
    dla_utilization: 37.5,
    dla_power_watts: 12.25,
    gpu_pcie_gen_current: 5,
    gpu_memory_free_bytes: 101_791_563_776,
  });
  expect([columns.gpus.field.cardPowerWatts[0], columns.extras.rows('engine').value(0, 'gpu_engine_utilization')]).toEqual([148.5, 12.34]);
});

test('the GSP version comes only from its own family', () => {
  const others = TEXT.replace(/.*gsp_firmware_version.*\n/, '');
  expect(recorded(others).gpu.gsp_firmware_version).toBe(null);
  expect(recorded(`all_smi_gpu_info{${GPU}, version="9.9"} 1\n${others}`).gpu.gsp_firmware_version).toBe(null);
});

test('Neuron: 0 bytes of a process are not a reading; of a process on another device they are', () => {
  const { procs } = read(
    frame({
      gpus: [
        { ...row('U0', '0', { used_memory: 512 }), name: 'AWS Trainium1' },
        { ...row('U1', '1', { used_memory: 512 }), name: 'NVIDIA L4' },
      ],
      processes: [
        { pid: 1, device_uuid: 'U0', used_memory: 0 },
        { pid: 2, device_uuid: 'U1', used_memory: 0 },
        { pid: 3, device_uuid: 'U0', used_memory: 7 },
      ],
    }),
  );
  expect([...procs.vramBytes.subarray(0, 3)]).toEqual([NaN, 0, 7]);
});
