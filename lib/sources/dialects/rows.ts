/** Rows of an exposition, as dialects look at them. Pure. */
import type { Row } from '../../exposition/reader/text-reader.js';
import type { NodeAllocation } from '../../model/sample.js';
import { reading, type ValidRange } from '../../model/valid-range.js';
import type { Dialect, Mapping, Names } from './dialect.js';

/** Texts of nvidia-smi, DCGM and others where they have none. */
const NONE = /^(\[?N\/A\]?|\[Not Supported\]|<<<.*>>>|unknown)$/i;

/** The first of the labels that is not empty; '' if none is. */
export function firstOf({ labels }: Row, names: Names = []): string {
  for (const name of names) {
    const text = labels.get(name);
    if (text !== undefined && text !== '' && !NONE.test(text)) return text;
  }
  return '';
}

const unnamed: NodeAllocation['owner'] = { user: '', account: '', job: '', namespace: '', pod: '' };

/** Whom the labels of a row name. */
export const ownerIn = (row: Row, { owner = {} }: Dialect): NodeAllocation['owner'] => ({
  ...unnamed,
  ...Object.fromEntries(Object.entries(owner).map(([who, labels]) => [who, firstOf(row, labels)])),
});

/** Whether the row has these labels. */
export const selects = (where: Readonly<Record<string, string>> = {}, { labels }: Row): boolean =>
  Object.entries(where).every(([name, text]) => labels.get(name) === text);

/** The value of a row as a reading in our unit; NaN: it is none. */
export function readingOf(value: number, { scale, valid, sentinels }: Mapping<string>, range: ValidRange): number {
  if (sentinels?.includes(value) || (valid && (value < valid.min || value > valid.max))) return NaN;
  return reading(converted(value, scale), range);
}

/** Times 100 or a millionth, a short decimal is not exact: 0.14 is to be 14 %. */
function converted(value: number, scale = 1): number {
  const exact = value * scale;
  return scale === 1 || Math.abs(exact) >= 1e9 ? exact : Math.round(exact * 1e6) / 1e6;
}
