import type { Ms } from '../../model/clock.js';
import type { Loss } from './chunk-index.js';

/** The position of a frame in the recording. */
export interface FrameRef {
  readonly file: number;
  readonly chunk: number;
  readonly nth: number;
}

export interface RecordingInfo {
  /** Names of the files, in the order in which they are played. */
  readonly files: readonly string[];
  /** 'zstd', 'gzip', 'none', or several of them. */
  readonly codecs: readonly string[];
  readonly bytes: number;
  /** Whether any seek costs only one block. */
  readonly seekable: boolean;
  /** Hosts in the header. */
  readonly hosts: readonly string[];
  readonly writer: string;
  readonly intervalMs: Ms | undefined;
  /** Time zone of the recorder: its name, '' if the recording does not have it, and its offset from UTC. */
  readonly zone: string;
  readonly offsetMinutes: number;
  readonly firstAt: Ms;
  /** Undefined until the whole recording has been read. */
  readonly lastAt: Ms | undefined;
  readonly frames: number | undefined;
  /** Share of it that is indexed, 0 to 1. */
  readonly indexed: number;
  /** Periods without a frame. */
  readonly gaps: readonly (readonly [from: Ms, to: Ms])[];
  readonly badLines: number;
  /** Where frames are missing: the frames before and after, NaN if there is none, and how many. */
  readonly losses: readonly Loss[];
  /** Where frames without numbers are probably missing, and about how many, by their times: in damaged files. NaN frames: not known. */
  readonly likelyLosses: readonly Loss[];
  /** Some file is damaged, and nothing shows whether frames are missing in it, and where. */
  readonly unlocated: boolean;
  /** Frames that are duplicates or out of order. */
  readonly disorder: number;
  /** Other damage of files. */
  readonly damage: readonly string[];
  /** The last frame of a file is incomplete. */
  readonly cut: boolean;
  /** Whether the files were finished by their writer: false after a kill, and while they are written; undefined: they do not record it. */
  readonly ended: boolean | undefined;
}
