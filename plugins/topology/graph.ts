/** GPUs in boxes, one for each NUMA node. */
import { bar, cut, line, pad, percent, span, width, type Line, type Span } from '../../lib/index.js';
import type { GpuLinks } from './links.js';

const CELL_COLS = 27;
const BAR_COLS = 8;
const GAP = '  ';

interface Box {
  readonly title: string;
  readonly rows: readonly (readonly Span[])[];
}

/** Boxes next to each other as far as they fit, else below. */
export function graphLines(gpus: readonly GpuLinks[], cols: number): readonly Line[] {
  const boxes = boxesOf(gpus);
  const across = Math.max(1, Math.floor((cols - 1 + GAP.length) / (CELL_COLS + 4 + GAP.length)));
  const lines: Line[] = [];
  for (let at = 0; at < boxes.length; at += across) lines.push(...sideBySide(boxes.slice(at, at + across)));
  return lines;
}

function boxesOf(gpus: readonly GpuLinks[]): readonly Box[] {
  const byNode = new Map<number, GpuLinks[]>();
  for (const gpu of gpus) {
    const node = Number.isNaN(gpu.numa) ? -1 : gpu.numa;
    byNode.set(node, [...(byNode.get(node) ?? []), gpu]);
  }
  return [...byNode]
    .sort(([a], [b]) => a - b)
    .map(([node, own]) => ({ title: node < 0 ? 'NUMA node ?' : `NUMA node ${node}`, rows: own.map(cell) }));
}

/** ' GPU 3  ████░░░░  41%  7+1'; one that does not match the filter starts with '-'. */
function cell({ index, out, utilPercent, toGpus, toSwitches, toOthers }: GpuLinks): readonly Span[] {
  const links = [toGpus, toSwitches, toOthers];
  const text = links.some((number) => number > 0) ? `${toGpus}+${toSwitches}${toOthers > 0 ? `+${toOthers}` : ''}` : '';
  return [
    span(`${out ? '-' : ' '}GPU ${String(index).padEnd(3)} `, out ? 'dim' : 'strong'),
    span(Number.isNaN(utilPercent) ? ' '.repeat(BAR_COLS) : bar(utilPercent / 100, BAR_COLS), out ? 'dim' : 'accent'),
    span(`${percent(utilPercent).padStart(5)}  `, out ? 'dim' : 'normal'),
    span(pad(text, CELL_COLS - 8 - BAR_COLS - 7), 'dim'),
  ];
}

function sideBySide(boxes: readonly Box[]): readonly Line[] {
  const tall = Math.max(...boxes.map(({ rows }) => rows.length));
  const lineOf = (part: (box: Box) => readonly Span[]): Line =>
    line(span(' '), ...boxes.flatMap((box, nth) => [...(nth > 0 ? [span(GAP)] : []), ...part(box)]));
  return [
    lineOf(({ title }) => [span(`┌ ${cut(title, CELL_COLS - 2)} ${'─'.repeat(Math.max(0, CELL_COLS - width(title)))}┐`, 'dim')]),
    ...Array.from({ length: tall }, (_, row) =>
      lineOf(({ rows }) => [span('│', 'dim'), ...(rows[row] ?? [span(' '.repeat(1 + CELL_COLS))]), span(' │', 'dim')]),
    ),
    lineOf(() => [span(`└${'─'.repeat(CELL_COLS + 2)}┘`, 'dim')]),
  ];
}
