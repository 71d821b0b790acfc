/** Checks of a plugin at registration, so that mistakes show at the start and not at the first key or frame. */
import { AppError } from '../errors.js';
import { isRecord, type Loose } from '../model/loose.js';
import { KEY_SCOPES, type Binding, type KeyLayer, type TabPlugin } from './types.js';

export const API_VERSION = 1;

const ID = /^[a-z][a-z0-9-]{0,31}$/;
/** Owners of bindings that are not plugins. */
const RESERVED = ['core'];
const MAX_BINDINGS = 200;

const MODIFIERS = '(C-)?(A-)?(S-)?';
const NAMED = 'Enter|Esc|Tab|Space|Backspace|Up|Down|Left|Right|Home|End|PageUp|PageDown|Insert|Delete|F[1-9]|F1[0-2]';
const inputs = (character: string): RegExp =>
  new RegExp(`^(${MODIFIERS}(${NAMED}|${character})|Click|DoubleClick|WheelUp|WheelDown)$`, 'u');
/**
 * The possible results of `eventName` (lib/keys/key-names.ts). The second pattern is for rare names: it takes longer to compile than
 * everything else here.
 */
const ASCII_INPUT = inputs('[!-~]');
const INPUT = inputs('[^\\s\\p{C}]');

/**
 * Checks a candidate in a fixed order and returns it unchanged. `registered`: the plugins before it; `source`: its name in messages (the
 * file). Throws `E_PLUGIN_SHAPE`, naming the first invalid field.
 */
export function validatePlugin(candidate: unknown, registered: readonly TabPlugin[], source?: string): TabPlugin {
  const plugin = isRecord(candidate) ? candidate : {};
  const name = source ?? (typeof plugin.id === 'string' ? plugin.id : '(unnamed)');
  const check: Check = (field, value, wants, reason) => {
    if (!wants(value)) throw new AppError('E_PLUGIN_SHAPE', { plugin: name, field, reason });
  };
  check('plugin', candidate, isRecord, 'is not an object');
  check(
    'apiVersion',
    plugin.apiVersion,
    (value) => value === API_VERSION,
    `is ${shown(plugin.apiVersion)}; this version supports ${API_VERSION}`,
  );
  check('id', plugin.id, matches(ID), 'must be at most 32 lower-case letters, digits and dashes');
  const id = plugin.id as string;
  const taken = [...RESERVED, ...registered.map((other) => other.id)];
  check('id', id, (value) => !taken.includes(value as string), `"${id}" is already in use`);
  for (const field of ['tabs', 'init', 'view']) check(field, plugin[field], isFunction, 'is not a function');
  check('on', plugin.on, optional(isFunction), 'is not a function');
  check('needs', plugin.needs, optional(isFunction), 'is not a function');
  check('notes', plugin.notes, optional(listOf(isString)), 'is not a list of strings');
  check('tables', plugin.tables, optional(listOf(isRecord)), 'is not a list of tables');
  const others = registered.flatMap(({ tables = [] }) => tables.map((table) => table.id));
  ((plugin.tables ?? []) as Loose[]).forEach((table, at) => {
    checkTable(table, `tables[${at}]`, others, check);
    others.push(table.id as string);
  });
  check('layers', plugin.layers, listOf(isRecord), 'is not a list of layers');
  (plugin.layers as Loose[]).forEach((layer, at) => {
    checkLayer(layer, `layers[${at}]`, id, check);
  });
  checkTogether(plugin.layers as readonly KeyLayer<unknown>[], check);
  return candidate as TabPlugin;
}

type Check = (field: string, value: unknown, wants: (value: unknown) => boolean, reason: string) => void;

function checkTable(table: Loose, at: string, others: readonly string[], check: Check): void {
  check(`${at}.id`, table.id, matches(ID), 'must be at most 32 lower-case letters, digits and dashes');
  check(`${at}.id`, table.id, (id) => !others.includes(id as string), `"${table.id as string}" is already in use`);
  check(`${at}.rows`, table.rows, isFunction, 'is not a function');
  check(`${at}.columns`, table.columns, listOf(isRecord), 'is not a list of columns');
  (table.columns as Loose[]).forEach((column, nth) => {
    check(`${at}.columns[${nth}].id`, column.id, isString, 'is not a string');
    check(`${at}.columns[${nth}].value`, column.value, isFunction, 'is not a function');
  });
}

function checkLayer(layer: Loose, at: string, id: string, check: Check): void {
  check(
    `${at}.scope`,
    layer.scope,
    (value) => (KEY_SCOPES as readonly unknown[]).includes(value),
    `is not one of ${KEY_SCOPES.join(', ')}`,
  );
  check(`${at}.title`, layer.title, isString, 'is not a string');
  check(`${at}.bindings`, layer.bindings, listOf(isRecord), 'is not a list of bindings');
  const bindings = layer.bindings as Loose[];
  check(`${at}.bindings`, bindings.length, (length) => (length as number) <= MAX_BINDINGS, `has more than ${MAX_BINDINGS} entries`);
  bindings.forEach((binding, nth) => {
    checkBinding(binding, `${at}.bindings[${nth}]`, id, check);
  });
}

function checkBinding(binding: Loose, at: string, id: string, check: Check): void {
  const prefixed = (value: unknown): boolean => isString(value) && value.startsWith(`${id}.`) && value.length > id.length + 1;
  check(`${at}.id`, binding.id, prefixed, `${shown(binding.id)} does not start with "${id}."`);
  check(`${at}.keys`, binding.keys, (keys) => listOf(isString)(keys) && (keys as string[]).length > 0, 'is not a list of keys');
  for (const key of binding.keys as string[]) check(`${at}.keys`, key, isInput, `"${key}" is not a key name`);
  check(`${at}.label`, binding.label, (label) => isString(label) && label !== '', 'is not a string');
  check(`${at}.short`, binding.short, optional(isString), 'is not a string');
  check(`${at}.hint`, binding.hint, optional(Number.isFinite), 'is not a number');
  check(`${at}.run`, binding.run, isFunction, 'is not a function');
  check(`${at}.when`, binding.when, optional(isFunction), 'is not a function');
  check(`${at}.disabled`, binding.disabled, optional(isFunction), 'is not a function');
}

/** Across layers: an id is unique, and no key is bound below a binding of the same scope that always takes it. */
function checkTogether(layers: readonly KeyLayer<unknown>[], check: Check): void {
  const ids = new Set<string>();
  const always = new Map<string, Binding<unknown>>();
  layers.forEach(({ scope, bindings }, layer) => {
    bindings.forEach((binding, nth) => {
      const at = `layers[${layer}].bindings[${nth}]`;
      check(`${at}.id`, binding.id, (id) => !ids.has(id as string), `"${binding.id}" is defined twice`);
      ids.add(binding.id);
      for (const key of binding.keys) {
        const taker = always.get(`${scope} ${key}`);
        check(`${at}.keys`, taker, (found) => found === undefined, `"${key}" is always handled by ${taker?.id ?? ''} first`);
        if (!binding.when) always.set(`${scope} ${key}`, binding);
      }
    });
  });
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isFunction = (value: unknown): boolean => typeof value === 'function';
const optional = (wants: (value: unknown) => boolean) => (value: unknown) => value === undefined || wants(value);
const listOf = (wants: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(wants);
const isInput = (value: unknown): boolean => isString(value) && (ASCII_INPUT.test(value) || INPUT.test(value));
const matches = (pattern: RegExp) => (value: unknown) => isString(value) && pattern.test(value);

/** Formats a value for a message. */
function shown(value: unknown): string {
  return isString(value)
    ? `"${value.slice(0, 40)}"`
    : typeof value === 'number'
      ? String(value)
      : value === undefined
        ? 'missing'
        : `a ${typeof value}`;
}
