/**
 * all-smi as one of several exporters of a node: its columns as a sample, to be merged with others; and what was merged, with everything that all-smi
 * sent put over it as it is.
 */
import type { ExtraRows, ExtraTable, GpuColumns, NodeData, NodeExtras, NodeFacts, Rows } from '../../model/columns.js';
import { GPU_FIELDS } from '../../model/gpu-fields.js';
import type { NodeGpu, NodeProcess, NodeSample } from '../../model/sample.js';
import type { Ms } from '../../model/clock.js';
import { uuidKey } from '../dialects/gpus-of.js';

const known = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

/** Labels that other exporters may have too. */
const NAMES = ['pci_bus_id', 'pci_address', 'pci_bdf', 'pci_device', 'minor_number'];

/** Its GPUs and processes, which others may add to; of the machine only what they need not. `overOwn` has the rest. */
export function sampleOfOwn(own: NodeData, at: Ms): NodeSample {
  const { facts, procs, gpus } = own;
  const isListing = listsProcesses(facts);
  return {
    at,
    instance: facts.instance,
    os: '',
    arch: '',
    gpus: Array.from({ length: gpus.slots }, (_, slot) => gpuOf(own, slot)),
    scope: !isListing ? 'off' : facts.processScope === 'all' ? 'all' : 'gpu',
    processes: isListing ? Array.from({ length: procs.count }, (_, row) => processOf(own, row)) : undefined,
    cpu: undefined,
    memory: undefined,
    disks: [],
    sources: [],
  };
}

const listsProcesses = ({ processScope, hasProcessFamily }: NodeFacts): boolean =>
  hasProcessFamily || processScope === 'gpu' || processScope === 'all';

function gpuOf(own: NodeData, slot: number): NodeGpu {
  const { gpus } = own;
  const value = (field: (typeof GPU_FIELDS)[number]): number | undefined =>
    slot < gpus.count ? known(gpus.field[field][slot]!) : undefined;
  return {
    index: gpus.index[slot]!,
    uuid: own.text(gpus.uuid[slot]!),
    name: own.text(gpus.name[slot]!),
    ...(Object.fromEntries(
      GPU_FIELDS.map((field) => [field === 'powerLimitWatts' ? 'powerLimitMaxWatts' : field, value(field)]),
    ) as Partial<NodeGpu>),
    details: Object.fromEntries(NAMES.map((label) => [label, gpus.detail(slot, label)] as const).filter(([, text]) => text !== '')),
    ...(slot < gpus.count ? {} : { lesser: ['index'] }),
  };
}

function processOf(own: NodeData, row: number): NodeProcess {
  const { procs } = own;
  const gpu = procs.gpu[row]!;
  return {
    pid: procs.pid[row]!,
    gpu: gpu < 0 ? undefined : gpu,
    gpuBytes: known(procs.vramBytes[row]!),
    smPercent: known(procs.smPercent[row]!),
    name: own.text(procs.name[row]!),
    user: own.userName(procs.user[row]!),
    command: own.text(procs.command[row]!),
    ageSeconds: known(procs.ageSeconds[row]!),
    cpuPercent: known(procs.cpuPercent[row]!),
    residentBytes: known(procs.residentBytes[row]!),
  };
}

/** `merged`, with what `own` has of it instead. Valid until either of them changes. */
export function overOwn(own: NodeData, merged: NodeData): NodeData {
  const gpus = gpusOver(own, merged);
  const either = <Field extends string>(mine: Rows<Field>, theirs: Rows<Field>): Rows<Field> => (mine.count > 0 ? mine : theirs);
  return {
    procs: merged.procs,
    gpus,
    allocations: merged.allocations,
    cpus: either(own.cpus, merged.cpus),
    cores: own.cpus.count > 0 ? own.cores : merged.cores,
    memory: either(own.memory, merged.memory),
    disks: either(own.disks, merged.disks),
    facts: merged.facts,
    extras: extrasOver(own, merged),
    text: (ref) => merged.text(ref),
    userName: (id) => merged.userName(id),
  };
}

const keyOf = (data: NodeData, slot: number): string => `${uuidKey(data.text(data.gpus.uuid[slot]!))} ${data.gpus.index[slot]}`;

/** By slot of `merged`: the slot of the same GPU in `own`; -1: only others report it. */
function ownSlots(own: NodeData, merged: NodeData): Int32Array {
  const slots = new Map(Array.from({ length: own.gpus.count }, (_, slot) => [keyOf(own, slot), slot]));
  return Int32Array.from({ length: merged.gpus.slots }, (_, slot) => slots.get(keyOf(merged, slot)) ?? -1);
}

/** Columns that no other exporter has, and values as they were sent. */
function gpusOver(own: NodeData, merged: NodeData): GpuColumns {
  const { gpus } = merged;
  const slots = ownSlots(own, merged);
  const field = Object.fromEntries(
    GPU_FIELDS.map((name) => [
      name,
      gpus.field[name].map((value, slot) => {
        const mine = slots[slot]! < 0 ? NaN : own.gpus.field[name][slots[slot]!]!;
        return Number.isNaN(mine) ? value : mine;
      }),
    ]),
  ) as unknown as GpuColumns['field'];
  return {
    ...gpus,
    field,
    detail: (slot, label) => (slots[slot]! < 0 ? '' : own.gpus.detail(slots[slot]!, label)) || gpus.detail(slot, label),
  };
}

function extrasOver(own: NodeData, merged: NodeData): NodeExtras {
  const slots = ownSlots(own, merged);
  return {
    rows: (table: ExtraTable) => {
      const [mine, theirs] = [own.extras.rows(table), merged.extras.rows(table)];
      if (mine.count === 0) return theirs;
      return table === 'gpu' ? perSlot(mine, theirs, slots) : mine;
    },
  };
}

/** Rows by slot: those of `mine` where it has the GPU. */
function perSlot(mine: ExtraRows, theirs: ExtraRows, slots: Int32Array): ExtraRows {
  const of = (slot: number): readonly [ExtraRows, number] => ((slots[slot] ?? -1) < 0 ? [theirs, slot] : [mine, slots[slot]!]);
  const asked = <Found>(slot: number, ask: (rows: ExtraRows, row: number) => Found): Found => ask(...of(slot));
  return {
    count: slots.length,
    value: (slot, family) => asked(slot, (rows, row) => rows.value(row, family)),
    label: (slot, name) => asked(slot, (rows, row) => rows.label(row, name)),
    families: (slot) => asked(slot, (rows, row) => rows.families(row)),
  };
}
