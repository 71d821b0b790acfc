/** The frame around every tab: title, tab strip, chips, body, breadcrumb, key hints or the help. Pure. */
import { FROM_COLS } from './breakpoints.js';
import { BLANK, line, span, type Block, type Frame, type Line, type Size, type Span, type View } from './frame.js';
import { checkRaster, fitLine } from './fit.js';
import { cut, width } from '../text/format.js';

/** Fixed lines: title and tab strip above, key hints below. */
const HEAD_ROWS = 2;
const FOOT_ROWS = 1;

export interface Chrome {
  readonly size: Size;
  readonly title: TitleParts;
  readonly tabs: TabList;
  readonly active: number;
  /** Shown at the right end of the strip: "3 down ✕". */
  readonly tabNote?: Span | undefined;
  /** Chips of the core (demo, source), before the tab's own. */
  readonly chips: readonly Line[];
  /** Above the key hints: the lines of a filter and of a replay. */
  readonly bars?: readonly Line[];
  readonly hints: readonly Hint[];
  readonly toast?: Span;
}

export interface TitleParts {
  /** The state of the cluster, from the longest form to the shortest. */
  readonly left: readonly string[];
  /** Source, interval, clock: the first is dropped first. */
  readonly right: readonly string[];
}

export interface TabLabel {
  readonly title: string;
  readonly region: string;
  /** ✕ down, ~ failing, … waiting; '' for a node that is up. */
  readonly mark: string;
  /** Tabs of nodes are closer together, after one bar. */
  readonly host: boolean;
}

/** Any list of them; of thousands, only those on screen are read. */
export interface TabList {
  readonly length: number;
  at(place: number): TabLabel | undefined;
}

export interface Hint {
  readonly keys: string;
  readonly label: string;
  /** When space is short, those with the highest number are dropped first. The order on screen is that of the list. */
  readonly priority: number;
}

/** The size left for the tab: its chips, body and breadcrumb. `coreRows`: chips and bars of the core. */
export function bodySize(size: Size, coreRows: number): Size {
  return { cols: size.cols, rows: Math.max(0, size.rows - HEAD_ROWS - FOOT_ROWS - coreRows) };
}

/** Lays out blocks from top to bottom: text lines and, for rasters, blank lines with the raster on them. */
interface Laid {
  readonly lines: Line[];
  readonly rasters: Frame['rasters'][number][];
}

/** Throws TypeError if it is not a view. */
export function composeFrame(chrome: Chrome, view: View): Frame {
  const { size } = chrome;
  const fit = (one: Line): Line => fitLine(one, size.cols);
  const crumb = [...(view.crumb ? [view.crumb] : []), ...(chrome.bars ?? [])].map(fit);
  const top = [titleLine(chrome.title, size.cols), tabLine(chrome, size.cols), ...[...chrome.chips, ...(view.chips ?? [])].map(fit)];
  const room = Math.max(0, size.rows - top.length - crumb.length - FOOT_ROWS);
  const body = layBlocks(view.blocks, { cols: size.cols, rows: room }, top.length);
  const lines = [...top, ...body.lines, ...crumb].slice(0, Math.max(0, size.rows - FOOT_ROWS));
  // Bars are needed while typing and playing: a toast is shown above them.
  const noticeAt = lines.length - 1 - (chrome.bars ?? []).length;
  const apart = chrome.toast !== undefined && noticeAt >= HEAD_ROWS;
  if (apart) lines[noticeAt] = noticeLine(lines[noticeAt]!, chrome.toast, size.cols);
  lines.push(hintLine(chrome.hints, apart ? undefined : chrome.toast, size.cols));
  return { size, lines: size.rows > 0 ? lines : [], rasters: body.rasters };
}

function layBlocks(blocks: readonly Block[], { cols, rows }: Size, y: number): Laid {
  const laid: Laid = { lines: [], rasters: [] };
  for (const block of blocks) {
    const room = Math.max(0, rows - laid.lines.length);
    if (block.kind === 'lines') {
      laid.lines.push(...block.lines.slice(0, room).map((one) => fitLine(one, cols)));
      continue;
    }
    if (block.kind === 'chart') {
      for (let at = 0; at < Math.min(block.rows, room); at++) laid.lines.push(BLANK);
      continue;
    }
    const { raster, region } = block;
    checkRaster(raster);
    if (raster.rows <= room && raster.cols <= cols)
      laid.rasters.push({ x: 0, y: y + laid.lines.length, raster, ...(region === undefined ? {} : { region }) });
    for (let at = 0; at < Math.min(raster.rows, room); at++) laid.lines.push(BLANK);
  }
  while (laid.lines.length < rows) laid.lines.push(BLANK);
  return laid;
}

/**
 * The longest form that leaves out at most the source; else a shorter one with at least the clock; else the shortest alone. The state of
 * the cluster is shortened before the interval is kept, because it is what people look for.
 */
function titleLine({ left, right }: TitleParts, cols: number): Line {
  for (const [nth, text] of left.entries())
    for (let dropped = 0; dropped < right.length; dropped++) {
      const end = right.slice(dropped).join(' · ');
      const gap = cols - 2 - width(text) - width(end);
      if (gap >= 2 && (dropped <= 1 || nth > 0)) return titled(` ${text}${' '.repeat(gap)}${end} `);
    }
  return titled(cut(` ${left.at(-1) ?? ''}`, cols));
}

const titled = (text: string): Line => ({ spans: [span(text, 'title')], fill: 'title' });

const BAR = ' │ ';
const CLOSE = '  ';
const MORE = 2;
const HINT_GAP = '  ';

/** The strip shows a range of tabs around the active one; `◂` and `▸` indicate that there are more. */
function tabLine({ tabs, active, tabNote }: Chrome, cols: number): Line {
  const note = tabNote ? ` ${tabNote.text} ` : '';
  const room = cols - 1 - width(note);
  const [first, last] = tabWindow(tabs, active, room);
  const spans: Span[] = [span(first > 0 ? '◂' : ' ', 'tab')];
  for (let at = first; at < last; at++) {
    const { title, mark, region } = tabs.at(at)!;
    if (at > first) spans.push(span(separator(tabs, at), 'tab'));
    const text = mark === '' ? title : `${title} ${mark}`;
    spans.push(
      span(at === active ? cut(text, Math.max(1, room - MORE)) : text, at === active ? 'tab-active' : mark === '' ? 'tab' : 'dim', region),
    );
  }
  const used = spans.reduce((sum, { text }) => sum + width(text), 0);
  const right = last < tabs.length ? ' ▸' : '';
  const gap = Math.max(0, cols - used - width(right) - width(note));
  spans.push(span(right, 'tab'), span(' '.repeat(gap), 'tab'), span(note, tabNote?.tone));
  return { spans, fill: 'tab' };
}

const separator = (tabs: TabList, at: number): string => (tabs.at(at)?.host && tabs.at(at - 1)?.host ? CLOSE : BAR);

/** [first, last) of the tabs shown: from the first one if that includes the active tab, else the active tab with what fits before it. */
function tabWindow(tabs: TabList, active: number, room: number): readonly [number, number] {
  const cost = (at: number, first: number): number => {
    const { title, mark } = tabs.at(at)!;
    return width(title) + (mark === '' ? 0 : 1 + width(mark)) + (at > first ? width(separator(tabs, at)) : 0);
  };
  const fill = (first: number): number => {
    let used = 1;
    let at = first;
    for (; at < tabs.length; at++) {
      used += cost(at, first);
      if (used + (at < tabs.length - 1 ? MORE : 0) > room) break;
    }
    return at;
  };
  let last = fill(0);
  if (active < last) return [0, last];
  let first = active;
  let used = 1 + MORE + cost(active, active);
  while (first > 0 && used + cost(first - 1, -1) <= room) used += cost(--first, -1);
  last = Math.max(fill(first), active + 1);
  return [first, last];
}

/** Puts a toast at the right end of a line, which is shortened; the key hints below it remain. */
function noticeLine(one: Line, { text, tone }: Span, cols: number): Line {
  const notice = ` ${cut(text, Math.max(0, cols - 2))} `;
  const left = Math.max(0, cols - width(notice));
  const { spans } = left > LEAST_LINE_COLS ? fitLine(one, left - 1) : BLANK;
  const used = spans.reduce((sum, part) => sum + width(part.text), 0);
  return { spans: [...spans, span(' '.repeat(Math.max(0, left - used))), span(notice, tone)] };
}
const LEAST_LINE_COLS = 8;

/** The columns that a toast leaves to the hints if there is no line for it, unless there is hardly space for the toast itself. */
const LEAST_HINT_COLS = 18;

/** Hints by priority as far as they fit, each complete; a toast takes the right end. */
function hintLine(hints: readonly Hint[], toast: Span | undefined, cols: number): Line {
  const notice = toast ? cut(toast.text, Math.max(0, cols - 4 - (cols >= FROM_COLS.small ? LEAST_HINT_COLS : 0))) : '';
  const room = cols - 1 - (notice === '' ? 0 : width(notice) + 3);
  const shown = new Set<Hint>();
  let used = 0;
  for (const hint of [...hints].sort((a, b) => a.priority - b.priority)) {
    const cost = width(hint.keys) + 1 + width(hint.label) + (shown.size > 0 ? HINT_GAP.length : 0);
    if (used + cost > room) continue;
    used += cost;
    shown.add(hint);
  }
  const spans: Span[] = [span(' ')];
  for (const { keys, label } of hints.filter((hint) => shown.has(hint)))
    spans.push(span(spans.length > 1 ? HINT_GAP : ''), span(keys, 'key'), span(` ${label}`, 'dim'));
  if (notice !== '') spans.push(span(' '.repeat(Math.max(1, cols - 3 - used - width(notice)))), span(` ${notice} `, toast?.tone));
  return line(...spans);
}
