/** References to texts in an arena: the offset of the text, and its maximum length in the low bits. */
import type { TextRef } from '../../../model/columns.js';
import { CAPS, closingQuote, decodeText, type Cap } from '../labels.js';

const KINDS = Object.keys(CAPS) as Cap[];
const KINDS_ROOM = 4;
const NUMBERS = Object.fromEntries(KINDS.map((kind, number) => [kind, number])) as Readonly<Record<Cap, number>>;

/** 0 for the text at 0, which means none. */
export const textRef = (at: number, cap: Cap): TextRef => (at === 0 ? 0 : at * KINDS_ROOM + NUMBERS[cap]);

/** The offset of the text in its arena. */
export const placeOf = (ref: TextRef): number => Math.floor(ref / KINDS_ROOM);

/** The text of a reference. */
export function textOf(arena: Uint8Array, ref: TextRef): string {
  if (ref === 0) return '';
  const from = placeOf(ref);
  return decodeText(arena, from, closingQuote(arena, from), KINDS[ref % KINDS_ROOM]!);
}
