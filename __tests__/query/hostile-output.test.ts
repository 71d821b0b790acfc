/** Whatever nodes send, no format of any table controls a terminal, breaks a line or a column, or runs in a spreadsheet. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import Papa from 'papaparse';
import { AppState } from '../../lib/app/state.js';
import { coverageOf } from '../../lib/query/coverage.js';
import { queryTable } from '../../lib/query/table-query.js';
import { tablesOf } from '../../lib/query/tables.js';
import { FORMATS, type Format } from '../../lib/run/printed.js';
import all from '../../plugins/all/index.js';
import diagnosis from '../../plugins/diagnosis/index.js';
import host from '../../plugins/host/index.js';
import users from '../../plugins/users/index.js';
import { hostileNodes, hostileText } from '../helpers/hostile-nodes.js';
import { nodeOf } from '../helpers/text-node.js';

const PLUGINS = [all, users, host, diagnosis];
const TABLES = tablesOf(PLUGINS);
/** Control characters except the line end, and those that turn the direction of text. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const FORMULA = /^\s*[=+\-@]/;

/** Lines besides those of the rows. */
const HEADERS: Readonly<Partial<Record<Format, number>>> = { table: 1, wide: 1, csv: 1, ndjson: 0, name: 0 };

test('hostile nodes', () => {
  fc.assert(
    fc.property(hostileNodes, hostileText, (texts, message) => {
      const nodes = texts.map((text, nth) => nodeOf(text, `n${nth}:9090`));
      const app = new AppState(PLUGINS, 3000, nodes);
      for (const node of nodes) app.deliver({ node, kind: 'data', continuity: 'next' });
      nodes[0]!.fail({ at: 1, error: { code: 'S_NETWORK', text: message } });
      for (const table of TABLES)
        for (const format of Object.keys(FORMATS) as Format[]) {
          const { column, print } = FORMATS[format];
          if (column !== undefined && !table.columns.some(({ export: file }) => file?.name === column)) continue;
          const result = queryTable(table, app, column === undefined ? {} : { columns: [column] });
          const shared = { table: table.id, at: undefined, maxAgeSeconds: undefined, coverage: coverageOf(nodes), addressOf: String };
          const text = print({ ...shared, result, headers: true });
          expect(`${table.id} ${format} ${JSON.stringify(CONTROL.exec(text)?.[0])}`).toBe(`${table.id} ${format} undefined`);
          const lines = text.split('\n').length - 1;
          const rows = result.rows.length;
          if (format in HEADERS) expect([table.id, format, lines]).toEqual([table.id, format, rows + HEADERS[format]!]);
          if (format === 'csv') {
            const parsed = Papa.parse<string[]>(text.trimEnd(), { delimiter: ',' }).data;
            const widths = new Set(parsed.map(({ length }) => length));
            expect([table.id, parsed.length, widths.size]).toEqual([table.id, rows + 1, 1]);
            expect(parsed.flat().filter((cell) => FORMULA.test(cell) && Number.isNaN(Number(cell)))).toEqual([]);
          }
          if (format === 'name') expect(text.split('\n').slice(0, -1)).not.toContain('');
        }
    }),
    { numRuns: 100 },
  );
});
