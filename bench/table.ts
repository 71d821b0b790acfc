/** What a bench reports, the table of it against the targets, and the comparison with ratios that were once reached. */

/** Figures are judged by their direction: where the goal is above the gate more is better, else less. */
export interface Target {
  /** What we aim at. */
  readonly goal: number;
  /** What it must not fall short of. */
  readonly gate: number;
}

export type Unit = 'x' | 'ms' | 'KiB' | 'MiB' | 'bytes' | '%';

interface Named {
  /** 'parse W1, warm': what is measured, on which data set. Names the row in baseline.json. */
  readonly name: string;
  readonly target?: Target;
}

/**
 * A row of a bench: CPU milliseconds of one run, ours and, where there is one, the plain port's on the very same input; or one figure of
 * any unit.
 */
export type BenchRow = Named &
  ({ readonly oursMs: number; readonly yardstickMs?: number } | { readonly value: number; readonly unit: Unit; readonly oursMs?: never });

export type Verdict = 'goal' | 'gate' | 'SHORT' | '';

/** A row as it is judged and stored: the ratio to the plain port where there is one, else the figure itself. */
export interface Figure extends Named {
  readonly value: number;
  readonly unit: Unit;
  /** What the ratio is of. */
  readonly made?: { readonly oursMs: number; readonly yardstickMs: number };
  readonly verdict: Verdict;
}

export interface Baseline {
  /** How far a ratio may be worse than recorded: 0.4 lets 10x sink to 6x. Machines differ, and so do their caches. */
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

/** No number is worse than any number. */
function verdictOf(value: number, target: Target | undefined): Verdict {
  if (!target) return '';
  const meets = (limit: number): boolean => (moreIsBetter(target) ? value >= limit : value <= limit);
  return meets(target.goal) ? 'goal' : meets(target.gate) ? 'gate' : 'SHORT';
}

/** Ratios of ours to a yardstick's: what a change of machine leaves alone. */
const isRatio = ({ unit }: Figure): boolean => unit === 'x';

/** Names of the ratios that are further below their baseline than the tolerance allows, or above it where less is better. */
export function fallen(figures: readonly Figure[], { tolerance, ratios }: Baseline): readonly string[] {
  return figures.filter(isRatio).flatMap(({ name, value, target, made }) => {
    const baseline = ratios[name];
    if (baseline === undefined) return [];
    const more = target ? moreIsBetter(target) : made !== undefined;
    const fine = more ? value >= baseline * (1 - tolerance) : value <= baseline * (1 + tolerance);
    return fine ? [] : [name];
  });
}

/** The baseline that these figures make: two significant digits are as many as a shared machine repeats. */
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
