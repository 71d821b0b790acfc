/**
 * What a parser knows of a node while it reads: rows, samples and the template of the last scrape. Nobody else sees it before a commit.
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
 * Offsets and lengths are bytes, and 0 is no offset; values are as exported. `Window` holds the bytes under way, behind those of a line cut by
 * the chunk before, and a line end behind the last. `template` is that of the last scrape: LineReader's cursor is the line expected next in it.
 * `next` is that of this scrape. `Scanner` replays `template` without making a `next` until a line differs; `finalize` lets them change places.
 * The columns on screen (committed/) are other arrays, filled at a commit.
 *
 * Always so: the arena only grows, until `needsReset`; nothing in it is a NUL but what `addRepaired` puts between two blocks; a target is of a
 * row below `rows.count` or a sample below `samples.count`; sample 0 (DISCARD) takes what nobody reads.
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

/** Enough for most hosts. */
const FIRST_BYTES = 16_384;
const FIRST_ROOM: Room = {
  floats: ROWS_ROOM.floats + SAMPLE_VALUES_ROOM.floats,
  ints: ROWS_ROOM.ints + SAMPLE_VALUES_ROOM.ints + TEMPLATE_ROOM.ints,
};
/** Garbage that is not worth starting anew for. */
const SPARE_BYTES = 32_768;

/** Tables that are about the exporter and not about its node. */
const STATUS_TABLES: ReadonlySet<Table> = new Set(['up', 'build', 'scope', 'source', 'runtime']);

/** Numbers of scrapes share an integer with SEEN_BITS. */
const LAST_SCRAPE = 2 ** (31 - SEEN_BITS) - 1;

export class ScanState {
  readonly arena: Arena;
  readonly rows: ProcessRows;
  readonly samples: SampleValues;
  template = new ScrapeTemplate();
  /** The template that the scrape under way makes, once it differs. */
  next: ScrapeTemplate;
  /** Number of the scrape under way. */
  scrape = 1;
  #bytesAtFirst = 0;

  constructor(users: UserNames, labels: LabelReader) {
    const cutter = new Cutter(FIRST_ROOM, FIRST_BYTES);
    this.arena = new Arena(cutter.bytes(FIRST_BYTES));
    this.next = new ScrapeTemplate(cutter);
    this.rows = new ProcessRows(this.arena, users, labels, cutter);
    this.samples = new SampleValues(this.arena, labels, cutter);
  }

  /** Notes in the new template that a line's value came. False: there is no room for its row, and the line is left out. */
  record(head: number, block: number, bytes: number, target: number, value: number): boolean {
    if (!this.#markSeen(target, block, bytes)) return false;
    this.next.add(head, block, bytes, target);
    if (target < 0) this.samples.values[~target] = value;
    else this.rows.values[target] = value;
    return true;
  }

  /** The first `lines` lines came as they had before: the new template begins with them. */
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

  /** The new template is whole: what it does not have goes. */
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
   * What a body holds whose lines are those of `template`: 'data' of the node; 'waiting': `all_smi_up 0` and nothing but facts of the exporter;
   * 'status': likewise, without that 0; 'foreign': no line of all-smi.
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

  /** Whether so much of the arena is of no use any more that a fresh start is cheaper, or the numbers of scrapes are used up. */
  get needsReset(): boolean {
    return this.arena.length > this.#bytesAtFirst * 2 + SPARE_BYTES || this.scrape === LAST_SCRAPE;
  }

  /**
   * Where in the arena the host says what it calls itself: in its first line that has an `instance`. Process rows seldom do, so only the
   * first of them is looked at, and last.
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

  /** The entity of a line of the template, undefined for lines of process rows and those that nobody reads. */
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

  /** This scrape gives the value, and so has its row or its entity. False: there is no room for them. */
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
  /** The first one, cleaned and cut. */
  sample = '';

  clear(): void {
    this.count = 0;
    this.sample = '';
  }

  /** One that goes from `from` to `to`. */
  add(bytes: Uint8Array, from: number, to: number): void {
    this.count++;
    if (this.sample === '') this.sample = clean(utf8.decode(bytes.subarray(from, Math.min(to, from + SAMPLE_BYTES))), SAMPLE_BYTES);
  }
}

/** Lines of a body that are none of the format. */

const SAMPLE_BYTES = 80;

const utf8 = new TextDecoder();
