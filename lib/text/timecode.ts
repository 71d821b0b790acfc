/** Times of a recording as people type and read them: offsets from its start, or the recorder's wall clock. Pure. */
import type { ReplayStatus } from '../model/replay.js';
import { twoDigits } from './format.js';
import type { Ms } from '../model/clock.js';

const DAY_MS = 86_400_000;
/** Longest text that is a time: `2026-08-07 14:32:05`, with an @ in front. */
export const MAX_TIMECODE = 20;

type Span = Pick<ReplayStatus, 'at' | 'firstAt' | 'lastAt' | 'offsetMinutes'>;

/**
 * Where a text leads, as a time; a text instead: why it leads nowhere. Offsets count from the start; an offset behind the end that is also
 * a time of the day in the recording is that.
 */
export function parseTimecode(text: string, span: Span): Ms | string {
  const typed = text.trim();
  if (/^\d+(:\d+){0,2}$/.test(typed)) {
    const seconds = typed.split(':').reduce((sum, group) => sum * 60 + Number(group), 0);
    if (!Number.isSafeInteger(seconds)) return `${typed} is out of range`;
    const at = span.firstAt + seconds * 1000;
    if (at <= (span.lastAt ?? Infinity)) return at;
    const clock = CLOCK.exec(typed);
    return (clock && clockIn(clock.slice(1).map(Number), span)) ?? outside(typed, span);
  }
  const day = /^@?(\d{4})-(\d\d)-(\d\d)[ T](\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(typed);
  if (day) return parseDate(typed, day.slice(1).map(Number), span);
  const clock = typed.startsWith('@') ? CLOCK.exec(typed.slice(1)) : null;
  if (clock) return parseClock(typed, clock.slice(1).map(Number), span);
  return typed === '' ? 'enter a time' : `${typed} is not a valid time`;
}

const CLOCK = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/;

/** What the parser takes, in one line. */
export const TIMECODE_FORMS = 'H:MM:SS, MM:SS or seconds from the start; @14:32, @14:32:05 or 2026-08-07 14:32 on the recorder’s clock';

/** Where a text leads that names a time by the clock, before now: `14:32`, `@14:32:05`, `2026-08-07 14:32`. A text instead: why nowhere. */
export function parseMoment(text: string, now: Ms, offsetMinutes: number): Ms | string {
  const typed = text.trim();
  const at = parseTimecode(CLOCK.test(typed) ? `@${typed}` : typed, { at: now, firstAt: 0, lastAt: now, offsetMinutes });
  if (typeof at === 'string') return at.includes(' is not in the recording') ? `${typed} is in the future` : at;
  return /^\d+(:\d+)*$/.test(typed) && !CLOCK.test(typed) ? `${typed} is not a time of day` : at;
}

/** Whether a text is meant as one, typed where other things can be typed too. */
export const looksLikeMoment = (text: string): boolean => /^(@\d|\d{4}-\d)/.test(text.trim());

export const MOMENT_FORMS = '@14:32, @14:32:05 or 2026-08-07 14:32';

const outside = (typed: string, { firstAt, lastAt = firstAt, offsetMinutes }: Span): string =>
  `${typed} is not in the recording: ${elapsed(lastAt - firstAt)} from ${recordedDate(firstAt, offsetMinutes)} to ${recordedDate(lastAt, offsetMinutes)}`;

/** `numbers`: those of the text, NaN for seconds that it leaves out. */
function parseDate(typed: string, [year = 0, month = 0, day = 0, ...time]: readonly number[], span: Span): Ms | string {
  const midnight = Date.UTC(year, month - 1, day);
  const real = new Date(midnight).getUTCMonth() === month - 1 && new Date(midnight).getUTCDate() === day;
  const inDay = clockMs(time);
  if (!real || inDay === undefined) return `${typed} is not a valid time`;
  return within(midnight + inDay - span.offsetMinutes * 60_000, unitOf(time), span) ?? outside(typed, span);
}

function parseClock(typed: string, time: readonly number[], span: Span): Ms | string {
  return clockMs(time) === undefined ? `${typed} is not a valid time` : (clockIn(time, span) ?? outside(typed, span));
}

/** The time of day on the day shown, or on the nearest day that the recording contains; undefined: there is none. */
function clockIn(time: readonly number[], span: Span): Ms | undefined {
  const inDay = clockMs(time);
  if (inDay === undefined) return undefined;
  const { at, offsetMinutes } = span;
  const here = Math.floor((at + offsetMinutes * 60_000) / DAY_MS) * DAY_MS - offsetMinutes * 60_000 + inDay;
  for (const one of [here, here - DAY_MS, here + DAY_MS]) {
    const found = within(one, unitOf(time), span);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A time without seconds is a whole minute: 14:32 is in a recording that begins at 14:32:03, at its start. */
const unitOf = (time: readonly number[]): Ms => (Number.isNaN(time[2] ?? NaN) ? 60_000 : 1000);

function within(from: Ms, unit: Ms, { firstAt, lastAt = Infinity }: Span): Ms | undefined {
  return from <= lastAt && from + unit > firstAt ? Math.max(from, firstAt) : undefined;
}

function clockMs([hours = NaN, minutes = NaN, seconds = NaN]: readonly number[]): Ms | undefined {
  const whole = Number.isNaN(seconds) ? 0 : seconds;
  return hours < 24 && minutes < 60 && whole < 60 ? ((hours * 60 + minutes) * 60 + whole) * 1000 : undefined;
}

/** `00:12:03` since the start; hours go on past a day. */
export function elapsed(ms: Ms): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${twoDigits(seconds / 3600)}:${twoDigits((seconds / 60) % 60)}:${twoDigits(seconds % 60)}`;
}

/** RFC 3339 in UTC, to the second; undefined for a time that no calendar has. */
export function isoTime(at: Ms): string | undefined {
  const date = new Date(Math.round(at / 1000) * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace('.000', '');
}

const shifted = (at: Ms, offsetMinutes: number): string => new Date(at + offsetMinutes * 60_000).toISOString();

/** `14:32:03` on the recorder's clock. */
export const recordedClock = (at: Ms, offsetMinutes: number): string => shifted(at, offsetMinutes).slice(11, 19);

/** `2026-08-07 14:32:03` on the recorder's clock. */
export const recordedDate = (at: Ms, offsetMinutes: number): string => shifted(at, offsetMinutes).slice(0, 19).replace('T', ' ');

/** `UTC`, `UTC+2`, `UTC-3:30`. */
export function zoneText(offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'UTC';
  const ahead = Math.abs(offsetMinutes);
  const minutes = ahead % 60;
  return `UTC${offsetMinutes < 0 ? '-' : '+'}${Math.floor(ahead / 60)}${minutes === 0 ? '' : `:${twoDigits(minutes)}`}`;
}
