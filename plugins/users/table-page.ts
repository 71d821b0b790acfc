/** Draws the table of a level. */
import { FROM_COLS, NONE, span, watts, type Cells, type Column } from '../../lib/index.js';
import type { RowOrder } from './row-order.js';

export interface Page {
  readonly order: RowOrder;
  readonly columns: readonly Column[];
  cells(position: number): Cells;
  /** The text that `y` copies for the row; undefined if it is gone. */
  copy(position: number): string | undefined;
  /** The whole row is dim: its node is not counted, or it is gone and only keeps its position. */
  dim(position: number): boolean;
  /** Shown although it does not match the filter. */
  out?(position: number): boolean;
}

/** How a user without a name is shown. */
export const NOBODY = '?';
export const shownUser = (user: string): string => user || NOBODY;
/** How all-smi writes a user without a name. */
export const UNATTRIBUTED = '(unattributed)';

/** Of a row that is gone, only the name is known. */
export const goneCells = (columns: readonly Column[], own: Cells): Cells => ({
  ...Object.fromEntries(columns.map(({ id }) => [id, NONE])),
  ...own,
});

export const powerText = (power: number, partial: boolean): string => (partial ? (power > 0 ? `≥${watts(power)}` : NONE) : watts(power));
export const dimmed = (text: string) => span(text || NONE, 'dim');

/** Minimum width of a command before other columns are dropped: on the smallest screens values matter more. */
export const leastCommand = (cols: number, roomy: number): number => (cols >= FROM_COLS.standard ? roomy : cols >= FROM_COLS.tiny ? 12 : 5);
