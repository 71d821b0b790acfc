import { describe, expect, test } from '@jest/globals';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver, type DriverOptions } from '../helpers/driver.js';
import { expectGolden } from '../helpers/golden.js';

const GIB = 2 ** 30;

/** The filter line. */
const bar = (driver: Driver): string => driver.lines().find((text) => / \/ | only /.test(text.slice(0, 12))) ?? '';
const title = (driver: Driver): string => driver.lines()[0] ?? '';
const open = (options: DriverOptions = {}): Driver => new Driver({ hosts: CLUSTER, ...options });

/** Types text character by character. */
function type(driver: Driver, text: string): Driver {
  return driver.press(...Array.from(text, (ch) => (ch === ' ' ? 'Space' : ch)));
}
const filter = (driver: Driver, text: string): Driver => type(driver.press('/', 'C-u'), text).press('Enter');

/** The regex engine is loaded in the background. */
const loaded = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 50));

describe('typing', () => {
  test('treats every printable key as text: q, u, digits, keys of other layers', () => {
    const driver = type(open().press('/'), 'qu1?~/VA hU[]+-_:=');
    expect(bar(driver)).toContain(' / qu1?~/VA hU[]+-_:=▏');
    expect([driver.hasQuit, driver.tab, driver.app.state.overlays]).toEqual([false, 'All', []]);
  });

  test('Ctrl-C still quits', async () => {
    const driver = type(open().press('/'), 'user').press('C-c');
    await driver.app.quit;
    expect(driver.hasQuit).toBe(true);
  });

  test('a paste of 1 MiB is cut and triggers no key', () => {
    const driver = open().press('/');
    driver.send({ type: 'paste', text: `user==x\nq\r${'q'.repeat(2 ** 20)}` });
    expect(driver.app.state.filtering.edited?.text).toBe(`user==x q ${'q'.repeat(502)}`);
    expect(driver.hasQuit).toBe(false);
    expect(bar(driver)).toMatch(/^ \/ …q+▏ +parse error: expected & or \| at col 9/);
  });

  test('a paste without a text input does nothing', () => {
    const driver = open();
    driver.send({ type: 'paste', text: 'q' });
    expect(driver.hasQuit).toBe(false);
  });

  test('updates the screen: counts, the column of an error, the title', () => {
    const driver = type(open().press('/'), 'user==mira');
    expect(bar(driver)).toMatch(/^ \/ user==mira▏ +3 of 22 GPUs · 4 processes · 2 nodes *$/);
    expect(title(driver)).toContain('filtered: 3 of 22 GPUs');
    type(driver, ' & temp >');
    expect(bar(driver)).toMatch(/^ \/ user==mira & temp >▏ +parse error: expected a number of degrees at col 20 *$/);
    expect(title(driver)).toContain('filtered: 3 of 22 GPUs');
    type(driver, ' 80');
    expect(bar(driver)).toMatch(/1 of 22 GPUs · 1 process · 1 node *$/);
  });

  test('keys move the cursor', () => {
    const driver = type(open().press('/'), 'useralice').press('Left', 'Left', 'Left', 'Left', 'Left');
    expect(bar(type(driver, '=='))).toContain(' / user==▏alice ');
    expect(bar(driver.press('Home', 'Delete', 'End', 'Backspace'))).toContain(' / ser==alic▏ ');
    expect(bar(driver.press('C-w'))).toMatch(/^ \/ ▏ *$/);
  });

  test('a click does not reach the tab below', () => {
    const driver = type(open().press('/'), 'user');
    driver.click('Users');
    expect([driver.tab, driver.app.state.filtering.edited?.text]).toEqual(['All', 'user']);
  });

  test('a scrape changes the counts, but not the text', () => {
    const driver = type(open().press('/'), 'user==zoe');
    expect(bar(driver)).toContain('0 of 22 GPUs');
    driver.scrape('node-0002', { gpus: [{ memoryUsedBytes: GIB }], procs: [{ pid: 1, gpu: 0, user: 'zoe', vram: GIB }] });
    expect(bar(driver)).toMatch(/^ \/ user==zoe▏ +1 of 17 GPUs · 1 process · 1 node *$/);
  });

  test('regular expressions are loaded when a filter is opened', async () => {
    const driver = open().press('/');
    await loaded();
    expect(bar(type(driver, 'user~=^in'))).toContain('6 of 22 GPUs');
    expect(bar(type(driver.press('C-u'), 'user~=[')).trimEnd()).toMatch(
      /parse error: not a regular expression: missing closing \]: `\[` at col 7$/,
    );
  });
});

describe('an active filter', () => {
  test('stays across tabs and scrapes until Esc clears it', () => {
    const driver = filter(open(), 'user==mira');
    expect(bar(driver)).toMatch(/^ \/ user == mira +3 of 22 GPUs/);
    expect(driver.press('V').frame()).toMatch(/mira/);
    expect(driver.frame()).not.toMatch(/inureyes/);
    driver.fail('node-0001').step(1000);
    expect(bar(driver.press('Right'))).toContain('user == mira');
    expect(driver.tab).toBe('node-0001');
    expect(title(driver.press('Esc'))).toContain('3 of 4 nodes');
    expect(bar(driver)).toBe('');
  });

  test('shows the row of the user on the Users tab, with unchanged values', () => {
    const row = (driver: Driver): string | undefined =>
      driver
        .lines()
        .find((text) => /^ [▌ ] mira /.test(text))
        ?.slice(3);
    const whole = row(open({ cols: 200 }).press('V'));
    expect(whole).toContain('mira');
    expect(row(filter(open({ cols: 200 }), 'user==mira').press('V'))).toBe(whole);
  });

  test('shows the processes and GPUs of the user on the tab of a node', () => {
    const driver = filter(open(), 'user==mira').press('V', 'Right');
    const text = driver.frame();
    expect(text).toMatch(/20000 +mira/);
    expect(text).not.toMatch(/10001 +inureyes/);
    expect(text).toMatch(/ 1 +H100 80GB .*inureyes, mira/);
    expect(text).not.toMatch(/yeonji/);
    expect(driver.press('Right', 'Right').frame()).toContain('No GPUs of this node match the filter.');
  });

  test('~ shows other rows dimmed, with a notice; totals cover the matching rows either way', () => {
    const driver = filter(open(), 'user==mira').press('V', 'Right');
    const kept = title(driver);
    driver.press('~');
    expect(driver.frame()).toMatch(/^ {2}- +10001 +inureyes/m);
    expect(driver.frame()).toMatch(/^ [▌ ] +20000 +mira/m);
    expect(driver.frame()).toMatch(/^ {2}- +6 +H100 80GB/m);
    expect(bar(driver)).toContain('the rest dim (~)');
    expect(title(driver)).toBe(kept);
    expect(driver.press('~').frame()).not.toMatch(/inureyes {2}/);
  });

  test('a restored filter is evaluated again, even without a delivery', () => {
    const driver = filter(open(), 'user==mira').press('V', 'Right');
    const before = driver.frame();
    driver.press('Esc', '/', 'Up', 'Enter');
    expect(driver.frame()).toBe(before);
    expect(driver.app.state.faults.size).toBe(0);
  });

  test('~ without a filter shows why it does nothing', () => {
    expect(open().press('~').frame()).toContain('no filter is set; press / to set one');
  });

  test('Esc while typing restores it', () => {
    const driver = filter(open(), 'user==mira');
    type(driver.press('/', 'C-u'), 'user==bob').press('Esc');
    expect(bar(driver)).toContain('/ user == mira ');
  });

  test('Esc closes the help, then the filter, then nothing', () => {
    const driver = filter(open(), 'user==mira').press('?', 'Esc');
    expect(bar(driver)).toContain('user == mira');
    expect(bar(driver.press('Esc'))).toBe('');
    expect(driver.press('Esc').frame()).toContain('nothing to close; q quits');
  });

  test('Ctrl-R recalls the previous filter', () => {
    const driver = filter(filter(open(), 'user==mira'), 'temp>60').press('Esc', '/', 'C-u', 'C-r', 'C-r', 'Enter');
    expect(bar(driver)).toContain('/ user == mira ');
  });

  test('a sort key, a frame, and a scrape of one node compute no more than necessary', () => {
    const driver = filter(open(), 'user==mira').press('V');
    const { ran } = driver;
    driver.press('m', 'u', 'Down');
    expect(driver.ran).toEqual(ran);
    driver.step(3000);
    expect(driver.ran).toEqual(ran);
    driver.scrape('node-0002', {});
    // A part of that node for each derivation on screen, and another for the trend, which covers all users.
    expect(driver.ran.parts - ran.parts).toBeLessThanOrEqual(6);
  });
});

describe.each([
  [80, 24],
  [120, 30],
])('screens, %ix%i', (cols, rows) => {
  test('while a filter is typed', () => {
    expectGolden('filter-typed', cols, rows, type(open({ cols, rows }).press('/'), 'util > 90 & mem_used > 60GiB').frame());
  });

  test('with an error', () => {
    expectGolden('filter-wrong', cols, rows, type(open({ cols, rows }).press('/'), 'util > 90 & mem_used > lots').frame());
  });

  test('with an active filter and other rows dimmed', () => {
    expectGolden('filter-dim', cols, rows, filter(open({ cols, rows }), 'user == mira').press('~').frame());
  });

  test('without matches', () => {
    expectGolden('filter-nothing', cols, rows, filter(open({ cols, rows }), 'temp > 200').frame());
  });

  test('with a pinned user', () => {
    const driver = filter(open({ cols, rows }).press('V', 'Down', 'U'), 'util > 90');
    expectGolden('filter-user', cols, rows, driver.frame());
  });
});

describe('a pinned user', () => {
  test('is set by U on a row and removed by U again', () => {
    const driver = open({ cols: 160 }).press('V', 'Right').press('End', 'Up', 'Up', 'U');
    expect(bar(driver)).toMatch(/^ only yeonji \(U\) +1 of 22 GPUs · 1 process · 1 node *$/);
    expect(driver.press('Left').frame()).toMatch(/yeonji/);
    expect(driver.frame()).not.toMatch(/inureyes/);
    expect(bar(filter(driver, 'util==0'))).toMatch(/^ only yeonji \(U\) {2}\/ util == 0 +1 of 22 GPUs/);
    expect(bar(driver.press('Esc'))).toMatch(/^ only yeonji/);
    expect(bar(driver.press('Esc'))).toMatch(/^ only yeonji/);
    expect(bar(driver.press('U'))).toBe('');
  });

  test('is not set without a user, and a message says why', () => {
    const driver = open({ hosts: [{ gpus: 1, procs: [{ pid: 1, gpu: 0, vram: 1 }] }] }).press('Right', 'Right', 'U');
    expect(driver.frame()).toContain('this row has no known user');
  });
});
