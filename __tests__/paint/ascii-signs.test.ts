import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asciiOf, toAscii } from '../../lib/paint/ascii-signs.js';

test.each([
  ['a', 'a'],
  ['~', '~'],
  ['█', '#'],
  ['▌', '>'],
  ['▲', '^'],
  ['✕', 'x'],
  ['…', '+'],
  ['–', '-'],
  ['é', 'e'],
  ['Ö', 'O'],
  ['日', '?'],
  ['🚀', '?'],
  ['\uFFFD', '?'],
  ['', '?'],
  ['⠀', ' '],
  ['⠁', '.'],
  ['⣤', ':'],
  ['⣶', '+'],
  ['⣿', '#'],
])('%j is shown as %j', (ch, shown) => {
  expect(asciiOf(ch)).toBe(shown);
});

test('a wide character keeps its two columns', () => {
  const row = ['日', '', 'x'];
  toAscii(row);
  expect(row).toEqual(['?', '?', 'x']);
});

test('every code point becomes one printable character', () => {
  for (let code = 0; code < 0x30000; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const shown = asciiOf(String.fromCodePoint(code));
    if (!/^[\x20-\x7e]$/.test(shown)) throw new Error(`U+${code.toString(16)} is shown as ${JSON.stringify(shown)}`);
  }
});

/** Characters in the sources that are not shown on screen. */
const NOT_SHOWN = new Set('語証第検本日回ーパスコ＠＝－＋');

test('no symbol of the program is shown as a question mark', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const files = ['lib', 'plugins'].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' }).flatMap((name) =>
      name.endsWith('.ts') ? [join(root, directory, name)] : [],
    ),
  );
  const signs = new Set(files.flatMap((file) => readFileSync(file, 'utf8').match(/[^\x00-\x7f]/gu) ?? []));
  const unknown = [...signs].filter((sign) => asciiOf(sign) === '?' && !NOT_SHOWN.has(sign));
  expect(signs.size).toBeGreaterThan(30);
  expect(unknown).toEqual([]);
});
