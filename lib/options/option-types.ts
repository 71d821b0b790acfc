/** The definition of an option, and the sources of its value. */
/** The words given for each flag on the command line, by long name. A switch has the word 'true'. */
export type Flags = Readonly<Record<string, readonly string[]>>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A parsed config file. */
export interface ConfigFile {
  /** Its path; '' for none. */
  readonly path: string;
  /** By key: the words of its value, and its position ('line 3, column 9'). */
  readonly values: ReadonlyMap<string, { readonly words: readonly string[]; readonly place: string }>;
  /** Warnings. */
  readonly warnings: readonly string[];
}

export const NO_CONFIG: ConfigFile = { path: '', values: new Map(), warnings: [] };

export interface Option<T = unknown> {
  /** Long name without dashes; absent: can be set only in the environment and the config file. */
  readonly flag?: string;
  /** One letter. */
  readonly alias?: string;
  /** Default: derived from `config`. */
  readonly env?: string;
  /** A variable of all-smi with the same meaning. */
  readonly legacyEnv?: string;
  /** Key of the config file: 'view.hosts'. */
  readonly config?: string;
  /** Placeholder of the value in the help; absent: a switch. */
  readonly value?: string;
  /** The value may be omitted (`--flag` or `--flag=VALUE`); it is then the word 'true', as for a switch. */
  readonly bare?: true;
  /** 'words': takes all words that follow; 'repeat': may be repeated. Otherwise the last one wins. */
  readonly many?: 'words' | 'repeat';
  readonly default?: string | number;
  /** Describes the default in the docs where it is not a single value. */
  readonly otherwise?: string;
  readonly help: string;
  /** Parses the words given, at least one and none empty; throws `Invalid`. */
  parse(words: readonly string[]): T;
}

/** The column that a printed table is sorted by. */
export interface TableSort {
  /** A JSON key; a unit suffix may be left out. */
  readonly column: string;
  /** Absent: as the first press of the sort key on the screen; for other columns, numbers descending and texts ascending. */
  readonly descending?: boolean;
}

export type OptionTable = Readonly<Record<string, Option>>;

/** The values of a table of options. Options without a default may be undefined. */
export type Values<Table extends OptionTable> = {
  readonly [Key in keyof Table]: ReturnType<Table[Key]['parse']> | (Table[Key] extends { readonly default: unknown } ? never : undefined);
};
