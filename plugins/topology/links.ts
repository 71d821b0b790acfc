/** How the GPUs of a node are connected, as reported. No exporter reports which GPU is at the other end of a link, so that is unknown here too. */
import { rowsByGpu, type AppView, type NodeView } from '../../lib/index.js';

export interface GpuLinks {
  readonly slot: number;
  /** It does not match the filter. */
  readonly out: boolean;
  readonly index: number;
  readonly name: string;
  /** NaN: not reported. */
  readonly numa: number;
  readonly utilPercent: number;
  readonly pciAddress: string;
  readonly pcieGeneration: number;
  readonly pcieWidth: number;
  /** Links by what is at their other end. */
  readonly toGpus: number;
  readonly toSwitches: number;
  readonly toOthers: number;
  /** MB/s of each link; NaN if they differ or are not reported. */
  readonly linkSpeed: number;
}

/**
 * By GPU, in the order of the slots. GPUs that only appear in process rows have no links. `host` is the whole node: links also lead to GPUs
 * that do not match a filter.
 */
export function linksOf(node: NodeView, filter?: AppView['filter']): readonly GpuLinks[] {
  const { gpus, extras } = node;
  const links = extras.rows('link');
  const byGpu = rowsByGpu(node, 'link');
  return Array.from({ length: gpus.count }, (_, slot) => {
    const own = byGpu[slot]!;
    const types = own.map((row) => links.label(row, 'remote_type'));
    const speeds = new Set(own.map((row) => Number(links.label(row, 'bandwidth_mb_s') || NaN)));
    const [speed = NaN] = speeds;
    return {
      slot,
      out: filter !== undefined && !filter.gpu(node, slot),
      index: gpus.index[slot]!,
      name: node.text(gpus.name[slot]!),
      numa: gpus.field.numaNode[slot]!,
      utilPercent: gpus.field.utilPercent[slot]!,
      pciAddress: gpus.detail(slot, 'pci_address'),
      pcieGeneration: extras.rows('gpu').value(slot, 'gpu_pcie_gen_current'),
      pcieWidth: extras.rows('gpu').value(slot, 'gpu_pcie_width_current'),
      toGpus: types.filter((type) => type === 'gpu').length,
      toSwitches: types.filter((type) => type === 'switch').length,
      toOthers: types.filter((type) => type !== 'gpu' && type !== 'switch').length,
      linkSpeed: speeds.size === 1 && speed > 0 ? speed : NaN,
    };
  });
}

/**
 * How two GPUs are connected, the fastest way first. `NV4`: the number of links, if there is no third GPU that they could lead to. `NVS`:
 * both have links to switches, which connect all of them. `NV?`: both have links to GPUs, but to which is not exported. `NODE`, `SYS`: over
 * PCIe, within a NUMA node or between two. `?`: not known.
 */
export function way(a: GpuLinks, b: GpuLinks, gpus: number): string {
  if (a.slot === b.slot) return 'X';
  if (a.toGpus > 0 && b.toGpus > 0 && gpus === 2) return `NV${Math.min(a.toGpus, b.toGpus)}`;
  if (a.toSwitches > 0 && b.toSwitches > 0) return 'NVS';
  if (a.toGpus > 0 && b.toGpus > 0) return 'NV?';
  if (Number.isNaN(a.numa) || Number.isNaN(b.numa)) return '?';
  return a.numa === b.numa ? 'NODE' : 'SYS';
}

export const WAYS: readonly (readonly [sign: string, meaning: string])[] = [
  ['NV4', 'four NVLinks'],
  ['NVS', 'NVLink through switches'],
  ['NV?', 'NVLinks to GPUs; which ones is not exported'],
  ['NODE', 'PCIe, same NUMA node'],
  ['SYS', 'PCIe, between NUMA nodes'],
  ['?', 'not known'],
];
