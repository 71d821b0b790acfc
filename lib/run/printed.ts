/** A query's result in each format. */
import { csvOf } from '../export/csv.js';
import { documentOf, recordsOf, type Json } from '../export/json.js';
import type { GetOptions } from '../options/options.js';
import type { Coverage } from '../query/coverage.js';
import type { Contents, QueryResult } from '../query/table-query.js';
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
  /** The address of a node as --hosts takes it. */
  readonly addressOf: (nodeId: string) => string;
}

interface FormatRow {
  /** What it prints of the table. */
  readonly contents: Contents;
  /** The only column that it prints. */
  readonly column?: string;
  print(printed: Printed): string;
}

export type Format = GetOptions['output'];

export const FORMATS: Readonly<Record<Format, FormatRow>> = {
  table: { contents: 'screen', print: ({ result, headers }) => joined(textLines(result.texts(false), headers)) },
  wide: { contents: 'wide', print: ({ result, headers }) => joined(textLines(result.texts(true), headers)) },
  csv: { contents: 'csv', print: ({ result: { columns, rows }, headers }) => csvOf({ about: {}, columns, rows }, headers) },
  json: { contents: 'json', print: (printed) => documentOf(headOf(printed), printed.result) },
  ndjson: {
    contents: 'json',
    print: ({ at, result }) => joined(recordsOf(result).map((record) => JSON.stringify({ sample_at: at ?? null, ...record }))),
  },
  name: { contents: 'names', print: ({ result }) => joined(result.names()) },
  hostlist: { contents: 'names', column: 'node', print: ({ result }) => folded(textsOf(result)) },
  addresses: { contents: 'names', column: 'node_id', print: ({ result, addressOf }) => folded(textsOf(result).map(addressOf)) },
};

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const headOf = ({ table, at, maxAgeSeconds, coverage: { failed, ...counts } }: Printed): Readonly<Record<string, Json>> => ({
  schema: SCHEMA,
  table,
  at: at ?? null,
  max_age_seconds: maxAgeSeconds ?? null,
  coverage: { ...counts, failed: failed.map(({ node, code, message }) => ({ node, code, message })) },
});

/** Of the only column. */
const textsOf = ({ rows }: QueryResult): readonly string[] => rows.flatMap(([cell]) => (typeof cell === 'string' ? [cell] : []));

const folded = (names: readonly string[]): string => (names.length === 0 ? '' : `${foldNames(names)}\n`);
