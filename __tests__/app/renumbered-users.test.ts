/** User ids are renumbered now and then: an id on screen must never come to mean another user. */
import { expect, test } from '@jest/globals';
import { TextViewer } from '../helpers/text-viewer.js';

const AT = new Date(2026, 7, 7, 14, 32, 7).getTime();
const row = (pid: number, user: string): string =>
  `all_smi_process_memory_used_bytes{pid="${pid}", user="${user}", name="python", command="python ${user}.py", device_uuid="G"} ${(200 - (pid % 100)) * 1e6}\n`;
const crowd = (from: number, count: number): string => Array.from({ length: count }, (_, at) => row(at + 1, `user-${from + at}`)).join('');

/** An unchanged node whose users have the highest ids, and a crowded one to which 40 other users come: the ids are renumbered. */
function renumbered(...keys: readonly string[]): { readonly before: string; readonly after: string } {
  const viewer = new TextViewer(120, 30, AT, ['crowded:9090', 'quiet:9090'], [], 100);
  viewer.showAll([crowd(0, 60), row(98, 'other') + row(99, 'keeper')], AT);
  viewer.press(...keys);
  const before = viewer.screen;
  const { users } = viewer.parsers;
  viewer.show(crowd(60, 40), AT + 3000);
  expect([users, viewer.parsers.users]).toEqual([63, 43]);
  // The crowded node again; the data of the quiet node are used as they are.
  return { before, after: viewer.show(crowd(60, 40), AT + 6000) };
}
const usersOn = (screen: string): string[] => screen.match(/(?<=^ [ ▌] )(user-\d+|keeper|other)/gm) ?? [];
const typed = (text: string): string[] => Array.from(text, (ch) => (ch === ' ' ? 'Space' : ch));

test('all users keep their names', () => {
  const { before, after } = renumbered('V', 'u', 'u');
  expect(usersOn(before)).toContain('keeper');
  expect(usersOn(after)).toContain('keeper');
  expect(
    usersOn(after)
      .filter((name) => name.startsWith('user'))
      .every((name) => Number(name.slice(5)) >= 60),
  ).toBe(true);
});

test('an applied filter keeps the same users', () => {
  const { before, after } = renumbered('V', '/', ...typed('user == keeper'), 'Enter');
  expect(usersOn(before)).toEqual(['keeper']);
  expect(usersOn(after)).toEqual(['keeper']);
});

test('a filter that is being typed keeps the same users', () => {
  const { before, after } = renumbered('V', '/', ...typed('user == keeper'));
  expect(usersOn(before)).toEqual(['keeper']);
  expect(usersOn(after)).toEqual(['keeper']);
});
