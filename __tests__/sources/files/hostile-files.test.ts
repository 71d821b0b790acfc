/** Files that nobody would write: whatever is in them, they are read or refused with an error of the table. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '../../../lib/errors.js';
import { readDialects } from '../../../lib/sources/dialects/dialects-file.js';
import { readHostfile } from '../../../lib/sources/hostlists/hostfile.js';
import { parseHttpConfig } from '../../../lib/sources/http/http-config.js';

const directory = mkdtempSync(join(tmpdir(), 'hostile-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});
const file = (text: string): string => {
  writeFileSync(join(directory, 'file'), text);
  return join(directory, 'file');
};

const READERS = {
  'an http config': (text: string) => parseHttpConfig(text, '/dir/http.yml'),
  dialects: (text: string) => readDialects(file(text)),
  'a host file': (text: string) => readHostfile(file(text)),
} as const satisfies Readonly<Record<string, (text: string) => Promise<unknown>>>;

/** Pieces of such files, in any order and depth. */
const KEYS = 'basic_auth username password authorization tls_config ca_file http_headers dialects id gpu uuid gpu_readings into families where valid targets labels __scheme__ __param_x <<'.split(' '); // prettier-ignore
const leaf = fc.oneof(
  fc.string(),
  fc.constantFrom('dcgm', 'utilPercent', 'TLS12', 'true', '*a', '&a x', '!!map', '""', '|', 'n[1-3]:9400'),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 5 }),
  ),
}));
const lines = fc
  .array(fc.tuple(fc.nat(6), fc.constantFrom(...KEYS, '- ', '- targets'), leaf), { maxLength: 12 })
  .map((rows) => rows.map(([indent, key, text]) => `${' '.repeat(indent)}${key}: ${text}`).join('\n'));
const texts = fc.oneof(
  value.map((one) => JSON.stringify(one)),
  lines,
  fc.string({ unit: 'binary' }),
);

describe.each(Object.entries(READERS))('%s', (_, read) => {
  test('is read, or refused', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        try {
          await read(text);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
          expect((error as AppError).code).toMatch(/^E_(HTTP_CONFIG|DIALECTS|HOSTFILE_\w+|HOSTS_TOO_MANY)$/);
        }
      }),
      { numRuns: 300 },
    );
  });
});
