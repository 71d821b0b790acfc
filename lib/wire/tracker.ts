/**
 * The lines of a body that differ from those of the last one. Each is found where the old program expects it, by the process row it belongs
 * to, or it is read label by label; the new program is made as it goes.
 */
import { clean } from '../sanitize.js';
import { same } from './bytes.js';
import { BLOCK as CELL_BLOCK, BLOCK_BYTES as CELL_BLOCK_BYTES, INTS as CELL_INTS, SINK, THING } from './cells.js';
import type { Engine } from './engine.js';
import { METRICS, SECTION_OF, SECTIONS, UNKNOWN } from './families.js';
import { numberEnd, plainNumber, readValue } from './numbers.js';
import { metricOf, PREFIXES_PER_HOST } from './prefixes.js';
import { BLOCK, BYTES, LINE, TARGET } from './program.js';
import { BLOCK_AT, INTS } from './rows.js';
import type { Scan } from './scan.js';
import { nameEnd, sampleStart, skipBlanks } from './text-lines.js';
import type { NoThing, ThingTable } from './things.js';

/** Longest line of a sample. */
const MAX_LINE = 32_768;
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

export class Tracker {
  badLines = 0;
  /** The first bad line, cleaned and cut. */
  badSample = '';
  /** Whether process rows had to be left out. */
  capped = false;
  readonly #engine: Engine;
  #scan: Scan;
  #prefixesLeft = PREFIXES_PER_HOST;
  /** The line of the old program that is expected next, and what came last. */
  #cursor = 0;
  #lastPrefix = 0;
  #lastRow = 0;
  #lastThing = 0;
  readonly #sight: Sight = { prefix: 0, name: 0, labels: 0, labelled: false, value: 0 };

  constructor(engine: Engine, scan: Scan) {
    this.#engine = engine;
    this.#scan = scan;
  }

  /** A new body, or a new scan for the next one. */
  reset(scan: Scan): void {
    this.#scan = scan;
    this.badLines = 0;
    this.badSample = '';
    this.capped = false;
    this.#cursor = this.#lastPrefix = this.#lastRow = this.#lastThing = 0;
  }

  /** The first `lines` lines of the program came as they had before. */
  begin(lines: number): void {
    const { program } = this.#scan;
    this.#scan.begin(lines);
    this.#cursor = lines;
    if (lines === 0) return;
    const last = (lines - 1) * LINE;
    this.#lastPrefix = program.ints[last]!;
    this.#lastRow = Math.max(0, program.ints[last + TARGET]! >> 2);
  }

  /** Reads the lines from `from` on. Returns the position behind the last one that came whole. */
  read(from: number, end: number): number {
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
    if (value === undefined) this.bad(bytes.lastIndexOf(NEWLINE, from) + 1, to);
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
    const sight = this.#sight;
    const to = this.#lookAt(at, end);
    if (to < 0) return INCOMPLETE;
    if (to - sight.name > MAX_LINE || sight.labels < 0) return this.bad(sight.name, to);
    const close = sight.labelled ? this.#engine.labels.read(bytes, sight.labels, to) : sight.labels;
    if (close < 0) return this.bad(sight.name, to);
    sight.value = skipBlanks(bytes, close, to);
    const value = valueOf(bytes, sight.value, to);
    if (value === undefined) return this.bad(sight.name, to);
    return this.#newLine(sight, value, at, to) ? to + 1 : this.bad(sight.name, to);
  }

  /** Finds name and labels of the next sample. Returns where its line ends, INCOMPLETE when it has not come whole. */
  #lookAt(at: number, end: number): number {
    const { prefixes, window } = this.#engine;
    const { bytes, view } = window;
    const sight = this.#sight;
    const expected = prefixes.follower[this.#lastPrefix]!;
    if (expected > 0 && prefixes.matches(expected, view, at, end)) {
      sight.prefix = expected;
      sight.labels = at + prefixes.bytes[expected]!;
      sight.name = sight.labels - prefixes.nameBytes[expected]!;
      sight.labelled = prefixes.labelled[expected] === 1;
    } else {
      sight.prefix = 0;
      sight.name = sampleStart(bytes, at, end);
      if (sight.name >= end) return INCOMPLETE;
    }
    const to = bytes.indexOf(NEWLINE, sight.name);
    if (to >= end) return INCOMPLETE;
    if (sight.prefix === 0) this.#findLabels(sight, to);
    return to;
  }

  #findLabels(sight: Sight, to: number): void {
    const { bytes } = this.#engine.window;
    const name = nameEnd(bytes, sight.name, to);
    const brace = skipBlanks(bytes, name, to);
    sight.labelled = bytes[brace] === OPEN;
    sight.labels = name === sight.name || (!sight.labelled && brace === name) ? -1 : sight.labelled ? brace + 1 : name + 1;
  }

  /** Finds out where the value of a line belongs. False: its labels do not say. */
  #newLine(sight: Sight, value: number, at: number, to: number): boolean {
    const { window, prefixes } = this.#engine;
    if (sight.prefix === 0) {
      const before = prefixes.count;
      sight.prefix = prefixes.find(window.bytes, window.view, at, sight.name, sight.labels, this.#prefixesLeft > 0);
      this.#prefixesLeft -= prefixes.count - before;
    }
    const { prefix, labels } = sight;
    const metric = prefix > 0 ? prefixes.metric[prefix]! : metricOf(window.bytes, sight.name, labels);
    if (metric === UNKNOWN) this.#unread(sight, value);
    else if (SECTION_OF[metric]! < 0) this.#cell(sight, metric, value);
    else if (!sight.labelled) return false;
    else if (prefix === 0 || this.#rowLine(prefix, labels, to + 1) < 0) return this.#newRow(sight, SECTION_OF[metric]!, value);
    return true;
  }

  #newRow({ prefix, labels, value: valueAt }: Sight, section: number, value: number): boolean {
    const { window } = this.#engine;
    const { rows, arena } = this.#scan;
    const bytes = valueAt - labels;
    // #rowLine did not read the labels, so they are still those of this line.
    const block = arena.add(window.view, labels, valueAt);
    const row = rows.take(window.bytes, window.view, { at: block, bytes, from: labels }, this.#scan.scrape);
    if (row === 'bad') return false;
    if (row === 'capped') {
      this.capped = true;
      this.#leaveOut(prefix);
      return true;
    }
    this.#lastRow = row;
    const target = row * SECTIONS + section;
    this.#note(prefix, block, bytes, target, value);
    this.#aim(rows.lines[target]!);
    return true;
  }

  #cell(sight: Sight, metric: number, value: number): void {
    const { window } = this.#engine;
    const { cells, arena } = this.#scan;
    const { prefix, labels } = sight;
    const bytes = sight.value - labels;
    const thing = this.#thing(sight, metric);
    const cell = typeof thing === 'number' ? cells.cellOf(metric, thing) : thing;
    if (cell === 'full') return this.#leaveOut(prefix);
    if (cell === 'useless') return this.#unread(sight, value);
    const at = cell * CELL_INTS;
    let block = cells.ints[at + CELL_BLOCK]!;
    if (block === 0 || cells.ints[at + CELL_BLOCK_BYTES] !== bytes || !same(arena.view, block, window.view, labels, bytes)) {
      const thingOf = cells.things.all[cells.ints[at + THING]!]!;
      const shared = thingOf.blockBytes === bytes && same(arena.view, thingOf.block, window.view, labels, bytes);
      block = shared ? thingOf.block : arena.add(window.view, labels, sight.value);
    }
    this.#note(prefix, block, bytes, ~cell, value);
    this.#aim(cells.lines[cell]!);
  }

  /** What the labels speak of: the thing of the line before, the one behind it, or one that its labels name. */
  #thing(sight: Sight, metric: number): number | NoThing {
    const { window } = this.#engine;
    const { things } = this.#scan.cells;
    const { bytes, view } = window;
    const { table } = METRICS[metric]!;
    for (let thing = this.#lastThing; thing <= this.#lastThing + 1; thing++) {
      if (things.standsAt(thing, table, view, sight.labels, sight.value) && things.all[thing]!.blockBytes === sight.value - sight.labels)
        return (this.#lastThing = thing);
    }
    const thing = things.take(table as ThingTable, bytes, view, sight.labels, sight.value);
    if (typeof thing === 'number') this.#lastThing = thing;
    return thing;
  }

  /** A line for which there is no room. It is not remembered, so that it gets room as soon as there is some. */
  #leaveOut(prefix: number): void {
    this.#note(0, 0, 0, ~SINK, 0);
    this.#lastPrefix = prefix;
  }

  /** A line of no use: known again by its place in the old program. */
  #unread({ prefix, labels, value: valueAt }: Sight, value: number): void {
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

  /** Counts what is from `from` to `to` as a bad line. Returns the position behind its end. */
  bad(from: number, to: number): number {
    this.badLines++;
    if (this.badSample === '')
      this.badSample = clean(
        utf8.decode(this.#engine.window.bytes.subarray(from, Math.min(to, from + BAD_SAMPLE_BYTES))),
        BAD_SAMPLE_BYTES,
      );
    return to + 1;
  }
}

/** Where the parts of a line stand; `labels` is -1 where there are none and no value either. One object, filled anew for each line. */
interface Sight {
  prefix: number;
  name: number;
  labels: number;
  labelled: boolean;
  value: number;
}

function valueOf(bytes: Uint8Array, from: number, to: number): number | undefined {
  const value = plainNumber(bytes, from);
  return value >= 0 && numberEnd === to ? value : readValue(latin1.decode(bytes.subarray(from, to)));
}
