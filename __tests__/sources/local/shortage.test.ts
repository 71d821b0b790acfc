import { expect, test } from '@jest/globals';
import { shortage } from '../../../lib/sources/local/shortage.js';

const failed = (code: string): Error => Object.assign(new Error('x'), { code });

test.each([
  ['EMFILE', 'too many open files; raise ulimit -n'],
  ['ENFILE', 'the system has no more open files'],
  ['EAGAIN', 'no more processes are allowed; raise ulimit -u'],
  ['ENOMEM', 'out of memory'],
])('%s is a shortage, and the message names it', (code, says) => {
  expect(shortage(failed(code))).toBe(says);
});

test('other errors are not', () => {
  for (const error of [failed('ENOENT'), new Error('EMFILE'), 'EMFILE', undefined]) expect(shortage(error)).toBeUndefined();
});
