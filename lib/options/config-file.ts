/**
 * The config file: all-smi's TOML file, extended with keys of this viewer. Every key of all-smi is accepted; those without a meaning here
 * are ignored. An unknown key is a warning.
 */
import { parse, TomlError } from 'smol-toml';
import { AppError } from '../errors.js';
import { COMMANDS, type ConfigFile } from './options.js';
import { clean } from '../text/sanitize.js';
import type { Option } from './option-types.js';

const SCHEMA_VERSION = 1;

/** Keys of all-smi that have no effect here. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  general: ['default_mode', 'locale'],
  local: ['interval_secs'],
  view: [],
  api: ['socket'],
  alerts: [],
  energy: ['wal_path', 'gap_interpolate_seconds', 'wal_enabled'],
  display: ['color_scheme', 'gauge_style', 'show_led_grid'],
  record: [],
  snapshot: ['default_format', 'default_pretty'],
};
/** view.ssh_*: how all-smi reaches nodes over SSH. Here, the options of --ssh say it. */
const FOREIGN_KEY = /^view\.ssh(_|$)/;

/** An option that has a key of the config file, with the commands that read it. */
export interface ConfigKey {
  readonly key: string;
  readonly option: Option;
  readonly commands: readonly string[];
}

/** In the order of the sections. */
export const CONFIG_KEYS: readonly ConfigKey[] = keysOf();

function keysOf(): readonly ConfigKey[] {
  const found = new Map<string, { key: string; option: Option; commands: string[] }>();
  for (const [command, { options }] of Object.entries(COMMANDS)) {
    for (const option of Object.values<Option>(options)) {
      if (option.config === undefined) continue;
      const known = found.get(option.config);
      if (known) known.commands.push(command);
      else found.set(option.config, { key: option.config, option, commands: [command] });
    }
  }
  const sections = Object.keys(FOREIGN);
  return [...found.values()].sort((a, b) => sections.indexOf(sectionOf(a.key)) - sections.indexOf(sectionOf(b.key)));
}

function sectionOf(key: string): string {
  return key.slice(0, key.indexOf('.'));
}
const KNOWN = new Set(CONFIG_KEYS.map(({ key }) => key));
const isForeign = (key: string): boolean =>
  FOREIGN_KEY.test(key) || (FOREIGN[sectionOf(key)]?.includes(key.slice(key.indexOf('.') + 1)) ?? false);

/** Throws `E_CONFIG_BAD` with line and column, if they are known. */
export function parseConfig(text: string, path: string): ConfigFile {
  const tables = Object.entries(parsed(text, path));
  const values = new Map<string, { words: readonly string[]; place: string }>();
  const warnings: string[] = [];
  for (const [section, table] of tables) {
    if (section === 'schema_version') checkSchema(table, text, path);
    else if (!isTable(table) || !Object.hasOwn(FOREIGN, section)) warnings.push(unknown(section, placeOf(text, '', section)));
    else
      for (const [name, value] of Object.entries(table)) {
        const key = `${section}.${name}`;
        const place = placeOf(text, section, name);
        if (KNOWN.has(key)) values.set(key, { words: wordsOf(value, key, place, path), place });
        else if (!isForeign(key)) warnings.push(unknown(key, place));
      }
  }
  return { path, values, warnings };
}

function parsed(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw bad(path, `line ${error.line}, column ${error.column}`, clean(first, 200), error);
  }
}

function bad(path: string, place: string, reason: string, cause?: unknown): AppError {
  return new AppError('E_CONFIG_BAD', { file: place === '' ? path : `${path}, ${place}`, reason }, { cause });
}

function checkSchema(version: unknown, text: string, path: string): void {
  if (version === SCHEMA_VERSION) return;
  throw bad(
    path,
    placeOf(text, '', 'schema_version'),
    `schema_version is ${isTable(version) || Array.isArray(version) ? 'a table or a list' : clean(JSON.stringify(version), 40)}; this program reads ${SCHEMA_VERSION}`,
  );
}

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

const unknown = (key: string, place: string): string => `${place === '' ? '' : `${place}: `}unknown key ${clean(key, 80)}`;

function wordsOf(value: unknown, key: string, place: string, path: string): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (all.every((one) => ['string', 'number', 'bigint', 'boolean'].includes(typeof one)))
    return all.map((one) => clean(String(one), Infinity));
  throw bad(path, place, `${key} must be a string, a number, true or false, or a list of these`);
}

/** The position of a key's value: 'line 3, column 9'; '' if the simple search by line does not find it. */
function placeOf(text: string, section: string, name: string): string {
  let current = '';
  for (const [at, line] of text.split('\n').entries()) {
    current = /^\s*\[\s*([\w-]+)\s*\]/.exec(line)?.[1] ?? current;
    const [before, , key] = /^\s*(["']?)([\w.-]+)\1\s*=\s*/.exec(line) ?? [];
    const here = before !== undefined && (key === `${section}.${name}` && current === '' ? true : key === name && current === section);
    if (here) return `line ${at + 1}, column ${before.length + 1}`;
    if (section === '' && current === name) return `line ${at + 1}, column ${line.indexOf('[') + 1}`;
  }
  return '';
}
