/** The open modals: a stack, whose top takes all keys. */
import type { PickerMatches } from './picker-matches.js';
import type { PickerState } from '../view/picker-panel.js';

export type Overlay = HelpOverlay | TimecodeOverlay | PickerOverlay;

/** A text with a scroll position. */
export interface HelpOverlay {
  readonly kind: 'help' | 'alerts';
  readonly top: number;
}

/** Input of a time. */
export interface TimecodeOverlay {
  readonly kind: 'timecode';
  readonly text: string;
  /** Why the typed time is not valid. */
  readonly problem?: string;
}

/** The list of tabs. */
export interface PickerOverlay extends PickerState {
  readonly kind: 'picker';
  readonly matches: PickerMatches;
}

/**
 * `open`: pushes a modal. `change`: changes the top one, which must be of that kind, otherwise nothing happens. `close`: pops the top one.
 */
export type OverlayChange = { readonly open: Overlay } | { readonly change: Overlay } | 'close';

export function overlaysAfter(open: readonly Overlay[], change: OverlayChange): readonly Overlay[] {
  if (change === 'close') return open.slice(0, -1);
  if ('open' in change) return [...open, change.open];
  return open.at(-1)?.kind === change.change.kind ? [...open.slice(0, -1), change.change] : open;
}
