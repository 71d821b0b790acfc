/** What an option is, and where its value may come from. */
/** The words given for each flag of the command line, by long name. A switch has the word 'true'. */
export type Flags = Readonly<Record<string, readonly string[]>>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A config file that was read. */
export interface ConfigFile {
  /** Its path; '' for none. */
  readonly path: string;
  /** By key: the words of its value, and where that is ('line 3, column 9'). */
  readonly values: ReadonlyMap<string, { readonly words: readonly string[]; readonly place: string }>;
  /** What is odd but no error. */
  readonly warnings: readonly string[];
}

export const NO_CONFIG: ConfigFile = { path: '', values: new Map(), warnings: [] };

export interface Option<T = unknown> {
  /** Long name without dashes; absent: only the environment and the config file set it. */
  readonly flag?: string;
  /** One letter. */
  readonly alias?: string;
  /** Default: made from `config`. */
  readonly env?: string;
  /** A variable that all-smi had before. */
  readonly legacyEnv?: string;
  /** Key of the config file: 'view.hosts'. */
  readonly config?: string;
  /** What stands for the value in the help; absent: a switch. */
  readonly value?: string;
  /** The value may be left out (`--flag` or `--flag=VALUE`); then it has the word 'true', as a switch. */
  readonly bare?: true;
  /** 'words': takes all words that follow; 'repeat': may be given again. Else the last one counts. */
  readonly many?: 'words' | 'repeat';
  readonly default?: string | number;
  /** What holds when it isn't given, where no single default says it. */
  readonly otherwise?: string;
  readonly help: string;
  /** Reads the words given, at least one and none empty; throws `Invalid`. */
  parse(words: readonly string[]): T;
}

export type OptionTable = Readonly<Record<string, Option>>;

/** What a table comes to. Options without a default may be undefined. */
export type Values<Table extends OptionTable> = {
  readonly [Key in keyof Table]: ReturnType<Table[Key]['parse']> | (Table[Key] extends { readonly default: unknown } ? never : undefined);
};
