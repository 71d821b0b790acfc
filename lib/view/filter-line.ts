/** The filter line above the key hints: the text being edited or the active filter, and how much matches or what is wrong. Pure. */
import type { EditedText } from '../filter/line-editor.js';
import type { FilterMode } from '../filter/filter-state.js';
import type { FilterCounts } from '../filter/filtered-nodes.js';
import { line, span, type Line, type Span } from './frame.js';
import { count, cut, cutStart, joinFitting, width } from '../text/format.js';

export interface FilterLine {
  /** The text being edited. */
  readonly edited?: EditedText | undefined;
  /** Why it is not a filter, and the position of the error. */
  readonly problem?: { readonly message: string; readonly reason: string; readonly column: number } | undefined;
  /** The active filter; '' for none. */
  readonly committed: string;
  readonly pinned?: string | undefined;
  readonly mode: FilterMode;
  /** Undefined: no filter is active. */
  readonly counts?: FilterCounts | undefined;
}

/** Columns of the text that remain next to an error. */
const LEAST_TEXT = 24;
const CURSOR = '▏';

/** Undefined: there is nothing to show. */
export function filterLine(state: FilterLine, cols: number): Line | undefined {
  const { edited, problem, committed, pinned, counts } = state;
  if (!edited && committed === '' && pinned === undefined) return undefined;
  const pin: readonly Span[] = pinned === undefined ? [] : [span(` only ${pinned} (U) `, 'chip')];
  const sign = edited || committed !== '' ? [span(' / ', 'key')] : [];
  const room = Math.max(0, cols - width([...pin, ...sign].map(({ text }) => text).join('')));
  const infoRoom = Math.max(0, room - LEAST_TEXT - 3);
  const info = problem ? problemText(problem, infoRoom) : counts ? countsText(counts, state.mode, infoRoom) : '';
  const textRoom = Math.max(1, room - (info === '' ? 0 : width(info) + 3));
  const text = edited ? editedSpans(edited, textRoom) : [span(cut(committed, textRoom), 'strong')];
  const used = width([...pin, ...sign, ...text].map((part) => part.text).join(''));
  const gap = Math.max(0, cols - used - width(info) - 1);
  return line(...pin, ...sign, ...text, ' '.repeat(gap), span(info, problem === undefined ? 'dim' : 'bad'));
}

/** The position is always shown: it comes first if not everything fits. */
function problemText({ message, reason, column }: NonNullable<FilterLine['problem']>, room: number): string {
  return width(message) <= room ? message : cut(`col ${column}: ${reason}`, room);
}

/** '12 of 776 GPUs · 20 processes · 3 nodes · the rest dim'. */
function countsText({ gpus, gpusAll, procs, nodes }: FilterCounts, mode: FilterMode, room: number): string {
  const parts = [
    `${count(gpus)} of ${count(gpusAll)} ${gpusAll === 1 ? 'GPU' : 'GPUs'}`,
    `${count(procs)} ${procs === 1 ? 'process' : 'processes'}`,
    `${count(nodes)} ${nodes === 1 ? 'node' : 'nodes'}`,
    ...(mode === 'dim' ? ['the rest dim (~)'] : []),
  ];
  return joinFitting(parts, room);
}

/** The end of the text up to the cursor, and as much after it as fits. */
function editedSpans({ text, at }: EditedText, room: number): readonly Span[] {
  const before = lastCols(text.slice(0, at), room - 1);
  return [span(before, 'strong'), span(CURSOR, 'accent'), span(cut(text.slice(at), Math.max(0, room - 1 - width(before))), 'strong')];
}

/** The last `cols` columns; text that is cut at the start begins with `…`. A filter of the config file may be long. */
function lastCols(text: string, cols: number): string {
  const all = width(text);
  return all <= cols ? text : cutStart(text, all - cols + 1);
}
