/** The help, built from the same bindings as the footer. */
import { FROM_COLS } from './breakpoints.js';
import type { ActiveBinding } from '../keys/router.js';
import { fitLine } from './fit.js';
import { BLANK, line, lines, span, type Line, type Size, type View } from './frame.js';
import { pad, width, wrap } from '../text/format.js';

export interface HelpSection {
  readonly title: string;
  /** Placed below everything before it, even if there is space next to it. */
  readonly below?: true;
  readonly rows: readonly { readonly keys: string; readonly label: string }[];
}

const KEY_SIGNS: Readonly<Record<string, string>> = {
  Up: '↑',
  Down: '↓',
  Left: '←',
  Right: '→',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  WheelUp: 'wheel up',
  WheelDown: 'wheel down',
  Click: 'click',
  DoubleClick: 'double click',
};

/** A key as people write it: 'C-c' -> 'Ctrl-C'. */
export function keyText(key: string): string {
  const [, modifiers = '', name = key] = /^((?:[CAS]-)*)(.+)$/.exec(key) ?? [];
  const words = modifiers.replace('C-', 'Ctrl-').replace('A-', 'Alt-').replace('S-', 'Shift-');
  return words + (KEY_SIGNS[name] ?? (modifiers.includes('C-') ? name.toUpperCase() : name));
}

/** Sections in the order given; the caller leaves out bindings without a label. */
export function helpSections(offers: readonly ActiveBinding[]): readonly HelpSection[] {
  const sections = new Map<string, { keys: string; label: string }[]>();
  for (const { binding, layer, keys } of offers) {
    const rows = sections.get(layer.title) ?? [];
    rows.push({ keys: keys.map(keyText).join(', '), label: binding.label });
    sections.set(layer.title, rows);
  }
  return [...sections].map(([title, rows]) => ({ title, rows }));
}

const keyCols = (cols: number): number => (cols >= FROM_COLS.small ? 20 : 12);

export function helpView(sections: readonly HelpSection[], notes: readonly string[], top: number, { cols, rows }: Size): View {
  const all = helpLines(sections, notes, cols);
  const page = pageRows(rows);
  const first = Math.max(0, Math.min(top, all.length - page));
  const shown = all.slice(first, first + page);
  const place = all.length > page ? ` ${first + 1}-${first + shown.length} of ${all.length} lines · ↑↓ PgUp PgDn` : '';
  return { blocks: [lines(...shown)], crumb: line(span(place, 'dim')), pageRows: page };
}

/** How far the help can be scrolled, so that keys beyond the end have no effect. */
export function helpLimit(sections: readonly HelpSection[], notes: readonly string[], { cols, rows }: Size): number {
  return Math.max(0, helpLines(sections, notes, cols).length - pageRows(rows));
}

/** One row is for the position. */
const pageRows = (rows: number): number => Math.max(0, rows - 1);

function helpLines(sections: readonly HelpSection[], notes: readonly string[], cols: number): readonly Line[] {
  const keys = columnLines(
    sections.filter(({ below }) => !below),
    cols,
  );
  const rest = columnLines(
    sections.filter(({ below }) => below),
    cols,
  );
  return [...keys, ...rest, ...notes.flatMap((note) => hanging(note, cols - 2).map((text) => line(span(` ${text}`, 'dim'))))];
}

/** The sections in one column, or in two. */
function columnLines(sections: readonly HelpSection[], cols: number): readonly Line[] {
  const columns = cols >= FROM_COLS.helpSideBySide ? 2 : 1;
  const half = Math.floor((cols - 2) / columns);
  const halves = columns === 2 ? split(sections, keyCols(cols), half) : [sections];
  const all = halves.map((some) => some.flatMap((section) => sectionLines(section, keyCols(cols), half)));
  const tall = Math.max(0, ...all.map((column) => column.length));
  return Array.from({ length: tall }, (_, at) => line(' ', ...all.flatMap((column) => padded(column[at], half))));
}

/** Wrapped at spaces, with the following lines indented. */
function hanging(text: string, cols: number): readonly string[] {
  const parts: string[] = [];
  let last = '';
  for (const word of text.split(' ')) {
    const longer = last === '' ? word : `${last} ${word}`;
    if (width(longer) <= cols || last === '') last = longer;
    else {
      parts.push(last);
      last = `  ${word}`;
    }
  }
  return [...parts, last];
}

/** Keys and labels wrap, each in its own column: nothing in the help is cut. */
function sectionLines({ title, rows }: HelpSection, keys: number, cols: number): Line[] {
  const room = Math.max(2, cols - keys - 2);
  return [line(span(title, 'header')), ...rows.flatMap((row) => rowLines(row, keys, room)), line('')];
}

function rowLines({ keys: names, label }: HelpSection['rows'][number], keys: number, room: number): Line[] {
  const left = wrap(names, keys);
  const right = wrap(label, room);
  return Array.from({ length: Math.max(left.length, right.length) }, (_, at) =>
    line(span(pad(left[at]?.trimEnd() ?? '', keys), 'key'), span(` ${right[at]?.trimEnd() ?? ''}`)),
  );
}

/** Exactly `cols` columns, the last of them blank. */
function padded(one: Line | undefined, cols: number): Line['spans'] {
  const { spans } = fitLine(one ?? BLANK, Math.max(0, cols - 1));
  const used = spans.reduce((sum, { text }) => sum + width(text), 0);
  return [...spans, span(' '.repeat(Math.max(0, cols - used)))];
}

/** Two columns of about the same height, with sections complete and in order. */
function split(sections: readonly HelpSection[], keys: number, cols: number): readonly (readonly HelpSection[])[] {
  const heights = sections.map((section) => sectionLines(section, keys, cols).length);
  const height = (to: number): number => heights.slice(0, to).reduce((sum, rows) => sum + rows, 0);
  const half = height(sections.length) / 2;
  let cutAt = 1;
  while (cutAt < sections.length && height(cutAt) < half) cutAt++;
  return [sections.slice(0, cutAt), sections.slice(cutAt)];
}
