/**
 * Takes the records out of JSON as it arrives: the elements of the lists, and the values of the tables, that schedulers put their jobs in. No
 * document is ever held as a whole, and a record that cannot be parsed costs only itself. Several documents may follow each other. Pure.
 */

export interface RecordSink {
  /** A list or a table of records begins. */
  section(name: string): void;
  /** A record of a list, or of a table with its key there. */
  record(section: string, key: string, json: string): void;
  /** Another member of a document. */
  member(name: string, json: string): void;
  /** A record, or another member, that is not kept. */
  skipped(section: string, reason: string): void;
  /** A document is complete. */
  documentEnd(): void;
}

/** The members that contain records, and whether they are lists or tables. */
const SECTIONS: Readonly<Record<string, '[' | '{'>> = { jobs: '[', nodes: '[', sinfo: '[', items: '[', RECORDS: '[', Jobs: '{' };

/** A job of Slurm on hundreds of nodes names each of its cores. */
const MAX_RECORD = 32 * 2 ** 20;
const MAX_MEMBER = 2 ** 20;
const MAX_KEY = 1000;
const MAX_DEPTH = 64;

/** What is expected: before a document, a key, its colon, a value, or the comma after it. */
type Expected = 'document' | 'key' | 'colon' | 'value' | 'comma';

const SPACE = /\s/;

export class JsonRecords {
  readonly #sink: RecordSink;
  #expected: Expected = 'document';
  /** The list or table that is open; '' in the document itself. */
  #section = '';
  #key = '';
  #fault: string | undefined;
  // The key or value that is being read.
  #parts: string[] = [];
  #length = 0;
  #depth = 0;
  #deepest = 0;
  #inString = false;
  #escaped = false;
  #reading: 'key' | 'value' | undefined;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /** Why the text is not JSON: nothing after that is read. Undefined: it is. */
  get fault(): string | undefined {
    return this.#fault;
  }

  push(text: string): void {
    for (let at = 0; at < text.length && this.#fault === undefined;)
      at = this.#reading === undefined ? this.#between(text, at) : this.#inside(text, at);
  }

  /** No more text follows. Returns why it is not complete. */
  end(): string | undefined {
    if (this.#fault === undefined && this.#expected !== 'document') this.#fault = 'it ends in the middle';
    return this.#fault;
  }

  /** Reads a character between values; returns the position after it. */
  #between(text: string, at: number): number {
    const ch = text[at]!;
    if (SPACE.test(ch) || (ch === '\uFEFF' && this.#expected === 'document')) return at + 1;
    const isTable = this.#section === '' || SECTIONS[this.#section] === '{';
    switch (this.#expected) {
      case 'document':
        if (ch !== '{') return this.#failed(ch);
        this.#expected = 'key';
        return at + 1;
      case 'key':
        if (ch === '}' && isTable) return this.#close(at);
        if (ch !== '"') return this.#failed(ch);
        return this.#begin('key', at);
      case 'colon':
        if (ch !== ':') return this.#failed(ch);
        this.#expected = 'value';
        return at + 1;
      case 'value':
        if (ch === ']' && !isTable) return this.#close(at);
        if (this.#section === '' && SECTIONS[this.#key] === ch) {
          this.#section = this.#key;
          this.#expected = ch === '{' ? 'key' : 'value';
          this.#sink.section(this.#key);
          return at + 1;
        }
        if (ch === ',' || ch === '}' || ch === ']') return this.#failed(ch);
        return this.#begin('value', at);
      case 'comma':
        if (ch === ',') {
          this.#expected = isTable ? 'key' : 'value';
          return at + 1;
        }
        if (ch !== (isTable ? '}' : ']')) return this.#failed(ch);
        return this.#close(at);
    }
  }

  /** The end of a section, or of the document. */
  #close(at: number): number {
    if (this.#section === '') {
      this.#expected = 'document';
      this.#sink.documentEnd();
    } else {
      this.#section = '';
      this.#expected = 'comma';
    }
    return at + 1;
  }

  #begin(reading: 'key' | 'value', at: number): number {
    this.#reading = reading;
    this.#parts = [];
    this.#length = 0;
    this.#depth = 0;
    this.#deepest = 0;
    return at;
  }

  /** Reads on in a key or value, to its end or that of the text. */
  #inside(text: string, from: number): number {
    let [depth, inString, escaped] = [this.#depth, this.#inString, this.#escaped];
    let at = from;
    let done = false;
    for (; at < text.length && !done; at++) {
      const unit = text.charCodeAt(at);
      if (inString) {
        if (escaped) escaped = false;
        else if (unit === BACKSLASH) escaped = true;
        else if (unit === QUOTE) {
          inString = false;
          done = depth === 0;
        }
      } else if (unit === QUOTE) inString = true;
      else if (unit === OPEN_LIST || unit === OPEN_TABLE) {
        depth++;
        if (depth > this.#deepest) this.#deepest = depth;
      } else if (unit === CLOSE_LIST || unit === CLOSE_TABLE) {
        // The end of a number or a word is that of what it is in.
        if (depth === 0) break;
        depth--;
        done = depth === 0;
      } else if (depth === 0 && (unit === COMMA || unit <= BLANK)) break;
    }
    const complete = done || at < text.length;
    [this.#depth, this.#inString, this.#escaped] = [depth, inString, escaped];
    this.#keep(text, from, at);
    if (complete) this.#finish();
    return at;
  }

  #keep(text: string, from: number, to: number): void {
    this.#length += to - from;
    if (this.#length <= this.#limit && this.#deepest <= MAX_DEPTH) this.#parts.push(text.slice(from, to));
    else this.#parts = [];
  }

  get #limit(): number {
    return this.#reading === 'key' ? MAX_KEY : this.#section === '' ? MAX_MEMBER : MAX_RECORD;
  }

  #finish(): void {
    const json = this.#parts.join('');
    const reason =
      this.#length > this.#limit ? `larger than ${this.#limit / 2 ** 20} MiB` : this.#deepest > MAX_DEPTH ? 'nested too deeply' : undefined;
    const reading = this.#reading;
    this.#reading = undefined;
    this.#parts = [];
    if (reading === 'key') {
      this.#key = reason === undefined ? keyOf(json) : '';
      this.#expected = 'colon';
      return;
    }
    this.#expected = 'comma';
    if (reason !== undefined) this.#sink.skipped(this.#section, reason);
    else if (this.#section === '') this.#sink.member(this.#key, json);
    else this.#sink.record(this.#section, this.#key, json);
  }

  #failed(ch: string): number {
    this.#fault = `it is not JSON at ${JSON.stringify(ch)}`;
    return 0;
  }
}

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_TABLE, CLOSE_TABLE, COMMA, BLANK] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d, 0x2c, 0x20];

function keyOf(json: string): string {
  try {
    return JSON.parse(json) as string;
  } catch {
    return '';
  }
}
