/** What the environment variables add to NVIDIA's families, as in all-smi's mock server. */
import { gauge } from '../exposition/write/gauges.js';
import { labelBlock, type Family, type LabelBlock, type Sample } from '../exposition/write/families-text.js';
import { draw, mix } from './random-walk.js';
import type { Device, Switches } from './mock-types.js';

export const NO_SWITCHES: Switches = { vgpu: false, mig: false, hardware: false, topology: false };

const GIB = 2 ** 30;
const VGPUS_PER_GPU = 4;
const ACTIVE_SHARE = 0.7;
const HARDWARE_LINKS = 6;
const TOPOLOGY_GPU_LINKS = 7;
const LINK_MB_PER_S = 50_000;

/** Profile and memory in GiB. */
const MIG_PROFILES: readonly (readonly [profile: string, gib: number])[] = [
  ['1g.5gb', 5],
  ['1g.5gb', 5],
  ['2g.10gb', 10],
  ['3g.20gb', 20],
  ['7g.40gb', 40],
];

export function switchFamilies(devices: readonly Device[], { vgpu, mig, hardware, topology }: Switches): Family[] {
  return [
    ...(hardware || topology ? numaFamilies(devices, topology) : []),
    ...(hardware ? hardwareFamilies(devices) : []),
    ...(vgpu ? vgpuFamilies(devices) : []),
    ...(mig ? migFamilies(devices) : []),
  ];
}

const block = ({ labels }: Device, more: Readonly<Record<string, string | number>> = {}): LabelBlock => labelBlock({ ...labels, ...more });
const each = (devices: readonly Device[], value: (device: Device) => number): Sample[] =>
  devices.map((device) => ({ labels: block(device), value: value(device) }));

/** NUMA nodes and NVLinks: two halves and eight links with a topology, else alternating nodes and six links. */
function numaFamilies(devices: readonly Device[], topology: boolean): Family[] {
  const half = Math.ceil(devices.length / 2);
  const ends = topology ? [...Array<string>(TOPOLOGY_GPU_LINKS).fill('gpu'), 'switch'] : Array<string>(HARDWARE_LINKS).fill('gpu');
  const links = devices.flatMap((device) =>
    ends.map((remote_type, link_index): Sample => ({
      labels: block(device, { link_index, remote_type, ...(topology ? { bandwidth_mb_s: LINK_MB_PER_S } : {}) }),
      value: 1,
    })),
  );
  return [
    gauge(
      'gpu_numa_node_id',
      'NUMA node of the GPU',
      each(devices, ({ index }) => (topology ? Number(index >= half) : index % 2)),
    ),
    gauge('nvlink_remote_device_type', 'Type of the device at the other end of the link', links),
  ];
}

function hardwareFamilies(devices: readonly Device[]): Family[] {
  const same = (name: string, help: string, value: number): Family =>
    gauge(
      name,
      help,
      each(devices, () => value),
    );
  return [
    same('gpu_temperature_threshold_slowdown_celsius', 'Temperature at which the GPU slows down', 90),
    same('gpu_temperature_threshold_shutdown_celsius', 'Temperature at which the GPU shuts down', 95),
    same('gpu_temperature_threshold_max_operating_celsius', 'Maximum operating temperature of the GPU', 87),
    same('gpu_temperature_threshold_acoustic_celsius', 'Temperature target of the fans', 77),
    gauge(
      'gpu_performance_state',
      'Performance state, 0 is the fastest',
      each(devices, ({ reading }) => (reading.utilPercent > 50 ? 0 : reading.utilPercent > 5 ? 2 : 8)),
    ),
    same('gpu_gsp_firmware_mode', 'GSP firmware: 0 disabled, 1 enabled, 2 default', 1),
    gauge(
      'gpu_gsp_firmware_version_info',
      'Firmware of the GPU system processor',
      devices.map((device) => ({ labels: block(device, { version: '550.54.15' }), value: 1 })),
    ),
    same('gpu_sm_occupancy', 'SM occupancy, 0 to 1', 0.67),
    same('gpu_memory_bandwidth_utilization', 'Memory bandwidth in use, 0 to 1', 0.42),
  ];
}

/** MIG and vGPU families name the node in two labels. */
const divided = ({ labels: { gpu_index, gpu_uuid, gpu, instance } }: Device): Record<string, string> => ({
  gpu_index: gpu_index!,
  gpu_uuid: gpu_uuid!,
  gpu: gpu!,
  instance: instance!,
  host: instance!,
});

interface Part {
  readonly labels: LabelBlock;
  readonly utilPercent: number;
  readonly usedBytes: number;
  readonly totalBytes: number;
  readonly active: boolean;
}
type PartRow = readonly [name: string, help: string, value: (part: Part) => number];

const partFamilies = (parts: readonly Part[], rows: readonly PartRow[]): Family[] =>
  rows.map(([name, help, value]) =>
    gauge(
      name,
      help,
      parts.map((part) => ({ labels: part.labels, value: value(part) })),
    ),
  );
const utilOf: PartRow[2] = ({ utilPercent }) => utilPercent;
const halfUtilOf: PartRow[2] = ({ utilPercent }) => Math.round(utilPercent / 2);
const usedOf: PartRow[2] = ({ usedBytes }) => usedBytes;
const totalOf: PartRow[2] = ({ totalBytes }) => totalBytes;

function vgpu(device: Device, nth: number): Part {
  const key = mix(device.key, 41, nth);
  const active = draw(key) < ACTIVE_SHARE;
  const totalBytes = Math.floor(device.memoryBytes / VGPUS_PER_GPU);
  const labels = labelBlock({
    ...divided(device),
    vgpu_id: nth,
    vgpu_uuid: `vgpu-mock-${device.index}-${nth}`,
    vgpu_vm_id: `vm-${device.index}-${nth}`,
    vgpu_type: `${device.labels.gpu!.replace(/^NVIDIA /, '').split(' ')[0]}-${Math.floor(totalBytes / GIB)}Q`,
  });
  return {
    labels,
    active,
    totalBytes,
    utilPercent: active ? Math.round(device.reading.utilPercent * draw(key, 1)) : 0,
    usedBytes: active ? Math.floor(totalBytes * (0.2 + 0.6 * draw(key, 2))) : 0,
  };
}

function vgpuFamilies(devices: readonly Device[]): Family[] {
  const parts = devices.flatMap((device) => Array.from({ length: VGPUS_PER_GPU }, (_, nth) => vgpu(device, nth)));
  const all = (more: Readonly<Record<string, string>>, value: number): Sample[] =>
    devices.map((device) => ({ labels: labelBlock({ ...divided(device), ...more }), value }));
  return [
    gauge('vgpu_host_mode', 'vGPU host mode of the GPU', all({ host_mode: 'Sriov' }, 1)),
    gauge('vgpu_scheduler_state', 'vGPU scheduler: 0 unsupported, 1 off, 2 on', all({ arr_supported: 'true' }, 2)),
    gauge('vgpu_scheduler_policy', 'vGPU scheduler policy', all({}, 1)),
    ...partFamilies(parts, [
      ['vgpu_utilization', 'vGPU utilization, percent', utilOf],
      ['vgpu_memory_utilization', 'vGPU memory utilization, percent', halfUtilOf],
      ['vgpu_memory_used_bytes', 'vGPU memory in use', usedOf],
      ['vgpu_memory_total_bytes', 'Total vGPU memory', totalOf],
      ['vgpu_active', 'Whether a virtual machine uses the vGPU', ({ active }) => Number(active)],
    ]),
  ];
}

function migInstance(device: Device, nth: number): Part {
  const key = mix(device.key, 42, nth);
  const [mig_profile, gib] = MIG_PROFILES[nth]!;
  const labels = labelBlock({
    ...divided(device),
    mig_instance: nth,
    mig_uuid: `MIG-mock-${device.index}-${nth}`,
    mig_profile,
    gpu_instance_id: nth + 1,
    compute_instance_id: 0,
  });
  const totalBytes = gib * GIB;
  return {
    labels,
    active: true,
    totalBytes,
    utilPercent: Math.round(device.reading.utilPercent * (0.4 + 0.6 * draw(key))),
    usedBytes: Math.floor(totalBytes * (0.1 + 0.8 * draw(key, 1))),
  };
}

function migFamilies(devices: readonly Device[]): Family[] {
  const parts = devices.flatMap((device) => MIG_PROFILES.map((_, nth) => migInstance(device, nth)));
  const on = devices.map((device): Sample => ({ labels: labelBlock(divided(device)), value: 1 }));
  return [
    gauge('gpu_mig_mode', 'Whether MIG mode is on', on),
    ...partFamilies(parts, [
      ['mig_instance_utilization_gpu', 'Utilization of the MIG device, percent', utilOf],
      ['mig_instance_utilization_memory', 'Memory utilization of the MIG device, percent', halfUtilOf],
      ['mig_instance_memory_used_bytes', 'Memory in use on the MIG device', usedOf],
      ['mig_instance_memory_total_bytes', 'Memory of the MIG device', totalOf],
    ]),
  ];
}
