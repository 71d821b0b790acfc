/** Hosts in signs and lines. */
import { counted, type HostView } from '../model/node-view.js';
import { line, span, type Line } from './frame.js';
import { count } from '../text/format.js';

/** `…` not answered yet, `✕` down (not counted), `~` the last scrape failed but its data still counts; '' well. */
export function hostMark(host: HostView): '' | '…' | '✕' | '~' {
  if (host.status.phase === 'waiting') return '…';
  if (!counted(host)) return '✕';
  return host.status.phase === 'failing' ? '~' : '';
}

/** A line for each of the hosts that never answered, and why, in at most `rows` lines. */
export function unanswered(hosts: Iterable<HostView>, rows: number): readonly Line[] {
  const silent = [...hosts].filter(({ version }) => version === 0);
  if (silent.length <= rows) return silent.map(hostLine);
  const shown = silent.slice(0, Math.max(0, rows - 1));
  return [...shown.map(hostLine), line(span(`    and ${count(silent.length - shown.length)} more`, 'dim'))].slice(0, Math.max(0, rows));
}

function hostLine(host: HostView): Line {
  const { label, status } = host;
  return line(
    span(`    ${hostMark(host)} ${label}  ${status.error?.text ?? 'not answered yet'}`, status.error === undefined ? 'dim' : 'bad'),
  );
}
