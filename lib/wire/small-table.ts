/** CPUs, cores, memory and disks of a host: few rows, in the order of their indices, those without one by their titles. */
import { CORE_FIELDS, CPU_FIELDS, DISK_FIELDS, MEMORY_FIELDS, type Rows } from '../model/columns.js';
import { INTS, METRIC, type Cells } from './cells.js';
import { METRICS } from './families.js';
import { Readings } from './readings.js';
import { textOf, textRef } from './text-ref.js';
import type { Thing } from './things.js';

/** Columns of the tables. */
export const SMALL_TABLES = { cpu: CPU_FIELDS, core: CORE_FIELDS, memory: MEMORY_FIELDS, disk: DISK_FIELDS } as const;
type Name = keyof typeof SMALL_TABLES;
type Field<Table extends Name> = (typeof SMALL_TABLES)[Table][number];

export class SmallTable<Table extends Name> implements Rows<Field<Table>> {
  count = 0;
  readonly readings = new Readings();
  readonly #fields: readonly string[];
  #things: readonly Thing[] = [];
  #arena: Uint8Array = new Uint8Array(0);

  constructor(table: Table) {
    this.#fields = SMALL_TABLES[table];
  }

  value(row: number, field: Field<Table>): number {
    return this.readings.values[row * this.#fields.length + this.#fields.indexOf(field)]!;
  }

  title(row: number): string {
    return textOf(this.#arena, textRef(this.#things[row]!.title, 'value'));
  }

  /** Which rows there are, and where their values go. */
  arrange(cells: Cells, things: Thing[], arena: Uint8Array): void {
    const title = ({ title: at }: Thing): string => textOf(arena, textRef(at, 'value'));
    if (things.length > 1) things.sort((a, b) => a.index - b.index || (title(a) < title(b) ? -1 : 1));
    this.#things = things;
    this.#arena = arena;
    this.count = things.length;
    this.readings.begin(things.length * this.#fields.length);
    things.forEach((thing, row) => {
      for (const cell of thing.cells) {
        const metric = cells.ints[cell * INTS + METRIC]!;
        const field = (METRICS[metric] as { readonly field?: string }).field;
        if (field !== undefined) this.readings.add(cell, metric, row * this.#fields.length + this.#fields.indexOf(field));
      }
    });
  }
}
