/** The seam between frames and terminals. */
import type { Size, Frame } from './frame.js';
import type { InputEvent } from '../keys/key-names.js';

export interface Painter {
  /** At least 1x1. */
  readonly size: Size;
  /** Shows the frame. While the painter is not ready, or the terminal is someone else's, nothing happens. */
  paint(frame: Frame): void;
  onInput(run: (event: InputEvent) => void): void;
  onResize(run: () => void): void;
  /** False while earlier bytes are still waiting: skip the frame. */
  ready(): boolean;
  /** Called when a painter that refused a frame takes one again. */
  onReady(run: () => void): void;
  /** Gives the terminal back and stops the process until it is continued. */
  suspend(): void;
  /** The next frame is drawn whole, whatever is believed to be on screen. */
  redraw(): void;
  /** Puts a clean text into the clipboard of whoever sits at the terminal (OSC 52). Terminals that do not allow that ignore it. */
  copy(text: string): void;
  bell(): void;
  close(): Promise<void> | void;
  /** Bytes the terminal has been given so far. */
  readonly bytesWritten: number;
}
