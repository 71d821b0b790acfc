/** Values of the records of schedulers: what is missing or of another kind is not reported. Every text is cleaned here. Pure. */
import { isRecord, type Loose } from '../../model/loose.js';
import type { Ms } from '../../model/clock.js';
import { expandRange, RangeFault, splitList } from '../hostlists/host-ranges.js';
import { clean, withoutBlankEnds } from '../../text/sanitize.js';

const MAX_TEXT_BYTES = 256;

/** A text or a number as text; else ''. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return withoutBlankEnds(clean(value, MAX_TEXT_BYTES));
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : '';
}

/** Slurm's NO_VAL and INFINITE, of 16, 32 and 64 bits. */
const FILLERS = new Set([0xfffe, 0xffff, 0xfffffffe, 0xffffffff, 2 ** 64]);

/** A number, plain or as {set, infinite, number}. Undefined: not set, infinite, or not a number. */
export function numberOf(value: unknown): number | undefined {
  if (isRecord(value)) return value.set === false || value.infinite === true ? undefined : numberOf(value.number);
  return typeof value === 'number' && Number.isFinite(value) && !FILLERS.has(value) ? value : undefined;
}

/** The same, for numbers that some versions print as text: '2', '2.5'. */
export const numeralOf = (value: unknown): number | undefined =>
  typeof value === 'string' ? (/^\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) : undefined) : numberOf(value);

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);
export const recordOf = (value: unknown): Loose => (isRecord(value) ? value : {});
export const recordsOf = (value: unknown): readonly Loose[] => listOf(value).filter(isRecord);
/** The members of an object whose values are texts. */
export const textsOf = (value: unknown): ReadonlyMap<string, string> =>
  new Map(Object.entries(recordOf(value)).map(([name, text]) => [name, textOf(text)]));

const MAX_TIME = Date.UTC(9999, 0) / 1000;
/** Seconds since the Unix epoch; 0 stands for none. */
export const timeOf = (seconds: number | undefined): Ms | undefined =>
  seconds !== undefined && seconds > 0 && seconds < MAX_TIME ? Math.round(seconds * 1000) : undefined;

/** A date as text; without a zone it is local time. */
export function dateOf(text: string): Ms | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** '1-00:00:00', '24:00:00', '30:00', of days, hours, minutes and seconds; undefined: UNLIMITED and the like. */
export function durationOf(text: string): Ms | undefined {
  const [, days = '0', clock] = /^(?:(\d+)-)?(\d+(?::\d\d?){1,2})$/.exec(text) ?? [];
  if (clock === undefined) return undefined;
  const parts = clock.split(':').map(Number);
  const [seconds, minutes, hours = 0] = parts.reverse() as [number, number, number?];
  return (((Number(days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

/** More than any cluster has. */
export const MAX_NODES = 20_000;

/** The nodes of a list with ranges, gpu-a[02-04,07],cpu01. Throws RangeFault. */
export function nodesOf(list: string): readonly string[] {
  const text = clean(list, Infinity).trim();
  if (text === '' || text === '(null)' || text === 'None assigned') return [];
  const all: string[] = [];
  for (const item of splitList(text)) {
    const names = expandRange(item.trim(), MAX_NODES);
    if (all.length + names.length > MAX_NODES) throw new RangeFault(`expands to more than ${MAX_NODES} hosts`);
    for (const name of names) all.push(name);
  }
  return all;
}

/** More GPUs than any node has. */
const MAX_NUMBERS = 1024;

/** The numbers of '0-1,3'; undefined where it is not such a list: 'N/A'. */
export function numbersOf(text: string, max = MAX_NUMBERS): readonly number[] | undefined {
  const all: number[] = [];
  for (const item of text.split(',')) {
    const [whole, from = '', to = from] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(item.trim()) ?? [];
    if (whole === undefined || Number(to) < Number(from) || all.length + Number(to) - Number(from) >= max) return undefined;
    for (let number = Number(from); number <= Number(to); number++) all.push(number);
  }
  return all;
}
