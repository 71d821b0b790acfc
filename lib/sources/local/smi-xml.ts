/** `nvidia-smi -q -x`: everything about every GPU. Long and slow, so it is for what changes slowly. */
import { XMLParser } from 'fast-xml-parser';
import { clean } from '../../text/sanitize.js';
import { mebibytes, reading, word } from './smi-values.js';

/** What `-q -x` adds to a GPU; names as in NodeGpu. */
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
  readonly gspFirmwareVersion: string | undefined;
  readonly details: Readonly<Record<string, string>>;
  readonly migDevices: readonly MigPart[];
}

/** A MIG device as `-q -x` knows it; its uuid and profile are told by `-L`. */
export interface MigPart {
  readonly index: number;
  readonly gpuInstance: number | undefined;
  readonly computeInstance: number | undefined;
  readonly memoryUsedBytes: number | undefined;
  readonly memoryTotalBytes: number | undefined;
}

const LISTS: readonly string[] = ['gpu', 'mig_device'];

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  processEntities: false,
  isArray: (tag) => LISTS.includes(tag),
  // Some 500 lines a GPU that nobody wants.
  stopNodes: ['nvidia_smi_log.gpu.supported_clocks'],
});

/** An element: its children by tag. A leaf is a text. */
type Element = Readonly<Record<string, unknown>>;

const child = (element: unknown, tag: string): unknown =>
  typeof element === 'object' && element !== null && Object.hasOwn(element, tag) ? (element as Element)[tag] : undefined;
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);

/** The text at a path; undefined where there is none, or one that says "cannot tell". */
function leaf(element: unknown, path: string): string | undefined {
  const value = path.split('/').reduce(child, element);
  return typeof value === 'string' ? word(value) : undefined;
}

/** The first of the paths that has one: drivers moved and renamed them. */
const leafOf = (element: unknown, ...paths: readonly string[]): string | undefined =>
  paths.map((path) => leaf(element, path)).find((text) => text !== undefined);

const cleaned = (text: string | undefined): string | undefined => (text === undefined ? undefined : clean(text, 128));

const POWER = ['gpu_power_readings', 'power_readings'] as const;
const power = (gpu: unknown, name: string): number | undefined => reading(leafOf(gpu, ...POWER.map((group) => `${group}/${name}`)));
const link = (gpu: unknown, name: string): number | undefined => reading(leaf(gpu, `pci/pci_gpu_link_info/${name}`));

/** Labels of the info family and where their values stand. */
const TEXTS: Readonly<Record<string, string>> = {
  brand: 'product_brand',
  architecture: 'product_architecture',
  vbios_version: 'vbios_version',
  pci_address: 'pci/pci_bus_id',
  pci_device: 'pci/pci_device_id',
  compute_mode: 'compute_mode',
  ecc_mode_current: 'ecc_mode/current_ecc',
  mig_mode_current: 'mig_mode/current_mig',
};

function detailsOf(gpu: unknown, driver: string | undefined, cuda: string | undefined): Record<string, string> {
  const width = link(gpu, 'link_widths/current_link_width');
  const numbers: Readonly<Record<string, number | undefined>> = {
    pcie_generation: link(gpu, 'pcie_gen/current_link_gen'),
    pcie_gen_max: link(gpu, 'pcie_gen/max_link_gen'),
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
    ['pcie_width', width === undefined ? undefined : `x${width}`],
    ...Object.entries(numbers),
  ];
  return Object.fromEntries(pairs.flatMap(([label, value]) => (value === undefined ? [] : [[label, clean(String(value), 128)]])));
}

function migPart(device: unknown): MigPart[] {
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

/**
 * The GPUs of an answer, in its order; undefined: it is none. Temperatures that newer cards tell as a distance to their limit
 * (`..._tlimit_...`) are not made into temperatures.
 */
export function parseDetails(output: string): readonly GpuDetails[] | undefined {
  const root = child(parsed(output), 'nvidia_smi_log');
  if (typeof root !== 'object' || root === null) return undefined;
  const driver = leaf(root, 'driver_version');
  const cuda = leaf(root, 'cuda_version');
  return list(child(root, 'gpu')).flatMap((gpu) => {
    const uuid = leaf(gpu, 'uuid');
    if (uuid === undefined) return [];
    return [
      {
        uuid: clean(uuid, 128),
        powerLimitMaxWatts: power(gpu, 'max_power_limit'),
        graphicsMaxMhz: reading(leaf(gpu, 'max_clocks/graphics_clock')),
        memoryMaxMhz: reading(leaf(gpu, 'max_clocks/mem_clock')),
        pcieGeneration: link(gpu, 'pcie_gen/current_link_gen'),
        pcieWidth: link(gpu, 'link_widths/current_link_width'),
        slowdownCelsius: reading(leaf(gpu, 'temperature/gpu_temp_slow_threshold')),
        shutdownCelsius: reading(leaf(gpu, 'temperature/gpu_temp_max_threshold')),
        maxOperatingCelsius: reading(leaf(gpu, 'temperature/gpu_temp_max_gpu_threshold')),
        gspFirmwareVersion: cleaned(leaf(gpu, 'gsp_firmware_version')),
        details: detailsOf(gpu, driver, cuda),
        migDevices: list(child(child(gpu, 'mig_devices'), 'mig_device')).flatMap(migPart),
      },
    ];
  });
}

/** An answer that was cut in the middle of a tag is none. */
function parsed(output: string): unknown {
  if (!output.trimEnd().endsWith('</nvidia_smi_log>')) return undefined;
  try {
    return parser.parse(output);
  } catch {
    return undefined;
  }
}

export interface MigName {
  readonly index: number;
  readonly uuid: string;
  readonly profile: string;
}

const GPU_LINE = /^GPU \d+: .*\(UUID: (GPU-[^)\s]+)\)/;
const MIG_LINE = /^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[^)\s]+)\)/;

/** The MIG devices that `nvidia-smi -L` lists, by uuid of their GPU. */
export function parseMigNames(output: string): ReadonlyMap<string, readonly MigName[]> {
  const names = new Map<string, MigName[]>();
  let open: MigName[] = [];
  for (const line of output.split('\n')) {
    const gpu = GPU_LINE.exec(line)?.[1];
    if (gpu !== undefined) names.set(gpu, (open = []));
    const [, profile = '', index, uuid] = MIG_LINE.exec(line) ?? [];
    if (uuid !== undefined) open.push({ index: Number(index), uuid: clean(uuid, 128), profile: clean(profile, 64) });
  }
  return names;
}
