/** CPUs, cores, memory and disks of a host: few rows, in the order of their keys. */
import { CORE_FIELDS, CPU_FIELDS, DISK_FIELDS, MEMORY_FIELDS, type Rows } from '../model/columns.js';
import type { Cell } from './cells.js';
import { METRICS } from './families.js';
import { Readings } from './readings.js';

/** Columns of the tables. */
export const SMALL_TABLES = { cpu: CPU_FIELDS, core: CORE_FIELDS, memory: MEMORY_FIELDS, disk: DISK_FIELDS } as const;
type Name = keyof typeof SMALL_TABLES;
type Field<Table extends Name> = (typeof SMALL_TABLES)[Table][number];

export class SmallTable<Table extends Name> implements Rows<Field<Table>> {
  count = 0;
  readonly readings = new Readings();
  readonly #table: Table;
  readonly #fields: readonly string[];
  #titles: readonly string[] = [];

  constructor(table: Table) {
    this.#table = table;
    this.#fields = SMALL_TABLES[table];
  }

  value(row: number, field: Field<Table>): number {
    return this.readings.values[row * this.#fields.length + this.#fields.indexOf(field)]!;
  }

  title(row: number): string {
    return this.#titles[row]!;
  }

  /** New cells: the rows, and where their values go. */
  arrange(cells: readonly Cell[]): void {
    const titles = new Map<string, string>();
    const own = cells.map((cell, number) => ({ cell, number })).filter(({ cell }) => METRICS[cell.metric]?.table === this.#table);
    for (const { cell } of own) titles.set(cell.key, titles.get(cell.key) || (cell.note.title ?? ''));
    const keys = [...titles.keys()].sort(byNumberThenText);
    const rows = new Map(keys.map((key, row) => [key, row]));
    this.count = keys.length;
    this.#titles = keys.map((key) => titles.get(key)!);
    this.readings.begin(keys.length * this.#fields.length);
    for (const { cell, number } of own) {
      const metric = METRICS[cell.metric] as { readonly field?: string };
      if (metric.field === undefined) continue;
      this.readings.add(number, cell.metric, rows.get(cell.key)! * this.#fields.length + this.#fields.indexOf(metric.field));
    }
  }
}

function byNumberThenText(a: string, b: string): number {
  return Number(a) - Number(b) || (a < b ? -1 : Number(a > b));
}
