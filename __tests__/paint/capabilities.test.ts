import { describe, expect, test } from '@jest/globals';
import { capabilitiesOf, themeFor } from '../../lib/paint/capabilities.js';
import { THEMES, THEMES_OF_16 } from '../../lib/paint/theme.js';

describe('what a terminal can show', () => {
  test.each([
    [{}, 256, false],
    [{ TERM: 'xterm-256color' }, 256, false],
    [{ TERM: 'screen-256color' }, 256, false],
    [{ TERM: 'tmux-256color' }, 256, false],
    [{ TERM: 'xterm-kitty' }, 256, false],
    [{ TERM: 'alacritty' }, 256, false],
    [{ TERM: 'xterm-direct' }, 256, false],
    [{ TERM: 'xterm', COLORTERM: 'truecolor' }, 256, false],
    [{ TERM: 'xterm' }, 16, false],
    [{ TERM: 'screen' }, 16, false],
    [{ TERM: 'rxvt' }, 16, false],
    [{ TERM: 'linux' }, 16, true],
    [{ TERM: 'linux', COLORTERM: '1' }, 16, true],
    [{ TERM: 'vt100' }, 0, true],
    [{ TERM: 'vt220' }, 0, true],
    [{ TERM: 'dumb' }, 0, true],
    [{ TERM: 'xterm-256color', LANG: 'C' }, 256, true],
    [{ TERM: 'xterm-256color', LANG: 'POSIX' }, 256, true],
    [{ TERM: 'xterm-256color', LANG: 'C.UTF-8' }, 256, false],
    [{ TERM: 'xterm-256color', LANG: 'de_DE.utf8' }, 256, false],
    [{ TERM: 'xterm-256color', LANG: 'de_DE.ISO-8859-1' }, 256, true],
    [{ TERM: 'xterm-256color', LANG: 'de_DE' }, 256, true],
    [{ TERM: 'xterm-256color', LANG: 'C', LC_ALL: 'C.UTF-8' }, 256, false],
    [{ TERM: 'xterm-256color', LANG: 'C.UTF-8', LC_CTYPE: 'C' }, 256, true],
    [{ TERM: 'xterm-256color', LANG: 'C.UTF-8', LC_ALL: '' }, 256, false],
  ])('%j: %i colours, ASCII only: %s', (env, colours, ascii) => {
    expect(capabilitiesOf(env)).toEqual({ colours, ascii });
  });
});

describe('the theme', () => {
  test.each([
    [{}, 'dark'],
    [{ NO_COLOR: '' }, 'dark'],
    [{ NO_COLOR: '1' }, 'mono'],
    [{ NO_COLOR: '1', COLORFGBG: '0;15' }, 'mono'],
    [{ COLORFGBG: '0;15' }, 'light'],
    [{ COLORFGBG: '0;default;7' }, 'light'],
    [{ COLORFGBG: '15;0' }, 'dark'],
    [{ TERM: 'vt100', COLORFGBG: '0;15' }, 'mono'],
  ])('%j sets %s', (env, name) => {
    expect(themeFor('auto', env).name).toBe(name);
  });

  test('an explicit choice takes precedence over the environment, as far as the terminal supports it', () => {
    expect(themeFor('colour-blind', { NO_COLOR: '1', COLORFGBG: '0;15' })).toBe(THEMES['colour-blind']);
    expect(themeFor('high-contrast', { TERM: 'linux' })).toBe(THEMES_OF_16['high-contrast']);
    expect(themeFor('high-contrast', { TERM: 'vt100' })).toBe(THEMES.mono);
    expect(themeFor('mono', { TERM: 'xterm' })).toBe(THEMES.mono);
  });
});
