/** Recordings in temporary directories, made by the writer or composed from the format. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { decompress } from 'fzstd';
import type { Codec } from '../../lib/recording/codec/codec.js';
import { frameLines, type LineBytes } from '../../lib/recording/format/encode.js';
import { compressorHere } from '../../lib/recording/thread/same-thread.js';
import { SECTIONS } from '../../lib/recording/format/schema.js';
import { RecordingWriter, type WriterOptions } from '../../lib/recording/write/recording-writer.js';
import { ANSWERED_AT, buildNodes, type NodeSpec } from './hosts.js';

export class Directory {
  readonly path = mkdtempSync(join(tmpdir(), 'all-smi-view-record-'));
  file(name: string): string {
    return join(this.path, name);
  }
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export const INTERVAL_MS = 3000;
export const HEADER = { hosts: ['node-0001:9090'], intervalMs: INTERVAL_MS, zone: 'UTC', offsetMinutes: 0, writer: 'all-smi-view test' };

/** The time of frame `nth`. */
export const timeOf = (nth: number): number => ANSWERED_AT + nth * INTERVAL_MS;

/** The lines of a cycle; by default of one node whose GPU is `nth` percent busy. */
export function cycle(
  nth: number,
  hosts: readonly NodeSpec[] = [{ gpus: [{ uuid: 'GPU-0', utilPercent: nth % 101, memoryUsedBytes: nth }] }],
): readonly LineBytes[] {
  const at = timeOf(nth);
  const built = buildNodes(hosts.map((host) => ({ at, ...host })));
  return frameLines(built, { at, offsetMinutes: 0, hostname: 'remote', include: new Set(SECTIONS) });
}

export function newWriter(path: string, codec: Codec, more: Partial<WriterOptions> = {}): Promise<RecordingWriter> {
  return RecordingWriter.create({ path, codec, header: HEADER, newCompressor: compressorHere, ...more });
}

/** A complete recording of `frames` cycles; returns its path. */
export async function record(path: string, codec: Codec, frames: number, hosts?: readonly NodeSpec[]): Promise<string> {
  const writer = await newWriter(path, codec);
  for (let nth = 0; nth < frames; nth++) await writer.write(cycle(nth, hosts), timeOf(nth));
  await writer.finish();
  return writer.path;
}

/** The text of a file, whatever its codec. */
export function textIn(path: string): string {
  const bytes = readFileSync(path);
  if (path.endsWith('.zst')) return Buffer.from(decompress(bytes)).toString();
  return path.endsWith('.gz') ? gunzipSync(bytes).toString() : bytes.toString();
}

export const linesIn = (path: string): string[] => textIn(path).split('\n').slice(0, -1);

export function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
