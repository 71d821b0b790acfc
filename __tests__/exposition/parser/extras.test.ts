import { describe, expect, test } from '@jest/globals';
import type { ExtraTable } from '../../../lib/model/columns.js';
import { EXTRA_METRICS } from '../../../lib/exposition/schema/extra-families.js';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import type { ScrapeParser } from '../../../lib/exposition/parser/scanner.js';

const parser = (): ScrapeParser => new Parsers().newParser();
const say = (to: ScrapeParser, ...lines: readonly string[]): ScrapeParser => {
  to.push(Buffer.from(lines.map((line) => `all_smi_${line}\n`).join('')));
  to.commit(0, 0);
  return to;
};
const parsed = (...lines: readonly string[]): ScrapeParser => say(parser(), ...lines);

const L40 = 'gpu_index="0", gpu_uuid="GPU-aa00", gpu="NVIDIA L40S", instance="node-0001", host="node-0001"';
const H100 = 'gpu="NVIDIA H100", instance="n1", gpu_uuid="GPU-b", gpu_index="1"';

test('reads the samples of a GPU shared by virtual machines as the contract specifies them', () => {
  const { data } = parsed(
    `vgpu_host_mode{${L40}, host_mode="Sriov"} 1`,
    `vgpu_scheduler_state{${L40}, arr_supported="true"} 2`,
    `vgpu_memory_used_bytes{${L40}, vgpu_id="2", vgpu_uuid="u2", vgpu_vm_id="vm7", vgpu_type="L40S-12Q"} 4294967296`,
    `vgpu_utilization{${L40}, vgpu_id="2", vgpu_uuid="u2", vgpu_vm_id="vm7", vgpu_type="L40S-12Q"} 31`,
    `vgpu_utilization{${L40}, vgpu_id="0", vgpu_uuid="u0", vgpu_vm_id="vm1", vgpu_type="L40S-6Q"} 7`,
  );
  const gpu = data.extras.rows('gpu');
  expect([data.gpus.count, gpu.count]).toEqual([1, 1]);
  expect([gpu.value(0, 'vgpu_host_mode'), gpu.label(0, 'host_mode'), gpu.label(0, 'arr_supported')]).toEqual([1, 'Sriov', 'true']);
  const vgpu = data.extras.rows('vgpu');
  expect(vgpu.count).toBe(2);
  expect([0, 1].map((row) => [vgpu.label(row, 'vgpu_id'), vgpu.label(row, 'gpu_uuid'), vgpu.value(row, 'vgpu_utilization')])).toEqual([
    ['0', 'GPU-aa00', 7],
    ['2', 'GPU-aa00', 31],
  ]);
  expect(vgpu.families(1)).toEqual([
    {
      family: 'vgpu_memory_used_bytes',
      unit: 'bytes',
      value: 4_294_967_296,
      labels: [
        ['gpu_index', '0'],
        ['gpu_uuid', 'GPU-aa00'],
        ['gpu', 'NVIDIA L40S'],
        ['instance', 'node-0001'],
        ['host', 'node-0001'],
        ['vgpu_id', '2'],
        ['vgpu_uuid', 'u2'],
        ['vgpu_vm_id', 'vm7'],
        ['vgpu_type', 'L40S-12Q'],
      ],
    },
    expect.objectContaining({ family: 'vgpu_utilization', value: 31 }),
  ]);
});

test('lists MIG instances under their GPU in numeric order, and ignores numbers above 64', () => {
  const instance = (uuid: string, number: number, util: number): string =>
    `mig_instance_utilization_gpu{gpu_index="0", gpu_uuid="${uuid}", gpu="NVIDIA H100", mig_instance="${number}", mig_uuid="MIG-mock-0-${number}", mig_profile="2g.10gb", gpu_instance_id="3", compute_instance_id=""} ${util}`;
  const { data } = parsed(
    `gpu_mig_mode{gpu_index="0", gpu_uuid="GPU-a", gpu="NVIDIA H100"} 1`,
    instance('GPU-a', 2, 57),
    instance('GPU-a', 0, 5),
    instance('GPU-b', 2, 9),
    instance('GPU-a', 65, 1),
    instance('GPU-a', 2, 58),
    'mig_instance_utilization_gpu{gpu="NVIDIA H100", mig_instance="3"} 57',
  );
  const rows = data.extras.rows('mig');
  expect(
    Array.from({ length: rows.count }, (_, row) => [
      rows.label(row, 'gpu_uuid'),
      rows.label(row, 'mig_instance'),
      rows.value(row, 'mig_instance_utilization_gpu'),
    ]),
  ).toEqual([
    ['GPU-a', '0', 5],
    ['GPU-a', '2', 58],
    ['GPU-b', '2', 9],
  ]);
  expect([data.extras.rows('gpu').value(0, 'gpu_mig_mode'), rows.label(1, 'mig_profile'), rows.label(0, 'compute_instance_id')]).toEqual([
    1,
    '2g.10gb',
    '',
  ]);
});

test('reads links by GPU and number: the last line counts, and there are at most 32', () => {
  const link = (gpu: string, number: number, type: string, more = ''): string =>
    `nvlink_remote_device_type{${gpu}, link_index="${number}", remote_type="${type}"${more}} 1`;
  const { data } = parsed(
    link(H100, 1, 'gpu', ', bandwidth_mb_s="50000"'),
    link(H100, 0, 'gpu'),
    link(H100, 0, 'switch'),
    link(H100, 32, 'gpu'),
  );
  const rows = data.extras.rows('link');
  expect(
    Array.from({ length: rows.count }, (_, row) => [
      rows.label(row, 'link_index'),
      rows.label(row, 'remote_type'),
      rows.label(row, 'bandwidth_mb_s'),
    ]),
  ).toEqual([
    ['0', 'switch', ''],
    ['1', 'gpu', '50000'],
  ]);
});

test('reads CPU, fans, energy, environment, and the sources of the exporter', () => {
  const { data } = parsed(
    'chassis_info{hostname="n1", instance="n1", product_name="DGX H100", vendor="NVIDIA"} 1',
    'chassis_power_watts{hostname="n1", instance="n1"} 6543.21',
    'chassis_inlet_temperature_celsius{hostname="n1", instance="n1"} -3.5',
    'chassis_fan_speed_rpm{hostname="n1", fan_id="1", fan_name="rear"} 9000',
    'chassis_fan_speed_rpm{hostname="n1", fan_id="0", fan_name="front"} 8000',
    'chassis_fan_speed_rpm{hostname="n1", fan_id="2", fan_name="broken"} 100001',
    'energy_consumed_joules_total{host="n1", scope="gpu", gpu_index="1", gpu_uuid="GPU-b"} 17.5',
    'energy_consumed_joules_total{host="n1", scope="gpu", gpu_index="0", gpu_uuid="GPU-a"} 12.25',
    'energy_consumed_joules_total{host="n1", scope="cpu"} 3',
    'container_runtime_info{hostname="n1",runtime="containerd",container_id="abc"} 1',
    'kubernetes_pod_info{hostname="n1",pod_name="p",namespace="ml"} 1',
    'node_source_info{instance="n1", source="gpus", state="failed", reason="says \\"no\\""} 1',
  );
  const rows = (table: ExtraTable) => data.extras.rows(table);
  expect([
    rows('chassis').label(0, 'product_name'),
    rows('chassis').value(0, 'chassis_power_watts'),
    rows('chassis').value(0, 'chassis_inlet_temperature_celsius'),
  ]).toEqual(['DGX H100', 6543.21, -3.5]);
  expect([0, 1, 2].map((row) => [rows('fan').label(row, 'fan_name'), rows('fan').value(row, 'chassis_fan_speed_rpm')])).toEqual([
    ['front', 8000],
    ['rear', 9000],
    ['broken', NaN],
  ]);
  expect(
    [0, 1, 2].map((row) => [
      rows('energy').label(row, 'scope'),
      rows('energy').label(row, 'gpu_uuid'),
      rows('energy').value(row, 'energy_consumed_joules_total'),
    ]),
  ).toEqual([
    ['cpu', '', 3],
    ['gpu', 'GPU-a', 12.25],
    ['gpu', 'GPU-b', 17.5],
  ]);
  expect([rows('runtime').label(0, 'runtime'), rows('runtime').label(0, 'namespace'), rows('source').label(0, 'reason')]).toEqual([
    'containerd',
    'ml',
    'says "no"',
  ]);
});

test('assigns families of other vendors to their device by any of its labels', () => {
  const { data } = parsed(
    'gpu_utilization{gpu="Wormhole n300", instance="n1", gpu_uuid="tt-0", gpu_index="0"} 12',
    'tenstorrent_asic_temperature_celsius{npu="Wormhole n300", instance="n1", npu_uuid="tt-0", npu_index="0"} 58.5',
    'tenstorrent_board_info{npu="Wormhole n300", instance="n1", npu_uuid="tt-0", npu_index="0", board_type="n300", board_id="0x1"} 1',
    'npu_firmware_info{npu="RBLN", instance="n1", npu_uuid="r-1", npu_index="1", firmware="1.3.7"} 1',
  );
  const rows = data.extras.rows('gpu');
  expect([
    data.gpus.count,
    rows.value(0, 'tenstorrent_asic_temperature_celsius'),
    rows.label(0, 'board_type'),
    rows.label(1, 'firmware'),
  ]).toEqual([2, 58.5, 'n300', '1.3.7']);
  expect(rows.families(0).map(({ family }) => family)).toEqual(['tenstorrent_asic_temperature_celsius', 'tenstorrent_board_info']);
});

describe('from scrape to scrape', () => {
  const link = (type: string, bandwidth: number): string =>
    `nvlink_remote_device_type{${H100}, link_index="0", remote_type="${type}", bandwidth_mb_s="${bandwidth}"} 1`;

  test('values and labels are those of the last scrape, even if only a label changed', () => {
    const one = parsed(link('gpu', 1), 'chassis_power_watts{hostname="n1"} 1');
    const seen = (): unknown[] => [
      one.data.extras.rows('link').label(0, 'remote_type'),
      one.data.extras.rows('link').label(0, 'bandwidth_mb_s'),
      one.data.extras.rows('chassis').value(0, 'chassis_power_watts'),
    ];
    expect(seen()).toEqual(['gpu', '1', 1]);
    say(one, link('gpu', 1), 'chassis_power_watts{hostname="n1"} 2');
    expect(seen()).toEqual(['gpu', '1', 2]);
    say(one, link('gpu', 2), 'chassis_power_watts{hostname="n1"} 2');
    expect(seen()).toEqual(['gpu', '2', 2]);
    say(one, link('switch', 2), 'chassis_power_watts{hostname="n1"} 2');
    expect(seen()).toEqual(['switch', '2', 2]);
    say(one, 'chassis_power_watts{hostname="n1"} 3');
    expect([one.data.extras.rows('link').count, ...seen()]).toEqual([0, '', '', 3]);
  });

  test('a truncated body changes nothing', () => {
    const one = parsed(link('gpu', 1));
    one.push(Buffer.from(`all_smi_${link('switch', 9)}\n`));
    one.abort();
    expect(one.data.extras.rows('link').label(0, 'remote_type')).toBe('gpu');
  });
});

test('the number of rows is limited, and known rows are still updated', () => {
  const fans = (count: number, rpm: number): string[] =>
    Array.from({ length: count }, (_, fan) => `chassis_fan_speed_rpm{fan_id="${fan}"} ${rpm}`);
  const one = parsed(...fans(70, 1));
  expect([one.data.extras.rows('fan').count, one.data.facts.capsHit]).toEqual([64, ['fan rows']]);
  say(one, ...fans(70, 2));
  expect(one.data.extras.rows('fan').value(63, 'chassis_fan_speed_rpm')).toBe(2);
});

test('two labels form one key, whatever their values', () => {
  const { data } = parsed(
    'energy_consumed_joules_total{scope="a", gpu_uuid="bc"} 1',
    'energy_consumed_joules_total{scope="ab", gpu_uuid="c"} 2',
    `energy_consumed_joules_total{scope="${'x'.repeat(300)}", gpu_uuid="c"} 3`,
  );
  expect(data.extras.rows('energy').count).toBe(3);
});

test('engines and clock domains have one row per label of a GPU', () => {
  const { data } = parsed(
    `gpu_engine_utilization{${H100}, engine="render"} 12`,
    `gpu_engine_utilization{${H100}, engine="render (L0)"} 13`,
    `gpu_clock_domain_current_mhz{${H100}, domain="media (L0)"} 900`,
    `dla_power_watts{${H100}} 1001`,
    `gpu_memory_free_bytes{${H100}} 4096`,
  );
  const engines = data.extras.rows('engine');
  const values = Array.from({ length: engines.count }, (_, row) => [
    engines.label(row, 'engine'),
    engines.value(row, 'gpu_engine_utilization'),
  ]);
  expect(values).toEqual([
    ['render', 12],
    ['render (L0)', 13],
  ]);
  expect(data.extras.rows('clock').value(0, 'gpu_clock_domain_current_mhz')).toBe(900);
  expect(data.extras.rows('gpu').value(0, 'gpu_memory_free_bytes')).toBe(4096);
});

test('every family has a description and appears once', () => {
  const names = EXTRA_METRICS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(EXTRA_METRICS.every(({ about }) => about !== '')).toBe(true);
});
