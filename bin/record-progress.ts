/** The progress line of `record`. */
import { bytes, count, duration } from '../lib/text/format.js';

export interface Progress {
  readonly frames: number;
  readonly bytes: number;
  readonly answering: number;
  readonly hosts: number;
  readonly passedMs: number;
  readonly durationMs: number | undefined;
  readonly retention: string;
}

export function progressLine({ frames, bytes: size, answering, hosts, passedMs, durationMs, retention: kept }: Progress): string {
  const perHour = passedMs > 0 ? (size / passedMs) * 3_600_000 : NaN;
  const left = durationMs === undefined ? [] : [`${duration((durationMs - passedMs) / 1000)} left`];
  const parts = [
    duration(passedMs / 1000),
    `${count(frames)} ${frames === 1 ? 'frame' : 'frames'}`,
    bytes(size),
    `${count(answering)} of ${count(hosts)} ${hosts === 1 ? 'node' : 'nodes'}`,
    `${bytes(perHour)}/h`,
    ...left,
    ...(kept === '' ? [] : [kept]),
  ];
  return `● ${parts.join(' · ')}`;
}

/** Before that, there is no rate to extrapolate from. */
const MIN_PASSED_MS = 10_000;

/**
 * How long `room` bytes suffice at the rate so far; '' while that is unknown. `rotating`: the oldest file is deleted then; else the disk is
 * full.
 */
export function retention(size: number, passedMs: number, room: number, rotating: boolean): string {
  if (passedMs < MIN_PASSED_MS || size === 0 || !Number.isFinite(room)) return '';
  const seconds = (room / size) * (passedMs / 1000);
  const span =
    seconds >= 86_400 * 2 ? `${count(seconds / 86_400)} days` : seconds >= 3600 * 2 ? `${count(seconds / 3600)} hours` : duration(seconds);
  return rotating ? `keeps the last ${span}` : `disk full in ${span}`;
}
