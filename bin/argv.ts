/** Splits the command line into a command and the words of each flag. lib/options/options.ts parses their values. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { COMMANDS, type Command, type Flags } from '../lib/options/options.js';
import type { Option } from '../lib/options/option-types.js';
import type { Request } from './command-line.js';

const isCommand = (word: string | undefined): word is Command => word !== undefined && Object.hasOwn(COMMANDS, word);

/** Only the first word can be a command: after `--hosts`, "mock" may be a host. Throws `E_OPTION_BAD`. */
export async function parseArgv(argv: readonly string[]): Promise<Request> {
  const [first, ...rest] = argv;
  const [command, given] = isCommand(first) ? [first, rest] : ['view' as const, argv];
  const words = named(given, command);
  const flags = plainFlags(words, command);
  return flags ? { command, flags } : (await import('./yargs.js')).parseWithYargs(words, command);
}

/** The first words that belong to no flag belong to the command's own option: `replay-info --verify FILE`, `get users -o json`. */
function named(words: readonly string[], command: Command): readonly string[] {
  const { words: option } = COMMANDS[command] as { readonly words?: string };
  if (option === undefined) return words;
  const at = afterFlags(words, Object.values<Option>(COMMANDS[command].options));
  return words[at] === undefined || words[at].startsWith('-') ? words : [...words.slice(0, at), `--${option}`, ...words.slice(at)];
}

/** The number of words of the flags at the start; it ends at a flag that takes any number of words. */
function afterFlags(words: readonly string[], table: readonly Option[]): number {
  for (let at = 0; ;) {
    const word = words[at] ?? '';
    const [name] = word.split('=', 1);
    const option = table.find(({ flag, alias }) => name === `--${flag}` || (alias !== undefined && word === `-${alias}`));
    if (!option || option.many === 'words') return at;
    at += option.value === undefined || option.bare || name !== word ? 1 : 2;
  }
}

/**
 * The flags of a command line that needs no interpretation, as the program is usually started. This avoids loading yargs, which takes longer
 * than everything else before the first frame. Undefined: leave it to yargs.
 */
export function plainFlags(words: readonly string[], command: Command): Flags | undefined {
  // yargs decides what `--` and `--flag=` mean.
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

/** A switch that is given twice is simply on. */
const wordsOf = (given: readonly unknown[]): readonly string[] => (given[0] === true ? ['true'] : given.map(String));
