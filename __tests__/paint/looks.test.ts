/** Screens in each theme, and a check that nothing is shown by colour alone. */
import { describe, expect, test } from '@jest/globals';
import { asciiOf } from '../../lib/paint/ascii-signs.js';
import { THEMES, THEMES_OF_16, lookOf, type Look, type Theme } from '../../lib/paint/theme.js';
import { cellsToText, type Cells } from '../../lib/view/cells.js';
import { TONES, type Line, type Tone } from '../../lib/view/frame.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver, type DriverOptions } from '../helpers/driver.js';
import { expectGolden } from '../helpers/golden.js';
import { SELECTED } from '../../lib/view/cells.js';

/** As much as possible on one screen: a selected row, a filter that dims, a new alert, a node that is down, a chip. */
function busy(cols: number, rows: number): Driver {
  const driver = new Driver({ hosts: CLUSTER, cols, rows, alerts: { powerCritW: 600 } });
  driver.press('/', 'C-u', ...Array.from('user==mira'), 'Enter', '~', 'V', 'Down');
  return driver.fail('node-0002');
}

const name = ({ fg, bg, bold, underline, inverse }: Look): string =>
  [
    ...(fg === undefined ? [] : [`f${fg}`]),
    ...(bg === undefined ? [] : [`b${bg}`]),
    ...(bold ? ['bold'] : []),
    ...(underline ? ['under'] : []),
    ...(inverse ? ['inverse'] : []),
  ].join(' ');

/** The cells, with their look before each run of cells of the same look: `{f244}text{}`. */
function painted({ cols, rows, ch, style }: Cells, theme: Theme): string {
  const lines: string[] = [];
  for (let y = 0; y < rows; y++) {
    let [text, before] = ['', ''];
    for (let x = 0; x < cols; x++) {
      const look = name(lookOf(theme, style[y * cols + x]!));
      if (look !== before) text += `{${look}}`;
      before = look;
      text += ch[y * cols + x]!;
    }
    lines.push(text.trimEnd());
  }
  return lines.join('\n');
}

describe.each([
  [80, 24],
  [120, 30],
])('%ix%i', (cols, rows) => {
  const { painter } = busy(cols, rows);

  test.each(Object.keys(THEMES) as (keyof typeof THEMES)[])('%s', (theme) => {
    expectGolden(`theme-${theme}`, cols, rows, painted(painter.cells, THEMES[theme]));
  });

  test.each(['dark', 'high-contrast'] as const)('%s, with 16 colours', (theme) => {
    expectGolden(`theme-${theme}-16`, cols, rows, painted(painter.cells, THEMES_OF_16[theme]));
  });

  test('in ASCII', () => {
    expectGolden('theme-ascii', cols, rows, cellsToText({ ...painter.cells, ch: painter.cells.ch.map(asciiOf) }));
  });
});

describe('no state is shown by colour alone', () => {
  const THEME_LIST: readonly Theme[] = [...Object.values(THEMES), ...Object.values(THEMES_OF_16)];

  test.each(THEME_LIST)('$name: active, selected and pressed items also differ in weight, inversion or underline', (theme) => {
    const plain = ({ bold, underline, inverse }: Look): string => JSON.stringify([bold ?? false, underline ?? false, inverse ?? false]);
    const of = (tone: Tone, selected = 0): string => plain(lookOf(theme, TONES.indexOf(tone) | selected));
    expect(of('tab-active')).not.toBe(of('tab'));
    expect(of('key')).not.toBe(of('dim'));
    expect(of('strong')).not.toBe(of('normal'));
    // The selected row has ▌ in its margin; without colours it is inverted as well.
    if (theme.name === 'mono') expect(of('normal', SELECTED)).not.toBe(of('normal'));
  });

  /** Tones that carry a meaning, and the marks and words that must carry it too. */
  const TELLS: Readonly<Partial<Record<Tone, RegExp>>> = {
    warn: /[!✕~⚠…]|\p{L}{2}/u,
    bad: /[!✕~⚠…▏]|\p{L}{2}/u,
    good: /\p{L}{2}/u,
    'chip-warn': /\p{L}{2}/u,
    'chip-bad': /[!✕]|\p{L}{2}/u,
  };
  const GIB = 2 ** 30;
  const hosts = [...CLUSTER, { state: 'waiting' }, { state: 'failing', gpus: 1 }] as const;
  const scenes: readonly (readonly [string, DriverOptions, readonly string[]])[] = [
    ['All', { hosts }, []],
    ['All, wide', { hosts, cols: 200, rows: 60 }, ['z']],
    ['All in groups', { hosts }, ['G']],
    ['Users', { hosts }, ['V']],
    ['a user', { hosts }, ['V', 'Enter']],
    ['a node', { hosts }, ['V', 'Enter', 'Enter', 'o']],
    ['a node that is down', { hosts }, ['End', 'Up', 'Up', 'Up', 'Enter']],
    ['a full disk', { hosts: [{ disks: [{ title: '/', totalBytes: 100 * GIB, availableBytes: GIB }] }] }, ['Right', 'Right']],
    ['an invalid filter', { hosts }, ['/', 'x']],
    ['a filter', { hosts }, ['/', ...Array.from('util==0'), 'Enter', '~']],
    ['alerts', { hosts, alerts: { powerCritW: 100 } }, ['A']],
    ['the list of tabs', { hosts }, [':']],
    ['an empty screen', {}, ['y']],
  ];
  test.each(scenes)('%s', (_what, options, keys) => {
    const driver = new Driver(options);
    if (options.hosts?.length === hosts.length) driver.scrape('node-0002', { gpus: [{ temperatureCelsius: 99, powerWatts: 400 }] });
    driver.press(...keys);
    const silent = driver.painter.frame!.lines.flatMap((line) => untold(line));
    expect(silent).toEqual([]);
  });

  /** Tones of a line that only its colour shows. */
  function untold({ spans, selected }: Line): string[] {
    const all = spans.map(({ text }) => text).join('');
    const found = selected && !all.includes('▌') && /\S/.test(all) && !spans[0]!.text.startsWith('  ') ? [`selected: ${all}`] : [];
    for (const [tone, sign] of Object.entries(TELLS)) {
      const said = spans
        .filter((span) => span.tone === tone)
        .map(({ text }) => text)
        .join('');
      if (said.trim() !== '' && !sign.test(said)) found.push(`${tone}: ${said} in ${all}`);
    }
    return found;
  }
});
