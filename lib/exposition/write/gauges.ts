/** Tables of gauges: one family per column, one sample per row. Names are without the prefix `all_smi_`. */
import { labelBlock, type Family, type LabelBlock, type Sample } from './families-text.js';

export interface Column<Row, Context = void> {
  readonly name: string;
  readonly help: string;
  /** Digits after the point; as many as needed if absent. */
  readonly decimals?: number;
  /** Undefined or NaN: not reported, no line is written. */
  readonly of: (row: Row, context: Context) => number | undefined;
}

export const gauge = (name: string, help: string, samples: Iterable<Sample>): Family => ({
  name: `all_smi_${name}`,
  help,
  type: 'gauge',
  samples,
});

/** An info metric: one sample with the value 1, whose labels are the information. */
export const fact = (name: string, help: string, labels: Readonly<Record<string, string | number>>): Family =>
  gauge(name, help, [{ labels: labelBlock(labels), value: 1 }]);

/** One family for each column. `labels`: one block for each row. */
export function families<Row, Context = void>(
  columns: readonly Column<Row, Context>[],
  rows: readonly Row[],
  labels: readonly LabelBlock[],
  context: Context,
): Family[] {
  return columns.map(({ name, help, decimals, of }) => ({
    ...gauge(
      name,
      help,
      rows.map((row, at) => ({ labels: labels[at]!, value: of(row, context) ?? NaN })),
    ),
    ...(decimals === undefined ? {} : { decimals }),
  }));
}
