/** What all tabs have in common on screen: footer, help, tab strip. */
import { describe, expect, test } from '@jest/globals';
import { line, span } from '../../lib/view/frame.js';
import { width } from '../../lib/text/format.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver } from '../helpers/driver.js';
import { expectGolden, SIZES } from '../helpers/golden.js';
import diagnosis from '../../plugins/diagnosis/index.js';

const CHIPS = [line(span(' demo: a made-up cluster ', 'chip-warn'))];

test.each([
  [120, 30],
  [80, 24],
  [40, 10],
] as const)('the help, %ix%i', (cols, rows) => {
  expectGolden('help', cols, rows, new Driver({ hosts: CLUSTER, cols, rows }).press('V', '?').frame());
});

describe.each(SIZES)('%ix%i', (cols, rows) => {
  const places = [[], ['V'], ['V', 'Right'], ['Left'], ['?'], ['V', '?'], ['Esc'], ['V', 'f', 'm', 'End']];

  test.each(places)('no line is wider than the terminal, and title and hints stay visible: %s', (...keys) => {
    const driver = new Driver({ hosts: CLUSTER, cols, rows, chips: CHIPS }).press(...keys);
    const lines = driver.lines();
    expect(lines).toHaveLength(rows);
    for (const text of lines) expect(width(text)).toBeLessThanOrEqual(cols);
    expect(lines[0]).toContain('3/4 nodes'.slice(0, 1));
    expect(lines[0]).toMatch(/14:32:07 live$/);
    expect(lines[1]).toContain(driver.tab);
    expect(lines[2]).toContain('demo');
    if (keys.at(-1) === 'Esc') expect(lines.at(-2)).toMatch(/q quits$/);
    expect(lines.at(-1)).toMatch(keys.at(-1) === '?' ? /Esc close/ : /\? help/);
  });
});

test('the footer offers the keys that work here, and the help explains them all', () => {
  for (const keys of [[], ['V'], ['V', 'Right']]) {
    const driver = new Driver({ hosts: CLUSTER, cols: 260, rows: 90 }).press(...keys);
    const offered = driver
      .lines()
      .at(-1)!
      .trim()
      .split(/ {2,}/)
      .map((hint) => hint.split(' ')[0]!);
    expect(offered).toEqual(expect.arrayContaining(['?', 'q', 'V', '←→']));
    const help = driver.press('?').frame();
    for (const key of offered.filter((name) => name !== '←→')) expect(help).toMatch(new RegExp(`(^| )${key.replace('?', '\\?')}[, ]`, 'm'));
  }
});

/** The header of the column that a hint sorts by. */
const CAPTIONS: Readonly<Record<string, string>> = {
  user: 'USER',
  VRAM: 'VRAM',
  power: 'POWER',
  nodes: 'NODES',
  longest: 'LONGEST',
  fails: 'FAILS',
  age: 'AGE',
  latency: 'LATENCY',
  size: 'SIZE',
  clock: 'CLOCK',
  'last seen': 'LAST SEEN',
};

test.each(SIZES)('the footer offers only sorts by visible columns, %ix%i', (cols, rows) => {
  for (const [keys, least] of [
    [['V'], ['user']],
    [['V', 'Enter'], ['VRAM']],
    [['V', 'i'], []],
    [['D'], ['fails']],
  ] as const) {
    const lines = new Driver({ hosts: CLUSTER, cols, rows, plugins: [diagnosis] }).press(...keys).lines();
    const sorts = lines
      .at(-1)!
      .trim()
      .split(/ {2,}/)
      .map((hint) => hint.slice(hint.indexOf(' ') + 1))
      .filter((label) => Object.hasOwn(CAPTIONS, label));
    const header = lines.find((text) => /^ +[▲▼]?(USER|NODE) /.test(text)) ?? '';
    if (cols >= 80) expect(sorts).toEqual(expect.arrayContaining([...least]));
    for (const label of sorts) expect(header).toContain(CAPTIONS[label]);
  }
});

test('the help lists the keys of the tab first, then the global ones', () => {
  const text = new Driver({ hosts: CLUSTER, cols: 80, rows: 160 }).press('V', '?').frame();
  const places = ['Users\n', 'Everywhere\n', 'Always\n', 'POWER* is an estimate'].map((heading) => text.indexOf(heading));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
});

test('external text cannot control the terminal', () => {
  const evil = '\u001b[2J\u009b31m\u202e';
  const driver = new Driver({
    hosts: [{ name: `a${evil}b`, gpus: 1, procs: [{ pid: 1, gpu: 0, user: `u${evil}`, command: evil }] }],
  });
  for (const key of ['x', 'V', 'Right']) {
    driver.press(key);
    expect(driver.painter.cells.ch.join('')).not.toMatch(/\p{Cc}|\p{Cf}/u);
  }
});
