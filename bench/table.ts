/** The rows that a bench reports, their table against the targets, and the comparison with the baseline. */

/** The direction follows from the two values: if the goal is above the gate, more is better, else less. */
export interface Target {
  /** The goal. */
  readonly goal: number;
  /** The minimum requirement. */
  readonly gate: number;
}

export type Unit = 'x' | 'ms' | 'KiB' | 'MiB' | 'bytes' | 'files' | '%';

interface Named {
  /** 'parse W1, warm': what is measured, with which workload. The key of the row in baseline.json. */
  readonly name: string;
  readonly target?: Target;
}

/**
 * A row of a bench: CPU milliseconds of one run, ours and, if there is one, the reference implementation's with the same input; or one
 * value of any unit.
 */
export type BenchRow = Named &
  ({ readonly oursMs: number; readonly yardstickMs?: number } | { readonly value: number; readonly unit: Unit; readonly oursMs?: never });

export type Verdict = 'goal' | 'gate' | 'SHORT' | '';

/** A row as it is compared and stored: the ratio to the reference implementation if there is one, else the value itself. */
export interface Figure extends Named {
  readonly value: number;
  readonly unit: Unit;
  /** What the ratio refers to. */
  readonly made?: { readonly oursMs: number; readonly yardstickMs: number };
  readonly verdict: Verdict;
}

export interface Baseline {
  /** How much worse than the baseline a ratio may be: 0.4 allows 10x to drop to 6x. Machines and their caches differ. */
  readonly tolerance: number;
  readonly ratios: Readonly<Record<string, number>>;
}

export function figureOf(row: BenchRow): Figure {
  const { name, target } = row;
  const named = { name, ...(target ? { target } : {}) };
  if (row.oursMs === undefined) return { ...named, value: row.value, unit: row.unit, verdict: verdictOf(row.value, target) };
  const { oursMs, yardstickMs } = row;
  if (yardstickMs === undefined) return { ...named, value: oursMs, unit: 'ms', verdict: verdictOf(oursMs, target) };
  const ratio = yardstickMs / oursMs;
  return { ...named, value: ratio, unit: 'x', made: { oursMs, yardstickMs }, verdict: verdictOf(ratio, target) };
}

const moreIsBetter = ({ goal, gate }: Target): boolean => goal > gate;

/** NaN is worse than any number. */
function verdictOf(value: number, target: Target | undefined): Verdict {
  if (!target) return '';
  const meets = (limit: number): boolean => (moreIsBetter(target) ? value >= limit : value <= limit);
  return meets(target.goal) ? 'goal' : meets(target.gate) ? 'gate' : 'SHORT';
}

/** Ratios to a reference, which do not depend on the machine. */
const isRatio = ({ unit }: Figure): boolean => unit === 'x';

/** Names of the ratios that are worse than their baseline by more than the tolerance. */
export function fallen(figures: readonly Figure[], { tolerance, ratios }: Baseline): readonly string[] {
  return figures.filter(isRatio).flatMap(({ name, value, target, made }) => {
    const baseline = ratios[name];
    if (baseline === undefined) return [];
    const more = target ? moreIsBetter(target) : made !== undefined;
    const fine = more ? value >= baseline * (1 - tolerance) : value <= baseline * (1 + tolerance);
    return fine ? [] : [name];
  });
}

/** The baseline for these results, in two significant digits: a shared machine does not reproduce more. */
export function toBaseline(figures: readonly Figure[], tolerance: number): Baseline {
  const ratios = figures.filter(isRatio).map(({ name, value }) => [name, Number(value.toPrecision(2))] as const);
  return { tolerance, ratios: Object.fromEntries(ratios) };
}

export function toTable(figures: readonly Figure[], { tolerance, ratios }: Baseline): string {
  const slower = new Set(fallen(figures, { tolerance, ratios }));
  const cells = figures.map(({ name, value, unit, target, made, verdict }) => [
    name,
    withUnit(value, unit),
    target ? withUnit(target.goal, unit) : '',
    target ? withUnit(target.gate, unit) : '',
    verdict,
    made ? milliseconds(made.oursMs) : '',
    made ? milliseconds(made.yardstickMs) : '',
    ratios[name] === undefined ? '' : withUnit(ratios[name], 'x'),
    slower.has(name) ? 'SLOWER' : '',
  ]);
  const rows = [['', 'figure', 'goal', 'gate', '', 'ours', 'plain', 'baseline', ''], ...cells];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number): string => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!));
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

function withUnit(value: number, unit: Unit): string {
  if (unit === 'x') return `${value.toFixed(value < 10 && !Number.isInteger(value) ? 1 : 0)}x`;
  if (unit === 'ms') return milliseconds(value);
  if (unit === 'bytes') return `${Math.round(value)} B`;
  return `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`;
}

function milliseconds(value: number): string {
  if (value < 1) return `${Number((value * 1000).toPrecision(3))} µs`;
  return `${Number(value.toPrecision(3))} ms`;
}
