/** What the two threads say to each other. */
import type { ErrorCode, ErrorParams } from '../errors.js';
import type { RecordingInfo } from './reader-types.js';
import type { Query, Shown } from './source.js';

export type Role = { readonly role: 'read'; readonly paths: readonly string[]; readonly cache: string } | { readonly role: 'compress' };

export interface ReadRequest {
  readonly id: number;
  readonly query: Query;
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
  readonly shown?: Shown | undefined;
  readonly bytes?: Uint8Array;
  readonly error?: { readonly code: ErrorCode; readonly params: ErrorParams };
}
