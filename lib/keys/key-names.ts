/** Input events, as parsed from the bytes of the terminal. */
export interface Key {
  readonly type: 'key';
  /**
   * One canonical name: a printable character is itself ('q', 'Q', '?', 'é'); else 'Enter', 'Esc', 'Tab', 'Space', 'Backspace', 'Up',
   * 'Down', 'Left', 'Right', 'Home', 'End', 'PageUp', 'PageDown', 'Insert', 'Delete', 'F1'..'F12'. Modifiers are prefixes in this order:
   * 'C-' control, 'A-' alt, 'S-' shift (only where the character does not imply it: 'S-Tab', 'S-Up').
   */
  readonly name: string;
  /** The text that the key types, '' for none. */
  readonly text: string;
}
export interface Mouse {
  readonly type: 'mouse';
  readonly action: 'press' | 'release' | 'drag' | 'wheel-up' | 'wheel-down';
  readonly button: 'left' | 'middle' | 'right' | 'none';
  /** 0-based cell. */
  readonly x: number;
  readonly y: number;
  /** 2 for the second press at the same cell within 400 ms. */
  readonly clicks: number;
}
/** Bracketed paste: text, never keys. */
export interface Paste {
  readonly type: 'paste';
  readonly text: string;
}
export type InputEvent = Key | Mouse | Paste;

/**
 * The name of an event in the layers: a key's own, or 'Click', 'DoubleClick', 'WheelUp', 'WheelDown'. Undefined: cannot be bound (release,
 * drag, paste).
 */
export function eventName(event: InputEvent): string | undefined {
  if (event.type === 'key') return event.name;
  if (event.type === 'paste') return undefined;
  if (event.action === 'wheel-up') return 'WheelUp';
  if (event.action === 'wheel-down') return 'WheelDown';
  if (event.action === 'press' && event.button === 'left') return event.clicks >= 2 ? 'DoubleClick' : 'Click';
  return undefined;
}
