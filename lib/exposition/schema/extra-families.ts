/**
 * Families that only some nodes have: accelerators of certain vendors, divided GPUs, links, chassis, energy, the runtime of the exporter.
 * They are kept as sent, with all their labels, and shown by name. Names as in all-smi 0.25.
 */
import type { ExtraTable } from '../../model/columns.js';
import { IDENTITY_FAMILY } from '../../model/identity.js';
import { RANGES, type ValidRange } from '../../model/valid-range.js';

export interface ExtraMetric {
  readonly table: ExtraTable;
  readonly name: string;
  readonly unit: ExtraUnit;
  readonly about: string;
  readonly extra: true;
  /** Values outside are "not reported". */
  readonly range: ValidRange;
}

/** Units, and the valid values in each. */
const UNITS = {
  '1': RANGES.number,
  number: RANGES.counter,
  '0 or 1': RANGES.flag,
  '0 to 2': { ...RANGES.flag, max: 2 },
  'per second': RANGES.counter,
  lanes: RANGES.lanes,
  '%': RANGES.percent,
  bytes: RANGES.gpuBytes,
  MHz: RANGES.anyMegahertz,
  rpm: RANGES.rpm,
  '°C': RANGES.fromZeroCelsius,
  W: RANGES.watts,
  mW: RANGES.milliwatts,
  V: RANGES.volts,
  A: RANGES.amperes,
  J: RANGES.joules,
  µs: RANGES.counter,
} as const satisfies Readonly<Record<string, ValidRange>>;
export type ExtraUnit = keyof typeof UNITS;

interface Rest {
  /** Valid values, if they do not follow from the unit. */
  readonly range?: ValidRange;
}
type Row = readonly [name: string, unit: ExtraUnit, about: string, rest?: Rest];

/** May exceed 100. */
const OPEN_PERCENT: Rest = { range: { ...RANGES.percent, max: 1000 } };
const info = (about: string): readonly [unit: ExtraUnit, about: string] => ['1', `${about}, as labels`];

const NVIDIA: readonly Row[] = [
  ['gpu_temperature_threshold_acoustic_celsius', '°C', 'target temperature of the fans'],
  ['gpu_gsp_firmware_mode', '0 to 2', 'GPU system processor: 0 disabled, 1 enabled, 2 default'],
  ['gpu_gsp_firmware_version_info', ...info('firmware')],
  ['gpu_pcie_gen_current', 'number', 'PCIe generation in use'],
  ['gpu_pcie_width_current', 'lanes', 'PCIe lanes in use'],
  ['gpu_clock_graphics_max_mhz', 'MHz', 'maximum clock'],
  ['gpu_clock_memory_max_mhz', 'MHz', 'maximum memory clock'],
  ['gpu_power_limit_current_watts', 'W', 'power limit in effect'],
  ['gpu_mig_mode', '0 or 1', 'whether MIG mode is on'],
  ['vgpu_host_mode', '0 to 2', 'vGPU mode, in the label `host_mode`'],
  ['vgpu_scheduler_state', '0 to 2', 'vGPU scheduler: 0 unsupported, 1 off, 2 on; `arr_supported`: adaptive round robin'],
  ['vgpu_scheduler_policy', 'number', 'vGPU scheduler policy'],
];

const OTHERS: readonly Row[] = [
  ['ane_utilization', 'mW', 'power of the neural engine, despite the name; 0 if there is none'],
  ['ane_power_watts', 'W', 'power of the neural engine'],
  ['combined_power_watts', 'W', 'total power of CPU, GPU and neural engine'],
  ['dla_utilization', '%', 'utilization of the deep learning accelerator'],
  ['thermal_pressure_info', '1', 'thermal pressure, in the label `level`'],
  ['npu_device_info', ...info('description of an accelerator')],
  ['npu_firmware_info', ...info('firmware')],
  ['npu_temperature_celsius', '°C', 'temperature of an accelerator'],
  ['npu_power_watts', 'W', 'power draw of an accelerator'],
  ['npu_power_draw_watts', 'W', 'power draw of an accelerator'],
];

/** all-smi 0.26 to 0.28. */
const NEWER: readonly Row[] = [
  ['gpu_clock_memory_current_mhz', 'MHz', 'memory clock'],
  ['gpu_memory_free_bytes', 'bytes', 'free memory'],
  ['gpu_hotspot_temperature_celsius', '°C', 'hotspot temperature'],
  ['gpu_memory_temperature_celsius', '°C', 'memory temperature'],
  ['gpu_memory_controller_activity', '%', 'utilization of the memory controller'],
  ['gpu_process_vram_used_bytes', 'bytes', 'GPU memory used by the exporter'],
  ['gpu_process_vram_budget_bytes', 'bytes', 'GPU memory available to the exporter'],
  ['gpu_fan_duty_cycle', '%', 'fan speed, in percent of the maximum'],
  ['dla_power_watts', 'W', 'power of the deep learning accelerator', { range: { ...RANGES.watts, max: 1000 } }],
  ['dla_frequency_mhz', 'MHz', 'clock of the deep learning accelerator'],
  ['dla_max_frequency_mhz', 'MHz', 'maximum clock of the deep learning accelerator'],
  ['dla_clock_memory_mhz', 'MHz', 'memory clock of the deep learning accelerator'],
  ['dla_temperature_celsius', '°C', 'temperature of the deep learning accelerator'],
];

const NEURON: readonly Row[] = [
  ['neuron_device_info', ...info('PCI address')],
  ['neuron_serial_info', ...info('serial number')],
  ['neuron_arch_info', ...info('architecture')],
  ['neuron_instance_info', ...info('instance type of the machine')],
  ['neuron_driver_info', ...info('driver')],
  ['neuron_device_index', 'number', 'index of the device of the core'],
  ['neuron_core_index', 'number', 'index of the core on the node'],
  ['neuron_core_count', 'number', 'number of cores of the device'],
  ['neuron_device_memory_bytes', 'bytes', 'memory of the whole device, reported for each of its cores'],
];

const ENGINE: readonly Row[] = [['gpu_engine_utilization', '%', 'utilization of the engine in the label `engine`']];
const CLOCK: readonly Row[] = [['gpu_clock_domain_current_mhz', 'MHz', 'clock of the domain in the label `domain`']];

const GAUDI: readonly Row[] = [
  ['gaudi_device_info', ...info('description of the device')],
  ['gaudi_internal_name_info', ...info('internal name')],
  ['gaudi_driver_info', ...info('driver')],
  ['gaudi_aip_utilization_percent', '%', 'utilization'],
  ['gaudi_memory_used_bytes', 'bytes', 'memory in use'],
  ['gaudi_memory_total_bytes', 'bytes', 'total memory'],
  ['gaudi_memory_utilization_percent', '%', 'memory in use, in percent of the total'],
  ['gaudi_power_draw_watts', 'W', 'power draw'],
  ['gaudi_power_max_watts', 'W', 'maximum power draw'],
  ['gaudi_power_utilization_percent', '%', 'power draw, in percent of the maximum', OPEN_PERCENT],
  ['gaudi_temperature_celsius', '°C', 'temperature'],
];

const FURIOSA: readonly Row[] = [
  ['furiosa_device_info', ...info('description of the device')],
  ['furiosa_chip_info', ...info('chip')],
  ['furiosa_driver_info', ...info('driver')],
  ['furiosa_firmware_info', ...info('firmware')],
  ['furiosa_utilization_percent', '%', 'utilization'],
  ['furiosa_compute_utilization_percent', '%', 'utilization of the compute units'],
  ['furiosa_memory_used_bytes', 'bytes', 'memory in use'],
  ['furiosa_memory_total_bytes', 'bytes', 'total memory'],
  ['furiosa_clock_mhz', 'MHz', 'clock'],
  ['furiosa_memory_clock_mhz', 'MHz', 'memory clock'],
  ['furiosa_ready', '0 or 1', 'whether the device is ready'],
  ['furiosa_status', 'number', 'status'],
];

const REBELLIONS: readonly Row[] = [
  ['rebellions_device_info', ...info('description of the device')],
  ['rebellions_firmware_info', ...info('firmware')],
  ['rebellions_kmd_info', ...info('kernel driver')],
  ['rebellions_pstate_info', ...info('performance state')],
  ['rebellions_status', 'number', 'status'],
];

const TPU: readonly Row[] = [
  ['tpu_utilization_percent', '%', 'utilization'],
  ['tpu_memory_used_bytes', 'bytes', 'memory in use'],
  ['tpu_memory_total_bytes', 'bytes', 'total memory'],
  ['tpu_memory_utilization_percent', '%', 'memory in use, in percent of the total'],
  ['tpu_chip_version_info', ...info('chip')],
  ['tpu_accelerator_type_info', ...info('accelerator type')],
  ['tpu_core_count', 'number', 'number of cores'],
  ['tpu_tensorcore_count', 'number', 'number of tensor cores'],
  ['tpu_memory_type_info', ...info('memory type')],
  ['tpu_runtime_version_info', ...info('runtime version')],
  ['tpu_power_max_watts', 'W', 'maximum power draw'],
  ['tpu_hlo_queue_size', 'number', 'programs in the queue'],
  ['tpu_hlo_exec_mean_microseconds', 'µs', 'mean execution time of a program'],
  ['tpu_hlo_exec_p50_microseconds', 'µs', 'execution time, 50th percentile'],
  ['tpu_hlo_exec_p90_microseconds', 'µs', 'execution time, 90th percentile'],
  ['tpu_hlo_exec_p95_microseconds', 'µs', 'execution time, 95th percentile'],
  ['tpu_hlo_exec_p999_microseconds', 'µs', 'execution time, 99.9th percentile'],
];

const TENSTORRENT: readonly Row[] = [
  ['tenstorrent_board_info', ...info('board')],
  ['tenstorrent_collection_method_info', ...info('collection method')],
  ['tenstorrent_pcie_address_info', ...info('PCIe address')],
  ['tenstorrent_pcie_device_info', ...info('PCIe device')],
  ['tenstorrent_pcie_status_info', ...info('PCIe status')],
  ['tenstorrent_pcie_generation', 'number', 'PCIe generation'],
  ['tenstorrent_pcie_width', 'lanes', 'PCIe lanes'],
  ['tenstorrent_dram_info', ...info('memory type')],
  ['tenstorrent_arc_firmware_info', ...info('firmware of the ARC processors')],
  ['tenstorrent_eth_firmware_info', ...info('Ethernet firmware')],
  ['tenstorrent_ddr_firmware_info', ...info('memory firmware')],
  ['tenstorrent_spibootrom_firmware_info', ...info('SPI boot ROM firmware')],
  ['tenstorrent_firmware_date_info', ...info('firmware date')],
  ['tenstorrent_aiclk_mhz', 'MHz', 'core clock'],
  ['tenstorrent_arcclk_mhz', 'MHz', 'clock of the ARC processors'],
  ['tenstorrent_axiclk_mhz', 'MHz', 'bus clock'],
  ['tenstorrent_asic_temperature_celsius', '°C', 'chip temperature'],
  ['tenstorrent_vreg_temperature_celsius', '°C', 'voltage regulator temperature'],
  ['tenstorrent_inlet_temperature_celsius', '°C', 'inlet air temperature'],
  ['tenstorrent_outlet1_temperature_celsius', '°C', 'outlet air temperature'],
  ['tenstorrent_outlet2_temperature_celsius', '°C', 'outlet air temperature'],
  ['tenstorrent_thermal_limit_celsius', '°C', 'thermal limit'],
  ['tenstorrent_power_raw_watts', 'W', 'raw measured power'],
  ['tenstorrent_power_limit_tdp_watts', 'W', 'power limit'],
  ['tenstorrent_tdp_limit_watts', 'W', 'power limit'],
  ['tenstorrent_power_limit_tdc_amperes', 'A', 'current limit'],
  ['tenstorrent_tdc_limit_amperes', 'A', 'current limit'],
  ['tenstorrent_current_amperes', 'A', 'current'],
  ['tenstorrent_voltage_volts', 'V', 'voltage'],
  ['tenstorrent_fan_rpm', 'rpm', 'fan speed'],
  ['tenstorrent_fan_speed_percent', '%', 'fan speed'],
  ['tenstorrent_heartbeat', 'number', 'heartbeat counter'],
  ['tenstorrent_throttler', 'number', 'throttling reasons'],
  ['tenstorrent_faults', 'number', 'faults'],
  ['tenstorrent_arc0_health', 'number', 'health of the first ARC processor'],
  ['tenstorrent_arc3_health', 'number', 'health of the last ARC processor'],
  ['tenstorrent_ddr_status', 'number', 'memory status'],
  ['tenstorrent_eth_status_info', ...info('Ethernet status')],
];

const CPU: readonly Row[] = [
  ['cpu_s_core_count', 'number', 'number of super cores'],
  ['cpu_p_core_count', 'number', 'number of performance cores'],
  ['cpu_e_core_count', 'number', 'number of efficiency cores'],
  ['cpu_s_core_utilization', '%', 'utilization of the super cores'],
  ['cpu_p_core_utilization', '%', 'utilization of the performance cores'],
  ['cpu_e_core_utilization', '%', 'utilization of the efficiency cores'],
  ['cpu_s_cluster_frequency_mhz', 'MHz', 'clock of the super cores'],
  ['cpu_p_cluster_frequency_mhz', 'MHz', 'clock of the performance cores'],
  ['cpu_e_cluster_frequency_mhz', 'MHz', 'clock of the efficiency cores'],
  ['cpu_gpu_core_count', 'number', 'number of GPU cores'],
  ['cpu_ane_ops_per_second', 'per second', 'operations of the neural engine'],
];

const SOCKET: readonly Row[] = [
  ['cpu_socket_utilization', '%', 'utilization of a socket'],
  ['cpu_socket_frequency_mhz', 'MHz', 'clock of a socket'],
  ['cpu_socket_temperature_celsius', '°C', 'temperature of a socket'],
];

const MIG: readonly Row[] = [
  ['mig_instance_utilization_gpu', '%', 'utilization of the instance'],
  ['mig_instance_utilization_memory', '%', 'memory utilization: share of time in which memory was read or written'],
  ['mig_instance_memory_used_bytes', 'bytes', 'memory in use'],
  ['mig_instance_memory_total_bytes', 'bytes', 'total memory'],
];

const VGPU: readonly Row[] = [
  ['vgpu_utilization', '%', 'utilization of a virtual GPU'],
  ['vgpu_memory_utilization', '%', 'memory utilization: share of time in which memory was read or written'],
  ['vgpu_memory_used_bytes', 'bytes', 'memory in use'],
  ['vgpu_memory_total_bytes', 'bytes', 'total memory'],
  ['vgpu_active', '0 or 1', 'whether a virtual machine uses the vGPU'],
];

const LINK: readonly Row[] = [
  ['nvlink_remote_device_type', '1', 'device at the other end of a link, in the labels `remote_type` and `bandwidth_mb_s`'],
];

const CHASSIS: readonly Row[] = [
  ['chassis_info', ...info('description of the machine')],
  ['chassis_power_watts', 'W', 'power of the whole machine'],
  ['chassis_thermal_pressure_info', '1', 'thermal pressure, in the label `level`'],
  ['chassis_cpu_power_watts', 'W', 'power of the CPUs'],
  ['chassis_gpu_power_watts', 'W', 'power of the GPUs'],
  ['chassis_ane_power_watts', 'W', 'power of the neural engine'],
  ['chassis_inlet_temperature_celsius', '°C', 'inlet air temperature', { range: RANGES.anyCelsius }],
  ['chassis_outlet_temperature_celsius', '°C', 'outlet air temperature', { range: RANGES.anyCelsius }],
];

const FAN: readonly Row[] = [['chassis_fan_speed_rpm', 'rpm', 'fan speed']];
const ENERGY: readonly Row[] = [
  ['energy_consumed_joules_total', 'J', 'energy since the counter started; label `scope`: gpu, cpu or chassis'],
];
const RUNTIME: readonly Row[] = [
  ['container_runtime_info', ...info('container of the exporter')],
  ['kubernetes_pod_info', ...info('Kubernetes pod of the exporter')],
  ['virtualization_info', ...info('virtual machine of the exporter')],
];
const SOURCE: readonly Row[] = [
  [
    'node_source_info',
    '1',
    'state of each source of the exporter, in the labels `source`, `state` and `reason` (only from `all-smi-view api`)',
  ],
];
const IDENTITY: readonly Row[] = [
  [
    IDENTITY_FAMILY,
    '1',
    'job, pod, container, service or login session of a process, as labels; the process by the labels `pid` and `device_uuid` (only from `all-smi-view api`)',
  ],
];

const TABLES: Readonly<Record<ExtraTable, readonly (readonly Row[])[]>> = {
  gpu: [NVIDIA, OTHERS, NEWER, NEURON, GAUDI, FURIOSA, REBELLIONS, TPU, TENSTORRENT],
  cpu: [CPU],
  socket: [SOCKET],
  mig: [MIG],
  vgpu: [VGPU],
  link: [LINK],
  engine: [ENGINE],
  clock: [CLOCK],
  chassis: [CHASSIS],
  fan: [FAN],
  energy: [ENERGY],
  runtime: [RUNTIME],
  source: [SOURCE],
  identity: [IDENTITY],
};

export const EXTRA_METRICS: readonly ExtraMetric[] = (Object.keys(TABLES) as ExtraTable[]).flatMap((table) =>
  TABLES[table]
    .flat()
    .map(([name, unit, about, rest]) => ({ table, name, unit, about, extra: true as const, range: rest?.range ?? UNITS[unit] })),
);
