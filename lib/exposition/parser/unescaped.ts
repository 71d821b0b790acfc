/**
 * Lines of exporters that do not escape quotes and line ends in label values: `command="python -c "x"" } 5`, `command="awk\n..."} 5`. Such
 * a line is read if it has only one meaning: a value ends at a quote followed by another label (`, name="`), or by the end of the block and
 * a value for the rest of the line. Only lines of families that are read are tried, so a simple implementation is fast enough.
 */
import { NAMESPACE } from '../schema/families.js';
import { readValue } from './numbers.js';
import { INCOMPLETE } from './row-layout.js';

/** Maximum length of a line, including all continuations of its values. */
const MAX_BYTES = 32_768;
const MAX_LINES = 64;

export interface Repaired {
  /** The label block with its values escaped, including `}`. */
  readonly block: string;
  /** From the first label to the value, in the bytes read. */
  readonly blockBytes: number;
  readonly value: number;
  /** Length of the bytes read, without the line end. */
  readonly bytes: number;
}

const latin1 = new TextDecoder('latin1');
const NAME = '[a-zA-Z_][a-zA-Z0-9_]*';
const LABEL = new RegExp(`[ \\t,]*(${NAME})[ \\t]*=[ \\t]*"`, 'y');
/** What ends a value: the next label, or the end of the block. */
const END = new RegExp(`"[ \\t]*(?:,[ \\t]*(?=${NAME}[ \\t]*=[ \\t]*")|(?:,[ \\t]*)?(\\}[ \\t]*))`, 'g');
/** In a value: what could just as well be another label. */
const AMBIGUOUS = new RegExp(`[",][ \\t]*${NAME}[ \\t]*=[ \\t]*"`);
const ESCAPED = /^(?:[^"\\\n]|\\[^\n])*$/;
const NEXT_SAMPLE = new RegExp(`^[ \\t]*(?:#|${NAMESPACE})`);
const WHOLE_SAMPLE = new RegExp('^[ \\t]*[a-zA-Z_:][\\w:]*[ \\t]*(?:\\{(?:[^"]|"(?:[^"\\\\]|\\\\.)*")*\\})?([ \\t]+.*)$');

/**
 * Reads the labels at `from`, and the value. INCOMPLETE: the line may continue after `end`, unless the body has `ended`; undefined: the
 * line is ambiguous.
 */
export function repair(bytes: Uint8Array, from: number, end: number, ended: boolean): Repaired | typeof INCOMPLETE | undefined {
  let text = '';
  for (let line = 0, at = from; line < MAX_LINES && at - from <= MAX_BYTES; line++) {
    const to = bytes.indexOf(10, at);
    if (to >= end) return ended || end - from > MAX_BYTES ? undefined : INCOMPLETE;
    const added = latin1.decode(bytes.subarray(at, to));
    if (line > 0 && NEXT_SAMPLE.test(added)) return undefined;
    text += line > 0 ? `\n${added}` : added;
    at = to + 1;
    if (line > 0 && isWhole(added)) continue;
    const found = split(text);
    if (found !== OPEN) return found;
  }
  return undefined;
}

/** A sample of its own, which does not end a value that started before. */
function isWhole(line: string): boolean {
  const value = WHOLE_SAMPLE.exec(line)?.[1];
  return value !== undefined && readValue(value) !== undefined;
}

const OPEN = 'open';

/** OPEN: the last value has not ended. */
function split(text: string): Repaired | typeof OPEN | undefined {
  const labels = new Map<string, string>();
  for (let at = 0; ;) {
    LABEL.lastIndex = at;
    const label = LABEL.exec(text);
    if (!label) return undefined;
    const from = LABEL.lastIndex;
    const ends = endOf(text, from);
    if (ends === undefined) return OPEN;
    const value = text.slice(from, ends.quote);
    if (labels.has(label[1]!) || AMBIGUOUS.test(value)) return undefined;
    labels.set(label[1]!, ESCAPED.test(value) ? value : value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n'));
    at = ends.behind;
    if (ends.value === undefined) continue;
    const block = [...labels].map(([name, escaped]) => `${name}="${escaped}"`).join(',');
    return { block: `${block}}`, blockBytes: at, value: ends.value, bytes: text.length };
  }
}

/** The quote that ends the value at `from`, and what follows it; `value` if that is the value of the sample. */
function endOf(text: string, from: number): { quote: number; behind: number; value?: number } | undefined {
  END.lastIndex = from;
  for (let end = END.exec(text); end; end = END.exec(text)) {
    const behind = END.lastIndex;
    if (end[1] === undefined) return { quote: end.index, behind };
    // The value is in the last line: another would have ended there.
    const value = text.includes('\n', behind) ? undefined : readValue(text.slice(behind));
    if (value !== undefined) return { quote: end.index, behind, value };
    // Quotes inside the match may be the end as well.
    END.lastIndex = end.index + 1;
  }
  return undefined;
}
