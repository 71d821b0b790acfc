/** How far a query has come, on standard error, where that is a terminal and it takes long. */
import type { WriteStream } from 'node:tty';
import { bar, count, percent } from '../lib/text/format.js';

/** Shorter waits need no line. */
const QUIET_MS = 1000;

export interface Progress {
  readonly show: (done: number, nodes: number) => void;
  readonly clear: () => void;
}

/** The part of a whole that is done, as a bar. */
export function shareProgress(stream: Pick<WriteStream, 'isTTY' | 'write'>): {
  readonly show: (part: number) => void;
  readonly clear: () => void;
} {
  const startedAt = performance.now();
  let shown = '';
  return {
    show(part) {
      if (!stream.isTTY || performance.now() - startedAt < QUIET_MS) return;
      const text = `${bar(part, BAR_COLS)} ${percent(part * 100)}`;
      if (text !== shown) stream.write(`\r${text}\u001b[K`);
      shown = text;
    },
    clear() {
      if (shown !== '') stream.write('\r\u001b[K');
      shown = '';
    },
  };
}
const BAR_COLS = 30;

export function progress(stream: Pick<WriteStream, 'isTTY' | 'write'>): Progress {
  const startedAt = performance.now();
  let shown = false;
  return {
    show(done, nodes) {
      if (!stream.isTTY || performance.now() - startedAt < QUIET_MS) return;
      shown = true;
      stream.write(`\r${count(done)} of ${count(nodes)} nodes\u001b[K`);
    },
    clear() {
      if (shown) stream.write('\r\u001b[K');
      shown = false;
    },
  };
}
