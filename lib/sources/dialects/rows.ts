/** Rows of an exposition, as dialects look at them. Pure. */
import type { Row } from '../../exposition/reader/text-reader.js';
import type { NodeAllocation } from '../../model/sample.js';
import type { Names } from './dialect.js';

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

export const unnamed: NodeAllocation['owner'] = { user: '', account: '', job: '', namespace: '', pod: '' };

/** Whether the row has these labels. */
export const selects = (where: Readonly<Record<string, string>> = {}, { labels }: Row): boolean =>
  Object.entries(where).every(([name, text]) => labels.get(name) === text);
