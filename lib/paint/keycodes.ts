/** What key sequences mean: tables of xterm, the Linux console, rxvt, and the newer forms (modifyOtherKeys, kitty's CSI u). */
import type { Key } from '../keys/key-names.js';
import { clean } from '../text/sanitize.js';

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

/** Keys that are sent as a code point (CSI u, modifyOtherKeys); from 57399 on, kitty's numbers for the keypad. */
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
/** Super, hyper: such a chord belongs to the desktop and must not be taken for the plain key. */
const FOREIGN = 8 | 16;
const META = 32;
const RELEASE = 3;

/** The modifier parameter is the modifier bits plus 1. Undefined: not for us. */
function modifiersOf(parameter: number, alt = false): Modifiers | undefined {
  const bits = Math.max(1, parameter) - 1;
  if ((bits & FOREIGN) !== 0) return undefined;
  return { ctrl: (bits & CTRL) !== 0, alt: alt || (bits & (ALT | META)) !== 0, shift: (bits & SHIFT) !== 0 };
}

function named(name: string | undefined, modifiers: Modifiers | undefined): Key | undefined {
  return name === undefined || modifiers === undefined ? undefined : keyOf(name, '', modifiers);
}

/** The name of a character key: lower case with control, named with shift; otherwise the shifted character. */
function typed(plain: string, modifiers: Modifiers, shifted: string): Key | undefined {
  if (modifiers.ctrl) return keyOf(plain.toLowerCase(), '', { ...modifiers, shift: modifiers.shift || plain !== plain.toLowerCase() });
  const ch = modifiers.shift ? clean(shifted) : plain;
  return Array.from(ch).length === 1 ? keyOf(ch, ch, { ...modifiers, shift: false }) : undefined;
}

/** A key sent as a code point. `shifted` is what it types with shift, if the terminal reports it. */
function coded(code: number, modifiers: Modifiers | undefined, shifted?: string): Key | undefined {
  if (modifiers === undefined) return undefined;
  const name = BY_CODE[code];
  if (name !== undefined) return keyOf(name, name === 'Space' ? ' ' : '', modifiers);
  const keypad = KEYPAD_TEXT[code - KITTY_KEYPAD];
  if (keypad !== undefined) return keyOf(keypad, keypad, { ...modifiers, shift: false });
  if (code > 0x10ffff || (code >= KITTY_FUNCTIONAL.first && code <= KITTY_FUNCTIONAL.last)) return undefined;
  const plain = clean(String.fromCodePoint(code));
  return plain === '' ? undefined : typed(plain, modifiers, shifted ?? plain.toUpperCase());
}

/** A control sequence, taken apart. */
interface Csi {
  readonly final: string;
  /** Parameters, each with its sub-parameters. */
  readonly fields: readonly (readonly number[])[];
  readonly alt: boolean;
  /** Undefined: a chord that is not for us. */
  readonly modifiers: Modifiers | undefined;
}

const first = ({ fields }: Csi): number => fields[0]?.[0] ?? 0;

/** `CSI code:shifted ; modifiers:event ; text u` */
function kittyKey(csi: Csi): Key | undefined {
  const shifted = csi.fields[2]?.[0] ?? csi.fields[0]?.[1] ?? 0;
  return coded(first(csi), csi.modifiers, shifted > 0 && shifted <= 0x10ffff ? String.fromCodePoint(shifted) : undefined);
}

/** `CSI n ; modifiers ~`, and modifyOtherKeys: `CSI 27 ; modifiers ; code ~`. */
function tildeKey(csi: Csi): Key | undefined {
  const code = csi.fields[2]?.[0];
  return first(csi) === 27 && code !== undefined ? coded(code, csi.modifiers) : named(BY_NUMBER[first(csi)], csi.modifiers);
}

/** `CSI X` and `CSI 1 ; modifiers X`. */
function letterKey({ final, fields, modifiers }: Csi): Key | undefined {
  const bare = fields.length === 0;
  return bare || (fields.length === 2 && fields[0]?.[0] === 1) ? named(BY_LETTER[final], modifiers) : undefined;
}

/** `CSI row ; column R` is the cursor position; F3 with modifiers looks the same in the first row. */
function f3Key(csi: Csi): Key | undefined {
  const parameter = csi.fields[1]?.[0] ?? 0;
  return parameter >= 2 && parameter <= 8 ? letterKey(csi) : undefined;
}

const shiftTab = ({ modifiers }: Csi): Key | undefined => modifiers && named('Tab', { ...modifiers, shift: true });
/** rxvt encodes modifiers in the final byte. */
const rxvtNumber =
  (shift: boolean) =>
  (csi: Csi): Key | undefined =>
    named(BY_NUMBER[first(csi)], { ctrl: true, alt: csi.alt, shift });
const rxvtArrow =
  (name: string) =>
  ({ fields, alt }: Csi): Key | undefined =>
    fields.length === 0 ? named(name, { ctrl: false, alt, shift: true }) : undefined;

const BY_FINAL: Readonly<Record<string, (csi: Csi) => Key | undefined>> = {
  '~': tildeKey,
  u: kittyKey,
  Z: shiftTab,
  R: f3Key,
  '^': rxvtNumber(false),
  '@': rxvtNumber(true),
  a: rxvtArrow('Up'),
  b: rxvtArrow('Down'),
  c: rxvtArrow('Right'),
  d: rxvtArrow('Left'),
};
const LINUX_FUNCTION: Readonly<Record<string, string>> = { '[A': 'F1', '[B': 'F2', '[C': 'F3', '[D': 'F4', '[E': 'F5' };

/**
 * The key of a control sequence, given without CSI. Undefined for anything that is not a key: replies, focus, releases, unknown. `alt`: preceded
 * by ESC.
 */
export function csiEvent(body: string, alt: boolean): Key | undefined {
  const console = LINUX_FUNCTION[body];
  if (console !== undefined) return named(console, modifiersOf(1, alt));
  const parameters = body.slice(0, -1);
  // Private markers and intermediates occur in replies only.
  if (!/^[\d;:]*$/.test(parameters)) return undefined;
  const fields = parameters === '' ? [] : parameters.split(';').map((field) => field.split(':').map(Number));
  if (fields[1]?.[1] === RELEASE) return undefined;
  const csi: Csi = { final: body.slice(-1), fields, alt, modifiers: modifiersOf(fields[1]?.[0] ?? 1, alt) };
  return (BY_FINAL[csi.final] ?? letterKey)(csi);
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
