/** A recording as files: header, frames, index lines; segments when a file grows too large; the oldest are deleted only on request. */
import { readdir, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { AppError, writeError } from '../../errors.js';
import { clean } from '../../text/sanitize.js';
import { EXTENSION_OF, type Codec } from '../codec/codec.js';
import { endLine, headerLine, indexLine, type HeaderMeta, type LineBytes } from '../format/encode.js';
import { sealed } from '../format/seal.js';
import { newEncoder, type BlockCompressor, type Encoder } from './segment-encoders.js';
import { INDEX_EVERY } from '../format/schema.js';
import { named, SegmentFile, type RecordingFile } from './segment-file.js';
import { overdueAfter } from '../../model/endpoint.js';
import { isStdout, StdoutFile } from './stdout-file.js';
import type { Ms } from '../../model/clock.js';

export interface WriterOptions {
  readonly path: string;
  readonly codec: Codec;
  readonly header: Omit<HeaderMeta, 'segment' | 'firstSeq'>;
  /** Bytes on disk at which the next segment starts; undefined: there is only one. */
  readonly maxBytes?: number;
  /** Number of segments to keep, including the current one; undefined: all. */
  readonly maxFiles?: number;
  /** For zstd; closed with the writer. */
  readonly newCompressor?: () => Promise<BlockCompressor>;
  /** Yields to other work. */
  readonly rest?: () => Promise<void> | undefined;
}

export class RecordingWriter {
  /** Data frames so far. */
  frames = 0;
  readonly #options: WriterOptions;
  readonly #compressor: BlockCompressor | undefined;
  #file: RecordingFile;
  #encoder: Encoder;
  #segment = 1;
  /** Uncompressed bytes of the segment. */
  #bytes = 0;
  /** Finished segments, the oldest first. */
  readonly #finished: { readonly path: string; readonly bytes: number }[] = [];
  #nextNumber: number;
  #failed = false;

  private constructor(options: WriterOptions, file: RecordingFile, compressor: BlockCompressor | undefined, nextNumber: number) {
    this.#options = options;
    this.#file = file;
    this.#compressor = compressor;
    this.#encoder = newEncoder(options.codec, file, gapMs(options), compressor);
    this.#nextNumber = nextNumber;
  }

  /** Creates the file, under another name if its own is taken. Throws `E_FILE_WRITE`. */
  static async create(options: WriterOptions): Promise<RecordingWriter> {
    const file = isStdout(options.path) ? new StdoutFile() : await SegmentFile.createBeside(options.path);
    const compressor = options.codec === 'zstd' ? await options.newCompressor?.() : undefined;
    return new RecordingWriter(options, file, compressor, await nextNumber(file.path));
  }

  /** The file being written. */
  get path(): string {
    return this.#file.path;
  }

  /** On disk, in all segments that still exist. */
  get bytes(): number {
    return this.#finished.reduce((sum, { bytes }) => sum + bytes, this.#file.size);
  }

  get segments(): number {
    return this.#finished.length + 1;
  }

  /**
   * Adds a cycle; it is in the file when this resolves. Throws `E_RECORD_STOPPED`: the file ends with the cycle before and accepts no more.
   * The chunks are transferred, and must not be used again.
   */
  async write(lines: readonly LineBytes[], at: Ms): Promise<void> {
    try {
      const seq = this.frames;
      const all = this.#bytes === 0 ? [await this.#header()] : [];
      for (const line of lines) all.push(await sealed(line, seq, this.#options.rest));
      this.#bytes += sizeOf(all);
      const index = seq > 0 && seq % INDEX_EVERY === 0 ? [await sealed(indexLine(this.#bytes, seq))] : [];
      this.#bytes += sizeOf(index);
      await this.#encoder.record({ lines: [...all, ...index], at, frames: 1 });
      this.frames++;
      if (this.#file.size >= (this.#options.maxBytes ?? Infinity)) await this.#rotate();
    } catch (error) {
      this.#failed = true;
      throw this.#stopped(error);
    }
  }

  /** Ends the file. Throws `E_RECORD_STOPPED` if its end could not be written; the file can still be replayed. */
  async finish(): Promise<void> {
    try {
      // An empty file is still a recording, without frames.
      if (!this.#failed) await this.#end(this.#bytes === 0 ? [await this.#header()] : []);
    } catch (error) {
      throw this.#stopped(error);
    } finally {
      await this.#file.close().catch(() => undefined);
      if (this.#failed) await this.#file.discardEmpty();
      await this.#compressor?.close();
    }
  }

  #header(): Promise<LineBytes> {
    return sealed(headerLine({ ...this.#options.header, segment: this.#segment, firstSeq: this.frames }));
  }

  /** The last line of the file, which shows a reader that nothing is missing after it. */
  async #end(before: readonly LineBytes[]): Promise<void> {
    const end = await sealed(endLine(this.#bytes + sizeOf(before), Math.max(0, this.frames - 1)));
    await this.#encoder.record({ lines: [...before, end], at: NaN, frames: 0 });
    await this.#encoder.finish();
  }

  async #rotate(): Promise<void> {
    const { path } = this.#file;
    await this.#end([]);
    await this.#file.close();
    await this.#file.moveTo(numbered(path, this.#nextNumber++));
    this.#finished.push({ path: this.#file.path, bytes: this.#file.size });
    while (this.#finished.length >= (this.#options.maxFiles ?? Infinity)) await unlink(this.#finished.shift()!.path).catch(() => undefined);
    this.#file = await SegmentFile.create(path);
    this.#encoder = newEncoder(this.#options.codec, this.#file, gapMs(this.#options), this.#compressor);
    this.#segment++;
    this.#bytes = 0;
  }

  #stopped(error: unknown): AppError {
    const { reason = '' } = writeError(this.path, error).params;
    return new AppError('E_RECORD_STOPPED', { file: clean(this.path, 200), reason }, { cause: error });
  }
}

const gapMs = ({ header }: WriterOptions): Ms => overdueAfter(header.intervalMs);
const sizeOf = (lines: readonly LineBytes[]): number =>
  lines.reduce((sum, line) => line.reduce((bytes, { length }) => bytes + length, sum), 0);

export const numbered = (path: string, nth: number): string => named(path, `.${String(nth).padStart(4, '0')}`);

/** After the highest number of an existing segment of this name. */
async function nextNumber(path: string): Promise<number> {
  const name = basename(path);
  const point = name.indexOf('.', 1);
  const [stem, rest] = point < 0 ? [name, ''] : [name.slice(0, point), name.slice(point)];
  const numbers = (await readdir(dirname(path)).catch(() => [])).flatMap((other) => {
    const middle = other.startsWith(`${stem}.`) && other.endsWith(rest) ? other.slice(stem.length + 1, other.length - rest.length) : '';
    return /^\d{4,9}$/.test(middle) ? [Number(middle)] : [];
  });
  return Math.max(0, ...numbers) + 1;
}

/** The default name of a recording: in the current directory, with the time of its start. */
export function defaultPath(at: Ms, offsetMinutes: number, codec: Codec): string {
  const stamp = new Date(at + offsetMinutes * 60_000).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return `all-smi-${stamp}.ndjson${EXTENSION_OF[codec]}`;
}
