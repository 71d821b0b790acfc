/** The table of a level as it is drawn. */
import { FROM_COLS, NONE, span, watts, type Cells, type Column } from '../../lib/index.js';
import type { RowOrder } from './row-order.js';

export interface Page {
  readonly order: RowOrder;
  readonly columns: readonly Column[];
  cells(position: number): Cells;
  /** What `y` copies of the row; undefined: one that is gone. */
  copy(position: number): string | undefined;
  /** A whole row is dim: its host doesn't count, or it is gone and only keeps its place. */
  dim(position: number): boolean;
  /** Shown though the filter does not keep it. */
  out?(position: number): boolean;
}

/** How a user without a name is shown. */
export const NOBODY = '?';
export const shownUser = (user: string): string => user || NOBODY;
/** How all-smi writes a user without a name. */
export const writtenUser = (user: string): string => user || '(unattributed)';

/** Of a row that is gone nothing is known but what it was called. */
export const goneCells = (columns: readonly Column[], own: Cells): Cells => ({
  ...Object.fromEntries(columns.map(({ id }) => [id, NONE])),
  ...own,
});

export const powerText = (power: number, partial: boolean): string => (partial ? (power > 0 ? `≥${watts(power)}` : NONE) : watts(power));
export const dimmed = (text: string) => span(text || NONE, 'dim');

/** Columns that a command gets at least, before others go: on the smallest screens figures are worth more than its beginning. */
export const leastCommand = (cols: number, roomy: number): number => (cols >= FROM_COLS.standard ? roomy : cols >= FROM_COLS.tiny ? 12 : 5);
