/**
 * The parser of one host. Nodes send the same lines again and again with other values, so it keeps the lines of the last scrape as a
 * program and replays it: two comparisons of bytes and a number per line, no strings, nothing allocated. At the first line that differs it
 * starts tracking: from there on lines are found by the old program, by the row they belong to, or read label by label, and the program is
 * made anew.
 */
import type { Change, NodeData } from '../../model/columns.js';
import type { Ms } from '../../model/node-view.js';
import { HASH, NEWLINE, RETURN } from './ascii.js';
import { NO_BYTES, repeats } from './bytes.js';
import { Committed } from './committed/committed.js';
import type { ParserWorkspace } from './workspace.js';
import { LINE_BLOCK, LINE_BYTES, LINE_INTS, LINE_TARGET } from './row-layout.js';
import { numberEnd, plainNumber, readValue } from './numbers.js';
import { ScanState } from './scan-state.js';
import { sampleStart } from './syntax.js';
import { LineReader } from './line-reader.js';

/** What may wait for the rest of its line; longer runs of comments are let go, longer lines are bad. */
const MAX_TAIL = 65_536;
/** Bytes that are looked at in one go. */
const SLICE = 131_072;
const latin1 = new TextDecoder('latin1');

export class Scanner implements ScrapeParser {
  readonly data: Committed;
  readonly #engine: ParserWorkspace;
  #scan: ScanState;
  readonly #tracker: LineReader;
  #tail = NO_BYTES;
  #tailBytes = 0;
  /** Inside a line that is too long. */
  #skipping = false;
  #tracking = false;
  /** Lines replayed so far. */
  #line = 0;
  #bytes = 0;

  constructor(engine: ParserWorkspace) {
    this.#engine = engine;
    this.#scan = new ScanState(engine.users, engine.labels);
    this.#tracker = new LineReader(engine, this.#scan);
    this.data = new Committed(engine);
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (chunk.length <= SLICE) this.#pushSlice(chunk);
    else for (let from = 0; from < chunk.length; from += SLICE) this.#pushSlice(chunk.subarray(from, from + SLICE));
  }

  commit(at: Ms, skewMs: Ms | undefined): Change {
    if (this.#tailBytes > 0 || this.#skipping) this.#pushSlice(LINE_END);
    const scan = this.#scan;
    if (!this.#tracking && this.#line < scan.templates.count) {
      // The body is shorter than the last one; what waited may be whole lines, only not as long as the one expected.
      this.#track();
      this.#pushSlice(LINE_END);
    }
    const tracked = this.#tracking;
    if (tracked) {
      scan.next.processes ||= this.#tracker.capped;
      scan.finalize();
    }
    const change = this.data.load(scan, {
      at,
      skewMs,
      structure: tracked,
      bytes: this.#bytes,
      badLines: this.#tracker.badLines.count,
      badSample: this.#tracker.badLines.sample,
      rowsCapped: this.#tracker.capped,
    });
    scan.scrape++;
    if (scan.needsReset) this.#forget();
    this.#reset();
    return change;
  }

  abort(): void {
    // What was replayed only wrote values, and the next scrape writes them all again.
    if (this.#tracking) this.#forget();
    this.#reset();
  }

  /** Marks the user ids in use, here and on screen. */
  markUsers(live: Uint8Array): void {
    this.#scan.rows.markUsers(live);
    this.data.procs.markUsers(live);
  }

  renumberUsers(fresh: Int32Array): void {
    this.#scan.rows.renumberUsers(fresh);
    this.data.procs.renumberUsers(fresh);
  }

  #forget(): void {
    this.#scan = new ScanState(this.#engine.users, this.#engine.labels);
  }

  #reset(): void {
    this.#tracker.reset(this.#scan);
    this.#tailBytes = this.#bytes = this.#line = 0;
    this.#skipping = this.#tracking = false;
  }

  #pushSlice(chunk: Uint8Array): void {
    let slice = chunk;
    if (this.#skipping) {
      const newline = chunk.indexOf(NEWLINE);
      if (newline < 0) return;
      this.#skipping = false;
      slice = chunk.subarray(newline + 1);
    }
    const { bytes } = this.#engine.window;
    for (let i = 0; i < this.#tailBytes; i++) bytes[i] = this.#tail[i]!;
    bytes.set(slice, this.#tailBytes);
    const end = this.#tailBytes + slice.length;
    // Ends every search; what ends here and not before is not whole.
    bytes[end] = NEWLINE;
    let at = this.#tracking ? 0 : this.#replay(end);
    if (this.#tracking) at = this.#tracker.read(at, end);
    this.#keepTail(at, end);
  }

  #keepTail(at: number, end: number): void {
    const { bytes } = this.#engine.window;
    let from = at;
    if (end - from > MAX_TAIL) {
      // Whole lines among it are comments and blank ones, or a sample would have been found.
      from = bytes.lastIndexOf(NEWLINE, end - 1) + 1;
      if (from <= at) from = at;
      if (end - from > MAX_TAIL) {
        if (bytes[from] !== HASH) this.#tracker.bad(from, end);
        this.#skipping = true;
        from = end;
      }
    }
    const size = end - from;
    if (size > this.#tail.length) this.#tail = new Uint8Array(size * 2);
    for (let i = 0; i < size; i++) this.#tail[i] = bytes[from + i]!;
    this.#tailBytes = size;
  }

  /** Compares with the program as far as it goes. Returns the position behind the last line that came whole. */
  #replay(end: number): number {
    const { window, heads: prefixes } = this.#engine;
    const { bytes, view, finder } = window;
    const { templates: program, arena, rows, samples: cells } = this.#scan;
    const { ints, count } = program;
    const [prefixView, prefixAt, prefixBytes] = [prefixes.arena.view, prefixes.at, prefixes.bytes];
    const [blocks, rowValues, cellValues] = [arena.view, rows.values, cells.values];
    let at = 0;
    let line = this.#line;
    for (; line < count; line++) {
      const entry = line * LINE_INTS;
      const prefix = ints[entry]!;
      if (prefix === 0) break;
      const labels = at + prefixBytes[prefix]!;
      const from = labels + ints[entry + LINE_BYTES]!;
      if (from >= end) return this.#pause(line, at);
      if (!repeats(prefixView, prefixAt[prefix]!, view, at, labels - at)) break;
      if (!repeats(blocks, ints[entry + LINE_BLOCK]!, view, labels, from - labels)) break;
      let value = plainNumber(bytes, from);
      let to = numberEnd;
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
      else cellValues[~target] = value;
      at = to + 1;
    }
    this.#line = line;
    // Comments behind the last sample are no difference.
    if (line < count || sampleStart(bytes, at, end) < end) this.#track();
    return at;
  }

  #pause(line: number, at: number): number {
    this.#line = line;
    return at;
  }

  #track(): void {
    this.#tracking = true;
    this.#tracker.begin(this.#line);
  }
}

const LINE_END = Uint8Array.of(NEWLINE);

/**
 * Reads the exposition of one host, scrape after scrape. Stateful: it keeps what the last scrape taught it. Bytes come in chunks of any
 * size; bad lines are counted, never fatal. Until `commit` the data of the last good scrape stays exactly as it was.
 */
export interface ScrapeParser {
  /** The last committed scrape; the same object for the parser's life, its columns are valid until the next commit. */
  readonly data: NodeData;
  push(chunk: Uint8Array): void;
  /**
   * Ends the body (an unterminated last line counts) and shows it. `at`: when the body was complete, by our clock. `skewMs`: the host's
   * clock minus ours (its Date header), undefined when unknown; start times given as epoch are aged against at + skewMs.
   */
  commit(at: Ms, skewMs: Ms | undefined): Change;
  /** Forgets what was pushed since the last commit: the body was cut, refused, too large. */
  abort(): void;
}
