/** Text files that people write: read whole, up to a limit. */
import { createReadStream } from 'node:fs';
import { AppError, readReason } from '../../errors.js';

/** Makes the error for a file that cannot be read. */
export type Unreadable = (reason: string, cause?: unknown) => AppError;

/** The text of a file, which may be a pipe, without a byte order mark. Throws what `unreadable` makes. */
export async function readTextFile(path: string, maxBytes: number, unreadable: Unreadable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw unreadable(`larger than ${maxBytes / 2 ** 20} MiB`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unreadable(readReason(error), error);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.includes('\0')) throw unreadable('is not a text file');
  return text.replace(/^\uFEFF/, '');
}
