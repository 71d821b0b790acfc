/** A table as data: what an export writes. */

/** Undefined, NaN or '': not reported. CSV has an empty cell, JSON null. A list is an array in JSON; in CSV numbers are ranges (`0-3,5`). */
export type SheetCell = string | number | boolean | readonly number[] | readonly string[] | readonly SheetRecord[] | undefined;

/** A record in a list, in JSON. */
export type SheetRecord = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export interface SheetColumn {
  /** The column name in the file: `vram_bytes`. */
  readonly name: string;
  /** Decimals in CSV; absent: an integer. JSON has numbers unrounded. */
  readonly decimals?: number;
  /** What CSV has for a text that is not reported. */
  readonly unknown?: string;
  /** Not in CSV, whose columns are fixed for other programs. */
  readonly jsonOnly?: true;
}

export interface Sheet {
  /** Title and time of the table: the head of the JSON file. */
  readonly about: Readonly<Record<string, SheetCell>>;
  readonly columns: readonly SheetColumn[];
  /** One cell per column. */
  readonly rows: readonly (readonly SheetCell[])[];
}

/** A sheet to be written to a file of its own. */
export interface SaveRequest {
  /** The file's name without time and extension: `users-alice`. Unsafe characters are replaced. */
  readonly name: string;
  readonly format: 'csv' | 'json';
  readonly sheet: Sheet;
}

/** Resolves with the path to show; rejects with an AppError. */
export type Save = (request: SaveRequest) => Promise<string>;
