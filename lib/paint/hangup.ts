/** What is left to do when the terminal is gone: its window was closed, its connection broke. */
import { closeSync, fstatSync, openSync } from 'node:fs';

/**
 * Puts /dev/null in the place of a terminal that is gone. At its end node sets stdio back to the modes it found, and aborts (with a core
 * dump) when a terminal does not let itself be set; it leaves descriptors alone that have become other files.
 */
export function forsakeTerminal(): void {
  try {
    const terminal = fstatSync(1).rdev;
    for (const fd of [0, 1, 2]) {
      if (fstatSync(fd).rdev !== terminal) continue;
      closeSync(fd);
      // The lowest free number is taken: this one.
      openSync('/dev/null', 'r+');
    }
  } catch {
    // Closed already: node is content with that too.
  }
}
