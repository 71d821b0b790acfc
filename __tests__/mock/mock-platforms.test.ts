import { describe, expect, test } from '@jest/globals';
import { MOCK_OPTIONS } from '../../lib/options/options.js';
import type { GpuField, NodeData } from '../../lib/model/columns.js';
import { MOCK_PLATFORMS } from '../../lib/mock/mock.js';
import { NO_SWITCHES } from '../../lib/mock/mock-features.js';
import { METRICS, NAMESPACE } from '../../lib/exposition/schema/families.js';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { readExposition, type ReadFamily, type ReadSample } from '../helpers/exposition-reader.js';
import { mockTexts } from '../helpers/mock-texts.js';
import { hasPromtool, promtoolComplaints } from '../helpers/promtool.js';
import type { Switches } from '../../lib/mock/mock-types.js';

const textOf = (platform: string, switches: Partial<Switches> = {}): string => mockTexts(platform, { switches })[0]!;
function dataOf(text: string): NodeData {
  const parser = new Parsers().newParser();
  parser.push(Buffer.from(text));
  parser.commit(0, 0);
  return parser.data;
}
const ALL_SWITCHES: Switches = { vgpu: true, mig: true, hardware: true, topology: true };
const rows = (families: Map<string, ReadFamily>, name: string): readonly ReadSample[] => families.get(NAMESPACE + name)?.samples ?? [];
const values = (families: Map<string, ReadFamily>, name: string): number[] => rows(families, name).map(({ value }) => value);

describe.each(MOCK_PLATFORMS)('%s', (platform) => {
  // The reader of expositions throws when a family appears twice, or a sample has no family.
  test.each([NO_SWITCHES, ALL_SWITCHES, { ...NO_SWITCHES, hardware: true }])('a node has each family once: %j', (switches) => {
    const families = readExposition(textOf(platform, switches));
    expect(families.size).toBeGreaterThan(20);
    const series = [...families.values()].flatMap(({ samples }) => samples.map(({ line }) => line.replace(/ \S+$/, '')));
    expect(new Set(series).size).toBe(series.length);
  });

  test('a node sends only families listed in docs/METRICS.md', () => {
    // Those two are derived from the others.
    const known = new Set([...METRICS.map(({ name }) => name), 'memory_free_bytes', 'swap_free_bytes'].map((name) => NAMESPACE + name));
    expect([...readExposition(textOf(platform, ALL_SWITCHES)).keys()].filter((name) => !known.has(name))).toEqual([]);
  });

  (hasPromtool ? test : test.skip)('promtool accepts the text of a node (skipped where promtool is missing)', () => {
    expect(promtoolComplaints(textOf(platform, ALL_SWITCHES))).toEqual([]);
  });

  test('vendor families agree with the general ones', () => {
    const families = readExposition(textOf(platform));
    for (const [name, samples] of [...families].map(([name, { samples }]) => [name.slice(NAMESPACE.length), samples] as const)) {
      const [, maker, what = ''] = /^(gaudi|furiosa|tpu)_(?:aip_)?(.*)$/.exec(name) ?? [];
      const general = {
        utilization_percent: 'gpu_utilization',
        memory_used_bytes: 'gpu_memory_used_bytes',
        power_draw_watts: 'gpu_power_consumption_watts',
      }[what];
      if (maker === undefined || general === undefined) continue;
      expect(samples.map(({ value }) => value)).toEqual(maker === 'tpu' && general.includes('power') ? [] : values(families, general));
    }
  });

  test('the help of the command names it', () => {
    expect(MOCK_OPTIONS.platform.help).toMatch(new RegExp(`\\b${platform}\\b`));
  });
});

/** Which of temperature, power, power limit and clock the GPUs of a platform report, and how many GPUs a node has. */
test.each([
  ['nvidia', 8, 'NVIDIA B200 192GB HBM3', 'temperature power limit clock', 'Intel(R) Xeon(R) Platinum 8480C'],
  ['intel', 8, 'NVIDIA B200 192GB HBM3', 'temperature power limit clock', 'Intel(R) Xeon(R) Platinum 8480C'],
  ['amd', 8, 'NVIDIA B200 192GB HBM3', 'temperature power limit clock', 'AMD EPYC 9654 96-Core Processor'],
  ['jetson', 1, 'NVIDIA Jetson AGX Orin', 'temperature power limit clock', 'ARMv8 Processor rev 1 (v8l)'],
  ['apple', 1, 'Apple M2 Ultra', 'power clock', 'Apple M2 Ultra'],
  ['amdgpu', 8, 'AMD Instinct MI300X', 'temperature power limit clock', 'AMD EPYC 9654 96-Core Processor'],
  ['gaudi', 8, 'Intel Gaudi 3 HL-325L', 'temperature power limit', 'Intel(R) Xeon(R) Platinum 8480C'],
  ['tpu', 8, 'Google TPU v6e', '', 'Intel(R) Xeon(R) Platinum 8480C'],
  ['tenstorrent', 8, 'Tenstorrent Wormhole n300', 'temperature power limit clock', 'Intel(R) Xeon(R) Platinum 8480C'],
  ['rebellions', 8, 'RBLN-CA25', 'temperature power limit clock', 'Intel(R) Xeon(R) Platinum 8480C'],
  ['furiosa', 8, 'FuriosaAI RNGD', 'temperature power limit clock', 'Intel(R) Xeon(R) Platinum 8480C'],
])('%s: %i %s GPUs that report %s', (platform, count, name, reported, cpu) => {
  const data = dataOf(textOf(platform));
  const { gpus, cpus } = data;
  expect([gpus.count, data.text(gpus.name[0]!), cpus.title(0)]).toEqual([count, name, cpu]);
  const known = (field: GpuField): boolean[] => [...gpus.field[field].subarray(0, count)].map((value) => value >= 0);
  const fields = { temperature: 'temperatureCelsius', power: 'powerWatts', limit: 'powerLimitWatts', clock: 'frequencyMhz' } as const;
  for (const [word, field] of Object.entries(fields))
    expect([word, ...known(field)]).toEqual([word, ...Array<boolean>(count).fill(reported.split(' ').includes(word))]);
  for (const field of ['utilPercent', 'memoryUsedBytes', 'memoryTotalBytes'] as const) expect(known(field)).not.toContain(false);
});

describe('switches', () => {
  const read = (switches: Partial<Switches>, platform = 'nvidia'): Map<string, ReadFamily> => readExposition(textOf(platform, switches));
  const range = (count: number): number[] => Array.from({ length: count }, (_, nth) => nth);

  test.each(MOCK_PLATFORMS.filter((name) => !['nvidia', 'intel', 'amd'].includes(name)))('have no effect on %s', (platform) => {
    expect(textOf(platform, ALL_SWITCHES)).toBe(textOf(platform));
  });

  test('add families and change no others', () => {
    const [plain, more] = [read({}), read(ALL_SWITCHES)];
    for (const [name, { samples }] of plain) expect(more.get(name)?.samples).toEqual(samples);
  });

  test('vgpu: four on each GPU, about 70% of them in use', () => {
    const nodes = mockTexts('nvidia', { nodes: 40, switches: { vgpu: true } }).map(readExposition);
    const families = nodes[0]!;
    expect(rows(families, 'vgpu_host_mode').map(({ labels, value }) => [labels.gpu_index, labels.host_mode, value])).toEqual(
      range(8).map((gpu) => [String(gpu), 'Sriov', 1]),
    );
    expect(rows(families, 'vgpu_scheduler_state').map(({ labels, value }) => [labels.arr_supported, value])).toEqual(
      range(8).map(() => ['true', 2]),
    );
    expect(values(families, 'vgpu_scheduler_policy')).toEqual(range(8).map(() => 1));
    expect(rows(families, 'vgpu_active').map(({ labels }) => `${labels.gpu_index}-${labels.vgpu_id}`)).toEqual(
      range(32).map((nth) => `${nth >> 2}-${nth % 4}`),
    );
    const active = nodes.flatMap((node) => values(node, 'vgpu_active'));
    expect(Math.abs(active.reduce((sum, one) => sum + one, 0) / active.length - 0.7)).toBeLessThan(0.05);
    for (const [nth, value] of values(families, 'vgpu_active').entries()) {
      const [util, used, total] = ['vgpu_utilization', 'vgpu_memory_used_bytes', 'vgpu_memory_total_bytes'].map(
        (name) => values(families, name)[nth]!,
      );
      expect(total).toBe(48 * 2 ** 30);
      expect(used! <= total! && used! > 0 === (value === 1)).toBe(true);
      expect(util! > 0 && value === 0).toBe(false);
    }
  });

  test('mig: five on each GPU, none of which holds more than it has', () => {
    const families = read({ mig: true });
    expect(rows(families, 'gpu_mig_mode').map(({ labels, value }) => [labels.gpu_index, labels.host, value])).toEqual(
      range(8).map((gpu) => [String(gpu), 'node-0001', 1]),
    );
    const instances = rows(families, 'mig_instance_memory_total_bytes');
    expect(instances).toHaveLength(40);
    expect(instances.slice(5, 10).map(({ labels, value }) => [labels.mig_uuid, labels.mig_profile, value / 2 ** 30])).toEqual([
      ['MIG-mock-1-0', '1g.5gb', 5],
      ['MIG-mock-1-1', '1g.5gb', 5],
      ['MIG-mock-1-2', '2g.10gb', 10],
      ['MIG-mock-1-3', '3g.20gb', 20],
      ['MIG-mock-1-4', '7g.40gb', 40],
    ]);
    for (const [nth, used] of values(families, 'mig_instance_memory_used_bytes').entries())
      expect(used).toBeLessThanOrEqual(instances[nth]!.value);
  });

  test('hardware details: thresholds, NUMA nodes in turn, six links, firmware, P-state by load', () => {
    const families = read({ hardware: true });
    const threshold = (name: string): number[] => [...new Set(values(families, `gpu_temperature_threshold_${name}_celsius`))];
    expect(['slowdown', 'shutdown', 'max_operating', 'acoustic'].flatMap(threshold)).toEqual([90, 95, 87, 77]);
    expect(values(families, 'gpu_numa_node_id')).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    expect(
      rows(families, 'nvlink_remote_device_type').map(({ labels }) => `${labels.gpu_index}:${labels.link_index}:${labels.remote_type}`),
    ).toEqual(range(48).map((nth) => `${Math.floor(nth / 6)}:${nth % 6}:gpu`));
    expect(rows(families, 'gpu_gsp_firmware_version_info').map(({ labels }) => labels.version)).toEqual(range(8).map(() => '550.54.15'));
    expect([
      values(families, 'gpu_gsp_firmware_mode')[0],
      values(families, 'gpu_sm_occupancy')[0],
      values(families, 'gpu_memory_bandwidth_utilization')[0],
    ]).toEqual([1, 0.67, 0.42]);
    const states = mockTexts('nvidia', { nodes: 30, switches: { hardware: true } }).flatMap((text) => {
      const node = readExposition(text);
      return values(node, 'gpu_utilization').map((util, gpu) => [util, values(node, 'gpu_performance_state')[gpu]!] as const);
    });
    for (const [util, state] of states) expect([util, state]).toEqual([util, util > 50 ? 0 : util > 5 ? 2 : 8]);
    expect(new Set(states.map(([, state]) => state)).size).toBeGreaterThan(1);
  });

  test('topology: two halves, seven links to GPUs and one to a switch', () => {
    for (const families of [read({ topology: true }), read({ topology: true, hardware: true })]) {
      expect(values(families, 'gpu_numa_node_id')).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
      const links = rows(families, 'nvlink_remote_device_type');
      expect(links.slice(0, 8).map(({ labels }) => labels.remote_type)).toEqual([
        'gpu',
        'gpu',
        'gpu',
        'gpu',
        'gpu',
        'gpu',
        'gpu',
        'switch',
      ]);
      expect(links.map(({ labels }) => labels.bandwidth_mb_s)).toEqual(range(64).map(() => '50000'));
    }
    expect(read({ topology: true }).has(`${NAMESPACE}gpu_gsp_firmware_mode`)).toBe(false);
  });
});
