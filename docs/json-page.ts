/** docs/JSON.md: what `get` prints, from the tables. */
import { exportColumns } from '../lib/view/table-columns.js';
import type { Table } from '../lib/plugin/types.js';
import { keyOf } from './json-keys.js';

/** A sentence for each table. */
export const TABLE_SENTENCES: Readonly<Record<string, string>> = {
  users: 'Every user with processes on GPUs, system accounts included.',
  accounts: 'The same by account of the scheduler.',
  jobs: 'The same by job.',
  namespaces: 'The same by Kubernetes namespace.',
  teams: 'The same by team.',
  gpus: 'Every GPU of the nodes that answered.',
  processes: 'Every process on a GPU.',
  nodes: 'Every node, whether or not it answered. Figures of a node without current data are null.',
  free: 'GPUs that have been free and without a process for 60 seconds, by node and model; only of nodes that report processes.',
  idle: 'Who holds a GPU and computes nothing on it now, by processes and by allocations: a row per holder and GPU.',
  alerts: 'Active alerts. Rules about durations need more than one sample: `--watch`, or a recording.',
  scrapes: 'How well each node is scraped, as on the Diagnosis tab.',
};

const EXAMPLE = `{
  "schema": "all-smi-view/1",
  "table": "users",
  "at": "2026-08-07T14:32:03Z",
  "max_age_seconds": 2.1,
  "coverage": {
    "nodes": 30,
    "answered": 29,
    "reporting": 28,
    "failed": [{ "node": "node-007", "code": "S_REFUSED", "message": "connection refused" }]
  },
  "rows": [{ "user": "alice", "gpus": 8 }]
}`;

export const JSON_TEXT: readonly string[] = [
  '`all-smi-view get TABLE -o json` prints one document:',
  `\`\`\`json\n${EXAMPLE}\n\`\`\``,
  '`at` is the time of the newest sample in the result, `max_age_seconds` the age of the oldest. `coverage` counts the nodes, those that answered, ' +
    'and those that report their processes; `failed` lists the missing nodes, each with a code of [ERRORS.md](ERRORS.md).',
  'Keys that are listed here stay; more may follow. Numbers are not rounded. A value that is not reported is `null`, never 0. Times are RFC 3339 in UTC.',
  '[all-smi-view-1.schema.json](all-smi-view-1.schema.json) is a JSON Schema (draft 2020-12) of the document; a line of NDJSON is `#/$defs/users_line`, and ' +
    'so on. The package contains it: `all-smi-view/all-smi-view-1.schema.json`.',
  '`-o ndjson` prints one row per line and puts `sample_at` first. CSV has the same columns, except those marked JSON; `--columns` adds them. In CSV a list ' +
    'of GPUs is written as ranges (`0-3,5`), an unknown user in the table of users as `(unattributed)`, and a text that a spreadsheet would run as a formula begins with an apostrophe.',
];

/** 'warning or critical' */
const listed = (values: readonly string[]): string => `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;

/** Heading, sentence, and a line per key. Throws for a key that is not described. */
export function jsonSections(tables: readonly Table[]): readonly (readonly [id: string, about: string, rows: readonly string[][]])[] {
  return tables.map(({ id, columns }) => {
    const rows = exportColumns(columns).map(({ export: file }) => {
      const { type, about, values } = keyOf(id, file!.name);
      const meaning = values?.some((value) => !about.includes(value)) ? `${about}: ${listed(values)}` : about;
      return [`\`${file!.name}\``, type, meaning, file!.jsonOnly ? 'JSON' : 'JSON, CSV'];
    });
    return [id, TABLE_SENTENCES[id] ?? '', rows] as const;
  });
}
