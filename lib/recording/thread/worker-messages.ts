/** The messages between the two threads. */
import type { ErrorCode, ErrorParams } from '../../errors.js';
import type { FrameRef, RecordingInfo } from '../read/recording-info.js';
import type { Query, Shown } from '../play/frame-source.js';

export type Role = { readonly role: 'read'; readonly paths: readonly string[]; readonly cache: string } | { readonly role: 'compress' };

export interface ReadRequest {
  readonly id: number;
  readonly query?: Query;
  /** Instead of a query: requests the frames before a frame. */
  readonly before?: { readonly ref: FrameRef; readonly frames: number };
}
export interface CompressRequest {
  readonly id: number;
  /** Absent: the block is full. */
  readonly chunks?: readonly Uint8Array[];
}

/** `id`: of the request; 0: the thread is ready; absent: a report. */
export interface Answer {
  readonly id?: number;
  readonly info?: RecordingInfo;
  /** The requested ones, in order. */
  readonly shown?: readonly Shown[];
  readonly bytes?: Uint8Array;
  readonly error?: { readonly code: ErrorCode; readonly params: ErrorParams };
}
