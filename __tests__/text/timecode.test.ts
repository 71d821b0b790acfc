import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { elapsed, parseTimecode, recordedClock, recordedDate, zoneText } from '../../lib/text/timecode.js';

/** Two hours from 23:50 on the clock of the recorder, which is two hours ahead of UTC. */
const SPAN = {
  firstAt: Date.UTC(2026, 7, 7, 21, 50),
  lastAt: Date.UTC(2026, 7, 7, 23, 50),
  at: Date.UTC(2026, 7, 7, 21, 55),
  offsetMinutes: 120,
};
const after = (seconds: number): number => SPAN.firstAt + seconds * 1000;

describe('typed times', () => {
  test.each<readonly [string, number]>([
    ['0', 0],
    ['90', 90],
    ['1:30', 90],
    ['90:75', 5475],
    ['2:00:00', 7200],
    // As an offset it fits; the same digits as a time of day need the @.
    ['00:20', 20],
    ['01:02:03', 3723],
    [' 0:100:00 ', 6000],
  ])('%s counts from the start', (text, seconds) => {
    expect(parseTimecode(text, SPAN)).toBe(after(seconds));
  });

  test.each<readonly [string, number]>([
    ['@23:55', 5 * 60],
    ['@23:55:30', 5 * 60 + 30],
    // After midnight it is the next day.
    ['@0:20', 30 * 60],
    ['@00:20:05', 30 * 60 + 5],
    // Without the @, if it cannot be an offset: this is what people type.
    ['23:55:30', 5 * 60 + 30],
    // The minute in which the recording starts is part of it.
    ['@23:50', 0],
    ['2026-08-08 00:20', 30 * 60],
    ['2026-08-08T00:20:05', 30 * 60 + 5],
    ['@2026-08-07 23:50', 0],
  ])('%s is a time of day on the clock of the recorder', (text, seconds) => {
    expect(parseTimecode(text, SPAN)).toBe(after(seconds));
  });

  test('later, the same time of day means the day shown', () => {
    const long = { ...SPAN, lastAt: SPAN.lastAt + 3 * 86_400_000, at: SPAN.at + 2 * 86_400_000 };
    expect(parseTimecode('@23:55', long)).toBe(after(2 * 86_400 + 5 * 60));
  });

  test.each([
    ['', 'enter a time'],
    ['  ', 'enter a time'],
    ['1:2:3:4', '1:2:3:4 is not a valid time'],
    ['-5', '-5 is not a valid time'],
    ['1.5', '1.5 is not a valid time'],
    [':30', ':30 is not a valid time'],
    ['@24:00', '@24:00 is not a valid time'],
    ['@9', '@9 is not a valid time'],
    ['@12:60', '@12:60 is not a valid time'],
    ['2026-02-30 10:00', '2026-02-30 10:00 is not a valid time'],
    ['2026-13-01 10:00', '2026-13-01 10:00 is not a valid time'],
    ['99999999999999999999', '99999999999999999999 is out of range'],
    ...['7201', '120:01', '25:99:99', '100:00:00', '@12:00', '2026-08-07 23:49', '2026-08-08 01:51', '2025-08-08 00:20'].map(
      (typed): [string, string] => [typed, `${typed} is not in the recording: 02:00:00 from 2026-08-07 23:50:00 to 2026-08-08 01:50:00`],
    ),
  ])('"%s" is refused', (text, problem) => {
    expect(parseTimecode(text, SPAN)).toBe(problem);
  });

  test.each<readonly [string, number | string]>([
    ['14:30', Date.UTC(2026, 7, 7, 14, 30)],
    ['14:29', Date.UTC(2026, 7, 7, 14, 29, 40)],
    ['14:32:07', Date.UTC(2026, 7, 7, 14, 32, 7)],
    ['2:27', Date.UTC(2026, 7, 7, 14, 32, 7)],
    ['19:31', '19:31 is not in the recording: 00:02:27 from 2026-08-07 14:29:40 to 2026-08-07 14:32:07'],
    ['25:99', '25:99 is not in the recording: 00:02:27 from 2026-08-07 14:29:40 to 2026-08-07 14:32:07'],
    ['14:32:08', '14:32:08 is not in the recording: 00:02:27 from 2026-08-07 14:29:40 to 2026-08-07 14:32:07'],
  ])('in a recording of two minutes, %s is a time or a message with the range of the recording', (text, leads) => {
    const firstAt = Date.UTC(2026, 7, 7, 14, 29, 40);
    expect(parseTimecode(text, { firstAt, lastAt: firstAt + 147_000, at: firstAt, offsetMinutes: 0 })).toBe(leads);
  });

  test('offsets are not refused while the end has not been read', () => {
    expect(parseTimecode('19:31', { ...SPAN, lastAt: undefined })).toBe(after(19 * 60 + 31));
  });

  test('any text is a time or a reason', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789:@- T'.split('')), maxLength: 20 }), (text) => {
        const found = parseTimecode(text, SPAN);
        expect(typeof found === 'string' ? found !== '' : Number.isFinite(found)).toBe(true);
      }),
    );
  });
});

describe('displayed times', () => {
  test.each([
    [0, '00:00:00'],
    [3_723_999, '01:02:03'],
    [90_000_000, '25:00:00'],
    [-5, '00:00:00'],
  ])('%d ms from the start is %s', (ms, text) => {
    expect(elapsed(ms)).toBe(text);
  });

  test.each([
    [0, 'UTC'],
    [120, 'UTC+2'],
    [-210, 'UTC-3:30'],
    [345, 'UTC+5:45'],
  ])('%d minutes ahead is %s', (minutes, text) => {
    expect(zoneText(minutes)).toBe(text);
  });

  test('show the clock of the recorder, whatever the time zone of the viewer', () => {
    expect([recordedClock(SPAN.firstAt, 120), recordedDate(SPAN.firstAt, 120), recordedDate(SPAN.lastAt, 120)]).toEqual([
      '23:50:00',
      '2026-08-07 23:50:00',
      '2026-08-08 01:50:00',
    ]);
  });
});
