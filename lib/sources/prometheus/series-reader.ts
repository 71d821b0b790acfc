/**
 * Reads the JSON answer of a query while it arrives. An answer may have 100,000 series: each is parsed by itself and passed on, so that neither the
 * text nor the tree of the whole is ever in memory, and the program goes on between two chunks.
 */
import type { Ms } from '../../model/clock.js';

/** The labels of a series, `__name__` among them. */
export type Labels = Readonly<Record<string, string>>;

/** A value at a time. Values are kept as they were sent: they are put into texts again. */
export type Point = readonly [seconds: number, value: string];

export interface Series {
  readonly labels: Labels;
  /** One, if the answer is a vector. */
  readonly points: readonly Point[];
}

/** What an answer says apart from its series. */
export interface Envelope {
  readonly status: string;
  readonly errorType: string;
  readonly error: string;
  readonly warnings: readonly string[];
  /** Part of the data is missing: VictoriaMetrics says so by itself, Thanos and others in a warning. */
  readonly partial: boolean;
  /** `data`, if it has no series. */
  readonly data: unknown;
}

const RESULT = '"result":[';
/** What does not begin with series is an error, or not an answer at all: that much of it is kept. */
const MAX_HEAD = 65_536;

interface JsonSeries {
  readonly metric?: Labels;
  readonly value?: Point;
  readonly values?: readonly Point[];
}

export class SeriesReader {
  readonly #take: (series: Series) => void;
  readonly #decoder = new TextDecoder();
  /** What has not been read yet. */
  #text = '';
  #head: string | undefined;
  /** The array of series has ended: what follows belongs to the envelope. */
  #tail = false;
  /** Where the search for the end of a series goes on. */
  #from = 0;
  series = 0;

  constructor(take: (series: Series) => void) {
    this.#take = take;
  }

  /** Throws SyntaxError if it is not the answer of a query. */
  push(chunk: Uint8Array): void {
    this.#text += this.#decoder.decode(chunk, { stream: true });
    if (this.#head === undefined) this.#readHead();
    if (this.#head !== undefined && !this.#tail) this.#readSeries();
  }

  /** The text has ended. Throws SyntaxError if it is not the answer of a query. */
  end(): Envelope {
    this.#text += this.#decoder.decode();
    const whole = this.#head === undefined ? this.#text : `${this.#head}${RESULT}${this.#text}`;
    return envelopeOf(JSON.parse(whole) as unknown);
  }

  /** The beginning of a text that is not such an answer. */
  get beginning(): string {
    return this.#head ?? this.#text.slice(0, MAX_HEAD);
  }

  #readHead(): void {
    const at = this.#text.indexOf(RESULT);
    if (at < 0) {
      // Only the beginning is shown, and errors are short.
      if (this.#text.length > MAX_HEAD) throw new SyntaxError('no result');
      return;
    }
    this.#head = this.#text.slice(0, at);
    this.#text = this.#text.slice(at + RESULT.length);
  }

  #readSeries(): void {
    const text = this.#text;
    let start = 0;
    let from = this.#from;
    for (;;) {
      if (text[start] === ',') start++;
      if (text[start] === ']') {
        this.#tail = true;
        break;
      }
      const end = endOfSeries(text, Math.max(from, start));
      if (end < 0) break;
      const { metric = {}, value, values = value ? [value] : [] } = JSON.parse(text.slice(start, end)) as JsonSeries;
      this.series++;
      this.#take({ labels: metric, points: values });
      start = end;
      from = end;
    }
    this.#text = text.slice(start);
    this.#from = Math.max(0, this.#text.length - LONGEST_END);
  }
}

/** Of `"]]}`. */
const LONGEST_END = 4;

/**
 * Where the series that begins before `from` ends: after the quote of its last value, the brackets and the brace. Within a text, that quote has
 * a backslash before it.
 */
function endOfSeries(text: string, from: number): number {
  for (let at = text.indexOf('"]', from); at >= 0; at = text.indexOf('"]', at + 2)) {
    if (text[at - 1] === '\\') continue;
    if (text[at + 2] === '}') return at + 3;
    if (text[at + 2] === ']' && text[at + 3] === '}') return at + 4;
  }
  return -1;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function envelopeOf(json: unknown): Envelope {
  if (typeof json !== 'object' || json === null || !('status' in json)) throw new SyntaxError('no status');
  const { status, errorType, error, warnings, isPartial, data } = json as Record<string, unknown>;
  return {
    status: textOf(status),
    errorType: textOf(errorType),
    error: textOf(error),
    warnings: Array.isArray(warnings) ? warnings.filter((one): one is string => typeof one === 'string') : [],
    partial: isPartial === true,
    data,
  };
}

export const msOf = (seconds: number): Ms => Math.round(seconds * 1000);
