/** Alerts in words, and as the JSON that a webhook is sent. */
import { count, duration } from '../text/format.js';
import type { AlertChange, AlertRule } from './alerts.js';

const TITLES: Readonly<Record<AlertRule, string>> = {
  temperature: 'temperature',
  idle_utilization: 'idle',
  memory_held_idle: 'memory held idle',
  power: 'power',
  host_down: 'host down',
};

/** The reading and its threshold. */
const FIGURES: Readonly<Record<AlertRule, (change: AlertChange) => string>> = {
  temperature: ({ value, threshold }) => `${round(value)}°, threshold ${round(threshold)}°`,
  idle_utilization: ({ value, threshold }) => `${round(value)}%, threshold ${round(threshold)}%`,
  memory_held_idle: ({ to, value }) => (to === 'ok' ? 'no longer' : `for ${duration(value)}`),
  power: ({ value, threshold }) => `${round(value)} W, threshold ${round(threshold)} W`,
  host_down: ({ to, value }) =>
    to === 'ok' ? 'it answers again' : Number.isNaN(value) ? 'it never answered' : `no answer for ${duration(value)}`,
};

const round = (value: number): string => String(Math.round(value * 10) / 10);

/** 'node-0001 gpu3 temperature: ok->warn (85°, threshold 80°) alice, bob'. */
export function alertText(change: AlertChange): string {
  const { node, gpu, rule, from, to, users } = change;
  const where = gpu === undefined ? node : `${node} gpu${gpu}`;
  const who = users.map((user) => user || '?').join(', ');
  return `${where} ${TITLES[rule]}: ${from}->${to} (${FIGURES[rule](change)})${who === '' ? '' : ` ${who}`}`;
}

/** What is said in one line of changes that came together: the first of the worst, and how many more. */
export function alertSummary(changes: readonly AlertChange[]): string {
  const worst = changes.find(({ to }) => to === 'crit') ?? changes.find(({ to }) => to === 'warn') ?? changes[0]!;
  const more = changes.length - 1;
  return `${alertText(worst)}${more > 0 ? `, and ${count(more)} more (A)` : ''}`;
}

/** One object; readings that are not known are null. Names of the fields, and of the first three rules, are all-smi's. */
export function alertJson(change: AlertChange): string {
  const { at, node, gpu, rule, from, to, value, threshold, users } = change;
  return JSON.stringify({
    timestamp: new Date(at).toISOString(),
    host: node,
    gpu_index: gpu ?? null,
    rule,
    from,
    to,
    value: Number.isNaN(value) ? null : value,
    threshold,
    users,
  });
}
