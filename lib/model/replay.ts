/** A replay as the program sees it beside the hosts it delivers: where it is, and what it can be told to do. */
import type { Collector } from './collector.js';
import type { Ms } from './clock.js';

export interface ReplayStatus {
  readonly playing: boolean;
  /** Stands at the last frame. */
  readonly ended: boolean;
  readonly speed: number;
  readonly loop: boolean;
  /** Time of the frame that is shown. */
  readonly at: Ms;
  /** Frames before it, and in all; undefined while they are not counted. */
  readonly frame: number | undefined;
  readonly frames: number | undefined;
  readonly firstAt: Ms;
  /** Undefined while the end has not been read. */
  readonly lastAt: Ms | undefined;
  /** Part of the recording that is indexed, 0 to 1. */
  readonly indexed: number;
  /** False: the file is still being read through once, and a seek forward may have to wait for it. */
  readonly seekable: boolean;
  /** A seek is under way. */
  readonly seeking: boolean;
  readonly bookmarks: readonly Ms[];
  readonly gaps: readonly (readonly [from: Ms, to: Ms])[];
  readonly badLines: number;
  /** Where frames are missing: the times of the frames around them, NaN where there is none, and how many. */
  readonly losses: readonly (readonly [from: Ms, to: Ms, frames: number])[];
  /** Something in the files is damaged, whether or not frames are missing. */
  readonly damaged: boolean;
  /** The recorder's time zone: how far it is ahead of UTC, and its name, '' when unknown. */
  readonly offsetMinutes: number;
  readonly zone: string;
}

/** A recording under way. */
export interface RecordingStatus {
  readonly path: string;
  readonly frames: number;
  /** On disk. */
  readonly bytes: number;
}

/** Starts and stops the recording of what is on screen. */
export interface RecordingSwitch {
  /** Undefined while nothing is recorded. */
  readonly status: RecordingStatus | undefined;
  /** Resolves when the file is there. Rejects with an AppError. */
  start(): Promise<void>;
  /** Resolves when the file is whole, with what it came to. Rejects with an AppError. */
  stop(): Promise<RecordingStatus | undefined>;
  /** Called after each frame, and with an error when it has ended by itself. */
  onChange(listen: (problem?: string) => void): void;
}

export type Transport =
  | { readonly action: 'toggle' | 'start' | 'end' | 'loop' | 'bookmark' | 'next-bookmark' }
  | { readonly action: 'step' | 'speed'; readonly by: 1 | -1 }
  | { readonly action: 'skip'; readonly ms: Ms }
  | { readonly action: 'seek'; readonly at: Ms };

export interface Replay extends Collector {
  readonly status: ReplayStatus;
  /** Returns what there is to say about it: why nothing happens, what it costs. */
  command(transport: Transport): string | undefined;
  /** Called when the status has changed without a delivery, and with a text when something went wrong. */
  onStatus(listen: (problem?: string) => void): void;
}
