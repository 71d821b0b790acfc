import { crc32 } from 'node:zlib';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AppError } from '../../../lib/errors.js';
import type { Codec } from '../../../lib/recording/codec/codec.js';
import { defaultPath } from '../../../lib/recording/write/recording-writer.js';
import { named, SegmentFile } from '../../../lib/recording/write/segment-file.js';
import { decodeIndex } from '../../../lib/recording/codec/zstd-format.js';
import { complaintsAbout } from '../../helpers/recording-validator.js';
import { cycle, Directory, has, linesIn, newWriter, record, timeOf } from '../../helpers/recordings.js';

/** The checksum of a line, computed from the rest of the line. */
const sealOf = (line: string): string =>
  crc32(line.replace(/"body_crc32":"[0-9a-f]{8}",/, ''))
    .toString(16)
    .padStart(8, '0');

let directory: Directory;
beforeEach(() => void (directory = new Directory()));
afterEach(() => directory.remove());

const CODECS: readonly (readonly [Codec, string])[] = [
  ['none', 'a.ndjson'],
  ['gzip', 'a.ndjson.gz'],
  ['zstd', 'a.ndjson.zst'],
];

describe.each(CODECS)('%s', (codec, name) => {
  test('writes a header, then the frames in order, all of them readable for all-smi', async () => {
    const lines = linesIn(await record(directory.file(name), codec, 200));
    expect(lines.flatMap((line, at) => complaintsAbout(line, String(at)))).toEqual([]);
    const [header, ...frames] = lines.map((line) => JSON.parse(line) as { header?: boolean; at_ms?: number });
    expect(header?.header).toBe(true);
    expect(frames.map(({ at_ms }) => at_ms)).toEqual(Array.from({ length: 200 }, (_, nth) => timeOf(nth)));
  });

  test('each frame is in the file as soon as it is written', async () => {
    const writer = await newWriter(directory.file(name), codec);
    for (let nth = 0; nth < 70; nth++) {
      const before = statSync(writer.path).size;
      await writer.write(cycle(nth), timeOf(nth));
      // A closed block may be smaller than its parts.
      expect(statSync(writer.path).size).not.toBe(before);
      expect(statSync(writer.path).size).toBe(writer.bytes);
    }
    await writer.finish();
    expect(existsSync(`${writer.path}.block`)).toBe(false);
  });

  test('a recording without frames is valid', async () => {
    const [header, end, ...more] = linesIn(await record(directory.file(name), codec, 0)).map((line) => JSON.parse(line) as object);
    expect([header, end, more]).toEqual([
      expect.objectContaining({ header: true, first_seq: 0 }),
      expect.objectContaining({ end: true }),
      [],
    ]);
  });

  test('an index line follows every thousandth frame and gives its end position', async () => {
    const writer = await newWriter(directory.file(name), codec);
    const tiny = [[Buffer.from('{"hostname":"a","schema":1,"timestamp":"2026-08-07T00:30:00Z"}\n')]];
    for (let nth = 0; nth <= 2001; nth++) await writer.write(tiny, timeOf(nth));
    await writer.finish();
    const lines = linesIn(writer.path);
    const at = lines.flatMap((line, nth) => (line.includes('"index":true') ? [nth] : []));
    // Line 0 is the header, so frame 1000 is line 1001; the first index line shifts the rest.
    expect(at).toEqual([1002, 2003, 2005]);
    for (const nth of at) {
      const bytes = Buffer.byteLength(`${lines.slice(0, nth).join('\n')}\n`);
      expect(lines[nth]).toBe(
        nth === 2005
          ? `{"body_crc32":"${sealOf(lines[nth]!)}","byte_offset":${bytes},"end":true,"index":true,"schema":1,"seq":2001}`
          : `{"body_crc32":"${sealOf(lines[nth]!)}","byte_offset":${bytes},"index":true,"schema":1,"seq":${nth === 1002 ? 1000 : 2000}}`,
      );
    }
  });

  test('segments are in order and complete, with their numbers before the first dot', async () => {
    const writer = await newWriter(directory.file(name), codec, { maxBytes: 1200 });
    for (let nth = 0; nth < 60; nth++) await writer.write(cycle(nth), timeOf(nth));
    await writer.finish();
    const files = readdirSync(directory.path).sort();
    expect(files.length).toBe(writer.segments);
    expect(files.length).toBeGreaterThan(3);
    expect(files.slice(0, -1)).toEqual(
      Array.from({ length: files.length - 1 }, (_, nth) => name.replace('.', `.${String(nth + 1).padStart(4, '0')}.`)),
    );
    const segments = files.map((file) =>
      linesIn(directory.file(file)).map((line) => JSON.parse(line) as { segment?: number; first_seq?: number; at_ms?: number }),
    );
    let seq = 0;
    for (const [nth, [header, ...rest]] of segments.entries()) {
      expect([header?.segment, header?.first_seq]).toEqual([nth + 1, seq]);
      const frames = rest.slice(0, -1);
      expect(rest.at(-1)).toMatchObject({ end: true });
      for (const { at_ms } of frames) expect(at_ms).toBe(timeOf(seq++));
    }
    expect(seq).toBe(60);
    expect(files.reduce((sum, file) => sum + statSync(directory.file(file)).size, 0)).toBe(writer.bytes);
  });

  test.each([1, 2, 5])('only the last %d segments are kept', async (maxFiles) => {
    const writer = await newWriter(directory.file(name), codec, { maxBytes: 800, maxFiles });
    for (let nth = 0; nth < 40; nth++) await writer.write(cycle(nth), timeOf(nth));
    await writer.finish();
    const files = readdirSync(directory.path).sort();
    expect(files.length).toBe(maxFiles);
    const frames = files.flatMap((file) => linesIn(directory.file(file))).filter((line) => line.includes('"timestamp"'));
    const last = frames.at(-1);
    // A new file may have been started just after the last frame.
    if (maxFiles > 1) expect(last).toContain(`"at_ms":${timeOf(39)}`);
  });
});

describe('output files', () => {
  test('existing files are never overwritten', async () => {
    writeFileSync(directory.file('a.ndjson'), 'mine');
    expect(await record(directory.file('a.ndjson'), 'none', 1)).toBe(directory.file('a-2.ndjson'));
    expect(await record(directory.file('a.ndjson'), 'none', 1)).toBe(directory.file('a-3.ndjson'));
    expect(readFileSync(directory.file('a.ndjson'), 'utf8')).toBe('mine');
  });

  test('only the owner may read them', async () => {
    expect(statSync(await record(directory.file('a.ndjson'), 'none', 1)).mode & 0o777).toBe(0o600);
  });

  test('links are not followed', async () => {
    symlinkSync(directory.file('elsewhere'), directory.file('a.ndjson'));
    expect(await record(directory.file('a.ndjson'), 'none', 1)).toBe(directory.file('a-2.ndjson'));
    expect(existsSync(directory.file('elsewhere'))).toBe(false);
  });

  test('segments never replace an existing file', async () => {
    symlinkSync(directory.file('elsewhere'), directory.file('a.0001.ndjson'));
    writeFileSync(directory.file('a.0007.ndjson'), 'mine');
    const writer = await newWriter(directory.file('a.ndjson'), 'none', { maxBytes: 1 });
    for (let nth = 0; nth < 3; nth++) await writer.write(cycle(nth), timeOf(nth));
    await writer.finish();
    expect(readdirSync(directory.path).sort()).toEqual([
      'a.0001.ndjson',
      'a.0007.ndjson',
      'a.0008.ndjson',
      'a.0009.ndjson',
      'a.0010.ndjson',
      'a.ndjson',
    ]);
    expect(existsSync(directory.file('elsewhere'))).toBe(false);
  });

  test.each([
    ['a missing directory is refused', 'none/a.ndjson', 'the directory does not exist'],
    ['a file in place of the directory is refused', 'file/a.ndjson', 'part of the path is not a directory'],
  ])('%s', async (_, name, reason) => {
    writeFileSync(directory.file('file'), '');
    await expect(newWriter(directory.file(name), 'none')).rejects.toMatchObject({ code: 'E_FILE_WRITE', params: { reason } });
  });

  const asRoot = process.getuid?.() === 0 ? test : test.skip;
  asRoot('a directory that is a link of another user is refused', async () => {
    mkdirSync(directory.file('real'));
    symlinkSync(directory.file('real'), directory.file('link'));
    execFileSync('chown', ['-h', '12345', directory.file('link')]);
    await expect(newWriter(directory.file('link/a.ndjson'), 'none')).rejects.toMatchObject({
      params: { reason: 'its directory is a symbolic link of another user' },
    });
  });

  test('the default name contains the time', () => {
    expect(defaultPath(Date.UTC(2026, 7, 7, 14, 32, 3), 120, 'zstd')).toBe('all-smi-20260807-163203.ndjson.zst');
    expect(defaultPath(Date.UTC(2026, 7, 7, 14, 32, 3), 0, 'none')).toBe('all-smi-20260807-143203.ndjson');
  });

  test.each([
    ['/x/out.ndjson.zst', '/x/out.0001.ndjson.zst'],
    ['out', 'out.0001'],
    ['.out.ndjson', '.out.0001.ndjson'],
    ['/x.y/out.ndjson', '/x.y/out.0001.ndjson'],
  ])('%s becomes %s', (path, expected) => {
    expect(named(path, '.0001')).toBe(expected);
  });
});

describe('a full disk', () => {
  const mounted = (): boolean => {
    if (process.getuid?.() !== 0) return false;
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', directory.path], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };

  test.each(CODECS)(
    '%s: the recording stops with a message, and is complete (passes unchecked where mounting is not allowed)',
    async (codec, name) => {
      if (!mounted()) return;
      try {
        const writer = await newWriter(directory.file(name), codec);
        // Incompressible bytes.
        const noise = (nth: number): string =>
          Array.from({ length: 300 }, (_, at) => (Math.sin(nth * 1000 + at) * 1e9).toString(36)).join('');
        const written: number[] = [];
        let stopped: unknown;
        for (let nth = 0; nth < 300 && !stopped; nth++) {
          const line = `{"hostname":"${noise(nth)}","schema":1,"timestamp":"2026-08-07T00:30:00Z"}\n`;
          await writer.write([[Buffer.from(line)]], timeOf(nth)).then(
            () => written.push(nth),
            (error: unknown) => (stopped = error),
          );
        }
        expect(stopped).toBeInstanceOf(AppError);
        expect((stopped as AppError).message).toBe(`recording to ${directory.file(name)} stopped: the disk is full`);
        await writer.finish().catch(() => undefined);
        const text = codec === 'gzip' ? undefined : linesIn(directory.file(name));
        if (text) expect(text.filter((line) => line.includes('hostname')).length).toBe(written.length);
        expect(written.length).toBeGreaterThan(20);
      } finally {
        execFileSync('umount', [directory.path]);
      }
    },
  );
});

describe('zstd', () => {
  test('the end lists the position, start time and number of frames of each block', async () => {
    const path = await record(directory.file('a.ndjson.zst'), 'zstd', 200);
    const bytes = readFileSync(path);
    const blocks = decodeIndex((at, length) => bytes.subarray(at, at + length), bytes.length)!;
    // 64 records per block: three full blocks and a rest.
    expect(blocks.map(({ firstAt, lastAt, firstFrame, frames }) => [firstAt, lastAt, firstFrame, frames])).toEqual([
      [timeOf(0), timeOf(63), 0, 64],
      [timeOf(64), timeOf(127), 64, 64],
      [timeOf(128), timeOf(191), 128, 64],
      [timeOf(192), timeOf(199), 192, 8],
    ]);
  });

  (has('zstd') ? test : test.skip)(
    'the zstd program reads it, and compresses it little better in one stream (skipped where it is missing)',
    async () => {
      const hosts = [
        {
          gpus: 8,
          procs: Array.from({ length: 20 }, (_, pid) => ({
            pid,
            gpu: pid % 8,
            user: `user${pid % 5}`,
            vram: pid * 1e9,
            command: `python train.py --run ${pid}`,
          })),
        },
      ];
      const path = await record(directory.file('a.ndjson.zst'), 'zstd', 200, hosts);
      const text = execFileSync('zstd', ['-dc', path], { maxBuffer: 2 ** 28 });
      expect(text.toString().split('\n')).toHaveLength(203);
      const stream = execFileSync('zstd', ['-3', '-c'], { input: text, maxBuffer: 2 ** 28 });
      expect(statSync(path).size / stream.length).toBeLessThan(2);
    },
  );

  test('an end that is being replaced is in the file next to the recording', async () => {
    const file = await SegmentFile.create(directory.file('a'));
    await file.append([Buffer.from('0123456789')]);
    await file.replaceEnd(4, Buffer.from('AB'));
    await file.append([Buffer.from('!')]);
    await file.close();
    expect(readFileSync(directory.file('a'), 'utf8')).toBe('0123AB!');
    expect(readdirSync(directory.path)).toEqual(['a']);
  });
});

test('a gzip recording has one member', async () => {
  const path = await record(directory.file('a.ndjson.gz'), 'gzip', 300);
  const bytes = readFileSync(path);
  // A second member would start with the same magic number.
  expect(bytes.indexOf(Buffer.from([0x1f, 0x8b, 8]), 1)).toBe(-1);
});
