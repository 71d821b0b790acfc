/**
 * The lines that a node sends, as they arrive. The node is not trusted: a line has a limit, and so has what comes before the script answers, what
 * belongs to nothing, and what comes within some seconds. Pure.
 */
import type { Ms } from '../../model/clock.js';

/** A line of the script has at most 4096 bytes. */
const MAX_LINE = 8192;
/** Bytes and lines of a login shell before the script. */
const MAX_PREFACE = 64 * 1024;
/** Lines that belong to nothing, of a program that the login shell has started. */
const MAX_ODD = 100;
/** Many times what a large node sends: `nvidia-smi -q -x` of 16 GPUs is 16,000 lines. Reading lines that say nothing takes time, too. */
const MAX_BYTES = 16 * 2 ** 20;
const MAX_LINES = 100_000;
const WINDOW_MS: Ms = 5000;

export interface Frame {
  readonly job: number;
  readonly mark: '@' | '>' | '+' | '!' | '.';
  readonly text: Buffer;
}

export interface FrameHandlers {
  /** A line before the script answers. Returns whether it is the answer. */
  readonly onPreface: (line: string) => boolean;
  readonly onFrame: (frame: Frame) => void;
}

const NEWLINE = 10;
const MARKS = '@>+!.';

export class FrameReader {
  readonly #handlers: FrameHandlers;
  #open: Buffer[] = [];
  #openBytes = 0;
  #ready = false;
  #preface = 0;
  #odd = 0;
  #windowAt: Ms = -Infinity;
  #windowBytes = 0;
  #windowLines = 0;

  constructor(handlers: FrameHandlers) {
    this.#handlers = handlers;
  }

  /** Returns what is wrong with what the node sends; undefined: nothing. */
  push(chunk: Buffer, now: Ms): string | undefined {
    const tooMuch = this.count(chunk.length, now);
    if (tooMuch !== undefined) return tooMuch;
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; from = end + 1, end = chunk.indexOf(NEWLINE, from)) {
      if (++this.#windowLines > MAX_LINES) return `more than ${MAX_LINES} lines within ${WINDOW_MS / 1000} s`;
      const fault = this.#keep(chunk.subarray(from, end)) ?? this.#line();
      if (fault !== undefined) return fault;
    }
    return this.#keep(chunk.subarray(from));
  }

  /** Bytes that arrive by another way count, too. */
  count(bytes: number, now: Ms): string | undefined {
    if (now - this.#windowAt >= WINDOW_MS || now < this.#windowAt) {
      this.#windowAt = now;
      this.#windowBytes = this.#windowLines = 0;
    }
    this.#windowBytes += bytes;
    return this.#windowBytes > MAX_BYTES ? `more than ${MAX_BYTES / 2 ** 20} MiB within ${WINDOW_MS / 1000} s` : undefined;
  }

  #keep(part: Buffer): string | undefined {
    this.#openBytes += part.length;
    if (part.length > 0) this.#open.push(part);
    return this.#openBytes > MAX_LINE ? `a line of more than ${MAX_LINE / 1024} KiB` : undefined;
  }

  #line(): string | undefined {
    const line = this.#open.length === 1 ? this.#open[0]! : Buffer.concat(this.#open);
    this.#open = [];
    this.#openBytes = 0;
    if (!this.#ready) return this.#beforeScript(line);
    const frame = frameOf(line);
    if (frame !== undefined) this.#handlers.onFrame(frame);
    else if (++this.#odd > MAX_ODD) return 'lines that are not from the script';
    return undefined;
  }

  #beforeScript(line: Buffer): string | undefined {
    this.#preface += line.length + 1;
    this.#ready = this.#handlers.onPreface(line.toString());
    return this.#ready || this.#preface <= MAX_PREFACE ? undefined : `more than ${MAX_PREFACE / 1024} KiB before the script answered`;
  }
}

const DIGIT_0 = 48;
const DIGIT_9 = 57;
const MAX_DIGITS = 9;

function frameOf(line: Buffer): Frame | undefined {
  let at = 0;
  while (at < line.length && at <= MAX_DIGITS && line[at]! >= DIGIT_0 && line[at]! <= DIGIT_9) at++;
  const mark = String.fromCharCode(line[at] ?? 0);
  if (at === 0 || at > MAX_DIGITS || !MARKS.includes(mark)) return undefined;
  return { job: Number(line.toString('latin1', 0, at)), mark: mark as Frame['mark'], text: line.subarray(at + 1) };
}
