/** Cells and lines of nvidia-smi's output. It prints a text for a value that is not available; every such text is "not reported". */

/** `689.35`, `689.35 W`, `16x`, `P0`: a number with its surroundings. Some locales use a decimal comma; `1,234` is ambiguous. */
const NUMBER = /^P?(-?\d+(?:\.\d+|,\d\d?)?)(?:\s?(?:%|W|MHz|MiB|MB|C|x|us))?$/;

/**
 * The number of a cell; undefined for `[N/A]`, `[Not Supported]`, `[Unknown Error]`, `ERR!`, `-` and anything else that is not a number.
 */
export function reading(cell: string | undefined): number | undefined {
  const digits = NUMBER.exec((cell ?? '').trim())?.[1];
  return digits === undefined ? undefined : Number(digits.replace(',', '.'));
}

const MIB = 2 ** 20;
/** More memory than any GPU has: all bits set, the driver's value for "not available", is printed as 2^44 MiB. */
const MAX_BYTES = 2 ** 50;

/** nvidia-smi counts memory in MiB, even where it prints MB. */
export function mebibytes(cell: string | undefined): number | undefined {
  const bytes = (reading(cell) ?? NaN) * MIB;
  return bytes >= 0 && bytes < MAX_BYTES ? bytes : undefined;
}

const NO_WORD =
  /^(?:\[[^\]]*\]|N\/A|Not Supported|Not Available|Not Found|No Permission|Unknown Error|Unknown|GPU is lost|GPU requires reset|Insufficient Permissions|None|ERR!|-)$/i;

/** The text of a cell; undefined if it stands for "not available". */
export function word(cell: string | undefined): string | undefined {
  const text = (cell ?? '').trim();
  return text === '' || NO_WORD.test(text) ? undefined : text;
}

/** The lines of an output, with any line ending, without a byte order mark and empty lines. */
export const linesOf = (output: string): string[] =>
  output
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.replace(/\r+$/, ''))
    .filter((line) => line.trim() !== '');

/** `WARNING: infoROM is corrupted at gpu ...` is printed next to valid rows and does not affect them. */
export const isWarning = (line: string): boolean => /^\s*warning\b/i.test(line);

/** What nvidia-smi prints in place of a row: a sentence, or a single cell. */
export const isProse = (line: string): boolean => /^\s*(?:unable to|failed to|error|err!|nvidia-smi has|no devices|\[)/i.test(line);

/** What nvidia-smi prints instead of data after an error, as one line; '' when it printed nothing. */
export function complaint(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return lines.find((line) => /[a-z]{3}/i.test(line)) ?? '';
}

const REFUSED = /^Field "([^"]+)" is not a valid field to query/m;

/** The field of --query-gpu that this driver does not support. */
export const refusedField = (output: string): string | undefined => REFUSED.exec(output)?.[1];
