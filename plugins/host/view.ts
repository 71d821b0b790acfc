/** What a host's tab shows: connection, GPUs, machine, processes. Pure. */
import {
  bytes,
  count,
  counted,
  duration,
  layoutTable,
  line,
  lines,
  NONE,
  percent,
  position,
  ranges,
  silence,
  span,
  type AppView,
  type Cells,
  type HostView,
  type Line,
  type Size,
  type View,
} from '../../lib/index.js';
import { connectionLines } from './connection.js';
import { chassisLines } from './chassis.js';
import { coreLines } from './cores.js';
import { detailView } from './node-details.js';
import { gpuLines } from './gpu-list.js';
import { machineLines } from './machine-panel.js';
import { columnsFor, orderOf, type Process, type ProcessOrder } from './process-list.js';
import { hostOf, showsAll, type HostUi } from './host-ui.js';

/** Rows the process table gets at least, header included, before the machine's lines give way. */
const LEAST_TABLE_ROWS = 5;
/** Rows more that it has before what is said of the machine besides is worth its lines. */
const COMFORTABLE_TABLE_ROWS = 6;
const MOST_CORE_ROWS = 3;
const FEW_ROWS = 12;
const CONNECTION_ROWS = 3;

export function hostView(ui: HostUi, app: AppView, size: Size): View {
  const host = hostOf(ui, app);
  if (!host) return { blocks: [lines('', '  This host is no longer scraped.')] };
  if (host.version === 0) return { blocks: [lines(...connectionLines(host, app, size))] };
  if (ui.details) return detailView(host, app, ui.top, size);
  const head = headLines(host, app, size);
  const order = orderOf(host, ui.table, showsAll(ui, host));
  const { filter } = app;
  const rows = Math.max(0, size.rows - head.length - 1);
  const layout = layoutTable({
    columns: columnsFor(size.cols),
    order,
    state: ui.table,
    cols: size.cols,
    rows,
    cells: (at) => cells(host, order.process(at)),
    dim: () => !counted(host),
    out: (at) => filter?.mode === 'dim' && !order.process(at).rows.some((row) => filter.proc(host, row)),
  });
  return {
    blocks: [lines(...head, layout.header, ...(order.count > 0 ? layout.body : [noProcesses(host, app)]))],
    crumb: footer(order, position(layout, order.count), ui, host),
    pageRows: Math.max(1, rows - 1),
  };
}

/** What stands above the processes; where the room is short the machine's lines go first, then the GPUs. */
function headLines(host: HostView, app: AppView, size: Size): readonly Line[] {
  const connection = connectionLines(host, app, { ...size, rows: size.rows < FEW_ROWS ? 2 : CONNECTION_ROWS });
  const room = Math.max(0, size.rows - LEAST_TABLE_ROWS - 1 - connection.length);
  const gpus = host.gpus.slots === 0 ? [app.filter ? NO_GPU_KEPT : NO_GPU] : fittingGpus(host, gpuLines(host, app, size.cols), room);
  const machine = machineLines(host, size.cols).slice(0, Math.max(0, room - gpus.length));
  const spare = room - gpus.length - machine.length - COMFORTABLE_TABLE_ROWS;
  const more = [...coreLines(host, size.cols, MOST_CORE_ROWS), ...chassisLines(host, size.cols)].slice(0, Math.max(0, spare));
  return [...connection, ...gpus, ...(counted(host) ? [...machine, ...more] : [...machine, ...more].map(dimmed))];
}

/** Captions and as many GPUs as there is room for; a line says how many are not shown. */
function fittingGpus({ gpus }: HostView, all: readonly Line[], room: number): readonly Line[] {
  if (all.length <= room) return all;
  const shown = room >= 3 ? all.slice(0, room - 1) : [];
  const left = gpus.slots - Math.max(0, shown.length - 1);
  return [...shown, line(span(`   ${left}${shown.length > 0 ? ' more' : ''} GPUs: the All tab lists them`, 'dim'))];
}

const NO_GPU = line(span(' This node reports no GPU.', 'dim'));
const NO_GPU_KEPT = line(span(' No GPU of this node that the filter keeps.', 'dim'));

const dimmed = ({ spans }: Line): Line => line(...spans.map(({ text }) => span(text, 'dim')));

function cells(host: HostView, { rows, vramBytes, smPercent, cpuPercent, ageSeconds, slot }: Process): Cells {
  const { procs, gpus } = host;
  const [row] = rows;
  const user = host.userName(procs.user[row!]!);
  const slots = rows.map((each) => procs.gpu[each]!).filter((each) => each >= 0);
  return {
    pid: String(procs.pid[row!]),
    user: user === '' ? span('?', 'dim') : user,
    gpu: slot < 0 ? NONE : ranges(slots.map((each) => gpus.index[each]!)),
    vram: slot < 0 ? NONE : bytes(vramBytes),
    sm: percent(smPercent),
    cpu: Number.isNaN(cpuPercent) ? NONE : cpuPercent.toFixed(1),
    running: duration(ageSeconds),
    cmd: span(host.text(procs.command[row!]!) || host.text(procs.name[row!]!) || NONE, 'dim'),
  };
}

function noProcesses(host: HostView, app: AppView): Line {
  const kept = app.filter ? 'no process that the filter keeps' : 'no process on a GPU';
  const text = silence(host) === 'no process export' ? 'no process data: start the exporter on the node with --processes' : kept;
  return line(span(`   ${text}`, 'dim'));
}

function footer({ count: shown, hidden }: ProcessOrder, place: string, ui: HostUi, host: HostView): Line {
  if (shown + hidden === 0 && silence(host) === 'no process export') return line('');
  const parts = [place || `${count(shown)} ${shown === 1 ? 'process' : 'processes'}`];
  if (hidden > 0) parts.push(`${count(hidden)} on no GPU hidden (a)`);
  else if (ui.showAll) parts.push('all processes shown (a)');
  return line(span(` ${parts.join(' · ')}`, 'dim'));
}
