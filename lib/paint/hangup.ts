/** Cleans up when the terminal is gone: its window was closed or its connection broke. */
import { closeSync, fstatSync, openSync } from 'node:fs';

/**
 * Replaces a terminal that is gone by /dev/null. When node exits it resets the modes of stdio, and aborts with a core dump if a terminal
 * refuses; it leaves descriptors alone that have become other files.
 */
export function forsakeTerminal(): void {
  try {
    const terminal = fstatSync(1).rdev;
    for (const fd of [0, 1, 2]) {
      if (fstatSync(fd).rdev !== terminal) continue;
      closeSync(fd);
      // open() returns the lowest free descriptor: this one.
      openSync('/dev/null', 'r+');
    }
  } catch {
    // Already closed; node accepts that too.
  }
}
