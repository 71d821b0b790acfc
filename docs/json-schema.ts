/** The JSON Schema of what `get` prints, from the tables. */
import { exportColumns } from '../lib/view/table-columns.js';
import type { Table } from '../lib/plugin/types.js';
import { SCHEMA } from '../lib/run/printed.js';
import { keyOf, type Key, type KeyType } from './json-keys.js';

type Schema = Readonly<Record<string, unknown>>;

/** RFC 3339 in UTC, to the second. */
const TIME = { type: 'string', format: 'date-time', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$' };

const TYPES: Readonly<Record<KeyType, Schema>> = {
  string: { type: 'string', minLength: 1 },
  integer: { type: 'integer', minimum: 0 },
  number: { type: 'number', minimum: 0 },
  boolean: { type: 'boolean' },
  time: TIME,
  'list of integers': { type: 'array', items: { type: 'integer', minimum: 0 } },
  'list of objects': { type: 'array', items: { type: 'object' } },
  'list of strings': { type: 'array', items: { type: 'string', minLength: 1 } },
};

const orNull = (schema: Schema): Schema => ({ ...schema, type: [schema.type, 'null'] });

function keySchema({ type, about, always, signed, values }: Key): Schema {
  const { minimum, ...rest } = TYPES[type];
  const bounded = { ...rest, ...(minimum === undefined || signed ? {} : { minimum }), ...(values ? { enum: values } : {}) };
  return { description: about.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1'), ...(always ? bounded : orNull(bounded)) };
}

const rowSchema = (description: string, { id, columns }: Table): Schema => ({
  description,
  type: 'object',
  properties: Object.fromEntries(exportColumns(columns).map(({ export: file }) => [file!.name, keySchema(keyOf(id, file!.name))])),
});

const count = { type: 'integer', minimum: 0 };

/** `sentences`: a sentence for each table. Other keys, and the tables of plugins, are valid: more may follow. */
export function jsonSchema(tables: readonly Table[], sentences: Readonly<Record<string, string>>): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:all-smi-view:schema:1',
    title: SCHEMA,
    description: 'What all-smi-view get TABLE -o json prints. A line of -o ndjson is a row with sample_at: #/$defs/users_line.',
    type: 'object',
    required: ['schema', 'table', 'at', 'max_age_seconds', 'coverage', 'rows'],
    properties: {
      schema: { const: SCHEMA },
      table: { type: 'string', minLength: 1 },
      at: { description: 'time of the newest sample; null: no node answered', ...orNull(TIME) },
      max_age_seconds: { description: 'age of the oldest sample', ...orNull({ type: 'number', minimum: 0 }) },
      coverage: { $ref: '#/$defs/coverage' },
      rows: { type: 'array', items: { type: 'object' } },
    },
    allOf: tables.map(({ id }) => ({
      if: { properties: { table: { const: id } } },
      then: { properties: { rows: { items: { $ref: `#/$defs/${id}` } } } },
    })),
    $defs: {
      coverage: {
        type: 'object',
        required: ['nodes', 'answered', 'reporting', 'failed'],
        properties: {
          nodes: count,
          answered: { description: 'nodes whose data are in the result', ...count },
          reporting: { description: 'of those, the nodes that report their processes', ...count },
          failed: {
            type: 'array',
            items: {
              type: 'object',
              required: ['node', 'code', 'message'],
              properties: {
                node: { type: 'string', minLength: 1 },
                code: { type: 'string', pattern: '^[A-Z]_[A-Z_]+$' },
                message: { type: 'string', minLength: 1 },
              },
            },
          },
        },
      },
      ...Object.fromEntries(tables.map((table) => [table.id, rowSchema(sentences[table.id] ?? '', table)])),
      ...Object.fromEntries(
        tables.map(({ id }) => [
          `${id}_line`,
          { allOf: [{ $ref: `#/$defs/${id}` }], type: 'object', required: ['sample_at'], properties: { sample_at: orNull(TIME) } },
        ]),
      ),
    },
  };
}
