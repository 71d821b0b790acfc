/** How each pair of GPUs reaches each other, and what each has to say of its own. */
import { line, NONE, pad, span, type Line } from '../../lib/index.js';
import { way, WAYS, type GpuLinks } from './links.js';

const HEAD_COLS = 8;
const CELL_COLS = 6;
const LEAST_CELL_COLS = 5;

/** A line a GPU, a column a GPU; undefined where that does not fit. */
export function matrixLines(gpus: readonly GpuLinks[], cols: number): readonly Line[] | undefined {
  const each = [CELL_COLS, LEAST_CELL_COLS].find((wide) => 1 + HEAD_COLS + gpus.length * wide <= cols);
  if (each === undefined) return undefined;
  const head = line(span(` ${''.padEnd(HEAD_COLS)}${gpus.map(({ index }) => `GPU${index}`.padEnd(each)).join('')}`, 'header'));
  const rows = gpus.map((a) =>
    line(
      span(` ${pad(`GPU ${a.index}`, HEAD_COLS)}`, 'strong'),
      ...gpus.map((b) => {
        const sign = way(a, b, gpus.length);
        return span(pad(sign, each), sign === 'X' || sign === '?' ? 'dim' : sign.startsWith('NV') ? 'good' : undefined);
      }),
    ),
  );
  return [head, ...rows];
}

/** What the signs mean that are there. */
export function legendLine(gpus: readonly GpuLinks[]): Line {
  const seen = new Set(gpus.flatMap((a) => gpus.map((b) => way(a, b, gpus.length).replace(/^NV\d+$/, 'NV4'))));
  const words = WAYS.filter(([sign]) => seen.has(sign)).map(
    ([sign, meaning]) => `${sign === 'NV4' ? 'NVn' : sign} ${sign === 'NV4' ? 'n NVLinks' : meaning}`,
  );
  return line(span(` ${words.join('  ·  ')}`, 'dim'));
}

/** A line a GPU: NUMA node, PCIe, links. */
export function factLines(gpus: readonly GpuLinks[], cols: number): readonly Line[] {
  return gpus.map((gpu) => {
    const { index, numa, pciAddress, pcieGeneration, pcieWidth, toGpus, toSwitches, toOthers, linkSpeed } = gpu;
    const links = [
      toGpus > 0 ? `${toGpus} to GPUs` : '',
      toSwitches > 0 ? `${toSwitches} to switches` : '',
      toOthers > 0 ? `${toOthers} elsewhere` : '',
    ].filter((text) => text !== '');
    const pcie = [Number.isNaN(pcieGeneration) ? '' : `gen ${pcieGeneration}`, Number.isNaN(pcieWidth) ? '' : `x${pcieWidth}`].filter(
      (text) => text !== '',
    );
    const speed = Number.isNaN(linkSpeed) ? '' : `, ${(linkSpeed / 1000).toFixed(1)} GB/s each`;
    return line(
      span(` ${pad(`GPU ${index}`, HEAD_COLS)}`, 'strong'),
      span(`NUMA ${pad(Number.isNaN(numa) ? NONE : String(numa), 4)}`),
      span(`PCIe ${pad(pcie.join(' ') || NONE, 10)}`),
      ...(cols >= 80 ? [span(pad(pciAddress || NONE, 18), 'dim')] : []),
      span(`NVLink ${links.length === 0 ? NONE : links.join(', ') + speed}`),
    );
  });
}
