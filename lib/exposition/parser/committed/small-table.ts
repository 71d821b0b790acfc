/** CPUs, cores, memory and disks of a node: few rows, by index; those without one by title. */
import { CORE_FIELDS, CPU_FIELDS, DISK_FIELDS, MEMORY_FIELDS, type Rows } from '../../../model/columns.js';
import type { Arena } from '../bytes.js';
import type { SampleValues } from '../sample-values.js';
import { METRICS } from '../../schema/families.js';
import type { Readings } from './readings.js';
import { textOf, textRef } from './text-ref.js';
import type { Entity } from '../entities.js';

/** The columns of each table. */
export const SMALL_TABLES = { cpu: CPU_FIELDS, core: CORE_FIELDS, memory: MEMORY_FIELDS, disk: DISK_FIELDS } as const;
type Name = keyof typeof SMALL_TABLES;
type Field<Table extends Name> = (typeof SMALL_TABLES)[Table][number];

/** By metric: its position among the fields of its table, -1 if it is not there. */
const FIELD_OF = Int32Array.from(METRICS, (metric) =>
  metric.table in SMALL_TABLES && 'field' in metric ? (SMALL_TABLES[metric.table as Name] as readonly string[]).indexOf(metric.field) : -1,
);

export class SmallTable<Table extends Name> implements Rows<Field<Table>> {
  count = 0;
  readonly #fields: readonly string[];
  readonly #readings: Readings;
  /** Where its values start among the readings. */
  #from = 0;
  /** By row: the offset of its title in the arena; the entity itself may get another title before the next commit. */
  #titles: readonly number[] = [];
  #arena: Arena | undefined;

  constructor(table: Table, readings: Readings) {
    this.#fields = SMALL_TABLES[table];
    this.#readings = readings;
  }

  value(row: number, field: Field<Table>): number {
    return this.#readings.values[this.#from + row * this.#fields.length + this.#fields.indexOf(field)]!;
  }

  title(row: number): string {
    return this.#text(this.#titles[row]!);
  }

  /** The number of values that `rows` rows need. */
  room(rows: number): number {
    return rows * this.#fields.length;
  }

  /** Takes over the rows, and decides where their values go: from `from` on. */
  arrange(samples: SampleValues, entities: readonly Entity[], arena: Arena, from: number): void {
    this.#arena = arena;
    const sorted =
      entities.length < 2
        ? entities
        : [...entities].sort((a, b) => a.index - b.index || (this.#text(a.title) < this.#text(b.title) ? -1 : 1));
    this.#titles = sorted.map(({ title }) => title);
    this.#from = from;
    this.count = sorted.length;
    for (let row = 0; row < sorted.length; row++) this.#readings.add(sorted[row]!, samples, FIELD_OF, from + this.room(row), 1);
  }

  #text(at: number): string {
    return this.#arena ? textOf(this.#arena.bytes, textRef(at, 'value')) : '';
  }
}
