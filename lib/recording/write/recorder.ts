/** Records the nodes, one frame per interval, in slices that do not delay keys. */
import { hostname } from 'node:os';
import { AppError } from '../../errors.js';
import { VERSION } from '../../version.js';
import type { NodeView } from '../../model/node-view.js';
import { FrameBuilder, frozenPieces, type FrameMeta } from '../format/encode.js';
import type { Section } from '../format/schema.js';
import { RecordingWriter, type WriterOptions } from './recording-writer.js';
import type { Clock, Ms } from '../../model/clock.js';

/** How long a slice runs; one more piece, of about half a millisecond, may follow. */
const SLICE_MS = 1.25;

export interface RecorderOptions extends Omit<WriterOptions, 'header'> {
  /** Called for each frame. */
  readonly nodes: () => Iterable<NodeView>;
  readonly intervalMs: Ms;
  readonly include: ReadonlySet<Section>;
  /** The name of the only node of the recording, this machine; absent: it is of remote nodes, which all-smi calls "remote". */
  readonly local?: boolean;
  readonly clock: Clock;
  /** The first frame waits for it; absent: it is written at once. */
  readonly ready?: Promise<void>;
  /** The recording has ended by itself. */
  readonly failed: (error: AppError) => void;
  /** Called after each frame. */
  readonly wrote?: () => void;
  /** Yields to other work. */
  readonly rest?: () => Promise<void> | undefined;
}

export interface RecorderStatus {
  readonly path: string;
  readonly frames: number;
  readonly bytes: number;
  readonly segments: number;
  readonly since: Ms;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #writer: RecordingWriter;
  #startedAt: Ms;
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #ended = false;

  private constructor(options: RecorderOptions, writer: RecordingWriter) {
    this.#options = options;
    this.#writer = writer;
    this.#startedAt = options.clock.now();
  }

  /** Creates the file; throws `E_FILE_WRITE`. */
  static async start(options: RecorderOptions): Promise<Recorder> {
    const now = options.clock.now();
    const writer = await RecordingWriter.create({
      ...options,
      header: {
        hosts: options.local ? [hostname()] : Array.from(options.nodes(), ({ nodeId }) => nodeId),
        intervalMs: options.intervalMs,
        zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        offsetMinutes: offsetMinutes(now),
        writer: `all-smi-view ${VERSION}`,
      },
    });
    const recorder = new Recorder(options, writer);
    void (options.ready ?? Promise.resolve()).then(() => {
      recorder.#begin();
    });
    return recorder;
  }

  get status(): RecorderStatus {
    const { path, frames, bytes, segments } = this.#writer;
    return { path, frames, bytes, segments, since: this.#startedAt };
  }

  /** Ends the recording; a frame in progress is still written. Throws `E_RECORD_STOPPED` if the end of the file could not be written. */
  async stop(): Promise<void> {
    this.#cancel?.();
    if (this.#ended) return;
    this.#ended = true;
    await this.#writing;
    await this.#writer.finish();
  }

  #begin(): void {
    if (this.#ended) return;
    this.#startedAt = this.#options.clock.now();
    this.#tick();
  }

  #tick(): void {
    this.#writing = this.#frame().catch((error: unknown) => this.#fail(error));
    void this.#writing.then(() => {
      this.#plan();
    });
  }

  /** The next point of the grid that is not past: frames missed by a slow disk or a sleeping machine are skipped, not caught up with. */
  #plan(): void {
    if (this.#ended) return;
    const { clock, intervalMs } = this.#options;
    const now = clock.now();
    const wait = intervalMs - ((((now - this.#startedAt) % intervalMs) + intervalMs) % intervalMs);
    this.#cancel = clock.after(wait, () => {
      this.#tick();
    });
  }

  async #frame(): Promise<void> {
    const { nodes, include, clock, local, rest = sliced() } = this.#options;
    const at = clock.now();
    const all = [...nodes()];
    const meta: FrameMeta = { at, offsetMinutes: offsetMinutes(at), hostname: local ? (all[0]?.name ?? hostname()) : 'remote', include };
    const frame = new FrameBuilder(meta);
    for (const node of all) for (const piece of await frozenPieces(node, meta, rest)) frame.add(piece);
    await this.#writer.write(frame.lines(), at);
    this.#options.wrote?.();
  }

  async #fail(error: unknown): Promise<void> {
    this.#ended = true;
    await this.#writer.finish().catch(() => undefined);
    this.#options.failed(error instanceof AppError ? error : new AppError('E_INTERNAL', { reason: String(error) }, { cause: error }));
  }
}

/** Minutes that local time is ahead of UTC at that moment. */
export const offsetMinutes = (at: Ms): number => -new Date(at).getTimezoneOffset();

/** Yields whenever a slice is over. */
export function sliced(): () => Promise<void> | undefined {
  let began = performance.now();
  return () => {
    if (performance.now() - began < SLICE_MS) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        began = performance.now();
        resolve();
      });
    });
  };
}
