/** The line of a replay above the key hints: position, speed and timeline. Pure. */
import type { RecordingStatus, ReplayStatus, TimelinePoint } from '../model/replay.js';
import { line, span, type Line, type Span } from './frame.js';
import { bytes, count, cut, watts, width } from '../text/format.js';
import { elapsed, MOMENT_FORMS, recordedDate, TIMECODE_FORMS, zoneText } from '../text/timecode.js';
import type { Ms } from '../model/clock.js';

/** Region of a cell of the timeline: followed by its time. */
export const SEEK_REGION = 'core:seek:';

/** The time of a region; undefined if it is not part of the timeline. */
export function seekTime(region: string | undefined): Ms | undefined {
  return region?.startsWith(SEEK_REGION) ? Number(region.slice(SEEK_REGION.length)) : undefined;
}

/** Fewer cells show nothing useful. */
const MIN_LINE_COLS = 10;
const GAP = '  ';
/** Of `2026-08-07 `. */
const DATE_LENGTH = 11;

export function replayBar(status: ReplayStatus, cols: number): Line {
  const { at, firstAt, lastAt } = status;
  const passed = elapsed(at - firstAt);
  const total = lastAt === undefined ? '' : elapsed(lastAt - firstAt);
  const [frame, problems] = [frameText(status), problemText(status)];
  const start = ` ${sign(status)} ${speedText(status.speed)}${status.loop ? ' ↻' : ''}`;
  const date = dateText(status);
  const clock = date.slice(DATE_LENGTH);
  // Dropped when space is short: the frame count, then the date, then problems, then the clock.
  const forms: readonly (readonly [readonly string[], readonly string[]])[] = [
    [
      [start, date],
      [frame, problems],
    ],
    [[start, date], [problems]],
    [[start, clock], [problems]],
    [[start, clock], []],
    [[start], []],
  ];
  for (const [left, right] of forms) {
    const before = [...left, passed].join(GAP);
    const after = [total, ...right].filter((text) => text !== '').join(GAP);
    const room = cols - width(before) - width(after) - 3;
    if (room >= MIN_LINE_COLS) return line(span(`${before} `, 'strong'), ...timeLine(status, room), span(` ${after}`));
  }
  return line(span(cut([start, passed].join(GAP), cols), 'strong'));
}

function sign({ playing, ended, seeking }: ReplayStatus): string {
  if (seeking) return '…';
  return playing ? '▶' : ended ? '■' : '‖';
}

const speedText = (speed: number): string => `${speed}×`;
const dateText = ({ at, offsetMinutes }: ReplayStatus): string => `${recordedDate(at, offsetMinutes)} ${zoneText(offsetMinutes)}`;

function frameText({ frame, frames, timeline, at }: ReplayStatus): string {
  if (timeline) return pointText(timeline, at);
  if (frame === undefined) return '';
  return `frame ${count(frame + 1)}${frames === undefined ? '' : `/${count(frames)}`}`;
}

/** Of the last point that is not after the position. */
function pointText(timeline: readonly TimelinePoint[], at: Ms): string {
  const point = timeline.findLast((one) => one.at <= at);
  if (!point) return '';
  const power = Number.isNaN(point.powerWatts) ? '' : ` ${watts(point.powerWatts)}`;
  return `${count(point.nodes)} ${point.nodes === 1 ? 'node' : 'nodes'}${power}`;
}

function problemText({ indexed, seekable, badLines, losses, likelyLosses, damaged, unlocated }: ReplayStatus): string {
  const reading = indexed < 1 ? `${seekable ? 'indexing' : 'reading'} ${Math.floor(indexed * 100)}%` : '';
  const bad = badLines === 0 ? '' : `${count(badLines)} bad ${badLines === 1 ? 'line' : 'lines'}`;
  const damage = unlocated ? 'damaged, position unknown' : damaged ? 'damaged' : '';
  return [reading, missingFrames(losses, likelyLosses), bad, damage].filter((text) => text !== '').join(GAP);
}

/** How many frames are missing, '' if none is; without a number where that is not known. */
export function missingFrames(losses: ReplayStatus['losses'], likelyLosses: ReplayStatus['likelyLosses']): string {
  const all = [...losses, ...likelyLosses];
  if (all.length === 0) return '';
  const lost = all.reduce((sum, [, , frames]) => sum + (frames || 0), 0);
  if (lost === 0) return 'frames missing';
  const isExact = likelyLosses.length === 0;
  return `${isExact ? '' : 'about '}${count(lost)} ${lost === 1 ? 'frame' : 'frames'} missing`;
}

/** Of the power of a moment, compared with the highest. */
const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];

interface Cell {
  readonly sign: string;
  readonly tone: 'accent' | 'strong' | 'dim' | 'bad';
}

/** ▁ to ▇ power, ● position, ◆ bookmark, ! missing frames, ╌ nothing recorded, ─ the rest. */
function timeLine(status: ReplayStatus, cols: number): Span[] {
  const { at, firstAt, lastAt, bookmarks, gaps, losses, likelyLosses, timeline = [] } = status;
  if (lastAt === undefined) return [span('─'.repeat(cols), 'dim')];
  const whole = Math.max(1, lastAt - firstAt);
  const cellOf = (time: Ms): number => Math.max(0, Math.min(cols - 1, Math.round(((time - firstAt) / whole) * (cols - 1))));
  const cells: Cell[] = Array.from({ length: cols }, () => ({ sign: '─', tone: 'dim' }));
  const most = timeline.reduce((max, { powerWatts }) => Math.max(max, powerWatts || 0), 0);
  for (const { at: time, nodes, powerWatts } of timeline) {
    if (nodes > 0 && most > 0)
      cells[cellOf(time)] = { sign: LEVELS[Math.ceil((LEVELS.length - 1) * ((powerWatts || 0) / most))]!, tone: 'dim' };
  }
  for (const [from, to] of gaps) for (let x = cellOf(from) + 1; x < cellOf(to); x++) cells[x] = { sign: '╌', tone: 'dim' };
  for (const [from, to] of [...losses, ...likelyLosses]) {
    const [first, last] = [cellOf(Number.isNaN(from) ? firstAt : from), cellOf(Number.isNaN(to) ? lastAt : to)];
    for (let x = Math.min(first + 1, last); x <= Math.max(first, last - 1); x++) cells[x] = { sign: '!', tone: 'bad' };
  }
  for (const time of bookmarks) cells[cellOf(time)] = { sign: '◆', tone: 'accent' };
  cells[cellOf(at)] = { sign: '●', tone: 'strong' };
  const timeAt = (x: number): Ms => Math.round(firstAt + (whole * x) / Math.max(1, cols - 1));
  return cells.map((cell, x) => span(cell.sign, cell.tone, `${SEEK_REGION}${timeAt(x)}`));
}

/** The input line for a time. */
export function timecodeLine(text: string, problem: string | undefined, { offsetMinutes, zone, timeline }: ReplayStatus): Line {
  const forms = `${timeline ? MOMENT_FORMS : TIMECODE_FORMS} (${[zone, zoneText(offsetMinutes)].filter((part, at) => part !== '' && (at > 0 || part !== 'UTC')).join(', ')})`;
  return line(span(' go to ', 'key'), span(`${text}▏`, 'strong'), span(`  ${problem ?? forms}`, problem === undefined ? 'dim' : 'bad'));
}

export function recordingChip({ path, frames, bytes: size }: RecordingStatus): Line {
  const frameCount = `${count(frames)} ${frames === 1 ? 'frame' : 'frames'}`;
  return line(span(` ● REC ${bytes(size)} · ${frameCount} · ${path} `, 'chip-bad'));
}
