/** What the input parser makes of bytes. */
export interface Key {
  readonly type: 'key';
  /**
   * One canonical name: a printable character is itself ('q', 'Q', '?', 'é'); else 'Enter', 'Esc', 'Tab', 'Space', 'Backspace',
   * 'Up', 'Down', 'Left', 'Right', 'Home', 'End', 'PageUp', 'PageDown', 'Insert', 'Delete', 'F1'..'F12'. Modifiers stand before it in
   * this order: 'C-' control, 'A-' alt, 'S-' shift (only where the name does not tell: 'S-Tab', 'S-Up').
   */
  readonly name: string;
  /** The text the key types, '' for none. */
  readonly text: string;
}
export interface Mouse {
  readonly type: 'mouse';
  readonly action: 'press' | 'release' | 'drag' | 'wheel-up' | 'wheel-down';
  readonly button: 'left' | 'middle' | 'right' | 'none';
  /** 0-based cell. */
  readonly x: number;
  readonly y: number;
  /** 2 for the second press at one place within 400 ms. */
  readonly clicks: number;
}
/** Bracketed paste: text, never keys. */
export interface Paste {
  readonly type: 'paste';
  readonly text: string;
}
export type InputEvent = Key | Mouse | Paste;

/**
 * The name under which an event is looked up in the layers: a key's own, or 'Click', 'DoubleClick', 'WheelUp', 'WheelDown'. Undefined:
 * nothing binds it (release, drag, paste).
 */
export function eventName(event: InputEvent): string | undefined {
  if (event.type === 'key') return event.name;
  if (event.type === 'paste') return undefined;
  if (event.action === 'wheel-up') return 'WheelUp';
  if (event.action === 'wheel-down') return 'WheelDown';
  if (event.action === 'press' && event.button === 'left') return event.clicks >= 2 ? 'DoubleClick' : 'Click';
  return undefined;
}
