/**
 * What a query matches on a node. It is evaluated for pairs: each process on a GPU with that GPU, each GPU without a process, each process
 * on no GPU. A process matches when its pair does, a GPU when one of its pairs does, a user when one of their processes does. So a field
 * has the same meaning on every tab, and the matching rows are consistent.
 *
 * A comparison with a missing field (not reported, or of an absent GPU or process) is false, whatever the operator; `not` of it is true.
 */
import type { NodeView } from '../model/node-view.js';
import { fieldOf, isNumber, type Field, type NumberField, type RowContext, type TextField } from './fields.js';
import { FilterError, type Operator } from './lexer.js';
import type { Comparison, Query } from './parser.js';
import { regex, RegexError } from './regex.js';

export type Test = (place: RowContext) => boolean;

export interface Filter {
  /** The printed query: filters with the same key match the same rows. */
  readonly key: string;
  readonly test: Test;
  /** It reads what is known of a process only if all that is known of it was asked for. */
  readonly details: boolean;
  /** False: nothing on such a node can ever match. Undefined: that depends on its GPUs and processes. */
  node(node: NodeView): boolean | undefined;
}

/** Throws FilterError for an invalid regular expression. `key`: the query printed. */
export function compile(query: Query, key: string): Filter {
  return { key, test: testOf(query), details: readsDetails(query), node: hostVerdict(query) };
}

function readsDetails(query: Query): boolean {
  switch (query.kind) {
    case 'compare':
      return field(query.field).detail === true;
    case 'not':
      return readsDetails(query.of);
    case 'and':
    case 'or':
      return query.of.some(readsDetails);
  }
}

function testOf(query: Query): Test {
  switch (query.kind) {
    case 'compare':
      return comparison(query);
    case 'not': {
      const test = testOf(query.of);
      return (place) => !test(place);
    }
    case 'and':
      return joinedTests(query.of.map(testOf), false);
    case 'or':
      return joinedTests(query.of.map(testOf), true);
  }
}

/**
 * The first result equal to `decides` decides. A loop: a query may have thousands of terms, and nested closures would exhaust the stack.
 */
function joinedTests(tests: readonly Test[], decides: boolean): Test {
  return (place) => {
    for (const test of tests) if (test(place) === decides) return decides;
    return !decides;
  };
}

const field = (name: string): Field => fieldOf(name)!;

function comparison(query: Comparison): Test {
  const of = field(query.field);
  return isNumber(of) ? ofNumbers(of, query.operator, query.number!) : ofTexts(of, query);
}

/** Numbers this close are equal. */
const TOLERANCE = 1e-9;
const near = (a: number, b: number): boolean => Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(b));

/** NaN fails every comparison. */
const NUMBERS: Readonly<Record<Operator, (reading: number, value: number) => boolean>> = {
  '==': near,
  '!=': (reading, value) => !Number.isNaN(reading) && !near(reading, value),
  '>': (reading, value) => reading > value,
  '>=': (reading, value) => reading >= value,
  '<': (reading, value) => reading < value,
  '<=': (reading, value) => reading <= value,
  '~=': () => false,
};

function ofNumbers(of: NumberField, operator: Operator, value: number): Test {
  const compare = NUMBERS[operator];
  return (place) => compare(of.number(place), value);
}

function ofTexts(of: TextField, { operator, value, column }: Comparison): Test {
  const matches = operator === '~=' ? expression(value, column, of.many === true) : (text: string) => text === value;
  const { alias } = of;
  const equal = (place: RowContext, text: string): boolean => matches(text) || (alias !== undefined && matches(alias(place)));
  const wanted = operator !== '!=';
  return (place) => {
    const text = of.text(place);
    return text !== '' && equal(place, text) === wanted;
  };
}

/** Caches the results for texts, where texts recur. */
const MAX_VERDICTS = 10_000;

function expression(pattern: string, column: number, many: boolean): (text: string) => boolean {
  try {
    const matches = regex(pattern);
    if (many) return matches;
    const verdicts = new Map<string, boolean>();
    return (text) => {
      const known = verdicts.get(text);
      if (known !== undefined) return known;
      if (verdicts.size >= MAX_VERDICTS) verdicts.clear();
      const verdict = matches(text);
      verdicts.set(text, verdict);
      return verdict;
    };
  } catch (error) {
    throw error instanceof RegexError ? new FilterError(error.message, column) : error;
  }
}

/** The query with three values: conditions on GPUs and processes are undecided. */
function hostVerdict(query: Query): (node: NodeView) => boolean | undefined {
  switch (query.kind) {
    case 'compare': {
      if (field(query.field).of !== 'host') return () => undefined;
      const test = comparison(query);
      return (node) => test({ node, slot: -1, row: -1, procsOn: NOTHING });
    }
    case 'not': {
      const verdict = hostVerdict(query.of);
      return (node) => negated(verdict(node));
    }
    case 'and':
    case 'or':
      return joined(query.of.map(hostVerdict), query.kind === 'or');
  }
}

const NOTHING = new Int32Array(0);
const negated = (verdict: boolean | undefined): boolean | undefined => (verdict === undefined ? undefined : !verdict);

/** One result equal to `decides` decides; otherwise an undecided one leaves the result undecided. */
function joined(verdicts: readonly ((node: NodeView) => boolean | undefined)[], decides: boolean): (node: NodeView) => boolean | undefined {
  return (node) => {
    let open = false;
    for (const verdict of verdicts) {
      const one = verdict(node);
      if (one === decides) return decides;
      open ||= one === undefined;
    }
    return open ? undefined : !decides;
  };
}

/** The matches on a node, by slot and by process row: 1 matches. Elements beyond `slots` and `rows` are unused. */
export interface Matches {
  readonly gpus: Uint8Array;
  readonly slots: number;
  readonly procs: Uint8Array;
  readonly rows: number;
  readonly gpuCount: number;
  readonly procCount: number;
  /** Something matches; for a node with neither GPU nor process: the node itself. */
  readonly any: boolean;
  readonly all: boolean;
}

const room = (length: number, reuse: Uint8Array | undefined): Uint8Array =>
  reuse && reuse.length >= length ? reuse.fill(0, 0, length) : new Uint8Array(length);

/** `reuse`: one that is no longer needed. */
export function matchRows({ test }: Filter, node: NodeView, reuse?: Matches): Matches {
  const { gpus, procs } = node;
  const { gpu, count } = procs;
  const { slots } = gpus;
  const kept = { gpus: room(slots, reuse?.gpus), slots, procs: room(count, reuse?.procs), rows: count };
  const procsOn = new Int32Array(slots);
  for (let row = 0; row < count; row++) if (gpu[row]! >= 0) procsOn[gpu[row]!]!++;
  const place: RowContext = { node, slot: -1, row: -1, procsOn };
  let procCount = 0;
  for (let row = 0; row < count; row++) {
    place.row = row;
    place.slot = gpu[row]!;
    if (!test(place)) continue;
    procCount += kept.procs[row] = 1;
    if (place.slot >= 0) kept.gpus[place.slot] = 1;
  }
  place.row = -1;
  let gpuCount = 0;
  for (let slot = 0; slot < slots; slot++) {
    place.slot = slot;
    if (procsOn[slot] === 0 && test(place)) kept.gpus[slot] = 1;
    gpuCount += kept.gpus[slot]!;
  }
  place.slot = -1;
  const any = gpuCount + procCount > 0 || (slots + count === 0 && test(place));
  return { ...kept, gpuCount, procCount, any, all: any && gpuCount === slots && procCount === count };
}
