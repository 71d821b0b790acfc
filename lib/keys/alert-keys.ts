/** The key of the alert panel, and those inside it. */
import type { Binding, Effect, KeyLayer } from '../plugin/types.js';

type More = Partial<Binding<undefined>>;

function asking(id: string, keys: readonly string[], label: string, effect: Effect, more: More = {}): Binding<undefined> {
  return { id: `core.alerts.${id}`, keys, label, run: () => [undefined, effect], ...more };
}
const scrolling = (id: string, keys: readonly string[], label: string, by: number, more: More = {}): Binding<undefined> =>
  asking(id, keys, label, { type: 'scroll', by }, more);

/** Beyond the end of any list: the view clamps it. */
const FAR = 1e6;

export const ALERTS: KeyLayer<undefined> = {
  scope: 'filter-edit',
  title: 'Alerts',
  bindings: [
    asking('close', ['Esc', 'q', 'A', 'Enter'], 'close the alerts', { type: 'close' }, { hint: 1, short: 'close' }),
    scrolling('up', ['Up', 'k', 'WheelUp'], 'scroll up', -1, { hint: 2, short: 'scroll' }),
    scrolling('down', ['Down', 'j', 'WheelDown'], 'scroll down', 1, { hint: 2, short: 'scroll' }),
    scrolling('page-up', ['PageUp'], 'page up', -10),
    scrolling('page-down', ['PageDown', 'Space'], 'page down', 10),
    asking('copy', ['y'], 'copy the active alerts', { type: 'copy' }),
    scrolling('home', ['Home'], 'go to the newest', -FAR),
    scrolling('end', ['End'], 'go to the oldest', FAR),
  ],
};

/** Belongs to the global layer. */
export const ALERTS_BINDING: Binding<undefined> = asking(
  'open',
  ['A'],
  'show active and recent alerts',
  { type: 'alerts' },
  { hint: 15, short: 'alerts' },
);
