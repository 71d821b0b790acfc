/** yargs, configured from the tables. It only splits the command line; values, help and ending the process are ours. */
import yargs, { type Options } from 'yargs';
import { AppError } from '../lib/errors.js';
import { COMMANDS, type Command, type Flags } from '../lib/options/options.js';
import type { Option } from '../lib/options/option-types.js';
import { unknownFlag, type Request } from './command-line.js';

const PARSER = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'populate--': true,
  'strip-aliased': true,
};

export async function parseWithYargs(words: readonly string[], command: Command): Promise<Request> {
  const table = Object.values<Option>(COMMANDS[command].options);
  const parser = yargs()
    .help(false)
    .version(false)
    .locale('en') // not the environment's: half of each message is ours, in English
    .parserConfiguration(PARSER)
    .options(Object.fromEntries(table.flatMap((option) => (option.flag === undefined ? [] : [[option.flag, yargsOption(option)]]))))
    .option('help', { type: 'boolean', alias: 'h' })
    .option('version', { type: 'boolean' })
    .exitProcess(false)
    .fail((message, error) => {
      throw (error as Error | undefined) ?? new AppError('E_OPTION_BAD', { option: 'the command line', reason: message });
    });
  const { help, version, _: strays, $0: _name, '--': behind, ...given } = await parser.parseAsync([...words]);
  if (help) return { command, show: 'help', flags: {} };
  if (version) return { command, show: 'version', flags: {} };
  return { command, flags: flagsOf(given, [...strays, ...((behind ?? []) as readonly string[])].map(String), table) };
}

function yargsOption({ alias, value, many }: Option): Options {
  return {
    type: value === undefined ? 'boolean' : 'string',
    ...(alias === undefined ? {} : { alias }),
    ...(many === 'words' ? { array: true } : {}),
  };
}

/** A host, a file of hosts or a recording without the flag that takes it. */
function meant(stray: string, known: readonly string[]): string {
  const flag = /\.(csv|txt|json|hosts)$/i.test(stray)
    ? 'hostfile'
    : /\.(ndjson|jsonl|zst|gz)$/i.test(stray)
      ? 'replay'
      : /[:[]|\d$/.test(stray) && !/[/\\]/.test(stray.replace(/^https?:\/\//, ''))
        ? 'hosts'
        : '';
  return known.includes(flag) ? ` (did you mean --${flag} ${stray}?)` : '';
}

/** Refuses unknown flags and stray words with our own messages: those of yargs do not say what to do. */
function flagsOf(given: Readonly<Record<string, unknown>>, [stray]: readonly string[], table: readonly Option[]): Flags {
  const known = table.flatMap(({ flag }) => flag ?? []);
  const bare = table.flatMap((option) => (option.bare ? (option.flag ?? []) : []));
  const flags = Object.entries(given).filter(([, value]) => value !== undefined && value !== false);
  for (const [name] of flags) if (!known.includes(name)) throw unknownFlag(name.length === 1 ? `-${name}` : `--${name}`, known);
  if (stray !== undefined)
    throw new AppError('E_OPTION_BAD', {
      option: `"${stray}"`,
      reason: `is not a command or the value of an option${meant(stray, known)}`,
    });
  const word = (name: string, value: unknown): string => (value === '' && bare.includes(name) ? 'true' : String(value));
  return Object.fromEntries(flags.map(([name, value]) => [name, [value].flat().map((one) => word(name, one))]));
}
