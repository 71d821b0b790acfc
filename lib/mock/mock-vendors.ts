/** Families that only one vendor's devices export. Their values agree with the general ones. */
import { labelBlock, type Family, type Sample } from '../exposition/write/families-text.js';
import { gauge } from '../exposition/write/gauges.js';
import { draw } from './random-walk.js';
import type { Device, Vendor } from './mock-types.js';

type Value = readonly [name: string, help: string, of: (device: Device) => number];
type Fact = readonly [name: string, help: string, labels: (device: Device) => Readonly<Record<string, string>>];

/** The vendors' families call the device an NPU. */
const npuLabels = ({ labels: { gpu, instance, gpu_uuid, gpu_index } }: Device): Record<string, string> => ({
  npu: gpu!,
  instance: instance!,
  npu_uuid: gpu_uuid!,
  npu_index: gpu_index!,
});

const values = (devices: readonly Device[], rows: readonly Value[], labelsOf = npuLabels): Family[] =>
  rows.map(([name, help, of]) =>
    gauge(
      name,
      help,
      devices.map((device): Sample => ({ labels: labelBlock(labelsOf(device)), value: of(device) })),
    ),
  );
const facts = (devices: readonly Device[], rows: readonly Fact[]): Family[] =>
  rows.map(([name, help, labels]) =>
    gauge(
      name,
      help,
      devices.map((device): Sample => ({ labels: labelBlock({ ...npuLabels(device), ...labels(device) }), value: 1 })),
    ),
  );

const util: Value[2] = ({ reading }) => reading.utilPercent;
const used: Value[2] = ({ reading }) => reading.memoryUsedBytes;
const total: Value[2] = ({ memoryBytes }) => memoryBytes;
const usedPercent: Value[2] = ({ reading, memoryBytes }) => round((100 * reading.memoryUsedBytes) / memoryBytes);
const watts: Value[2] = ({ reading }) => reading.powerWatts;
const celsius: Value[2] = ({ reading }) => reading.temperatureCelsius;
const most: Value[2] = ({ powerLimitWatts }) => powerLimitWatts;
const round = (value: number): number => Math.round(value * 100) / 100;

export const GAUDI: Vendor = (devices) => [
  ...facts(devices, [
    ['gaudi_device_info', 'Description of the accelerator', () => ({ type: 'HL-325L' })],
    ['gaudi_internal_name_info', 'Internal name', () => ({ internal_name: 'gaudi3' })],
    ['gaudi_driver_info', 'Driver', () => ({ version: '1.22.1-97ec1a4' })],
  ]),
  ...values(devices, [
    ['gaudi_aip_utilization_percent', 'Utilization, percent', util],
    ['gaudi_memory_used_bytes', 'Memory in use', used],
    ['gaudi_memory_total_bytes', 'Total memory', total],
    ['gaudi_memory_utilization_percent', 'Memory in use, percent', usedPercent],
    ['gaudi_power_draw_watts', 'Power draw', watts],
    ['gaudi_power_max_watts', 'Maximum power', most],
    [
      'gaudi_power_utilization_percent',
      'Power draw, percent of the maximum',
      ({ reading, powerLimitWatts }) => round((100 * reading.powerWatts) / powerLimitWatts),
    ],
    ['gaudi_temperature_celsius', 'Temperature', celsius],
  ]),
];

export const FURIOSA: Vendor = (devices) => [
  ...facts(devices, [
    ['furiosa_device_info', 'Description of the accelerator', ({ index }) => ({ device: `npu${index}` })],
    ['furiosa_chip_info', 'Chip', () => ({ chip: 'rngd' })],
    ['furiosa_driver_info', 'Driver', () => ({ driver: '2025.3.0' })],
    ['furiosa_firmware_info', 'Firmware', () => ({ firmware: '2025.3.0' })],
  ]),
  ...values(devices, [
    ['furiosa_utilization_percent', 'Utilization, percent', util],
    ['furiosa_compute_utilization_percent', 'Utilization of the compute units, percent', ({ reading }) => round(reading.smOccupancy * 100)],
    ['furiosa_memory_used_bytes', 'Memory in use', used],
    ['furiosa_memory_total_bytes', 'Total memory', total],
    ['furiosa_clock_mhz', 'Clock', ({ reading }) => reading.frequencyMhz],
    ['furiosa_memory_clock_mhz', 'Memory clock', () => 6000],
    ['furiosa_ready', 'Whether the device is ready', () => 1],
    ['furiosa_status', 'Status', () => 0],
  ]),
];

export const REBELLIONS: Vendor = (devices) => [
  ...facts(devices, [
    ['rebellions_device_info', 'Description of the accelerator', ({ index }) => ({ device: `rbln${index}`, sid: `SID-${1000 + index}` })],
    ['rebellions_firmware_info', 'Firmware', () => ({ firmware: '1.3.73' })],
    ['rebellions_kmd_info', 'Kernel driver', () => ({ version: '1.3.73' })],
    ['rebellions_pstate_info', 'Performance state', ({ reading }) => ({ pstate: `P${reading.performanceState}` })],
    ['npu_firmware_info', 'Firmware', () => ({ firmware: '1.3.73' })],
  ]),
  ...values(devices, [['rebellions_status', 'Status', () => 1]]),
];

export const TPU: Vendor = (devices) => [
  ...facts(devices, [
    ['tpu_chip_version_info', 'Chip', () => ({ version: 'v6e' })],
    ['tpu_accelerator_type_info', 'Type', () => ({ type: 'v6e-8' })],
    ['tpu_memory_type_info', 'Memory', () => ({ type: 'HBM3' })],
    ['tpu_runtime_version_info', 'Runtime', () => ({ version: 'v2-alpha-tpuv6e' })],
  ]),
  ...values(devices, [
    ['tpu_utilization_percent', 'Utilization, percent', util],
    ['tpu_memory_used_bytes', 'Memory in use', used],
    ['tpu_memory_total_bytes', 'Total memory', total],
    ['tpu_memory_utilization_percent', 'Memory in use, percent', usedPercent],
    ['tpu_core_count', 'Cores', () => 1],
    ['tpu_tensorcore_count', 'Tensor cores', () => 1],
    ['tpu_hlo_queue_size', 'Programs in the queue', ({ reading }) => Math.round(reading.utilPercent / 12)],
    ['tpu_hlo_exec_mean_microseconds', 'Mean execution time of a program', ({ reading }) => 800 + 9 * reading.utilPercent],
    ['tpu_hlo_exec_p50_microseconds', 'Execution time of a program, 50th percentile', ({ reading }) => 760 + 8 * reading.utilPercent],
    ['tpu_hlo_exec_p90_microseconds', 'Execution time of a program, 90th percentile', ({ reading }) => 1100 + 14 * reading.utilPercent],
    ['tpu_hlo_exec_p95_microseconds', 'Execution time of a program, 95th percentile', ({ reading }) => 1300 + 17 * reading.utilPercent],
    ['tpu_hlo_exec_p999_microseconds', 'Execution time of a program, 99.9th percentile', ({ reading }) => 2600 + 31 * reading.utilPercent],
  ]),
];

export const TENSTORRENT: Vendor = (devices) => [
  ...facts(devices, [
    [
      'tenstorrent_board_info',
      'Board',
      ({ index }) => ({ board_type: 'n300', board_id: `0100014511${700 + index}`, architecture: 'wormhole' }),
    ],
    ['tenstorrent_collection_method_info', 'How the readings are collected', () => ({ method: 'telemetry' })],
    ['tenstorrent_pcie_address_info', 'PCIe address', ({ index }) => ({ address: `0000:0${index + 1}:00.0` })],
    ['tenstorrent_dram_info', 'Memory', () => ({ speed: '12G' })],
    ['tenstorrent_arc_firmware_info', 'Firmware', () => ({ version: '2.29.0.0' })],
    ['tenstorrent_eth_firmware_info', 'Firmware', () => ({ version: '6.14.0.0' })],
    ['tenstorrent_firmware_date_info', 'Date of the firmware', () => ({ date: '2025-02-11' })],
    ['tenstorrent_eth_status_info', 'Ethernet', () => ({ status: '16 up' })],
  ]),
  ...values(devices, [
    ['tenstorrent_pcie_generation', 'PCIe generation', () => 4],
    ['tenstorrent_pcie_width', 'PCIe lanes', () => 16],
    ['tenstorrent_aiclk_mhz', 'Clock of the cores', ({ reading }) => reading.frequencyMhz],
    ['tenstorrent_arcclk_mhz', 'Clock of the management processors', () => 540],
    ['tenstorrent_axiclk_mhz', 'Clock of the bus', () => 900],
    ['tenstorrent_asic_temperature_celsius', 'Temperature of the chip', celsius],
    ['tenstorrent_vreg_temperature_celsius', 'Temperature of the voltage regulators', ({ reading }) => reading.temperatureCelsius - 6],
    ['tenstorrent_inlet_temperature_celsius', 'Temperature of the inlet air', ({ key }) => Math.round(24 + 4 * draw(key))],
    ['tenstorrent_thermal_limit_celsius', 'Temperature limit', () => 75],
    ['tenstorrent_power_raw_watts', 'Measured power', watts],
    ['tenstorrent_tdp_limit_watts', 'Power limit', most],
    ['tenstorrent_tdc_limit_amperes', 'Current limit', () => 160],
    ['tenstorrent_current_amperes', 'Current', ({ reading }) => round(reading.powerWatts / 0.85)],
    ['tenstorrent_voltage_volts', 'Voltage', () => 0.85],
    ['tenstorrent_fan_rpm', 'Fan speed', ({ reading }) => 1200 + 18 * reading.utilPercent],
    ['tenstorrent_heartbeat', 'Heartbeat counter of the firmware', ({ key }) => 1000 + (key % 1000)],
    ['tenstorrent_throttler', 'Throttle reasons', () => 0],
    ['tenstorrent_faults', 'Faults', () => 0],
    ['tenstorrent_arc0_health', 'Health of the management processor', () => 1],
    ['tenstorrent_ddr_status', 'Status of the memory', () => 2],
  ]),
];

const gpuLabels = ({ labels }: Device): Record<string, string> => ({ ...labels });

/** The chip's CPU has cores of two kinds, and the power of its neural engine is in a family named utilization. */
export const APPLE: Vendor = (devices, host, cpu) => {
  const [one] = devices;
  const rows = (name: string, help: string, value: number): Family => gauge(name, help, [{ labels: labelBlock(cpu), value }]);
  return [
    ...values(
      devices,
      [
        ['ane_utilization', 'Power of the neural engine, mW', ({ reading }) => Math.round(reading.utilPercent * 31)],
        ['ane_power_watts', 'Power of the neural engine', ({ reading }) => round(reading.utilPercent * 0.031)],
        ['combined_power_watts', 'Power of CPU, GPU and neural engine', ({ reading }) => round(reading.powerWatts + host.cpuWatts / 10)],
      ],
      gpuLabels,
    ),
    gauge(
      'thermal_pressure_info',
      'Thermal pressure',
      one ? [{ labels: labelBlock({ ...gpuLabels(one), level: 'Nominal' }), value: 1 }] : [],
    ),
    rows('cpu_p_core_count', 'Performance cores', 16),
    rows('cpu_e_core_count', 'Efficiency cores', 8),
    rows('cpu_p_core_utilization', 'Utilization of the performance cores, percent', round(host.cpuPercent)),
    rows('cpu_e_core_utilization', 'Utilization of the efficiency cores, percent', round(host.cpuPercent / 2)),
    rows('cpu_p_cluster_frequency_mhz', 'Clock of the performance cores', 3504),
    rows('cpu_e_cluster_frequency_mhz', 'Clock of the efficiency cores', 2424),
  ];
};

export const JETSON: Vendor = (devices) =>
  values(
    devices,
    [['dla_utilization', 'Utilization of the deep learning accelerator, percent', ({ reading }) => Math.round(reading.utilPercent / 3)]],
    gpuLabels,
  );
