/** Alerts as text, and as the JSON of the webhook. */
import { count, duration } from '../text/format.js';
import type { AlertChange, AlertRule } from './alerts.js';
import type { Level } from './rules.js';

const LEVELS: Readonly<Record<Level, string>> = { ok: 'ok', warn: 'warn', crit: 'critical' };

/** What happened, as it follows the name of the node or GPU. */
const TEXTS: Readonly<Record<AlertRule, (change: AlertChange) => string>> = {
  temperature: (change) => reading('temperature', '°', change),
  power: (change) => reading('power', ' W', change),
  idle_utilization: ({ to, value, threshold }) =>
    `utilisation ${round(value)}% (${to === 'ok' ? 'ok' : `idle at ${round(threshold)}% or less`})`,
  memory_held_idle: ({ to, value, othersCompute }) =>
    to === 'ok' ? 'no longer held idle' : `held idle for ${duration(value)}${othersCompute ? ' while others compute:' : ''}`,
  gpu_health: ({ to, detail = '' }) => (to === 'ok' ? 'no longer in trouble' : detail),
  xid: ({ to, value }) => (to === 'ok' ? `no new Xid since ${round(value)}` : `Xid ${round(value)}`),
  host_down: ({ to, value }) =>
    to === 'ok' ? 'up again' : Number.isNaN(value) ? 'down: no good scrape yet' : `down: no good scrape for ${duration(value)}`,
};

/** `temperature 85° (warn at 80°)`, `temperature 76° (ok)`. */
function reading(name: string, unit: string, { to, value, threshold }: AlertChange): string {
  const level = to === 'ok' ? 'ok' : `${LEVELS[to]} at ${round(threshold)}${unit}`;
  return `${name} ${round(value)}${unit} (${level})`;
}

const round = (value: number): string => String(Math.round(value * 10) / 10);

/** `node-0001 gpu3 temperature 85° (warn at 80°) alice, bob`. */
export function alertText(change: AlertChange): string {
  const { node, gpu, rule, users } = change;
  const where = gpu === undefined ? node : `${node} gpu${gpu}`;
  const who = users.map((user) => user || '?').join(', ');
  return `${where} ${TEXTS[rule](change)}${who === '' ? '' : ` ${who}`}`;
}

/** One line for changes that came together: the first of the most severe ones, and the number of others. */
export function alertSummary(changes: readonly AlertChange[]): string {
  const worst = changes.find(({ to }) => to === 'crit') ?? changes.find(({ to }) => to === 'warn') ?? changes[0]!;
  const more = changes.length - 1;
  return `${alertText(worst)}${more > 0 ? `, and ${count(more)} more (A)` : ''}`;
}

/** The JSON of one change; values that are not known are null. The names of fields, and of the first three rules, are all-smi's. */
export function alertJson(change: AlertChange): string {
  const { at, node, gpu, rule, from, to, value, threshold, users, detail } = change;
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
    ...(detail === undefined ? {} : { detail }),
  });
}
