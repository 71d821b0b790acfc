import type { Ms } from '../../model/clock.js';
import type { Loss } from './chunk-index.js';

/** A frame's place in the recording. */
export interface FrameRef {
  readonly file: number;
  readonly chunk: number;
  readonly nth: number;
}

export interface RecordingInfo {
  /** Names of the files, in the order they play. */
  readonly files: readonly string[];
  /** 'zstd', 'gzip', 'none', or several of them. */
  readonly codecs: readonly string[];
  readonly bytes: number;
  /** Whether a seek costs one block wherever it goes. */
  readonly seekable: boolean;
  /** Hosts that the header names. */
  readonly hosts: readonly string[];
  readonly writer: string;
  readonly intervalMs: Ms | undefined;
  /** Time zone of the recorder: its name, '' where the recording doesn't say, and how far it is ahead of UTC. */
  readonly zone: string;
  readonly offsetMinutes: number;
  readonly firstAt: Ms;
  /** Undefined until all of it was seen. */
  readonly lastAt: Ms | undefined;
  readonly frames: number | undefined;
  /** Part of it that is indexed, 0 to 1. */
  readonly indexed: number;
  /** Stretches without a frame. */
  readonly gaps: readonly (readonly [from: Ms, to: Ms])[];
  readonly badLines: number;
  /** Where frames are missing: the frames before and after, NaN where there is none, and how many. */
  readonly losses: readonly Loss[];
  /** Frames that come twice or not in their order. */
  readonly disorder: number;
  /** What is wrong with files apart from that. */
  readonly damage: readonly string[];
  /** The last frame of a file is incomplete. */
  readonly cut: boolean;
  /** Whether who wrote the files ended them: false after a kill, and while they are written; undefined: they don't say. */
  readonly ended: boolean | undefined;
}
