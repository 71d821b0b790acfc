/** `nvidia-smi pmon -s um`: what each process uses of its GPU, in columns that differ by driver; the header names them. */
import { mebibytes, reading } from './smi-values.js';
import type { Ms } from '../../model/clock.js';

export interface PmonRow {
  readonly gpu: number;
  readonly pid: number;
  /** 'C', 'G' (graphics) or 'C+G'. */
  readonly type: string;
  /** Percent of the SMs since the round before; undefined: `-`. */
  readonly smPercent: number | undefined;
  readonly bytes: number | undefined;
  readonly name: string;
}

/** A GPU on which nothing runs has one line without a pid. */
const NOBODY = -1;

/**
 * Puts lines together to rounds. pmon doesn't say where one ends, but its lines come at once, and then none for an interval. Where two
 * rounds come together (the program was busy), the next has begun when a GPU or a process speaks again.
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

  /** Rows of the newest round, in its order. */
  get latest(): readonly PmonRow[] {
    return [...this.#round.values()].filter(({ pid }) => pid !== NOBODY);
  }

  /** A line that came at `now`; whether it was one of data. */
  push(line: string, now: Ms): boolean {
    if (line.startsWith('#')) {
      const names = line.slice(1).trim().toLowerCase().split(/\s+/);
      if (names.includes('pid')) this.#columns = names;
      return false;
    }
    const row = this.#row(line);
    if (row === undefined) return false;
    const { gpu, pid } = row;
    const empty = this.#round.has(`${gpu} ${NOBODY}`);
    const again = gpu < this.#lastGpu || (pid === NOBODY ? this.#speaks(gpu) : empty || this.#round.has(`${gpu} ${pid}`));
    if (again || now - this.#startedAt > this.#intervalMs / 2) {
      this.#round = new Map();
      this.#startedAt = now;
    }
    this.#round.set(`${gpu} ${pid}`, row);
    this.#lastGpu = gpu;
    return true;
  }

  #speaks(gpu: number): boolean {
    for (const row of this.#round.values()) if (row.gpu === gpu) return true;
    return false;
  }

  #row(line: string): PmonRow | undefined {
    const cells = line.trim().split(/\s+/);
    const cell = (name: string): string | undefined => {
      const at = this.#columns.indexOf(name);
      return at < 0 ? undefined : cells[at];
    };
    const gpu = reading(cell('gpu'));
    const pid = cell('pid');
    if (gpu === undefined || pid === undefined || !/^(?:\d+|-)$/.test(pid)) return undefined;
    return {
      gpu,
      pid: pid === '-' ? NOBODY : Number(pid),
      type: cell('type') ?? '',
      smPercent: reading(cell('sm')),
      bytes: mebibytes(cell('fb')),
      name: cells.slice(this.#columns.indexOf('command')).join(' '),
    };
  }
}

/** At most this busy, a GPU on which no process has a figure is taken to be used by none. */
const IDLE_PERCENT = 5;

/**
 * SM shares by pid of the processes on one GPU. pmon writes `-` both for "used nothing" and for "cannot tell". It is 0 when another
 * process on that GPU has a figure, or when the GPU itself is all but idle; else it is not reported.
 */
export function smShares(rows: readonly PmonRow[], gpuUtilPercent: number | undefined): Map<number, number> {
  const told = rows.some(({ smPercent }) => smPercent !== undefined);
  const nothing = told || (gpuUtilPercent !== undefined && gpuUtilPercent <= IDLE_PERCENT) ? 0 : undefined;
  const shares = new Map<number, number>();
  for (const { pid, smPercent = nothing } of rows) if (smPercent !== undefined) shares.set(pid, smPercent);
  return shares;
}
