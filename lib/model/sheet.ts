/** A table as data: what an export writes. */

/** Undefined, or a number that is none: not reported. CSV has nothing there, JSON null. */
export type SheetCell = string | number | boolean | undefined;

export interface SheetColumn {
  /** As it stands in the file: `vram_bytes`. */
  readonly name: string;
  /** Decimals in CSV; absent: a whole number. JSON has numbers as they are. */
  readonly decimals?: number;
  /** Left out of CSV, whose columns others rely on. */
  readonly jsonOnly?: true;
}

export interface Sheet {
  /** What the table is of, when: the head of the JSON file. */
  readonly about: Readonly<Record<string, SheetCell>>;
  readonly columns: readonly SheetColumn[];
  /** A cell per column. */
  readonly rows: readonly (readonly SheetCell[])[];
}

/** A sheet to be written into a file of its own. */
export interface SaveRequest {
  /** The file's name without time and extension: `users-alice`. Whatever is in it is made safe. */
  readonly name: string;
  readonly format: 'csv' | 'json';
  readonly sheet: Sheet;
}

/** Resolves with the path for people to read; rejects with an AppError. */
export type Save = (request: SaveRequest) => Promise<string>;
