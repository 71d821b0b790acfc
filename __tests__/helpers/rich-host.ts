/** A node that reports every known value, and one node of each other vendor, in the formats of the mock and the exporter. */
import type { ExtraSpec, GpuSpec, NodeSpec } from './hosts.js';

const GIB = 2 ** 30;
const H100 = 'NVIDIA H100 80GB HBM3';

const extra = (values: Readonly<Record<string, number>>, labels: Readonly<Record<string, string>> = {}): ExtraSpec => ({ values, labels });
const uuid = (gpu: number): string => `GPU-8f3a00${gpu}1-5b7c-4c0e-9d1e-0a2b3c4d5e6f`;

function gpu(index: number, utilPercent: number, more: GpuSpec = {}): GpuSpec {
  return {
    index,
    uuid: uuid(index),
    name: H100,
    utilPercent,
    memoryUsedBytes: 61.2 * GIB,
    memoryTotalBytes: 79.6 * GIB,
    temperatureCelsius: 71,
    powerWatts: 611.4,
    powerLimitWatts: 700,
    frequencyMhz: 1980,
    performanceState: 0,
    fanRpm: 1450,
    slowdownCelsius: 90,
    shutdownCelsius: 95,
    maxOperatingCelsius: 87,
    numaNode: index % 2,
    smOccupancy: 0.67,
    memoryBandwidthFraction: 0.42,
    details: {
      type: 'GPU',
      driver_version: '580.82.07',
      cuda_version: '13.0',
      lib_name: 'CUDA',
      lib_version: '13.0',
      architecture: 'Hopper',
      pci_address: '0000:3B:00.0',
      vbios_version: '96.00.74.00.01',
      ecc_mode_current: 'Enabled',
      compute_mode: 'Default',
    },
    ...more,
  };
}

const details = (index: number): ExtraSpec =>
  extra(
    {
      gpu_temperature_threshold_acoustic_celsius: 77,
      gpu_gsp_firmware_mode: 1,
      gpu_gsp_firmware_version_info: 1,
      gpu_pcie_gen_current: 5,
      gpu_pcie_width_current: 16,
      gpu_clock_graphics_max_mhz: 1980,
      gpu_clock_memory_max_mhz: 2619,
      gpu_power_limit_current_watts: 650,
      gpu_mig_mode: index === 1 ? 1 : 0,
    },
    { version: '550.54.15' },
  );

const link = (gpuIndex: number, index: number, type: string): ExtraSpec =>
  extra(
    { nvlink_remote_device_type: 1 },
    { gpu_uuid: uuid(gpuIndex), link_index: String(index), remote_type: type, bandwidth_mb_s: '50000' },
  );
const mig = (instance: number, profile: string, util: number, gib: number): ExtraSpec =>
  extra(
    {
      mig_instance_utilization_gpu: util,
      mig_instance_memory_used_bytes: (gib / 4) * GIB,
      mig_instance_memory_total_bytes: gib * GIB,
    },
    {
      gpu_uuid: uuid(1),
      mig_instance: String(instance),
      mig_profile: profile,
      mig_uuid: `MIG-mock-1-${instance}`,
      gpu_instance_id: String(instance + 1),
      compute_instance_id: '0',
    },
  );
const vgpu = (id: number, active: number): ExtraSpec =>
  extra(
    { vgpu_utilization: 31, vgpu_memory_used_bytes: 4 * GIB, vgpu_memory_total_bytes: 12 * GIB, vgpu_active: active },
    { gpu_uuid: uuid(2), vgpu_id: String(id), vgpu_type: 'L40S-12Q', vgpu_vm_id: `vm-${id}` },
  );

export const RICH_HOST: NodeSpec = {
  groups: { rack: 'b7', partition: 'train' },
  gpus: [
    gpu(0, 97),
    gpu(1, 41, { temperatureCelsius: 89 }),
    gpu(2, 0, { memoryUsedBytes: 12 * GIB }),
    gpu(3, 5, { fanRpm: NaN, numaNode: NaN }),
  ],
  procs: [
    { pid: 4211, gpu: 0, user: 'inureyes', vram: 48 * GIB, age: 183_000, cpu: 104, sm: 80, command: 'python train.py --bs=128' },
    { pid: 4900, gpu: 2, user: 'mira', vram: 11 * GIB, age: 900, cpu: 0.3, command: 'jupyter' },
  ],
  cpus: [
    {
      title: 'AMD EPYC 9654',
      utilPercent: 41,
      sockets: 2,
      cores: 192,
      threads: 384,
      frequencyMhz: 3700,
      temperatureCelsius: 61,
      powerWatts: 412,
    },
  ],
  cores: Array.from({ length: 96 }, (_, core) => ({ utilPercent: (core * 37) % 101 })),
  memory: [
    {
      totalBytes: 1511 * GIB,
      usedBytes: 611 * GIB,
      availableBytes: 900 * GIB,
      cachedBytes: 210 * GIB,
      swapTotalBytes: 8 * GIB,
      swapUsedBytes: GIB,
    },
  ],
  disks: [{ title: '/scratch', totalBytes: 27_900 * GIB, availableBytes: 1900 * GIB }],
  extras: {
    gpu: [0, 1, 2, 3].map((index) =>
      index === 2
        ? extra({ vgpu_host_mode: 1, vgpu_scheduler_state: 2, vgpu_scheduler_policy: 1 }, { host_mode: 'Sriov', arr_supported: 'true' })
        : details(index),
    ),
    link: [...Array.from({ length: 7 }, (_, at) => link(0, at, 'gpu')), link(0, 7, 'switch')],
    mig: [mig(0, '1g.10gb', 57, 9.8), mig(1, '3g.40gb', 12, 39.5)],
    vgpu: [vgpu(0, 1), vgpu(1, 0)],
    energy: [
      extra({ energy_consumed_joules_total: 44.4e6 }, { scope: 'gpu', gpu_uuid: uuid(0) }),
      extra({ energy_consumed_joules_total: 9.1e9 }, { scope: 'chassis' }),
    ],
    chassis: [
      extra(
        { chassis_info: 1, chassis_power_watts: 6543.21, chassis_inlet_temperature_celsius: 23.5, chassis_outlet_temperature_celsius: 41 },
        { hostname: 'n1', product_name: 'DGX H100', vendor: 'NVIDIA', bios_version: '1.4.2' },
      ),
    ],
    fan: ['front', 'rear'].map((name, at) => extra({ chassis_fan_speed_rpm: 8000 + at * 500 }, { fan_id: String(at), fan_name: name })),
    socket: [0, 1].map((id) =>
      extra({ cpu_socket_utilization: 40 + id, cpu_socket_temperature_celsius: 60 + id }, { socket_id: String(id) }),
    ),
    runtime: [extra({ kubernetes_pod_info: 1 }, { hostname: 'n1', pod_name: 'exporter-x7', namespace: 'monitoring' })],
    source: [
      extra({ node_source_info: 1 }, { source: 'gpus', state: 'ok', reason: '' }),
      extra({ node_source_info: 1 }, { source: 'sm-shares', state: 'failed', reason: 'pmon says no' }),
    ],
  },
  facts: { exporterVersion: '0.25.0', samples: 421, bytes: 81_200 },
  status: { latencyMs: 14 },
};
