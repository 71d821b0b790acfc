/** Which nodes report no process data, and why. */
import {
  ago,
  bytes,
  clock,
  silence,
  span,
  widest,
  type AppView,
  type Cells,
  type Column,
  type HostView,
  type Silence,
  type Sort,
} from '../../lib/index.js';
import type { SilentLevel } from './drilldown.js';
import { compareHosts, inOrderOf, sortedList, type RowOrder, type SortKey } from './row-order.js';
import { dimmed, goneCells, NARROW, WIDE, type Page } from './table-page.js';

interface SilentHost {
  readonly host: HostView;
  readonly why: Silence;
}

const LEAST_HOST_COLS = 9;
const mostHostCols = (cols: number): number => (cols >= WIDE ? 24 : 14);

const silentColumns = (cols: number, hostCols: number): readonly Column[] => [
  { id: 'host', title: 'NODE', width: hostCols, sorts: 'ascending' },
  { id: 'why', title: 'WHY', width: 17, drop: 2, sorts: 'ascending' },
  { id: 'age', title: 'LAST ANSWER', width: 11, align: 'right', drop: 1, sorts: 'descending' },
  { id: 'cmd', title: 'WHAT IS KNOWN', width: 'rest', min: cols >= NARROW ? 47 : 25 },
];

export interface SilentHosts {
  readonly rows: readonly SilentHost[];
  readonly order: RowOrder;
}

/** Cheap enough to be made for each frame: what a host tells of itself. */
export function silentHosts(app: AppView, sort: Sort): SilentHosts {
  const rows: SilentHost[] = [];
  for (const host of app.hosts) {
    const why = silence(host);
    if (why !== undefined) rows.push({ host, why });
  }
  const keys: Readonly<Record<string, SortKey<SilentHost>>> = {
    host: ({ host }) => host.label,
    why: ({ why }) => why,
    age: ({ host }) => lastAnswer(host, app),
  };
  return {
    rows,
    order: sortedList(
      rows,
      sort,
      keys,
      (a, b) => compareHosts(a.host, b.host),
      ({ host }) => host.hostId,
    ),
  };
}

/** How long ago, in ms; NaN: never. */
export const lastAnswer = ({ status }: HostView, app: AppView): number => (status.okAt === undefined ? NaN : app.now - status.okAt);

export function silentPage(level: SilentLevel, app: AppView, cols: number): Page {
  const { rows, order } = silentHosts(app, level.table.sort);
  const shown = inOrderOf(order, level.frozen);
  const columns = silentColumns(
    cols,
    widest(
      rows.map(({ host }) => host.label),
      LEAST_HOST_COLS,
      mostHostCols(cols),
    ),
  );
  return {
    order: shown,
    columns,
    cells(position): Cells {
      const row = rows[shown.row(position)];
      const id = shown.id(position);
      if (!row) return goneCells(columns, { host: app.hosts.get(id)?.label ?? id, cmd: 'reports now, or is watched no longer' });
      const { host, why } = row;
      return {
        host: span(host.label, 'strong'),
        why: span(why, 'warn'),
        age: ago(lastAnswer(host, app)),
        cmd: dimmed(whatIsKnown(host, why)),
      };
    },
    dim: (position) => shown.row(position) < 0,
  };
}

export function whatIsKnown({ status, gpus }: HostView, why: Silence): string {
  if (why === 'no process export') {
    let used = 0;
    for (let slot = 0; slot < gpus.count; slot++) used += gpus.field.memoryUsedBytes[slot]! > 0 ? gpus.field.memoryUsedBytes[slot]! : 0;
    return `exporter runs without --processes, ${bytes(used)} in use`;
  }
  if (why === 'not recorded') return 'the recording leaves processes out';
  const since = status.failingSince === undefined ? '' : ` since ${clock(status.failingSince)}`;
  return `${status.error?.text ?? 'no answer yet'}${since}`;
}
