/** Hosts in signs and lines. */
import { isDown, type NodeView } from '../model/node-view.js';
import { line, span, type Line } from './frame.js';
import { count } from '../text/format.js';

/** `…` not answered yet, `✕` down (not counted), `~` the last scrape failed but its data still counts; '' well. */
export function nodeMark(node: NodeView): '' | '…' | '✕' | '~' {
  if (node.status.phase === 'waiting') return '…';
  if (isDown(node)) return '✕';
  return node.status.phase === 'failing' ? '~' : '';
}

/** A line for each of the hosts that never answered, and why, in at most `rows` lines. */
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
