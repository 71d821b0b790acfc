/** How each pair of GPUs is connected, and the properties of each GPU. */
import { FROM_COLS, line, NONE, pad, span, width, type Line, type Span } from '../../lib/index.js';
import { way, WAYS, type GpuLinks } from './links.js';

const HEAD_COLS = 8;
const CELL_COLS = 6;
const LEAST_CELL_COLS = 5;

/** One row and one column per GPU; undefined if that does not fit. */
export function matrixLines(gpus: readonly GpuLinks[], cols: number): readonly Line[] | undefined {
  const each = [CELL_COLS, LEAST_CELL_COLS].find((wide) => 1 + HEAD_COLS + gpus.length * wide <= cols);
  if (each === undefined) return undefined;
  const head = line(span(` ${''.padEnd(HEAD_COLS)}${gpus.map(({ index }) => `GPU${index}`.padEnd(each)).join('')}`, 'header'));
  const rows = gpus.map((a) =>
    line(
      nameOf(a),
      ...gpus.map((b) => {
        const sign = way(a, b, gpus.length);
        return span(pad(sign, each), sign === 'X' || sign === '?' ? 'dim' : sign.startsWith('NV') ? 'good' : undefined);
      }),
    ),
  );
  return [head, ...rows];
}

/** A GPU that does not match the filter is dim, after a '-'. */
const nameOf = ({ index, out }: GpuLinks): Span => span(`${out ? '-' : ' '}${pad(`GPU ${index}`, HEAD_COLS)}`, out ? 'dim' : 'strong');

/** The legend of the signs in use. */
export function legendLine(gpus: readonly GpuLinks[]): Line {
  const seen = new Set(gpus.flatMap((a) => gpus.map((b) => way(a, b, gpus.length).replace(/^NV\d+$/, 'NV4'))));
  const words = WAYS.filter(([sign]) => seen.has(sign)).map(
    ([sign, meaning]) => `${sign === 'NV4' ? 'NVn' : sign} ${sign === 'NV4' ? 'n NVLinks' : meaning}`,
  );
  return line(span(` ${words.join('  ·  ')}`, 'dim'));
}

/** One line per GPU: NUMA node, PCIe, links. Columns are as wide as their contents; addresses are dropped first. */
export function factLines(gpus: readonly GpuLinks[], cols: number): readonly Line[] {
  const pcie = gpus.map(pcieText);
  const pcieCols = 2 + Math.max(...pcie.map(width));
  const addressCols = 2 + Math.max(...gpus.map(({ pciAddress }) => width(pciAddress)));
  return gpus.map((gpu, nth) =>
    line(
      nameOf(gpu),
      span(`NUMA ${pad(Number.isNaN(gpu.numa) ? NONE : String(gpu.numa), 4)}`),
      span(`PCIe ${pad(pcie[nth]!, pcieCols)}`),
      ...(cols >= FROM_COLS.pciAddresses && addressCols > 2 ? [span(pad(gpu.pciAddress || NONE, addressCols), 'dim')] : []),
      span(`NVLink ${linksText(gpu)}`),
    ),
  );
}

/** 'gen 5 x16'. */
function pcieText({ pcieGeneration, pcieWidth }: GpuLinks): string {
  const parts = [Number.isNaN(pcieGeneration) ? '' : `gen ${pcieGeneration}`, Number.isNaN(pcieWidth) ? '' : `x${pcieWidth}`];
  return parts.filter((text) => text !== '').join(' ') || NONE;
}

/** '7 to GPUs, 1 to switches, 50.0 GB/s each'. */
function linksText({ toGpus, toSwitches, toOthers, linkSpeed }: GpuLinks): string {
  const links = [
    toGpus > 0 ? `${toGpus} to GPUs` : '',
    toSwitches > 0 ? `${toSwitches} to switches` : '',
    toOthers > 0 ? `${toOthers} elsewhere` : '',
  ].filter((text) => text !== '');
  if (links.length === 0) return NONE;
  return `${links.join(', ')}${Number.isNaN(linkSpeed) ? '' : `, ${(linkSpeed / 1000).toFixed(1)} GB/s each`}`;
}
