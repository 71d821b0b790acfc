/** The JSON Schema of docs/, as other programs use it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

interface Validator {
  (document: unknown): boolean;
  readonly errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}
interface Validators {
  addSchema(schema: object): void;
  getSchema(ref: string): Validator | undefined;
}

export const SCHEMA = JSON.parse(readFileSync(new URL('../../docs/all-smi-view-1.schema.json', import.meta.url), 'utf8')) as {
  readonly $id: string;
  readonly $defs: Readonly<Record<string, { readonly properties: Readonly<Record<string, unknown>> }>>;
};

const require = createRequire(import.meta.url);
const { Ajv2020 } = require('ajv/dist/2020.js') as { readonly Ajv2020: new (options: object) => Validators };
const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictTypes: false, formats: { 'date-time': true } });
ajv.addSchema(SCHEMA);

/** What is wrong with a document, or with a part of it: 'users_line'. */
export function schemaErrors(document: unknown, part?: string): readonly string[] {
  const validate = ajv.getSchema(part === undefined ? SCHEMA.$id : `${SCHEMA.$id}#/$defs/${part}`)!;
  return validate(document) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** The keys of a table, in their order. */
export const schemaKeys = (table: string): readonly string[] => Object.keys(SCHEMA.$defs[table]!.properties);
