/** Describes a body without all-smi metrics in a few words. Pure. */
import { clean } from '../../text/sanitize.js';

/** How much of a body is examined. */
export const LOOKED_AT_BYTES = 1024;
/** Maximum length of a family name, or of a page title, in the description. */
const MAX_NAME_BYTES = 60;

const utf8 = new TextDecoder();

/** First bytes of data that is not plain text. */
const SIGNATURES: readonly (readonly [signature: readonly number[], what: string])[] = [
  [[0x1f, 0x8b], 'gzip data that is not declared as such'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd data that is not declared as such'],
  [[0xff, 0xfe], 'UTF-16 text'],
  [[0xfe, 0xff], 'UTF-16 text'],
];

/** A sample, or a comment that names a family, at the start of a line. */
const FAMILY = /^[ \t]*(?:#[ \t]*(?:HELP|TYPE|UNIT)[ \t]+)?([A-Za-z_:][\w:.]*)(?:\{|[ \t]+\S)/;
const SAMPLE = /^[ \t]*[A-Za-z_:][\w:.]*(?:\{.*\})?[ \t]+[+-]?(?:[\d.]|nan|inf)/i;

/**
 * `start`: the first bytes of the body: `LOOKED_AT_BYTES`, or all of it. The result completes the sentence "answered with ..., not with
 * all-smi metrics".
 */
export function lookOf(start: Uint8Array): string {
  for (const [signature, what] of SIGNATURES) if (signature.every((byte, at) => start[at] === byte)) return what;
  const text = utf8.decode(start);
  if (text.trim() === '') return 'an empty body';
  if (text.includes('\0')) return 'binary data';
  return markupOf(text.trimStart()) ?? metricsOf(text) ?? 'text that is not in the Prometheus format';
}

function markupOf(text: string): string | undefined {
  if (/^<\?xml/i.test(text) && !/<html/i.test(text)) return 'XML';
  if (text.startsWith('<')) {
    const title = clean(/<title[^>]*>\s*([^<]*?)\s*</i.exec(text)?.[1] ?? '', MAX_NAME_BYTES);
    return title === '' ? 'an HTML page' : `an HTML page ("${title}")`;
  }
  return /^[{[]/.test(text) ? 'JSON' : undefined;
}

function metricsOf(text: string): string | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const isMetrics = lines.some((line) => /^[ \t]*#[ \t]*(?:HELP|TYPE)[ \t]/.test(line) || SAMPLE.test(line));
  if (!isMetrics) return lines.every((line) => line.trimStart().startsWith('#')) ? 'comments only' : undefined;
  const first = lines.flatMap((line) => FAMILY.exec(line)?.[1] ?? []).find((name) => name !== '');
  return first === undefined ? undefined : `other metrics (first: ${clean(first, MAX_NAME_BYTES)})`;
}
