/** Cells as nvidia-smi prints them. What it cannot tell it says in words; every such word is "not reported". */

/** `689.35`, `689.35 W`, `16x`, `P0`: a number with what may stand around it. */
const NUMBER = /^P?(-?\d+(?:\.\d+)?)(?:\s?(?:%|W|MHz|MiB|MB|C|x|us))?$/;

/** The number of a cell; undefined for `[N/A]`, `[Not Supported]`, `[Unknown Error]`, `ERR!`, `-` and whatever else is none. */
export function reading(cell: string | undefined): number | undefined {
  const digits = NUMBER.exec((cell ?? '').trim())?.[1];
  return digits === undefined ? undefined : Number(digits);
}

const MIB = 2 ** 20;

/** nvidia-smi counts memory in MiB, also where it writes MB. */
export function mebibytes(cell: string | undefined): number | undefined {
  const value = reading(cell);
  return value === undefined ? undefined : value * MIB;
}

const NO_WORD =
  /^\[?(?:N\/A|Not Supported|Not Available|Not Found|Unknown Error|GPU requires reset|Insufficient Permissions|None|ERR!)\]?$/i;

/** The text of a cell; undefined where it stands for "cannot tell". */
export function word(cell: string | undefined): string | undefined {
  const text = (cell ?? '').trim();
  return text === '' || NO_WORD.test(text) ? undefined : text;
}

/** What nvidia-smi says instead of data when something is wrong, as one line; '' when it said nothing. */
export function complaint(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return lines.find((line) => /[a-z]{3}/i.test(line)) ?? '';
}

const REFUSED = /^Field "([^"]+)" is not a valid field to query/m;

/** The field of --query-gpu that this driver does not know. */
export const refusedField = (output: string): string | undefined => REFUSED.exec(output)?.[1];
