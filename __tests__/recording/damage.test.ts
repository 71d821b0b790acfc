/** Damaged recordings, real and random ones: damage is detected, located where the file allows it, and the rest plays. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Codec } from '../../lib/recording/codec/codec.js';
import { inspect } from '../../lib/recording/play/inspect.js';
import { CacheDirectory } from '../../lib/recording/read/cache-directory.js';
import type { Reader } from '../../lib/recording/read/recording-reader.js';
import { always, closeReader, count, inNewDirectory, openReader, place, play } from '../helpers/recording-player.js';
import { cycle, newWriter, record, textIn, timeOf } from '../helpers/recordings.js';

inNewDirectory();

const FIXTURES = join(import.meta.dirname, '../fixtures/recordings');

/** All frames as they play, each as text. */
async function contents(reader: Reader): Promise<string[]> {
  const seen: string[] = [];
  for (let found = await reader.first(); found; found = await reader.next(found.ref))
    if (found.frame) seen.push(JSON.stringify(found.frame));
  return seen;
}

/** The information about a file after reading all of it; undefined: it is refused. */
async function looked(path: string): Promise<{ readonly frames: string[]; readonly info: Reader['info'] } | undefined> {
  const reader = await openReader(path, { pageBytes: 4096 }).catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'E_RECORDING_BAD' });
    return undefined;
  });
  if (!reader) return undefined;
  const frames = await contents(reader);
  await reader.index(always);
  const { info } = reader;
  closeReader(reader);
  return { frames, info };
}

const isNoticed = ({ badLines, losses, disorder, damage, cut, ended }: Reader['info']): boolean =>
  badLines > 0 || losses.length > 0 || disorder > 0 || damage.length > 0 || cut || ended !== true;

describe('recordings of earlier versions, without checksums', () => {
  const check = (name: string): ReturnType<typeof looked> => {
    copyFileSync(join(FIXTURES, name), place.directory.file(name));
    return looked(place.directory.file(name));
  };

  test.each(['whole.ndjson.gz', 'whole.ndjson.zst'])('%s is complete', async (name) => {
    const { frames, info } = (await check(name))!;
    expect(frames).toHaveLength(140);
    expect(info).toMatchObject({ badLines: 0, losses: [], disorder: 0, damage: [], cut: false, ended: true });
  });

  test('a gzip file that lost six frames in the middle: its data ends too early, and the rest plays', async () => {
    const { frames, info } = (await check('lost-6-of-140.ndjson.gz'))!;
    expect(frames).toHaveLength(134);
    expect(info.damage).toHaveLength(1);
    expect(info.damage[0]).toMatch(/^lost-6-of-140\.ndjson\.gz: /);
    // What follows the last frame is no frame, and does not end: how many there were cannot be known.
    expect(info).toMatchObject({ likelyLosses: [[info.lastAt, NaN, NaN]], badLines: 1, losses: [], unlocated: false });
  });

  test('a zstd file that lost a block: reports how many frames are missing, and where', async () => {
    const { frames, info } = (await check('lost-64-of-140.ndjson.zst'))!;
    expect(frames).toHaveLength(76);
    expect(info.damage).toEqual(['lost-64-of-140.ndjson.zst: 1 damaged block']);
    expect(info.losses.map(([, , lost]) => lost)).toEqual([64]);
    expect(info.frames).toBe(76);
  });

  test('a zstd file whose recorder was killed: no frame is missing, and only the end mark is', async () => {
    const { frames, info } = (await check('killed.ndjson.zst'))!;
    expect(frames).toHaveLength(8);
    expect(info).toMatchObject({ badLines: 0, losses: [], disorder: 0, damage: [], cut: false, ended: false });
  });
});

const OURS: readonly (readonly [Codec, string])[] = [
  ['none', 'a.ndjson'],
  ['gzip', 'a.ndjson.gz'],
  ['zstd', 'a.ndjson.zst'],
];

describe.each(OURS)('%s', (codec, name) => {
  /** Varied content, so that no part of it equals another. */
  const make = (): Promise<string> =>
    record(place.directory.file(name), codec, 150, [
      { gpus: 2, procs: count(6).map((pid) => ({ pid, gpu: pid % 2, user: `user${pid % 3}`, vram: pid * 1e9 + 7 })) },
    ]);

  test('killed while it was written: complete, without an end mark', async () => {
    const writer = await newWriter(place.directory.file(name), codec);
    for (const nth of count(70)) await writer.write(cycle(nth), timeOf(nth));
    const { frames, info } = (await looked(writer.path))!;
    expect(frames).toHaveLength(70);
    expect(info).toMatchObject({ badLines: 0, losses: [], disorder: 0, damage: [], cut: false, ended: false });
    await writer.finish();
    expect((await looked(writer.path))!.info).toMatchObject({ cut: false, ended: true });
  });

  test('removed, changed and duplicated lines are counted and located', async () => {
    const lines = textIn(await make()).split('\n');
    const pack = (some: readonly string[]): string => {
      const text = some.join('\n');
      writeFileSync(place.directory.file('x.ndjson.gz'), codec === 'gzip' ? gzipSync(text) : text);
      return place.directory.file('x.ndjson.gz');
    };
    // Line 0 is the header, line n + 1 frame n.
    const without = (await looked(pack([...lines.slice(0, 21), ...lines.slice(27)])))!;
    expect(without.info.losses).toEqual([[timeOf(19), timeOf(26), 6]]);
    expect(without.frames).toHaveLength(144);
    const changed = (await looked(
      pack(lines.map((line, nth) => (nth === 50 ? line.replace('"used_memory":', '"used_memory":1') : line))),
    ))!;
    expect([changed.info.badLines, changed.info.losses]).toEqual([1, [[timeOf(48), timeOf(50), 1]]]);
    const doubled = (await looked(pack([...lines.slice(0, 40), ...lines.slice(30)])))!;
    expect(doubled.info.disorder).toBeGreaterThan(0);
    const unended = (await looked(pack([...lines.slice(0, 100), ''])))!;
    expect(unended.info).toMatchObject({ losses: [], badLines: 0, ended: false });
  });

  test('any change of the bytes is detected, or does no harm', async () => {
    const path = await make();
    const bytes = readFileSync(path);
    const whole = (await looked(path))!;
    expect(isNoticed(whole.info)).toBe(false);
    const place1 = fc.integer({ min: 0, max: bytes.length - 1 });
    const length = fc.integer({ min: 1, max: 6000 });
    const damage = fc.oneof(
      fc.tuple(place1, fc.integer({ min: 0, max: 7 })).map(([at, bit]) => {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << bit;
        return flipped;
      }),
      fc.tuple(place1, length).map(([at, cut]) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + cut)])),
      place1.map((end) => bytes.subarray(0, end)),
      fc
        .tuple(place1, place1, length)
        .map(([at, from, more]) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + more), bytes.subarray(at)])),
      fc.tuple(place1, place1, length).map(([at, from, more]) => {
        const overwritten = Buffer.from(bytes);
        bytes.copy(overwritten, at, from, from + more);
        return overwritten;
      }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async (damaged) => {
        writeFileSync(place.directory.file(`bad-${name}`), damaged);
        const found = await looked(place.directory.file(`bad-${name}`));
        if (!found || isNoticed(found.info)) {
          // Whatever plays was recorded.
          for (const frame of found?.frames ?? []) expect(whole.frames).toContain(frame);
        } else expect(found.frames).toEqual(whole.frames);
      }),
      { numRuns: Number(process.env.DAMAGE_RUNS ?? 40) },
    );
  });
});

/** Lines without the fields that only we write. */
const foreignText = async (frames: number): Promise<string> =>
  textIn(await record(place.directory.file('plain.ndjson'), 'none', frames)).replace(
    /"writer":"[^"]*",|"body_crc32":"[^"]*",|"at_seq":\d+,|.*"end":true.*\n/g,
    '',
  );

test('a line without number and checksum is damaged if the others have them', async () => {
  const lines = textIn(await record(place.directory.file('sealed.ndjson'), 'none', 20)).split('\n');
  const whole = await looked(place.directory.file('sealed.ndjson'));
  const path = place.directory.file('unsealed.ndjson');
  const without = lines[5]!.replace(/"at_seq":\d+,|"body_crc32":"\w+",/g, '').replace('"utilization":', '"utilisation":');
  expect(without).not.toBe(lines[5]);
  writeFileSync(path, lines.with(5, without).join('\n'));
  const found = (await looked(path))!;
  expect(found.info.badLines).toBe(1);
  expect(found.frames).toHaveLength(whole!.frames.length - 1);
});

describe('recordings of other programs', () => {
  test('gzip: a wrong byte that still decompresses fails the checksum, and all of it plays', async () => {
    const text = await foreignText(400);
    // Stored, not compressed: every byte counts, and none breaks the format.
    const bytes = gzipSync(text, { level: 0 });
    const at = bytes.indexOf('"utilization":50') + '"utilization":5'.length;
    bytes[at] = 0x31;
    writeFileSync(place.directory.file('b.ndjson.gz'), bytes);
    const { frames, info } = (await looked(place.directory.file('b.ndjson.gz')))!;
    expect(frames).toHaveLength(400);
    expect(info.damage).toEqual(['b.ndjson.gz: a checksum of the compressed data does not match, so values may be wrong']);
    expect(info.cut).toBe(false);
  });

  test('gzip: before damage in the middle everything plays; in a truncated file the last frame is incomplete', async () => {
    const text = await foreignText(4000);
    const bytes = gzipSync(text);
    writeFileSync(place.directory.file('cut.ndjson.gz'), bytes.subarray(0, bytes.length >> 1));
    const cut = (await looked(place.directory.file('cut.ndjson.gz')))!;
    expect(cut.frames.length).toBeGreaterThan(1000);
    expect(cut.info).toMatchObject({ cut: true, damage: [], badLines: 0 });
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 50);
    writeFileSync(place.directory.file('bad.ndjson.gz'), bytes);
    const bad = (await looked(place.directory.file('bad.ndjson.gz')))!;
    expect(bad.frames.length).toBeGreaterThan(1000);
    expect(bad.info).toMatchObject({ cut: false, damage: ['bad.ndjson.gz: the compressed data is damaged'] });
  });
});

describe('frames without numbers that are missing in a damaged file', () => {
  const START = Date.UTC(2026, 7, 7, 12, 20);
  const timestamp = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');
  /** As all-smi writes it: times are whole seconds. */
  const textOf = (intervalMs: number | undefined, times: readonly number[]): string => {
    const header = {
      all_smi_version: '0.25.0',
      header: true,
      hosts: [],
      ...(intervalMs === undefined ? {} : { interval_ms: intervalMs }),
      schema: 1,
    };
    const frames = times.map((at) => ({ gpus: [], hostname: 'remote', schema: 1, timestamp: timestamp(at) }));
    return [header, ...frames].map((line) => `${JSON.stringify(line)}\n`).join('');
  };
  /** Content that lost something after it was compressed: the checksum and the length of all of it are still at the end. */
  const lookedAfterLoss = async (left: string, whole: string): ReturnType<typeof looked> => {
    const bytes = Buffer.concat([gzipSync(left).subarray(0, -8), gzipSync(whole).subarray(-8)]);
    writeFileSync(place.directory.file('lost.ndjson.gz'), bytes);
    return looked(place.directory.file('lost.ndjson.gz'));
  };
  const FRAMES = 80;

  test('are reported between the right times, or their position as unknown', async () => {
    const some = fc.uniqueArray(fc.integer({ min: 1, max: FRAMES - 2 }), { minLength: 1, maxLength: 12 });
    const run = fc
      .tuple(fc.integer({ min: 1, max: FRAMES - 14 }), fc.integer({ min: 1, max: 12 }))
      .map(([first, length]) => count(length).map((nth) => first + nth));
    const atEnd = fc.integer({ min: 1, max: 12 }).map((length) => count(length).map((nth) => FRAMES - 1 - nth));
    const delays = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: FRAMES, maxLength: FRAMES });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10 }),
        fc.boolean(),
        delays,
        fc.oneof(some, run, atEnd),
        async (seconds, told, late, gone) => {
          const times = late.map((ms, nth) => Math.floor((START + nth * seconds * 1000 + ms) / 1000) * 1000);
          const lost = new Set(gone);
          const left = times.filter((_, nth) => !lost.has(nth));
          const header = told ? seconds * 1000 : undefined;
          const { info } = (await lookedAfterLoss(textOf(header, left), textOf(header, times)))!;
          expect(info.damage).toHaveLength(1);
          const expected: (readonly [number, number, number])[] = [];
          for (let nth = 0, missing = 0, before = NaN; nth < FRAMES; nth++) {
            if (lost.has(nth)) missing++;
            else {
              // One interval of two seconds could be one of one second, seen late: times are whole seconds.
              const isClear = seconds > 2 || (missing + 1) * seconds - 1 >= 1.5 * seconds;
              if (missing > 0 && isClear) expected.push([before, times[nth]!, missing]);
              [missing, before] = [0, times[nth]!];
            }
          }
          expect(info.likelyLosses).toEqual(expected);
          expect(info).toMatchObject({ losses: [], unlocated: expected.length === 0 });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a whole recording is not damaged, however uneven its scrapes are', async () => {
    const steps = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 2, maxLength: FRAMES });
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom('none', 'gzip'), async (seconds, codec) => {
        let at = START;
        const text = textOf(
          3000,
          seconds.map((step) => (at += step * 1000)),
        );
        const path = place.directory.file('uneven.ndjson');
        writeFileSync(path, codec === 'gzip' ? gzipSync(text) : text);
        const { info } = (await looked(path))!;
        expect(info).toMatchObject({ damage: [], losses: [], likelyLosses: [], unlocated: false, badLines: 0, cut: false });
      }),
      { numRuns: 40 },
    );
  });

  test('are not where a recorder is always late: the usual time between frames counts', async () => {
    const times = count(FRAMES).map((nth) => START + nth * 7000);
    const { info } = (await lookedAfterLoss(textOf(3000, times.toSpliced(40, 2)), textOf(3000, times)))!;
    expect(info.likelyLosses).toEqual([[times[39], times[42], 2]]);
  });
});

test('zstd: with unexpected bytes between two blocks and without the index, all blocks play', async () => {
  const bytes = readFileSync(await record(place.directory.file('a.ndjson.zst'), 'zstd', 150));
  const second = bytes.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 4);
  expect(second).toBeGreaterThan(0);
  writeFileSync(
    place.directory.file('b.ndjson.zst'),
    Buffer.concat([bytes.subarray(0, second), Buffer.alloc(100, 0x28), bytes.subarray(second)]),
  );
  const { frames, info } = (await looked(place.directory.file('b.ndjson.zst')))!;
  expect(frames).toHaveLength(150);
  expect(info).toMatchObject({ losses: [], damage: ['b.ndjson.zst: unexpected bytes between the blocks'] });
});

test('damage is stored with the index of a large file', async () => {
  const wide = [{ gpus: 8, procs: count(100).map((pid) => ({ pid, gpu: pid % 8 })) }];
  const path = await record(place.directory.file('big.ndjson'), 'none', 120, wide);
  const lines = readFileSync(path, 'utf8').split('\n');
  writeFileSync(path, [...lines.slice(0, 60), ...lines.slice(70)].join('\n'));
  const expected = [[timeOf(58), timeOf(69), 10]];
  for (const _ of [1, 2]) {
    const { info } = await inspect([path], new CacheDirectory(place.directory.file('cache')));
    expect([info.losses, info.ended]).toEqual([expected, true]);
  }
  const again = await openReader(path);
  expect(again.info).toMatchObject({ losses: expected, indexed: 1 });
});

test('files joined with cat play as one, and the frames of each are counted', async () => {
  const [one, two] = [await record(place.directory.file('one.gz'), 'gzip', 20), await record(place.directory.file('two.gz'), 'gzip', 30)];
  writeFileSync(place.directory.file('both.ndjson.gz'), Buffer.concat([readFileSync(one), readFileSync(two)]));
  const reader = await openReader(place.directory.file('both.ndjson.gz'));
  expect(await play(reader)).toEqual([...count(20), ...count(30)]);
  await reader.index(always);
  expect(reader.info).toMatchObject({ badLines: 0, losses: [], disorder: 0, damage: [], ended: true });
});
