/** Exporters of other accelerators. */
import type { Dialect } from './dialect.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const AMD_DEVICE_METRICS: Dialect = {
  id: 'amd_dme',
  program: 'AMD device-metrics-exporter',
  port: '5000',
  proof: { families: ['gpu_nodes_total'] },
  prefixed: true,
  refreshSeconds: 0,
  node: ['hostname'],
  gpu: {
    uuid: ['gpu_uuid'],
    index: ['gpu_id'],
    name: ['card_series', 'card_model'],
    called: 'AMD GPU',
    details: { driver_version: ['driver_version'], pci_bus_id: ['pcie_bus_id'] },
    about: ['gpu_health'],
  },
  gpuReadings: [
    { into: 'utilPercent', families: ['gpu_gfx_activity'] },
    { into: 'memoryUsedBytes', families: ['gpu_used_vram'], scale: MIB },
    { into: 'memoryTotalBytes', families: ['gpu_total_vram'], scale: MIB },
    { into: 'temperatureCelsius', families: ['gpu_junction_temperature', 'gpu_edge_temperature'] },
    { into: 'powerWatts', families: ['gpu_package_power', 'gpu_average_package_power', 'gpu_power_usage'], zeroIsNone: true },
    { into: 'frequencyMhz', families: ['gpu_clock'], where: { clock_type: 'system' } },
    { into: 'graphicsMaxMhz', families: ['gpu_max_clock'], where: { clock_type: 'system' } },
    { into: 'memoryMhz', families: ['gpu_clock'], where: { clock_type: 'memory' } },
    { into: 'memoryCelsius', families: ['gpu_memory_temperature'] },
    { into: 'eccCorrected', families: ['gpu_ecc_correct_total'] },
    { into: 'eccUncorrected', families: ['gpu_ecc_uncorrect_total'] },
  ],
  owner: { user: ['job_user'], job: ['job_id'], namespace: ['namespace'], pod: ['pod'] },
  processes: {
    shownBy: ['gpu_process_cu_occupancy'],
    pid: ['process_id'],
    readings: [{ into: 'smPercent', families: ['gpu_process_cu_occupancy'] }],
  },
};

/** The index is in a label that is named like the family. */
const AMD_SMI: Dialect = {
  id: 'amd_smi',
  program: 'amd_smi_exporter',
  port: '2021',
  proof: { families: ['amd_num_gpus'] },
  refreshSeconds: 0,
  gpu: {
    index: ['gpu_use_percent', 'gpu_power', 'gpu_power_cap', 'gpu_current_temperature', 'gpu_SCLK'],
    name: ['productname'],
  },
  gpuReadings: [
    { into: 'utilPercent', families: ['amd_gpu_use_percent'] },
    { into: 'powerWatts', families: ['amd_gpu_power'], scale: 1e-6 },
    { into: 'powerLimitWatts', families: ['amd_gpu_power_cap'], scale: 1e-6 },
    { into: 'temperatureCelsius', families: ['amd_gpu_current_temperature'], scale: 0.001 },
    { into: 'frequencyMhz', families: ['amd_gpu_SCLK'], scale: 1e-6 },
  ],
};

const OMNISTAT: Dialect = {
  id: 'omnistat',
  program: 'Omnistat',
  port: '8001',
  proof: { families: ['rocm_num_gpus'] },
  refreshSeconds: 0,
  gpu: { index: ['card'], name: ['type'], called: 'AMD GPU', details: { driver_version: ['driver_ver'] }, about: ['rocm_version_info'] },
  gpuReadings: [
    { into: 'utilPercent', families: ['rocm_utilization_percentage'] },
    { into: 'memoryTotalBytes', families: ['rocm_vram_total_bytes'] },
    { into: 'memoryUsedPercent', families: ['rocm_vram_used_percentage'] },
    { into: 'temperatureCelsius', families: ['rocm_temperature_celsius'], where: { location: 'hotspot' } },
    { into: 'temperatureCelsius', families: ['rocm_temperature_celsius'], where: { location: 'edge' } },
    { into: 'powerWatts', families: ['rocm_average_socket_power_watts'] },
    { into: 'powerLimitWatts', families: ['rocm_power_cap_watts'] },
    { into: 'frequencyMhz', families: ['rocm_sclk_clock_mhz'] },
  ],
  owner: { user: ['user'], job: ['jobid'] },
  nodeOwners: { families: ['rmsjob_info'] },
  processes: {
    shownBy: ['amdsmi_process_vram'],
    pid: ['pid'],
    name: ['name'],
    readings: [{ into: 'gpuBytes', families: ['amdsmi_process_vram'] }],
  },
  nodeReadings: [
    { into: 'memoryTotalBytes', families: ['omnistat_host_mem_total_bytes'] },
    { into: 'memoryAvailableBytes', families: ['omnistat_host_mem_available_bytes'] },
    { into: 'cpuBusy', families: ['omnistat_host_cpu_aggregate_core_utilization'] },
    { into: 'cpuThreads', families: ['omnistat_host_cpu_num_logical_cores'] },
  ],
};

/** A collector of node_exporter that is off by default; only of amdgpu. */
const NODE_DRM: Dialect = {
  id: 'node_drm',
  program: 'node_exporter (drm)',
  port: '9100',
  proof: { families: ['node_drm_card_info', 'node_drm_gpu_busy_percent'] },
  with: 'node',
  refreshSeconds: 0,
  gpu: { index: ['card'], called: 'AMD GPU', about: ['node_drm_card_info'] },
  gpuReadings: [
    { into: 'utilPercent', families: ['node_drm_gpu_busy_percent'] },
    { into: 'memoryUsedBytes', families: ['node_drm_memory_vram_used_bytes'] },
    { into: 'memoryTotalBytes', families: ['node_drm_memory_vram_size_bytes'] },
  ],
};

/** A GPU may have two tiles, with a row each. */
const XPUM: Dialect = {
  id: 'xpum1',
  program: 'Intel XPU Manager 1',
  port: '29999',
  proof: { labels: ['uuid'] },
  refreshSeconds: 0,
  gpu: { uuid: ['uuid'], index: ['dev_file'], name: ['dev_name'], part: ['sub_dev'], tiles: true, details: { pci_bus_id: ['pci_bdf'] } },
  gpuReadings: [
    { into: 'utilPercent', families: ['xpum_engine_group_ratio'], where: { type: 'compute' }, scale: 100 },
    { into: 'memoryUsedBytes', families: ['xpum_memory_used_bytes'], of: 'part' },
    { into: 'memoryUsedPercent', families: ['xpum_memory_ratio'], scale: 100 },
    { into: 'powerWatts', families: ['xpum_power_watts'] },
    { into: 'temperatureCelsius', families: ['xpum_temperature_celsius'], where: { location: 'gpu' } },
    { into: 'frequencyMhz', families: ['xpum_frequency_mhz'], where: { location: 'gpu', type: 'actual' } },
  ],
};

const XPUMD: Dialect = {
  id: 'xpumd2',
  program: 'Intel XPU Manager 2',
  port: '8080',
  proof: { families: ['hw_gpu_info'] },
  refreshSeconds: 0,
  node: ['node'],
  gpu: {
    uuid: ['hw_id'],
    name: ['hw_name'],
    part: ['com_intel_subdevice_id'],
    tiles: true,
    details: { pci_bus_id: ['pci_bdf'] },
    about: ['hw_gpu_info'],
  },
  gpuReadings: [
    { into: 'utilPercent', families: ['hw_gpu_utilization_ratio'], scale: 100 },
    { into: 'memoryUsedBytes', families: ['hw_memory_usage_bytes'], of: 'part' },
    { into: 'memoryTotalBytes', families: ['hw_memory_size_bytes'], of: 'part' },
    { into: 'powerWatts', families: ['hw_power_watts'], where: { hw_sensor_location: 'card' } },
    { into: 'powerLimitWatts', families: ['hw_power_limit_watts'] },
    { into: 'temperatureCelsius', families: ['hw_temperature_celsius'], where: { hw_sensor_location: 'gpu' } },
    { into: 'frequencyMhz', families: ['hw_frequency_hertz'], where: { hw_frequency_domain: 'gpu' }, scale: 1e-6 },
  ],
};

const GAUDI: Dialect = {
  id: 'gaudi',
  program: 'Habana metric exporter',
  port: '41611',
  proof: { labels: ['UUID', 'uuid', 'device'] },
  refreshSeconds: 30,
  gpu: { uuid: ['UUID', 'uuid'], index: ['device'], called: 'Intel Gaudi' },
  gpuReadings: [
    { into: 'utilPercent', families: ['habanalabs_utilization'] },
    { into: 'memoryUsedBytes', families: ['habanalabs_memory_used_bytes'] },
    { into: 'memoryTotalBytes', families: ['habanalabs_memory_total_bytes'] },
    { into: 'powerWatts', families: ['habanalabs_power_mW'], scale: 0.001 },
    { into: 'powerLimitWatts', families: ['habanalabs_power_default_limit_mW'], scale: 0.001 },
    { into: 'temperatureCelsius', families: ['habanalabs_temperature_onchip'] },
    { into: 'frequencyMhz', families: ['habanalabs_clock_soc_mhz'] },
  ],
};

const GKE_TPU: Dialect = {
  id: 'gke_tpu',
  program: 'TPU device plugin of GKE',
  port: '2112',
  proof: { families: ['duty_cycle_tpu_node', 'tensorcore_utilization'], labels: ['accelerator_id'] },
  refreshSeconds: 30,
  gpu: { uuid: ['accelerator_id'], index: ['accelerator_id'], indexLike: /(\d+)$/, name: ['model'] },
  gpuReadings: [
    { into: 'utilPercent', families: ['duty_cycle_tpu_node', 'duty_cycle'] },
    { into: 'memoryUsedBytes', families: ['memory_used'] },
    { into: 'memoryTotalBytes', families: ['memory_total_tpu_node', 'memory_total'] },
  ],
  owner: { namespace: ['namespace'], pod: ['pod'] },
};

/** A row for each core of a chip. */
const NEURON: Dialect = {
  id: 'neuron',
  program: 'neuron-monitor',
  port: '8000',
  proof: { families: ['neuroncore_utilization_ratio'], labels: ['neuroncore'] },
  refreshSeconds: 5,
  node: ['instance_name', 'instance_id'],
  gpu: { index: ['neuroncore'], called: 'AWS NeuronCore' },
  gpuReadings: [{ into: 'utilPercent', families: ['neuroncore_utilization_ratio'], scale: 100 }],
  nodeReadings: [
    { into: 'memoryTotalBytes', families: ['system_memory_total_bytes'] },
    { into: 'memoryUsedBytes', families: ['system_memory_used_bytes'] },
  ],
};

const ASCEND: Dialect = {
  id: 'ascend',
  program: 'Ascend npu-exporter',
  port: '8082',
  proof: { labels: ['id', 'vdie_id'] },
  refreshSeconds: 5,
  gpu: { uuid: ['vdie_id'], index: ['id'], name: ['model_name'], details: { pci_bus_id: ['pcie_bus_info'] } },
  gpuReadings: [
    { into: 'utilPercent', families: ['npu_chip_info_utilization'] },
    { into: 'memoryUsedBytes', families: ['npu_chip_info_hbm_used_memory'], scale: MIB },
    { into: 'memoryTotalBytes', families: ['npu_chip_info_hbm_total_memory'], scale: MIB },
    { into: 'powerWatts', families: ['npu_chip_info_power'] },
    { into: 'temperatureCelsius', families: ['npu_chip_info_temperature'] },
    { into: 'frequencyMhz', families: ['npu_chip_info_aicore_current_freq'] },
  ],
  owner: { namespace: ['namespace'], pod: ['pod_name'] },
};

const MACTOP: Dialect = {
  id: 'mactop',
  program: 'mactop',
  port: '',
  proof: {},
  refreshSeconds: 1,
  gpu: { called: 'Apple GPU' },
  gpuReadings: [
    { into: 'utilPercent', families: ['mactop_gpu_usage_percent'] },
    { into: 'temperatureCelsius', families: ['mactop_gpu_temp_celsius'] },
    { into: 'frequencyMhz', families: ['mactop_gpu_freq_mhz'] },
    { into: 'powerWatts', families: ['mactop_power_watts'], where: { component: 'gpu' } },
  ],
  nodeReadings: [
    { into: 'cpuPercent', families: ['mactop_cpu_usage_percent'] },
    { into: 'memoryUsedBytes', families: ['mactop_memory_gb'], where: { type: 'used' }, scale: GIB },
    { into: 'memoryTotalBytes', families: ['mactop_memory_gb'], where: { type: 'total' }, scale: GIB },
  ],
};

const MACMON: Dialect = {
  id: 'macmon',
  program: 'macmon',
  port: '',
  proof: {},
  refreshSeconds: 1,
  gpu: { name: ['chip'], called: 'Apple GPU' },
  gpuReadings: [{ into: 'temperatureCelsius', families: ['macmon_gpu_temp_celsius'] }],
  nodeReadings: [
    { into: 'cpuPercent', families: ['macmon_cpu_usage_ratio'], scale: 100 },
    { into: 'memoryUsedBytes', families: ['macmon_memory_ram_used_bytes'] },
    { into: 'memoryTotalBytes', families: ['macmon_memory_ram_total_bytes'] },
  ],
};

/** Which job a GPU belongs to; no readings of GPUs. */
const CEEMS: Dialect = {
  id: 'ceems',
  program: 'CEEMS exporter',
  port: '9010',
  proof: { families: ['ceems_compute_unit_gpu_index_flag', 'ceems_compute_units'] },
  refreshSeconds: 0,
  node: ['hostname'],
  gpu: { uuid: ['gpuuuid'], index: ['index'], about: ['ceems_compute_unit_gpu_index_flag'] },
  owner: { job: ['uuid'] },
  cpuSeconds: 'ceems_cpu_seconds_total',
  nodeReadings: [
    { into: 'memoryTotalBytes', families: ['ceems_meminfo_MemTotal_bytes'] },
    { into: 'memoryAvailableBytes', families: ['ceems_meminfo_MemAvailable_bytes'] },
  ],
};

const KEPLER: Dialect = {
  id: 'kepler',
  program: 'Kepler',
  port: '28282',
  proof: { families: ['kepler_node_gpu_watts'], labels: ['gpu_uuid'] },
  refreshSeconds: 5,
  node: ['node_name'],
  gpu: { uuid: ['gpu_uuid'], index: ['gpu'], name: ['gpu_name'] },
  gpuReadings: [{ into: 'powerWatts', families: ['kepler_node_gpu_watts'] }],
};

/** The machine without its GPUs. */
const NODE_EXPORTER: Dialect = {
  id: 'node',
  program: 'node_exporter',
  port: '9100',
  proof: { families: ['node_uname_info', 'node_boot_time_seconds', 'node_memory_MemTotal_bytes'] },
  refreshSeconds: 0,
  node: ['nodename'],
  cpuSeconds: 'node_cpu_seconds_total',
  nodeReadings: [
    { into: 'memoryTotalBytes', families: ['node_memory_MemTotal_bytes'] },
    { into: 'memoryAvailableBytes', families: ['node_memory_MemAvailable_bytes'] },
    { into: 'memoryFreeBytes', families: ['node_memory_MemFree_bytes'] },
    { into: 'memoryBuffersBytes', families: ['node_memory_Buffers_bytes'] },
    { into: 'memoryCachedBytes', families: ['node_memory_Cached_bytes'] },
    { into: 'swapTotalBytes', families: ['node_memory_SwapTotal_bytes'] },
    { into: 'swapFreeBytes', families: ['node_memory_SwapFree_bytes'] },
    { into: 'clockSeconds', families: ['node_time_seconds'] },
    { into: 'bootSeconds', families: ['node_boot_time_seconds'] },
  ],
  disks: { size: 'node_filesystem_size_bytes', available: 'node_filesystem_avail_bytes' },
};

export const OTHER_DIALECTS: readonly Dialect[] = [
  AMD_DEVICE_METRICS,
  AMD_SMI,
  OMNISTAT,
  XPUM,
  XPUMD,
  GAUDI,
  GKE_TPU,
  NEURON,
  ASCEND,
  MACTOP,
  MACMON,
  CEEMS,
  KEPLER,
  NODE_DRM,
  NODE_EXPORTER,
];
