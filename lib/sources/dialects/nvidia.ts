/** Exporters of NVIDIA GPUs. */
import type { Dialect } from './dialect.js';

const MIB = 2 ** 20;
const POD_LABELS = { namespace: ['namespace', 'pod_namespace'], pod: ['pod', 'pod_name'] } as const;

/** The names of 1.x (`dcgm_`), of DCGM 2 to 4, and of DCGM 4.6. Which are sent is decided by a CSV file of the site. */
const DCGM: Dialect = {
  id: 'dcgm',
  program: 'dcgm-exporter',
  port: '9400',
  proof: { labels: ['UUID', 'uuid', 'gpu_uuid'] },
  refreshSeconds: 30,
  node: ['Hostname', 'hostname'],
  gpu: {
    uuid: ['UUID', 'uuid', 'gpu_uuid'],
    index: ['gpu'],
    name: ['modelName', 'model_name'],
    part: ['GPU_I_ID'],
    profile: ['GPU_I_PROFILE'],
    details: { driver_version: ['DCGM_FI_DRIVER_VERSION'], pci_bus_id: ['pci_bus_id'] },
  },
  gpuReadings: [
    { into: 'utilPercent', families: ['DCGM_FI_DEV_GPU_UTIL', 'dcgm_gpu_utilization'], of: 'part' },
    { into: 'utilPercent', families: ['DCGM_FI_DEV_GPU_UTIL_RATIO'], of: 'part', unitUnknown: true },
    { into: 'memoryUsedBytes', families: ['DCGM_FI_DEV_FB_USED', 'dcgm_fb_used'], scale: MIB, of: 'part' },
    { into: 'memoryFreeBytes', families: ['DCGM_FI_DEV_FB_FREE', 'dcgm_fb_free'], scale: MIB, of: 'part' },
    { into: 'memoryReservedBytes', families: ['DCGM_FI_DEV_FB_RESERVED'], scale: MIB, of: 'part' },
    { into: 'memoryTotalBytes', families: ['DCGM_FI_DEV_FB_TOTAL'], scale: MIB, of: 'part' },
    { into: 'temperatureCelsius', families: ['DCGM_FI_DEV_GPU_TEMP', 'DCGM_FI_DEV_GPU_TEMP_CELSIUS', 'dcgm_gpu_temp'] },
    { into: 'powerWatts', families: ['DCGM_FI_DEV_POWER_USAGE', 'DCGM_FI_DEV_BOARD_POWER_WATTS', 'dcgm_power_usage'] },
    {
      into: 'powerLimitWatts',
      families: [
        'DCGM_FI_DEV_ENFORCED_POWER_LIMIT',
        'DCGM_FI_DEV_BOARD_POWER_LIMIT_ENFORCED_WATTS',
        'DCGM_FI_DEV_POWER_MGMT_LIMIT',
        'DCGM_FI_DEV_BOARD_POWER_LIMIT_REQUESTED_WATTS',
      ],
    },
    { into: 'powerLimitMaxWatts', families: ['DCGM_FI_DEV_POWER_MGMT_LIMIT_MAX'] },
    { into: 'frequencyMhz', families: ['DCGM_FI_DEV_SM_CLOCK', 'dcgm_sm_clock'] },
    { into: 'performanceState', families: ['DCGM_FI_DEV_PSTATE', 'DCGM_FI_DEV_GPU_PSTATE'] },
    { into: 'slowdownCelsius', families: ['DCGM_FI_DEV_SLOWDOWN_TEMP'] },
    { into: 'shutdownCelsius', families: ['DCGM_FI_DEV_SHUTDOWN_TEMP'] },
    { into: 'maxOperatingCelsius', families: ['DCGM_FI_DEV_GPU_MAX_OP_TEMP'] },
    // 0 is sent where there is no sensor; no memory is that cold.
    { into: 'memoryCelsius', families: ['DCGM_FI_DEV_MEMORY_TEMP', 'DCGM_FI_DEV_MEMORY_TEMP_CELSIUS'], zeroIsNone: true },
    { into: 'memoryMhz', families: ['DCGM_FI_DEV_MEM_CLOCK', 'dcgm_memory_clock'] },
    { into: 'fanPercent', families: ['DCGM_FI_DEV_FAN_SPEED'] },
    { into: 'smOccupancy', families: ['DCGM_FI_PROF_SM_OCCUPANCY'] },
    { into: 'memoryBandwidthFraction', families: ['DCGM_FI_PROF_DRAM_ACTIVE', 'DCGM_FI_PROF_DRAM_UTIL_RATIO'] },
    { into: 'lastXid', families: ['DCGM_FI_DEV_XID_ERRORS', 'DCGM_FI_DEV_XID_ERROR', 'dcgm_xid_errors'] },
    { into: 'eccCorrected', families: ['DCGM_FI_DEV_ECC_SBE_VOL_TOTAL'] },
    { into: 'eccUncorrected', families: ['DCGM_FI_DEV_ECC_DBE_VOL_TOTAL'] },
    { into: 'rowsRemapped', families: ['DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS'] },
    { into: 'rowsRemappedUncorrectable', families: ['DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS'] },
    { into: 'rowRemapPending', families: ['DCGM_FI_DEV_ROW_REMAP_PENDING'] },
    { into: 'rowRemapFailed', families: ['DCGM_FI_DEV_ROW_REMAP_FAILURE', 'DCGM_FI_DEV_ROW_REMAP_FAILED'] },
    { into: 'clockEvents', families: ['DCGM_FI_DEV_CLOCKS_EVENT_REASONS', 'DCGM_FI_DEV_CLOCK_THROTTLE_REASONS'] },
  ],
  owner: { ...POD_LABELS, job: ['hpc_job'] },
};

const NVIDIA_GPU_EXPORTER: Dialect = {
  id: 'nge',
  program: 'nvidia_gpu_exporter',
  port: '9835',
  proof: { families: ['nvidia_smi_gpu_info'], labels: ['uuid'], like: /^(?!GPU-)/ },
  refreshSeconds: 0,
  gpu: {
    uuid: ['uuid'],
    index: ['index'],
    name: ['name'],
    details: { driver_version: ['driver_version'], cuda_version: ['cuda_version'], pci_bus_id: ['pci_bus_id'] },
    about: ['nvidia_smi_gpu_info'],
  },
  gpuReadings: [
    { into: 'index', families: ['nvidia_smi_index'] },
    { into: 'utilPercent', families: ['nvidia_smi_utilization_gpu_ratio'], scale: 100 },
    { into: 'memoryUsedBytes', families: ['nvidia_smi_memory_used_bytes'] },
    { into: 'memoryTotalBytes', families: ['nvidia_smi_memory_total_bytes'] },
    { into: 'temperatureCelsius', families: ['nvidia_smi_temperature_gpu'] },
    {
      into: 'powerWatts',
      families: ['nvidia_smi_power_draw_watts', 'nvidia_smi_power_draw_average_watts', 'nvidia_smi_power_draw_instant_watts'],
    },
    { into: 'powerLimitWatts', families: ['nvidia_smi_enforced_power_limit_watts', 'nvidia_smi_power_limit_watts'] },
    { into: 'powerLimitMaxWatts', families: ['nvidia_smi_power_max_limit_watts'] },
    { into: 'frequencyMhz', families: ['nvidia_smi_clocks_current_sm_clock_hz'], scale: 1e-6 },
    { into: 'graphicsMaxMhz', families: ['nvidia_smi_clocks_max_graphics_clock_hz', 'nvidia_smi_clocks_max_sm_clock_hz'], scale: 1e-6 },
    { into: 'performanceState', families: ['nvidia_smi_pstate'] },
    { into: 'migEnabled', families: ['nvidia_smi_mig_mode_current'] },
    { into: 'memoryCelsius', families: ['nvidia_smi_temperature_memory'] },
    { into: 'memoryMhz', families: ['nvidia_smi_clocks_current_memory_clock_hz'], scale: 1e-6 },
    { into: 'fanPercent', families: ['nvidia_smi_fan_speed_ratio'], scale: 100 },
    { into: 'eccCorrected', families: ['nvidia_smi_ecc_errors_corrected_volatile_total'] },
    { into: 'eccUncorrected', families: ['nvidia_smi_ecc_errors_uncorrected_volatile_total'] },
    { into: 'rowsRemapped', families: ['nvidia_smi_remapped_rows_correctable'] },
    { into: 'rowsRemappedUncorrectable', families: ['nvidia_smi_remapped_rows_uncorrectable'] },
    { into: 'rowRemapPending', families: ['nvidia_smi_remapped_rows_pending'] },
    { into: 'rowRemapFailed', families: ['nvidia_smi_remapped_rows_failure'] },
    { into: 'clockEvents', families: ['nvidia_smi_clocks_event_reasons_active', 'nvidia_smi_clocks_throttle_reasons_active'] },
  ],
  processes: {
    shownBy: ['nvidia_smi_compute_apps', 'nvidia_smi_compute_app_info', 'nvidia_smi_compute_app_used_memory_bytes'],
    pid: ['pid'],
    name: ['process_name'],
    about: ['nvidia_smi_compute_app_info'],
    readings: [{ into: 'gpuBytes', families: ['nvidia_smi_compute_app_used_memory_bytes'] }],
  },
};

/** The same prefix as nvidia_gpu_exporter, with other units and another form of the uuid. */
const TELEGRAF: Dialect = {
  id: 'telegraf_smi',
  program: 'Telegraf (nvidia_smi)',
  port: '9273',
  proof: { labels: ['uuid'], like: /^GPU-/ },
  refreshSeconds: 10,
  node: ['host'],
  gpu: { uuid: ['uuid'], index: ['index'], name: ['name'] },
  gpuReadings: [
    { into: 'utilPercent', families: ['nvidia_smi_utilization_gpu'] },
    { into: 'memoryUsedBytes', families: ['nvidia_smi_memory_used'], scale: MIB },
    { into: 'memoryTotalBytes', families: ['nvidia_smi_memory_total'], scale: MIB },
    { into: 'temperatureCelsius', families: ['nvidia_smi_temperature_gpu'] },
    { into: 'powerWatts', families: ['nvidia_smi_power_draw'] },
    { into: 'powerLimitWatts', families: ['nvidia_smi_power_limit'] },
    { into: 'frequencyMhz', families: ['nvidia_smi_clocks_current_sm'] },
  ],
};

const NVITOP: Dialect = {
  id: 'nvitop',
  program: 'nvitop-exporter',
  port: '8000',
  proof: { families: ['nvitop_info'] },
  refreshSeconds: 1,
  node: ['hostname'],
  gpu: { uuid: ['uuid'], index: ['index'], name: ['devicename'] },
  gpuReadings: [
    { into: 'utilPercent', families: ['gpu_utilization_Percentage'], of: 'part' },
    { into: 'memoryUsedBytes', families: ['gpu_memory_used_MiB'], scale: MIB, of: 'part' },
    { into: 'memoryTotalBytes', families: ['gpu_memory_total_MiB'], scale: MIB, of: 'part' },
    { into: 'temperatureCelsius', families: ['gpu_temperature_C'] },
    { into: 'powerWatts', families: ['gpu_power_usage_W'] },
    { into: 'powerLimitWatts', families: ['gpu_power_limit_W'] },
    { into: 'frequencyMhz', families: ['gpu_clock_sm_MHz'] },
    { into: 'memoryMhz', families: ['gpu_clock_memory_MHz'] },
    { into: 'fanPercent', families: ['gpu_fan_speed_Percentage'] },
  ],
  processes: {
    pid: ['pid'],
    user: ['username'],
    command: ['command'],
    about: ['process_info_info'],
    readings: [
      { into: 'gpuBytes', families: ['process_gpu_memory_MiB'], scale: MIB },
      { into: 'smPercent', families: ['process_gpu_sm_utilization_Percentage'] },
      { into: 'cpuPercent', families: ['process_cpu_percent_Percentage'] },
      { into: 'ageSeconds', families: ['process_running_time_Second'] },
      { into: 'residentBytes', families: ['process_rss_memory_MiB'], scale: MIB },
    ],
  },
  nodeReadings: [
    { into: 'cpuPercent', families: ['host_cpu_percent_Percentage'] },
    { into: 'memoryTotalBytes', families: ['host_virtual_memory_total_MiB'], scale: MIB },
    { into: 'memoryUsedBytes', families: ['host_virtual_memory_used_MiB'], scale: MIB },
    { into: 'memoryFreeBytes', families: ['host_virtual_memory_free_MiB'], scale: MIB },
    { into: 'swapTotalBytes', families: ['host_swap_memory_total_MiB'], scale: MIB },
    { into: 'swapUsedBytes', families: ['host_swap_memory_used_MiB'], scale: MIB },
    { into: 'uptimeSeconds', families: ['host_uptime_Second'] },
  ],
};

const NVIDIA_GPU_PROMETHEUS = {
  gpuReadings: [
    { into: 'utilPercent', families: ['nvidia_gpu_duty_cycle'], of: 'part' },
    // Includes what the driver keeps for itself.
    { into: 'memoryUsedBytes', families: ['nvidia_gpu_memory_used_bytes'], of: 'part', lesser: true },
    { into: 'memoryTotalBytes', families: ['nvidia_gpu_memory_total_bytes'], of: 'part' },
    { into: 'temperatureCelsius', families: ['nvidia_gpu_temperature_celsius'] },
    { into: 'powerWatts', families: ['nvidia_gpu_power_usage_milliwatts'], scale: 0.001 },
  ],
} as const satisfies Partial<Dialect>;

const JOBSTATS: Dialect = {
  id: 'jobstats',
  program: 'nvidia_gpu_prometheus_exporter (jobstats)',
  port: '9445',
  proof: { families: ['nvidia_gpu_memory_total_bytes', 'nvidia_gpu_duty_cycle', 'nvidia_gpu_power_usage_milliwatts'], labels: ['ordinal'] },
  refreshSeconds: 0,
  gpu: {
    uuid: ['uuid'],
    index: ['ordinal'],
    name: ['name'],
    part: ['GPU_I_ID'],
    details: { minor_number: ['minor_number'] },
  },
  gpuReadings: [
    ...NVIDIA_GPU_PROMETHEUS.gpuReadings,
    { into: 'frequencyMhz', families: ['nvidia_gpu_clock'], where: { type: 'sm' } },
    { into: 'frequencyMhz', families: ['nvidia_gpu_clock'], where: { type: 'graphics' } },
    { into: 'memoryMhz', families: ['nvidia_gpu_clock'], where: { type: 'mem' } },
    { into: 'fanPercent', families: ['nvidia_gpu_fanspeed_percent'] },
    // Fractions, whatever their names say.
    { into: 'smOccupancy', families: ['nvidia_gpu_sm_occupancy_percent'] },
    { into: 'memoryBandwidthFraction', families: ['nvidia_gpu_dram_bw_util_percent'] },
    { into: 'eccCorrected', families: ['nvidia_gpu_ecc_errors'], where: { error: 'corrected', counter: 'volatile' } },
    { into: 'eccUncorrected', families: ['nvidia_gpu_ecc_errors'], where: { error: 'uncorrected', counter: 'volatile' } },
  ],
  owner: { job: ['jobid'], user: ['userid'] },
};

const MINDPRINCE: Dialect = {
  id: 'mindprince',
  program: 'nvidia_gpu_prometheus_exporter',
  port: '9445',
  proof: {
    families: ['nvidia_gpu_memory_total_bytes', 'nvidia_gpu_duty_cycle', 'nvidia_gpu_power_usage_milliwatts'],
    labels: ['minor_number'],
  },
  refreshSeconds: 0,
  gpu: { uuid: ['uuid'], index: ['minor_number'], name: ['name'], details: { minor_number: ['minor_number'] } },
  ...NVIDIA_GPU_PROMETHEUS,
};

/** It numbers the GPUs of each job from 0: which GPU of the node is meant is not known. */
const SLURM_JOB_EXPORTER: Dialect = {
  id: 'sje',
  program: 'slurm-job-exporter',
  port: '9798',
  proof: { families: ['slurm_job_memory_usage'], labels: ['slurmjobid'] },
  refreshSeconds: 0,
  owner: { user: ['user'], account: ['account'], job: ['slurmjobid'] },
  nodeOwners: { families: ['slurm_job_memory_total_gpu', 'slurm_job_memory_usage_gpu'], gpuLabel: 'gpu' },
};

const GKE_GPU: Dialect = {
  id: 'gke_nv',
  program: 'NVIDIA device plugin of GKE',
  port: '2112',
  proof: { families: ['duty_cycle_gpu_node', 'memory_total_gpu_node'], labels: ['accelerator_id'] },
  refreshSeconds: 30,
  gpu: { uuid: ['accelerator_id'], name: ['model'], about: ['duty_cycle'] },
  gpuReadings: [
    { into: 'utilPercent', families: ['duty_cycle_gpu_node'] },
    { into: 'memoryUsedBytes', families: ['memory_used_gpu_node'] },
    { into: 'memoryTotalBytes', families: ['memory_total_gpu_node'] },
  ],
  owner: POD_LABELS,
};

const GPUD: Dialect = {
  id: 'gpud',
  program: 'gpud',
  port: '15132',
  proof: { labels: ['uuid'] },
  refreshSeconds: 60,
  gpu: { uuid: ['uuid'], called: 'NVIDIA GPU' },
  gpuReadings: [
    { into: 'utilPercent', families: ['accelerator_nvidia_utilization_gpu_util_percent'] },
    { into: 'memoryUsedBytes', families: ['accelerator_nvidia_memory_used_bytes'] },
    { into: 'memoryTotalBytes', families: ['accelerator_nvidia_memory_total_bytes'] },
    { into: 'powerWatts', families: ['accelerator_nvidia_power_current_usage_milli_watts'], scale: 0.001 },
    { into: 'powerLimitWatts', families: ['accelerator_nvidia_power_enforced_limit_milli_watts'], scale: 0.001 },
    { into: 'temperatureCelsius', families: ['accelerator_nvidia_temperature_current_celsius'] },
    { into: 'frequencyMhz', families: ['accelerator_nvidia_clock_speed_graphics_mhz'] },
  ],
};

const HAMI_MONITOR: Dialect = {
  id: 'hami_mon',
  program: 'HAMi monitor',
  port: '9394',
  proof: { labels: ['device_uuid', 'deviceuuid'] },
  refreshSeconds: 0,
  node: ['node', 'nodeid'],
  gpu: {
    uuid: ['device_uuid', 'deviceuuid'],
    index: ['device_index', 'deviceidx'],
    name: ['device_type', 'devicetype'],
    namePrefix: 'NVIDIA-',
    about: ['hami_vgpu_memory_used_bytes'],
  },
  gpuReadings: [
    { into: 'utilPercent', families: ['hami_host_gpu_utilization_ratio', 'HostCoreUtilization'] },
    { into: 'memoryUsedBytes', families: ['hami_host_gpu_memory_used_bytes', 'HostGPUMemoryUsage'] },
  ],
  owner: { namespace: ['namespace', 'podnamespace'], pod: ['pod', 'podname'] },
};

const JETSON_TEGRASTATS: Dialect = {
  id: 'jetson_tegra',
  program: 'tegrastats exporter',
  port: '9102',
  proof: {},
  refreshSeconds: 0,
  gpu: { called: 'NVIDIA Jetson' },
  gpuReadings: [{ into: 'temperatureCelsius', families: ['tegrastats_temperature_celsius'], where: { component: 'GPU' } }],
  nodeReadings: [
    { into: 'memoryUsedBytes', families: ['tegrastats_ram_megabytes'], where: { type: 'usage' }, scale: MIB },
    { into: 'memoryTotalBytes', families: ['tegrastats_ram_megabytes'], where: { type: 'max' }, scale: MIB },
  ],
};

/** The family of the clock is called a utilization. */
const JETSON_JTOP: Dialect = {
  id: 'jetson_jtop',
  program: 'jtop exporter',
  port: '',
  proof: { families: ['gpu_utilization_percentage_Hz'] },
  refreshSeconds: 0,
  gpu: { called: 'NVIDIA Jetson' },
  gpuReadings: [
    { into: 'frequencyMhz', families: ['gpu_utilization_percentage_Hz'], where: { nvidia_gpu: 'freq' }, scale: 1e-6 },
    { into: 'graphicsMaxMhz', families: ['gpu_utilization_percentage_Hz'], where: { nvidia_gpu: 'max_freq' }, scale: 1e-6 },
    { into: 'temperatureCelsius', families: ['temperature_C'], where: { machine_part: 'gpu' } },
  ],
  nodeReadings: [
    { into: 'memoryTotalBytes', families: ['ram_kB'], where: { statistic: 'total' }, scale: 1024 },
    { into: 'memoryUsedBytes', families: ['ram_kB'], where: { statistic: 'used' }, scale: 1024 },
  ],
};

export const NVIDIA_DIALECTS: readonly Dialect[] = [
  DCGM,
  NVITOP,
  NVIDIA_GPU_EXPORTER,
  JOBSTATS,
  MINDPRINCE,
  TELEGRAF,
  GPUD,
  GKE_GPU,
  HAMI_MONITOR,
  JETSON_TEGRASTATS,
  JETSON_JTOP,
  SLURM_JOB_EXPORTER,
];
