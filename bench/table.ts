/** What a bench reports, the table of ratios, and the comparison with the ratios that were once reached. */

/** One workload: our time and that of the yardstick on the very same input, in milliseconds of CPU. */
export interface BenchRow {
  /** 'parse W1 warm': what is measured, on which data set. Names the row in baseline.json. */
  readonly name: string;
  readonly oursMs: number;
  /** The plain port; undefined: nothing to compare with, the row is shown and never fails. */
  readonly yardstickMs?: number;
}

export interface Baseline {
  /** How far below its recorded value a ratio may fall: 0.4 lets 10x sink to 6x. Machines differ, and so do their caches. */
  readonly tolerance: number;
  readonly ratios: Readonly<Record<string, number>>;
}

export interface Verdict {
  readonly row: BenchRow;
  readonly ratio: number | undefined;
  readonly baseline: number | undefined;
  readonly failed: boolean;
}

export function judge(rows: readonly BenchRow[], { tolerance, ratios }: Baseline): readonly Verdict[] {
  return rows.map((row) => {
    const ratio = row.yardstickMs === undefined ? undefined : row.yardstickMs / row.oursMs;
    const baseline = ratios[row.name];
    return { row, ratio, baseline, failed: ratio !== undefined && baseline !== undefined && !(ratio >= baseline * (1 - tolerance)) };
  });
}

export function toTable(verdicts: readonly Verdict[]): string {
  const cells = verdicts.map(({ row, ratio, baseline, failed }) => [
    row.name,
    milliseconds(row.oursMs),
    milliseconds(row.yardstickMs),
    times(ratio),
    times(baseline),
    failed ? 'SLOWER' : '',
  ]);
  const rows = [['', 'ours', 'plain port', 'ratio', 'baseline', ''], ...cells];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number): string => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!));
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** The baseline that these rows make: two significant figures are as many as a shared machine repeats. */
export function toBaseline(rows: readonly BenchRow[], tolerance: number): Baseline {
  const ratios = judge(rows, { tolerance, ratios: {} }).flatMap(({ row, ratio }) =>
    ratio === undefined ? [] : [[row.name, Number(ratio.toPrecision(2))] as const],
  );
  return { tolerance, ratios: Object.fromEntries(ratios) };
}

function milliseconds(value: number | undefined): string {
  if (value === undefined) return '–';
  return value < 1 ? `${(value * 1000).toPrecision(3)} µs` : `${value.toPrecision(3)} ms`;
}

function times(value: number | undefined): string {
  if (value === undefined) return '–';
  return `${value.toFixed(value < 10 ? 1 : 0)}x`;
}
