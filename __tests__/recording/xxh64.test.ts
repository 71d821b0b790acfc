/** Checked against the algorithm written with bigints, and against the frames of the zstd program. */
import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Xxh64 } from '../../lib/recording/codec/xxh64.js';
import { has } from '../helpers/recordings.js';

const MASK = (1n << 64n) - 1n;
const [P1, P2, P3, P4, P5] = [
  11400714785074694791n,
  14029467366897019727n,
  1609587929392839161n,
  9650029242287828579n,
  2870177450012600261n,
];
const rotl = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK;
const round = (acc: bigint, input: bigint): bigint => (rotl((acc + input * P2) & MASK, 31n) * P1) & MASK;

function plain(bytes: Buffer): number {
  let at = 0;
  let h = P5;
  if (bytes.length >= 32) {
    let lanes = [(P1 + P2) & MASK, P2, 0n, (MASK + 1n - P1) & MASK];
    for (; at + 32 <= bytes.length; at += 32) lanes = lanes.map((lane, nth) => round(lane, bytes.readBigUInt64LE(at + 8 * nth)));
    h = lanes.reduce((sum, lane, nth) => (sum + rotl(lane, [1n, 7n, 12n, 18n][nth]!)) & MASK, 0n);
    for (const lane of lanes) h = ((h ^ round(0n, lane)) * P1 + P4) & MASK;
  }
  h = (h + BigInt(bytes.length)) & MASK;
  for (; at + 8 <= bytes.length; at += 8) h = (rotl(h ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * P1 + P4) & MASK;
  for (; at + 4 <= bytes.length; at += 4) h = (rotl(h ^ ((BigInt(bytes.readUInt32LE(at)) * P1) & MASK), 23n) * P2 + P3) & MASK;
  for (; at < bytes.length; at++) h = (rotl(h ^ ((BigInt(bytes[at]!) * P5) & MASK), 11n) * P1) & MASK;
  h = ((h ^ (h >> 33n)) * P2) & MASK;
  h = ((h ^ (h >> 29n)) * P3) & MASK;
  return Number((h ^ (h >> 32n)) & 0xffffffffn);
}

test('gives the same hash in whatever pieces the bytes arrive', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200, size: 'max' }), { maxLength: 6 }), (pieces) => {
      const hash = new Xxh64();
      for (const piece of pieces) hash.update(piece);
      expect(hash.low32()).toBe(plain(Buffer.concat(pieces)));
    }),
    { numRuns: 300 },
  );
});

test('matches the checksum at the end of a zstd frame', () => {
  if (!has('zstd')) return;
  for (const text of ['', 'a', 'x'.repeat(100_001)]) {
    const frame = execFileSync('zstd', ['-q', '-c', '--check'], { input: text });
    const hash = new Xxh64();
    hash.update(Buffer.from(text));
    expect(frame.readUInt32LE(frame.length - 4)).toBe(hash.low32());
  }
});
