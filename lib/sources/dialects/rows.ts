/** Rows of an exposition, as dialects look at them. Pure. */
import type { Row } from '../../exposition/reader/text-reader.js';
import type { NodeAllocation } from '../../model/sample.js';
import type { Dialect, Names } from './dialect.js';

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

/** DCGM's blank values: of 32 bits, and those of doubles (2^47) and of 64 bits, beyond any reading. */
const isBlankOfDcgm = (value: number): boolean => (value >= 2_147_483_632 && value <= 2_147_483_647) || value >= 1.4e14;

export const isBlank = ({ blanks }: Dialect, value: number): boolean =>
  Number.isNaN(value) || (blanks === 'dcgm' ? isBlankOfDcgm(value) : blanks === 'negative' && value < 0);

/** Whether the row has these labels. */
export const selects = (where: Readonly<Record<string, string>> = {}, { labels }: Row): boolean =>
  Object.entries(where).every(([name, text]) => labels.get(name) === text);
