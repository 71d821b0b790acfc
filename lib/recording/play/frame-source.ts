/** Where a replay gets its frames: asked for one at a time, told how far the recording is known. */
import { FramePacker, type PackedFrame } from '../format/packed-frame.js';
import type { Found, Reader } from '../read/recording-reader.js';
import type { FrameRef, RecordingInfo } from '../read/recording-info.js';
import type { Ms } from '../../model/clock.js';

export type Query =
  | { readonly kind: 'first' | 'last' }
  | { readonly kind: 'next' | 'previous'; readonly ref: FrameRef }
  /** The frame nearest to a time. */
  | { readonly kind: 'at'; readonly time: Ms }
  /** The last frame behind `ref` that is not behind `time`, or the next one where that is. */
  | { readonly kind: 'until'; readonly ref: FrameRef; readonly time: Ms };

export interface Shown {
  readonly ref: FrameRef;
  readonly at: Ms;
  /** Frames before it; undefined while nobody has counted them. */
  readonly number: number | undefined;
  readonly frame: PackedFrame;
}

export interface FrameSource {
  /** As it was last told. */
  readonly info: RecordingInfo;
  onInfo(listen: () => void): void;
  /** Undefined: there is none. Frames have to be taken over (`NameTables`) in the order in which they come, shown or not. */
  ask(query: Query): Promise<Shown | undefined>;
  /**
   * The frames that lead up to `ref`, the earliest first: as many as can be read in a moment, and at most `frames`. They have to be taken
   * over like those of an answer.
   */
  before(ref: FrameRef, frames: number): Promise<readonly Shown[]>;
  close(): Promise<void>;
}

/** How long reading what leads up to a frame may take: a seek waits for it. */
const BEFORE_MS = 100;

/** Frames passed over that turn out to be unreadable, before one says that there is none. */
const MAX_BROKEN = 10_000;

/** Answers from a reader in this thread. */
export class ReaderSource implements FrameSource {
  readonly #reader: Reader;
  readonly #packer = new FramePacker();
  /** What waits until nothing is asked. */
  readonly #held: (() => void)[] = [];
  #waiting = 0;
  #closed = false;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  get info(): RecordingInfo {
    return this.#reader.info;
  }

  /** Here it is always up to date. */
  onInfo(): void {
    return;
  }

  /** Questions do not wait for each other: one may take a pass through a file while the next has its answer at hand. */
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

  /** Reads all of the recording in the background: between two chunks whatever was asked goes first. */
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
