/** What the two threads say to each other. */
import type { ErrorCode, ErrorParams } from '../../errors.js';
import type { FrameRef, RecordingInfo } from '../read/recording-info.js';
import type { Query, Shown } from '../play/frame-source.js';

export type Role = { readonly role: 'read'; readonly paths: readonly string[]; readonly cache: string } | { readonly role: 'compress' };

export interface ReadRequest {
  readonly id: number;
  readonly query?: Query;
  /** Instead of a query: what leads up to a frame. */
  readonly before?: { readonly ref: FrameRef; readonly frames: number };
}
export interface CompressRequest {
  readonly id: number;
  /** Absent: the block is full. */
  readonly chunks?: readonly Uint8Array[];
}

/** `id`: of the request; 0: the thread is ready; absent: news. */
export interface Answer {
  readonly id?: number;
  readonly info?: RecordingInfo;
  /** Those that were asked for, in their order. */
  readonly shown?: readonly Shown[];
  readonly bytes?: Uint8Array;
  readonly error?: { readonly code: ErrorCode; readonly params: ErrorParams };
}
