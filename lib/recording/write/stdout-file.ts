/** A recording on standard output: plain lines, one after another, as fast as they are read. */
import type { RecordingFile } from './segment-file.js';

/** Names of standard output. */
const NAMES: ReadonlySet<string> = new Set(['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

export const isStdout = (path: string): boolean => NAMES.has(path);

export class StdoutFile implements RecordingFile {
  readonly path = '-';
  size = 0;

  constructor() {
    // Errors are reported to the callback of the write.
    process.stdout.on('error', () => undefined);
  }

  async append(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      await new Promise<void>((resolve, reject) => {
        process.stdout.write(chunk, (error) => {
          if (error) reject(error);
          else resolve();
        });
      });
      this.size += chunk.length;
    }
  }

  replaceEnd(): Promise<boolean> {
    return Promise.resolve(false);
  }
  moveTo(): Promise<void> {
    return Promise.resolve();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
  discardEmpty(): Promise<void> {
    return Promise.resolve();
  }
}
