/** The core's own layers. They have no state: a key requests an effect. */
import type { Binding, Effect, KeyLayer } from '../plugin/types.js';
import { seekTime } from '../view/replay-bar.js';
import { ALERTS, ALERTS_BINDING } from './alert-keys.js';
import { FILTER_BINDINGS, FILTER_EDIT } from './filter-keys.js';
import { PICKER, PICKER_BINDING } from './picker-keys.js';
import { REPLAY, TIMECODE } from './replay-keys.js';

type Ask = Effect | readonly Effect[];

function binding(id: string, keys: readonly string[], label: string, ask: Ask, more: Partial<Binding<undefined>> = {}): Binding<undefined> {
  const effects = Array.isArray(ask) ? (ask as readonly Effect[]) : [ask as Effect];
  return { id: `core.${id}`, keys, label, run: () => [undefined, ...effects], ...more };
}

/** Above everything, even text input: control keys that are never text. */
export const ALWAYS: KeyLayer<undefined> = {
  scope: 'filter-edit',
  title: 'Always',
  bindings: [
    binding('interrupt', ['C-c'], 'quit', { type: 'quit' }),
    binding('suspend', ['C-z'], 'suspend to the shell', { type: 'suspend' }),
    binding('redraw', ['C-l'], 'redraw the screen', { type: 'redraw' }),
  ],
};

/** Beyond the end of any help text: the view clamps it. */
const FAR = 1e6;

export const HELP: KeyLayer<undefined> = {
  scope: 'filter-edit',
  title: 'Help',
  bindings: [
    binding('help.close', ['Esc', 'q', '?', 'h', '1', 'Enter'], 'close the help', { type: 'close' }, { hint: 1, short: 'close' }),
    binding('help.up', ['Up', 'k', 'WheelUp'], 'scroll up', { type: 'scroll', by: -1 }, { hint: 2, short: 'up' }),
    binding('help.down', ['Down', 'j', 'WheelDown'], 'scroll down', { type: 'scroll', by: 1 }, { hint: 3, short: 'down' }),
    binding('help.page-up', ['PageUp'], 'page up', { type: 'scroll', by: -10 }),
    binding('help.page-down', ['PageDown', 'Space'], 'page down', { type: 'scroll', by: 10 }),
    binding('help.home', ['Home'], 'go to the start', { type: 'scroll', by: -FAR }),
    binding('help.end', ['End'], 'go to the end', { type: 'scroll', by: FAR }),
  ],
};

/** Prefix of the region ids of the chrome; a click on one goes to the global scope. */
export const CHROME = 'core:';

export const GLOBAL: KeyLayer<undefined> = {
  scope: 'global',
  title: 'Everywhere',
  bindings: [
    binding('tab.previous', ['Left', 'S-Tab'], 'previous tab', { type: 'cycle', by: -1 }, { hint: 14, short: 'tab' }),
    binding('tab.next', ['Right', 'Tab'], 'next tab', { type: 'cycle', by: 1 }, { hint: 13, short: 'tab' }),
    {
      id: 'core.tab.click',
      keys: ['Click', 'DoubleClick'],
      label: 'open the tab or go to the time under the mouse',
      run: (_ui, { frame }) => {
        const tab = chromeTab(frame.hit);
        const at = seekTime(frame.hit);
        if (at !== undefined) return [undefined, { type: 'replay', command: { action: 'seek', at } }];
        return tab ? [undefined, { type: 'open', ...tab }] : [undefined];
      },
    },
    binding(
      'record',
      ['w'],
      'start or stop recording',
      { type: 'record' },
      {
        disabled: (_ui, app) => (app.replay ? 'a replay cannot be recorded' : undefined),
      },
    ),
    ...FILTER_BINDINGS,
    PICKER_BINDING,
    ALERTS_BINDING,
    binding('copy', ['y'], 'copy the row or the open details, with values as in exports (OSC 52)', { type: 'copy' }),
    binding('help', ['?', 'h', '1'], 'show this help', { type: 'help' }, { hint: 2, short: 'help' }),
    binding('escape', ['Esc'], 'close, go back', { type: 'toast', text: 'nothing to close; q quits' }),
    binding('quit', ['q'], 'quit; closes the help or the alerts if open', { type: 'quit' }, { hint: 11, short: 'quit' }),
  ],
};

export function chromeTabRegion(plugin: string, key: string): string {
  return `${CHROME}tab:${plugin}:${key}`;
}

function chromeTab(region: string | undefined): { plugin: string; key: string } | undefined {
  const match = region === undefined ? null : /^core:tab:([^:]*):(.*)$/s.exec(region);
  return match ? { plugin: match[1]!, key: match[2]! } : undefined;
}

/** All of the core's layers, from top to bottom: for docs and tests. */
export const CORE_LAYERS: readonly KeyLayer<undefined>[] = [ALWAYS, HELP, ALERTS, PICKER, FILTER_EDIT, TIMECODE, REPLAY, GLOBAL];
