/** What the Topology tab shows. Pure. */
import {
  conditionOf,
  conditionSince,
  count,
  line,
  lines,
  span,
  type AppView,
  type NodeView,
  type Line,
  type Size,
  type View,
} from '../../lib/index.js';
import { graphLines } from './graph.js';
import { linksOf, type GpuLinks } from './links.js';
import { factLines, legendLine, matrixLines } from './matrix.js';
import { nodeOf, type TopologyUi } from './topology-ui.js';

export function topologyView(ui: TopologyUi, app: AppView, size: Size): View {
  const left = nodeOf(ui, app);
  if (!left) return { blocks: [lines('', app.filter ? '  No GPUs match the filter.' : '  No node has reported a GPU yet.')] };
  const node = app.filter?.whole(left) ?? left;
  const gpus = linksOf(node, app.filter);
  const silent = node.version === 0;
  const body =
    gpus.length === 0 ? [line(span(`   ${silent ? NEVER : 'This node reports no GPU.'}`, 'dim'))] : bodyLines(gpus, ui.matrix, size.cols);
  const page = Math.max(0, size.rows - 3);
  const top = Math.max(0, Math.min(ui.top, body.length - page));
  const place = body.length > page ? `lines ${top + 1}-${Math.min(body.length, top + page)} of ${body.length} · ` : '';
  return {
    blocks: [lines(titleLine(node, app, ui.matrix), silent ? line('') : summaryLine(gpus), ...body.slice(top, top + page))],
    crumb: line(span(` ${place}n N other nodes · M ${ui.matrix ? 'graph' : 'matrix'}`, 'dim')),
    pageRows: Math.max(1, page),
    copy: [node.name, node.nodeId, textOf(summaryLine(gpus))].join('\t'),
  };
}

const textOf = ({ spans }: Line): string =>
  spans
    .map(({ text }) => text)
    .join('')
    .trim();

const NEVER = 'This node has never answered, so its GPUs are unknown.';

function titleLine(node: NodeView, { now }: AppView, matrix: boolean): Line {
  const condition = conditionOf(node) === 'up' ? [] : ['  ', conditionSince(node, now)];
  return line(span(` ${node.name}`, 'strong'), ...condition, span(`  ${matrix ? 'matrix' : 'graph'}`, 'dim'));
}

/** '8 GPUs · 2 NUMA nodes · 64 ends of NVLinks, 8 of them at switches': a link between two GPUs has two ends, and both report it. */
function summaryLine(gpus: readonly GpuLinks[]): Line {
  const nodes = new Set(gpus.map(({ numa }) => numa).filter((numa) => !Number.isNaN(numa)));
  const sum = (of: (gpu: GpuLinks) => number): number => gpus.reduce((all, gpu) => all + of(gpu), 0);
  const [toGpus, toSwitches] = [sum((gpu) => gpu.toGpus), sum((gpu) => gpu.toSwitches)];
  const kept = gpus.filter(({ out }) => !out).length;
  const parts = [`${count(gpus.length)} ${gpus.length === 1 ? 'GPU' : 'GPUs'}${kept < gpus.length ? `, ${count(kept)} match` : ''}`];
  parts.push(nodes.size === 0 ? 'NUMA nodes not reported' : `${count(nodes.size)} NUMA ${nodes.size === 1 ? 'node' : 'nodes'}`);
  if (toGpus > 0) parts.push(`${count(Math.ceil(toGpus / 2))} NVLinks between GPUs`);
  if (toSwitches > 0) parts.push(`${count(toSwitches)} to switches`);
  if (toGpus + toSwitches === 0) parts.push('no NVLink reported');
  return line(span(` ${parts.join(' · ')}`));
}

function bodyLines(gpus: readonly GpuLinks[], matrix: boolean, cols: number): readonly Line[] {
  const facts = [line(''), ...factLines(gpus, cols)];
  if (!matrix) return [...graphLines(gpus, cols), ...facts];
  const made = matrixLines(gpus, cols);
  const tooNarrow = line(span(`   ${cols} columns are too few for a matrix of ${count(gpus.length)} GPUs.`, 'dim'));
  return made ? [...made, line(''), legendLine(gpus), ...facts] : [tooNarrow, ...facts];
}
