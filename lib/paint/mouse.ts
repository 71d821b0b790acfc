/** Mouse reports of terminals. */
import type { Mouse } from '../keys/key-names.js';

export type MouseReport = Pick<Mouse, 'action' | 'button' | 'x' | 'y'>;

const BUTTONS = ['left', 'middle', 'right', 'none'] as const;

const MOTION = 32;
const WHEEL = 64;
const EXTRA = 128;

/** Shared by both forms: the button code (xterm, "mouse tracking") and the 1-based cell. */
function report(code: number, column: number, row: number, released: boolean): MouseReport | undefined {
  const at = { x: column - 1, y: row - 1 };
  if (!(at.x >= 0 && at.y >= 0 && at.x < 0x10000 && at.y < 0x10000) || (code & EXTRA) !== 0) return undefined;
  const low = code & 3;
  if ((code & WHEEL) !== 0)
    return low < 2 && !released ? { action: low === 0 ? 'wheel-up' : 'wheel-down', button: 'none', ...at } : undefined;
  const button = BUTTONS[low]!;
  if ((code & MOTION) !== 0) return button === 'none' ? undefined : { action: 'drag', button, ...at };
  return { action: released || button === 'none' ? 'release' : 'press', button, ...at };
}

/** SGR: `<code;column;row` and `M` for a press, `m` for a release. */
export function mouseOf(body: string): MouseReport | undefined {
  const parts = /^<(\d{1,5});(\d{1,5});(\d{1,5})([Mm])$/.exec(body);
  return parts ? report(Number(parts[1]), Number(parts[2]), Number(parts[3]), parts[4] === 'm') : undefined;
}

/** The old form, for terminals without SGR: three bytes, each plus 32. A release does not say which button. */
export function x10Mouse(bytes: string): MouseReport | undefined {
  const at = (index: number): number => bytes.charCodeAt(index) - 32;
  return report(at(0), at(1), at(2), false);
}
