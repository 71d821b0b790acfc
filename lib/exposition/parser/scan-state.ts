/**
 * The state of a parser for one node: rows, samples and the template of the last scrape. Not visible outside before a commit.
 *
 *   ScrapeTemplate.ints, 4 a line           rows or samples                          Arena.bytes (of the node)
 *   +------+-------+-------+--------+       ProcessRows.ints    16 a row: pid, ...   +---------------------------------+
 *   | head | block | bytes | target |       ProcessRows.values   5 a row             | . pid="7", user=...} gpu="H100" |
 *   +--|---+---|---+-------+----|---+       SampleValues.ints    5 a sample          +---^-----------------------------+
 *      |       |                |           SampleValues.values  1 a sample              |
 *      |       |                +---------> values[target], or samples.values[~target]   |
 *      |       +------------------------------- offset in the arena ---------------------+
 *      +--> SeriesHeads (of all nodes): line end, comments, name and brace before the labels
 *
 * Offsets and lengths are in bytes, and 0 is not a valid offset; values are as exported. `Window` contains the rest of the line that the last
 * chunk cut, the bytes of this chunk, and a line end. `template` belongs to the last scrape: LineReader's cursor is the next expected line in it.
 * `next` belongs to this scrape. `Scanner` replays `template` without building a `next` until a line differs; `finalize` swaps the two.
 * The columns on screen (committed/) are other arrays, filled at a commit.
 *
 * Invariants: the arena only grows, until `needsReset`; it contains no NUL except those that `addRepaired` puts between two blocks; a target
 * belongs to a row below `rows.count` or to a sample below `samples.count`; sample 0 (DISCARD) takes the values that are ignored.
 */
import { Arena, Cutter, type Room } from './bytes.js';
import type { Entity, LabelledLines } from './entities.js';
import { SampleValues, SAMPLE_VALUES_ROOM } from './sample-values.js';
import type { LabelReader } from './labels.js';
import {
  VALUE_INTS,
  VALUE_ENTITY,
  LINE_BLOCK,
  LINE_BYTES,
  LINE_INTS,
  LINE_TARGET,
  ROW_BLOCK,
  ROW_INTS,
  ROW_LINES,
  ROW_MIXED,
  ROW_SEEN,
  ROW_VALUES,
  rowOf,
  SEEN_BITS,
  DISCARD,
} from './row-layout.js';
import { ScrapeTemplate, TEMPLATE_ROOM } from './scrape-template.js';
import { ProcessRows, ROWS_ROOM } from './process-rows.js';
import type { SeriesHeads } from './series-heads.js';
import type { Table } from '../schema/families.js';
import type { UserNames } from './user-names.js';
import { clean } from '../../text/sanitize.js';

/** Enough for most nodes. */
const FIRST_BYTES = 16_384;
const FIRST_ROOM: Room = {
  floats: ROWS_ROOM.floats + SAMPLE_VALUES_ROOM.floats,
  ints: ROWS_ROOM.ints + SAMPLE_VALUES_ROOM.ints + TEMPLATE_ROOM.ints,
};
/** Garbage below this size is not worth a reset. */
const SPARE_BYTES = 32_768;

/** Tables about the exporter rather than its node. */
const STATUS_TABLES: ReadonlySet<Table> = new Set(['up', 'build', 'scope', 'source', 'runtime']);

/** Scrape numbers share an integer with SEEN_BITS. */
const LAST_SCRAPE = 2 ** (31 - SEEN_BITS) - 1;

export class ScanState {
  readonly arena: Arena;
  readonly rows: ProcessRows;
  readonly samples: SampleValues;
  template = new ScrapeTemplate();
  /** The template of the current scrape, once it differs. */
  next: ScrapeTemplate;
  /** Number of the current scrape. */
  scrape = 1;
  #bytesAtFirst = 0;

  constructor(users: UserNames, labels: LabelReader) {
    const cutter = new Cutter(FIRST_ROOM, FIRST_BYTES);
    this.arena = new Arena(cutter.bytes(FIRST_BYTES));
    this.next = new ScrapeTemplate(cutter);
    this.rows = new ProcessRows(this.arena, users, labels, cutter);
    this.samples = new SampleValues(this.arena, labels, cutter);
  }

  /** Records the value of a line in the new template. False: its row exceeds a limit, and the line is left out. */
  record(head: number, block: number, bytes: number, target: number, value: number): boolean {
    if (!this.#markSeen(target, block, bytes)) return false;
    this.next.add(head, block, bytes, target);
    if (target < 0) this.samples.values[~target] = value;
    else this.rows.values[target] = value;
    return true;
  }

  /** The first `lines` lines have been repeated: the new template starts with them. */
  begin(lines: number): void {
    const { ints } = this.template;
    const { next } = this;
    next.clear();
    this.rows.begin();
    this.samples.begin();
    for (let at = 0; at < lines * LINE_INTS; at += LINE_INTS) {
      const block = ints[at + LINE_BLOCK]!;
      const bytes = ints[at + LINE_BYTES]!;
      const target = ints[at + LINE_TARGET]!;
      next.add(ints[at]!, block, bytes, target);
      this.#markSeen(target, block, bytes);
      if (target >= 0) next.processes = true;
    }
  }

  /** The new template is complete: removes what it does not contain. */
  finalize(): void {
    const { rows, samples, next } = this;
    const movedRows = rows.sweep(this.scrape);
    const movedSamples = samples.sweep(this.scrape);
    for (let at = ROW_LINES; at < rows.count * ROW_INTS; at += ROW_INTS)
      for (let value = 0; value < ROW_VALUES; value++) rows.ints[at + value] = -1;
    samples.lines.fill(-1);
    const { ints } = next;
    for (let line = 0; line < next.count; line++) {
      const at = line * LINE_INTS + LINE_TARGET;
      let target = ints[at]!;
      if (target < 0) {
        if (movedSamples) ints[at] = target = ~movedSamples[~target]!;
        samples.lines[~target] = line;
      } else {
        let row = rowOf(target);
        const value = target - row * ROW_VALUES;
        if (movedRows) {
          row = movedRows[row]!;
          ints[at] = row * ROW_VALUES + value;
        }
        rows.ints[row * ROW_INTS + ROW_LINES + value] = line;
      }
    }
    this.next = this.template;
    this.template = next;
    samples.entities.relabel(this.#labelledLines);
    this.#bytesAtFirst ||= this.arena.length;
  }

  /**
   * What a body with the lines of `template` contains: 'data' of the node; 'waiting': `all_smi_up 0` and only facts about the exporter;
   * 'status': the same without that 0; 'foreign': no line of all-smi.
   */
  contentOf(template: ScrapeTemplate, heads: SeriesHeads): 'data' | 'waiting' | 'status' | 'foreign' {
    const { ints } = template;
    const { ints: samples, values, entities } = this.samples;
    let content: 'waiting' | 'status' | 'foreign' = 'foreign';
    for (let line = 0; line < template.count; line++) {
      const target = ints[line * LINE_INTS + LINE_TARGET]!;
      if (target >= 0) return 'data';
      if (target !== ~DISCARD) {
        const { table } = entities.all[samples[~target * VALUE_INTS + VALUE_ENTITY]!]!;
        if (!STATUS_TABLES.has(table)) return 'data';
        if (table === 'up' && !(values[~target]! > 0)) content = 'waiting';
      }
      if (content === 'foreign' && heads.isOurs(ints[line * LINE_INTS]!)) content = 'status';
    }
    return content;
  }

  /** Whether so much of the arena is unused that a reset is cheaper, or the scrape numbers are used up. */
  get needsReset(): boolean {
    return this.arena.length > this.#bytesAtFirst * 2 + SPARE_BYTES || this.scrape === LAST_SCRAPE;
  }

  /**
   * The offset in the arena of the name that the node reports: the `instance` of the first line that has one. Process rows rarely do, so
   * only the first of them is checked, and last.
   */
  instance(): number {
    const { ints, count } = this.template;
    const { entities } = this.samples;
    let firstRow = -1;
    for (let at = 0; at < count * LINE_INTS; at += LINE_INTS) {
      const entity = this.#entityAt(at);
      if (entity?.instance) {
        const instance = entity.mixed ? entities.instanceIn(ints[at + LINE_BLOCK]!, ints[at + LINE_BYTES]!) : entity.instance;
        if (instance !== 0) return instance;
      }
      if (firstRow < 0 && ints[at + LINE_TARGET]! >= 0) firstRow = at;
    }
    return firstRow < 0 ? 0 : entities.instanceIn(ints[firstRow + LINE_BLOCK]!, ints[firstRow + LINE_BYTES]!);
  }

  /** By entity: its first line in the template. */
  firstLines(): ReadonlyMap<Entity, number> {
    const found = new Map<Entity, number>();
    for (let line = 0; line < this.template.count; line++) {
      const entity = this.#entityAt(line * LINE_INTS);
      if (entity && !found.has(entity)) found.set(entity, line);
    }
    return found;
  }

  /** The entity of a line of the template; undefined for process lines and ignored ones. */
  #entityAt(at: number): Entity | undefined {
    const target = this.template.ints[at + LINE_TARGET]!;
    if (target >= 0 || target === ~DISCARD) return undefined;
    return this.samples.entities.all[this.samples.ints[~target * VALUE_INTS + VALUE_ENTITY]!];
  }

  readonly #labelledLines: LabelledLines = (line) => {
    const { ints, count } = this.template;
    for (let at = 0; at < count * LINE_INTS; at += LINE_INTS) {
      const entity = this.#entityAt(at);
      if (entity) line(entity, ints[at + LINE_BLOCK]!, ints[at + LINE_BYTES]!);
    }
  };

  /** This scrape has the value, and therefore its row or its entity. False: they exceed a limit. */
  #markSeen(target: number, block: number, bytes: number): boolean {
    const { rows, scrape } = this;
    if (target < 0) return this.samples.markSeen(~target, block, bytes, scrape);
    const { ints } = rows;
    const row = rowOf(target);
    const at = row * ROW_INTS;
    if (ints[at + ROW_SEEN]! >> SEEN_BITS !== scrape && !rows.admit(row, scrape)) return false;
    if (ints[at + ROW_MIXED] !== 0 || ints[at + ROW_BLOCK] !== block) rows.retake(row, block, bytes, scrape);
    const seen = ints[at + ROW_SEEN]!;
    ints[at + ROW_SEEN] = (seen >> SEEN_BITS === scrape ? seen : scrape << SEEN_BITS) | (1 << (target - row * ROW_VALUES));
    return true;
  }
}

export class BadLines {
  count = 0;
  /** The first bad line, cleaned and cut. */
  sample = '';

  clear(): void {
    this.count = 0;
    this.sample = '';
  }

  /** A bad line from `from` to `to`. */
  add(bytes: Uint8Array, from: number, to: number): void {
    this.count++;
    if (this.sample === '') this.sample = clean(utf8.decode(bytes.subarray(from, Math.min(to, from + SAMPLE_BYTES))), SAMPLE_BYTES);
  }
}

/** Lines of a body that are not in the format. */

const SAMPLE_BYTES = 80;

const utf8 = new TextDecoder();
