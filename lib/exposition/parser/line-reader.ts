/**
 * Reads the lines of a body that differ from those of the last one. A line is found at its place in the old template, by its process row or
 * its entity, or it is read label by label; the new template is built along the way.
 */
import { NEWLINE, OPEN } from './ascii.js';
import { repeats, same } from './bytes.js';
import type { ParserWorkspace } from './workspace.js';
import { METRICS, ROW_VALUE_OF } from '../schema/families.js';
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
  ROW_VALUES,
  rowOf,
  DISCARD,
  UNKNOWN,
} from './row-layout.js';
import { hasOurName, metricOf, HEADS_PER_NODE } from './series-heads.js';
import { type ScanState, BadLines } from './scan-state.js';
import { nameEnd, sampleStart, skipBlanks } from './syntax.js';
import type { EntityTable } from './entities.js';
import { addRepaired } from './labels.js';
import { ValueReader } from './numbers.js';
import { repair } from './unescaped.js';

/** Maximum length of a sample line. */
const MAX_LINE = 32_768;
/** How far ahead in the old template an ignored line is searched. */
const LOOK_AHEAD = 1024;

export class LineReader {
  readonly badLines = new BadLines();
  /** Whether process rows had to be left out. */
  capped = false;
  /** The body is complete. */
  ended = false;
  /** Whether a line without a head was an all-smi line: the template does not show that. */
  ours = false;
  readonly #workspace: ParserWorkspace;
  #scan: ScanState;
  #headsLeft = HEADS_PER_NODE;
  /** The next expected line of the old template, and what was read last. */
  #cursor = 0;
  #lastHead = 0;
  #lastRow = 0;
  #lastEntity = 0;
  #lastMetric = UNKNOWN;
  /** The first entity of the previous metric. */
  #firstEntity = 0;
  readonly #parts: LineParts = { head: 0, name: 0, labels: 0, labelled: false, value: 0, block: 0, copy: 0, copyEnd: 0 };
  readonly #value: ValueReader;

  constructor(workspace: ParserWorkspace, scan: ScanState) {
    this.#workspace = workspace;
    this.#scan = scan;
    this.#value = new ValueReader(workspace.window);
  }

  /** Starts a new body, or a new scan. */
  reset(scan: ScanState): void {
    this.#scan = scan;
    this.badLines.clear();
    this.capped = this.ended = this.ours = false;
    this.#cursor = this.#lastHead = this.#lastRow = this.#lastEntity = this.#firstEntity = 0;
    this.#lastMetric = UNKNOWN;
  }

  /** The first `lines` lines of the template have been repeated. */
  begin(lines: number): void {
    const { template } = this.#scan;
    this.#scan.begin(lines);
    this.#cursor = lines;
    if (lines === 0) return;
    const last = (lines - 1) * LINE_INTS;
    this.#lastHead = template.ints[last]!;
    this.#lastRow = rowOf(Math.max(0, template.ints[last + LINE_TARGET]!));
  }

  /** Reads the lines from `from` on. Returns the position after the last complete one. */
  read(from: number, end: number): number {
    this.#dropNul(from, end);
    let at = from;
    for (;;) {
      const next = this.#line(at, end);
      if (next === INCOMPLETE) return at;
      at = next;
    }
  }

  /** Replaces NUL with another control character. Texts drop both, but `repeats` needs remembered bytes without NUL. */
  #dropNul(from: number, end: number): void {
    const { bytes, finder } = this.#workspace.window;
    bytes[end + 1] = 0;
    for (let nul = finder.indexOf(0, from); nul < end; nul = finder.indexOf(0, nul)) bytes[nul] = 1;
  }

  #line(at: number, end: number): number {
    const { heads, window } = this.#workspace;
    const parts = this.#parts;
    parts.head = this.#headAt(at, end);
    if (parts.head === 0) {
      if (!this.#look(at, end)) return INCOMPLETE;
      if (parts.labels > 0) parts.head = heads.find(window.bytes, at, parts.labels);
    }
    if (parts.head > 0) {
      parts.labels = at + heads.bytes[parts.head]!;
      parts.name = parts.labels - heads.nameBytes[parts.head]!;
      parts.labelled = heads.labelled[parts.head] === 1;
      const next = this.#known(parts, end);
      if (next !== MISS) return next;
    }
    return this.#byParts(parts, at, end);
  }

  /** The head at `at` if it is one of the expected ones, else 0. */
  #headAt(at: number, end: number): number {
    const { heads, window } = this.#workspace;
    const { template } = this.#scan;
    const nextHead = heads.nextHead[this.#lastHead]!;
    if (nextHead > 0 && heads.matches(nextHead, window.view, at, end)) return nextHead;
    const former = heads.formerNextHead[this.#lastHead]!;
    if (former > 0 && heads.matches(former, window.view, at, end)) return former;
    const planned = this.#cursor < template.count ? template.ints[this.#cursor * LINE_INTS]! : 0;
    return planned > 0 && heads.matches(planned, window.view, at, end) ? planned : 0;
  }

  /** Finds the name and the labels of the next sample. False: its line is incomplete. */
  #look(at: number, end: number): boolean {
    const { bytes, finder } = this.#workspace.window;
    const parts = this.#parts;
    parts.name = sampleStart(bytes, at, end);
    if (parts.name >= end) return false;
    const to = finder.indexOf(NEWLINE, parts.name);
    if (to >= end) return false;
    const name = nameEnd(bytes, parts.name, to);
    const brace = skipBlanks(bytes, name, to);
    parts.labelled = bytes[brace] === OPEN && name > parts.name;
    parts.labels = parts.labelled ? brace + 1 : brace > name && name > parts.name ? name + 1 : -1;
    return true;
  }

  /** A line with a known head: of a known row, the one expected by the old template, or of a known entity. */
  #known({ head, labels, labelled }: LineParts, end: number): number {
    const metric = this.#workspace.heads.metric[head]!;
    const rowValue = metric === UNKNOWN ? -1 : ROW_VALUE_OF[metric]!;
    if (rowValue >= 0) return labelled ? this.#rowLine(head, rowValue, labels, end) : MISS;
    const next = this.#plannedLine(head, labels, end);
    return next === MISS && metric !== UNKNOWN && labelled ? this.#entityLine(head, metric, labels, end) : next;
  }

  #plannedLine(head: number, labels: number, end: number): number {
    const { template, arena } = this.#scan;
    const { ints } = template;
    const entry = this.#cursor * LINE_INTS;
    if (this.#cursor >= template.count || ints[entry] !== head) return MISS;
    const block = ints[entry + LINE_BLOCK]!;
    const bytes = ints[entry + LINE_BYTES]!;
    if (labels + bytes > end || !repeats(arena.view, block, this.#workspace.window.view, labels, bytes)) return MISS;
    const next = this.#finish(head, block, bytes, ints[entry + LINE_TARGET]!, labels + bytes, end);
    if (next !== INCOMPLETE) this.#cursor++;
    return next;
  }

  /**
   * A process line of a known row: the row of the line before, the one that followed it last time, or one with the pid at the start of the
   * labels.
   */
  #rowLine(head: number, rowValue: number, labels: number, end: number): number {
    const { window } = this.#workspace;
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
    const next = this.#finish(head, rows.ints[at + ROW_BLOCK]!, bytes, row * ROW_VALUES + rowValue, labels + bytes, end);
    if (next === INCOMPLETE) return next;
    if (row !== last) rows.follow(last, row);
    this.#lastRow = row;
    this.#aim(rows.ints[at + ROW_LINES + rowValue]!);
    return next;
  }

  /**
   * A line of a known entity: the one of the line before, the next one, or, when the metric changes, the first one of the last metric.
   * Without this guess, with all labels read instead, a new node takes 1.12 to 1.29 times as long.
   */
  #entityLine(head: number, metric: number, labels: number, end: number): number {
    const { view } = this.#workspace.window;
    const { samples } = this.#scan;
    const { entities } = samples;
    const { table } = METRICS[metric]!;
    let entity = metric === this.#lastMetric ? this.#lastEntity + 1 : this.#firstEntity;
    if (!entities.standsAt(entity, table, view, labels, end)) entity = this.#lastEntity;
    if (!entities.standsAt(entity, table, view, labels, end)) entity++;
    if (!entities.standsAt(entity, table, view, labels, end)) return MISS;
    const sample = samples.sampleOf(metric, entity);
    if (sample === 'full') return MISS;
    const { block, blockBytes } = entities.all[entity]!;
    const next = this.#finish(head, block, blockBytes, ~sample, labels + blockBytes, end);
    if (next === INCOMPLETE) return next;
    this.#sawEntity(entity, metric);
    this.#aim(samples.lines[sample]!);
    return next;
  }

  #sawEntity(entity: number, metric: number): void {
    if (metric !== this.#lastMetric) this.#firstEntity = entity;
    this.#lastMetric = metric;
    this.#lastEntity = entity;
  }

  /** Reads and records the value of a known line. An invalid value makes it a bad line. */
  #finish(head: number, block: number, size: number, target: number, from: number, end: number): number {
    const to = this.#value.read(from, end);
    if (to === INCOMPLETE) return to;
    if (!this.#value.valid) return this.bad(this.#workspace.window.bytes.lastIndexOf(NEWLINE, from) + 1, to);
    this.#note(head, block, size, target);
    return to + 1;
  }

  #note(head: number, block: number, size: number, target: number): void {
    const scan = this.#scan;
    if (target >= 0) scan.next.processes = true;
    if (!scan.record(head, block, size, target, this.#value.value)) {
      if (target >= 0) this.capped = true;
      return this.#leaveOut(head);
    }
    if (head > 0) this.#workspace.heads.follow(this.#lastHead, head);
    this.#lastHead = head;
  }

  /** After `line` of the old template, the next one is expected. */
  #aim(line: number): void {
    if (line >= 0) this.#cursor = line + 1;
  }

  /** Reads an unknown line. */
  #byParts(parts: LineParts, at: number, end: number): number {
    const { window, labels } = this.#workspace;
    parts.block = 0;
    if (!parts.labelled) labels.clear();
    const close = parts.labelled ? labels.read(window.bytes, window.view, parts.labels, end) : parts.labels;
    if (close < 0) {
      const to = window.finder.indexOf(NEWLINE, parts.name);
      return to < end ? this.#repaired(parts, at, to, end) : INCOMPLETE;
    }
    parts.value = skipBlanks(window.bytes, close, end);
    const to = this.#value.read(parts.value, end);
    if (to === INCOMPLETE) return to;
    if (!this.#value.valid) return this.#repaired(parts, at, to, end);
    return this.#placed(parts, at, to);
  }

  #placed(parts: LineParts, at: number, to: number): number {
    return to - parts.name <= MAX_LINE && this.#newLine(parts, at, to) ? to + 1 : this.bad(parts.name, to);
  }

  /** Reads a malformed line that ends at `to`, if it belongs to a known family and its values are not escaped. */
  #repaired(parts: LineParts, at: number, to: number, end: number): number {
    const { window, labels } = this.#workspace;
    const { name, labels: from, labelled } = parts;
    if (!labelled || metricOf(window.bytes, name, from) === UNKNOWN) return this.bad(name, to);
    const repaired = repair(window.bytes, from, end, this.ended);
    if (repaired === INCOMPLETE) return repaired;
    if (repaired === undefined) return this.bad(name, to);
    const { arena } = this.#scan;
    parts.value = from + repaired.blockBytes;
    const added = addRepaired(arena, window.bytes.subarray(from, parts.value), repaired.block);
    parts.block = added.block;
    parts.copy = added.copy;
    parts.copyEnd = added.end;
    labels.read(arena.bytes, arena.view, added.copy, added.end);
    this.#value.value = repaired.value;
    return this.#placed(parts, at, from + repaired.bytes);
  }

  /** Finds out where the value of a line belongs. False: the labels do not determine it. */
  #newLine(parts: LineParts, at: number, to: number): boolean {
    const { window, heads } = this.#workspace;
    const learned = parts.head === 0 && this.#learnHead(parts, at);
    const { head, labels } = parts;
    const metric = head > 0 ? heads.metric[head]! : metricOf(window.bytes, parts.name, labels);
    const rowValue = metric === UNKNOWN ? -1 : ROW_VALUE_OF[metric]!;
    this.ours ||= head === 0 && hasOurName(window.bytes, parts.name);
    if (metric === UNKNOWN) this.#unread(parts);
    else if (rowValue < 0) this.#sample(parts, metric);
    else if (!parts.labelled) return false;
    // #rowLine reads no labels, so the current ones are still those of this line.
    else if (!learned || this.#rowLine(head, rowValue, labels, to + 1) === MISS) return this.#newRow(parts, rowValue);
    return true;
  }

  #learnHead(parts: LineParts, at: number): boolean {
    if (this.#headsLeft <= 0) return false;
    const { window, heads } = this.#workspace;
    parts.head = heads.learn(window, at, parts.name, parts.labels);
    if (parts.head > 0) this.#headsLeft--;
    return parts.head > 0;
  }

  #newRow({ head, labels, value: valueAt, block: added }: LineParts, rowValue: number): boolean {
    const { window } = this.#workspace;
    const { rows, arena } = this.#scan;
    const bytes = valueAt - labels;
    const block = added || arena.add(window.view, labels, valueAt);
    const source = added > 0 ? arena : window;
    const row = rows.take(source.bytes, source.view, { at: block, bytes, from: added || labels }, this.#scan.scrape);
    if (row === 'bad') return false;
    if (row === 'capped') {
      this.capped = true;
      this.#leaveOut(head);
      return true;
    }
    if (row !== this.#lastRow) rows.insert(this.#lastRow, row);
    this.#lastRow = row;
    this.#note(head, block, bytes, row * ROW_VALUES + rowValue);
    this.#aim(rows.ints[row * ROW_INTS + ROW_LINES + rowValue]!);
    return true;
  }

  #sample(parts: LineParts, metric: number): void {
    const { view } = this.#workspace.window;
    const { samples, arena } = this.#scan;
    const { head, labels, value: valueAt } = parts;
    const table = METRICS[metric]!.table as EntityTable;
    const entity =
      parts.block > 0
        ? samples.entities.take(table, arena.bytes, arena.view, parts.copy, parts.copyEnd)
        : samples.entities.take(table, this.#workspace.window.bytes, view, labels, valueAt);
    const sample = typeof entity === 'number' ? samples.sampleOf(metric, entity) : entity;
    if (sample === 'full') return this.#leaveOut(head);
    if (sample === 'useless' || typeof entity !== 'number') return this.#unread(parts);
    this.#sawEntity(entity, metric);
    const size = valueAt - labels;
    const at = sample * VALUE_INTS;
    let block = parts.block || samples.ints[at + VALUE_BLOCK]!;
    const isKnown = block > 0 && samples.ints[at + VALUE_BLOCK_BYTES] === size && same(arena.view, block, view, labels, size);
    if (!isKnown && parts.block === 0) {
      const { block: shared, blockBytes } = samples.entities.all[entity]!;
      block = blockBytes === size && same(arena.view, shared, view, labels, size) ? shared : arena.add(view, labels, valueAt);
    }
    this.#note(head, block, size, ~sample);
    this.#aim(samples.lines[sample]!);
  }

  /** A line that exceeds a limit. It is not remembered, so that it is accepted as soon as there is room. */
  #leaveOut(head: number): void {
    this.#value.value = 0;
    this.#note(0, 0, 0, ~DISCARD);
    this.#lastHead = head;
  }

  /** An ignored line: recognised by its place in the old template. */
  #unread({ head, labels, value: valueAt, block: added }: LineParts): void {
    const { view } = this.#workspace.window;
    const { template, arena } = this.#scan;
    const { ints } = template;
    const bytes = valueAt - labels;
    let line = this.#cursor;
    const last = Math.min(template.count, line + LOOK_AHEAD);
    while (line < last && (ints[line * LINE_INTS + LINE_TARGET] !== ~DISCARD || ints[line * LINE_INTS + LINE_BYTES] !== bytes)) line++;
    const at = line * LINE_INTS;
    const known = line < last && same(arena.view, ints[at + LINE_BLOCK]!, view, labels, bytes);
    this.#note(head, known ? ints[at + LINE_BLOCK]! : added || arena.add(view, labels, valueAt), bytes, ~DISCARD);
    if (known) this.#aim(line);
  }

  /** Counts `from` to `to` as a bad line. Returns the position after its end. */
  bad(from: number, to: number): number {
    this.badLines.add(this.#workspace.window.bytes, from, to);
    return to + 1;
  }
}

/** The positions of the parts of a line; `labels` is -1 if there are neither labels nor a value. One object, reused for each line. */
interface LineParts {
  head: number;
  name: number;
  labels: number;
  labelled: boolean;
  value: number;
  /** The offset of the label block in the arena, 0: not there yet. A malformed block is followed by its copy. */
  block: number;
  copy: number;
  copyEnd: number;
}
