/**
 * Writes one collection cycle as lines of the recording. Node by node, in pieces small enough to be written between two key presses: the
 * caller decides when to continue, and a node that was scraped again in between is never written half old and half new.
 */
import { included, type NodeView } from '../../model/node-view.js';
import { connectionJson } from './connection-json.js';
import { allocationJson } from './owners-json.js';
import { chassisJson, extraRows, linksOf, partReadings } from './extras-json.js';
import { cpuJson, gpuJson, memoryJson, processJson, storageJson, type RowContext } from './row-json.js';
import { ALL_SMI_VERSION, ARRAYS, ARRAY_OF, MAX_PART_BYTES, SCHEMA, SECTIONS, type ArrayName, type Section } from './schema.js';
import type { Ms } from '../../model/clock.js';

/** A line as its bytes, including the line feed. They are never joined here: a line may be 12 MiB. */
export type LineBytes = readonly Uint8Array[];

export interface FrameMeta {
  readonly at: Ms;
  /** Minutes that local time is ahead of UTC. */
  readonly offsetMinutes: number;
  /** `remote`, or the name of the only node. */
  readonly hostname: string;
  readonly include: ReadonlySet<Section>;
  /** Smaller in tests. */
  readonly maxPartBytes?: number;
}

/** Elements of one array, joined by commas. */
export interface Piece {
  readonly array: ArrayName;
  readonly bytes: Uint8Array;
}

/** Rows that are converted to text at once: about half a millisecond. */
const ROWS_AT_ONCE = 128;
/** A node that keeps being scraped while it is written is written at once after this many attempts. */
const MAX_TRIES = 3;

const utf8 = new TextEncoder();
export const lineBytes = (value: object): Uint8Array => utf8.encode(`${JSON.stringify(value)}\n`);

/** RFC 3339, whole seconds: the time format of recordings. */
export const timestamp = (at: Ms): string => `${new Date(Math.floor(at / 1000) * 1000).toISOString().slice(0, 19)}Z`;

/** `YYYY-MM-DD HH:MM:SS` of the recorder's wall clock. */
export const localTime = (at: Ms, offsetMinutes: number): string =>
  new Date(at + offsetMinutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');

/** The pieces of a node; the caller may pause after each. Only rows of nodes that are up: all-smi leaves out a node whose scrape failed. */
export function* nodePieces(node: NodeView, meta: FrameMeta): Generator<Piece, void, undefined> {
  const context: RowContext = { time: localTime(meta.at, meta.offsetMinutes) };
  yield { array: 'connections', bytes: utf8.encode(connectionJson(node)) };
  if (!included(node)) return;
  const { include } = meta;
  if (include.has('gpu')) {
    const links = linksOf(node);
    const readings = partReadings(node);
    yield* rows('gpus', node.gpus.count, (row) => gpuJson(node, row, context, links, readings));
  }
  if (include.has('cpu')) yield* rows('cpus', node.cpus.count, (row) => cpuJson(node, row, context));
  if (include.has('memory')) yield* rows('memory', node.memory.count, (row) => memoryJson(node, row, context));
  if (include.has('memory')) yield* rows('storage', node.disks.count, (row) => storageJson(node, row));
  const chassis = include.has('chassis') ? chassisJson(node, context) : undefined;
  if (chassis !== undefined) yield { array: 'chassis', bytes: utf8.encode(chassis) };
  for (const extra of extraRows(node, include)) yield { array: 'extras', bytes: utf8.encode(extra) };
  if (include.has('process') && node.allocations.count > 0)
    yield* rows('job_allocations', node.allocations.count, (row) => allocationJson(node, row));
  if (include.has('process')) yield* rows('processes', node.procs.count, (row) => processJson(node, row, context));
}

function* rows(array: ArrayName, count: number, json: (row: number) => string): Generator<Piece, void, undefined> {
  for (let from = 0; from < count; from += ROWS_AT_ONCE) {
    let text = '';
    for (let row = from; row < Math.min(count, from + ROWS_AT_ONCE); row++) text += row === from ? json(row) : `,${json(row)}`;
    yield { array, bytes: utf8.encode(text) };
  }
}

/** The pieces of one version of the node. `rest` is awaited between pieces; if the node was scraped again meanwhile, they are dropped. */
export async function frozenPieces(node: NodeView, meta: FrameMeta, rest: () => Promise<void> | undefined): Promise<readonly Piece[]> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { version, status } = node;
    const pieces: Piece[] = [];
    for (const piece of nodePieces(node, meta)) {
      pieces.push(piece);
      const pause = rest();
      if (pause) await pause;
      if (node.version !== version || node.status !== status) break;
    }
    if (node.version === version && node.status === status) return pieces;
  }
  return [...nodePieces(node, meta)];
}

/** Collects the pieces of a cycle and returns its lines: one, or several with `part` if one would be too long for readers. */
export class FrameBuilder {
  readonly #meta: FrameMeta;
  readonly #parts: Map<ArrayName, Uint8Array[]>[] = [];
  #room = 0;
  rows = 0;

  constructor(meta: FrameMeta) {
    this.#meta = meta;
  }

  add({ array, bytes }: Piece): void {
    if (bytes.length + 1 > this.#room) {
      this.#parts.push(new Map());
      this.#room = this.#meta.maxPartBytes ?? MAX_PART_BYTES;
    }
    this.#room -= bytes.length + 1;
    const part = this.#parts.at(-1)!;
    const pieces = part.get(array);
    if (pieces) pieces.push(bytes);
    else part.set(array, [bytes]);
  }

  lines(): readonly LineBytes[] {
    if (this.#parts.length === 0) this.#parts.push(new Map());
    return this.#parts.map((part, at) => this.#line(part, at + 1));
  }

  /** Arrays that were not selected are left out; selected ones without rows are `[]`. */
  #line(part: ReadonlyMap<ArrayName, readonly Uint8Array[]>, nth: number): LineBytes {
    const { at, hostname, include } = this.#meta;
    const asked = new Set<ArrayName>([
      'connections',
      ...(['extras', 'job_allocations'] as const).filter((array) => this.#parts.some((one) => one.has(array))),
      ...SECTIONS.filter((section) => include.has(section)).flatMap((one) => ARRAY_OF[one]),
    ]);
    const members: [key: string, value: readonly Uint8Array[] | string][] = [
      ['at_ms', String(Math.round(at))],
      ['hostname', JSON.stringify(hostname)],
      ['schema', String(SCHEMA)],
      ['timestamp', JSON.stringify(timestamp(at))],
      ...(this.#parts.length > 1 ? [['part', `[${nth},${this.#parts.length}]`] as [string, string]] : []),
      ...ARRAYS.filter((array) => asked.has(array)).map((array): [string, readonly Uint8Array[]] => [array, part.get(array) ?? []]),
    ];
    members.sort(([a], [b]) => (a < b ? -1 : 1));
    const line: Uint8Array[] = [];
    let glue = '{';
    for (const [key, value] of members) {
      if (typeof value === 'string') glue += `${JSON.stringify(key)}:${value},`;
      else {
        glue += `${JSON.stringify(key)}:[`;
        value.forEach((piece, nth) => {
          line.push(utf8.encode(nth === 0 ? glue : ','), piece);
          glue = '';
        });
        glue += '],';
      }
    }
    line.push(utf8.encode(`${glue.slice(0, -1)}}\n`));
    return line;
  }
}

/** All lines of a cycle at once: for programs without keys. */
export function frameLines(nodes: Iterable<NodeView>, meta: FrameMeta): readonly LineBytes[] {
  const builder = new FrameBuilder(meta);
  for (const node of nodes) for (const piece of nodePieces(node, meta)) builder.add(piece);
  return builder.lines();
}

export interface HeaderMeta {
  readonly hosts: readonly string[];
  readonly intervalMs: Ms;
  /** The name of the recorder's time zone, and its offset from UTC. */
  readonly zone: string;
  readonly offsetMinutes: number;
  /** The program that wrote it. */
  readonly writer: string;
  /** The number of the segment in the session, from 1; the number of its first data frame. */
  readonly segment: number;
  readonly firstSeq: number;
}

/** The first line of each segment. all-smi reads the first and ignores those of later segments; the keys that it does not know are ours. */
export function headerLine(meta: HeaderMeta): LineBytes {
  const { hosts, intervalMs, zone, offsetMinutes, writer, segment, firstSeq } = meta;
  return [
    lineBytes({
      all_smi_version: ALL_SMI_VERSION,
      first_seq: firstSeq,
      header: true,
      hosts,
      interval_ms: Math.round(intervalMs),
      schema: SCHEMA,
      segment,
      utc_offset_minutes: offsetMinutes,
      writer,
      zone,
    }),
  ];
}

/** After frame `seq`, which ends at `byteOffset` uncompressed bytes of its segment. */
export const indexLine = (byteOffset: number, seq: number): LineBytes => [
  lineBytes({ byte_offset: byteOffset, index: true, schema: SCHEMA, seq }),
];

/** The last line of a finished file: an index line for all-smi, after frame `seq`. */
export const endLine = (byteOffset: number, seq: number): LineBytes => [
  lineBytes({ byte_offset: byteOffset, end: true, index: true, schema: SCHEMA, seq }),
];
