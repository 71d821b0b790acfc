/** Text files that people write: read whole, up to a limit. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { AppError, readReason } from '../../errors.js';

/** Makes the error for a file that cannot be read. */
export type Unreadable = (reason: string, cause?: unknown) => AppError;

/** Changes when the file does. Throws what `unreadable` makes. */
export async function fileSignature(path: string, unreadable: Unreadable, maxBytes = Infinity): Promise<string> {
  try {
    const found = await stat(path, { bigint: true });
    if (!found.isFile()) throw unreadable('is not a file');
    if (found.size > maxBytes) throw unreadable(largerThan(maxBytes));
    return `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
  } catch (error) {
    throw error instanceof AppError ? error : unreadable(readReason(error), error);
  }
}

const largerThan = (maxBytes: number): string => `larger than ${maxBytes / 2 ** 20} MiB`;

/** The text of a file, which may be a pipe, without a byte order mark. Throws what `unreadable` makes. */
export async function readTextFile(path: string, maxBytes: number, unreadable: Unreadable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw unreadable(largerThan(maxBytes));
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
