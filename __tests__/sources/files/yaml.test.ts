import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../../lib/errors.js';
import { parseYaml, type YamlValue } from '../../../lib/sources/files/yaml.js';

const parse = (text: string): Promise<YamlValue> =>
  parseYaml(text, (where, reason) => new AppError('E_HOSTFILE_BAD', { file: 'f', where, reason }));

const fault = (work: () => unknown): string => {
  try {
    work();
    return 'no fault';
  } catch (error) {
    return (error as AppError).message.replace('host file f, ', '');
  }
};

describe('a value', () => {
  test('is read as what it has to be, and is complained about with its line', async () => {
    const root = (await parse('a: 1.5e3\nb: yes\nc: [x, "2"]\n"d": >\n  two\n  lines\ne:\nf: {g: {}}\n')).map('it');
    const { a, b, c, d, e, f } = Object.fromEntries(root) as Record<string, YamlValue>;
    expect([a!.number('a'), b!.flag('b'), c!.list('c').map((one) => one.text('one')), d!.text('d'), e!.isEmpty]).toEqual([
      1500,
      true,
      ['x', '2'],
      'two lines\n',
      true,
    ]);
    expect([c!.isList, c!.isMap, f!.isMap, e!.text('e'), e!.map('e').size]).toEqual([true, false, true, '', 0]);
    expect(fault(() => c!.text('c'))).toBe('line 3: c is not a text');
    expect(fault(() => a!.list('a'))).toBe('line 1: a is not a list');
    expect(fault(() => f!.list('f'))).toBe('line 8: f is not a list');
    expect(fault(() => c!.map('c'))).toBe('line 3: c is not a mapping');
    expect(fault(() => d!.flag('d'))).toBe('line 4: d is not true or false');
    for (const key of ['b', 'd', 'e']) expect(fault(() => root.get(key)!.number(key))).toContain(`${key} is not a number`);
    expect(fault(() => f!.map('f', ['h', 'i']))).toBe('line 8: unknown key; f has h, i');
  });

  test('may be JSON', async () => {
    const root = (await parse('[{"targets": ["a:1"],\n "labels": {"x": "\\u00e9", "n": 5}}]')).list('it')[0]!.map('entry');
    expect(root.get('targets')!.list('targets')[0]!.text('t')).toBe('a:1');
    expect([...root.get('labels')!.map('labels')].map(([name, value]) => [name, value.text(name)])).toEqual([
      ['x', 'é'],
      ['n', '5'],
    ]);
    expect(root.get('labels')!.where).toBe('line 2');
  });

  test('may be an alias: of the last anchor before it', async () => {
    const [, one, , two] = (await parse('- &a x\n- *a\n- &a [y]\n- *a\n')).list('it');
    expect([one!.text('one'), two!.list('two')[0]!.text('two')]).toEqual(['x', 'y']);
    const root = await parse('a: *later\nb: &later x\n');
    expect(fault(() => root.map('it'))).toBe('line 1: not valid YAML: an alias without an anchor; a text that starts with * needs quotes');
  });

  test('empty and quoted are not the same', async () => {
    const [a, b, c] = (await parse('[~, "", ]')).list('it');
    expect([a?.isEmpty, b?.isEmpty, c]).toEqual([false, false, undefined]);
    expect((await parse('')).isEmpty).toBe(true);
  });
});

describe('hostile text', () => {
  const rejected = (text: string): Promise<string> =>
    parse(text).then(
      () => 'read',
      (error: AppError) => error.message.replace('host file f, ', ''),
    );

  test.each([
    ['a: b: c', 'line 1: not valid YAML: two colons on a line, or wrong indentation; a text with a colon and a blank needs quotes'],
    ['a:\n\tb: c', 'line 2: not valid YAML: a tab; indent with blanks'],
    ['a: 1\n b: 2', 'line 1: not valid YAML: two colons on a line, or wrong indentation'],
    ['x: `y`', 'line 1: not valid YAML: a text that starts with @, ` or % needs quotes'],
    ['a: 1\n---\nb: 2', 'line 2: not valid YAML: more than one document'],
    ['a: "\\q"', 'line 1: not valid YAML: a wrong escape in a quoted text'],
    ['['.repeat(20_000), 'line 1: not valid YAML: nested too deeply'],
  ])('%.20j', async (text, expected) => {
    expect(await rejected(text)).toMatch(expected);
  });

  test('aliases of aliases end at a number of values', async () => {
    const names = 'a b c d e f g h'.split(' ');
    const text = names
      .map(
        (name, at) =>
          `- &${name} [${Array(50)
            .fill(at === 0 ? 'x' : `*${names[at - 1]}`)
            .join(', ')}]`,
      )
      .join('\n');
    const visit = (value: YamlValue): number => (value.isList ? value.list('it').reduce((sum, one) => sum + visit(one), 0) : 1);
    const root = await parse(text);
    expect(fault(() => visit(root))).toBe('line 1: more than 1000000 values');
  });

  test('many keys, and a key that is met again', async () => {
    const keys = Array.from({ length: 20_000 }, (_, at) => `k${at}: v`);
    expect((await parse(keys.join('\n'))).map('it').size).toBe(20_000);
    const twice = await parse([...keys, 'k7: w'].join('\n'));
    expect(fault(() => twice.map('it'))).toBe('line 20001: the same key again');
  });
});
