/** `all-smi-view config`: shows, checks or creates the config file. */
import { closeSync, fsyncSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CONFIG_KEYS, type ConfigKey } from '../lib/options/config-file.js';
import { writeError } from '../lib/errors.js';
import {
  COMMANDS,
  CONFIG_OPTIONS,
  envOf,
  givenOf,
  resolveOptions,
  type ConfigFile,
  type Environment,
  type Flags,
} from '../lib/options/options.js';
import { configPath, readConfig } from './read-config.js';
import type { Option } from '../lib/options/option-types.js';
import { configPaths, makeDirectorySync, pathContext } from '../lib/paths.js';

export async function config(flags: Flags, env: Environment): Promise<number> {
  const { action } = resolveOptions(CONFIG_OPTIONS, flags, env);
  process.stdout.write(`${(await CONFIG_ACTIONS[action](flags, env)).join('\n')}\n`);
  return 0;
}

/** The output of each action, as lines. They throw AppErrors. */
export const CONFIG_ACTIONS: Readonly<
  Record<'path' | 'print' | 'validate' | 'init', (flags: Flags, env: Environment) => readonly string[] | Promise<readonly string[]>>
> = {
  path: (flags, env) => {
    const found = configPath(flags, env);
    return found === undefined ? configPaths(pathContext(env)).map((path) => `${path} (does not exist)`) : [found];
  },
  print: async (flags, env) => effective(await readConfig(flags, env), env),
  validate: async (flags, env) => {
    const file = await readConfig(flags, env);
    // Each value is checked by the option that it belongs to.
    for (const { options } of Object.values(COMMANDS)) resolveOptions(options, {}, {}, file);
    if (file.path === '') return ['no config file found'];
    return [...file.warnings.map((warning) => `warning: ${warning}`), `${file.path} is valid`];
  },
  init: (flags, env) => {
    const path = flags.config?.at(-1) ?? configPaths(pathContext(env))[0];
    create(path, template());
    return [`wrote ${path}`];
  },
};

/** All keys with the values in effect, and where they come from. */
function effective(file: ConfigFile, env: Environment): readonly string[] {
  return bySection(({ key, option }) => {
    const given = givenOf(option, {}, env, file);
    const name = key.slice(key.indexOf('.') + 1);
    if (given) return `${name} = ${toml(shown(key, given.words), option)}  # ${given.from === 'file' ? file.path : given.name}`;
    return option.default === undefined
      ? `# ${name} is not set (${option.otherwise ?? 'no default'})`
      : `${name} = ${toml([String(option.default)], option)}  # default`;
  });
}

/** What may be shown of a value: a URL may contain a password. */
function shown(key: string, words: readonly string[]): readonly string[] {
  if (key !== 'alerts.webhook_url') return words;
  return words.map((word) => {
    if (!URL.canParse(word)) return word;
    const { protocol, host, pathname } = new URL(word);
    return `${protocol}//${host}${pathname === '/' ? '' : '/...'}`;
  });
}

const isPlain = (word: string): boolean => /^(-?\d+(\.\d+)?|true|false)$/.test(word);

function toml(words: readonly string[], { many }: Option): string {
  const quoted = words.map((word) => (isPlain(word) ? word : JSON.stringify(word)));
  return many === undefined ? (quoted[0] ?? '""') : `[${quoted.join(', ')}]`;
}

/** Every key, commented out, with its description. */
function template(): string {
  const lines = bySection(({ key, option }) => {
    const name = key.slice(key.indexOf('.') + 1);
    const value = option.default === undefined ? '""' : toml([String(option.default)], option);
    const notes = [option.otherwise === undefined ? '' : `default: ${option.otherwise}`, `env ${String(envOf(option))}`];
    return `# ${option.help} (${notes.filter((note) => note !== '').join('; ')})\n# ${name} = ${value}`;
  });
  return [
    '# Config file of all-smi and all-smi-view. Remove the # in front of a key to set it.',
    'schema_version = 1',
    '',
    ...lines,
    '',
  ].join('\n');
}

function bySection(line: (key: ConfigKey) => string): readonly string[] {
  const lines: string[] = [];
  let section = '';
  for (const one of CONFIG_KEYS) {
    const own = one.key.slice(0, one.key.indexOf('.'));
    if (own !== section) lines.push(...(section === '' ? [] : ['']), `[${own}]`);
    section = own;
    lines.push(line(one));
  }
  return lines;
}

/** Creates a file that only its owner can read. Never overwrites; a file that cannot be written whole is removed. */
function create(path: string, text: string): void {
  try {
    makeDirectorySync(dirname(path));
    const file = openSync(path, 'wx', 0o600);
    try {
      writeFileSync(file, text);
      // Some file systems refuse only when the bytes reach the disk.
      fsyncSync(file);
    } catch (error) {
      unlinkSync(path);
      throw error;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw writeError(path, error);
  }
}
