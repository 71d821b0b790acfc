/** The panel of alerts, and their summary in the tab strip. Pure. */
import type { AlertChange } from '../alerts/alerts.js';
import type { Level } from '../alerts/rules.js';
import { alertText } from '../alerts/alert-text.js';
import { shortName } from './short-names.js';
import { BLANK, line, lines, span, type Line, type Size, type Span, type Tone, type View } from './frame.js';
import { count } from '../text/format.js';
import type { Ms } from '../model/clock.js';

export interface AlertPanel {
  readonly active: readonly AlertChange[];
  /** Newest first. */
  readonly log: readonly AlertChange[];
  readonly enabled: boolean;
  /** Status of the webhook; '' without one. */
  readonly note: string;
  readonly top: number;
  /** The domain that is left out of names of nodes. */
  readonly domain: string;
  /** Formats a time. */
  readonly clock: (at: Ms) => string;
}

/** The word is the information; the tone only repeats it. */
const TONES: Readonly<Record<Level, Tone>> = { ok: 'good', warn: 'warn', crit: 'bad' };

export function alertView(panel: AlertPanel, { cols, rows }: Size): View {
  const all = alertLines(panel);
  const page = Math.max(0, rows - 1);
  const first = Math.max(0, Math.min(panel.top, all.length - page));
  const shown = all.slice(first, first + page);
  const place = all.length > shown.length ? ` ${first + 1}-${first + shown.length} of ${all.length} lines` : '';
  const crumb = [place, panel.note === '' ? '' : ` webhook: ${panel.note}`].filter((text) => text !== '').join(' ·');
  return {
    blocks: [lines(...shown)],
    copy: byUrgency(panel)
      .map((change) => alertText(change))
      .join('; '),
    ...(crumb === '' ? {} : { crumb: line(span(crumb.slice(0, cols), 'dim')) }),
    pageRows: Math.max(1, page),
  };
}

/** How far the panel can be scrolled. */
export function alertLimit(panel: AlertPanel, { rows }: Size): number {
  return Math.max(0, alertLines(panel).length - Math.max(0, rows - 1));
}

const byUrgency = ({ active }: AlertPanel): readonly AlertChange[] =>
  [...active].sort((a, b) => Number(b.to === 'crit') - Number(a.to === 'crit') || b.at - a.at);

function alertLines(panel: AlertPanel): readonly Line[] {
  const { active, log, enabled } = panel;
  if (!enabled) return [line('  Alerts are off (alerts.enabled in the config file).')];
  return [
    line(span(active.length === 0 ? ' No active alerts.' : ` Active: ${count(active.length)}`, 'strong')),
    ...byUrgency(panel).map((change) => changeLine(change, panel)),
    BLANK,
    line(span(log.length === 0 ? ' No history yet.' : ' History, newest first', 'strong')),
    ...log.map((change) => changeLine(change, panel)),
  ];
}

function changeLine(change: AlertChange, { clock, domain }: AlertPanel): Line {
  const { at, to } = change;
  return line(span(`   ${clock(at)}  `, 'dim'), span(to.padEnd(4), TONES[to]), `  ${alertText(alertOnScreen(change, domain))}`);
}

/** A long name would leave no room for what happened. */
const NODE_COLS = 28;

/** The change as it is shown on a line of the screen. */
export const alertOnScreen = (change: AlertChange, domain: string): AlertChange => ({
  ...change,
  node: shortName(change.node, domain, NODE_COLS),
});

/** At the right end of the tab strip: '2 down ✕ · 3 alerts !'. The alerts are those of GPUs. */
export function stripNote(down: number, alerts: number, flash: boolean): Span | undefined {
  const parts = [
    ...(down > 0 ? [`${count(down)} down ✕`] : []),
    ...(alerts > 0 ? [`${count(alerts)} ${alerts === 1 ? 'alert' : 'alerts'} !`] : []),
  ];
  return parts.length === 0 ? undefined : span(parts.join(' · '), flash ? 'chip-bad' : 'bad');
}
