/** Alerts over the deliveries of collectors: the active and the past ones, and the panel that shows them. */
import { ownersOf, rowsBySlot } from '../aggregate/gpu-owners.js';
import { Alerts, type AlertChange } from './alerts.js';
import type { AlertSettings } from './rules.js';
import { overdueAfter } from '../model/endpoint.js';
import type { Delivery } from '../model/collector.js';
import type { Ms } from '../model/clock.js';

/** Number of changes kept. */
const MEMORY = 200;

export class AlertLog {
  readonly alerts: Alerts;
  /** State of the webhook; '' without one. */
  note = '';
  /** History, newest first. */
  log: readonly AlertChange[] = [];
  readonly #downAfterMs: Ms;

  constructor(settings: AlertSettings, intervalMs: Ms) {
    this.alerts = new Alerts(settings, (node, slot) => ownersOf(node, rowsBySlot(node), slot).map(({ user }) => user));
    this.#downAfterMs = overdueAfter(intervalMs);
  }

  /** The changes caused by a delivery. */
  take({ node, kind, continuity }: Delivery, now: Ms): readonly AlertChange[] {
    if (continuity === 'jump') this.alerts.clear();
    if (kind === 'gone') {
      this.alerts.remove(node.nodeId);
      return [];
    }
    const changes = this.alerts.update(node, now, this.#downAfterMs);
    if (changes.length > 0) this.log = [...[...changes].reverse(), ...this.log].slice(0, MEMORY);
    return changes;
  }
}
