/** Rows that only some nodes export, recorded and read back, and the ones that all-smi records. */
import { expect, test } from '@jest/globals';
import { EXTRA_TABLES, type NodeExtras } from '../../../lib/model/columns.js';
import { Node } from '../../../lib/model/node.js';
import { NameTables, RecordedColumns } from '../../../lib/recording/play/recorded-columns.js';
import { readFrame, readLine, type DataLine } from '../../../lib/recording/format/decode.js';
import { frameLines, type FrameMeta } from '../../../lib/recording/format/encode.js';
import { FramePacker } from '../../../lib/recording/format/packed-frame.js';
import { SECTIONS, type Section } from '../../../lib/recording/format/schema.js';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import { ANSWERED_AT } from '../../helpers/hosts.js';
import { complaintsAbout } from '../../helpers/recording-validator.js';

const GPU = 'gpu="NVIDIA H100", instance="dgx-07", gpu_uuid="GPU-aa00", gpu_index="0"';
const TEXT = `all_smi_gpu_utilization{${GPU}} 97
all_smi_gpu_memory_total_bytes{${GPU}} 85520809984
all_smi_gpu_utilization{gpu="NVIDIA H100", instance="dgx-07", gpu_uuid="GPU-aa01", gpu_index="1"} 3
all_smi_nvlink_remote_device_type{${GPU}, link_index="0", remote_type="switch", bandwidth_mb_s="50000"} 1
all_smi_nvlink_remote_device_type{${GPU}, link_index="1", remote_type="quantum"} 1
all_smi_ane_utilization{${GPU}} 0
all_smi_gpu_gsp_firmware_mode{${GPU}} 1
all_smi_gpu_gsp_firmware_version_info{${GPU}, version="550.54.15"} 1
all_smi_gpu_mig_mode{${GPU}, host="dgx-07"} 1
all_smi_mig_instance_utilization_gpu{${GPU}, host="dgx-07", mig_instance="2", mig_uuid="MIG-0-2", mig_profile="2g.10gb", gpu_instance_id="3", compute_instance_id="0"} 57
all_smi_chassis_info{hostname="dgx-07", instance="dgx-07", product_name="DGX H100", vendor="NVIDIA"} 1
all_smi_chassis_power_watts{hostname="dgx-07", instance="dgx-07"} 5120.5
all_smi_chassis_inlet_temperature_celsius{hostname="dgx-07", instance="dgx-07"} 24
all_smi_chassis_fan_speed_rpm{hostname="dgx-07", instance="dgx-07", fan_id="0", fan_name="FAN1"} 8400
all_smi_energy_consumed_joules_total{host="dgx-07", scope="gpu", gpu_index="0", gpu_uuid="GPU-aa00"} 8431200.125
`;

function scraped(): Node {
  const parser = new Parsers().newParser();
  const record = new Node({ nodeId: '10.0.0.7:9090' }, parser.data);
  parser.push(Buffer.from(TEXT));
  parser.commit(ANSWERED_AT, 0);
  record.commit({ at: ANSWERED_AT });
  return record;
}

const META: FrameMeta = { at: ANSWERED_AT, offsetMinutes: 0, hostname: 'remote', include: new Set(SECTIONS) };
const lineOf = (node: Node, include: readonly Section[] = SECTIONS): string =>
  Buffer.concat(frameLines([node], { ...META, include: new Set(include) })[0] as Uint8Array[])
    .toString()
    .trimEnd();

function read(line: string): RecordedColumns {
  const frame = new FramePacker().pack(readFrame([readLine(line) as DataLine]));
  const tables = new NameTables();
  tables.add(frame);
  const columns = new RecordedColumns(tables);
  columns.load(frame, frame.nodes[0]!);
  return columns;
}

/** All content of the tables. */
const said = (extras: NodeExtras): object =>
  Object.fromEntries(
    EXTRA_TABLES.map((table) => {
      const rows = extras.rows(table);
      return [table, Array.from({ length: rows.count }, (_, row) => rows.families(row))];
    }),
  );

test('every table is read back unchanged', () => {
  const node = scraped();
  const line = lineOf(node);
  expect(complaintsAbout(line, '')).toEqual([]);
  const { extras } = read(line);
  expect(said(extras)).toEqual(said(node.extras));
  const chassis = extras.rows('chassis');
  expect([
    chassis.value(0, 'chassis_power_watts'),
    chassis.label(0, 'product_name'),
    chassis.value(0, 'none'),
    chassis.label(9, 'x'),
  ]).toEqual([5120.5, 'DGX H100', NaN, '']);
  expect(extras.rows('gpu').count).toBe(2);
});

test('more process identities than other tables have rows are read back, each in its place', () => {
  const parser = new Parsers().newParser();
  const node = new Node({ nodeId: '10.0.0.7:9090' }, parser.data);
  const rows = Array.from(
    { length: 9000 },
    (_, nth) => `all_smi_process_identity_info{pid="${nth + 1}", device_uuid="", job="${nth}"} 1\n`,
  );
  parser.push(Buffer.from(rows.join('')));
  parser.commit(ANSWERED_AT, 0);
  node.commit({ at: ANSWERED_AT });
  const { extras } = read(lineOf(node));
  expect(extras.rows('identity').count).toBe(9000);
  expect(said(extras)).toEqual(said(node.extras));
  expect(extras.rows('identity').label(8999, 'job')).toBe('8999');
  // They belong to the processes.
  expect(lineOf(node, ['gpu', 'cpu'])).not.toContain('identity');
});

test('values with a place in the format are there for other programs', () => {
  const { gpus, chassis } = JSON.parse(lineOf(scraped())) as { gpus: Record<string, unknown>[]; chassis: object[] };
  expect(gpus.map((gpu) => [gpu.ane_utilization, gpu.gsp_firmware_mode, gpu.gsp_firmware_version])).toEqual([
    [0, 1, '550.54.15'],
    [-1, null, null],
  ]);
  expect(gpus.map(({ nvlink_remote_devices }) => nvlink_remote_devices)).toEqual([
    [
      { bandwidth_mb_s: 50_000, link_index: 0, remote_type: 'switch' },
      { bandwidth_mb_s: null, link_index: 1, remote_type: 'unknown' },
    ],
    [],
  ]);
  expect(chassis).toEqual([
    {
      detail: { 'Product Name': 'DGX H100', Vendor: 'NVIDIA' },
      fan_speeds: [{ id: 0, max_rpm: 0, name: 'FAN1', speed_rpm: 8400 }],
      host_id: '10.0.0.7:9090',
      hostname: 'dgx-07',
      inlet_temperature: 24,
      instance: 'dgx-07',
      outlet_temperature: null,
      psu_status: [],
      thermal_pressure: null,
      time: '2026-08-07 14:32:03',
      total_power_watts: 5120.5,
    },
  ]);
});

test('tables belong to a section, and are recorded with it', () => {
  const tables = (include: readonly Section[]): string[] => [
    ...new Set((JSON.parse(lineOf(scraped(), include)) as { extras?: { table: string }[] }).extras?.map(({ table }) => table)),
  ];
  expect(tables(['gpu'])).toEqual(['gpu', 'mig', 'link', 'energy']);
  expect(tables(['chassis'])).toEqual(['chassis', 'fan', 'energy']);
});

test('reads the chassis and links of all-smi', () => {
  const line =
    '{"chassis":[{"detail":{"product_name":"DGX H100"},"fan_speeds":[{"id":0,"max_rpm":16000,"name":"FAN1","speed_rpm":8400}],"host_id":"dgx-07",' +
    '"hostname":"dgx-07","inlet_temperature":24.0,"instance":"dgx-07","outlet_temperature":41.5,"psu_status":[{"id":0,"name":"PSU1","power_watts":1280.0,' +
    '"status":"Ok"}],"thermal_pressure":null,"time":"2026-08-07 09:30:00","total_power_watts":5120.5}],"gpus":[{"detail":{},"host_id":"dgx-07","hostname":"dgx-07",' +
    '"instance":"dgx-07","nvlink_remote_devices":[{"bandwidth_mb_s":50000,"link_index":0,"remote_type":"switch"}],"uuid":"GPU-aa00"}],"hostname":"dgx-07","schema":1,"timestamp":"2026-08-07T00:30:00Z"}';
  const { extras } = read(line);
  const [chassis, fan, link] = [extras.rows('chassis'), extras.rows('fan'), extras.rows('link')];
  expect(
    ['chassis_power_watts', 'chassis_inlet_temperature_celsius', 'chassis_outlet_temperature_celsius'].map((family) =>
      chassis.value(0, family),
    ),
  ).toEqual([5120.5, 24, 41.5]);
  expect([chassis.label(0, 'product_name'), fan.label(0, 'fan_name'), fan.value(0, 'chassis_fan_speed_rpm')]).toEqual([
    'DGX H100',
    'FAN1',
    8400,
  ]);
  expect(['gpu_uuid', 'link_index', 'remote_type', 'bandwidth_mb_s'].map((name) => link.label(0, name))).toEqual([
    'GPU-aa00',
    '0',
    'switch',
    '50000',
  ]);
});

test('invalid rows are counted, and hostile ones are sanitized', () => {
  const extras = [
    { table: 'none', row: 0 },
    { table: 'mig', row: -1 },
    { host_id: 'h', table: 'mig', row: 0, readings: [7, { family: 5, value: 'x', labels: [['a'], ['b', 'c\u001b[31m'], 'd'] }] },
    { host_id: 'h', table: 'mig', row: 99_999 },
    // A gap that recorders never leave.
    { host_id: 'h', table: 'identity', row: 49_999 },
  ];
  const line = JSON.stringify({
    connections: [],
    extras: extras.map((extra) => ({ host_id: 'h', ...extra })),
    hostname: 'h',
    schema: 1,
    timestamp: '2026-08-07T00:30:00Z',
  });
  const frame = readFrame([readLine(line) as DataLine]);
  expect(frame.badRows).toBe(4);
  expect(read(line).extras.rows('mig').families(0)).toEqual([{ family: '', unit: '', value: NaN, labels: [['b', 'c[31m']] }]);
});
