/**
 * Families of what only some nodes have: accelerators of certain makers, divided GPUs, links, chassis, energy, where the node runs. They
 * are kept as they come, with all their labels, and shown by name. Names as in all-smi 0.25.
 */
import type { ExtraTable } from '../../model/columns.js';
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

/** Units, and which values in them are readings. */
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
  /** Where the unit alone does not say which values are readings. */
  readonly range?: ValidRange;
}
type Row = readonly [name: string, unit: ExtraUnit, about: string, rest?: Rest];

/** May go beyond 100. */
const OPEN_PERCENT: Rest = { range: { ...RANGES.percent, max: 1000 } };
const said = (about: string): readonly [unit: ExtraUnit, about: string] => ['1', `${about}, as labels`];

const NVIDIA: readonly Row[] = [
  ['gpu_temperature_threshold_acoustic_celsius', '°C', 'temperature that the fans aim at'],
  ['gpu_gsp_firmware_mode', '0 to 2', 'GPU system processor: 0 disabled, 1 enabled, 2 default'],
  ['gpu_gsp_firmware_version_info', ...said('its firmware')],
  ['gpu_pcie_gen_current', 'number', 'PCIe generation in use'],
  ['gpu_pcie_width_current', 'lanes', 'PCIe lanes in use'],
  ['gpu_clock_graphics_max_mhz', 'MHz', 'highest clock'],
  ['gpu_clock_memory_max_mhz', 'MHz', 'highest clock of the memory'],
  ['gpu_power_limit_current_watts', 'W', 'power limit that is set'],
  ['gpu_mig_mode', '0 or 1', 'whether it is divided into MIG instances'],
  ['vgpu_host_mode', '0 to 2', 'how it is shared by virtual machines, in the label `host_mode`'],
  ['vgpu_scheduler_state', '0 to 2', 'scheduler of its virtual GPUs: 0 unsupported, 1 off, 2 on; adaptive round robin in `arr_supported`'],
  ['vgpu_scheduler_policy', 'number', 'policy of that scheduler'],
];

const OTHERS: readonly Row[] = [
  ['ane_utilization', 'mW', 'power of the neural engine, whatever the name says; 0 where there is none'],
  ['ane_power_watts', 'W', 'power of the neural engine'],
  ['combined_power_watts', 'W', 'power of CPU, GPU and neural engine together'],
  ['dla_utilization', '%', 'share of the time in which the deep learning accelerator was busy'],
  ['thermal_pressure_info', ...said('thermal pressure: `level`')],
  ['npu_device_info', ...said('what an accelerator is')],
  ['npu_firmware_info', ...said('its firmware')],
  ['npu_temperature_celsius', '°C', 'temperature of an accelerator'],
  ['npu_power_watts', 'W', 'power drawn by an accelerator'],
  ['npu_power_draw_watts', 'W', 'power drawn by an accelerator'],
];

/** all-smi 0.26 to 0.28. */
const NEWER: readonly Row[] = [
  ['gpu_clock_memory_current_mhz', 'MHz', 'clock of the memory'],
  ['gpu_memory_free_bytes', 'bytes', 'free memory'],
  ['gpu_hotspot_temperature_celsius', '°C', 'temperature of the hottest spot'],
  ['gpu_memory_temperature_celsius', '°C', 'temperature of the memory'],
  ['gpu_memory_controller_activity', '%', 'share of the time in which the memory controller was busy'],
  ['gpu_process_vram_used_bytes', 'bytes', 'memory that the exporter itself holds'],
  ['gpu_process_vram_budget_bytes', 'bytes', 'memory that the exporter itself may hold'],
  ['gpu_fan_duty_cycle', '%', 'fan, of its highest speed'],
  ['dla_power_watts', 'W', 'power of the deep learning accelerator', { range: { ...RANGES.watts, max: 1000 } }],
  ['dla_frequency_mhz', 'MHz', 'clock of the deep learning accelerator'],
  ['dla_max_frequency_mhz', 'MHz', 'highest clock of the deep learning accelerator'],
  ['dla_clock_memory_mhz', 'MHz', 'clock of the memory of the deep learning accelerator'],
  ['dla_temperature_celsius', '°C', 'temperature of the deep learning accelerator'],
];

const NEURON: readonly Row[] = [
  ['neuron_device_info', ...said('its PCI address')],
  ['neuron_serial_info', ...said('its serial number')],
  ['neuron_arch_info', ...said('its architecture')],
  ['neuron_instance_info', ...said('the instance type of its machine')],
  ['neuron_driver_info', ...said('its driver')],
  ['neuron_device_index', 'number', 'the device that the core is on'],
  ['neuron_core_index', 'number', 'number of the core on the node'],
  ['neuron_core_count', 'number', 'cores of the device'],
  ['neuron_device_memory_bytes', 'bytes', 'memory of the whole device, on each of its cores'],
];

const ENGINE: readonly Row[] = [['gpu_engine_utilization', '%', 'share of the time in which an engine was busy: `engine`']];
const CLOCK: readonly Row[] = [['gpu_clock_domain_current_mhz', 'MHz', 'clock of a part of the GPU: `domain`']];

const GAUDI: readonly Row[] = [
  ['gaudi_device_info', ...said('what it is')],
  ['gaudi_internal_name_info', ...said('its internal name')],
  ['gaudi_driver_info', ...said('its driver')],
  ['gaudi_aip_utilization_percent', '%', 'share of the time in which it was busy'],
  ['gaudi_memory_used_bytes', 'bytes', 'memory in use'],
  ['gaudi_memory_total_bytes', 'bytes', 'memory there is'],
  ['gaudi_memory_utilization_percent', '%', 'part of the memory in use'],
  ['gaudi_power_draw_watts', 'W', 'power drawn'],
  ['gaudi_power_max_watts', 'W', 'highest power it may draw'],
  ['gaudi_power_utilization_percent', '%', 'power drawn, of the highest', OPEN_PERCENT],
  ['gaudi_temperature_celsius', '°C', 'temperature'],
];

const FURIOSA: readonly Row[] = [
  ['furiosa_device_info', ...said('what it is')],
  ['furiosa_chip_info', ...said('its chip')],
  ['furiosa_driver_info', ...said('its driver')],
  ['furiosa_firmware_info', ...said('its firmware')],
  ['furiosa_utilization_percent', '%', 'share of the time in which it was busy'],
  ['furiosa_compute_utilization_percent', '%', 'part of its compute units in use'],
  ['furiosa_memory_used_bytes', 'bytes', 'memory in use'],
  ['furiosa_memory_total_bytes', 'bytes', 'memory there is'],
  ['furiosa_clock_mhz', 'MHz', 'clock'],
  ['furiosa_memory_clock_mhz', 'MHz', 'clock of the memory'],
  ['furiosa_ready', '0 or 1', 'whether it is ready'],
  ['furiosa_status', 'number', 'status'],
];

const REBELLIONS: readonly Row[] = [
  ['rebellions_device_info', ...said('what it is')],
  ['rebellions_firmware_info', ...said('its firmware')],
  ['rebellions_kmd_info', ...said('its kernel driver')],
  ['rebellions_pstate_info', ...said('its performance state')],
  ['rebellions_status', 'number', 'status'],
];

const TPU: readonly Row[] = [
  ['tpu_utilization_percent', '%', 'share of the time in which it was busy'],
  ['tpu_memory_used_bytes', 'bytes', 'memory in use'],
  ['tpu_memory_total_bytes', 'bytes', 'memory there is'],
  ['tpu_memory_utilization_percent', '%', 'part of the memory in use'],
  ['tpu_chip_version_info', ...said('its chip')],
  ['tpu_accelerator_type_info', ...said('its type')],
  ['tpu_core_count', 'number', 'cores'],
  ['tpu_tensorcore_count', 'number', 'tensor cores'],
  ['tpu_memory_type_info', ...said('its memory')],
  ['tpu_runtime_version_info', ...said('its runtime')],
  ['tpu_power_max_watts', 'W', 'highest power it may draw'],
  ['tpu_hlo_queue_size', 'number', 'programs that wait to be run'],
  ['tpu_hlo_exec_mean_microseconds', 'µs', 'time that a program takes'],
  ['tpu_hlo_exec_p50_microseconds', 'µs', 'half of the programs take no longer'],
  ['tpu_hlo_exec_p90_microseconds', 'µs', 'nine in ten take no longer'],
  ['tpu_hlo_exec_p95_microseconds', 'µs', '95 in a hundred take no longer'],
  ['tpu_hlo_exec_p999_microseconds', 'µs', '999 in a thousand take no longer'],
];

const TENSTORRENT: readonly Row[] = [
  ['tenstorrent_board_info', ...said('its board')],
  ['tenstorrent_collection_method_info', ...said('how it is read')],
  ['tenstorrent_pcie_address_info', ...said('its PCIe address')],
  ['tenstorrent_pcie_device_info', ...said('its PCIe device')],
  ['tenstorrent_pcie_status_info', ...said('its PCIe status')],
  ['tenstorrent_pcie_generation', 'number', 'PCIe generation'],
  ['tenstorrent_pcie_width', 'lanes', 'PCIe lanes'],
  ['tenstorrent_dram_info', ...said('its memory')],
  ['tenstorrent_arc_firmware_info', ...said('firmware of its management processors')],
  ['tenstorrent_eth_firmware_info', ...said('firmware of its Ethernet')],
  ['tenstorrent_ddr_firmware_info', ...said('firmware of its memory')],
  ['tenstorrent_spibootrom_firmware_info', ...said('firmware of its boot memory')],
  ['tenstorrent_firmware_date_info', ...said('date of its firmware')],
  ['tenstorrent_aiclk_mhz', 'MHz', 'clock of the cores'],
  ['tenstorrent_arcclk_mhz', 'MHz', 'clock of the management processors'],
  ['tenstorrent_axiclk_mhz', 'MHz', 'clock of the bus'],
  ['tenstorrent_asic_temperature_celsius', '°C', 'temperature of the chip'],
  ['tenstorrent_vreg_temperature_celsius', '°C', 'temperature of the voltage regulators'],
  ['tenstorrent_inlet_temperature_celsius', '°C', 'temperature of the air that comes in'],
  ['tenstorrent_outlet1_temperature_celsius', '°C', 'temperature of the air that goes out'],
  ['tenstorrent_outlet2_temperature_celsius', '°C', 'temperature of the air that goes out'],
  ['tenstorrent_thermal_limit_celsius', '°C', 'highest temperature'],
  ['tenstorrent_power_raw_watts', 'W', 'power as it is measured'],
  ['tenstorrent_power_limit_tdp_watts', 'W', 'power limit'],
  ['tenstorrent_tdp_limit_watts', 'W', 'power limit'],
  ['tenstorrent_power_limit_tdc_amperes', 'A', 'current limit'],
  ['tenstorrent_tdc_limit_amperes', 'A', 'current limit'],
  ['tenstorrent_current_amperes', 'A', 'current'],
  ['tenstorrent_voltage_volts', 'V', 'voltage'],
  ['tenstorrent_fan_rpm', 'rpm', 'fan'],
  ['tenstorrent_fan_speed_percent', '%', 'fan'],
  ['tenstorrent_heartbeat', 'number', 'counts while it lives'],
  ['tenstorrent_throttler', 'number', 'what holds it back'],
  ['tenstorrent_faults', 'number', 'faults'],
  ['tenstorrent_arc0_health', 'number', 'life of its first management processor'],
  ['tenstorrent_arc3_health', 'number', 'life of its last management processor'],
  ['tenstorrent_ddr_status', 'number', 'status of its memory'],
  ['tenstorrent_eth_status_info', ...said('status of its Ethernet')],
];

const CPU: readonly Row[] = [
  ['cpu_s_core_count', 'number', 'super cores'],
  ['cpu_p_core_count', 'number', 'performance cores'],
  ['cpu_e_core_count', 'number', 'efficiency cores'],
  ['cpu_s_core_utilization', '%', 'share of the time in which the super cores were busy'],
  ['cpu_p_core_utilization', '%', 'share of the time in which the performance cores were busy'],
  ['cpu_e_core_utilization', '%', 'share of the time in which the efficiency cores were busy'],
  ['cpu_s_cluster_frequency_mhz', 'MHz', 'clock of the super cores'],
  ['cpu_p_cluster_frequency_mhz', 'MHz', 'clock of the performance cores'],
  ['cpu_e_cluster_frequency_mhz', 'MHz', 'clock of the efficiency cores'],
  ['cpu_gpu_core_count', 'number', 'GPU cores of the chip'],
  ['cpu_ane_ops_per_second', 'per second', 'operations of the neural engine'],
];

const SOCKET: readonly Row[] = [
  ['cpu_socket_utilization', '%', 'share of the time in which a socket was busy'],
  ['cpu_socket_frequency_mhz', 'MHz', 'clock of a socket'],
  ['cpu_socket_temperature_celsius', '°C', 'temperature of a socket'],
];

const MIG: readonly Row[] = [
  ['mig_instance_utilization_gpu', '%', 'share of the time in which something ran on the instance'],
  ['mig_instance_utilization_memory', '%', 'share of the time in which its memory was read or written'],
  ['mig_instance_memory_used_bytes', 'bytes', 'memory in use'],
  ['mig_instance_memory_total_bytes', 'bytes', 'memory there is'],
];

const VGPU: readonly Row[] = [
  ['vgpu_utilization', '%', 'share of the time in which a virtual GPU was busy'],
  ['vgpu_memory_utilization', '%', 'share of the time in which its memory was read or written'],
  ['vgpu_memory_used_bytes', 'bytes', 'memory in use'],
  ['vgpu_memory_total_bytes', 'bytes', 'memory there is'],
  ['vgpu_active', '0 or 1', 'whether a virtual machine uses it'],
];

const LINK: readonly Row[] = [
  ['nvlink_remote_device_type', '1', 'what is at the other end of a link: `remote_type`, and `bandwidth_mb_s`'],
];

const CHASSIS: readonly Row[] = [
  ['chassis_info', ...said('what the machine is')],
  ['chassis_power_watts', 'W', 'power of the whole machine'],
  ['chassis_thermal_pressure_info', ...said('thermal pressure: `level`')],
  ['chassis_cpu_power_watts', 'W', 'power of its CPUs'],
  ['chassis_gpu_power_watts', 'W', 'power of its GPUs'],
  ['chassis_ane_power_watts', 'W', 'power of its neural engine'],
  ['chassis_inlet_temperature_celsius', '°C', 'temperature of the air that comes in', { range: RANGES.anyCelsius }],
  ['chassis_outlet_temperature_celsius', '°C', 'temperature of the air that goes out', { range: RANGES.anyCelsius }],
];

const FAN: readonly Row[] = [['chassis_fan_speed_rpm', 'rpm', 'a fan of the machine']];
const ENERGY: readonly Row[] = [['energy_consumed_joules_total', 'J', 'energy since counting began, by `scope`: gpu, cpu or chassis']];
const RUNTIME: readonly Row[] = [
  ['container_runtime_info', ...said('the container that the exporter runs in')],
  ['kubernetes_pod_info', ...said('the pod that it runs in')],
  ['virtualization_info', ...said('the virtual machine that it runs in')],
];
const SOURCE: readonly Row[] = [
  ['node_source_info', '1', 'how each source of the exporter is: `source`, `state`, `reason` (only from `all-smi-view api`)'],
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
};

export const EXTRA_METRICS: readonly ExtraMetric[] = (Object.keys(TABLES) as ExtraTable[]).flatMap((table) =>
  TABLES[table]
    .flat()
    .map(([name, unit, about, rest]) => ({ table, name, unit, about, extra: true as const, range: rest?.range ?? UNITS[unit] })),
);
