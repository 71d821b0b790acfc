/**
 * Fills the columns of a node from samples, as the parser does from text: for sources that have records instead of text. The same sample
 * results in the same columns either way.
 */
import { NO_ALLOCATIONS, type AllocationColumns } from '../../model/allocations.js';
import {
  CORE_FIELDS,
  CPU_FIELDS,
  DISK_FIELDS,
  GPU_FIELDS,
  MEMORY_FIELDS,
  type Change,
  type ExtraReading,
  type ExtraRows,
  type ExtraTable,
  type GpuColumns,
  type GpuField,
  type NodeData,
  type NodeExtras,
  type NodeFacts,
  type ProcColumns,
  type Rows,
} from '../../model/columns.js';
import { IDENTITY_FAMILY } from '../../model/identity.js';
import { extraRowsOf } from '../../model/reading-rows.js';
import { NO_EXTRA_ROWS, NO_EXTRAS, NO_FACTS, NO_GPUS, NO_PROCESSES, NO_ROWS } from '../../model/empty-columns.js';
import type { NodeAllocation, NodeGpu, NodeProcess, NodeSample } from '../../model/sample.js';
import { labelText, type Cap } from '../parser/labels.js';
import type { UserNames } from '../parser/user-names.js';
import { ROW_CAPS } from '../schema/families.js';
import type { Column } from './gauges.js';
import {
  capped,
  CORE_COLUMN,
  CPU_COLUMNS,
  DISK_COLUMNS,
  GPU_COLUMNS,
  gpuInfoLabels,
  gpuLabels,
  identitiesOf,
  MAX_COMMAND,
  MAX_NAME,
  MEMORY_COLUMNS,
  metricOf,
  MIG_COLUMNS,
  migLabels,
  migModeLabels,
  PROCESS_COLUMNS,
  readingOf,
  sourceLabels,
} from './sample-families.js';

type Labels = Readonly<Record<string, string | number>>;

export class SampleColumns implements NodeData {
  allocations: AllocationColumns = NO_ALLOCATIONS;
  procs: ProcColumns = NO_PROCESSES;
  gpus: GpuColumns = NO_GPUS;
  cpus: Rows<(typeof CPU_FIELDS)[number]> = NO_ROWS;
  cores: Rows<(typeof CORE_FIELDS)[number]> = NO_ROWS;
  memory: Rows<(typeof MEMORY_FIELDS)[number]> = NO_ROWS;
  disks: Rows<(typeof DISK_FIELDS)[number]> = NO_ROWS;
  facts: NodeFacts = NO_FACTS;
  extras: NodeExtras = NO_EXTRAS;
  readonly #users: UserNames;
  readonly #version: string;
  /** By reference; 0 is the empty text. */
  #texts: string[] = [''];
  #refs = new Map<string, number>();
  /** The rows of the last sample and their names. */
  #structure = '';

  /** `version`: of the program that took the samples. */
  constructor(users: UserNames, version: string) {
    this.#users = users;
    this.#version = version;
  }

  text(ref: number): string {
    return this.#texts[ref] ?? '';
  }
  userName(id: number): string {
    return this.#users.name(id);
  }
  markUsers(live: Uint8Array): void {
    for (let row = 0; row < this.procs.count; row++) live[this.procs.user[row]!] = 1;
    for (const column of this.#allocationIds()) for (const id of column) live[id] = 1;
  }
  renumberUsers(fresh: Int32Array): void {
    for (let row = 0; row < this.procs.count; row++) this.procs.user[row] = fresh[this.procs.user[row]!]!;
    for (const column of this.#allocationIds()) for (let row = 0; row < column.length; row++) column[row] = fresh[column[row]!]!;
  }
  #allocationIds(): readonly Int32Array[] {
    const { count, owner, source } = this.allocations;
    return count === 0 ? [] : [...Object.values(owner), source];
  }

  /**
   * Replaces the last sample, and returns whether only numbers differ. If it throws, the last sample remains. `received`: facts of the text that the
   * sample was made of.
   */
  load(sample: NodeSample, received: Partial<NodeFacts> = {}): Change {
    const { procs, gpus, cpus, cores, memory, disks, facts, extras, allocations } = this;
    const [texts, refs] = [this.#texts, this.#refs];
    try {
      return this.#load(sample, received);
    } catch (thrown) {
      Object.assign(this, { procs, gpus, cpus, cores, memory, disks, facts, extras, allocations });
      [this.#texts, this.#refs] = [texts, refs];
      throw thrown;
    }
  }

  #load(sample: NodeSample, received: Partial<NodeFacts>): Change {
    this.#texts = [''];
    this.#refs = new Map();
    const gpus = inOrder(sample.gpus).slice(0, ROW_CAPS.gpu);
    const processes = (sample.processes ?? []).slice(0, ROW_CAPS.process);
    this.gpus = this.#gpuColumns(sample, gpus);
    this.procs = this.#procColumns(sample, gpus, processes);
    this.cpus = smallTable(CPU_FIELDS, CPU_COLUMNS, sample.cpu ? [sample.cpu] : [], ({ model }) => model);
    this.cores = coreTable(sample);
    this.memory = smallTable(MEMORY_FIELDS, MEMORY_COLUMNS, sample.memory ? [sample.memory] : [], () => '');
    this.disks = smallTable(DISK_FIELDS, DISK_COLUMNS, byMountPoint(sample.disks), ({ mountPoint }) => mountPoint);
    this.extras = extrasOf(sample, gpus);
    this.facts = { ...this.#factsOf(sample, processes, received.samples), ...received };
    this.allocations = this.#allocationsOf(sample, gpus);
    const structure = this.#structureOf();
    const change = structure === this.#structure ? 'values' : 'structure';
    this.#structure = structure;
    return change;
  }

  #ref(text: string, cap: Cap): number {
    const cleaned = labelText(text, cap);
    if (cleaned === '') return 0;
    let ref = this.#refs.get(cleaned);
    if (ref === undefined) this.#refs.set(cleaned, (ref = this.#texts.push(cleaned) - 1));
    return ref;
  }

  #gpuColumns(sample: NodeSample, gpus: readonly NodeGpu[]): GpuColumns {
    const field = Object.fromEntries(GPU_FIELDS.map((name) => [name, new Float64Array(gpus.length).fill(NaN)])) as Record<
      GpuField,
      Float64Array
    >;
    for (const column of GPU_COLUMNS) {
      const metric = metricOf(column);
      if (metric?.table !== 'gpu' || !('field' in metric)) continue;
      for (let slot = 0; slot < gpus.length; slot++) field[metric.field][slot] = readingOf(column, gpus[slot]!);
    }
    const details = gpus.map((gpu): Labels => gpuInfoLabels(sample, gpu));
    return {
      count: gpus.length,
      slots: gpus.length,
      index: Int32Array.from(gpus, ({ index }) => index),
      uuid: Uint32Array.from(gpus, ({ uuid }) => this.#ref(uuid, 'name')),
      name: Uint32Array.from(gpus, ({ name }) => this.#ref(name, 'value')),
      field,
      detail: (slot, label) => labelOf(details[slot], label),
    };
  }

  #procColumns(sample: NodeSample, gpus: readonly NodeGpu[], processes: readonly NodeProcess[]): ProcColumns {
    const count = processes.length;
    const column = (name: string): Float64Array => {
      const family = PROCESS_COLUMNS.find((one) => one.name === name)!;
      return Float64Array.from(processes, (process) => readingOf(family, process));
    };
    const slots = new Map(gpus.map((gpu, slot) => [gpu, slot]));
    return {
      count,
      pid: Uint32Array.from(processes, ({ pid }) => pid),
      gpu: Int32Array.from(processes, ({ gpu }) => (gpu === undefined ? -1 : (slots.get(sample.gpus[gpu]!) ?? -1))),
      user: Int32Array.from(processes, ({ user }) => this.#users.idOfName(labelText(capped(user, MAX_NAME), 'name'))),
      vramBytes: column('process_memory_used_bytes'),
      ageSeconds: column('process_start_time_seconds'),
      cpuPercent: column('process_cpu_percent'),
      smPercent: column('process_gpu_utilization'),
      residentBytes: column('process_resident_memory_bytes'),
      command: Uint32Array.from(processes, ({ command, commandRestBytes }) =>
        this.#ref(capped(command, MAX_COMMAND, commandRestBytes), 'command'),
      ),
      name: Uint32Array.from(processes, ({ name }) => this.#ref(capped(name, MAX_NAME), 'name')),
    };
  }

  #allocationsOf({ allocations = [], gpus: all }: NodeSample, gpus: readonly NodeGpu[]): AllocationColumns {
    const listed = allocations.slice(0, ROW_CAPS.process);
    if (listed.length === 0) return NO_ALLOCATIONS;
    const slots = new Map(gpus.map((gpu, slot) => [gpu, slot]));
    const column = (of: (row: NodeAllocation) => string): Int32Array =>
      Int32Array.from(listed, (row) => this.#users.idOfName(labelText(capped(of(row), MAX_NAME), 'name')));
    return {
      count: listed.length,
      gpu: Int32Array.from(listed, ({ gpu }) => (gpu === undefined ? -1 : (slots.get(all[gpu]!) ?? -1))),
      gpuCount: Float64Array.from(listed, ({ gpuCount = NaN }) => gpuCount),
      owner: {
        user: column(({ owner }) => owner.user),
        account: column(({ owner }) => owner.account),
        job: column(({ owner }) => owner.job),
        namespace: column(({ owner }) => owner.namespace),
        pod: column(({ owner }) => owner.pod),
        team: new Int32Array(listed.length),
      },
      index: new Int32Array(listed.length),
      since: new Float64Array(listed.length).fill(NaN),
      source: column(({ source }) => source),
    };
  }

  #factsOf(
    { instance, processes, scope, uptimeSeconds = NaN }: NodeSample,
    listed: readonly NodeProcess[],
    samples = this.#readings(),
  ): NodeFacts {
    const capsHit = (processes?.length ?? 0) > listed.length ? ['process rows'] : [];
    return {
      ...NO_FACTS,
      instance: labelText(instance, 'value'),
      exporterVersion: this.#version,
      up: true,
      hasProcessFamily: listed.length > 0,
      processScope: processes === undefined && scope !== 'unsupported' ? undefined : scope,
      uptimeSeconds,
      samples,
      // No bytes were transferred.
      bytes: NaN,
      capsHit,
    };
  }

  /** The number of readings, as lines of an exposition. */
  #readings(): number {
    const { gpus, procs, cpus, cores, memory, disks } = this;
    const reported = (values: ArrayLike<number>): number => Array.from(values).filter((value) => !Number.isNaN(value)).length;
    const table = <Field extends string>(rows: Rows<Field>, fields: readonly Field[]): number =>
      reported(Array.from({ length: rows.count }, (_, row) => fields.map((field) => rows.value(row, field))).flat());
    const columns = [...GPU_FIELDS.map((name) => gpus.field[name]), procs.ageSeconds, procs.cpuPercent, procs.smPercent];
    return (
      columns.reduce((sum, column) => sum + reported(column), procs.count) +
      table(cpus, CPU_FIELDS) +
      table(cores, CORE_FIELDS) +
      table(memory, MEMORY_FIELDS) +
      table(disks, DISK_FIELDS)
    );
  }

  #structureOf(): string {
    const { gpus, procs, cpus, cores, memory, disks } = this;
    const rows = Array.from({ length: procs.count }, (_, row) => [
      procs.pid[row],
      procs.gpu[row],
      procs.user[row],
      this.text(procs.command[row]!),
      this.text(procs.name[row]!),
    ]);
    const titles = [cpus, cores, memory, disks].map((table) => Array.from({ length: table.count }, (_, row) => table.title(row)));
    const slots = Array.from({ length: gpus.slots }, (_, slot) => [
      gpus.index[slot],
      this.text(gpus.uuid[slot]!),
      this.text(gpus.name[slot]!),
    ]);
    const identities = this.extras.rows('identity');
    const identity = Array.from({ length: identities.count }, (_, row) => identities.families(row).map(({ labels }) => labels));
    const { allocations } = this;
    const owners = Object.values(allocations.owner).map((column) => Array.from(column, (id) => this.userName(id)));
    const held = [Array.from(allocations.gpu), Array.from(allocations.gpuCount), owners];
    return JSON.stringify([slots, rows, titles, identity, held, this.facts.instance, this.facts.processScope]);
  }
}

const inOrder = (gpus: readonly NodeGpu[]): readonly NodeGpu[] =>
  [...gpus].sort((a, b) => a.index - b.index || (a.uuid === b.uuid ? 0 : a.uuid < b.uuid ? -1 : 1));

const byMountPoint = (disks: NodeSample['disks']): NodeSample['disks'] =>
  [...disks].sort((a, b) => (a.mountPoint === b.mountPoint ? 0 : a.mountPoint < b.mountPoint ? -1 : 1)).slice(0, ROW_CAPS.disk);

function smallTable<Row, Field extends string>(
  fields: readonly Field[],
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  title: (row: Row) => string,
): Rows<Field> {
  const values = rows.map((row) =>
    Object.fromEntries(
      columns.flatMap((column) => {
        const metric = metricOf(column);
        return metric && 'field' in metric ? [[metric.field, readingOf(column, row)]] : [];
      }),
    ),
  );
  return {
    count: rows.length,
    value: (row, field) => (fields.includes(field) ? (values[row]?.[field] ?? NaN) : NaN),
    title: (row) => labelText(title(rows[row]!), 'value'),
  };
}

/** Only cores that report a value. */
function coreTable({ cpu }: NodeSample): Rows<'utilPercent'> {
  const all = (cpu?.coreUtilPercent ?? []).map((percent) => readingOf(CORE_COLUMN, percent));
  const cores = all.filter((percent) => !Number.isNaN(percent)).slice(0, ROW_CAPS.core);
  return { count: cores.length, value: (row) => cores[row] ?? NaN, title: () => '' };
}

function extrasOf(sample: NodeSample, gpus: readonly NodeGpu[]): NodeExtras {
  const tables: Partial<Record<ExtraTable, ExtraRows>> = {
    gpu: extraRowsOf(gpus.map((gpu) => gpuExtras(sample, gpu))),
    mig: extraRowsOf(migExtras(sample)),
    source: extraRowsOf(sample.sources.map((source) => [extra('node_source_info', 1, sourceLabels(sample, source))])),
    identity: extraRowsOf(
      identitiesOf(sample)
        .slice(0, ROW_CAPS.identity)
        .map((labels) => [extra(IDENTITY_FAMILY, 1, labels)]),
    ),
  };
  return { rows: (table) => tables[table] ?? NO_EXTRA_ROWS };
}

function gpuExtras(sample: NodeSample, gpu: NodeGpu): readonly ExtraReading[] {
  const plain = gpuLabels(sample, gpu);
  const labels = textsOf(plain);
  const readings = GPU_COLUMNS.flatMap((column) => {
    const value = readingOf(column, gpu);
    return isExtra(column) && !Number.isNaN(value) ? [extraOf(column.name, value, labels)] : [];
  });
  if (gpu.gspFirmwareVersion !== undefined)
    readings.push(extra('gpu_gsp_firmware_version_info', 1, { ...plain, version: gpu.gspFirmwareVersion }));
  if (gpu.migEnabled !== undefined) readings.push(extra('gpu_mig_mode', Number(gpu.migEnabled), migModeLabels(sample, gpu)));
  return readings;
}

function migExtras(sample: NodeSample): readonly (readonly ExtraReading[])[] {
  const devices = sample.gpus.flatMap((gpu) => (gpu.migDevices ?? []).map((device) => ({ gpu, device })));
  devices.sort((a, b) => a.device.index - b.device.index);
  const rows = devices.map(({ gpu, device }) =>
    MIG_COLUMNS.flatMap((column) => {
      const value = readingOf(column, device);
      return Number.isNaN(value) ? [] : [extra(column.name, value, migLabels(sample, gpu, device))];
    }),
  );
  return rows.filter((readings) => readings.length > 0);
}

const isExtra = (column: Column<never>): boolean => {
  const metric = metricOf(column);
  return metric !== undefined && 'extra' in metric;
};

const extra = (family: string, value: number, labels: Labels): ExtraReading => extraOf(family, value, textsOf(labels));

const extraOf = (family: string, value: number, labels: ExtraReading['labels']): ExtraReading => ({
  family,
  unit: metricOf({ name: family })!.unit,
  value,
  labels,
});

const textsOf = (labels: Labels): ExtraReading['labels'] =>
  Object.entries(labels).map(([name, text]) => [name, labelText(String(text), 'value')] as const);

const labelOf = (labels: Labels | undefined, name: string): string =>
  labels && Object.hasOwn(labels, name) ? labelText(String(labels[name]), 'value') : '';
