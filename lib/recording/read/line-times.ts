/** Classifies a line without parsing all of it: a recording has gigabytes of lines, and their times are sufficient for seeking. */
import { readLine, type Header } from '../format/decode.js';
import { sealHolds } from '../format/seal.js';
import type { Ms } from '../../model/clock.js';

export type LineHeader =
  | {
      readonly kind: 'data';
      readonly at: Ms;
      readonly nth: number;
      readonly of: number;
      readonly seq: number | undefined;
      readonly sealed: boolean;
    }
  | { readonly kind: 'header'; readonly header: Header }
  | { readonly kind: 'index'; readonly end: boolean }
  | { readonly kind: 'empty' }
  | { readonly kind: 'bad'; readonly schema?: string };

/** If all-smi or this program wrote the line, its keys are in alphabetical order, so its time is at the end. */
const TIME_AT_END = /"timestamp":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))"\}\s*$/;
const EXACT_AT_START = /^\{"at_ms":(\d{1,16}),(?:"at_seq":(\d{1,15}),)?/;
const NUMBERED = /^\{"at_ms":\d+,"at_seq":/;
const PART = Buffer.from('"part":[');
const PART_NUMBERS = /^(\d{1,3}),(\d{1,3})\]/;
const END_BYTES = 64;
const START_BYTES = 64;

/** A line with a broken seal is bad, whatever it contains; so is one without, if its frame has a number: both are written together. */
export function readLineHeader(line: Buffer): LineHeader {
  const holds = sealHolds(line);
  if (holds === false || (holds === undefined && NUMBERED.test(line.toString('latin1', 0, START_BYTES)))) return { kind: 'bad' };
  const time = TIME_AT_END.exec(line.toString('latin1', Math.max(0, line.length - END_BYTES)))?.[1];
  const at = time === undefined ? NaN : Date.parse(time);
  if (Number.isNaN(at)) return readWholeHeader(line);
  const start = EXACT_AT_START.exec(line.toString('latin1', 0, START_BYTES));
  const exact = Number(start?.[1] ?? NaN);
  const seq = start?.[2] === undefined ? undefined : Number(start[2]);
  const [nth, of] = partOf(line);
  return { kind: 'data', at: Math.floor(exact / 1000) * 1000 === at ? exact : at, nth, of, seq, sealed: holds === true };
}

/**
 * Of the lines of a chunk, those without a seal where the others have one are bad: damage can take the seal itself. A header decides for the
 * lines after it, since files of different programs may be joined.
 */
export function withSeals(lineHeaders: readonly LineHeader[]): LineHeader[] {
  const first = lineHeaders.find(({ kind }) => kind === 'data' || kind === 'header');
  let expected = first?.kind === 'data' && lineHeaders.some((one) => one.kind === 'data' && one.sealed);
  return lineHeaders.map((one) => {
    if (one.kind === 'header') expected = one.header.sealed;
    return expected && one.kind === 'data' && !one.sealed ? { kind: 'bad' } : one;
  });
}

/** Without parsing the line. A key of this name never occurs inside a string: there its quotes are escaped. */
export function partOf(line: Buffer): readonly [nth: number, of: number] {
  const at = line.indexOf(PART);
  const numbers = at < 0 ? null : PART_NUMBERS.exec(line.toString('latin1', at + PART.length, at + PART.length + 8));
  return numbers ? [Number(numbers[1]), Number(numbers[2])] : [1, 1];
}

function readWholeHeader(line: Buffer): LineHeader {
  const text = line.toString('utf8').trim();
  if (text === '') return { kind: 'empty' };
  const read = readLine(text);
  return read.kind === 'data'
    ? { kind: 'data', at: read.at, nth: read.part[0], of: read.part[1], seq: undefined, sealed: sealHolds(line) === true }
    : read;
}
