import { execFileSync } from 'node:child_process';
import { readdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { ReaderSource } from '../../lib/recording/play/frame-source.js';
import { loadCompress } from '../../lib/recording/codec/zstd.js';
import { always, closeReader, count, inNewFolder, nthOf, openReader, place, play } from '../helpers/recording-player.js';
import { has, record, textIn, timeOf } from '../helpers/recordings.js';

inNewFolder();

/** A file as somebody else writes it: nothing in it tells where one may start. */
async function foreign(name: string, text: string): Promise<string> {
  const compress = await loadCompress();
  const bytes = name.endsWith('.gz') ? gzipSync(text) : name.endsWith('.zst') ? compress(Buffer.from(text)) : Buffer.from(text);
  writeFileSync(place.folder.file(name), bytes);
  return place.folder.file(name);
}
const plainText = async (frames: number): Promise<string> => {
  const text = textIn(await record(place.folder.file('plain'), 'none', frames, [{ gpus: 1 }]));
  return text
    .replace(/"writer":"[^"]*",/, '')
    .replace(/"connections":\[[^\]]*\],/g, '')
    .replace(/"(at_ms|at_seq)":\d+,/g, '')
    .replace(/"body_crc32":"[^"]*",/g, '')
    .replace(/.*"end":true.*\n/, '');
};

describe('recordings of others', () => {
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

  test('a name that says something else than the bytes', async () => {
    const text = await plainText(20);
    for (const [name, bytes] of [
      ['c.ndjson', gzipSync(text)],
      ['c.ndjson.zst', Buffer.from(text)],
      ['c.gz', (await loadCompress())(Buffer.from(text))],
    ] as const) {
      writeFileSync(place.folder.file(name), bytes);
      expect(await play(await openReader(place.folder.file(name)))).toEqual(count(20));
    }
  });

  test('the copy of the first pass serves the next time, and nothing is left of a pass that was not finished', async () => {
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
    // Changed since: the copy is none of it any more.
    utimesSync(path, new Date(), new Date(5000));
    const third = await openReader(path);
    expect(third.info.seekable).toBe(false);
    closeReader(third);
    expect(readdirSync(place.cache.path).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('a copy that would be too large forgets its start; going back there takes another pass', async () => {
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
    writeFileSync(place.folder.file('f.ndjson.gz'), Buffer.concat(parts.map((part) => gzipSync(part))));
    writeFileSync(place.folder.file('f.ndjson.zst'), Buffer.concat(parts.map((part) => compress(Buffer.from(part)))));
    for (const name of ['f.ndjson.gz', 'f.ndjson.zst']) expect(await play(await openReader(place.folder.file(name)))).toEqual(count(100));
  });

  test('cut off: what came before plays', async () => {
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
      writeFileSync(place.folder.file(`h${nth}.zst`), bytes);
      expect(await play(await openReader(place.folder.file(`h${nth}.zst`)))).toEqual(count(1000));
    }
    const wide = execFileSync('zstd', ['--long=27', '-3', '-c'], { input: text });
    writeFileSync(place.folder.file('wide.zst'), wide);
    const reader = await openReader(place.folder.file('wide.zst')).catch((error: Error) => error.message);
    expect(reader).toContain('is compressed with a window of 128 MiB; at most 32 MiB is supported');
  });
});

test('a question that takes a pass holds up no other', async () => {
  const path = await foreign('slow.ndjson.gz', await plainText(3000));
  const reader = await openReader(path);
  const source = new ReaderSource(reader);
  const order: string[] = [];
  // Two that wait, and one that need not.
  const far = source.ask({ kind: 'at', time: timeOf(2900) });
  const asked = (['last', 'first'] as const).map((kind) =>
    source.ask({ kind }).then((shown) => void order.push(`${kind} ${Math.round((shown!.at - timeOf(0)) / 3000)}`)),
  );
  await Promise.all([far, ...asked]);
  expect(order).toEqual(['first 0', 'last 2999']);
});
