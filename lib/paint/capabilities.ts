/** What a terminal can show, judged by the environment. */
import { THEMES, THEMES_OF_16, type Theme, type ThemeName } from './theme.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Capabilities {
  /** 0: none at all. */
  readonly colours: 0 | 16 | 256;
  /** Only the characters of ASCII. */
  readonly ascii: boolean;
}

/** Old terminals without colours, ASCII only. */
const WITHOUT_COLOURS = /^(vt\d|dumb|unknown|ansi-mono)/;
/** Terminals whose font has few characters beyond ASCII. */
const WITHOUT_GLYPHS = /^(linux|vt\d|dumb|unknown|ansi|cons25)/;
const MANY_COLOURS = /256|direct|truecolor|kitty|alacritty|ghostty|foot|wezterm|iterm/i;

/** A terminal without TERM (Windows) is taken for a modern one. */
export function capabilitiesOf(env: Environment): Capabilities {
  const term = env.TERM ?? '';
  const ascii = WITHOUT_GLYPHS.test(term) || !isUtf8(env);
  if (WITHOUT_COLOURS.test(term)) return { colours: 0, ascii };
  const many = term === '' || MANY_COLOURS.test(term) || (env.COLORTERM ?? '') !== '';
  return { colours: many && term !== 'linux' ? 256 : 16, ascii };
}

/** The first of these that is set decides; if none is, UTF-8 is assumed. */
function isUtf8(env: Environment): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((one) => (one ?? '') !== '');
  return locale === undefined || /utf-?8/i.test(locale);
}

/**
 * The theme asked for, limited to the colours available. 'auto' is `mono` if NO_COLOR is set and not empty, `light` if COLORFGBG (set by some
 * terminals) ends in a light background (7 or 15), else `dark`.
 */
export function themeFor(wanted: ThemeName | 'auto', env: Environment): Theme {
  const { colours } = capabilitiesOf(env);
  const name = wanted === 'auto' ? guessed(env) : wanted;
  if (colours === 0) return THEMES.mono;
  return colours === 16 ? THEMES_OF_16[name] : THEMES[name];
}

function guessed({ NO_COLOR, COLORFGBG }: Environment): ThemeName {
  if ((NO_COLOR ?? '') !== '') return 'mono';
  return /;(7|15)$/.test(COLORFGBG ?? '') ? 'light' : 'dark';
}
