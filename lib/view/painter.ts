/** The interface between frames and terminals. */
import type { Size, Frame } from './frame.js';
import type { InputEvent } from '../keys/key-names.js';

export interface Painter {
  /** At least 1x1. */
  readonly size: Size;
  /** Shows the frame. Does nothing while the painter is not ready, or another program has the terminal. */
  paint(frame: Frame): void;
  onInput(run: (event: InputEvent) => void): void;
  onResize(run: () => void): void;
  /** False while earlier bytes are still being written: skip the frame. */
  ready(): boolean;
  /** Called when a painter that refused a frame is ready again. */
  onReady(run: () => void): void;
  /** Restores the terminal and stops the process until it is continued. */
  suspend(): void;
  /** The next frame is drawn completely, whatever is assumed to be on screen. */
  redraw(): void;
  /** Copies a clean text to the clipboard of the terminal's user (OSC 52). Terminals that do not allow that ignore it. */
  copy(text: string): void;
  bell(): void;
  close(): Promise<void> | void;
  /** Bytes written to the terminal so far. */
  readonly bytesWritten: number;
}
