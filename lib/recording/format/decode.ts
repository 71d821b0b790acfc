/** Parses the lines of a recording: the kind of a line, and the nodes of a frame. */
import { clean } from '../../text/sanitize.js';
import { readConnection } from './connection-read.js';
import { FrameNodes, type FrameSections } from './frame-nodes.js';
import { isRecord, type Loose } from '../../model/loose.js';
import { integerOf, listOf, member, textOf } from './json-read.js';
import type { RecordedFrame } from './records.js';
import { offsetOf, readProc } from './row-read.js';
import { ARRAYS, MAX_DEPTH, MAX_HEADER_HOSTS, MAX_PARTS, SCHEMA, type ArrayName } from './schema.js';
import type { Ms } from '../../model/clock.js';

export interface Header {
  readonly hosts: readonly string[];
  readonly intervalMs: Ms | undefined;
  /** Ours: the program that wrote it, '' for all-smi; the recorder's time zone. */
  readonly writer: string;
  readonly zone: string;
  readonly offsetMinutes: number | undefined;
  readonly segment: number | undefined;
  /** Ours: the number of the first frame of the file; its lines have a seal (seal.ts). */
  readonly firstSeq: number | undefined;
  readonly sealed: boolean;
}

/** A data line, not parsed yet. */
export interface DataLine {
  readonly kind: 'data';
  readonly at: Ms;
  readonly hostname: string;
  /** Which part of the frame, and of how many lines; [1, 1] if it is the only one. */
  readonly part: readonly [nth: number, of: number];
  readonly row: Loose;
}

export type Line =
  | DataLine
  | { readonly kind: 'header'; readonly header: Header }
  /** `end`: the last line of a file that was finished. */
  | { readonly kind: 'index'; readonly end: boolean }
  /** `schema`: of an unknown version; undefined: the line is not part of a recording. */
  | { readonly kind: 'bad'; readonly schema?: string };

export function readLine(text: string): Line {
  const row = parsed(text);
  if (!isRecord(row)) return { kind: 'bad' };
  const schema = member(row, 'schema');
  if (schema !== SCHEMA) return { kind: 'bad', ...(schema === undefined ? {} : { schema: clean(JSON.stringify(schema), 40) }) };
  if (member(row, 'header') === true) return { kind: 'header', header: readHeader(row) };
  if (member(row, 'index') === true) return { kind: 'index', end: member(row, 'end') === true };
  const at = frameTime(row);
  const hostname = member(row, 'hostname');
  if (at === undefined || typeof hostname !== 'string') return { kind: 'bad' };
  const part = partOf(row);
  return part ? { kind: 'data', at, hostname: clean(hostname, 256), part, row } : { kind: 'bad' };
}

function parsed(text: string): unknown {
  if (isDeep(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether it is nested deeper than any recording: such a text takes far more memory than its size. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      for (at++; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
    } else if (code === OPEN_LIST || code === OPEN_RECORD) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_RECORD) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_RECORD, CLOSE_RECORD] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** The number of rows of a line, in all of its lists. */
export const rowsIn = ({ row }: DataLine): number => ARRAYS.reduce((sum, array) => sum + (listOf(row, array)?.length ?? 0), 0);

function readHeader(row: Loose): Header {
  const hosts = (listOf(row, 'hosts') ?? []).filter((host): host is string => typeof host === 'string');
  return {
    hosts: hosts.slice(0, MAX_HEADER_HOSTS).map((host) => clean(host, 256)),
    intervalMs: integerOf(row, 'interval_ms', 1, 86_400_000),
    writer: textOf(row, 'writer', 64),
    zone: textOf(row, 'zone', 64),
    offsetMinutes: integerOf(row, 'utc_offset_minutes', -24 * 60, 24 * 60),
    segment: integerOf(row, 'segment', 1, 1e9),
    firstSeq: integerOf(row, 'first_seq', 0, Number.MAX_SAFE_INTEGER),
    sealed: member(row, 'body_crc32') !== undefined,
  };
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** The timestamp, with milliseconds if our `at_ms` is present and agrees. */
function frameTime(row: Loose): Ms | undefined {
  const text = textOf(row, 'timestamp', 64);
  const at = RFC_3339.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) return undefined;
  const exact = integerOf(row, 'at_ms', 0, 8.64e15);
  return exact !== undefined && Math.floor(exact / 1000) * 1000 === at ? exact : at;
}

function partOf(row: Loose): readonly [number, number] | undefined {
  const part = member(row, 'part');
  if (part === undefined) return [1, 1];
  if (!Array.isArray(part)) return undefined;
  const [nth, of] = part as readonly unknown[];
  const fits = Number.isInteger(nth) && Number.isInteger(of) && Number(nth) >= 1 && Number(nth) <= Number(of) && Number(of) <= MAX_PARTS;
  return fits ? [Number(nth), Number(of)] : undefined;
}

/** The nodes of a frame, from all of its lines. */
export function readFrame(lines: readonly DataLine[]): RecordedFrame {
  const { at, hostname } = lines[0]!;
  const hosts = new FrameNodes(at, hostname);
  for (const row of rowsOf(lines, 'connections', hosts)) {
    const connection = readConnection(row);
    if (connection) hosts.connection(connection);
    else hosts.badRows++;
  }
  let offsetMinutes: number | undefined;
  for (const array of ['gpus', 'cpus', 'memory', 'storage', 'chassis', 'extras', 'job_allocations'] as const) {
    for (const row of rowsOf(lines, array, hosts)) {
      hosts.row(array, row);
      offsetMinutes ??= offsetOf(row, at);
    }
  }
  for (const row of rowsOf(lines, 'processes', hosts)) {
    const proc = readProc(row);
    if (proc) hosts.process(proc);
    else hosts.badRows++;
  }
  const has = (array: ArrayName): boolean => lines.some(({ row }) => listOf(row, array) !== undefined);
  const sections: FrameSections = { connections: has('connections'), processes: has('processes') };
  return { at, nodes: hosts.finish(sections), offsetMinutes, badRows: hosts.badRows };
}

function* rowsOf(lines: readonly DataLine[], array: ArrayName, bad: { badRows: number }): Generator<Loose> {
  for (const { row } of lines) {
    for (const one of listOf(row, array) ?? []) {
      if (isRecord(one)) yield one;
      else bad.badRows++;
    }
  }
}
