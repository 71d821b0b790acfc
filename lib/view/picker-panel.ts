/** The list of all tabs, narrowed by a query. Pure. */
import { FROM_COLS } from './breakpoints.js';
import type { EditedText } from '../filter/line-editor.js';
import { conditionOf, included, type NodeView } from '../model/node-view.js';
import type { AppView, TabRef } from '../plugin/types.js';
import { line, lines, span, type Size, type Span, type View } from './frame.js';
import { fuzzyScore } from './fuzzy.js';
import { conditionSpan } from './node-marks.js';
import { shortName } from './short-names.js';
import { layoutTable, listOrder, tableState, type Cells, type Column, type Order, type TableState } from './table.js';
import { ago, count, cut, width } from '../text/format.js';
import type { Ms } from '../model/clock.js';

/** A tab, and the node that it belongs to. */
export interface PickerEntry {
  readonly id: string;
  readonly tab: TabRef;
  readonly node: NodeView | undefined;
}

export interface PickerState {
  readonly edited: EditedText;
  readonly table: TableState;
}

export const pickerState = (open: string): PickerState => ({ edited: { text: '', at: 0 }, table: { ...tableState(''), selected: open } });

/** The state of a node, as a word that can be typed; '' if it is well. */
/** A node that is up gets no word. */
const stateWord = (node: NodeView | undefined): string => (node && conditionOf(node) !== 'up' ? conditionOf(node) : '');

const labelsText = (node: NodeView | undefined): string => [...(node?.groups ?? [])].map(([name, value]) => `${name}=${value}`).join(' ');

/** The tabs that match the query, the best first; without a query all, in their own order. */
export function matching(entries: readonly PickerEntry[], query: string): readonly PickerEntry[] {
  if (query.trim() === '') return entries;
  return entries
    .map((entry, at) => {
      const { tab, node } = entry;
      return { entry, at, score: fuzzyScore(query, [tab.title, node?.nodeId ?? '', labelsText(node), stateWord(node)]) };
    })
    .filter(({ score }) => score >= 0)
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .map(({ entry }) => entry);
}

export const pickerOrder = (found: readonly PickerEntry[]): Order => listOrder(found, ({ id }) => id);

const titleCols = (cols: number): number => (cols >= FROM_COLS.pickerTitles ? 24 : 16);
const columnsFor = (cols: number): readonly Column[] => [
  { id: 'title', title: 'TAB', width: titleCols(cols) },
  { id: 'state', title: 'STATE', width: cols >= FROM_COLS.pickerTitles ? 14 : 9 },
  { id: 'address', title: 'ADDRESS', width: 24, drop: 1 },
  { id: 'labels', title: 'LABELS', width: 'rest', min: 10, drop: 2 },
];

/** The query, the number of matches, and the matches, the best first. */
export function pickerView(
  found: readonly PickerEntry[],
  all: number,
  { edited, table }: PickerState,
  { now, domain }: Pick<AppView, 'now' | 'domain'>,
  { cols, rows }: Size,
): View {
  const room = Math.max(0, rows - 1);
  const layout = layoutTable({
    columns: columnsFor(cols),
    order: pickerOrder(found),
    state: table,
    cols,
    rows: room,
    cells: (at) => cellsOf(found[at]!, now, shortName(found[at]!.tab.title, found[at]!.node ? domain : '', titleCols(cols))),
  });
  const body = found.length > 0 ? layout.body : [line(span('   no match', 'dim'))];
  return { blocks: [lines(promptLine(edited, found.length, all, cols), layout.header, ...body)], pageRows: Math.max(1, room - 1) };
}

function promptLine({ text, at }: EditedText, found: number, all: number, cols: number): ReturnType<typeof line> {
  const counts = `${count(found)} of ${count(all)} tabs`;
  const head: readonly Span[] = [
    span(' : ', 'key'),
    span(text.slice(0, at), 'strong'),
    span('▏', 'accent'),
    span(text.slice(at), 'strong'),
  ];
  const used = head.reduce((sum, part) => sum + width(part.text), 0);
  const left = cols - used - width(counts) - 1;
  return left < 1 ? line(...head) : line(...head, ' '.repeat(left), span(counts, 'dim'));
}

function cellsOf({ tab, node }: PickerEntry, now: Ms, title: string): Cells {
  if (!node) return { title: span(tab.title, 'strong'), state: '', address: '', labels: '' };
  const word = stateWord(node);
  const age = node.status.okAt === undefined ? '' : ` ${ago(now - node.status.okAt)}`;
  const { text, tone } = conditionSpan(node);
  const error = included(node) ? '' : (node.status.error?.text ?? '');
  return {
    title,
    state: word === '' ? '' : span(`${text}${age}`, tone),
    address: span(cut(node.nodeId, 24), 'dim'),
    labels: span([labelsText(node), error].filter((text) => text !== '').join(' · '), 'dim'),
  };
}
