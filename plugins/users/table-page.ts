/** Draws the table of a level. */
import {
  FROM_COLS,
  GROUPINGS,
  NONE,
  span,
  watts,
  type Cells,
  type Column,
  type Grouping,
  type NodeView,
  type Span,
  type TableColumn,
  type TableColumns,
} from '../../lib/index.js';
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

/** The same for every grouping. */
export const perGrouping = <T>(make: (by: Grouping) => T): Readonly<Record<Grouping, T>> =>
  Object.fromEntries(GROUPINGS.map((by) => [by, make(by)])) as Readonly<Record<Grouping, T>>;

/** What the rows of the first level are called. */
export const GROUP_NAMES: Readonly<Record<Grouping, { readonly one: string; readonly many: string }>> = {
  user: { one: 'user', many: 'users' },
  account: { one: 'account', many: 'accounts' },
  job: { one: 'job', many: 'jobs' },
  namespace: { one: 'namespace', many: 'namespaces' },
  team: { one: 'team', many: 'teams' },
};

/** The first column of an exported table: whose rows they are. */
export const ownerColumn = <Data extends { readonly user: string }, Row>(by: Grouping): TableColumn<Data, Row> => ({
  id: by,
  value: (_row, { user }) => user,
  export: by === 'user' ? { name: by, unknown: UNATTRIBUTED } : { name: by },
});

/** 'alice (root)': the person, and the account that runs the process. */
export function userOfRow(node: NodeView, row: number): string {
  const { user, known } = node.procs;
  const runsAs = node.userName(known?.runsAs[row] ?? 0);
  return `${shownUser(node.userName(user[row]!))}${runsAs === '' ? '' : ` (${runsAs})`}`;
}

/** How a user without a name is shown. */
export const NOBODY = '?';
export const shownUser = (user: string): string => user || NOBODY;
/** How all-smi writes a user without a name. */
export const UNATTRIBUTED = '(unattributed)';

/** 'alice, bob +3': names for a narrow column. */
export const namesThatFit = (names: readonly string[]): string =>
  names.length <= 2 ? names.join(', ') : `${names[0]} +${names.length - 1}`;

/** '8', '0.5': whole GPUs and shares. */
export const gpusText = (gpus: number): Span | string =>
  Number.isNaN(gpus) ? NONE : Number.isInteger(gpus) ? String(gpus) : gpus.toFixed(gpus < 10 ? 2 : 1);
/** Of a row that is gone, only the name is known. */
export const goneCells = (columns: readonly Column[], own: Cells): Cells => ({
  ...Object.fromEntries(columns.map(({ id }) => [id, NONE])),
  ...own,
});

export const powerText = (power: number, partial: boolean): string => (partial ? (power > 0 ? `≥${watts(power)}` : NONE) : watts(power));

/** The power of a row, by memory and by use. */
export interface Power {
  readonly watts: number;
  readonly byUseWatts: number;
  /** The true figure is larger. */
  readonly isPartial: boolean;
  /** Some of the power by use is by memory, or over an idle floor that was not measured. */
  readonly isEstimate: boolean;
}
/** What a table that shows power needs to know: which of the two it is. */
export interface ByUse {
  readonly byUse: boolean;
}

/** The power that is shown, as text: `*` marks what depends on memory or on a guess. */
export const shownPower = ({ watts: byMemory, byUseWatts, isPartial, isEstimate }: Power, byUse: boolean): string => {
  const text = powerText(byUse ? byUseWatts : byMemory, isPartial);
  return byUse && isEstimate && text !== NONE ? `${text}*` : text;
};

/** One column on the screen, which `P` switches; in files both figures, whatever the screen shows. */
export function powerColumns<Data extends ByUse, Row>(
  of: (row: Row, data: Data) => Power | undefined,
  drop: number,
): TableColumns<Data, Row> {
  return [
    {
      id: 'power',
      unit: 'watts',
      value: (row, data) => of(row, data)?.watts,
      screen: {
        title: 'POWER*',
        width: 8,
        fit: (_cols, { byUse }) => (byUse ? { title: 'POWER SM', width: 9 } : {}),
        drop,
        sorts: 'descending',
        order: (row, data) => (data.byUse ? of(row, data)?.byUseWatts : of(row, data)?.watts),
        cell(row, data) {
          const power = of(row, data);
          return power ? shownPower(power, data.byUse) : NONE;
        },
      },
      export: { name: 'power_watts', decimals: 3 },
    },
    {
      id: 'power_by_use',
      unit: 'watts',
      value: (row, data) => of(row, data)?.byUseWatts,
      export: { name: 'power_by_use_watts', decimals: 3, jsonOnly: true },
    },
    {
      id: 'power_by_use_is_estimate',
      value: (row, data) => of(row, data)?.isEstimate,
      export: { name: 'power_by_use_is_estimate', jsonOnly: true },
    },
  ];
}
export const dimmed = (text: string) => span(text || NONE, 'dim');

/** Minimum width of a command before other columns are dropped: on the smallest screens values matter more. */
export const leastCommand = (cols: number, roomy: number): number => (cols >= FROM_COLS.standard ? roomy : cols >= FROM_COLS.tiny ? 12 : 5);
