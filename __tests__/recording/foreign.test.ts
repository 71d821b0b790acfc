import { execFileSync } from 'node:child_process';
import { readdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { ReaderSource } from '../../lib/recording/play/frame-source.js';
import { loadCompress } from '../../lib/recording/codec/zstd.js';
import { always, closeReader, count, inNewDirectory, nthOf, openReader, place, play } from '../helpers/recording-player.js';
import { has, record, textIn, timeOf } from '../helpers/recordings.js';

inNewDirectory();

/** A file as another program writes it, without an index of positions to start from. */
async function foreign(name: string, text: string): Promise<string> {
  const compress = await loadCompress();
  const bytes = name.endsWith('.gz') ? gzipSync(text) : name.endsWith('.zst') ? compress(Buffer.from(text)) : Buffer.from(text);
  writeFileSync(place.directory.file(name), bytes);
  return place.directory.file(name);
}
const plainText = async (frames: number): Promise<string> => {
  const text = textIn(await record(place.directory.file('plain'), 'none', frames, [{ gpus: 1 }]));
  return text
    .replace(/"writer":"[^"]*",/, '')
    .replace(/"connections":\[[^\]]*\],/g, '')
    .replace(/"(at_ms|at_seq)":\d+,/g, '')
    .replace(/"body_crc32":"[^"]*",/g, '')
    .replace(/.*"end":true.*\n/, '');
};

describe('recordings of other programs', () => {
  test.each(['b.ndjson.gz', 'b.ndjson.zst', 'b.ndjson'])('%s', async (name) => {
    const path = await foreign(name, await plainText(1500));
    const reader = await openReader(path);
    expect(await play(reader)).toEqual(count(1500));
    await reader.index(always);
    expect(reader.info).toMatchObject({
      frames: 1500,
      seekable: true,
      firstAt: timeOf(0),
      lastAt: timeOf(1499),
      badLines: 0,
      offsetMinutes: 0,
    });
    expect(nthOf(await reader.at(timeOf(800)))).toBe(800);
    expect(nthOf(await reader.at(timeOf(10)))).toBe(10);
  });

  test('a file name that does not match the content', async () => {
    const text = await plainText(20);
    for (const [name, bytes] of [
      ['c.ndjson', gzipSync(text)],
      ['c.ndjson.zst', Buffer.from(text)],
      ['c.gz', (await loadCompress())(Buffer.from(text))],
    ] as const) {
      writeFileSync(place.directory.file(name), bytes);
      expect(await play(await openReader(place.directory.file(name)))).toEqual(count(20));
    }
  });

  test('the copy of the first pass is reused, and nothing is left of an unfinished pass', async () => {
    const path = await foreign('d.ndjson.gz', await plainText(1500));
    const first = await openReader(path);
    expect(first.info.seekable).toBe(false);
    await first.index(always);
    const copies = readdirSync(place.cache.path).filter((name) => name.endsWith('.zst'));
    expect(copies).toHaveLength(1);
    expect(statSync(`${place.cache.path}/${copies[0]}`).mode & 0o777).toBe(0o600);
    const second = await openReader(path);
    expect(second.info).toMatchObject({ seekable: true, frames: 1500, codecs: ['gzip'], files: ['d.ndjson.gz'] });
    expect(nthOf(await second.at(timeOf(1000)))).toBe(1000);
    // The file has changed since: the copy no longer belongs to it.
    utimesSync(path, new Date(), new Date(5000));
    const third = await openReader(path);
    expect(third.info.seekable).toBe(false);
    closeReader(third);
    expect(readdirSync(place.cache.path).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('a copy that would be too large drops its start, and going back there takes another pass', async () => {
    const path = await foreign('e.ndjson.gz', await plainText(5000));
    const reader = await openReader(path, { maxCopyBytes: 20_000 });
    expect(nthOf(await reader.last())).toBe(4999);
    expect(nthOf(await reader.at(timeOf(3)))).toBe(3);
    expect(await play(reader)).toEqual(count(5000));
    expect(readdirSync(place.cache.path).filter((name) => name.endsWith('.zst'))).toEqual([]);
  });

  test('several gzip members, and several zstd frames, one after the other', async () => {
    const text = await plainText(100);
    const half = text.indexOf('\n', text.length / 2) - 50;
    const parts = [text.slice(0, half), text.slice(half)];
    const compress = await loadCompress();
    writeFileSync(place.directory.file('f.ndjson.gz'), Buffer.concat(parts.map((part) => gzipSync(part))));
    writeFileSync(place.directory.file('f.ndjson.zst'), Buffer.concat(parts.map((part) => compress(Buffer.from(part)))));
    for (const name of ['f.ndjson.gz', 'f.ndjson.zst'])
      expect(await play(await openReader(place.directory.file(name)))).toEqual(count(100));
  });

  test('thousands of gzip members, with one line in each or none', async () => {
    const lines = (await plainText(2000)).split(/(?<=\n)/);
    const members = lines.flatMap((line) => [gzipSync(line), gzipSync('')]);
    writeFileSync(place.directory.file('m.ndjson.gz'), Buffer.concat(members));
    const reader = await openReader(place.directory.file('m.ndjson.gz'));
    expect(await play(reader)).toEqual(count(2000));
    expect(reader.info).toMatchObject({ badLines: 0, damage: [] });
  });

  test('more than 10,000 gzip members without content: what comes before them plays', async () => {
    const nothing = gzipSync('');
    writeFileSync(
      place.directory.file('n.ndjson.gz'),
      Buffer.concat([gzipSync(await plainText(10)), ...Array.from({ length: 10_100 }, () => nothing)]),
    );
    const reader = await openReader(place.directory.file('n.ndjson.gz'));
    expect(await play(reader)).toEqual(count(10));
    expect(reader.info.damage).toEqual(['n.ndjson.gz: the compressed data continues without content']);
  });

  test('truncated: what comes before the cut plays', async () => {
    for (const name of ['g.ndjson.gz', 'g.ndjson.zst']) {
      const path = await foreign(name, await plainText(1000));
      truncateSync(path, Math.floor(statSync(path).size / 2));
      const reader = await openReader(path);
      const seen = await play(reader);
      expect(seen).toEqual(count(seen.length));
      expect(seen.length).toBeGreaterThan(100);
      expect(reader.info.cut).toBe(true);
    }
  });

  (has('zstd') ? test : test.skip)('of the zstd program, as a stream without a size (skipped where it is missing)', async () => {
    const text = await plainText(1000);
    for (const [nth, options] of [['-3'], ['-19', '--check'], ['-1', '--no-check']].entries()) {
      const bytes = execFileSync('zstd', [...options, '-c'], { input: text });
      writeFileSync(place.directory.file(`h${nth}.zst`), bytes);
      expect(await play(await openReader(place.directory.file(`h${nth}.zst`)))).toEqual(count(1000));
    }
    const wide = execFileSync('zstd', ['--long=27', '-3', '-c'], { input: text });
    writeFileSync(place.directory.file('wide.zst'), wide);
    const reader = await openReader(place.directory.file('wide.zst')).catch((error: Error) => error.message);
    expect(reader).toContain('is compressed with a window of 128 MiB; at most 32 MiB is supported');
  });
});

describe('a frame that is too large is skipped and counted, and the rest plays', () => {
  const MIB = 2 ** 20;
  const frame = (nth: number, more: string): string =>
    `{"gpus":[],"hostname":"h",${more}"schema":1,"timestamp":"${new Date(timeOf(nth)).toISOString().slice(0, 19)}Z"}\n`;
  const padded = (mib: number): string => `"x":"${'y'.repeat(mib * MIB)}",`;
  const part = (nth: number, k: number, of: number, mib: number): string => frame(nth, `"part":[${k},${of}],${padded(mib)}`);
  const copyOf = (): string => {
    const [copy] = readdirSync(place.directory.file('cache'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.zst'),
    );
    return textIn(join(place.directory.file('cache'), copy!));
  };

  test.each(['a.ndjson.gz', 'a.ndjson.zst', 'a.ndjson'])('%s: too many bytes, and its further parts are not kept', async (name) => {
    const large = count(20).map((k) => part(1, k + 1, 20, 1));
    // One that fits, and one that is cut short by the next.
    const text = [frame(0, ''), ...large, part(2, 1, 2, 1), part(2, 2, 2, 1), part(3, 1, 20, 1), frame(4, '')].join('');
    const reader = await openReader(await foreign(name, text), { maxFrameBytes: 4 * MIB });
    expect(await play(reader)).toEqual([0, NaN, 2, NaN, 4]);
    await reader.index(always);
    // The frame with missing parts is a bad line.
    expect(reader.info).toMatchObject({ frames: 5, badLines: 1, damage: ['1 frame has more than 500,000 rows or 4 MiB'] });
    if (name === 'a.ndjson') return;
    const kept = [...copyOf().matchAll(/"part":\[(\d+),20\]/g)].map(([, k]) => Number(k));
    expect(kept).toEqual([1, 2, 3, 4, 1]);
    // The copy gives the same result.
    closeReader(reader);
    const again = await openReader(place.directory.file(name), { maxFrameBytes: 4 * MIB });
    expect(await play(again)).toEqual([0, NaN, 2, NaN, 4]);
    expect(again.info.damage).toEqual(['1 frame has more than 500,000 rows or 4 MiB']);
  });

  test.each(['a.ndjson.gz', 'a.ndjson'])('%s: too many rows', async (name) => {
    const rows = (nth: number, rowsOf: number): string => frame(nth, '').replace('[]', `[${Array(rowsOf).fill('{}').join(',')}]`);
    const text = [rows(0, 1), rows(1, 500_001), rows(2, 500_001), rows(3, 1)].join('');
    const reader = await openReader(await foreign(name, text));
    expect(await play(reader)).toEqual([0, NaN, NaN, 3]);
    expect(reader.info).toMatchObject({ badLines: 0, damage: ['2 frames have more than 500,000 rows or 256 MiB'] });
  });
});

test('a request that takes a pass does not block others', async () => {
  const path = await foreign('slow.ndjson.gz', await plainText(3000));
  const reader = await openReader(path);
  const source = new ReaderSource(reader);
  const order: string[] = [];
  // Two that wait, and one that does not have to.
  const far = source.ask({ kind: 'at', time: timeOf(2900) });
  const asked = (['last', 'first'] as const).map((kind) =>
    source.ask({ kind }).then((shown) => void order.push(`${kind} ${Math.round((shown!.at - timeOf(0)) / 3000)}`)),
  );
  await Promise.all([far, ...asked]);
  expect(order).toEqual(['first 0', 'last 2999']);
});
