/**
 * The last complete scrape, as everything outside the parser sees it. It is copied from the scan only at a commit, so a frame that is
 * painted while a body arrives shows one scrape, and a truncated body changes nothing.
 */
import { NO_ALLOCATIONS } from '../../../model/allocations.js';
import type { Change, NodeData, NodeFacts } from '../../../model/columns.js';
import { PROCESS_FIELDS, type ProcessField } from '../../../model/machine-fields.js';
import { Arena } from '../bytes.js';
import type { SampleValues } from '../sample-values.js';
import type { ParserWorkspace } from '../workspace.js';
import { Extras } from './extra-rows.js';
import { GpuTable } from './gpu-table.js';
import { ROW_DEVICE, ROW_INTS, ROW_VALUES } from '../row-layout.js';
import { ProcTable } from './process-table.js';
import { METRICS } from '../../schema/families.js';
import { OddValues, readingOf, Readings } from './readings.js';
import type { ScanState } from '../scan-state.js';
import { SmallTable } from './small-table.js';
import { textOf, textRef } from './text-ref.js';
import { byTables, type ByTables, type Entity } from '../entities.js';
import type { Ms } from '../../../model/clock.js';

/** A start time of at least this value is a Unix time; below it, it is the number of seconds since the start. */
const EPOCH_SECONDS = 1e9;

export interface Loaded {
  readonly at: Ms;
  readonly skewMs: Ms | undefined;
  /** False: the same series as last time, with other values. */
  readonly structure: boolean;
  readonly bytes: number;
  readonly badLines: number;
  readonly badSample: string;
  readonly rowsCapped: boolean;
}

const NOTHING = new Arena();

class Facts implements NodeFacts {
  instance = '';
  exporterVersion = '';
  up: boolean | undefined;
  hasProcessFamily = false;
  processScope: NodeFacts['processScope'];
  /** No family of all-smi has it. */
  readonly uptimeSeconds = NaN;
  samples = 0;
  badLines = 0;
  badSample = '';
  oddReadings = 0;
  oddSample = '';
  capsHit: readonly string[] = [];
  bytes = 0;
}

export class Committed implements NodeData {
  readonly procs = new ProcTable();
  readonly allocations = NO_ALLOCATIONS;
  readonly gpus: GpuTable;
  readonly cpus: SmallTable<'cpu'>;
  readonly cores: SmallTable<'core'>;
  readonly memory: SmallTable<'memory'>;
  readonly disks: SmallTable<'disk'>;
  readonly facts = new Facts();
  readonly extras: Extras;
  readonly #workspace: ParserWorkspace;
  readonly #odd = new OddValues();
  readonly #readings = new Readings(this.#odd);
  #arena = NOTHING;
  #scan: ScanState | undefined;
  #changes = -1;
  #upSample = 0;

  constructor(workspace: ParserWorkspace) {
    this.#workspace = workspace;
    this.gpus = new GpuTable(workspace.labels, this.#readings);
    this.cpus = new SmallTable('cpu', this.#readings);
    this.cores = new SmallTable('core', this.#readings);
    this.memory = new SmallTable('memory', this.#readings);
    this.disks = new SmallTable('disk', this.#readings);
    this.extras = new Extras(workspace.labels, this.gpus, (ref) => this.text(ref));
  }

  text(ref: number): string {
    return textOf(this.#arena.bytes, ref);
  }

  userName(id: number): string {
    return this.#workspace.users.name(id);
  }

  load(scan: ScanState, loaded: Loaded): Change {
    this.#arena = scan.arena;
    if (loaded.structure) this.#loadStructure(scan, loaded);
    const { facts } = this;
    const { values } = scan.samples;
    this.#odd.clear();
    this.#readings.load(values);
    this.gpus.loadDetails(scan);
    this.extras.load(scan, this.#odd);
    facts.bytes = loaded.bytes;
    facts.samples = scan.template.count;
    facts.badLines = loaded.badLines;
    facts.badSample = loaded.badSample;
    facts.up = this.#upSample === 0 ? undefined : values[this.#upSample]! > 0;
    const structure = this.#loadRows(scan, loaded);
    facts.oddReadings = this.#odd.count;
    facts.oddSample = this.#odd.sample;
    return structure ? 'structure' : 'values';
  }

  #loadStructure(scan: ScanState, loaded: Loaded): void {
    const { samples, arena } = scan;
    const { entities } = samples;
    // The index of a GPU that does not export one is its position, which changes with the order of lines.
    const byPosition = entities.all.some(({ table, index }) => table === 'gpu' && index < 0);
    if (scan !== this.#scan || entities.changes !== this.#changes || byPosition) {
      this.#scan = scan;
      this.#changes = entities.changes;
      this.#arrange(samples, arena, byPosition ? scan.firstLines() : NO_LINES);
    }
    this.procs.arrange(scan.rows);
    this.facts.instance = textOf(arena.bytes, textRef(scan.instance(), 'value'));
    this.facts.hasProcessFamily = scan.template.processes;
    this.facts.capsHit = capsHit(entities.capped, loaded.rowsCapped);
    entities.capped = NOT_CAPPED;
  }

  /** Which GPUs, CPUs, cores, memories and disks exist. */
  #arrange(samples: SampleValues, arena: Arena, firstLines: ReadonlyMap<Entity, number>): void {
    const { gpus, cpus, cores, memory, disks } = this;
    const found = byTables(samples.entities.all);
    const gpuEntities = found.gpu ?? [];
    const small = [
      [cpus, found.cpu ?? []],
      [cores, found.core ?? []],
      [memory, found.memory ?? []],
      [disks, found.disk ?? []],
    ] as const;
    let room = gpus.room(gpuEntities.length);
    for (const [table, entities] of small) room += table.room(entities.length);
    this.#readings.begin(room, samples.count);
    const inOrder = gpus.arrange(samples, gpuEntities, arena, firstLines);
    let from = gpus.room(gpuEntities.length);
    for (const [table, entities] of small) {
      table.arrange(samples, entities, arena, from);
      from += table.room(entities.length);
    }
    this.extras.arrange(samples, found, inOrder);
    this.#readFacts(found, arena.bytes);
  }

  /** Facts about the exporter, most of them from labels. */
  #readFacts({ up, build, scope: scopes }: ByTables, arena: Uint8Array): void {
    const title = (entity: Entity | undefined): string => textOf(arena, textRef(entity?.title ?? 0, 'value'));
    const scope = scopes?.[0];
    this.#upSample = up?.[0]?.firstSample ?? 0;
    this.facts.exporterVersion = title(build?.[0]);
    const scopeText = title(scope);
    this.facts.processScope = scope === undefined ? undefined : scopeText === 'gpu' || scopeText === 'all' ? scopeText : 'off';
  }

  /** The values of the process rows. True when the rows have changed, or when one moved to or from a GPU. */
  #loadRows({ rows, arena }: ScanState, { at, skewMs = 0, structure }: Loaded): boolean {
    const { procs, gpus } = this;
    const { values, ints, count, devices } = rows;
    const nodeNow = (at + skewMs) / 1000;
    let moved = structure;
    for (let row = 0, value = 0; row < count; row++, value += ROW_VALUES) {
      procs.vramBytes[row] = this.#processReading(VRAM, values[value + VRAM]!);
      procs.cpuPercent[row] = this.#processReading(CPU, values[value + CPU]!);
      procs.smPercent[row] = this.#processReading(SM, values[value + SM]!);
      procs.residentBytes[row] = this.#processReading(RESIDENT, values[value + RESIDENT]!);
      procs.ageSeconds[row] = ageOf(this.#processReading(START, values[value + START]!), nodeNow);
      if (!moved && devices[ints[row * ROW_INTS + ROW_DEVICE]!]!.bytes === 0) moved = procs.gpu[row]! >= 0 !== procs.vramBytes[row]! > 0;
    }
    if (moved) gpus.place(rows, procs, arena);
    if (gpus.withoutMemory) forgetMemory(procs, gpus.withoutMemory);
    return moved;
  }

  #processReading(place: number, value: number): number {
    const metric = PROCESS_METRICS[place]!;
    const read = readingOf(metric, value);
    if (Number.isNaN(read)) this.#odd.invalid(metric, value);
    return read;
  }
}

/** Removes zeros that mean an unknown size. */
function forgetMemory({ vramBytes, gpu, count }: ProcTable, withoutMemory: Uint8Array): void {
  for (let row = 0; row < count; row++) if (vramBytes[row] === 0 && withoutMemory[gpu[row]!] === 1) vramBytes[row] = NaN;
}

const placeOf = (field: ProcessField): number => PROCESS_FIELDS.indexOf(field);
const VRAM = placeOf('vramBytes');
const START = placeOf('startSeconds');
const CPU = placeOf('cpuPercent');
const SM = placeOf('smPercent');
const RESIDENT = placeOf('residentBytes');

/** By place of a value in a row: its number in METRICS. */
const PROCESS_METRICS = PROCESS_FIELDS.map((field) => METRICS.findIndex((metric) => metric.table === 'process' && metric.field === field));

const NOT_CAPPED: readonly [] = [];
const NO_LINES: ReadonlyMap<Entity, number> = new Map();

function capsHit(tables: readonly string[], rows: boolean): readonly string[] {
  if (tables.length === 0 && !rows) return NOT_CAPPED;
  return [...tables, ...(rows ? ['process'] : [])].map((table) => `${table} rows`);
}

/** Seconds since the start, by the clock of the node; NaN if that clock contradicts itself. */
function ageOf(start: number, nodeNowSeconds: number): number {
  const age = start >= EPOCH_SECONDS ? nodeNowSeconds - start : start;
  return age >= 0 && age < Infinity ? age : NaN;
}
