/** `nvidia-smi -q -x`: all data of every GPU. Long and slow, so it is used for data that changes slowly. */
import { clean } from '../../text/sanitize.js';
import { childOf, leafAt, listOf, parseElements, type Element } from './smi-elements.js';
import { isProse, isWarning, linesOf, mebibytes, reading, word } from './smi-values.js';

/** The data that `-q -x` adds to a GPU; names as in NodeGpu. */
export interface GpuDetails {
  readonly uuid: string;
  readonly powerLimitMaxWatts: number | undefined;
  readonly graphicsMaxMhz: number | undefined;
  readonly memoryMaxMhz: number | undefined;
  readonly pcieGeneration: number | undefined;
  readonly pcieWidth: number | undefined;
  readonly slowdownCelsius: number | undefined;
  readonly shutdownCelsius: number | undefined;
  readonly maxOperatingCelsius: number | undefined;
  readonly acousticCelsius: number | undefined;
  readonly eccCorrected: number | undefined;
  readonly eccUncorrected: number | undefined;
  readonly rowsRemapped: number | undefined;
  readonly rowsRemappedUncorrectable: number | undefined;
  readonly rowRemapPending: number | undefined;
  readonly rowRemapFailed: number | undefined;
  readonly clockEvents: number | undefined;
  readonly gspFirmwareVersion: string | undefined;
  readonly details: Readonly<Record<string, string>>;
  readonly migDevices: readonly MigPart[];
}

/** A MIG device in `-q -x`; its uuid and profile come from `-L`. */
export interface MigPart {
  readonly index: number;
  readonly gpuInstance: number | undefined;
  readonly computeInstance: number | undefined;
  readonly memoryUsedBytes: number | undefined;
  readonly memoryTotalBytes: number | undefined;
}

/** The text at a path; undefined if it does not exist or stands for "not available". */
const leaf = (element: Element, path: string): string | undefined => word(leafAt(element, path));

/** The first of the paths that exists: drivers have moved and renamed elements. */
const leafOf = (element: Element, ...paths: readonly string[]): string | undefined =>
  paths.map((path) => leaf(element, path)).find((text) => text !== undefined);

const cleaned = (text: string | undefined): string | undefined => (text === undefined ? undefined : clean(text, 128));

const POWER = ['gpu_power_readings', 'power_readings'] as const;
const power = (gpu: Element, name: string): number | undefined => reading(leafOf(gpu, ...POWER.map((group) => `${group}/${name}`)));
const link = (gpu: Element, name: string): number | undefined => reading(leaf(gpu, `pci/pci_gpu_link_info/${name}`));

/** Labels of the info family and the paths of their values. What changes while a GPU works has a family: a label would start another series. */
const TEXTS: Readonly<Record<string, string>> = {
  brand: 'product_brand',
  architecture: 'product_architecture',
  vbios_version: 'vbios_version',
  // Slurm's index of a GPU is its minor number.
  minor_number: 'minor_number',
  pci_address: 'pci/pci_bus_id',
  pci_device: 'pci/pci_device_id',
  compute_mode: 'compute_mode',
  ecc_mode_current: 'ecc_mode/current_ecc',
  mig_mode_current: 'mig_mode/current_mig',
};

function detailsOf(gpu: Element, driver: string | undefined, cuda: string | undefined): Record<string, string> {
  const numbers: Readonly<Record<string, number | undefined>> = {
    pcie_gen_max: link(gpu, 'pcie_gen/max_link_gen'),
    pcie_width_max: link(gpu, 'link_widths/max_link_width'),
    power_limit_min: power(gpu, 'min_power_limit'),
    power_limit_default: power(gpu, 'default_power_limit'),
    power_limit_max: power(gpu, 'max_power_limit'),
    clock_graphics_max: reading(leaf(gpu, 'max_clocks/graphics_clock')),
    clock_memory_max: reading(leaf(gpu, 'max_clocks/mem_clock')),
  };
  const pairs: (readonly [label: string, value: string | number | undefined])[] = [
    ['driver_version', driver],
    ['cuda_version', cuda],
    ['lib_name', cuda === undefined ? undefined : 'CUDA'],
    ['lib_version', cuda],
    ...Object.entries(TEXTS).map(([label, path]) => [label, leaf(gpu, path)] as const),
    ...Object.entries(numbers),
  ];
  return Object.fromEntries(pairs.flatMap(([label, value]) => (value === undefined ? [] : [[label, clean(String(value), 128)]])));
}

/** Older drivers name the errors by memory, newer ones by kind; a part that is not available counts as none if any other is. */
function errors(gpu: Element, names: readonly string[]): number | undefined {
  const found = names.flatMap((name) => reading(leaf(gpu, `ecc_errors/volatile/${name}`)) ?? []);
  return found.length === 0 ? undefined : found.reduce((sum, one) => sum + one, 0);
}
const CORRECTED = ['sram_correctable', 'dram_correctable', 'single_bit/total'];
const UNCORRECTED = [
  'sram_uncorrectable',
  'sram_uncorrectable_parity',
  'sram_uncorrectable_secded',
  'dram_uncorrectable',
  'double_bit/total',
];

const FLAGS: Readonly<Record<string, number>> = { Yes: 1, No: 0 };
const flag = (gpu: Element, path: string): number | undefined => FLAGS[leaf(gpu, path) ?? ''];
const row = (gpu: Element, name: string): number | undefined => reading(leaf(gpu, `remapped_rows/${name}`));

/** The bits that NVML has for the reasons. */
const CLOCK_EVENTS: Readonly<Record<string, number>> = {
  gpu_idle: 0x1,
  applications_clocks_setting: 0x2,
  sw_power_cap: 0x4,
  hw_slowdown: 0x8,
  sync_boost: 0x10,
  sw_thermal_slowdown: 0x20,
  hw_thermal_slowdown: 0x40,
  hw_power_brake_slowdown: 0x80,
  display_clocks_setting: 0x100,
};
/** Drivers before 535 call them throttle reasons. */
const EVENT_PATHS = ['clocks_event_reasons/clocks_event_reason_', 'clocks_throttle_reasons/clocks_throttle_reason_'];

function clockEventsOf(gpu: Element): number | undefined {
  const told = Object.entries(CLOCK_EVENTS).flatMap(([name, bit]) => {
    const text = leafOf(gpu, ...EVENT_PATHS.map((path) => path + name));
    return text === 'Active' || text === 'Not Active' ? [text === 'Active' ? bit : 0] : [];
  });
  return told.length === 0 ? undefined : told.reduce((bits, bit) => bits | bit, 0);
}

/** It does not have the last Xid. */
const healthOf = (gpu: Element) => ({
  eccCorrected: errors(gpu, CORRECTED),
  eccUncorrected: errors(gpu, UNCORRECTED),
  rowsRemapped: row(gpu, 'remapped_row_corr'),
  rowsRemappedUncorrectable: row(gpu, 'remapped_row_unc'),
  rowRemapPending: flag(gpu, 'remapped_rows/remapped_row_pending'),
  rowRemapFailed: flag(gpu, 'remapped_rows/remapped_row_failure'),
  clockEvents: clockEventsOf(gpu),
});

function migPart(device: Element): MigPart[] {
  const index = reading(leaf(device, 'index'));
  if (index === undefined) return [];
  return [
    {
      index,
      gpuInstance: reading(leaf(device, 'gpu_instance_id')),
      computeInstance: reading(leaf(device, 'compute_instance_id')),
      memoryUsedBytes: mebibytes(leaf(device, 'fb_memory_usage/used')),
      memoryTotalBytes: mebibytes(leaf(device, 'fb_memory_usage/total')),
    },
  ];
}

export interface SmiAnswer {
  /** In the order of the output, which is that of the indexes. */
  readonly gpus: readonly GpuDetails[];
  /** GPUs in it that cannot be parsed: damaged, or cut. */
  readonly damaged: number;
  /** Lines that are not elements: errors, warnings. */
  readonly words: readonly string[];
}

/**
 * Parses an answer GPU by GPU: a damaged or cut one does not affect others. Temperatures that newer cards report as a distance to their
 * limit (`..._tlimit_...`) are not converted to temperatures.
 */
export function parseDetails(output: string): SmiAnswer {
  const [head = '', ...parts] = output.split(/(?=<gpu[\s>])/);
  const log = parseElements(head);
  const driver = leafOf(log, 'nvidia_smi_log/driver_version', 'driver_version');
  const cuda = leafOf(log, 'nvidia_smi_log/cuda_version', 'cuda_version');
  const gpus = parts.flatMap((part, nth) => {
    // The last one is not ended by a next one.
    if (nth === parts.length - 1 && !/<\/(?:gpu|nvidia_smi_log)>/.test(part)) return [];
    const gpu = childOf(parseElements(part), 'gpu');
    const uuid = leaf(gpu, 'uuid');
    return uuid === undefined ? [] : [detailsAt(gpu, uuid, driver, cuda)];
  });
  // Texts of elements may have lines of their own, so between the tags only lines that look like an error count as errors.
  const around = [output.slice(0, Math.max(0, output.indexOf('<'))), output.slice(output.lastIndexOf('>') + 1)].flatMap(linesOf);
  const within = linesOf(output).filter((line) => !line.includes('<') && (isProse(line) || isWarning(line)));
  const words = [...new Set([...within, ...around].map((line) => line.trim()))];
  return { gpus, damaged: parts.length - gpus.length, words };
}

function detailsAt(gpu: Element, uuid: string, driver: string | undefined, cuda: string | undefined): GpuDetails {
  const devices = [...listOf(childOf(gpu, 'mig_devices'), 'mig_device'), ...listOf(gpu, 'mig_device')];
  return {
    uuid: clean(uuid, 128),
    powerLimitMaxWatts: power(gpu, 'max_power_limit'),
    graphicsMaxMhz: reading(leaf(gpu, 'max_clocks/graphics_clock')),
    memoryMaxMhz: reading(leaf(gpu, 'max_clocks/mem_clock')),
    pcieGeneration: link(gpu, 'pcie_gen/current_link_gen'),
    pcieWidth: link(gpu, 'link_widths/current_link_width'),
    slowdownCelsius: reading(leaf(gpu, 'temperature/gpu_temp_slow_threshold')),
    shutdownCelsius: reading(leaf(gpu, 'temperature/gpu_temp_max_threshold')),
    maxOperatingCelsius: reading(leaf(gpu, 'temperature/gpu_temp_max_gpu_threshold')),
    acousticCelsius: reading(leaf(gpu, 'temperature/gpu_target_temperature')),
    ...healthOf(gpu),
    gspFirmwareVersion: cleaned(leaf(gpu, 'gsp_firmware_version')),
    details: detailsOf(gpu, driver, cuda),
    migDevices: devices.flatMap(migPart),
  };
}

export interface MigName {
  readonly index: number;
  readonly uuid: string;
  readonly profile: string;
}

const GPU_LINE = /^\s*GPU \d+: .*\(UUID: (GPU-[^)\s]+)\)/;
const MIG_LINE = /^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[^)\s]+)\)/;

/**
 * The MIG devices that `nvidia-smi -L` lists, by uuid of their GPU. Devices below a line that is not a GPU belong to an unknown one and are
 * left out.
 */
export function parseMigNames(output: string): ReadonlyMap<string, readonly MigName[]> {
  const names = new Map<string, MigName[]>();
  let open: MigName[] = [];
  for (const line of linesOf(output)) {
    const gpu = GPU_LINE.exec(line)?.[1];
    const [, profile = '', index, uuid] = MIG_LINE.exec(line) ?? [];
    if (gpu !== undefined) names.set(gpu, (open = []));
    else if (uuid !== undefined) open.push({ index: Number(index), uuid: clean(uuid, 128), profile: clean(profile, 64) });
    else if (!/^\s+MIG /.test(line)) open = [];
  }
  return names;
}
