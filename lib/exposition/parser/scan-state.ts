/** What a parser knows of a host while it reads: rows, samples and the template of the last scrape. Nobody else sees it before a commit. */
import { Arena, Cutter, type Room } from './bytes.js';
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
  SECTIONS,
  SEEN_BITS,
  DISCARD,
} from './row-layout.js';
import { ScrapeTemplate, TEMPLATE_ROOM } from './scrape-template.js';
import { ProcessRows, ROWS_ROOM } from './process-rows.js';
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

  /** Notes in the new template that a line's value came. */
  record(head: number, block: number, bytes: number, target: number, value: number): void {
    this.next.add(head, block, bytes, target);
    if (target < 0) {
      this.samples.values[~target] = value;
      this.samples.touch(~target, block, bytes, this.scrape);
      return;
    }
    this.rows.values[target] = value;
    this.#touch(target, block, bytes);
  }

  /** The first `lines` lines came as they had before: the new template begins with them. */
  begin(lines: number): void {
    const { ints } = this.template;
    const { next, samples, scrape } = this;
    next.clear();
    for (let at = 0; at < lines * LINE_INTS; at += LINE_INTS) {
      const block = ints[at + LINE_BLOCK]!;
      const bytes = ints[at + LINE_BYTES]!;
      const target = ints[at + LINE_TARGET]!;
      next.add(ints[at]!, block, bytes, target);
      if (target < 0) samples.touch(~target, block, bytes, scrape);
      else {
        this.#touch(target, block, bytes);
        next.processes = true;
      }
    }
  }

  /** The new template is whole: what it did not speak of goes. */
  finalize(): void {
    const { rows, samples, next } = this;
    const movedRows = rows.sweep(this.scrape);
    const movedSamples = samples.sweep(this.scrape);
    for (let at = ROW_LINES; at < rows.count * ROW_INTS; at += ROW_INTS)
      for (let section = 0; section < SECTIONS; section++) rows.ints[at + section] = -1;
    samples.lines.fill(-1);
    const { ints } = next;
    for (let line = 0; line < next.count; line++) {
      const at = line * LINE_INTS + LINE_TARGET;
      let target = ints[at]!;
      if (target < 0) {
        if (movedSamples) ints[at] = target = ~movedSamples[~target]!;
        samples.lines[~target] = line;
      } else {
        if (movedRows) ints[at] = target = movedRows[target >> 2]! * SECTIONS + (target & 3);
        rows.ints[(target >> 2) * ROW_INTS + ROW_LINES + (target & 3)] = line;
      }
    }
    this.next = this.template;
    this.template = next;
    this.#bytesAtFirst ||= this.arena.length;
  }

  /** Whether so much of the arena is of no use any more that a fresh start is cheaper, or the numbers of scrapes are used up. */
  get needsReset(): boolean {
    return this.arena.length > this.#bytesAtFirst * 2 + SPARE_BYTES || this.scrape === LAST_SCRAPE;
  }

  /** Where in the arena the host says what it calls itself: in its first line that has an `instance`; process rows seldom do, so they are last. */
  instance(): number {
    const { ints, count } = this.template;
    const { samples, entities } = { samples: this.samples.ints, entities: this.samples.entities.all };
    for (let at = LINE_TARGET; at < count * LINE_INTS; at += LINE_INTS) {
      if (ints[at]! >= 0 || ints[at] === ~DISCARD) continue;
      const { instance } = entities[samples[~ints[at]! * VALUE_INTS + VALUE_ENTITY]!]!;
      if (instance !== 0) return instance;
    }
    return this.rows.instance();
  }

  /** This scrape gives the value, and speaks of its row. */
  #touch(target: number, block: number, bytes: number): void {
    const { rows, scrape } = this;
    const { ints } = rows;
    const row = target >> 2;
    const at = row * ROW_INTS;
    if (ints[at + ROW_MIXED] !== 0 || ints[at + ROW_BLOCK] !== block) rows.retake(row, block, bytes, scrape);
    const seen = ints[at + ROW_SEEN]!;
    ints[at + ROW_SEEN] = (seen >> SEEN_BITS === scrape ? seen : scrape << SEEN_BITS) | (1 << (target & 3));
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
