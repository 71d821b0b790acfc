/**
 * What the last whole scrape said, as everybody but the parser sees it. Copied from the scan at a commit and at no other time, so a frame
 * that is painted while a body comes in shows one scrape, and a body that is cut off changes nothing.
 */
import type { Change, HostData, HostFacts } from '../model/columns.js';
import type { Ms } from '../model/host.js';
import { Arena } from './bytes.js';
import type { Engine } from './engine.js';
import { CPU, METRICS, SECTIONS, SM, START, VRAM } from './families.js';
import { GpuTable } from './gpu-table.js';
import { ProcTable } from './proc-table.js';
import { DEVICE, INTS } from './rows.js';
import type { Scan } from './scan.js';
import { SmallTable } from './small-table.js';
import { textOf } from './text-ref.js';

/** From this value on a start time is the Unix time of the start, below it the seconds since then. */
const EPOCH_SECONDS = 1e9;

export interface Loaded {
  readonly at: Ms;
  readonly skewMs: Ms | undefined;
  /** False: the same lines as last time, with other values. */
  readonly structure: boolean;
  readonly bytes: number;
  readonly badLines: number;
  readonly badSample: string;
  readonly rowsCapped: boolean;
}

class Facts implements HostFacts {
  instance = '';
  exporterVersion = '';
  up: boolean | undefined;
  hasProcessFamily = false;
  processScope: HostFacts['processScope'];
  samples = 0;
  badLines = 0;
  badSample = '';
  capsHit: readonly string[] = [];
  bytes = 0;
}

export class Committed implements HostData {
  readonly procs = new ProcTable();
  readonly gpus: GpuTable;
  readonly cpus = new SmallTable('cpu');
  readonly cores = new SmallTable('core');
  readonly memory = new SmallTable('memory');
  readonly disks = new SmallTable('disk');
  readonly facts = new Facts();
  readonly #engine: Engine;
  #arena = new Arena(16);
  #scan: Scan | undefined;
  #cellChanges = -1;
  #upCell = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.gpus = new GpuTable(engine.labels);
  }

  text(ref: number): string {
    return textOf(this.#arena.bytes, ref);
  }

  userName(id: number): string {
    return this.#engine.users.name(id);
  }

  load(scan: Scan, loaded: Loaded): Change {
    this.#arena = scan.arena;
    if (loaded.structure) this.#loadStructure(scan, loaded);
    const { facts, gpus, cpus, cores, memory, disks } = this;
    const { values } = scan.cells;
    gpus.readings.load(values);
    cpus.readings.load(values);
    cores.readings.load(values);
    memory.readings.load(values);
    disks.readings.load(values);
    gpus.loadDetails(scan);
    facts.bytes = loaded.bytes;
    facts.samples = scan.program.count;
    facts.badLines = loaded.badLines;
    facts.badSample = loaded.badSample;
    facts.up = this.#upCell === 0 ? undefined : values[this.#upCell]! > 0;
    return this.#loadRows(scan, loaded) ? 'structure' : 'values';
  }

  #loadStructure(scan: Scan, loaded: Loaded): void {
    const { cells } = scan;
    if (scan !== this.#scan || cells.changes !== this.#cellChanges) {
      this.#scan = scan;
      this.#cellChanges = cells.changes;
      this.gpus.arrange(scan);
      for (const table of [this.cpus, this.cores, this.memory, this.disks]) table.arrange(cells.cells);
      this.#readFacts(scan);
    }
    this.procs.arrange(scan.rows);
    this.facts.instance = scan.instance();
    this.facts.hasProcessFamily = scan.program.processes;
    this.facts.capsHit = [...cells.capped, ...(loaded.rowsCapped ? ['process'] : [])].map((table) => `${table} rows`);
    cells.capped.clear();
  }

  #readFacts({ cells: { cells } }: Scan): void {
    const factCell = (fact: string): number =>
      cells.findIndex(({ metric }) => (METRICS[metric] as { readonly fact?: string } | undefined)?.fact === fact);
    const titleOf = (fact: string): string | undefined => cells[factCell(fact)]?.note.title;
    this.#upCell = Math.max(0, factCell('up'));
    this.facts.exporterVersion = titleOf('build') ?? '';
    const scope = titleOf('processes');
    this.facts.processScope = scope === undefined || scope === 'gpu' || scope === 'all' ? scope : 'off';
  }

  /** Values of the process rows. True when other rows are there, or when one moved onto a GPU or off it. */
  #loadRows({ rows, arena }: Scan, { at, skewMs = 0, structure }: Loaded): boolean {
    const { procs, gpus } = this;
    const { values, ints, count, devices } = rows;
    const hostNow = (at + skewMs) / 1000;
    let moved = structure;
    for (let row = 0, value = 0; row < count; row++, value += SECTIONS) {
      const bytes = values[value + VRAM]!;
      procs.vramBytes[row] = bytes > 0 && bytes < Infinity ? bytes : 0;
      procs.cpuPercent[row] = share(values[value + CPU]!);
      procs.smPercent[row] = share(values[value + SM]!);
      procs.ageSeconds[row] = ageOf(values[value + START]!, hostNow);
      if (!moved && devices[ints[row * INTS + DEVICE]!]!.bytes === 0) moved = procs.gpu[row]! >= 0 !== procs.vramBytes[row]! > 0;
    }
    if (moved) gpus.place(rows, procs, arena);
    return moved;
  }
}

const share = (percent: number): number => (percent >= 0 && percent < Infinity ? percent : NaN);

/** Seconds since the start; the clock of the host decides, and one that contradicts itself tells nothing. */
function ageOf(start: number, hostNowSeconds: number): number {
  const age = start >= EPOCH_SECONDS ? hostNowSeconds - start : start;
  return age >= 0 && age < Infinity ? age : NaN;
}
