/** Tables of a recorded node that are rarely opened: parsed on demand. */
import type { ExtraReading, ExtraRows, ExtraTable, NodeExtras } from '../../model/columns.js';
import type { ExtraTablesRead } from './extras-read.js';

/** One text per node, which costs almost nothing to transfer; '' if there are none. NaN is written as null. */
export const packExtras = (tables: ExtraTablesRead): string => (Object.keys(tables).length === 0 ? '' : JSON.stringify(tables));

export class RecordedExtras implements NodeExtras {
  readonly #text: string;
  /** GPUs of the node: the number of rows in a table with one row per slot. */
  readonly #slots: number;
  #tables: Partial<Record<ExtraTable, Rows>> | undefined;

  constructor(text: string, slots: number) {
    this.#text = text;
    this.#slots = slots;
  }

  rows(table: ExtraTable): ExtraRows {
    this.#tables ??= this.#unpack();
    return (this.#tables[table] ??= new Rows(table === 'gpu' ? Array.from({ length: this.#slots }, () => []) : []));
  }

  #unpack(): Partial<Record<ExtraTable, Rows>> {
    if (this.#text === '') return {};
    const tables = JSON.parse(this.#text) as ExtraTablesRead;
    const gpus = tables.gpu;
    while (gpus && gpus.length < this.#slots) gpus.push([]);
    return Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, new Rows(rows)]));
  }
}

class Rows implements ExtraRows {
  readonly #rows: readonly (readonly ExtraReading[])[];

  constructor(rows: readonly (readonly ExtraReading[])[]) {
    this.#rows = rows;
  }

  get count(): number {
    return this.#rows.length;
  }
  value(row: number, family: string): number {
    return this.#rows[row]?.find((one) => one.family === family)?.value ?? NaN;
  }
  label(row: number, name: string): string {
    for (const { labels } of this.#rows[row] ?? []) {
      const found = labels.find(([label]) => label === name);
      if (found) return found[1];
    }
    return '';
  }
  families(row: number): readonly ExtraReading[] {
    return (this.#rows[row] ?? []).map((one) => ({ ...one, value: (one.value as number | null) ?? NaN }));
  }
}
