/** The command line: which command, and the words of each flag. The values are read by lib/options/options.ts. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { COMMANDS, type Command, type Flags } from '../lib/options/options.js';
import type { Option } from '../lib/options/option-types.js';
import type { Request } from './command-line.js';

const isCommand = (word: string | undefined): word is Command => word !== undefined && Object.hasOwn(COMMANDS, word);

/** Only the first word can be a command: behind `--hosts` a host may be called "mock". Throws `E_OPTION_BAD`. */
export async function parseArgv(argv: readonly string[]): Promise<Request> {
  const [first, ...rest] = argv;
  const [command, given] = isCommand(first) ? [first, rest] : ['view' as const, argv];
  const words = named(given, command);
  const flags = plainFlags(words, command);
  return flags ? { command, flags } : (await import('./yargs.js')).parseWithYargs(words, command);
}

/** Words in front of all flags are those of the command's own option. */
function named(words: readonly string[], command: Command): readonly string[] {
  const { words: option } = COMMANDS[command] as { readonly words?: string };
  return option === undefined || words[0] === undefined || words[0].startsWith('-') ? words : [`--${option}`, ...words];
}

/**
 * Flags of a command line that leaves nothing to interpret: the way the program is started every day. It saves loading yargs, which takes
 * longer than the rest of the way to the first picture. Undefined: let yargs look at it.
 */
export function plainFlags(words: readonly string[], command: Command): Flags | undefined {
  // `--` and `--flag=` are for yargs to judge.
  if (words.some((word) => word === '--' || word.endsWith('='))) return undefined;
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const { flag, alias, value, bare } of Object.values<Option>(COMMANDS[command].options)) {
    if (flag !== undefined)
      options[flag] = { type: value === undefined || bare ? 'boolean' : 'string', multiple: true, ...(alias ? { short: alias } : {}) };
  }
  try {
    const { values } = parseArgs({ args: [...words], options, strict: true, allowPositionals: false });
    return Object.fromEntries(Object.entries(values).map(([flag, given]) => [flag, wordsOf([given].flat())]));
  } catch {
    return undefined;
  }
}

/** A switch that is given twice is on, no more. */
const wordsOf = (given: readonly unknown[]): readonly string[] => (given[0] === true ? ['true'] : given.map(String));
