/** Determines the value of an option: flags take precedence over the environment, the config file and the default, in that order. */
import { AppError } from '../errors.js';
import { Invalid } from './values.js';
import { type Flags, type Environment, type ConfigFile, NO_CONFIG, type Option, type OptionTable, type Values } from './option-types.js';

/** The environment variable of an option: its own, or ALL_SMI_ and its key in the config file. */
export function envOf({ env, config }: Option): string | undefined {
  return env ?? (config === undefined ? undefined : `ALL_SMI_${config.replace('.', '_').toUpperCase()}`);
}

/** The words of an option, and their source; undefined: it is not set. */
export interface Given {
  readonly words: readonly string[];
  readonly from: 'flag' | 'environment' | 'file';
  /** For messages: '--hosts', 'ALL_SMI_VIEW_HOSTS', 'view.hosts (config.toml, line 3, column 9)'. */
  readonly name: string;
}

export function givenOf(option: Option, flags: Flags, env: Environment, file: ConfigFile): Given | undefined {
  const flag = option.flag === undefined ? undefined : flags[option.flag];
  if (flag) return { words: flag, from: 'flag', name: `--${String(option.flag)}` };
  for (const name of [envOf(option), option.legacyEnv]) {
    const word = name === undefined ? '' : (env[name] ?? '');
    if (word !== '') return { words: [word], from: 'environment', name: name! };
  }
  const value = option.config === undefined ? undefined : file.values.get(option.config);
  // In all-smi's config file an empty text means "none".
  if (!value || value.words.every((word) => word === '')) return undefined;
  return {
    words: value.words,
    from: 'file',
    name: `${option.config!} (${[file.path, value.place].filter((part) => part !== '').join(', ')})`,
  };
}

/** Throws `E_OPTION_BAD`, naming the flag, the variable or the position in the file. */
export function resolveOptions<Table extends OptionTable>(table: Table, flags: Flags, env: Environment, file = NO_CONFIG): Values<Table> {
  const values = Object.entries(table).map(([name, option]) => [name, resolveOption(option, givenOf(option, flags, env, file))] as const);
  return Object.fromEntries(values) as unknown as Values<Table>;
}

function resolveOption(option: Option, given: Given | undefined): unknown {
  if (!given) return option.default;
  const { words, name } = given;
  try {
    if (words.length === 0 || words.some((word) => word.trim() === '')) throw new Invalid(`needs a value (${option.value ?? ''})`);
    return option.parse(words);
  } catch (error) {
    throw error instanceof Invalid ? new AppError('E_OPTION_BAD', { option: name, reason: error.message }) : error;
  }
}
