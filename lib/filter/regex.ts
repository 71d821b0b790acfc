/**
 * Regular expressions of filters. They are typed by people and run over texts from anywhere, so the engine is one that never backtracks:
 * its time grows with the text and the pattern, whatever the two are. Syntax: RE2 (no back references, no looking around; `(?i)` ignores
 * case). The engine is loaded when somebody begins to type a filter.
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

/** States of the automaton: more would make every text slow. */
const MAX_STATES = 4000;

/** Words with `.*` between them: what people type mostly. No sign in them means anything but itself. */
const WORDS = /^[\p{L}\p{N} _\-=/:,@%#"'<>!;&~]*$/u;

/** Whether a text (one line of it) has the pattern somewhere in it. Throws RegexError. */
export function regex(pattern: string): (text: string) => boolean {
  const words = pattern.split('.*');
  if (words.every((word) => WORDS.test(word))) return (text) => inOrder(text, words);
  if (!loaded.engine) throw new RegexError('regular expressions are still being loaded');
  // Before compiling: a pattern of a few characters can stand for millions of states.
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
  const said = error instanceof Error ? error.message : String(error);
  return `not a regular expression: ${clean(said.replace(/^error parsing regexp: /, ''), 120)}`;
}

/** At least the number of characters that the pattern is once its counted repetitions are written out. */
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
