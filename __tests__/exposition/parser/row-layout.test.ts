import { expect, test } from '@jest/globals';
import { ROW_INTS, ROW_LINES, ROW_VALUES, SEEN_BITS } from '../../../lib/exposition/parser/row-layout.js';
import { PROCESS_FIELDS } from '../../../lib/model/machine-fields.js';

test('process rows have a field for each process family', () => {
  expect([ROW_VALUES, SEEN_BITS]).toEqual([PROCESS_FIELDS.length, PROCESS_FIELDS.length]);
  expect(ROW_INTS).toBeGreaterThanOrEqual(ROW_LINES + ROW_VALUES);
});
