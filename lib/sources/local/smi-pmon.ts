/** `nvidia-smi pmon -s um`: the utilization of each process on its GPU, in columns that differ by driver; the header names them. */
import type { Heard } from './child-loop.js';
import { linesOf, mebibytes, reading } from './smi-values.js';
import type { Ms } from '../../model/clock.js';

export interface PmonRow {
  readonly gpu: number;
  readonly pid: number;
  /** 'C', 'G' (graphics) or 'C+G'. */
  readonly type: string;
  /** Percent of the SMs since the previous round; undefined: `-`. */
  readonly smPercent: number | undefined;
  /** The share is neither a number nor `-`: an error. */
  readonly smError?: boolean;
  readonly bytes: number | undefined;
  readonly name: string;
}

/** A GPU without processes has one line without a pid. */
const NO_PROCESS = -1;

/** The columns that drivers print between the type and the name, by their number: for rows whose header was not received. */
const LAYOUTS: readonly (readonly string[])[] = [
  ['sm', 'mem', 'enc', 'dec', 'fb'],
  ['sm', 'mem', 'enc', 'dec', 'jpg', 'ofa', 'fb'],
  ['sm', 'mem', 'enc', 'dec', 'jpg', 'ofa', 'fb', 'ccpm'],
];
const FIRST = ['gpu', 'pid', 'type'];

function guessed(cells: readonly string[]): readonly string[] {
  const figures = cells.slice(FIRST.length).findIndex((cell) => !/^(?:-|\d+)$/.test(cell));
  const layout = LAYOUTS.find(({ length }) => length === figures);
  return layout === undefined ? [] : [...FIRST, ...layout, 'command'];
}

/**
 * Groups lines into rounds. pmon does not mark the end of a round, but its lines arrive together, and then none for an interval. If two
 * rounds arrive together (the program was busy), the second starts when a GPU or a process is repeated.
 */
export class PmonRounds {
  readonly #intervalMs: Ms;
  #columns: readonly string[] = [];
  #startedAt: Ms = -Infinity;
  #round = new Map<string, PmonRow>();
  #lastGpu = -1;

  constructor(intervalMs: Ms) {
    this.#intervalMs = intervalMs;
  }

  /** Rows of the newest round, in their order. */
  get latest(): readonly PmonRow[] {
    return [...this.#round.values()].filter(({ pid }) => pid !== NO_PROCESS);
  }

  /** A line that arrived at `now`. */
  push(line: string, now: Ms): Heard {
    const text = linesOf(line)[0];
    if (text === undefined) return { kind: 'blank' };
    if (text.startsWith('#')) {
      const names = text.slice(1).trim().toLowerCase().split(/\s+/);
      if (FIRST.every((name) => names.includes(name))) this.#columns = names;
      return { kind: 'head' };
    }
    const row = this.#row(text);
    if (row === undefined) return { kind: 'words', words: text.trim() };
    const { gpu, pid } = row;
    const empty = this.#round.has(`${gpu} ${NO_PROCESS}`);
    const again = gpu < this.#lastGpu || (pid === NO_PROCESS ? this.#hasRowsOf(gpu) : empty || this.#round.has(`${gpu} ${pid}`));
    if (again || now - this.#startedAt > this.#intervalMs / 2) {
      this.#round = new Map();
      this.#startedAt = now;
    }
    this.#round.set(`${gpu} ${pid}`, row);
    this.#lastGpu = gpu;
    return { kind: 'data', whole: true };
  }

  #hasRowsOf(gpu: number): boolean {
    for (const row of this.#round.values()) if (row.gpu === gpu) return true;
    return false;
  }

  #row(line: string): PmonRow | undefined {
    const cells = line.trim().split(/\s+/);
    const columns = this.#columns.length > 0 ? this.#columns : guessed(cells);
    const cell = (name: string): string | undefined => {
      const at = columns.indexOf(name);
      return at < 0 ? undefined : cells[at];
    };
    const gpu = reading(cell('gpu'));
    const pid = cell('pid');
    if (gpu === undefined || pid === undefined || !/^(?:\d+|-)$/.test(pid)) return undefined;
    const sm = cell('sm');
    const command = columns.indexOf('command');
    return {
      gpu,
      pid: pid === '-' ? NO_PROCESS : Number(pid),
      type: cell('type') ?? '',
      smPercent: reading(sm),
      ...(reading(sm) === undefined && sm !== '-' ? { smError: true } : {}),
      bytes: mebibytes(cell('fb')),
      name: command < 0 ? '' : cells.slice(command).join(' '),
    };
  }
}

/** Up to this utilization, a GPU on which no process has a figure is considered unused by all of them. */
const IDLE_PERCENT = 5;

/**
 * SM shares by pid of the processes on one GPU. pmon prints `-` both for "not used" and for "not available". It is 0 when another process
 * on that GPU has a figure, or when the GPU itself is nearly idle; else it is not reported.
 */
export function smShares(rows: readonly PmonRow[], gpuUtilPercent: number | undefined): Map<number, number> {
  const anyReported = rows.some(({ smPercent }) => smPercent !== undefined);
  const nothing = anyReported || (gpuUtilPercent !== undefined && gpuUtilPercent <= IDLE_PERCENT) ? 0 : undefined;
  const shares = new Map<number, number>();
  for (const { pid, smError, smPercent = smError ? undefined : nothing } of rows) if (smPercent !== undefined) shares.set(pid, smPercent);
  return shares;
}
