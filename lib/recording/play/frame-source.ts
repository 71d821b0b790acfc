/** Where a replay gets its frames: requested one at a time, with reports on how much of the recording is indexed. */
import { FramePacker, type PackedFrame } from '../format/packed-frame.js';
import type { Found, Reader } from '../read/recording-reader.js';
import type { FrameRef, RecordingInfo } from '../read/recording-info.js';
import type { Ms } from '../../model/clock.js';

export type Query =
  | { readonly kind: 'first' | 'last' }
  | { readonly kind: 'next' | 'previous'; readonly ref: FrameRef }
  /** The frame nearest to a time. */
  | { readonly kind: 'at'; readonly time: Ms }
  /** The last frame after `ref` that is not after `time`, or the next frame if that is already after it. */
  | { readonly kind: 'until'; readonly ref: FrameRef; readonly time: Ms };

export interface Shown {
  readonly ref: FrameRef;
  readonly at: Ms;
  /** Number of frames before it; undefined if they have not been counted. */
  readonly number: number | undefined;
  readonly frame: PackedFrame;
}

export interface FrameSource {
  /** As of the last report. */
  readonly info: RecordingInfo;
  onInfo(listen: () => void): void;
  /** Undefined: there is none. Frames must be added to `NameTables` in the order in which they arrive, shown or not. */
  ask(query: Query): Promise<Shown | undefined>;
  /**
   * The frames before `ref`, the earliest first: as many as can be read quickly, at most `frames`. They must be added like those of a
   * query.
   */
  before(ref: FrameRef, frames: number): Promise<readonly Shown[]>;
  close(): Promise<void>;
}

/** Time limit for reading the frames before a frame: a seek waits for it. */
const BEFORE_MS = 100;

/** Number of unreadable frames to skip before giving up. */
const MAX_BROKEN = 10_000;

/** Reads in this thread. */
export class ReaderSource implements FrameSource {
  readonly #reader: Reader;
  readonly #packer = new FramePacker();
  /** Waits until nothing is requested. */
  readonly #held: (() => void)[] = [];
  #waiting = 0;
  #closed = false;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  get info(): RecordingInfo {
    return this.#reader.info;
  }

  /** Always up to date here. */
  onInfo(): void {
    return;
  }

  /** Queries do not wait for each other: one may read through a file while the next can be answered at once. */
  async ask(query: Query): Promise<Shown | undefined> {
    this.#waiting++;
    try {
      return await this.#answer(query);
    } finally {
      if (--this.#waiting === 0) for (const go of this.#held.splice(0)) go();
    }
  }

  async before(ref: FrameRef, frames: number): Promise<readonly Shown[]> {
    const end = performance.now() + BEFORE_MS;
    const found: Found[] = [];
    for (let at: Found | undefined = { ref, at: 0, frame: undefined }; at && found.length < frames && performance.now() < end;) {
      at = await this.#reader.previous(at.ref);
      if (at?.frame) found.push(at);
    }
    return found.reverse().flatMap((one) => this.#shown(one) ?? []);
  }

  /** Reads the whole recording in the background; between two chunks, queries go first. */
  async index(rest: () => Promise<void>): Promise<void> {
    await this.#reader.index(async () => {
      await rest();
      while (this.#waiting > 0) await new Promise<void>((resolve) => this.#held.push(resolve));
      return !this.#closed;
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#reader.close();
    return Promise.resolve();
  }

  async #answer(query: Query): Promise<Shown | undefined> {
    const backward = query.kind === 'previous' || query.kind === 'last';
    let found = await this.#find(query);
    for (let tries = 0; found && !found.frame && tries < MAX_BROKEN; tries++) {
      found = await (backward ? this.#reader.previous(found.ref) : this.#reader.next(found.ref));
    }
    return found && this.#shown(found);
  }

  #shown({ ref, at, frame }: Found): Shown | undefined {
    return frame && { ref, at, number: this.#reader.numberOf(ref), frame: this.#packer.pack(frame) };
  }

  #find(query: Query): Promise<Found | undefined> {
    switch (query.kind) {
      case 'first':
        return this.#reader.first();
      case 'last':
        return this.#reader.last();
      case 'next':
        return this.#reader.next(query.ref);
      case 'previous':
        return this.#reader.previous(query.ref);
      case 'at':
        return this.#reader.at(query.time);
      case 'until':
        return this.#reader.until(query.ref, query.time);
    }
  }
}
