/** A line of text being edited: pure functions from state to state. */
import { clean } from '../text/sanitize.js';

export interface EditedText {
  readonly text: string;
  /** Position of the next character, in UTF-16 units; never inside a character. */
  readonly at: number;
}

/** Maximum length of the text, in bytes of UTF-8. */
export const MAX_TYPED_BYTES = 512;
/** The rest of a longer paste is ignored. */
const MAX_PASTED_LENGTH = 4096;

export const typed = (text: string): EditedText => ({ text, at: text.length });

/** Inserts as much of `given` as fits; newlines and tabs of a paste become blanks. */
export function insert({ text, at }: EditedText, given: string): EditedText {
  const room = MAX_TYPED_BYTES - new TextEncoder().encode(text).length;
  const fitting = clean(given.slice(0, MAX_PASTED_LENGTH).replace(/\s+/gu, ' '), Math.max(0, room));
  return { text: text.slice(0, at) + fitting + text.slice(at), at: at + fitting.length };
}

/** Start of the character before `at`, and end of the one after it. */
const before = (text: string, at: number): number => at - (Array.from(text.slice(Math.max(0, at - 2), at)).at(-1)?.length ?? 0);
const behind = (text: string, at: number): number => at + (Array.from(text.slice(at, at + 2))[0]?.length ?? 0);

const without = (text: string, from: number, to: number): EditedText => ({ text: text.slice(0, from) + text.slice(to), at: from });

export const EDITS = {
  erase: ({ text, at }) => without(text, before(text, at), at),
  delete: ({ text, at }) => without(text, at, behind(text, at)),
  'erase-word': ({ text, at }) => without(text, text.slice(0, at).search(/\S*\s*$/u), at),
  clear: () => ({ text: '', at: 0 }),
  left: ({ text, at }) => ({ text, at: before(text, at) }),
  right: ({ text, at }) => ({ text, at: behind(text, at) }),
  start: ({ text }) => ({ text, at: 0 }),
  end: ({ text }) => ({ text, at: text.length }),
} as const satisfies Readonly<Record<string, (edited: EditedText) => EditedText>>;
export type Edit = keyof typeof EDITS;
