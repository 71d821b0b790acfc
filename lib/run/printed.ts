/** A query's result in each format. */
import { csvOf } from '../export/csv.js';
import { documentOf, recordsOf, type Json } from '../export/json.js';
import type { Coverage } from '../query/coverage.js';
import type { QueryResult } from '../query/table-query.js';
import { textLines } from '../query/text-table.js';
import { foldNames } from '../text/folded-names.js';

/** The version of the JSON (docs/JSON.md): keys that are there stay, more may follow. */
export const SCHEMA = 'all-smi-view/1';

export interface Printed {
  readonly table: string;
  readonly result: QueryResult;
  /** When the newest sample of the result was taken, RFC 3339; undefined: no node answered. */
  readonly at: string | undefined;
  /** Age of the oldest sample of the result. */
  readonly maxAgeSeconds: number | undefined;
  readonly coverage: Coverage;
  readonly headers: boolean;
}

export const FORMATS = {
  table: ({ result, headers }: Printed) => joined(textLines(result.texts(false), headers)),
  wide: ({ result, headers }: Printed) => joined(textLines(result.texts(true), headers)),
  csv: ({ result: { columns, rows }, headers }: Printed) => csvOf({ about: {}, columns, rows }, headers),
  json: (printed: Printed) => documentOf(headOf(printed), printed.result),
  ndjson: ({ at, result }: Printed) => joined(recordsOf(result).map((record) => JSON.stringify({ sample_at: at ?? null, ...record }))),
  name: ({ result }: Printed) => joined(result.names()),
  hostlist: (printed: Printed) => folded(printed, 'node'),
  addresses: (printed: Printed) => folded(printed, 'node_id'),
} as const satisfies Readonly<Record<string, (printed: Printed) => string>>;
export type Format = keyof typeof FORMATS;

/** Formats that need a column of the table. */
export const FORMAT_COLUMN: Readonly<Partial<Record<Format, string>>> = { hostlist: 'node', addresses: 'node_id' };

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const headOf = ({ table, at, maxAgeSeconds, coverage: { failed, ...counts } }: Printed): Readonly<Record<string, Json>> => ({
  schema: SCHEMA,
  table,
  at: at ?? null,
  max_age_seconds: maxAgeSeconds ?? null,
  coverage: { ...counts, failed: failed.map(({ node, code, message }) => ({ node, code, message })) },
});

function folded({ result: { columns, rows } }: Printed, name: string): string {
  const at = columns.findIndex((column) => column.name === name);
  const names = rows.map((row) => row[at]).filter((cell): cell is string => typeof cell === 'string');
  return names.length === 0 ? '' : `${foldNames(names)}\n`;
}
