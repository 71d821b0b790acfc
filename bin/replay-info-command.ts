/** `all-smi-view replay-info [--verify]`, and its older form `--replay ... --check`: what is in a recording. */
import { AppError } from '../lib/errors.js';
import { REPLAY_INFO_OPTIONS, resolveOptions, type Environment, type Flags } from '../lib/options/options.js';
import { CacheDirectory } from '../lib/recording/read/cache-directory.js';
import type { RecordingInfo } from '../lib/recording/read/recording-info.js';
import { inspect, type Inspection } from '../lib/recording/play/inspect.js';
import { missingFrames } from '../lib/view/replay-bar.js';
import { bytes, count, cut } from '../lib/text/format.js';
import { elapsed, recordedDate, zoneText } from '../lib/text/timecode.js';
import { cacheDirectory, pathContext } from '../lib/paths.js';

export async function replayInfo(flags: Flags, env: Environment): Promise<number> {
  const { file, verify } = resolveOptions(REPLAY_INFO_OPTIONS, flags, env);
  if (file === undefined) throw new AppError('E_OPTION_BAD', { option: 'replay-info', reason: 'needs the file name of a recording' });
  if (verify) return checkRecording(file, env);
  process.stdout.write(report(await inspectFiles(file, env)));
  return 0;
}

/** Exit code 1 if any of it cannot be read. */
export async function checkRecording(files: readonly string[], env: Environment): Promise<number> {
  const inspection = await inspectFiles(files, env);
  const faults = faultsOf(inspection);
  process.stdout.write(`${report(inspection)}${faults.length === 0 ? 'no errors found\n' : ''}`);
  if (faults.length > 0) throw new AppError('E_RECORDING_BAD', { file: files.join(', '), reason: faults.join('; ') });
  return 0;
}

const inspectFiles = (files: readonly string[], env: Environment): Promise<Inspection> =>
  inspect(files, new CacheDirectory(cacheDirectory(pathContext(env))));

/** Room for a list of names on one line. */
const NAMES_COLS = 80;
const MAX_GAPS = 10;

function report({ info, hosts, users, badRows }: Inspection): string {
  const { firstAt, lastAt = firstAt, offsetMinutes, gaps } = info;
  const date = (at: number): string => recordedDate(at, offsetMinutes);
  const zone = [info.zone, zoneText(offsetMinutes)].filter((part, at, all) => part !== '' && all.indexOf(part) === at).join(', ');
  const rows: readonly (readonly [string, string])[] = [
    ['files', names(info.files)],
    [
      'size',
      `${bytes(info.bytes)}, ${info.codecs.map((codec) => (codec === 'none' ? 'plain' : codec)).join(' and ')}, ${info.seekable ? 'seekable' : 'not seekable'}`,
    ],
    ['written by', info.writer || 'all-smi, or unknown'],
    ['from', `${date(firstAt)} (${zone})`],
    ['to', `${date(lastAt)}, ${elapsed(lastAt - firstAt)} later`],
    ['frames', `${count(info.frames)}${info.intervalMs === undefined ? '' : `, one every ${info.intervalMs / 1000} s`}`],
    ['hosts', `${count(hosts.length)}: ${names(hosts)}`],
    ['users', users.length === 0 ? 'none recorded' : `${count(users.length)}: ${names(users)}`],
    ['gaps', gaps.length === 0 ? 'none' : count(gaps.length)],
    ...gaps.slice(0, MAX_GAPS).map(([from, to]) => ['', `${date(from)} to ${date(to)}, ${elapsed(to - from)}`] as const),
    ['bad lines', count(info.badLines)],
    ...(badRows === 0 ? [] : [['bad rows', count(badRows)] as const]),
    ...rowsOf('damage', damageOf(info, date)),
    ...rowsOf('', endOf(info)),
  ];
  return rows.map(([name, text]) => `${name.padEnd(12)}${text}\n`).join('');
}

const rowsOf = (name: string, texts: readonly string[]): readonly (readonly [string, string])[] =>
  texts.map((text, nth) => [nth === 0 ? name : '', text]);

/** What is missing and where, what is wrong with the files, a line each. */
function damageOf(info: RecordingInfo, date: (at: number) => string): readonly string[] {
  const { losses, likelyLosses, unlocated, disorder, damage } = info;
  const where = (from: number, to: number): string =>
    Number.isNaN(from) ? 'before the first' : Number.isNaN(to) ? `after ${date(from)}` : `between ${date(from)} and ${date(to)}`;
  const lost = losses.map(([from, to, frames]) => `${framesText(frames)} missing ${where(from, to)}`);
  const likely = likelyLosses.map(([from, to, frames]) =>
    Number.isNaN(frames)
      ? `frames missing ${where(from, to)}; how many is not known`
      : `about ${framesText(frames)} missing ${where(from, to)}, judging by their times`,
  );
  const all = [...lost, ...likely];
  const more = all.length - MAX_GAPS;
  return [
    ...all.slice(0, MAX_GAPS),
    ...(more > 0 ? [`frames missing in ${count(more)} more places`] : []),
    ...(disorder > 0 ? [`frames duplicated or out of order in ${count(disorder)} places`] : []),
    ...damage,
    ...(unlocated ? [`${UNLOCATED}: they have no numbers, and no two are too far apart in time`] : []),
  ];
}

const UNLOCATED = 'it is not known whether frames are missing, or where';

const framesText = (frames: number): string => `${count(frames)} ${frames === 1 ? 'frame' : 'frames'}`;

/** How it ends, where that is not as it should. */
function endOf({ cut: isCut, ended }: RecordingInfo): readonly string[] {
  if (isCut) return [INCOMPLETE];
  return ended === false ? ['no end mark: still being written, or the recorder was killed; every frame is complete'] : [];
}

const INCOMPLETE = 'the last frame is incomplete (still being written?)';

const names = (all: readonly string[]): string => cut(all.join(', '), NAMES_COLS);

function faultsOf({ info, badRows }: Inspection): readonly string[] {
  const missing = missingFrames(info.losses, info.likelyLosses);
  return [
    ...(missing === '' ? [] : [missing]),
    ...(info.disorder > 0 ? ['frames duplicated or out of order'] : []),
    ...info.damage,
    ...(info.unlocated ? [UNLOCATED] : []),
    ...(info.badLines > 0 ? [`${count(info.badLines)} bad ${info.badLines === 1 ? 'line' : 'lines'}`] : []),
    ...(badRows > 0 ? [`${count(badRows)} bad ${badRows === 1 ? 'row' : 'rows'}`] : []),
    ...(info.cut ? [INCOMPLETE] : []),
  ];
}
