/** What a node's tab shows: connection, GPUs, machine, processes. Pure. */
import {
  FROM_ROWS,
  copyText,
  count,
  gpusUnknown,
  included,
  layoutTable,
  line,
  lines,
  mayLack,
  position,
  whyNotReporting,
  screenColumns,
  span,
  tableCells,
  type AppView,
  type NodeView,
  type NotReporting,
  type Line,
  type Size,
  type View,
} from '../../lib/index.js';
import { connectionLines, jobLines, nodeCopy } from './connection.js';
import { chassisLines } from './chassis.js';
import { coreLines } from './cores.js';
import { detailView } from './node-details.js';
import { gpuLines } from './gpu-list.js';
import { machineLines } from './machine-panel.js';
import { orderOf, PROCESS_COLUMNS, type ProcessOrder } from './process-list.js';
import { nodeOf, showsAll, type NodeTabUi } from './host-ui.js';

/** Minimum rows of the process table, including the header, before the machine's lines are dropped. */
const LEAST_TABLE_ROWS = 5;
/** Additional rows that it gets before further details of the machine are shown. */
const COMFORTABLE_TABLE_ROWS = 6;
const MOST_CORE_ROWS = 3;
const CONNECTION_ROWS = 3;
const MOST_JOB_ROWS = 3;

export function nodeView(ui: NodeTabUi, app: AppView, size: Size): View {
  const node = nodeOf(ui, app);
  if (!node) return { blocks: [lines('', '  This node is no longer watched.')] };
  if (node.version === 0) return { blocks: [lines(...connectionLines(node, app, size))], copy: nodeCopy(node) };
  if (ui.details) return detailView(node, app, ui.top, size);
  const head = headLines(node, app, size);
  const order = orderOf(node, ui.table, showsAll(ui, node));
  const { filter } = app;
  const rows = Math.max(0, size.rows - head.length - 1);
  const layout = layoutTable({
    columns: screenColumns(PROCESS_COLUMNS, order.data, size.cols),
    order,
    state: ui.table,
    cols: size.cols,
    rows,
    cells: (at) => tableCells(PROCESS_COLUMNS, order.row(at), order.data, size.cols),
    dim: () => !included(node),
    copy: (at) => copyText(PROCESS_COLUMNS, order.row(at), order.data),
    out: (at) => filter?.mode === 'dim' && !order.rows(at).some((row) => filter.proc(node, row)),
  });
  return {
    blocks: [lines(...head, layout.header, ...(order.count > 0 ? layout.body : [noProcesses(node, app, showsAll(ui, node))]))],
    crumb: footer(order, position(layout, order.count), ui, node),
    pageRows: Math.max(1, rows - 1),
    copy: nodeCopy(node),
  };
}

/** The part above the processes; when space is short the machine's lines are dropped first, then the GPUs. */
function headLines(node: NodeView, app: AppView, size: Size): readonly Line[] {
  const connection = connectionLines(node, app, { ...size, rows: size.rows < FROM_ROWS.connection ? 2 : CONNECTION_ROWS });
  const room = Math.max(0, size.rows - LEAST_TABLE_ROWS - 1 - connection.length);
  const gpus = node.gpus.slots === 0 ? [noGpu(node, app)] : fittingGpus(node, gpuLines(node, app, size.cols), room);
  const jobs = jobLines(node, app, { cols: size.cols, rows: Math.max(0, Math.min(MOST_JOB_ROWS, room - gpus.length)) });
  const machine = machineLines(node, size.cols).slice(0, Math.max(0, room - gpus.length - jobs.length));
  const spare = room - gpus.length - jobs.length - machine.length - COMFORTABLE_TABLE_ROWS;
  const more = [...coreLines(node, size.cols, MOST_CORE_ROWS), ...chassisLines(node, app, size.cols)].slice(0, Math.max(0, spare));
  return [...connection, ...gpus, ...jobs, ...(included(node) ? [...machine, ...more] : [...machine, ...more].map(dimmed))];
}

const noGpu = (node: NodeView, { filter }: AppView): Line => (gpusUnknown(node) ? GPUS_UNKNOWN : filter ? NO_GPU_KEPT : NO_GPU);

/** Headers and as many GPUs as fit; a line reports how many are not shown. */
function fittingGpus({ gpus }: NodeView, all: readonly Line[], room: number): readonly Line[] {
  if (all.length <= room) return all;
  const shown = room >= 3 ? all.slice(0, room - 1) : [];
  const left = gpus.slots - Math.max(0, shown.length - 1);
  return [...shown, line(span(`   ${left}${shown.length > 0 ? ' more' : ''} GPUs: the All tab lists them`, 'dim'))];
}

const GPUS_UNKNOWN = line(span(' The GPUs of this node are unknown.', 'dim'));
const NO_GPU = line(span(' This node reports no GPU.', 'dim'));
const NO_GPU_KEPT = line(span(' No GPUs of this node match the filter.', 'dim'));

const dimmed = ({ spans }: Line): Line => line(...spans.map(({ text }) => span(text, 'dim')));

/** Why no process is listed: only a node that reports its processes can have none. */
const NO_PROCESSES: Readonly<Record<NotReporting, string>> = {
  waiting: 'processes not known: waiting for a response',
  down: 'processes unknown: the node is down',
  drained: 'processes unknown: the node is drained, and not scraped',
  'collection failed': 'processes not reported: the collection on the node fails',
  'not collected yet': 'processes not reported yet: the exporter has just started',
  'no process export': 'processes not reported: start the exporter on the node with --processes',
  'cannot list processes': 'processes not reported: the exporter cannot list them for these accelerators',
  'not recorded': 'the recording does not include processes',
};

function noProcesses(node: NodeView, app: AppView, all: boolean): Line {
  const why = whyNotReporting(node);
  const none = app.filter ? 'no processes match the filter' : all ? 'no process' : 'no process on a GPU';
  const other = why === 'no process export' ? mayLack(node) : undefined;
  const reason = other ? `processes not reported: the exporter needs --processes and ${other}` : why && NO_PROCESSES[why];
  return line(span(`   ${reason ?? none}`, 'dim'));
}

function footer({ count: shown, hidden }: ProcessOrder, place: string, ui: NodeTabUi, node: NodeView): Line {
  if (shown + hidden === 0 && whyNotReporting(node) !== undefined) return line('');
  const parts = [place || `${count(shown)} ${shown === 1 ? 'process' : 'processes'}`];
  if (hidden > 0) parts.push(`${count(hidden)} on no GPU hidden (a)`);
  else if (ui.showAll) parts.push('all processes shown (a)');
  return line(span(` ${parts.join(' · ')}`, 'dim'));
}
