/** The help, made from the same offers as the footer. */
import type { Offer } from '../keys/router.js';
import { line, lines, span, type Line, type View } from './frame.js';
import { pad, width } from './text.js';

export interface HelpSection {
  readonly title: string;
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

/** Sections in the order given; a layer's bindings without a label for people are left out by the caller. */
export function helpSections(offers: readonly Offer[]): readonly HelpSection[] {
  const sections = new Map<string, { keys: string; label: string }[]>();
  for (const { binding, layer, keys } of offers) {
    const rows = sections.get(layer.title) ?? [];
    rows.push({ keys: keys.map(keyText).join(', '), label: binding.label });
    sections.set(layer.title, rows);
  }
  return [...sections].map(([title, rows]) => ({ title, rows }));
}

const TWO_COLUMNS = 110;
const KEY_COLS = 18;

export function helpView(sections: readonly HelpSection[], notes: readonly string[], top: number, cols: number, rows: number): View {
  const halves = cols >= TWO_COLUMNS ? split(sections) : [sections];
  const half = Math.floor((cols - 2) / halves.length);
  const columns = halves.map((some) => some.flatMap(sectionLines));
  const tall = Math.max(...columns.map((column) => column.length));
  const all: Line[] = [];
  for (let at = 0; at < tall; at++) all.push(line(' ', ...columns.flatMap((column) => padded(column[at], half))));
  for (const note of notes) all.push(line(span(` ${note}`, 'dim')));
  const page = Math.max(0, rows - 1);
  const first = Math.max(0, Math.min(top, all.length - page));
  const shown = all.slice(first, first + page);
  const place = all.length > page ? ` ${first + 1}-${first + shown.length} of ${all.length} lines · ↑↓ PgUp PgDn` : '';
  return { blocks: [lines(...shown)], crumb: line(span(place, 'dim')), pageRows: page };
}

/** How far the help can be scrolled, so that a key beyond the end is not remembered. */
export function helpLimit(sections: readonly HelpSection[], notes: readonly string[], cols: number, rows: number): number {
  const halves = cols >= TWO_COLUMNS ? split(sections) : [sections];
  const tall = Math.max(...halves.map((some) => some.flatMap(sectionLines).length));
  return Math.max(0, tall + notes.length - Math.max(0, rows - 1));
}

function sectionLines({ title, rows }: HelpSection): Line[] {
  return [
    line(span(title, 'header')),
    ...rows.map(({ keys, label }) => line(span(pad(keys, KEY_COLS, 'left'), 'key'), span(` ${label}`))),
    line(''),
  ];
}

function padded(one: Line | undefined, cols: number): Line['spans'] {
  const spans = one?.spans ?? [];
  const used = spans.reduce((sum, { text }) => sum + width(text), 0);
  return [...spans, span(' '.repeat(Math.max(0, cols - used)))];
}

/** Two columns of about the same height, sections kept whole and in order. */
function split(sections: readonly HelpSection[]): readonly (readonly HelpSection[])[] {
  const height = (some: readonly HelpSection[]): number => some.reduce((sum, { rows }) => sum + rows.length + 2, 0);
  const half = height(sections) / 2;
  let cutAt = 1;
  while (cutAt < sections.length && height(sections.slice(0, cutAt)) < half) cutAt++;
  return [sections.slice(0, cutAt), sections.slice(cutAt)];
}
