/** Nodes in signs, words and lines. */
import { conditionOf, type NodeCondition, type NodeView } from '../model/node-view.js';
import { line, span, type Line, type Span, type Tone } from './frame.js';
import { ago, count } from '../text/format.js';
import type { Ms } from '../model/clock.js';

const CONDITIONS: Readonly<Record<NodeCondition, { readonly mark: string; readonly tone: Tone }>> = {
  waiting: { mark: '…', tone: 'warn' },
  up: { mark: '', tone: 'good' },
  failing: { mark: '~', tone: 'warn' },
  down: { mark: '✕', tone: 'bad' },
  drained: { mark: '✕', tone: 'dim' },
};

type Condition = Pick<NodeView, 'status' | 'service'>;

/** The sign of its condition, '' for a node that is up, and its tone. */
export const conditionSign = (node: Condition): { readonly mark: string; readonly tone: Tone } => CONDITIONS[conditionOf(node)];
export const nodeMark = (node: NodeView): string => conditionSign(node).mark;

/** Its condition as every tab writes it: `up`, `~ failing`, `✕ down`, `… waiting`. */
export function conditionSpan(node: Condition): Span {
  const condition = conditionOf(node);
  const { mark, tone } = conditionSign(node);
  return span(mark === '' ? condition : `${mark} ${condition}`, tone);
}

/** The same, and since when: `✕ down · last seen 3m ago`. */
export function conditionSince(node: Condition, now: Ms): Span {
  const { text, tone } = conditionSpan(node);
  const { okAt } = node.status;
  const never = conditionOf(node) === 'waiting' ? 'not answered yet' : 'never answered';
  return span(`${text} · ${okAt === undefined ? never : `last seen ${ago(now - okAt)} ago`}`, tone);
}

/** How long ago its last good scrape was, as in columns of ages. */
export const lastSeen = ({ status }: Pick<NodeView, 'status'>, now: Ms): Span =>
  status.okAt === undefined ? span('never', 'warn') : span(ago(now - status.okAt));

/** A line for each of the nodes that never answered, and why, in at most `rows` lines. */
export function unanswered(nodes: Iterable<NodeView>, rows: number): readonly Line[] {
  const silent = [...nodes].filter(({ version }) => version === 0);
  if (silent.length <= rows) return silent.map(hostLine);
  const shown = silent.slice(0, Math.max(0, rows - 1));
  return [...shown.map(hostLine), line(span(`    and ${count(silent.length - shown.length)} more`, 'dim'))].slice(0, Math.max(0, rows));
}

function hostLine(node: NodeView): Line {
  const { name, status } = node;
  return line(
    span(`    ${nodeMark(node)} ${name}  ${status.error?.text ?? 'not answered yet'}`, status.error === undefined ? 'dim' : 'bad'),
  );
}
