/** The exact bytes that are written to terminals of all kinds. */
import { systemClock } from '../../lib/run/system-clock.js';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createBlessedPainter, type BlessedOptions } from '../../lib/paint/blessed-painter.js';
import { themeFor } from '../../lib/paint/capabilities.js';
import { THEMES } from '../../lib/paint/theme.js';
import { TONES, line, span, type Frame } from '../../lib/view/frame.js';
import { FakeTty } from '../helpers/terminal.js';
import type { Painter } from '../../lib/view/painter.js';

const opened: { painter: Painter; tty: FakeTty }[] = [];
afterEach(async () => {
  for (const { painter, tty } of opened.splice(0)) {
    await painter.close();
    tty.emulator.dispose();
  }
});

async function open(
  env: Readonly<Record<string, string>>,
  more: Partial<BlessedOptions> = {},
): Promise<{ painter: Painter; tty: FakeTty }> {
  const tty = new FakeTty(40, 40);
  const painter = createBlessedPainter({ stdin: tty.stdin, stdout: tty.stdout, env, clock: systemClock, ...more });
  opened.push({ painter, tty });
  await tty.settled();
  return { painter, tty };
}

/** Each tone, selected and not, and characters of many scripts. */
const FRAME: Frame = {
  size: { cols: 40, rows: 40 },
  lines: [
    ...TONES.map((tone) => line(span(` ${tone} ▌█▏░ 71° – … ✕`, tone))),
    ...TONES.map((tone) => ({ ...line(span(` ${tone} 日本 müller`, tone)), selected: true })),
  ],
  rasters: [{ x: 30, y: 35, raster: { cols: 2, rows: 1, chars: ['⣿', '⠁'], tones: ['accent', 'accent'] } }],
};

/** The bytes of the frame. */
async function written(env: Readonly<Record<string, string>>, more: Partial<BlessedOptions> = {}): Promise<string> {
  const { painter, tty } = await open(env, more);
  const before = tty.raw.length;
  painter.paint(FRAME);
  await tty.settled();
  return tty.raw.slice(before);
}

/** Parameters of all SGR sequences. */
const sgr = (bytes: string): number[][] => [...bytes.matchAll(/\x1b\[([\d;]*)m/g)].map((match) => match[1]!.split(';').map(Number));
const has256 = (bytes: string): boolean => /\x1b\[[\d;]*[34]8;5;/.test(bytes);
/** Colours other than the default ones of the terminal. */
const hasColour = (bytes: string): boolean =>
  has256(bytes) || sgr(bytes).some((codes) => codes.some((code) => (code >= 30 && code <= 37) || (code >= 40 && code <= 47) || code >= 90));

describe('colours', () => {
  test.each([
    [{ TERM: 'xterm-256color' }, true],
    [{ TERM: 'screen-256color' }, true],
    [{ TERM: 'tmux-256color' }, true],
    [{ TERM: 'xterm' }, false],
    [{ TERM: 'screen' }, false],
    [{ TERM: 'linux' }, false],
  ])('%j: 256 colours: %s', async (env, many) => {
    const bytes = await written(env);
    expect([hasColour(bytes), has256(bytes)]).toEqual([true, many]);
  });

  test.each([[{ TERM: 'xterm-256color', NO_COLOR: '1' }], [{ TERM: 'vt100' }], [{ TERM: 'linux', NO_COLOR: '1' }]])(
    '%j: no colours',
    async (env) => {
      const bytes = await written(env);
      expect(hasColour(bytes)).toBe(false);
      // Weight and inversion still show it.
      expect(sgr(bytes).flat()).toEqual(expect.arrayContaining([1, 4, 7]));
    },
  );

  test.each(Object.keys(THEMES) as (keyof typeof THEMES)[])('%s with 16 colours uses only those', async (name) => {
    expect(has256(await written({ TERM: 'xterm' }, { theme: themeFor(name, { TERM: 'xterm' }) }))).toBe(false);
  });
});

describe('characters', () => {
  test.each([[{ TERM: 'linux' }], [{ TERM: 'xterm-256color', LANG: 'C' }], [{ TERM: 'vt100', LANG: 'de_DE.UTF-8' }]])(
    '%j: ASCII, with every cell in its place',
    async (env) => {
      const bytes = await written(env);
      expect(bytes).toMatch(/^[\x1b\x20-\x7e]*$/);
      const { tty } = opened.at(-1)!;
      expect(tty.emulator.row(0).join('').trimEnd()).toBe(' normal >#|. 71C - + x');
      expect(tty.emulator.row(TONES.length).join('').trimEnd()).toBe(' normal ???? muller');
      expect(tty.emulator.row(35).join('').trimEnd()).toBe(`${' '.repeat(30)}#.`);
    },
  );

  test('UTF-8 elsewhere, and ASCII on request', async () => {
    expect(await written({ TERM: 'xterm-256color' })).toContain('▌█▏░ 71° – … ✕');
    expect(await written({ TERM: 'xterm-256color' }, { ascii: true })).toMatch(/^[\x1b\x20-\x7e]*$/);
    expect(await written({ TERM: 'linux' }, { ascii: false })).toContain('▌█▏░');
  });
});

describe('the mouse', () => {
  test('is captured, and released at the end', async () => {
    const { painter, tty } = await open({});
    expect(tty.emulator.modes.mouse).not.toBe('none');
    await painter.close();
    await tty.settled();
    expect(tty.emulator.modes.mouse).toBe('none');
  });

  test('is left to the terminal on request', async () => {
    const { painter, tty } = await open({}, { mouse: false });
    expect(tty.emulator.modes).toEqual({ mouse: 'none', paste: true });
    await painter.close();
    expect(tty.raw).not.toMatch(/\x1b\[\?100\d/);
  });
});

describe('outside the frame', () => {
  test('copying uses OSC 52, whatever the text contains', async () => {
    const { painter, tty } = await open({});
    tty.raw = '';
    painter.copy('a\tb\x1b]0;PWN\x07 日本');
    await tty.settled();
    expect(tty.raw).toMatch(/^\x1b\]52;c;[A-Za-z0-9+/=]+\x07$/);
    expect(Buffer.from(tty.raw.slice(7, -1), 'base64').toString()).toBe('a\tb\x1b]0;PWN\x07 日本');
    expect(tty.emulator.titles).toEqual([]);
  });

  test('a bell is sent', async () => {
    const { painter, tty } = await open({});
    tty.raw = '';
    painter.bell();
    await tty.settled();
    expect(tty.raw).toBe('\x07');
  });

  test('neither is sent once the terminal is restored', async () => {
    const { painter, tty } = await open({});
    await painter.close();
    await tty.settled();
    tty.raw = '';
    painter.copy('x');
    painter.bell();
    await tty.settled();
    expect(tty.raw).toBe('');
  });
});
