/** What key sequences mean: tables of xterm, the Linux console, rxvt, and the newer forms (modifyOtherKeys, kitty's CSI u). */
import type { Key } from '../keys/names.js';
import { clean } from '../sanitize.js';

export interface Modifiers {
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
}

/** The key under its canonical name. `text` counts only where no modifier makes it a command. */
export function keyOf(base: string, text: string, { ctrl, alt, shift }: Modifiers): Key {
  return { type: 'key', name: `${ctrl ? 'C-' : ''}${alt ? 'A-' : ''}${shift ? 'S-' : ''}${base}`, text: ctrl || alt ? '' : text };
}

/** Final byte of `CSI 1 ; modifiers X` and of `SS3 X`. */
const BY_LETTER: Readonly<Record<string, string>> = {
  A: 'Up',
  B: 'Down',
  C: 'Right',
  D: 'Left',
  F: 'End',
  H: 'Home',
  P: 'F1',
  Q: 'F2',
  R: 'F3',
  S: 'F4',
};

/** First parameter of `CSI n ; modifiers ~`. */
const BY_NUMBER: Readonly<Record<number, string>> = {
  1: 'Home',
  2: 'Insert',
  3: 'Delete',
  4: 'End',
  5: 'PageUp',
  6: 'PageDown',
  7: 'Home',
  8: 'End',
  11: 'F1',
  12: 'F2',
  13: 'F3',
  14: 'F4',
  15: 'F5',
  17: 'F6',
  18: 'F7',
  19: 'F8',
  20: 'F9',
  21: 'F10',
  23: 'F11',
  24: 'F12',
};

/** Keys that are said by a code point (CSI u, modifyOtherKeys); from 57399 on kitty's numbers for the keypad. */
const BY_CODE: Readonly<Record<number, string>> = {
  8: 'Backspace',
  9: 'Tab',
  10: 'Enter',
  13: 'Enter',
  27: 'Esc',
  32: 'Space',
  127: 'Backspace',
  57414: 'Enter',
  57417: 'Left',
  57418: 'Right',
  57419: 'Up',
  57420: 'Down',
  57421: 'PageUp',
  57422: 'PageDown',
  57423: 'Home',
  57424: 'End',
  57425: 'Insert',
  57426: 'Delete',
};
const KITTY_KEYPAD = 57399;
const KEYPAD_TEXT = '0123456789./*-+';
/** Numbers that stand for keys without text. */
const KITTY_FUNCTIONAL = { first: 57344, last: 63743 };

/** Application keypad: `SS3 j` to `SS3 y`. */
const SS3_KEYPAD = '*+,-./0123456789';

const SHIFT = 1;
const ALT = 2;
const CTRL = 4;
/** Super, hyper: such a chord belongs to the desktop, and must not be taken for the key alone. */
const FOREIGN = 8 | 16;
const META = 32;
const RELEASE = 3;

/** The modifier parameter is one more than the bits. Undefined: not for us. */
function modifiersOf(parameter: number, alt = false): Modifiers | undefined {
  const bits = Math.max(1, parameter) - 1;
  if ((bits & FOREIGN) !== 0) return undefined;
  return { ctrl: (bits & CTRL) !== 0, alt: alt || (bits & (ALT | META)) !== 0, shift: (bits & SHIFT) !== 0 };
}

function named(name: string | undefined, modifiers: Modifiers | undefined): Key | undefined {
  return name === undefined || modifiers === undefined ? undefined : keyOf(name, '', modifiers);
}

/** A key said by code point. `shifted` and `text` are what the terminal says it types, where it does. */
function coded(code: number, modifiers: Modifiers | undefined, shifted?: number, text?: string): Key | undefined {
  if (modifiers === undefined) return undefined;
  const name = BY_CODE[code];
  if (name !== undefined) return keyOf(name, name === 'Space' ? ' ' : '', modifiers);
  const keypad = KEYPAD_TEXT[code - KITTY_KEYPAD];
  if (keypad !== undefined) return keyOf(keypad, keypad, { ...modifiers, shift: false });
  if (code < 0x20 || code > 0x10ffff || (code >= KITTY_FUNCTIONAL.first && code <= KITTY_FUNCTIONAL.last)) return undefined;
  const plain = clean(String.fromCodePoint(code));
  if (plain === '') return undefined;
  // With control a letter is always said small, and shift by name; else the shifted character tells.
  if (modifiers.ctrl) return keyOf(plain.toLowerCase(), '', { ...modifiers, shift: modifiers.shift || plain !== plain.toLowerCase() });
  const upper = modifiers.shift ? clean(text ?? (shifted === undefined ? plain.toUpperCase() : String.fromCodePoint(shifted))) : plain;
  return [...upper].length === 1 ? keyOf(upper, upper, { ...modifiers, shift: false }) : undefined;
}

const codePoint = (text: string | undefined): number | undefined => {
  const n = text ? Number(text) : NaN;
  return Number.isInteger(n) && n <= 0x10ffff ? n : undefined;
};

/** `CSI code:shifted ; modifiers:event ; text u` */
function kittyKey(fields: readonly string[], alt: boolean): Key | undefined {
  const [code, shifted] = (fields[0] ?? '').split(':').map(codePoint);
  const [modifiers, event] = (fields[1] ?? '').split(':').map(Number);
  if (code === undefined || event === RELEASE) return undefined;
  const text = fields[2] ? codePoint(fields[2]) : undefined;
  return coded(code, modifiersOf(modifiers ?? 1, alt), shifted, text === undefined ? undefined : String.fromCodePoint(text));
}

/** rxvt says modifiers by the final byte of `CSI n X`. */
const RXVT_FINALS: Readonly<Record<string, Modifiers>> = {
  '^': { ctrl: true, alt: false, shift: false },
  '@': { ctrl: true, alt: false, shift: true },
};
const RXVT_SHIFTED: Readonly<Record<string, string>> = { a: 'Up', b: 'Down', c: 'Right', d: 'Left' };
const LINUX_FUNCTION = 'ABCDE';

/**
 * The key of a control sequence, given without CSI. Undefined for everything that is no key: replies, focus, unknown. `alt`: an ESC stood
 * before it.
 */
export function csiEvent(body: string, alt: boolean): Key | undefined {
  const final = body.at(-1)!;
  const parameters = body.slice(0, -1);
  if (parameters === '[')
    return named(LINUX_FUNCTION.includes(final) ? `F${LINUX_FUNCTION.indexOf(final) + 1}` : undefined, modifiersOf(1, alt));
  // Private markers and intermediates stand in replies only.
  if (!/^[\d;:]*$/.test(parameters)) return undefined;
  const fields = parameters.split(';');
  const numbers = fields.map((field) => Number(field.split(':')[0]));
  const [first = 0, second = 0, third = 0] = numbers;
  if (fields[1]?.split(':')[1] === String(RELEASE)) return undefined;
  const modifiers = modifiersOf(second, alt);
  if (final === '~') return first === 27 && third > 0 ? coded(third, modifiers) : named(BY_NUMBER[first], modifiers);
  if (final === 'u') return kittyKey(fields, alt);
  if (final === 'Z') return named('Tab', { ctrl: false, alt, shift: true, ...(modifiers?.ctrl === true ? { ctrl: true } : {}) });
  if (RXVT_FINALS[final] !== undefined) return named(BY_NUMBER[first], { ...RXVT_FINALS[final], alt });
  if (RXVT_SHIFTED[final] !== undefined && parameters === '') return named(RXVT_SHIFTED[final], { ctrl: false, alt, shift: true });
  // `CSI row ; column R` is where the cursor stands; F3 with modifiers looks the same in the first row.
  const isKey = final === 'R' ? first === 1 && second >= 2 && second <= 8 : parameters === '' || (fields.length === 2 && first === 1);
  return isKey ? named(BY_LETTER[final], modifiers) : undefined;
}

/** The key of `SS3 [modifiers] X`, given without SS3. */
export function ss3Event(body: string, alt: boolean): Key | undefined {
  const final = body.at(-1)!;
  const modifiers = modifiersOf(Number(body.slice(0, -1)), alt);
  if (final === 'M') return named('Enter', modifiers);
  const keypad = SS3_KEYPAD[final.charCodeAt(0) - 0x6a];
  if (keypad !== undefined && modifiers !== undefined) return keyOf(keypad, keypad, { ...modifiers, shift: false });
  return named(BY_LETTER[final], modifiers);
}
