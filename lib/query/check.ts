/** The state of a cluster for a monitoring system. Pure. */
import type { AppState } from '../app/state.js';
import { clusterDerivation } from '../aggregate/cluster.js';
import { WHOLE } from '../aggregate/derivations.js';
import type { AlertChange } from '../alerts/alerts.js';
import type { AlertSettings } from '../alerts/rules.js';
import { errorText } from '../errors.js';
import type { Ms } from '../model/clock.js';
import { conditionOf, included, type NodeView } from '../model/node-view.js';
import { count } from '../text/format.js';
import { checkLine, type CheckResult } from './check-line.js';

export interface CheckSettings {
  readonly alerts: AlertSettings;
  /** Fewer free GPUs are a warning. */
  readonly minFree: number | undefined;
  /** More nodes that are down are critical. */
  readonly maxDown: number;
  /** How long the cluster was watched. */
  readonly watchedMs: Ms;
}

const MAX_NAMED = 3;

/** Rules that need a state to last: by the setting of their duration. */
const LASTING = { idle_utilization: 'idleMs', memory_held_idle: 'heldMs' } as const;

export function check(app: AppState, settings: CheckSettings): CheckResult {
  const nodes = [...app.allNodes];
  const missing = nodes.filter((node) => !included(node));
  const down = missing.filter((node) => conditionOf(node) === 'down');
  const drained = missing.filter((node) => conditionOf(node) === 'drained');
  // Not scraped yet, or not in time from here: not known to be down.
  const waiting = missing.filter((node) => conditionOf(node) === 'waiting');
  if (missing.length === nodes.length)
    return checkLine('UNKNOWN', [`no node of ${count(nodes.length)} answered${waiting.length > 0 ? ` (${reasonOf(waiting)})` : ''}`]);
  const { gpus, free } = app.derive(clusterDerivation, WHOLE);
  // Nodes that are down have a threshold of their own.
  const alerts = app.alerts.filter(({ rule }) => rule !== 'host_down');
  const critical = alerts.filter(({ to }) => to === 'crit');
  const warnings = alerts.filter(({ to }) => to === 'warn');
  const { minFree, maxDown } = settings;
  const isShort = minFree !== undefined && free < minFree;
  const state =
    down.length > maxDown || critical.length > 0
      ? 'CRITICAL'
      : warnings.length > 0 || isShort
        ? 'WARNING'
        : missing.length - drained.length > maxDown
          ? 'UNKNOWN'
          : 'OK';
  const unchecked = Object.entries(LASTING).filter(([, key]) => settings.alerts[key] > settings.watchedMs);
  const texts = [
    ...(down.length > 0 ? [`${nodesText(down)} down (${some(down.map(({ name }) => name))})`] : []),
    ...(drained.length > 0 ? [`${nodesText(drained)} drained (${some(drained.map(({ name }) => name))})`] : []),
    ...(waiting.length > 0 ? [`${nodesText(waiting)} waiting (${reasonOf(waiting)})`] : []),
    ...alertTexts('critical', critical),
    ...alertTexts('warning', warnings),
    `${count(nodes.length - missing.length)} of ${nodesText(nodes)} up`,
    `${count(free)} of ${count(gpus)} GPUs free${isShort ? `, fewer than ${count(minFree)}` : ''}`,
    ...unchecked.map(([rule, key]) => `${rule} not evaluated (needs --over ${timeText(settings.alerts[key])})`),
  ];
  const performance = [
    `nodes=${nodes.length}`,
    `nodes_down=${down.length};;${maxDown};0;${nodes.length}`,
    `gpus=${gpus}`,
    `gpus_free=${free};${minFree === undefined ? '' : `${minFree}:`};;0;${gpus}`,
    `alerts_warning=${warnings.length}`,
    `alerts_critical=${critical.length}`,
  ];
  return checkLine(state, texts, performance.join(' '));
}

/** As --over takes it: 15m, 90s. */
const timeText = (ms: Ms): string => (ms % 60_000 === 0 ? `${ms / 60_000}m` : `${Math.ceil(ms / 1000)}s`);

const nodesText = ({ length }: readonly NodeView[]): string => `${count(length)} ${length === 1 ? 'node' : 'nodes'}`;

/** Why the first of them is missing. */
const reasonOf = ([node]: readonly NodeView[]): string => node?.status.error?.text ?? errorText('S_PENDING');

const alertTexts = (level: string, alerts: readonly AlertChange[]): readonly string[] =>
  alerts.length === 0 ? [] : [`${count(alerts.length)} ${level}: ${some(alerts.map(alertName))}`];

const alertName = ({ node, gpu, rule }: AlertChange): string => `${node}${gpu === undefined ? '' : ` gpu${gpu}`} ${rule}`;

function some(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  return `${names.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`;
}
