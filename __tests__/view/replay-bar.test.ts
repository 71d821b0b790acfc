import { describe, expect, test } from '@jest/globals';
import type { ReplayStatus } from '../../lib/model/replay.js';
import { composeCells, frameToText, hitTest } from '../../lib/view/cells.js';
import { BLANK, line, span, type Line } from '../../lib/view/frame.js';
import { recordingChip, replayBar, seekTime, timecodeLine } from '../../lib/view/replay-bar.js';
import { width } from '../../lib/text/format.js';
import { expectGolden } from '../helpers/golden.js';

const FIRST = Date.UTC(2026, 7, 7, 12, 20);
const MINUTE = 60_000;
const STATUS: ReplayStatus = {
  playing: true,
  ended: false,
  speed: 2,
  loop: false,
  at: FIRST + 12 * MINUTE + 3000,
  frame: 240,
  frames: 1200,
  firstAt: FIRST,
  lastAt: FIRST + 60 * MINUTE,
  indexed: 1,
  seekable: true,
  seeking: false,
  bookmarks: [],
  gaps: [],
  badLines: 0,
  losses: [],
  likelyLosses: [],
  damaged: false,
  unlocated: false,
  offsetMinutes: 120,
  zone: 'Europe/Berlin',
};

const MOMENTS: readonly (readonly [what: string, change: Partial<ReplayStatus>])[] = [
  ['playing', {}],
  ['paused', { playing: false, speed: 1 }],
  ['at the end', { playing: false, ended: true, at: FIRST + 60 * MINUTE, frame: 1199 }],
  ['looping', { loop: true, speed: 0.25 }],
  ['seeking', { seeking: true }],
  ['bookmarks', { bookmarks: [FIRST, FIRST + 40 * MINUTE] }],
  ['a gap', { gaps: [[FIRST + 20 * MINUTE, FIRST + 45 * MINUTE]] }],
  ['bad lines', { badLines: 1 }],
  [
    'frames missing',
    {
      losses: [
        [FIRST + 20 * MINUTE, FIRST + 30 * MINUTE, 200],
        [FIRST + 50 * MINUTE, NaN, 1],
      ],
      badLines: 1,
    },
  ],
  ['damaged in an unknown place', { damaged: true, unlocated: true }],
  ['frames missing by their times', { likelyLosses: [[FIRST + 20 * MINUTE, FIRST + 30 * MINUTE, 200]], damaged: true }],
  ['an unknown number of frames missing at the end', { likelyLosses: [[FIRST + 50 * MINUTE, NaN, NaN]], damaged: true }],
  ['being indexed', { indexed: 0.418, frames: undefined }],
  ['being read for the first time', { indexed: 0.418, frames: undefined, seekable: false, lastAt: undefined, frame: undefined }],
  ['at the start', { at: FIRST, frame: 0 }],
  ['one frame', { at: FIRST, lastAt: FIRST, frame: 0, frames: 1 }],
  [
    'several days long',
    { lastAt: FIRST + 100 * 1440 * MINUTE, at: FIRST + 50 * 1440 * MINUTE, frame: 1_440_000, frames: 2_880_000, speed: 16 },
  ],
  ['in a time zone with half an hour', { offsetMinutes: -210 }],
];

const picture = (lines: readonly Line[], cols: number): string => frameToText({ size: { cols, rows: lines.length }, lines, rasters: [] });

describe('the bar', () => {
  test.each([120, 80, 60, 40])('at %d columns', (cols) => {
    const lines = MOMENTS.flatMap(([what, change]) => [line(what), replayBar({ ...STATUS, ...change }, cols), BLANK]);
    expectGolden('replay-bar', cols, lines.length, picture(lines, cols));
  });

  test('fits at any width', () => {
    for (const [, change] of MOMENTS) {
      for (let cols = 1; cols <= 200; cols++) {
        const { spans } = replayBar({ ...STATUS, ...change }, cols);
        expect(spans.reduce((sum, { text }) => sum + width(text), 0)).toBeLessThanOrEqual(Math.max(cols, 1));
      }
    }
  });

  test('a click on the timeline seeks to its time', () => {
    const bar = replayBar(STATUS, 100);
    const frame = { size: { cols: 100, rows: 1 }, lines: [bar], rasters: [] };
    const cells = composeCells(frame).ch;
    const timeAt = (x: number): number | undefined => seekTime(hitTest(frame, x, 0));
    const [start, end] = [cells.indexOf('─'), cells.lastIndexOf('─')];
    expect(timeAt(start)).toBe(FIRST);
    expect(timeAt(end)).toBe(FIRST + 60 * MINUTE);
    // Its own position, to the accuracy of a cell.
    const here = timeAt(cells.indexOf('●'))!;
    expect(Math.abs(here - STATUS.at)).toBeLessThanOrEqual((60 * MINUTE) / (end - start));
    expect([timeAt(start - 1), timeAt(end + 1), seekTime('core:tab:users:'), seekTime(undefined)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

test('shows the time prompt, and the status line of a recording', () => {
  const lines = [
    timecodeLine('', undefined, STATUS),
    timecodeLine('@14:3', undefined, { ...STATUS, zone: 'UTC', offsetMinutes: 0 }),
    timecodeLine('@99', '@99 is not a valid time', STATUS),
    recordingChip({ path: 'all-smi-20260807-143203.ndjson.zst', frames: 241, bytes: 12.9e6 }),
    recordingChip({ path: 'a', frames: 1, bytes: 900 }),
    line(span('')),
  ];
  expectGolden('replay-lines', 140, 6, picture(lines, 140));
});
