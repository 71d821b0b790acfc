/**
 * The lines of a body that differ from those of the last one. Each is found where the old program expects it, by the process row or the
 * thing it speaks of, or it is read label by label; the new program is made as it goes.
 */
import { NEWLINE, OPEN } from './ascii.js';
import { repeats, same } from './bytes.js';
import type { ParserWorkspace } from './workspace.js';
import { METRICS, SECTION_OF } from '../schema/families.js';
import {
  VALUE_BLOCK,
  VALUE_BLOCK_BYTES,
  VALUE_INTS,
  INCOMPLETE,
  LINE_BLOCK,
  LINE_BYTES,
  LINE_INTS,
  LINE_TARGET,
  MISS,
  ROW_BLOCK,
  ROW_INTS,
  ROW_LINES,
  SECTIONS,
  DISCARD,
  UNKNOWN,
} from './row-layout.js';
import { metricOf, HEADS_PER_NODE } from './series-heads.js';
import { type ScanState, BadLines } from './scan-state.js';
import { nameEnd, sampleStart, skipBlanks } from './syntax.js';
import type { EntityTable } from './entities.js';
import { ValueReader } from './numbers.js';

/** Longest line of a sample. */
const MAX_LINE = 32_768;
/** How far ahead a line that nobody reads is looked for in the old program. */
const LOOK_AHEAD = 1024;

export class LineReader {
  readonly badLines = new BadLines();
  /** Whether process rows had to be left out. */
  capped = false;
  readonly #engine: ParserWorkspace;
  #scan: ScanState;
  #prefixesLeft = HEADS_PER_NODE;
  /** The line of the old program that is expected next, and what came last. */
  #cursor = 0;
  #lastPrefix = 0;
  #lastRow = 0;
  #lastThing = 0;
  #lastMetric = UNKNOWN;
  /** The thing that the metric before this one began with. */
  #firstThing = 0;
  readonly #sight: Sight = { prefix: 0, name: 0, labels: 0, labelled: false, value: 0 };
  readonly #value: ValueReader;

  constructor(engine: ParserWorkspace, scan: ScanState) {
    this.#engine = engine;
    this.#scan = scan;
    this.#value = new ValueReader(engine.window);
  }

  /** A new body, or a new scan for the next one. */
  reset(scan: ScanState): void {
    this.#scan = scan;
    this.badLines.clear();
    this.capped = false;
    this.#cursor = this.#lastPrefix = this.#lastRow = this.#lastThing = this.#firstThing = 0;
    this.#lastMetric = UNKNOWN;
  }

  /** The first `lines` lines of the program came as they had before. */
  begin(lines: number): void {
    const { templates: program } = this.#scan;
    this.#scan.begin(lines);
    this.#cursor = lines;
    if (lines === 0) return;
    const last = (lines - 1) * LINE_INTS;
    this.#lastPrefix = program.ints[last]!;
    this.#lastRow = Math.max(0, program.ints[last + LINE_TARGET]! >> 2);
  }

  /** Reads the lines from `from` on. Returns the position behind the last one that came whole. */
  read(from: number, end: number): number {
    this.#dropNul(from, end);
    let at = from;
    for (;;) {
      const next = this.#line(at, end);
      if (next === INCOMPLETE) return at;
      at = next;
    }
  }

  /** NUL becomes another control character. Texts lose both; but `repeats` needs that nothing remembered holds a NUL. */
  #dropNul(from: number, end: number): void {
    const { bytes, finder } = this.#engine.window;
    bytes[end + 1] = 0;
    for (let nul = finder.indexOf(0, from); nul < end; nul = finder.indexOf(0, nul)) bytes[nul] = 1;
  }

  #line(at: number, end: number): number {
    const { heads: prefixes, window } = this.#engine;
    const sight = this.#sight;
    sight.prefix = this.#prefixAt(at, end);
    if (sight.prefix === 0) {
      if (!this.#look(at, end)) return INCOMPLETE;
      if (sight.labels > 0) sight.prefix = prefixes.find(window.bytes, at, sight.labels);
    }
    if (sight.prefix > 0) {
      sight.labels = at + prefixes.bytes[sight.prefix]!;
      sight.name = sight.labels - prefixes.nameBytes[sight.prefix]!;
      sight.labelled = prefixes.labelled[sight.prefix] === 1;
      const next = this.#known(sight, end);
      if (next !== MISS) return next;
    }
    return this.#bySight(sight, at, end);
  }

  /** The prefix at `at`, if it is one of those that may be expected; else 0. */
  #prefixAt(at: number, end: number): number {
    const { heads: prefixes, window } = this.#engine;
    const { templates: program } = this.#scan;
    const follower = prefixes.follower[this.#lastPrefix]!;
    if (follower > 0 && prefixes.matches(follower, window.view, at, end)) return follower;
    const former = prefixes.formerFollower[this.#lastPrefix]!;
    if (former > 0 && prefixes.matches(former, window.view, at, end)) return former;
    const planned = this.#cursor < program.count ? program.ints[this.#cursor * LINE_INTS]! : 0;
    return planned > 0 && prefixes.matches(planned, window.view, at, end) ? planned : 0;
  }

  /** Finds name and labels of the next sample. False: its line has not come whole. */
  #look(at: number, end: number): boolean {
    const { bytes, finder } = this.#engine.window;
    const sight = this.#sight;
    sight.name = sampleStart(bytes, at, end);
    if (sight.name >= end) return false;
    const to = finder.indexOf(NEWLINE, sight.name);
    if (to >= end) return false;
    const name = nameEnd(bytes, sight.name, to);
    const brace = skipBlanks(bytes, name, to);
    sight.labelled = bytes[brace] === OPEN && name > sight.name;
    sight.labels = sight.labelled ? brace + 1 : brace > name && name > sight.name ? name + 1 : -1;
    return true;
  }

  /** A line with a known prefix: of a known row, the one that the old program has here, of a known thing. */
  #known({ prefix, labels, labelled }: Sight, end: number): number {
    const metric = this.#engine.heads.metric[prefix]!;
    const section = metric === UNKNOWN ? -1 : SECTION_OF[metric]!;
    if (section >= 0) return labelled ? this.#rowLine(prefix, section, labels, end) : MISS;
    const next = this.#plannedLine(prefix, labels, end);
    return next === MISS && metric !== UNKNOWN && labelled ? this.#thingLine(prefix, metric, labels, end) : next;
  }

  #plannedLine(prefix: number, labels: number, end: number): number {
    const { templates: program, arena } = this.#scan;
    const { ints } = program;
    const entry = this.#cursor * LINE_INTS;
    if (this.#cursor >= program.count || ints[entry] !== prefix) return MISS;
    const block = ints[entry + LINE_BLOCK]!;
    const bytes = ints[entry + LINE_BYTES]!;
    if (labels + bytes > end || !repeats(arena.view, block, this.#engine.window.view, labels, bytes)) return MISS;
    const next = this.#finish(prefix, block, bytes, ints[entry + LINE_TARGET]!, labels + bytes, end);
    if (next !== INCOMPLETE) this.#cursor++;
    return next;
  }

  /** A process line of a known row: that of the line before, the one that came behind it, or one of the pid that stands first in the labels. */
  #rowLine(prefix: number, section: number, labels: number, end: number): number {
    const { window } = this.#engine;
    const { rows } = this.#scan;
    const last = this.#lastRow;
    let row = last;
    let bytes = row < rows.count ? rows.blockAt(row, window.view, labels, end) : 0;
    if (bytes === 0) {
      row = rows.after(last);
      if (row < rows.count) bytes = rows.blockAt(row, window.view, labels, end);
    }
    if (bytes === 0) {
      row = rows.rowAtPid(window.bytes, window.view, labels, end);
      if (row < 0) return MISS;
      bytes = rows.blockAt(row, window.view, labels, end);
    }
    const at = row * ROW_INTS;
    const next = this.#finish(prefix, rows.ints[at + ROW_BLOCK]!, bytes, row * SECTIONS + section, labels + bytes, end);
    if (next === INCOMPLETE) return next;
    if (row !== last) rows.follow(last, row);
    this.#lastRow = row;
    this.#aim(rows.ints[at + ROW_LINES + section]!);
    return next;
  }

  /** A line of a known thing: that of the line before, the one behind it, or where the metric changes the one that the last one began with. */
  #thingLine(prefix: number, metric: number, labels: number, end: number): number {
    const { view } = this.#engine.window;
    const { samples: cells } = this.#scan;
    const { entities: things } = cells;
    const { table } = METRICS[metric]!;
    let thing = metric === this.#lastMetric ? this.#lastThing + 1 : this.#firstThing;
    if (!things.standsAt(thing, table, view, labels, end)) thing = this.#lastThing;
    if (!things.standsAt(thing, table, view, labels, end)) thing++;
    if (!things.standsAt(thing, table, view, labels, end)) return MISS;
    const cell = cells.cellOf(metric, thing);
    if (cell === 'full') return MISS;
    const { block, blockBytes } = things.all[thing]!;
    const next = this.#finish(prefix, block, blockBytes, ~cell, labels + blockBytes, end);
    if (next === INCOMPLETE) return next;
    this.#sawThing(thing, metric);
    this.#aim(cells.lines[cell]!);
    return next;
  }

  #sawThing(thing: number, metric: number): void {
    if (metric !== this.#lastMetric) this.#firstThing = thing;
    this.#lastMetric = metric;
    this.#lastThing = thing;
  }

  /** Reads the value of a known line and notes it. A value that is none costs the line. */
  #finish(prefix: number, block: number, size: number, target: number, from: number, end: number): number {
    const to = this.#value.read(from, end);
    if (to === INCOMPLETE) return to;
    if (!this.#value.valid) return this.bad(this.#engine.window.bytes.lastIndexOf(NEWLINE, from) + 1, to);
    this.#note(prefix, block, size, target);
    return to + 1;
  }

  #note(prefix: number, block: number, size: number, target: number): void {
    const scan = this.#scan;
    if (target >= 0) scan.next.processes = true;
    scan.record(prefix, block, size, target, this.#value.value);
    if (prefix > 0) this.#engine.heads.follow(this.#lastPrefix, prefix);
    this.#lastPrefix = prefix;
  }

  /** After `line` of the old program the one behind it is expected. */
  #aim(line: number): void {
    if (line >= 0) this.#cursor = line + 1;
  }

  /** Reads a line without knowing it. */
  #bySight(sight: Sight, at: number, end: number): number {
    const { window, labels } = this.#engine;
    const close = sight.labelled ? labels.read(window.bytes, window.view, sight.labels, end) : sight.labels;
    if (close < 0) {
      const to = window.finder.indexOf(NEWLINE, sight.name);
      return to < end ? this.bad(sight.name, to) : INCOMPLETE;
    }
    sight.value = skipBlanks(window.bytes, close, end);
    const to = this.#value.read(sight.value, end);
    if (to === INCOMPLETE) return to;
    if (!this.#value.valid || to - sight.name > MAX_LINE) return this.bad(sight.name, to);
    return this.#newLine(sight, at, to) ? to + 1 : this.bad(sight.name, to);
  }

  /** Finds out where the value of a line belongs. False: its labels do not say. */
  #newLine(sight: Sight, at: number, to: number): boolean {
    const { window, heads: prefixes } = this.#engine;
    const learned = sight.prefix === 0 && this.#learnPrefix(sight, at);
    const { prefix, labels } = sight;
    const metric = prefix > 0 ? prefixes.metric[prefix]! : metricOf(window.bytes, sight.name, labels);
    const section = metric === UNKNOWN ? -1 : SECTION_OF[metric]!;
    if (metric === UNKNOWN) this.#unread(sight);
    else if (section < 0) this.#cell(sight, metric);
    else if (!sight.labelled) return false;
    // #rowLine reads no labels, so they are still those of this line.
    else if (!learned || this.#rowLine(prefix, section, labels, to + 1) === MISS) return this.#newRow(sight, section);
    return true;
  }

  #learnPrefix(sight: Sight, at: number): boolean {
    if (this.#prefixesLeft <= 0) return false;
    const { window, heads: prefixes } = this.#engine;
    sight.prefix = prefixes.learn(window, at, sight.name, sight.labels);
    if (sight.prefix > 0) this.#prefixesLeft--;
    return sight.prefix > 0;
  }

  #newRow({ prefix, labels, value: valueAt }: Sight, section: number): boolean {
    const { window } = this.#engine;
    const { rows, arena } = this.#scan;
    const bytes = valueAt - labels;
    const block = arena.add(window.view, labels, valueAt);
    const row = rows.take(window.bytes, window.view, { at: block, bytes, from: labels }, this.#scan.scrape);
    if (row === 'bad') return false;
    if (row === 'capped') {
      this.capped = true;
      this.#leaveOut(prefix);
      return true;
    }
    if (row !== this.#lastRow) rows.insert(this.#lastRow, row);
    this.#lastRow = row;
    this.#note(prefix, block, bytes, row * SECTIONS + section);
    this.#aim(rows.ints[row * ROW_INTS + ROW_LINES + section]!);
    return true;
  }

  #cell(sight: Sight, metric: number): void {
    const { bytes, view } = this.#engine.window;
    const { samples: cells, arena } = this.#scan;
    const { prefix, labels, value: valueAt } = sight;
    const thing = cells.entities.take(METRICS[metric]!.table as EntityTable, bytes, view, labels, valueAt);
    const cell = typeof thing === 'number' ? cells.cellOf(metric, thing) : thing;
    if (cell === 'full') return this.#leaveOut(prefix);
    if (cell === 'useless' || typeof thing !== 'number') return this.#unread(sight);
    this.#sawThing(thing, metric);
    const size = valueAt - labels;
    const at = cell * VALUE_INTS;
    let block = cells.ints[at + VALUE_BLOCK]!;
    if (block === 0 || cells.ints[at + VALUE_BLOCK_BYTES] !== size || !same(arena.view, block, view, labels, size)) {
      const { block: shared, blockBytes } = cells.entities.all[thing]!;
      block = blockBytes === size && same(arena.view, shared, view, labels, size) ? shared : arena.add(view, labels, valueAt);
    }
    this.#note(prefix, block, size, ~cell);
    this.#aim(cells.lines[cell]!);
  }

  /** A line for which there is no room. It is not remembered, so that it gets room as soon as there is some. */
  #leaveOut(prefix: number): void {
    this.#value.value = 0;
    this.#note(0, 0, 0, ~DISCARD);
    this.#lastPrefix = prefix;
  }

  /** A line of no use: known again by its place in the old program. */
  #unread({ prefix, labels, value: valueAt }: Sight): void {
    const { view } = this.#engine.window;
    const { templates: program, arena } = this.#scan;
    const { ints } = program;
    const bytes = valueAt - labels;
    let line = this.#cursor;
    const last = Math.min(program.count, line + LOOK_AHEAD);
    while (line < last && (ints[line * LINE_INTS + LINE_TARGET] !== ~DISCARD || ints[line * LINE_INTS + LINE_BYTES] !== bytes)) line++;
    const at = line * LINE_INTS;
    const known = line < last && same(arena.view, ints[at + LINE_BLOCK]!, view, labels, bytes);
    this.#note(prefix, known ? ints[at + LINE_BLOCK]! : arena.add(view, labels, valueAt), bytes, ~DISCARD);
    if (known) this.#aim(line);
  }

  /** Counts what is from `from` to `to` as a bad line. Returns the position behind its end. */
  bad(from: number, to: number): number {
    this.badLines.add(this.#engine.window.bytes, from, to);
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
