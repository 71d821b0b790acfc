/** Exporters up to 0.26 send some readings as labels of gpu_info. Newer ones have a family for each, which then takes precedence. */
import { expect, test } from '@jest/globals';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import { ANSWERED_AT } from '../../helpers/hosts.js';

const gpu = (index: number): string => `gpu="Card", instance="n1", gpu_uuid="U${index}", gpu_index="${index}"`;
const info = (index: number, labels: string): string => `all_smi_gpu_info{${gpu(index)}, type="GPU", ${labels}} 1\n`;

function parser() {
  const one = new Parsers().newParser();
  return {
    data: one.data,
    scrape(text: string) {
      one.push(Buffer.from(text));
      one.commit(ANSWERED_AT, 0);
      return one.data;
    },
  };
}

test('reads the power of the board and the fan', () => {
  const { gpus } = parser().scrape(info(0, 'card_power_watts="148.50", fan_speed="1600 RPM (40%)"'));
  expect([gpus.field.cardPowerWatts[0], gpus.field.fanRpm[0]]).toEqual([148.5, 1600]);
});

test('follows labels that change, appear and disappear between scrapes', () => {
  const { scrape } = parser();
  const card = (labels: string): number => scrape(info(0, labels)).gpus.field.cardPowerWatts[0]!;
  expect([
    card('brand="x"'),
    card('brand="x", card_power_watts="148.50"'),
    card('brand="x", card_power_watts="151.25"'),
    card('brand="x"'),
    card('brand="x", card_power_watts="N/A"'),
    card('brand="x", card_power_watts="7.00"'),
  ]).toEqual([NaN, 148.5, 151.25, NaN, NaN, 7]);
});

test('a family takes precedence over the label', () => {
  const family = `all_smi_gpu_card_power_watts{${gpu(0)}} 43\nall_smi_gpu_hotspot_temperature_celsius{${gpu(0)}} 88\n`;
  const { gpus, extras } = parser().scrape(
    family + info(0, 'card_power_watts="148.50", hotspot_temperature="71"') + info(1, 'card_power_watts="9"'),
  );
  expect([...gpus.field.cardPowerWatts.subarray(0, 2)]).toEqual([43, NaN]);
  expect(extras.rows('gpu').value(0, 'gpu_hotspot_temperature_celsius')).toBe(88);
  expect(
    extras
      .rows('gpu')
      .families(0)
      .map(({ family: name }) => name),
  ).toEqual(['gpu_hotspot_temperature_celsius']);
});

test('reads other values that older exporters send as labels', () => {
  const { extras, gpus } = parser().scrape(
    info(0, 'hotspot_temperature="71", memory_temperature="64 C", memory_clock="1800 MHz", memory_controller_activity="12%"') +
      info(
        1,
        'fan_speed="40%", free_memory="97076 MiB", engine__render="12.34%", engine__compute__l0_="5%", frequency__gpu__l0_="2400 MHz"',
      ) +
      info(
        2,
        'vdd_voltage="0.75", current="61.0", asic_temperature="55.5", vr_temperature="49", inlet_temperature="31.5", ai_clock="1000", arc_clock="540", axi_clock="900", combined_power_mw="12500"',
      ),
  );
  const said = (row: number): object =>
    Object.fromEntries(
      extras
        .rows('gpu')
        .families(row)
        .map(({ family, value }) => [family, value]),
    );
  expect(said(0)).toEqual({
    gpu_hotspot_temperature_celsius: 71,
    gpu_memory_temperature_celsius: 64,
    gpu_clock_memory_current_mhz: 1800,
    gpu_memory_controller_activity: 12,
  });
  // 97076 MiB.
  expect(said(1)).toEqual({ gpu_fan_duty_cycle: 40, gpu_memory_free_bytes: 101_791_563_776 });
  expect(said(2)).toEqual({
    tenstorrent_voltage_volts: 0.75,
    tenstorrent_current_amperes: 61,
    tenstorrent_asic_temperature_celsius: 55.5,
    tenstorrent_vreg_temperature_celsius: 49,
    tenstorrent_inlet_temperature_celsius: 31.5,
    tenstorrent_aiclk_mhz: 1000,
    tenstorrent_arcclk_mhz: 540,
    tenstorrent_axiclk_mhz: 900,
    combined_power_watts: 12.5,
  });
  const engines = extras.rows('engine');
  expect(
    [0, 1].map((row) => [engines.label(row, 'engine'), engines.label(row, 'gpu_uuid'), engines.value(row, 'gpu_engine_utilization')]),
  ).toEqual([
    ['render', 'U1', 12.34],
    ['compute (L0)', 'U1', 5],
  ]);
  const clocks = extras.rows('clock');
  expect([clocks.count, clocks.label(0, 'domain'), clocks.value(0, 'gpu_clock_domain_current_mhz')]).toEqual([1, 'gpu (L0)', 2400]);
  expect(Number.isNaN(gpus.field.fanRpm[1]!)).toBe(true);
});

test.each(['N/A', '', '65535', '1e3', '12 apples', '-4'])('a label of %j is not a reading', (text) => {
  const { extras, gpus } = parser().scrape(info(0, `card_power_watts="${text}", hotspot_temperature="${text}", fan_speed="${text}"`));
  expect(extras.rows('gpu').families(0)).toEqual([]);
  expect([gpus.field.cardPowerWatts[0], gpus.field.fanRpm[0]]).toEqual([NaN, NaN]);
});

test('families dropped by newer exporters are still read', () => {
  const npu = 'npu="Chip", instance="n1", npu_uuid="N0", npu_index="0"';
  const names = [
    ['npu_temperature_celsius', 61],
    ['npu_power_watts', 75],
    ['npu_power_draw_watts', 76],
    ['tenstorrent_outlet1_temperature_celsius', 44],
    ['tenstorrent_outlet2_temperature_celsius', 45],
    ['tenstorrent_power_raw_watts', 81],
    ['tenstorrent_power_limit_tdp_watts', 160],
    ['tenstorrent_power_limit_tdc_amperes', 190],
  ] as const;
  const { extras } = parser().scrape(names.map(([name, value]) => `all_smi_${name}{${npu}} ${value}\n`).join(''));
  expect(names.map(([name]) => [name, extras.rows('gpu').value(0, name)])).toEqual(names);
});

test('Neuron: 0 from an unavailable source is not a reading; from an available one it is', () => {
  const core = (index: number): string => `gpu="AWS Trainium1", instance="n1", gpu_uuid="neuron-1-nc${index}", gpu_index="${index}"`;
  const lines = [0, 1, 2].map(
    (index) =>
      `all_smi_gpu_utilization{${core(index)}} 0\nall_smi_gpu_memory_used_bytes{${core(index)}} 0\nall_smi_gpu_memory_total_bytes{${core(index)}} 17179869184\n`,
  );
  const source = (index: number, labels: string): string => `all_smi_gpu_info{${core(index)}, ${labels}} 1\n`;
  const text =
    lines.join('') +
    source(0, 'memory_usage_source="unavailable", utilization_source="unavailable"') +
    source(1, 'memory_usage_source="sysfs", utilization_source="neuron-monitor"');
  const { scrape } = parser();
  const seen = (body: string): number[][] => {
    const { field } = scrape(body).gpus;
    return [0, 1, 2].map((slot) => [field.utilPercent[slot]!, field.memoryUsedBytes[slot]!, field.memoryTotalBytes[slot]!]);
  };
  const expected = [[NaN, NaN, 17179869184], [0, 0, 17179869184], [0, 0, 17179869184]]; // prettier-ignore
  expect(seen(text)).toEqual(expected);
  expect(seen(text)).toEqual(expected);
  // The runtime starts.
  expect(seen(text.replace('unavailable', 'sysfs'))[0]).toEqual([NaN, 0, 17179869184]);
  expect(seen(text.replace(/(memory_used_bytes\{[^}]*nc0[^}]*\}) 0/, '$1 4096'))[0]).toEqual([NaN, 4096, 17179869184]);
});

test('Neuron: the exporter sends 0 bytes for every process because it cannot measure them; that is not a reading', () => {
  const gpu = (name: string, index: number): string =>
    `all_smi_gpu_memory_used_bytes{gpu="${name}", instance="n1", gpu_uuid="U${index}", gpu_index="${index}"} 4096\n`;
  const proc = (pid: number, index: number, value: number): string =>
    `all_smi_process_memory_used_bytes{instance="n1", pid="${pid}", user="", device_id="${index}", gpu_index="${index}", device_uuid="U${index}", command="c"} ${value}\n`;
  const text = gpu('AWS Trainium1', 0) + gpu('NVIDIA L4', 1) + proc(1, 0, 0) + proc(2, 1, 0) + proc(3, 0, 512);
  const { scrape } = parser();
  const seen = (body: string): number[][] => {
    const { procs } = scrape(body);
    return [0, 1, 2].map((row) => [procs.pid[row]!, procs.gpu[row]!, procs.vramBytes[row]!]);
  };
  const expected = [[1, 0, NaN], [2, 1, 0], [3, 0, 512]]; // prettier-ignore
  expect(seen(text)).toEqual(expected);
  expect(seen(text)).toEqual(expected);
  expect(seen(text.replaceAll('AWS Trainium1', 'NVIDIA L4'))[0]).toEqual([1, 0, 0]);
});
