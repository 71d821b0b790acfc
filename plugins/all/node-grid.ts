/** The nodes of the cluster as a grid of signs, with a legend. The shape of a sign repeats the meaning of its tone. */
import { count, line, NODE_STATES, span, type NodeView, type Line, type NodeState, type NodeStates, type Tone } from '../../lib/index.js';

interface Led {
  readonly sign: string;
  readonly tone: Tone;
  readonly word: string;
}
const LEDS: Readonly<Record<NodeState, Led>> = {
  down: { sign: '✕', tone: 'bad', word: 'down' },
  drained: { sign: 'x', tone: 'dim', word: 'drained' },
  failing: { sign: '~', tone: 'warn', word: 'failing' },
  hot: { sign: '!', tone: 'bad', word: 'hot' },
  held: { sign: 'h', tone: 'bad', word: 'held idle' },
  waiting: { sign: '…', tone: 'dim', word: 'waiting' },
  blind: { sign: '?', tone: 'dim', word: 'unknown' },
  busy: { sign: '●', tone: 'accent', word: 'busy' },
  partly: { sign: '◐', tone: 'accent', word: 'half free' },
  free: { sign: '○', tone: 'normal', word: 'free' },
  cpu: { sign: '·', tone: 'dim', word: 'no GPU' },
};
const SIGNS = NODE_STATES.map((state) => LEDS[state]);
const MARGIN = 1;

/** The layout of the nodes: `each` nodes per sign, `across` signs per row. */
export interface Grid {
  readonly each: number;
  readonly across: number;
  readonly rows: number;
}

/** As few nodes per sign as the space allows. */
export function gridOf(nodes: number, cols: number, rows: number): Grid {
  const across = Math.max(1, cols - 2 * MARGIN);
  const each = Math.max(1, Math.ceil(nodes / (across * Math.max(1, rows))));
  return { each, across, rows: Math.ceil(Math.ceil(nodes / each) / across) };
}

const kept = new WeakMap<NodeStates, { readonly key: string; readonly lines: readonly Line[] }>();

/** The grid in at most `rows` lines; a sign for several nodes is that of the worst. Cached until the nodes change. */
export function nodeGridLines(nodes: NodeStates, cols: number, rows: number): readonly Line[] {
  if (rows <= 0 || nodes.nodes.length === 0) return [];
  const key = `${cols} ${rows}`;
  const known = kept.get(nodes);
  if (known?.key === key) return known.lines;
  const lines = makeLines(nodes, gridOf(nodes.nodes.length, cols, rows));
  kept.set(nodes, { key, lines });
  return lines;
}

/** Runs of the same tone are one span; the row is the region, and the position of the mouse in it determines the node. */
function makeLines({ states }: NodeStates, { each, across, rows }: Grid): readonly Line[] {
  const worst = (from: number): number => Math.min(...states.subarray(from, from + each));
  return Array.from({ length: rows }, (_, row) => {
    const spans = [span(' '.repeat(MARGIN))];
    const first = row * across * each;
    for (let at = first; at < Math.min(states.length, first + across * each); at += each) {
      const { sign, tone } = SIGNS[worst(at)]!;
      const last = spans.at(-1)!;
      if (last.tone === tone) spans[spans.length - 1] = span(last.text + sign, tone);
      else spans.push(span(sign, tone));
    }
    return { ...line(...spans), region: `led:${row}` };
  });
}

/** The signs in use, and the number of nodes with each. `filtered`: nodes without a GPU may be nodes without a match. */
export function legend(nodes: NodeStates, { each }: Grid, filtered: boolean): Line {
  const spans = [span(` ${each === 1 ? 'one mark per node' : `one mark per ${each} nodes (worst)`}: `, 'dim')];
  for (const state of SHOWN_ORDER) {
    const number = nodes.counts[NODE_STATES.indexOf(state)]!;
    const { sign, tone, word } = LEDS[state];
    if (number > 0)
      spans.push(span(` ${sign}`, tone), span(` ${count(number)} ${filtered && state === 'cpu' ? 'filtered out' : word} `, 'dim'));
  }
  return line(...spans);
}

const SHOWN_ORDER: readonly NodeState[] = [
  'busy',
  'partly',
  'free',
  'held',
  'hot',
  'failing',
  'down',
  'waiting',
  'blind',
  'cpu',
  'drained',
];

/** The node under the mouse: the worst if there are several. */
export function nodeAt(nodes: NodeStates, grid: Grid, row: number, x: number): NodeView | undefined {
  const place = x - MARGIN;
  if (place < 0 || place >= grid.across) return undefined;
  const from = (row * grid.across + place) * grid.each;
  let found = from;
  for (let at = from; at < Math.min(nodes.nodes.length, from + grid.each); at++) if (nodes.states[at]! < nodes.states[found]!) found = at;
  return nodes.nodes[found];
}

export const NODE_GRID_NOTE = `Node marks: ${SHOWN_ORDER.map((state) => `${LEDS[state].sign} ${LEDS[state].word}`).join(', ')}.`;
