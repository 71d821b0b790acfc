/**
 * Regular expressions of filters. They are typed by people and run over untrusted texts, so the engine is one that never backtracks: its
 * time is linear in the text and the pattern. Syntax: RE2 (no back references, no lookaround; `(?i)` ignores case). The engine is loaded
 * when a filter is being typed.
 */
import type { RE2JS } from 're2js';
import { clean } from '../text/sanitize.js';

/**
 * A package, loaded once for the whole process, as an import at the top would be: it never changes and is never given back. `regex` is called deep in
 * the filter's parser, which would have to hand an engine through for the sake of its first second.
 */
const loaded: { engine?: typeof RE2JS } = {};

export async function loadRegexEngine(): Promise<void> {
  loaded.engine ??= (await import('re2js')).RE2JS;
}

export class RegexError extends Error {}

/** Maximum states of the automaton: more would make every match slow. */
const MAX_STATES = 4000;

/** Words separated by `.*`: the most common patterns. Every other character is literal. */
const WORDS = /^[\p{L}\p{N} _\-=/:,@%#"'<>!;&~]*$/u;

/** Whether the pattern matches anywhere in a text (within one line). Throws RegexError. */
export function regex(pattern: string): (text: string) => boolean {
  const words = pattern.split('.*');
  if (words.every((word) => WORDS.test(word))) return (text) => inOrder(text, words);
  if (!loaded.engine) throw new RegexError('regular expressions are still being loaded');
  // Checked before compiling: a pattern of a few characters can expand to millions of states.
  if (expandedSize(pattern) > MAX_STATES) throw new RegexError('the regular expression repeats too much');
  try {
    const compiled = loaded.engine.compile(pattern);
    if (compiled.programSize() > MAX_STATES) throw new RegexError('the regular expression repeats too much');
    return (text) => compiled.test(text);
  } catch (error) {
    throw error instanceof RegexError ? error : new RegexError(reasonOf(error));
  }
}

function inOrder(text: string, words: readonly string[]): boolean {
  let from = 0;
  for (const word of words) {
    const at = text.indexOf(word, from);
    if (at < 0) return false;
    from = at + word.length;
  }
  return true;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `not a regular expression: ${clean(message.replace(/^error parsing regexp: /, ''), 120)}`;
}

/** A lower bound for the length of the pattern after its counted repetitions are expanded. */
export function expandedSize(pattern: string): number {
  const open: number[] = [];
  let [size, last] = [0, 0];
  const tokens = pattern.match(/\\.|\[(?:\\.|[^\]\\])*\]?|\{\d+(?:,\d*)?\}|./gsu) ?? [];
  for (const token of tokens) {
    const times = /^\{(\d+)(?:,(\d*))?\}$/.exec(token);
    if (times) {
      size += last * (Math.max(1, Number(times[2] || times[1])) - 1);
      last *= Math.max(1, Number(times[2] || times[1]));
    } else if (token === '(') {
      open.push(size);
      last = 0;
    } else if (token === ')') {
      last = size - (open.pop() ?? 0);
    } else {
      last = 1;
      size++;
    }
  }
  return size;
}
