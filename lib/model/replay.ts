/** A replay as the program sees it, apart from the nodes it delivers: its position and its controls. */
import type { Collector } from './collector.js';
import type { Ms } from './clock.js';

/** How the cluster was at a time, in a few numbers. */
export interface TimelinePoint {
  readonly at: Ms;
  readonly nodes: number;
  /** NaN: not known. */
  readonly powerWatts: number;
}

export interface ReplayStatus {
  readonly playing: boolean;
  /** Whether it is at the last frame. */
  readonly ended: boolean;
  readonly speed: number;
  readonly loop: boolean;
  /** Time of the frame that is shown. */
  readonly at: Ms;
  /** Frames before it, and in total; undefined while they are being counted. */
  readonly frame: number | undefined;
  readonly frames: number | undefined;
  readonly firstAt: Ms;
  /** Undefined until the end has been read. */
  readonly lastAt: Ms | undefined;
  /** Indexed part of the recording, 0 to 1. */
  readonly indexed: number;
  /** False: the file is still being read for the first time, and a seek forward may have to wait. */
  readonly seekable: boolean;
  /** A seek is in progress. */
  readonly seeking: boolean;
  readonly bookmarks: readonly Ms[];
  readonly gaps: readonly (readonly [from: Ms, to: Ms])[];
  readonly badLines: number;
  /** A gap: the times of the frames around it, NaN where there is none, and the number of missing frames. */
  readonly losses: readonly (readonly [from: Ms, to: Ms, frames: number])[];
  /** The same for frames without numbers in damaged files, by their times; NaN frames: it is not known how many. */
  readonly likelyLosses: readonly (readonly [from: Ms, to: Ms, frames: number])[];
  /** Part of the files is damaged, whether or not frames are missing. */
  readonly damaged: boolean;
  /** Nothing shows where. */
  readonly unlocated: boolean;
  /** The recorder's time zone: its offset from UTC, and its name, '' when unknown. */
  readonly offsetMinutes: number;
  readonly zone: string;
  /** Of the history of a server: what the line of the bar shows. Absent: a recording. */
  readonly timeline?: readonly TimelinePoint[];
}

/** A recording in progress. */
export interface RecordingStatus {
  readonly path: string;
  readonly frames: number;
  /** Size on disk. */
  readonly bytes: number;
}

/** Starts and stops the recording of what is on screen. */
export interface RecordingSwitch {
  /** Undefined while nothing is being recorded. */
  readonly status: RecordingStatus | undefined;
  /** Resolves when the file exists. Rejects with an AppError. */
  start(): Promise<void>;
  /** Resolves with the result when the file is complete. Rejects with an AppError. */
  stop(): Promise<RecordingStatus | undefined>;
  /** Called after each frame, and with an error when the recording has stopped by itself. */
  onChange(listen: (problem?: string) => void): void;
}

export type Transport =
  | { readonly action: 'toggle' | 'start' | 'end' | 'loop' | 'bookmark' | 'next-bookmark' }
  | { readonly action: 'step' | 'speed'; readonly by: 1 | -1 }
  | { readonly action: 'skip'; readonly ms: Ms }
  | { readonly action: 'seek'; readonly at: Ms };

/** A source of the past. One that also has the present shows that at first, and goes to the past with a seek. */
export interface Replay extends Collector {
  /** Undefined: it shows the present. */
  readonly status: ReplayStatus | undefined;
  /** Returns a message if there is one: why nothing happens, or what the action costs. */
  command(transport: Transport): string | undefined;
  /** Called when the status has changed without a delivery; with a message when something went wrong. */
  onStatus(listen: (problem?: string) => void): void;
}
