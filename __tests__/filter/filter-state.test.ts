import { beforeAll, describe, expect, test } from '@jest/globals';
import { FilterState } from '../../lib/filter/filter-state.js';
import { FilterError } from '../../lib/filter/lexer.js';
import { loadRegexEngine } from '../../lib/filter/regex.js';
import { buildNodes } from '../helpers/hosts.js';

beforeAll(loadRegexEngine);

const HOSTS = buildNodes([
  { gpus: [{ temperatureCelsius: 50 }, { temperatureCelsius: 90 }], procs: [{ pid: 1, gpu: 1, user: 'alice', vram: 1 }] },
  { gpus: [{ temperatureCelsius: 90 }], procs: [{ pid: 1, gpu: 0, user: 'bob', vram: 1 }] },
]);

function type(filtering: FilterState, text: string): void {
  filtering.command('open');
  filtering.command({ edit: 'clear' });
  filtering.command({ insert: text });
}
const enter = (filtering: FilterState, text: string): void => {
  type(filtering, text);
  filtering.command('commit');
};
const kept = (filtering: FilterState): number | undefined => filtering.nodes?.counts(HOSTS).gpus;

describe('while a filter is typed', () => {
  test('rows follow the text; an invalid filter shows the error and keeps the previous rows', () => {
    const filtering = new FilterState();
    type(filtering, 'temp > 80');
    expect([kept(filtering), filtering.problem]).toEqual([2, undefined]);
    filtering.command({ insert: ' & user' });
    expect([kept(filtering), filtering.problem?.message]).toEqual([2, 'parse error: expected one of == != > >= < <= ~= at col 17']);
    filtering.command({ insert: '==alice' });
    expect([kept(filtering), filtering.problem]).toEqual([1, undefined]);
    filtering.command({ edit: 'clear' });
    expect([kept(filtering), filtering.problem]).toEqual([undefined, undefined]);
  });

  test('Enter applies it in normalized form; an invalid filter stays in the editor', () => {
    const filtering = new FilterState();
    type(filtering, 'temp>');
    filtering.command('commit');
    expect([filtering.edited?.text, filtering.committed]).toEqual(['temp>', '']);
    filtering.command({ insert: '80' });
    filtering.command('commit');
    expect([filtering.edited, filtering.committed, kept(filtering)]).toEqual([undefined, 'temp > 80', 2]);
  });

  test('Esc restores the active filter', () => {
    const filtering = new FilterState();
    enter(filtering, 'temp>80');
    type(filtering, 'user==alice');
    expect(kept(filtering)).toBe(1);
    filtering.command('abort');
    expect([filtering.edited, filtering.committed, kept(filtering)]).toEqual([undefined, 'temp > 80', 2]);
  });

  test('an empty text clears the filter', () => {
    const filtering = new FilterState();
    enter(filtering, 'temp>80');
    enter(filtering, '  ');
    expect([filtering.committed, filtering.nodes]).toEqual(['', undefined]);
  });

  test('regular expressions are checked while typed', () => {
    const filtering = new FilterState();
    type(filtering, 'user~="(a"');
    expect(filtering.problem?.message).toBe('parse error: not a regular expression: missing closing ): `(a` at col 7');
    filtering.command('commit');
    expect(filtering.committed).toBe('');
    type(filtering, 'user~="^a"');
    filtering.command('commit');
    expect([filtering.committed, kept(filtering)]).toEqual(['user ~= ^a', 1]);
  });

  test('edits without an editor do nothing', () => {
    const filtering = new FilterState();
    for (const command of ['commit', 'abort', 'recall', 'clear', { insert: 'x' }, { edit: 'erase' }] as const) filtering.command(command);
    expect([filtering.edited, filtering.committed]).toEqual([undefined, '']);
  });
});

describe('filter history', () => {
  test('opening shows the active filter, and a cleared one is one key away', () => {
    const filtering = new FilterState();
    filtering.command('open');
    expect(filtering.edited?.text).toBe('');
    enter(filtering, 'temp>80');
    filtering.command('clear');
    filtering.command('open');
    expect(filtering.edited).toEqual({ text: '', at: 0 });
    filtering.command('recall');
    expect(filtering.edited).toEqual({ text: 'temp > 80', at: 9 });
  });

  test('Ctrl-R cycles through distinct filters, newest first', () => {
    const filtering = new FilterState();
    for (const text of ['temp>1', 'temp>2', 'temp>1', 'temp>3']) enter(filtering, text);
    filtering.command('open');
    const recalled = Array.from({ length: 4 }, () => {
      filtering.command('recall');
      return filtering.edited?.text;
    });
    expect(recalled).toEqual(['temp > 1', 'temp > 2', 'temp > 3', 'temp > 1']);
  });

  test('keeps 20 filters', () => {
    const filtering = new FilterState();
    for (let at = 0; at < 30; at++) enter(filtering, `temp>${at}`);
    filtering.command('open');
    const seen = new Set(
      Array.from({ length: 40 }, () => {
        filtering.command('recall');
        return filtering.edited?.text;
      }),
    );
    expect(seen.size).toBe(20);
    expect(seen.has('temp > 10') && !seen.has('temp > 9')).toBe(true);
  });
});

describe('a pinned user', () => {
  test('narrows the active filter, and stays when that is cleared', () => {
    const filtering = new FilterState();
    filtering.pin('alice');
    expect(kept(filtering)).toBe(1);
    enter(filtering, 'temp<80 | temp>80');
    expect([kept(filtering), filtering.committed]).toEqual([1, 'temp < 80 | temp > 80']);
    filtering.command('clear');
    expect([kept(filtering), filtering.user]).toEqual([1, 'alice']);
    filtering.pin(undefined);
    expect(filtering.nodes).toBeUndefined();
  });

  test('may have any name', () => {
    const filtering = new FilterState();
    for (const user of ['a b', `"'`, 'x | temp > 0', '']) {
      filtering.pin(user);
      expect(kept(filtering)).toBe(0);
    }
  });
});

test('nodes are not evaluated again while the query means the same, unless user ids are renumbered', () => {
  const filtering = new FilterState();
  enter(filtering, 'temp>80');
  const { nodes } = filtering;
  filtering.set('temperature   >   80');
  expect(filtering.nodes).toBe(nodes);
  filtering.forget();
  expect(filtering.nodes).not.toBe(nodes);
  expect(kept(filtering)).toBe(2);
});

test('a filter set from outside is checked, and the old one stays if it is invalid', () => {
  const filtering = new FilterState();
  filtering.set('temp>80');
  expect(() => filtering.set('bogus')).toThrow(FilterError);
  expect([filtering.committed, kept(filtering)]).toEqual(['temp > 80', 2]);
});

test('toggles between hiding and dimming', () => {
  const filtering = new FilterState();
  const modes = [0, 1, 2].map(() => {
    filtering.command('mode');
    return filtering.mode;
  });
  expect(modes).toEqual(['dim', 'hide', 'dim']);
});

describe('filters of the maximum length', () => {
  const filled = (term: string, sign: string): string =>
    Array<string>(Math.floor(16_384 / (term.length + 1)))
      .fill(term)
      .join(sign);

  test.each([
    ['2,700 terms with |', filled('pid=1', '|')],
    ['2,700 terms with &', filled('!pid=9', '&')],
    ['nested negations, up to the limit', filled(`${'!'.repeat(62)}pid=1`, '|')],
    ['nested brackets, up to the limit', filled(`${'('.repeat(60)}pid=1${')'.repeat(60)}`, '|')],
    ['short field names with long printed forms', filled('mempct>=0|pid=1', '|')],
  ])('%s: matches correctly, opens, can be pinned to a user and applied again', (_, text) => {
    const filtering = new FilterState();
    filtering.set(text);
    expect(filtering.nodes?.counts(HOSTS).procs).toBe(2);
    filtering.pin('alice');
    expect(filtering.nodes?.counts(HOSTS).procs).toBe(1);
    filtering.pin(undefined);
    filtering.command('open');
    expect(filtering.problem).toBeUndefined();
    filtering.command('commit');
    expect([filtering.edited, filtering.nodes?.counts(HOSTS).procs]).toEqual([undefined, 2]);
    filtering.forget();
    expect(filtering.nodes?.counts(HOSTS).procs).toBe(2);
  });

  test('a longer filter is refused, and the active one stays', () => {
    const filtering = new FilterState();
    filtering.set('temp>80');
    expect(() => {
      filtering.set(`${filled('pid=1', '|')}|pid=1`);
    }).toThrow('longer than 16384 characters');
    expect(() => {
      filtering.set(`${'('.repeat(16_000)}pid=1`);
    }).toThrow('more than 64 nested brackets');
    expect(() => {
      filtering.set(`${'!'.repeat(16_000)}pid=1`);
    }).toThrow('more than 64 nested brackets');
    expect(() => {
      filtering.set(`command ~= "${'('.repeat(8000)}x${')'.repeat(8000)}"`);
    }).toThrow(FilterError);
    expect([filtering.committed, kept(filtering)]).toEqual(['temp > 80', 2]);
  });
});
