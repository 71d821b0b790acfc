/** Hardware that can be imitated: properties, reported values, and vendor families. Names and families as in all-smi. */
import { GIB, GPUS_PER_NODE } from './mock-plan.js';
import { APPLE, FURIOSA, GAUDI, JETSON, REBELLIONS, TENSTORRENT, TPU } from './mock-vendors.js';
import type { Platform, GpuModel } from './mock-types.js';

const ALL: ReadonlySet<string> = new Set();
const NVIDIA_INFO = {
  driver_version: '580.82.07',
  cuda_version: '13.0',
  lib_name: 'CUDA',
  lib_version: '13.0',
  brand: 'NVIDIA',
  pcie_width: 'x16',
};

const nvidia = (cpuModel?: string): Platform => ({
  devices: GPUS_PER_NODE,
  omits: ALL,
  info: NVIDIA_INFO,
  nvidia: true,
  uuid: 'GPU',
  ...(cpuModel === undefined ? {} : { machine: { cpuModel } }),
});

/** A device of another vendor: `gib` of memory, a limit of `watts`, clock `mhz`. */
function device(
  name: string,
  architecture: string,
  [gib, watts, mhz]: readonly [gib: number, watts: number, mhz: number],
  more: Pick<Platform, 'info' | 'uuid'> & Partial<Omit<Platform, 'nvidia' | 'model'>>,
): Platform {
  const model: GpuModel = { name, architecture, memoryBytes: gib * GIB, powerLimitWatts: watts, boostMhz: mhz };
  return { model, devices: GPUS_PER_NODE, omits: ALL, nvidia: false, ...more };
}

export const PLATFORMS = {
  nvidia: nvidia(),
  intel: nvidia(),
  amd: nvidia('AMD EPYC 9654 96-Core Processor'),
  jetson: device('NVIDIA Jetson AGX Orin', 'Ampere', [64, 60, 1300], {
    devices: 1,
    info: NVIDIA_INFO,
    uuid: 'GPU',
    vendor: JETSON,
    machine: { cpuModel: 'ARMv8 Processor rev 1 (v8l)', sockets: 1, cores: 12, threads: 12, memoryBytes: 64 * GIB },
  }),
  apple: device('Apple M2 Ultra', 'Apple Silicon', [192, 120, 1398], {
    devices: 1,
    // The chip reports neither the temperature nor the power limit of its GPU; it does report its neural engine.
    omits: new Set(['gpu_temperature_celsius', 'gpu_power_limit_max_watts', 'ane_utilization']),
    info: { type: 'GPU', lib_name: 'Metal', lib_version: 'Metal 3', architecture: 'Apple Silicon' },
    uuid: 'Apple',
    vendor: APPLE,
    machine: { cpuModel: 'Apple M2 Ultra', sockets: 1, cores: 24, threads: 24, memoryBytes: 192 * GIB },
  }),
  amdgpu: device('AMD Instinct MI300X', 'CDNA3', [192, 750, 2100], {
    info: { type: 'GPU', driver_version: '6.12.12', lib_name: 'ROCm', lib_version: '6.4.1', fan_speed: '0 RPM' },
    uuid: 'AMD',
    machine: { cpuModel: 'AMD EPYC 9654 96-Core Processor' },
  }),
  gaudi: device('Intel Gaudi 3 HL-325L', 'Gaudi 3', [128, 850, 1600], {
    omits: new Set(['gpu_frequency_mhz']),
    info: { type: 'NPU', driver_version: '1.22.1-97ec1a4', lib_name: 'Habana', lib_version: '1.22.1' },
    uuid: 'OAM',
    vendor: GAUDI,
  }),
  tpu: device('Google TPU v6e', 'Trillium', [32, 300, 1750], {
    // Neither is exported by a virtual machine with TPUs.
    omits: new Set(['gpu_temperature_celsius', 'gpu_power_consumption_watts', 'gpu_power_limit_max_watts', 'gpu_frequency_mhz']),
    info: { type: 'TPU', lib_name: 'libtpu', lib_version: '0.0.17' },
    uuid: 'TPU',
    vendor: TPU,
  }),
  tenstorrent: device('Tenstorrent Wormhole n300', 'Wormhole', [12, 160, 1000], {
    info: { type: 'NPU', driver_version: '1.34', firmware: '18.3.0.0', lib_name: 'Luwen', lib_version: '0.7.5' },
    uuid: 'TT',
    vendor: TENSTORRENT,
  }),
  rebellions: device('RBLN-CA25', 'ATOM', [64, 130, 1400], {
    info: { type: 'NPU', driver_version: '1.3.73', lib_name: 'RBLN', lib_version: '0.8.2' },
    uuid: 'RBLN',
    vendor: REBELLIONS,
  }),
  furiosa: device('FuriosaAI RNGD', 'TCP', [48, 180, 1000], {
    info: { type: 'NPU', driver_version: '2025.3.0', firmware: '2025.3.0', lib_name: 'furiosa-smi', lib_version: '2025.3.0' },
    uuid: 'RNGD',
    vendor: FURIOSA,
  }),
} as const satisfies Readonly<Record<string, Platform>>;
