/**
 * Detects damaged lines, whatever the compression: each line contains the CRC-32 of all its bytes except this member, and a frame has a
 * number. Only ours; other readers ignore both.
 */
import { crc32 } from 'node:zlib';
import type { LineBytes } from './encode.js';

const SEAL = 'body_crc32';
/** The seal is near the start of the line, after at most the time and the number. */
const START_BYTES = 128;
const SEALED = new RegExp(`"${SEAL}":"([0-9a-f]{8})",`);
const COMMA = 0x2c;
const CARRIAGE_RETURN = 0x0d;

const utf8 = new TextEncoder();

/**
 * The line with its seal, in alphabetical order of the keys. `seq`: the number of the frame, for lines of a frame. `rest` is awaited
 * between chunks: a line may be 12 MiB.
 */
export async function sealed(line: LineBytes, seq?: number, rest: () => Promise<void> | undefined = () => undefined): Promise<LineBytes> {
  const [first = new Uint8Array(), ...more] = line;
  // After the time or the version, which sort before it; an index line has neither.
  const at = first[1] === 0x22 && first[2] === 0x61 ? first.indexOf(COMMA) + 1 : 1;
  const head = utf8.encode(Buffer.from(first.subarray(0, at)).toString('latin1') + (seq === undefined ? '' : `"at_seq":${seq},`));
  const body = [first.subarray(at), ...more];
  let crc = crc32(head);
  for (const [nth, chunk] of body.entries()) {
    crc = crc32(nth === body.length - 1 ? chunk.subarray(0, chunk.length - 1) : chunk, crc);
    const pause = rest();
    if (pause) await pause;
  }
  return [head, utf8.encode(`"${SEAL}":"${crc.toString(16).padStart(8, '0')}",`), ...body];
}

/** Whether the line, without its line feed, matches its seal; undefined if it has none. */
export function sealHolds(line: Buffer): boolean | undefined {
  const found = SEALED.exec(line.toString('latin1', 0, START_BYTES));
  if (!found) return undefined;
  const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
  const crc = crc32(line.subarray(found.index + found[0].length, end), crc32(line.subarray(0, found.index)));
  return crc === parseInt(found[1]!, 16);
}
