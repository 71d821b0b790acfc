/** Readers of recordings in a temporary directory, and their playback. */
import { afterEach, beforeEach } from '@jest/globals';
import { CacheDirectory } from '../../lib/recording/read/cache-directory.js';
import { Reader, type Found } from '../../lib/recording/read/recording-reader.js';
import { Directory, timeOf } from './recordings.js';

export const place: { directory: Directory; cache: CacheDirectory } = {} as { directory: Directory; cache: CacheDirectory };
let opened: Reader[] = [];

/** A new directory for each test of the file, with all readers closed after it. */
export function inNewDirectory(): void {
  beforeEach(() => {
    place.directory = new Directory();
    place.cache = new CacheDirectory(place.directory.file('cache'));
  });
  afterEach(() => {
    for (const reader of opened) reader.close();
    opened = [];
    place.directory.remove();
  });
}

export async function openReader(
  paths: string | readonly string[],
  more: { maxCopyBytes?: number; pageBytes?: number; maxFrameBytes?: number } = {},
): Promise<Reader> {
  const reader = await Reader.open([paths].flat(), { cache: place.cache, ...more });
  opened.push(reader);
  return reader;
}

export function closeReader(reader: Reader): void {
  reader.close();
  opened = opened.filter((one) => one !== reader);
}

/** The number of a frame, by its time; NaN: it cannot be read. */
export const nthOf = (found: Found | undefined): number | undefined =>
  found && (found.frame ? Math.round((found.at - timeOf(0)) / 3000) : NaN);

export async function play(reader: Reader): Promise<(number | undefined)[]> {
  const seen: (number | undefined)[] = [];
  for (let found = await reader.first(); found; found = await reader.next(found.ref)) seen.push(nthOf(found));
  return seen;
}
export async function playBack(reader: Reader): Promise<(number | undefined)[]> {
  const seen: (number | undefined)[] = [];
  for (let found = await reader.last(); found; found = await reader.previous(found.ref)) seen.push(nthOf(found));
  return seen.reverse();
}

export const count = (frames: number): number[] => Array.from({ length: frames }, (_, nth) => nth);
export const always = (): Promise<boolean> => Promise.resolve(true);
