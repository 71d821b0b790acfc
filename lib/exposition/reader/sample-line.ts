/** One line of a text exposition, as text: `name{label="value"} 1.5 1690000000 # {} 1`. Pure. */
import { readValue } from '../parser/numbers.js';
import type { Labels } from './known-texts.js';

/** Labels of one line beyond this are not read. Exporters send about twenty. */
const MAX_LABELS = 64;
/** Characters of one label value. */
const MAX_VALUE = 4096;

export const NO_LABELS: Labels = new Map();

export interface SampleLine {
  readonly labels: Labels;
  readonly value: number;
}

/** The labels, from the opening brace on, and where they end; undefined if they are malformed. */
export const readBlock = (rest: string): { readonly labels: Labels; readonly end: number } | undefined =>
  rest.startsWith('{') ? readLabels(rest, 1) : { labels: NO_LABELS, end: 0 };

/** What follows the name of a sample, from the opening brace or the value on; undefined if it is malformed. */
export function readSample(rest: string): SampleLine | undefined {
  const block = readBlock(rest);
  if (block === undefined) return undefined;
  const value = readValue(rest.slice(block.end));
  return value === undefined ? undefined : { labels: block.labels, value };
}

/** The name in the braces of `{"a name", label="value"} 1`, as OpenMetrics and Prometheus 3 write names that need quotes. */
export function quotedName(line: string): string | undefined {
  const opened = /^\{[ \t]*"/.exec(line);
  const text = opened ? readQuoted(line, opened[0].length) : undefined;
  return text && /^[ \t]*[,}]/.test(line.slice(text.end)) ? text.value : undefined;
}

interface Read<Value> {
  readonly value: Value;
  /** Where it ends. */
  readonly end: number;
}

function readLabels(text: string, from: number): { readonly labels: Labels; readonly end: number } | undefined {
  const labels = new Map<string, string>();
  for (let at = from; ;) {
    at = skip(text, at, ' \t,');
    if (text[at] === '}') return { labels, end: at + 1 };
    const name = text[at] === '"' ? readQuoted(text, at + 1) : bareName(text, at);
    if (name === undefined) return undefined;
    at = skip(text, name.end, ' \t');
    // A quoted name without a value is the name of the family.
    if (text[at] !== '=') {
      if (text[name.end - 1] !== '"' || (text[at] !== ',' && text[at] !== '}')) return undefined;
      continue;
    }
    at = skip(text, at + 1, ' \t');
    const value = text[at] === '"' ? readQuoted(text, at + 1) : undefined;
    if (value === undefined) return undefined;
    if (labels.size < MAX_LABELS) labels.set(name.value, value.value.slice(0, MAX_VALUE));
    at = skip(text, value.end, ' \t');
    if (text[at] !== ',' && text[at] !== '}') return undefined;
  }
}

function bareName(text: string, from: number): Read<string> | undefined {
  const end = skip(text, from, NAME_CHARACTERS);
  return end === from ? undefined : { value: text.slice(from, end), end };
}

const NAME_CHARACTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:.';

function skip(text: string, from: number, characters: string): number {
  let at = from;
  while (at < text.length && characters.includes(text[at]!)) at++;
  return at;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '\\': '\\', '"': '"' };

/** A quoted text whose first character is at `from`; undefined if it is not closed. An escape that the format does not have stays as it is. */
function readQuoted(text: string, from: number): Read<string> | undefined {
  let value = '';
  let kept = from;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '"') return { value: value + text.slice(kept, at), end: at + 1 };
    if (text[at] !== '\\') continue;
    const escaped = ESCAPES[text[at + 1] ?? ''];
    if (escaped !== undefined) {
      value += text.slice(kept, at) + escaped;
      kept = at + 2;
    }
    at++;
  }
  return undefined;
}
