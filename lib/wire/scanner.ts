/**
 * The parser of one host. Nodes send the same lines again and again with other values, so it keeps the lines of the last scrape as a
 * program and replays it: two comparisons of bytes and a number per line, no strings, nothing allocated. At the first line that differs it
 * starts tracking: from there on lines are found by the old program, by the row they belong to, or read label by label, and the program is
 * made anew.
 */
import type { Change } from '../model/columns.js';
import type { Ms } from '../model/host.js';
import { clean } from '../sanitize.js';
import { same } from './bytes.js';
import { Committed } from './committed.js';
import type { Engine } from './engine.js';
import { FULL, SINK } from './cells.js';
import { SECTION_OF, SECTIONS, UNKNOWN } from './families.js';
import { numberEnd, plainNumber, readValue } from './numbers.js';
import type { ScrapeParser } from './parser.js';
import { metricOf, PREFIXES_PER_HOST } from './prefixes.js';
import { BLOCK, BYTES, LINE, TARGET } from './program.js';
import { BLOCK_AT, INTS } from './rows.js';
import { Scan } from './scan.js';
import { nameEnd, sampleStart, skipBlanks } from './text-lines.js';

/** Longest line of a sample. */
const MAX_LINE = 32_768;
/** What may wait for the rest of its line; longer runs of comments are let go, longer lines are bad. */
const MAX_TAIL = 65_536;
/** Bytes that are looked at in one go. */
const SLICE = 131_072;
/** How far ahead a line that nobody reads is looked for in the old program. */
const LOOK_AHEAD = 1024;
const BAD_SAMPLE_BYTES = 80;

const NEWLINE = 10;
const RETURN = 13;
const OPEN = 123;

/** Instead of a position: the line has not come whole yet; the way tried does not lead to it. */
const INCOMPLETE = -1;
const MISS = -2;

const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder();

export class Scanner implements ScrapeParser {
  readonly data: Committed;
  readonly #engine: Engine;
  #scan: Scan;
  #prefixesLeft = PREFIXES_PER_HOST;
  #tail = new Uint8Array(256);
  #tailBytes = 0;
  /** Inside a line that is too long. */
  #skipping = false;
  #tracking = false;
  /** Lines replayed so far. */
  #line = 0;
  /** While tracking: the line of the old program that is expected next, and what came last. */
  #cursor = 0;
  #lastPrefix = 0;
  #lastRow = 0;
  #bytes = 0;
  #badLines = 0;
  #badSample = '';
  #capped = false;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#scan = new Scan(engine.users, engine.labels);
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
    if (!this.#tracking && this.#line < scan.program.count) this.#track();
    const tracked = this.#tracking;
    if (tracked) {
      scan.next.processes ||= this.#capped;
      scan.settle();
    }
    const change = this.data.load(scan, {
      at,
      skewMs,
      structure: tracked,
      bytes: this.#bytes,
      badLines: this.#badLines,
      badSample: this.#badSample,
      rowsCapped: this.#capped,
    });
    scan.scrape++;
    if (scan.worn) this.#forget();
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
    this.#scan = new Scan(this.#engine.users, this.#engine.labels);
  }

  #reset(): void {
    this.#tailBytes = 0;
    this.#skipping = this.#tracking = this.#capped = false;
    this.#line = this.#cursor = this.#lastPrefix = this.#lastRow = 0;
    this.#bytes = this.#badLines = 0;
    this.#badSample = '';
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
    if (this.#tracking) at = this.#trackLines(at, end);
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
        if (bytes[from] !== HASH) this.#bad(from, end);
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
    const { window, prefixes } = this.#engine;
    const { bytes, view } = window;
    const { program, arena, rows, cells } = this.#scan;
    const { ints, count } = program;
    const [prefixView, prefixAt, prefixBytes] = [prefixes.arena.view, prefixes.at, prefixes.bytes];
    const [blocks, rowValues, cellValues] = [arena.view, rows.values, cells.values];
    let at = 0;
    let line = this.#line;
    for (; line < count; line++) {
      const entry = line * LINE;
      const prefix = ints[entry]!;
      if (prefix === 0) break;
      const labels = at + prefixBytes[prefix]!;
      const from = labels + ints[entry + BYTES]!;
      if (from >= end) return this.#pause(line, at);
      if (!same(prefixView, prefixAt[prefix]!, view, at, labels - at)) break;
      if (!same(blocks, ints[entry + BLOCK]!, view, labels, from - labels)) break;
      let value = plainNumber(bytes, from);
      let to = numberEnd;
      if (bytes[to] === RETURN) to++;
      if (to >= end) return this.#pause(line, at);
      if (value < 0 || bytes[to] !== NEWLINE) {
        to = bytes.indexOf(NEWLINE, from);
        if (to >= end) return this.#pause(line, at);
        const slow = readValue(latin1.decode(bytes.subarray(from, to)));
        if (slow === undefined) break;
        value = slow;
      }
      const target = ints[entry + TARGET]!;
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
    this.#scan.begin(this.#line);
    this.#cursor = this.#line;
    const { program } = this.#scan;
    if (this.#line === 0) return;
    const last = (this.#line - 1) * LINE;
    this.#lastPrefix = program.ints[last]!;
    this.#lastRow = Math.max(0, program.ints[last + TARGET]! >> 2);
  }

  #trackLines(from: number, end: number): number {
    let at = from;
    for (;;) {
      let next = this.#byCursor(at, end);
      if (next === MISS) next = this.#byRow(at, end);
      if (next === MISS) next = this.#bySight(at, end);
      if (next === INCOMPLETE) return at;
      at = next;
    }
  }

  /** The line that the old program has here. */
  #byCursor(at: number, end: number): number {
    const { program, arena } = this.#scan;
    if (this.#cursor >= program.count) return MISS;
    const { ints } = program;
    const entry = this.#cursor * LINE;
    const prefix = ints[entry]!;
    const { prefixes, window } = this.#engine;
    if (prefix === 0 || !prefixes.matches(prefix, window.view, at, end)) return MISS;
    const labels = at + prefixes.bytes[prefix]!;
    const bytes = ints[entry + BYTES]!;
    if (labels + bytes > end || !same(arena.view, ints[entry + BLOCK]!, window.view, labels, bytes)) return MISS;
    const next = this.#finish(prefix, ints[entry + BLOCK]!, bytes, ints[entry + TARGET]!, labels + bytes, end);
    if (next !== INCOMPLETE) this.#cursor++;
    return next;
  }

  /** A process line whose prefix is the one expected. */
  #byRow(at: number, end: number): number {
    const { prefixes, window } = this.#engine;
    const prefix = prefixes.follower[this.#lastPrefix]!;
    if (prefix === 0 || !prefixes.matches(prefix, window.view, at, end)) return MISS;
    return this.#rowLine(prefix, at + prefixes.bytes[prefix]!, end);
  }

  /** A process line of a known row: that of the line before, the one behind it, or one of the pid that stands first in the labels. */
  #rowLine(prefix: number, labels: number, end: number): number {
    const { prefixes, window } = this.#engine;
    const metric = prefixes.metric[prefix]!;
    const section = metric === UNKNOWN ? -1 : SECTION_OF[metric]!;
    if (section < 0 || prefixes.labelled[prefix] === 0) return MISS;
    const { rows } = this.#scan;
    let row = this.#lastRow;
    let bytes = row < rows.count ? rows.blockAt(row, window.view, labels, end) : 0;
    if (bytes === 0 && ++row < rows.count) bytes = rows.blockAt(row, window.view, labels, end);
    if (bytes === 0) {
      row = rows.rowAtPid(window.bytes, window.view, labels, end);
      if (row < 0) return MISS;
      bytes = rows.blockAt(row, window.view, labels, end);
    }
    const target = row * SECTIONS + section;
    const next = this.#finish(prefix, rows.ints[row * INTS + BLOCK_AT]!, bytes, target, labels + bytes, end);
    if (next === INCOMPLETE) return next;
    this.#lastRow = row;
    this.#aim(rows.lines[target]!);
    return next;
  }

  /** Reads the value of a known line and notes it. A value that is none costs the line. */
  #finish(prefix: number, block: number, size: number, target: number, from: number, end: number): number {
    const { bytes } = this.#engine.window;
    let value: number | undefined = plainNumber(bytes, from);
    let to = numberEnd;
    if (bytes[to] === RETURN) to++;
    if (to >= end) return INCOMPLETE;
    if (value < 0 || bytes[to] !== NEWLINE) {
      to = bytes.indexOf(NEWLINE, from);
      if (to >= end) return INCOMPLETE;
      value = readValue(latin1.decode(bytes.subarray(from, to)));
    }
    if (value === undefined) this.#bad(bytes.lastIndexOf(NEWLINE, from) + 1, to);
    else this.#note(prefix, block, size, target, value);
    return to + 1;
  }

  #note(prefix: number, block: number, size: number, target: number, value: number): void {
    const scan = this.#scan;
    if (target >= 0) scan.next.processes = true;
    scan.record(prefix, block, size, target, value);
    this.#engine.prefixes.follower[this.#lastPrefix] = prefix;
    this.#lastPrefix = prefix;
  }

  /** After `line` of the old program the one behind it is expected. */
  #aim(line: number): void {
    if (line >= 0) this.#cursor = line + 1;
  }

  /** Reads a line without knowing it. */
  #bySight(at: number, end: number): number {
    const { bytes } = this.#engine.window;
    const from = sampleStart(bytes, at, end);
    const to = from < end ? bytes.indexOf(NEWLINE, from) : end;
    if (to >= end) return INCOMPLETE;
    if (to - from > MAX_LINE) return this.#bad(from, to);
    const name = nameEnd(bytes, from, to);
    const brace = skipBlanks(bytes, name, to);
    const labelled = bytes[brace] === OPEN;
    if (name === from || (!labelled && brace === name)) return this.#bad(from, to);
    const labels = labelled ? brace + 1 : name + 1;
    const close = labelled ? this.#engine.labels.read(bytes, labels, to) : labels;
    if (close < 0) return this.#bad(from, to);
    const valueAt = skipBlanks(bytes, close, to);
    const value = valueOf(bytes, valueAt, to);
    if (value === undefined) return this.#bad(from, to);
    return this.#newLine({ at, name: from, labels, valueAt, labelled }, value, to) ? to + 1 : this.#bad(from, to);
  }

  /** Finds out where the value of a line belongs. False: its labels do not say. */
  #newLine({ at, name, labels, valueAt, labelled }: Sight, value: number, to: number): boolean {
    const { window, prefixes } = this.#engine;
    const before = prefixes.count;
    const prefix = prefixes.find(window.bytes, window.view, at, name, labels, this.#prefixesLeft > 0);
    this.#prefixesLeft -= prefixes.count - before;
    const metric = prefix > 0 ? prefixes.metric[prefix]! : metricOf(window.bytes, name, labels);
    const section = metric === UNKNOWN ? -1 : SECTION_OF[metric]!;
    if (section >= 0 && !labelled) return false;
    if (section >= 0 && prefix > 0 && this.#rowLine(prefix, labels, to + 1) >= 0) return true;
    if (section >= 0) return this.#newRow(prefix, section, labels, valueAt, value);
    if (metric === UNKNOWN) this.#unread(prefix, labels, valueAt, value);
    else this.#cell(prefix, metric, labels, valueAt, value);
    return true;
  }

  #newRow(prefix: number, section: number, labels: number, valueAt: number, value: number): boolean {
    const { window } = this.#engine;
    const { rows, arena } = this.#scan;
    const bytes = valueAt - labels;
    // #rowLine did not read the labels, so they are still those of this line.
    const block = arena.add(window.view, labels, valueAt);
    const row = rows.take(window.bytes, window.view, { at: block, bytes, from: labels }, this.#scan.scrape);
    if (row === 'bad') return false;
    if (row === 'capped') {
      this.#capped = true;
      this.#leaveOut(prefix);
      return true;
    }
    this.#lastRow = row;
    const target = row * SECTIONS + section;
    this.#note(prefix, block, bytes, target, value);
    this.#aim(rows.lines[target]!);
    return true;
  }

  #cell(prefix: number, metric: number, labels: number, valueAt: number, value: number): void {
    const { window } = this.#engine;
    const { cells, arena } = this.#scan;
    const bytes = valueAt - labels;
    const number = cells.take(metric, window.bytes, this.#engine.labels);
    if (number === FULL) return this.#leaveOut(prefix);
    if (number === SINK) return this.#unread(prefix, labels, valueAt, value);
    const cell = cells.cells[number]!;
    if (cell.bytes !== bytes || !same(arena.view, cell.at, window.view, labels, bytes) || cell.at === 0) {
      cell.at = arena.add(window.view, labels, valueAt);
      cell.bytes = bytes;
    }
    this.#note(prefix, cell.at, bytes, ~number, value);
    this.#aim(cells.lines[number]!);
  }

  /** A line for which there is no room. It is not remembered, so that it gets room as soon as there is some. */
  #leaveOut(prefix: number): void {
    this.#note(0, 0, 0, ~SINK, 0);
    this.#lastPrefix = prefix;
  }

  /** A line of no use: known again by its place in the old program. */
  #unread(prefix: number, labels: number, valueAt: number, value: number): void {
    const { window } = this.#engine;
    const { program, arena } = this.#scan;
    const { ints } = program;
    const bytes = valueAt - labels;
    let line = this.#cursor;
    const last = Math.min(program.count, line + LOOK_AHEAD);
    while (line < last && (ints[line * LINE + TARGET] !== ~SINK || ints[line * LINE + BYTES] !== bytes)) line++;
    const at = line * LINE;
    const known = line < last && same(arena.view, ints[at + BLOCK]!, window.view, labels, bytes);
    this.#note(prefix, known ? ints[at + BLOCK]! : arena.add(window.view, labels, valueAt), bytes, ~SINK, value);
    if (known) this.#aim(line);
  }

  #bad(from: number, to: number): number {
    this.#badLines++;
    if (this.#badSample === '')
      this.#badSample = clean(
        utf8.decode(this.#engine.window.bytes.subarray(from, Math.min(to, from + BAD_SAMPLE_BYTES))),
        BAD_SAMPLE_BYTES,
      );
    return to + 1;
  }
}

const LINE_END = Uint8Array.of(NEWLINE);
const HASH = 35;

/** Where the parts of a line stand: behind the line before it, its name, its labels and its value. */
interface Sight {
  readonly at: number;
  readonly name: number;
  readonly labels: number;
  readonly valueAt: number;
  readonly labelled: boolean;
}

function valueOf(bytes: Uint8Array, from: number, to: number): number | undefined {
  const value = plainNumber(bytes, from);
  return value >= 0 && numberEnd === to ? value : readValue(latin1.decode(bytes.subarray(from, to)));
}
