/** What a line is, without reading all of it: a recording has gigabytes of them, and to find one's way their times are enough. */
import { readLine, type Header } from '../format/decode.js';
import { sealHolds } from '../format/seal.js';
import type { Ms } from '../../model/clock.js';

export type LineHeader =
  | { readonly kind: 'data'; readonly at: Ms; readonly nth: number; readonly of: number; readonly seq: number | undefined }
  | { readonly kind: 'header'; readonly header: Header }
  | { readonly kind: 'index'; readonly end: boolean }
  | { readonly kind: 'empty' }
  | { readonly kind: 'bad'; readonly schema?: string };

/** Keys are in alphabetical order where all-smi or we wrote the line, so its time is at its end. */
const TIME_AT_END = /"timestamp":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))"\}\s*$/;
const EXACT_AT_START = /^\{"at_ms":(\d{1,16}),(?:"at_seq":(\d{1,15}),)?/;
const PART = Buffer.from('"part":[');
const PART_NUMBERS = /^(\d{1,3}),(\d{1,3})\]/;
const END_BYTES = 64;
const START_BYTES = 64;

/** A line whose seal is broken is bad, whatever it says. */
export function readLineHeader(line: Buffer): LineHeader {
  if (sealHolds(line) === false) return { kind: 'bad' };
  const time = TIME_AT_END.exec(line.toString('latin1', Math.max(0, line.length - END_BYTES)))?.[1];
  const at = time === undefined ? NaN : Date.parse(time);
  if (Number.isNaN(at)) return readWholeHeader(line);
  const start = EXACT_AT_START.exec(line.toString('latin1', 0, START_BYTES));
  const exact = Number(start?.[1] ?? NaN);
  const seq = start?.[2] === undefined ? undefined : Number(start[2]);
  const [nth, of] = partOf(line);
  return { kind: 'data', at: Math.floor(exact / 1000) * 1000 === at ? exact : at, nth, of, seq };
}

/** A key of this name is never inside a text: there its quotes are escaped. */
function partOf(line: Buffer): readonly [nth: number, of: number] {
  const at = line.indexOf(PART);
  const numbers = at < 0 ? null : PART_NUMBERS.exec(line.toString('latin1', at + PART.length, at + PART.length + 8));
  return numbers ? [Number(numbers[1]), Number(numbers[2])] : [1, 1];
}

function readWholeHeader(line: Buffer): LineHeader {
  const text = line.toString('utf8').trim();
  if (text === '') return { kind: 'empty' };
  const read = readLine(text);
  return read.kind === 'data' ? { kind: 'data', at: read.at, nth: read.part[0], of: read.part[1], seq: undefined } : read;
}
