/**
 * The fields of the filter language: the names of each, what it belongs to, its unit, and how it is read from the columns of a node.
 * Parser, evaluation and docs/FILTER.md are derived from this table. A reading of NaN, or an empty text, is a missing field.
 */
import { commandOf } from '../aggregate/process-figures.js';
import { slotState } from '../aggregate/gpu-state.js';
import { GPU_FIELDS, gpuField, type GpuField } from '../model/gpu-fields.js';
import { conditionOf, NODE_CONDITIONS, whyNotReporting, type NodeView } from '../model/node-view.js';
import type { Unit } from '../text/units.js';
import type { Owner as OwnerName } from '../model/owners.js';
import { allocatedUsers } from '../aggregate/owner-columns.js';

/**
 * What a filter is evaluated for: a process on a GPU, a GPU without one (`row` -1), a process on no GPU (`slot` -1), a node with neither. A
 * single object, reused for all of them.
 */
export interface RowContext {
  node: NodeView;
  /** Slot in the node's GPU columns. */
  slot: number;
  /** Row in its process columns. */
  row: number;
  /** By slot: processes on the GPU. */
  procsOn: Int32Array;
}

export type Owner = 'host' | 'gpu' | 'process';
interface Named {
  readonly name: string;
  /** Aliases. */
  readonly also: readonly string[];
  readonly of: Owner;
  /** Description. */
  readonly about: string;
  /** Not among what every tab may show: a source that is asked for what is on screen has to be asked for it. */
  readonly detail?: true;
}
export interface NumberField extends Named {
  readonly unit: Unit;
  number(place: RowContext): number;
}
export interface TextField extends Named {
  text(place: RowContext): string;
  /** All possible values; absent: any text. */
  readonly values?: readonly string[];
  /** Values of earlier versions that `alias` keeps: allowed, not listed. */
  readonly former?: readonly string[];
  /** Values rarely recur. */
  readonly many?: true;
  /** An alternative text for the same value: equal to either is equal. */
  readonly alias?: (place: RowContext) => string;
}
export type Field = NumberField | TextField;

export const isNumber = (field: Field): field is NumberField => 'unit' in field;

const names = (all: string): Pick<Named, 'name' | 'also'> => {
  const [name = '', ...also] = all.split(' ');
  return { name, also };
};

function gpuNumber(spelled: string, unit: Unit, about: string, number: (node: NodeView, slot: number) => number): NumberField {
  // GPUs that only process rows mention have no readings.
  return {
    ...names(spelled),
    of: 'gpu',
    unit,
    about,
    number: ({ node, slot }) => (slot >= 0 && slot < node.gpus.count ? number(node, slot) : NaN),
  };
}

function gpuReading(field: GpuField): readonly NumberField[] {
  const { filter } = gpuField(field);
  return filter ? [gpuNumber(filter.names, filter.unit, filter.about, ({ gpus }, slot) => gpus.field[field][slot]!)] : [];
}

function gpuText(spelled: string, about: string, text: (node: NodeView, slot: number) => string): TextField {
  return { ...names(spelled), of: 'gpu', about, text: ({ node, slot }) => (slot < 0 ? '' : text(node, slot)) };
}

function procNumber(spelled: string, unit: Unit, about: string, number: (node: NodeView, row: number) => number): NumberField {
  return { ...names(spelled), of: 'process', unit, about, number: ({ node, row }) => (row < 0 ? NaN : number(node, row)) };
}

function procText(spelled: string, about: string, text: (node: NodeView, row: number) => string): TextField {
  return { ...names(spelled), of: 'process', about, text: ({ node, row }) => (row < 0 ? '' : text(node, row)) };
}

function hostText(spelled: string, about: string, text: (node: NodeView) => string, alias?: (place: RowContext) => string): TextField {
  return { ...names(spelled), of: 'host', about, text: ({ node }) => text(node), ...(alias ? { alias } : {}) };
}

const usedPercent = ({ gpus: { field } }: NodeView, slot: number): number =>
  (field.memoryUsedBytes[slot]! / field.memoryTotalBytes[slot]!) * 100;

/** A text of the owner columns; '' where nothing is known. */
const owner =
  (which: Exclude<OwnerName, 'user'>) =>
  (node: NodeView, row: number): string =>
    node.userName(node.procs.known?.owners[which][row] ?? 0);

/** The first name is used for output. */
export const FIELDS: readonly Field[] = [
  ...GPU_FIELDS.flatMap(gpuReading),
  gpuNumber('mem_pct mempct mem_percent', 'percent', 'share of the memory in use', usedPercent),
  {
    ...names('index idx'),
    of: 'gpu',
    unit: 'number',
    about: 'index of the GPU on the node',
    number: ({ node, slot }) => (slot < 0 ? NaN : node.gpus.index[slot]!),
  },
  {
    ...names('procs'),
    of: 'gpu',
    unit: 'number',
    about: 'processes on the GPU; missing if the node does not report them',
    number: ({ node, slot, procsOn }) => (slot < 0 || whyNotReporting(node) !== undefined ? NaN : procsOn[slot]!),
  },
  {
    ...gpuText('state', 'state of the GPU; held: a process or memory on it, without computing', gpuState),
    values: ['computing', 'held', 'free', 'unknown'],
  },
  gpuText('gpu_name name', 'model', (node, slot) => node.text(node.gpus.name[slot]!)),
  gpuText('uuid', 'uuid', (node, slot) => node.text(node.gpus.uuid[slot]!)),
  gpuText('device_type type', 'GPU, NPU, ...', ({ gpus }, slot) => gpus.detail(slot, 'type') || 'GPU'),
  gpuText('driver', 'driver version', ({ gpus }, slot) => gpus.detail(slot, 'driver_version')),
  procText('user', 'owner of the process', (node, row) => node.userName(node.procs.user[row]!)),
  procText('job', 'job of the process, as the scheduler writes its id', owner('job')),
  procText('account', "account of the process's job", owner('account')),
  procText('namespace ns', 'Kubernetes namespace of the process', owner('namespace')),
  procText('pod', 'Kubernetes pod of the process', owner('pod')),
  procText('team', 'team of the user', owner('team')),
  procText('container', 'container of the process: the first 12 digits of its id, or its name', (node, row) =>
    node.userName(node.procs.known?.container[row] ?? 0),
  ),
  procText('runs_as', 'account that runs the process, where the user is the person behind it', (node, row) =>
    node.userName(node.procs.known?.runsAs[row] ?? 0),
  ),
  gpuText('allocation alloc', 'user to whom the GPU is allocated', (node, slot) => allocatedUsers(node, slot).join(', ')),
  {
    ...procText('command cmd', 'command line, or the name if that is not known', (node, row) => COMMANDS.of(node, row)),
    many: true,
    detail: true,
  },
  procNumber('pid', 'number', 'process id', ({ procs }, row) => procs.pid[row]!),
  procNumber('vram', 'bytes', 'GPU memory that the process holds', ({ procs }, row) => (procs.gpu[row]! < 0 ? NaN : procs.vramBytes[row]!)),
  procNumber('sm', 'percent', 'share of the GPU that the process uses', ({ procs }, row) => procs.smPercent[row]!),
  { ...procNumber('cpu', 'percent', 'CPU usage; 100 is one thread', ({ procs }, row) => procs.cpuPercent[row]!), detail: true },
  procNumber('age running', 'seconds', 'running time', ({ procs }, row) => procs.ageSeconds[row]!),
  hostText(
    'host hostname',
    'name of the node, or its address',
    ({ name }) => name,
    ({ node }) => node.nodeId,
  ),
  {
    ...hostText('status', 'status of the node; failing: the last scrape failed; down, drained: not counted in totals', conditionOf),
    values: NODE_CONDITIONS,
    former: ['live'],
    alias: ({ node }) => (conditionOf(node) === 'up' ? 'live' : ''),
  },
];

function gpuState(node: NodeView, slot: number): string {
  const state = slotState(node, slot);
  return state === 'heldIdle' ? 'held' : state;
}

/** Commands of matching nodes stay decoded: every key typed reads all of them. */
const MAX_COMMANDS = 200_000;

class KeptCommands {
  #nodes = new WeakMap<NodeView, { readonly structure: number; readonly texts: (string | undefined)[] }>();
  #kept = 0;

  of(node: NodeView, row: number): string {
    let known = this.#nodes.get(node);
    // Rows, and their texts, change only with the structure.
    if (known?.structure !== node.structure)
      this.#nodes.set(node, (known = { structure: node.structure, texts: new Array<string | undefined>(node.procs.count) }));
    let text = known.texts[row];
    if (text !== undefined) return text;
    text = commandOf(node, row);
    if (++this.#kept > MAX_COMMANDS) {
      this.#nodes = new WeakMap();
      this.#kept = 0;
    } else known.texts[row] = text;
    return text;
  }
}

/**
 * One cache for the whole process, although it changes: it only holds results. A text depends only on the node and its structure, so
 * caching makes no difference; nodes are held weakly, and a second viewer has its own nodes.
 */
const COMMANDS = new KeptCommands();

const BY_NAME: ReadonlyMap<string, Field> = new Map(FIELDS.flatMap((field) => [field.name, ...field.also].map((name) => [name, field])));
const GROUP = /^group\.(.+)$/;

/** The field with this name, in any case; `group.NAME` is the label NAME of the host file. Undefined: there is none. */
export function fieldOf(name: string): Field | undefined {
  const group = GROUP.exec(name)?.[1];
  if (group !== undefined) return hostText(`group.${group}`, '', ({ groups }) => groups.get(group) ?? '');
  return BY_NAME.get(name.toLowerCase());
}

/** The field name that a mistyped one resembles. */
export function fieldLike(name: string): string | undefined {
  const start = name.toLowerCase().slice(0, 3);
  return start.length < 3 ? undefined : [...BY_NAME.keys()].find((known) => known.startsWith(start));
}
