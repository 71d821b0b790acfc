/**
 * The parser of one node. Nodes send the same lines again and again with other values, so it keeps the lines of the last scrape as a
 * template and replays it: two byte comparisons and a number per line, no strings, no allocation. At the first line that differs it starts
 * tracking: from there on lines are found by the old template, by the row they belong to, or read label by label, and a new template is
 * built.
 */
import { AppError } from '../../errors.js';
import type { ReaderTexts } from '../reader/known-texts.js';
import type { Change, NodeData } from '../../model/columns.js';
import { HASH, NEWLINE, RETURN } from './ascii.js';
import { NO_BYTES, repeats } from './bytes.js';
import { Committed } from './committed/committed.js';
import type { ParserWorkspace } from './workspace.js';
import { LINE_BLOCK, LINE_BYTES, LINE_INTS, LINE_TARGET } from './row-layout.js';
import { plainNumber, readValue, type NumberEnd } from './numbers.js';
import { lookOf, LOOKED_AT_BYTES } from './foreign.js';
import { ScanState } from './scan-state.js';
import { sampleStart } from './syntax.js';
import { LineReader } from './line-reader.js';
import type { Ms } from '../../model/clock.js';

/** Maximum size of an incomplete line that is kept; longer runs of comments are dropped, longer lines are bad. */
const MAX_TAIL = 65_536;
/** Bytes that are examined at once. */
const SLICE = 131_072;
const latin1 = new TextDecoder('latin1');

export class Scanner implements ScrapeParser {
  readonly data: Committed;
  readonly #workspace: ParserWorkspace;
  #scan: ScanState;
  readonly #lineReader: LineReader;
  #tail = NO_BYTES;
  #tailBytes = 0;
  /** Inside a line that is too long. */
  #skipping = false;
  readonly #numberEnd: NumberEnd = { at: 0 };
  #tracking = false;
  /** Lines replayed so far. */
  #line = 0;
  #bytes = 0;
  /** The first bytes of the body. */
  #start = NO_BYTES;

  constructor(workspace: ParserWorkspace) {
    this.#workspace = workspace;
    this.#scan = new ScanState(workspace.users, workspace.labels);
    this.#lineReader = new LineReader(workspace, this.#scan);
    this.data = new Committed(workspace);
  }

  get texts(): ReaderTexts {
    return this.#workspace.texts;
  }

  push(whole: Uint8Array): void {
    const chunk =
      this.#bytes === 0 && BYTE_ORDER_MARK.every((byte, at) => whole[at] === byte) ? whole.subarray(BYTE_ORDER_MARK.length) : whole;
    this.#bytes += whole.length;
    if (this.#start.length < LOOKED_AT_BYTES) this.#keepStart(chunk);
    if (chunk.length <= SLICE) this.#pushSlice(chunk);
    else for (let from = 0; from < chunk.length; from += SLICE) this.#pushSlice(chunk.subarray(from, from + SLICE));
  }

  refusal(): AppError | undefined {
    this.#endBody();
    const content = this.#scan.contentOf(this.#tracking ? this.#scan.next : this.#scan.template, this.#workspace.heads);
    if (content === 'waiting') return new AppError('S_NOT_READY');
    if (content === 'foreign' && !this.#lineReader.ours) return new AppError('S_FOREIGN', { what: lookOf(this.#start) });
    return undefined;
  }

  commit(at: Ms, skewMs: Ms | undefined): Change {
    this.#endBody();
    const scan = this.#scan;
    const tracked = this.#tracking;
    if (tracked) {
      scan.next.processes ||= this.#lineReader.capped;
      scan.finalize();
    }
    const change = this.data.load(scan, {
      at,
      skewMs,
      structure: tracked,
      bytes: this.#bytes,
      badLines: this.#lineReader.badLines.count,
      badSample: this.#lineReader.badLines.sample,
      rowsCapped: this.#lineReader.capped,
    });
    scan.scrape++;
    if (scan.needsReset) this.#forget();
    this.#reset();
    return change;
  }

  abort(): void {
    // Replay has only written values, and the next scrape writes them all again.
    if (this.#tracking) this.#forget();
    this.#reset();
  }

  /** Marks the user ids in use, here and in the committed columns. */
  markUsers(live: Uint8Array): void {
    this.#scan.rows.markUsers(live);
    this.data.procs.markUsers(live);
  }

  renumberUsers(fresh: Int32Array): void {
    this.#scan.rows.renumberUsers(fresh);
    this.data.procs.renumberUsers(fresh);
  }

  /** The incomplete rest is a line now. Calling this again does no harm. */
  #endBody(): void {
    this.#lineReader.ended = true;
    if (this.#tailBytes > 0 || this.#skipping) this.#pushSlice(LINE_END);
    if (this.#tracking || this.#line >= this.#scan.template.count) return;
    // The body is shorter than the last one; the rest may be complete lines that are only shorter than the expected one.
    this.#track();
    this.#pushSlice(LINE_END);
  }

  #keepStart(chunk: Uint8Array): void {
    const more = chunk.subarray(0, LOOKED_AT_BYTES - this.#start.length);
    const start = new Uint8Array(this.#start.length + more.length);
    start.set(this.#start);
    start.set(more, this.#start.length);
    this.#start = start;
  }

  #forget(): void {
    this.#scan = new ScanState(this.#workspace.users, this.#workspace.labels);
  }

  #reset(): void {
    this.#lineReader.reset(this.#scan);
    this.#tailBytes = this.#bytes = this.#line = 0;
    this.#skipping = this.#tracking = false;
    this.#start = NO_BYTES;
  }

  #pushSlice(chunk: Uint8Array): void {
    let slice = chunk;
    if (this.#skipping) {
      const newline = chunk.indexOf(NEWLINE);
      if (newline < 0) return;
      this.#skipping = false;
      slice = chunk.subarray(newline + 1);
    }
    const { bytes } = this.#workspace.window;
    for (let i = 0; i < this.#tailBytes; i++) bytes[i] = this.#tail[i]!;
    bytes.set(slice, this.#tailBytes);
    const end = this.#tailBytes + slice.length;
    // Ends every search; whatever ends here is incomplete.
    bytes[end] = NEWLINE;
    let at = this.#tracking ? 0 : this.#replay(end);
    if (this.#tracking) at = this.#lineReader.read(at, end);
    this.#keepTail(at, end);
  }

  #keepTail(at: number, end: number): void {
    const { bytes } = this.#workspace.window;
    let from = at;
    if (end - from > MAX_TAIL) {
      // Complete lines in it are comments and blank lines, or a sample would have been found.
      from = bytes.lastIndexOf(NEWLINE, end - 1) + 1;
      if (from <= at) from = at;
      if (end - from > MAX_TAIL) {
        if (bytes[from] !== HASH) this.#lineReader.bad(from, end);
        this.#skipping = true;
        from = end;
      }
    }
    const size = end - from;
    if (size > this.#tail.length) this.#tail = new Uint8Array(size * 2);
    for (let i = 0; i < size; i++) this.#tail[i] = bytes[from + i]!;
    this.#tailBytes = size;
  }

  /** Compares with the template as far as possible. Returns the position after the last complete line. */
  #replay(end: number): number {
    const { window, heads } = this.#workspace;
    const { bytes, view, finder } = window;
    const { template, arena, rows, samples } = this.#scan;
    const { ints, count } = template;
    const numberEnd = this.#numberEnd;
    const [headView, headAt, headBytes] = [heads.arena.view, heads.at, heads.bytes];
    const [blocks, rowValues, sampleValues] = [arena.view, rows.values, samples.values];
    let at = 0;
    let line = this.#line;
    for (; line < count; line++) {
      const entry = line * LINE_INTS;
      const head = ints[entry]!;
      if (head === 0) break;
      const labels = at + headBytes[head]!;
      const from = labels + ints[entry + LINE_BYTES]!;
      if (from >= end) return this.#pause(line, at);
      if (!repeats(headView, headAt[head]!, view, at, labels - at)) break;
      if (!repeats(blocks, ints[entry + LINE_BLOCK]!, view, labels, from - labels)) break;
      let value = plainNumber(bytes, from, numberEnd);
      let to = numberEnd.at;
      if (bytes[to] === RETURN) to++;
      if (to >= end) return this.#pause(line, at);
      if (value < 0 || bytes[to] !== NEWLINE) {
        to = finder.indexOf(NEWLINE, from);
        if (to >= end) return this.#pause(line, at);
        const slow = readValue(latin1.decode(bytes.subarray(from, to)));
        if (slow === undefined) break;
        value = slow;
      }
      const target = ints[entry + LINE_TARGET]!;
      if (target >= 0) rowValues[target] = value;
      else sampleValues[~target] = value;
      at = to + 1;
    }
    this.#line = line;
    // Comments after the last sample make no difference.
    if (line < count || sampleStart(bytes, at, end) < end) this.#track();
    return at;
  }

  #pause(line: number, at: number): number {
    this.#line = line;
    return at;
  }

  #track(): void {
    this.#tracking = true;
    this.#lineReader.begin(this.#line);
  }
}

const LINE_END = Uint8Array.of(NEWLINE);
const BYTE_ORDER_MARK: readonly number[] = [0xef, 0xbb, 0xbf];

/**
 * Parses the exposition of one node, scrape after scrape. Stateful: it uses what it learned from the last scrape. Bytes arrive in chunks of
 * any size; bad lines are counted, never fatal. Until `commit` the data of the last good scrape stays exactly as it was.
 */
export interface ScrapeParser {
  /** The last committed scrape. Always the same object; its columns are valid until the next commit. */
  readonly data: NodeData;
  /** How often the exporter renews its values; absent, 0: for each scrape, or not known. */
  readonly refreshMs?: Ms;
  /** What readers of other exporters share with those of other endpoints. */
  readonly texts?: ReaderTexts;
  push(chunk: Uint8Array): void;
  /**
   * Ends the body. Returns why it must not be committed: it contains no all-smi metrics (`S_FOREIGN`), or the exporter has no data yet
   * (`S_NOT_READY`); undefined if it may be.
   */
  refusal(): AppError | undefined;
  /**
   * Ends the body (an unterminated last line counts) and publishes it. `at`: when the body was complete, by our clock. `skewMs`: the node's
   * clock minus ours (from its Date header), undefined if unknown; the age of processes with a Unix start time is computed at at + skewMs.
   */
  commit(at: Ms, skewMs: Ms | undefined): Change;
  /** Drops everything since the last commit: the body was truncated, refused or too large. */
  abort(): void;
}
