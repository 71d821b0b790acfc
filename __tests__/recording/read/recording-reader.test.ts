import { execFileSync } from 'node:child_process';
import { appendFileSync, linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Codec } from '../../../lib/recording/codec/codec.js';
import type { Reader } from '../../../lib/recording/read/recording-reader.js';
import { complaintsAbout } from '../../helpers/recording-validator.js';
import { always, count, inNewDirectory, nthOf, openReader, place, play, playBack } from '../../helpers/recording-player.js';
import { cycle, newWriter, record, textIn, timeOf } from '../../helpers/recordings.js';

inNewDirectory();

const OURS: readonly (readonly [Codec, string])[] = [
  ['none', 'a.ndjson'],
  ['gzip', 'a.ndjson.gz'],
  ['zstd', 'a.ndjson.zst'],
];

describe.each(OURS)('%s, written by us', (codec, name) => {
  test('plays every frame once, forward and backward', async () => {
    const reader = await openReader(await record(place.directory.file(name), codec, 300), { pageBytes: 4096 });
    expect(await play(reader)).toEqual(count(300));
    expect(await playBack(reader)).toEqual(count(300));
  });

  test('reports its metadata', async () => {
    const reader = await openReader(await record(place.directory.file(name), codec, 300), { pageBytes: 4096 });
    await reader.index(always);
    const { files, codecs, ...info } = reader.info;
    expect([files, codecs]).toEqual([[name], [codec]]);
    expect(info).toMatchObject({
      seekable: true,
      frames: 300,
      indexed: 1,
      firstAt: timeOf(0),
      lastAt: timeOf(299),
      intervalMs: 3000,
      zone: 'UTC',
      offsetMinutes: 0,
      hosts: ['node-0001:9090'],
      gaps: [],
      badLines: 0,
      cut: false,
    });
  });

  test('finds the nearest frame to any time, and the number of any frame', async () => {
    const reader = await openReader(await record(place.directory.file(name), codec, 200), { pageBytes: 4096 });
    await reader.index(always);
    for (const nth of [0, 1, 63, 64, 65, 127, 150, 199]) {
      for (const [off, expected] of [
        [0, nth],
        [1400, nth],
        [-1400, nth],
        [1600, Math.min(199, nth + 1)],
      ] as const) {
        const found = await reader.at(timeOf(nth) + off);
        expect([nth, off, nthOf(found)]).toEqual([nth, off, expected]);
        expect(reader.numberOf(found!.ref)).toBe(expected);
      }
    }
    expect([nthOf(await reader.at(0)), nthOf(await reader.at(Infinity)), nthOf(await reader.at(-5))]).toEqual([0, 199, 0]);
  });

  test('segments play as one recording, wherever there is a gap', async () => {
    const writer = await newWriter(place.directory.file(name), codec, { maxBytes: 3000 });
    for (const nth of count(80)) if (nth < 30 || nth > 40) await writer.write(cycle(nth), timeOf(nth));
    await writer.finish();
    expect(writer.segments).toBeGreaterThan(1);
    const reader = await openReader(place.directory.file(name));
    const expected = count(80).filter((nth) => nth < 30 || nth > 40);
    expect(await play(reader)).toEqual(expected);
    expect(await playBack(reader)).toEqual(expected);
    await reader.index(always);
    expect(reader.info.gaps).toEqual([[timeOf(29), timeOf(41)]]);
    expect(reader.info.files).toHaveLength(writer.segments);
    expect(nthOf(await reader.at(timeOf(34)))).toBe(29);
    expect(nthOf(await reader.at(timeOf(36)))).toBe(41);
    expect(nthOf(await reader.at(timeOf(60)))).toBe(60);
  });

  test('truncated anywhere, all complete frames before the cut play', async () => {
    const path = await record(place.directory.file(name), codec, 150);
    const bytes = readFileSync(path);
    const whole = (end: number): number[] | undefined => {
      // Complete frames can be counted independently only if the lines are not compressed.
      if (codec !== 'none') return undefined;
      return count(bytes.subarray(0, end).toString().split('\n').slice(1, -1).length);
    };
    let least = 0;
    for (let end = 400; end < bytes.length; end += Math.ceil(bytes.length / 60)) {
      writeFileSync(place.directory.file(`cut-${name}`), bytes.subarray(0, end));
      const reader = await openReader(place.directory.file(`cut-${name}`), { pageBytes: 4096 }).catch(() => undefined);
      if (!reader) continue;
      const seen = await play(reader);
      expect(seen).toEqual(whole(end) ?? count(seen.length));
      expect(seen.length).toBeGreaterThanOrEqual(least);
      least = seen.length;
      await reader.index(always);
      expect(reader.info.badLines).toBe(0);
    }
    expect(least).toBeGreaterThan(100);
  });

  test('damaged anywhere, the rest plays, without hanging or throwing', async () => {
    const path = await record(place.directory.file(name), codec, 150);
    const bytes = readFileSync(path);
    let played = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), fc.uint8Array({ minLength: 1, maxLength: 40 }), async (at, noise) => {
        const damaged = Buffer.from(bytes);
        damaged.set(noise.subarray(0, bytes.length - at), at);
        writeFileSync(place.directory.file(`bad-${name}`), damaged);
        const reader = await openReader(place.directory.file(`bad-${name}`), { pageBytes: 4096 }).catch((error: Error) => {
          expect(error).toMatchObject({ code: 'E_RECORDING_BAD' });
          return undefined;
        });
        if (!reader) return;
        played = Math.max(played, (await play(reader)).length);
        await playBack(reader);
        await reader.index(always);
        await reader.at(timeOf(70));
      }),
      { numRuns: 20 },
    );
    expect(played).toBeGreaterThan(50);
  });
});

describe('lines', () => {
  const line = (nth: number, more = ''): string =>
    `{${more}"hostname":"h","schema":1,"timestamp":"${new Date(timeOf(nth)).toISOString().slice(0, 19)}Z"}`;

  async function frames(
    text: string | Buffer,
    name = 'x.ndjson',
  ): Promise<{ readonly seen: (number | undefined)[]; readonly reader: Reader }> {
    writeFileSync(place.directory.file(name), text);
    const reader = await openReader(place.directory.file(name), { pageBytes: 4096 });
    const seen = await play(reader);
    await reader.index(always);
    return { seen, reader };
  }

  test('a header may be anywhere, twice or missing; index lines anywhere; empty lines; CRLF; no final line feed', async () => {
    const header = '{"all_smi_version":"0.25.0","header":true,"hosts":["a:1"],"interval_ms":5000,"schema":1}';
    const index = '{"byte_offset":1,"index":true,"schema":1,"seq":1000}';
    const { seen, reader } = await frames(
      `${index}\r\n${line(0)}\r\n\n${header}\n${line(1)}\n${header.replace('5000', '7000')}\n${index}\n${line(2)}`,
    );
    expect(seen).toEqual([0, 1, 2]);
    expect(reader.info).toMatchObject({ intervalMs: 5000, hosts: ['a:1'], badLines: 0 });
    expect((await frames(`${line(0)}\n${line(1)}\n`)).reader.info).toMatchObject({ intervalMs: 3000, hosts: [] });
  });

  test('keys may be in any order or unknown, and times in other time zones', async () => {
    const time = new Date(timeOf(1)).toISOString().slice(0, 19);
    const { seen } = await frames(
      [
        line(0, '"future":{"a":[1]},'),
        `{"timestamp":"${time}Z","schema":1,"x":null,"hostname":"h"}`,
        line(2).replace(/T(\d\d)(.*)Z"/, (_, hour: string, rest: string) => `T${Number(hour) + 2}${rest}+02:00"`),
      ].join('\n'),
    );
    expect(seen).toEqual([0, 1, 2]);
  });

  test('bad lines are skipped and counted', async () => {
    const bad = [
      'nonsense',
      '{"schema":1}',
      '[]',
      '{"schema":2,"hostname":"h","timestamp":"2026-08-07T00:30:00Z"',
      Buffer.from([0xff, 0xfe, 0x41]).toString('latin1'),
    ];
    const { seen, reader } = await frames([line(0), ...bad, line(1), ''].join('\n'));
    expect([seen, reader.info.badLines]).toEqual([[0, 1], 5]);
  });

  test('a line with a valid start and end that is broken in between is skipped when it is played', async () => {
    const broken = line(1, '"gpus":[{},');
    const { seen, reader } = await frames([line(0), broken, line(2)].join('\n'));
    expect([seen, reader.info.badLines]).toEqual([[0, NaN, 2], 1]);
  });

  test('a line of more than 16 MiB is skipped, in plain and in compressed files', async () => {
    const text = [line(0), `{"x":"${'y'.repeat(20 * 2 ** 20)}"}`, line(1), ''].join('\n');
    for (const [name, bytes] of [
      ['long.ndjson', text],
      ['long.ndjson.gz', gzipSync(text)],
    ] as const) {
      const { seen, reader } = await frames(bytes, name);
      expect([name, seen]).toEqual([name, [0, 1]]);
      expect([name, reader.info.badLines]).toEqual([name, 1]);
    }
  });

  test('the parts of a frame are joined; a frame with a missing part is unreadable', async () => {
    const part = (nth: number, of: number, at: number): string => line(at).replace('"schema"', `"part":[${nth},${of}],"schema"`);
    const { seen } = await frames([line(0), part(1, 2, 1), part(2, 2, 1), part(1, 3, 2), part(3, 3, 2), line(3), part(1, 2, 4)].join('\n'));
    expect(seen).toEqual([0, 1, NaN, 3, NaN]);
  });

  test('time may run backward, and frames may share a second', async () => {
    const { seen } = await frames([line(0), line(1), line(1), line(0), line(2)].join('\n'));
    expect(seen).toEqual([0, 1, 1, 0, 2]);
  });
});

describe('files that are not recordings', () => {
  test.each([
    ['an empty file', '', 'is empty'],
    ['text', 'hello\nworld\n', 'is not a recording'],
    ['a header alone', '{"header":true,"hosts":[],"schema":1}\n', 'contains no frame'],
    ['another schema', '{"hostname":"h","schema":2,"timestamp":"2026-08-07T00:30:00Z"}\n', 'has schema 2, but this version reads schema 1'],
    ['binary data', Buffer.from([0, 1, 2, 3, 255]), 'is not a recording'],
    ['only a zstd magic number', Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'the compressed data is truncated'],
    ['a zstd frame without its block', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]), 'the compressed data is truncated'],
    ['only a gzip magic number', Buffer.from([0x1f, 0x8b]), 'the compressed data is damaged'],
  ])('%s', async (_, content, reason) => {
    writeFileSync(place.directory.file('x.ndjson'), content);
    await expect(openReader(place.directory.file('x.ndjson'))).rejects.toMatchObject({ code: 'E_RECORDING_BAD', params: { reason } });
  });

  test('a missing file, a directory without recordings, a pipe', async () => {
    mkdirSync(place.directory.file('empty'));
    execFileSync('mkfifo', [place.directory.file('pipe')]);
    const reasons = ['none', 'empty', 'pipe'].map((name) =>
      openReader(place.directory.file(name)).catch((error: { params?: { reason?: string } }) => error.params?.reason),
    );
    expect(await Promise.all(reasons)).toEqual([
      'does not exist',
      'the directory contains no recording (*.ndjson, .zst, .gz)',
      'is not a file',
    ]);
  });

  test('a gzip or zstd bomb exhausts neither memory nor time', async () => {
    const zeros = gzipSync(Buffer.alloc(40 * 2 ** 20), { level: 9 });
    writeFileSync(place.directory.file('bomb.gz'), zeros);
    await expect(openReader(place.directory.file('bomb.gz'))).rejects.toMatchObject({ code: 'E_RECORDING_BAD' });
    // A zstd frame of blocks that each mean "128 KiB of the same byte".
    const block = Buffer.from([0x02, 0x00, 0x10, 0x41]);
    const bomb = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]), ...Array.from({ length: 2000 }, () => block)]);
    writeFileSync(place.directory.file('bomb.zst'), bomb);
    await expect(openReader(place.directory.file('bomb.zst'))).rejects.toMatchObject({ code: 'E_RECORDING_BAD' });
  });
});

describe('several files', () => {
  test('are ordered by time, whatever their names and codecs, each once', async () => {
    const times: Record<string, readonly [Codec, number, number]> = {
      'z.ndjson': ['none', 0, 10],
      'm.ndjson.zst': ['zstd', 10, 20],
      'a.ndjson.gz': ['gzip', 20, 30],
    };
    for (const [name, [codec, from, to]] of Object.entries(times)) {
      const writer = await newWriter(place.directory.file(name), codec);
      for (let nth = from; nth < to; nth++) await writer.write(cycle(nth), timeOf(nth));
      await writer.finish();
    }
    linkSync(place.directory.file('z.ndjson'), place.directory.file('same.ndjson'));
    writeFileSync(place.directory.file('notes.txt'), 'text');
    const reader = await openReader(place.directory.path);
    expect(await play(reader)).toEqual(count(30));
    expect(await playBack(reader)).toEqual(count(30));
    await reader.index(always);
    expect(reader.info).toMatchObject({ frames: 30, codecs: ['none', 'zstd', 'gzip'] });
    for (const nth of [0, 9, 10, 15, 20, 29]) expect(nthOf(await reader.at(timeOf(nth)))).toBe(nth);
  });

  test('one without a frame is reported and plays nothing', async () => {
    await record(place.directory.file('a.ndjson'), 'none', 5);
    writeFileSync(place.directory.file('b.ndjson'), 'nonsense\n');
    const reader = await openReader([place.directory.file('a.ndjson'), place.directory.file('b.ndjson')]);
    expect(await play(reader)).toEqual(count(5));
    await reader.index(always);
    expect(reader.info).toMatchObject({ badLines: 1, frames: 5 });
  });
});

test('a final block that was being written is read from the file next to the recording', async () => {
  const path = await record(place.directory.file('a.ndjson.zst'), 'zstd', 100);
  const bytes = readFileSync(path);
  const from = 700;
  const head = Buffer.alloc(33);
  head.write('ASMIVIEW block 1\n');
  head.writeDoubleLE(from, 17);
  head.writeDoubleLE(bytes.length - from, 25);
  writeFileSync(`${path}.block`, Buffer.concat([head, bytes.subarray(from)]));
  // Half overwritten.
  writeFileSync(path, Buffer.concat([bytes.subarray(0, 900), Buffer.alloc(3000, 7)]));
  expect(await play(await openReader(path))).toEqual(count(100));
  // An unfinished one is ignored.
  writeFileSync(path, bytes);
  writeFileSync(`${path}.block`, Buffer.concat([head, bytes.subarray(from, -5)]));
  expect(await play(await openReader(path))).toEqual(count(100));
});

test('the index of a large plain file is cached, and rebuilt when the file has changed', async () => {
  const wide = [{ gpus: 8, procs: Array.from({ length: 100 }, (_, pid) => ({ pid, gpu: pid % 8 })) }];
  const path = await record(place.directory.file('big.ndjson'), 'none', 120, wide);
  expect(statSync(path).size).toBeGreaterThan(4 * 2 ** 20);
  const first = await openReader(path);
  expect(first.info.frames).toBeUndefined();
  await first.index(always);
  expect(readdirSync(place.cache.path).filter((name) => name.endsWith('.json'))).toHaveLength(1);
  expect((await openReader(path)).info).toMatchObject({ frames: 120, indexed: 1 });
  appendFileSync(path, `${textIn(path).split('\n')[1] ?? ''}\n`);
  expect((await openReader(path)).info.frames).toBeUndefined();
});

test('the validator accepts every line of the writer, in every codec', async () => {
  for (const [codec, name] of OURS) {
    const text = textIn(await record(place.directory.file(name), codec, 30));
    expect(
      text
        .split('\n')
        .slice(0, -1)
        .flatMap((line) => complaintsAbout(line, name)),
    ).toEqual([]);
  }
});

test('a seek table whose last entry points before the file is ignored, and the blocks are found without it', async () => {
  const path = await record(place.directory.file('a.ndjson.zst'), 'zstd', 150);
  const damaged = readFileSync(path);
  // The highest byte of the compressed size of our index: 9 bytes of footer and 8 of the entry from the end.
  damaged[damaged.length - 14] = 0x0f;
  writeFileSync(place.directory.file('bad.ndjson.zst'), damaged);
  expect(await play(await openReader(place.directory.file('bad.ndjson.zst')))).toEqual(count(150));
});
