/** The keys of every table: moving, paging, wheel, click, sorting. */
import type { AppView, Binding, KeyContext, KeyLayer, Step } from '../plugin/types.js';
import { moveTo, selectedAt, sortBy, topRow, type Column, type Order, type TableState } from '../view/table.js';

/** How the keys access a tab's table. */
export interface TableAccess<Ui> {
  /** Prefix of the binding ids: the plugin's id. */
  readonly id: string;
  /** The sortable columns of the table on screen. */
  readonly columns: SortableColumns | ((ui: Ui) => SortableColumns);
  state(ui: Ui): TableState;
  put(ui: Ui, state: TableState): Ui;
  order(ui: Ui, app: AppView): Order;
  /** The user of a row, '' if unknown; undefined: the row has no single user. If given, `U` pins the user. */
  readonly user?: (app: AppView, ui: Ui, id: string) => string | undefined;
  /** The action of Enter and a double click on a row. */
  readonly open?: {
    readonly label: string;
    /** Label in the footer. */
    readonly short: string;
    run(ui: Ui, app: AppView, id: string): Step<Ui>;
  };
}

type SortableColumns = readonly Pick<Column, 'id' | 'sorts'>[];

/** A key that opens the plugin's tab from anywhere: a layer in the global scope. */
export function openTabLayer<Ui>(plugin: string, key: string, label: string, hint: Pick<Binding<Ui>, 'hint' | 'short'> = {}): KeyLayer<Ui> {
  return {
    scope: 'global',
    title: 'Everywhere',
    bindings: [{ id: `${plugin}.tab`, keys: [key], label, run: (ui) => [ui, { type: 'open', plugin }], ...hint }],
  };
}

const WHEEL_ROWS = 3;
type Move = (at: number, page: number, last: number) => number;

const MOVES: readonly { readonly id: string; readonly keys: readonly string[]; readonly label: string; readonly to: Move }[] = [
  { id: 'up', keys: ['Up', 'k'], label: 'up', to: (at) => at - 1 },
  { id: 'down', keys: ['Down', 'j'], label: 'down', to: (at) => at + 1 },
  { id: 'page-up', keys: ['PageUp', 'C-b'], label: 'page up', to: (at, page) => at - page },
  { id: 'page-down', keys: ['PageDown', 'C-f'], label: 'page down', to: (at, page) => at + page },
  { id: 'home', keys: ['Home'], label: 'go to the first row', to: () => 0 },
  { id: 'end', keys: ['End'], label: 'go to the last row', to: (_at, _page, last) => last },
  { id: 'wheel-up', keys: ['WheelUp'], label: 'scroll up', to: (at) => at - WHEEL_ROWS },
  { id: 'wheel-down', keys: ['WheelDown'], label: 'scroll down', to: (at) => at + WHEEL_ROWS },
];

/** The part of a region id after its kind: 'row:alice' -> 'alice'. */
export function regionOf(kind: string, hit: string | undefined): string | undefined {
  return hit?.startsWith(`${kind}:`) ? hit.slice(kind.length + 1) : undefined;
}

/** The binding, only while the table has a row: without one its hint would offer a key that does nothing. */
export const whileRows = <Ui>({ order }: Pick<TableAccess<Ui>, 'order'>, binding: Binding<Ui>): Binding<Ui> => ({
  ...binding,
  when: (ui, app) => (binding.when?.(ui, app) ?? true) && order(ui, app).count > 0,
});

export function tableBindings<Ui>(access: TableAccess<Ui>): readonly Binding<Ui>[] {
  const moves = MOVES.map(({ id, keys, label, to }): Binding<Ui> => ({
    id: `${access.id}.${id}`,
    keys,
    label,
    run: (ui, context) => [access.put(ui, moved(access, ui, context, to))],
  }));
  const click: Binding<Ui> = {
    id: `${access.id}.click`,
    keys: ['Click', 'DoubleClick'],
    label: 'select a row, sort by a column header',
    run: (ui, context) => clicked(access, ui, context),
  };
  const ofRow = (bindings: readonly Binding<Ui>[]): readonly Binding<Ui>[] => bindings.map((binding) => whileRows(access, binding));
  return [...ofRow(openBinding(access)), ...moves, click, ...ofRow(pinBinding(access))];
}

/** Pins the user of the selected row. If a user is pinned, the layer below unpins. */
function pinBinding<Ui>(access: TableAccess<Ui>): readonly Binding<Ui>[] {
  const { user } = access;
  if (!user) return [];
  const chosen = (ui: Ui, app: AppView): string | undefined => {
    const order = access.order(ui, app);
    const at = selectedAt(access.state(ui), order);
    return at < 0 ? undefined : user(app, ui, order.id(at)) || undefined;
  };
  return [
    {
      id: `${access.id}.pin`,
      keys: ['U'],
      label: 'pin the user of this row on all tabs (again: unpin)',
      short: 'pin user',
      hint: 16,
      when: (_ui, app) => app.pinned === undefined,
      disabled: (ui, app) => (chosen(ui, app) === undefined ? 'this row has no known user' : undefined),
      run: (ui, { app }) => [ui, { type: 'pin', user: chosen(ui, app)! }],
    },
  ];
}

function openBinding<Ui>(access: TableAccess<Ui>): readonly Binding<Ui>[] {
  const { open } = access;
  if (!open) return [];
  return [
    {
      id: `${access.id}.open`,
      keys: ['Enter'],
      label: open.label,
      short: open.short,
      hint: 1,
      run: (ui, { app }) => opened(access, ui, app),
    },
  ];
}

function opened<Ui>(access: TableAccess<Ui>, ui: Ui, app: AppView): Step<Ui> {
  const order = access.order(ui, app);
  const at = selectedAt(access.state(ui), order);
  return at < 0 || !access.open ? [ui] : access.open.run(ui, app, order.id(at));
}

/** One sort key of a table: the first press sorts in the column's default direction, the next one reverses. */
export function sortBinding<Ui>(access: TableAccess<Ui>, key: string, columnId: string, short: string, hint: number): Binding<Ui> {
  return {
    id: `${access.id}.sort.${columnId}`,
    keys: [key],
    label: `sort by ${short} (again: reverse)`,
    short,
    hint,
    sorts: columnId,
    run: (ui, { app }): Step<Ui> => [sorted(access, ui, app, columnId)],
  };
}

/** Sorts again; the selected row is kept by its current position. */
function sorted<Ui>(access: TableAccess<Ui>, ui: Ui, app: AppView, columnId: string): Ui {
  const columns = typeof access.columns === 'function' ? access.columns(ui) : access.columns;
  const next = access.put(ui, sortBy(access.state(ui), columns, columnId, access.order(ui, app)));
  const state = access.state(next);
  return access.put(next, { ...state, at: Math.max(0, selectedAt(state, access.order(next, app))) });
}

function moved<Ui>(access: TableAccess<Ui>, ui: Ui, { app, frame }: KeyContext, to: Move): TableState {
  const state = access.state(ui);
  const order = access.order(ui, app);
  const at = selectedAt(state, order);
  // The screen shows the clamped `top`, so the move starts from that.
  const seen = { ...state, top: topRow(state, at, order.count, frame.pageRows) };
  return moveTo(seen, order, to(at, Math.max(1, frame.pageRows), order.count - 1), frame.pageRows);
}

function clicked<Ui>(access: TableAccess<Ui>, ui: Ui, { app, event, frame }: KeyContext): Step<Ui> {
  const state = access.state(ui);
  const order = access.order(ui, app);
  const column = regionOf('sort', frame.hit);
  if (column !== undefined) return [sorted(access, ui, app, column)];
  const id = regionOf('row', frame.hit);
  const at = id === undefined ? -1 : order.find(id);
  if (at < 0) return [ui];
  const seen = { ...state, top: topRow(state, selectedAt(state, order), order.count, frame.pageRows) };
  const next = access.put(ui, moveTo(seen, order, at, frame.pageRows));
  const twice = event.type === 'mouse' && event.clicks >= 2;
  return twice && access.open ? opened(access, next, app) : [next];
}
