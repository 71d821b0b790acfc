/**
 * YAML that people write, and JSON, which is a part of it. Each value knows its line, so that a complaint about it does. A complaint never quotes the
 * file: it may contain secrets.
 */
import type * as Yaml from 'yaml';
import type { Document, Node, YAMLError } from 'yaml';
import type { AppError } from '../../errors.js';
import { lazy } from '../../model/lazy.js';

/** Makes the error for a place in the file: 'line 3'. */
export type Faulty = (where: string, reason: string) => AppError;

/** Values that are looked at, aliases followed: what a file with aliases of aliases may cost. */
const MAX_VALUES = 1_000_000;

/** What is wrong, by the code of the parser. Its own sentences may quote the file. */
const REASONS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_ALIAS: 'an alias without an anchor; a text that starts with * needs quotes',
  BAD_INDENT: 'wrong indentation, or a bracket is missing',
  BAD_DQ_ESCAPE: 'a wrong escape in a quoted text',
  BAD_SCALAR_START: 'a text that starts with @, ` or % needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two colons on a line, or wrong indentation; a text with a colon and a blank needs quotes',
  MISSING_CHAR: 'a quote or a comma is missing',
  MULTIPLE_DOCS: 'more than one document',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'a tab; indent with blanks',
};

interface Shared {
  /** The package, which is loaded on demand. */
  readonly yaml: Pick<typeof Yaml, 'isAlias' | 'isMap' | 'isScalar' | 'isSeq' | 'visit'>;
  /** What an alias stands for. */
  readonly meant: () => ReadonlyMap<Node, Node>;
  readonly lineOf: (offset: number) => number;
  readonly faulty: Faulty;
  left: number;
}

/** Reads a text. Throws what `faulty` makes. */
export async function parseYaml(text: string, faulty: Faulty): Promise<YamlValue> {
  // The bundle has its names in the default export only.
  const { default: yaml } = await import('yaml');
  const lines = new yaml.LineCounter();
  const lineOf = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  let doc: Document;
  try {
    // Every scalar is a text here: what it has to be is known where it is used. Equal keys are found when a mapping is read.
    doc = yaml.parseDocument(text, { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, lineCounter: lines, logLevel: 'error' });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw faulty('line 1', 'nested too deeply');
  }
  const [first] = doc.errors;
  if (first) {
    const reason = REASONS[first.code];
    throw faulty(`line ${lineOf(first.pos[0])}`, `not valid YAML${reason === undefined ? '' : `: ${reason}`}`);
  }
  return new YamlValue(doc.contents, 0, { yaml, meant: lazy(() => meanings(yaml, doc)), lineOf, faulty, left: MAX_VALUES });
}

/** A value of the file; its methods throw the error of the file when it is of another kind. */
export class YamlValue {
  readonly #node: Node | null;
  readonly #offset: number;
  readonly #shared: Shared;

  /** `offset`: where it would be, if it is empty. */
  constructor(node: Node | null, offset: number, shared: Shared) {
    if (shared.left-- <= 0) throw shared.faulty('line 1', `more than ${MAX_VALUES} values`);
    this.#shared = shared;
    this.#offset = node?.range?.[0] ?? offset;
    this.#node = node;
    if (!shared.yaml.isAlias(node)) return;
    const meant = shared.meant().get(node);
    if (!meant) throw this.fault(`not valid YAML: ${REASONS.BAD_ALIAS}`);
    this.#node = meant;
  }

  /** 'line 3' */
  get where(): string {
    return `line ${this.#shared.lineOf(this.#offset)}`;
  }

  get isEmpty(): boolean {
    const node = this.#node;
    return node === null || (this.#shared.yaml.isScalar(node) && node.value === '' && !isQuoted(node.type));
  }

  get isList(): boolean {
    return this.#shared.yaml.isSeq(this.#node);
  }

  get isMap(): boolean {
    return this.#shared.yaml.isMap(this.#node);
  }

  fault(reason: string): AppError {
    return this.#shared.faulty(this.where, reason);
  }

  /** The values of a mapping by key. `known`: other keys are an error. */
  map(what: string, known?: readonly string[]): ReadonlyMap<string, YamlValue> {
    if (this.isEmpty) return new Map();
    if (!this.#shared.yaml.isMap<Node, Node | null>(this.#node)) throw this.fault(`${what} is not a mapping`);
    const found = new Map<string, YamlValue>();
    for (const { key, value } of this.#node.items) {
      const name = new YamlValue(key, this.#offset, this.#shared);
      const word = name.text(`a key of ${what}`);
      if (known && !known.includes(word)) throw name.fault(`unknown key; ${what} has ${known.join(', ')}`);
      if (found.has(word)) throw name.fault('the same key again');
      found.set(word, new YamlValue(value, name.#offset, this.#shared));
    }
    return found;
  }

  list(what: string): readonly YamlValue[] {
    if (!this.#shared.yaml.isSeq<Node | null>(this.#node)) throw this.fault(`${what} is not a list`);
    return this.#node.items.map((item) => new YamlValue(item, this.#offset, this.#shared));
  }

  text(what: string): string {
    if (this.#node === null) return '';
    if (!this.#shared.yaml.isScalar(this.#node) || typeof this.#node.value !== 'string') throw this.fault(`${what} is not a text`);
    return this.#node.value;
  }

  /** As Prometheus reads it. */
  flag(what: string): boolean {
    const word = this.text(what).toLowerCase();
    if (/^(true|yes|on|y)$/.test(word)) return true;
    if (/^(false|no|off|n)$/.test(word)) return false;
    throw this.fault(`${what} is not true or false`);
  }

  number(what: string): number {
    const word = this.text(what);
    const value = /^[-+]?(\d|\.\d)/.test(word) ? Number(word) : NaN;
    if (!Number.isFinite(value)) throw this.fault(`${what} is not a number`);
    return value;
  }
}

const isQuoted = (type: unknown): boolean => type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE';

/** Each alias with the last node before it that has its anchor. */
function meanings(yaml: Shared['yaml'], doc: Document): ReadonlyMap<Node, Node> {
  const anchors = new Map<string, Node>();
  const found = new Map<Node, Node>();
  yaml.visit(doc, {
    Node(_, node) {
      if (yaml.isAlias(node)) {
        const meant = anchors.get(node.source);
        if (meant) found.set(node, meant);
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return found;
}
