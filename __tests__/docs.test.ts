import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { PAGES } from '../docs/pages.js';
import { CONFIG_KEYS, parseConfig } from '../lib/options/config-file.js';
import { FIELDS } from '../lib/filter/fields.js';
import { compile } from '../lib/filter/evaluate.js';
import { parse } from '../lib/filter/parser.js';
import { loadRegexEngine } from '../lib/filter/regex.js';

const page = (name: string): string => readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8');

describe('generated pages are current (npm run docs writes them)', () => {
  test.each(Object.keys(PAGES))('docs/%s', (name) => {
    expect(page(name)).toBe(PAGES[name]?.());
  });
});

/** Words in backticks in the first `cells` cells of each table row whose first cell starts with one. */
const rowsOf = (text: string, cells: number): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, 1 + cells)
        .flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word!)),
    );

const section = (text: string, title: string): string => text.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';

describe('hand-written pages agree with the program', () => {
  test('FILTER.md lists exactly the fields and their aliases', () => {
    const told = rowsOf(section(page('FILTER.md'), 'Fields'), 2);
    expect(told).toEqual([...FIELDS.map(({ name, also }) => [name, ...also]), ['group.NAME']]);
  });

  test('the examples in FILTER.md parse', async () => {
    await loadRegexEngine();
    const [, examples = ''] = /```\n([^`]+)```/.exec(page('FILTER.md')) ?? [];
    const queries = examples
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {3,}/)[0]!);
    expect(queries.length).toBeGreaterThan(5);
    for (const query of queries) expect(() => compile(parse(query)!, query)).not.toThrow();
  });

  test('CONFIG.md lists exactly the keys, and its example is valid', () => {
    const text = page('CONFIG.md');
    const told = rowsOf(section(text, 'Keys'), 1).flat();
    expect(told).toEqual(['schema_version', ...CONFIG_KEYS.map(({ key }) => key)]);
    const [, example = ''] = /```toml\n([^`]+)```/.exec(text) ?? [];
    expect(parseConfig(example, 'config.toml').warnings).toEqual([]);
  });

  test('RECORDING.md lists every message about damaged files', () => {
    const directory = new URL('../lib/recording/read/', import.meta.url);
    const said = readdirSync(directory).flatMap((file) =>
      [
        ...readFileSync(new URL(file, directory), 'utf8').matchAll(
          /(?:Damaged\(|CutOff\(|DAMAGED = |CHECKSUM = |damage \?\?= |[?:] )'([a-z ,:]+ [a-z ,:]+ [a-z ,:]+)'/g,
        ),
      ].map(([, text]) => text!),
    );
    expect(said.length).toBeGreaterThan(10);
    expect(said.filter((text) => !page('RECORDING.md').includes(text))).toEqual([]);
  });
});
