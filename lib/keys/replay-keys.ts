/** The replay keys, and the keys of the input line for a time. */
import type { AppView, Binding, Effect, KeyLayer, Step } from '../plugin/types.js';
import type { Transport } from '../model/replay.js';

const SKIP_MS = 10_000;

/** Active only during a replay. */
const replaying = (_ui: undefined, app: AppView): boolean => app.replay !== undefined;

function transport(
  id: string,
  keys: readonly string[],
  label: string,
  command: Transport,
  more: Partial<Binding<undefined>> = {},
): Binding<undefined> {
  return asking(`core.replay.${id}`, keys, label, { type: 'replay', command }, { when: replaying, ...more });
}

function asking(
  id: string,
  keys: readonly string[],
  label: string,
  effect: Effect,
  more: Partial<Binding<undefined>> = {},
): Binding<undefined> {
  return { id, keys, label, run: () => [undefined, effect], ...more };
}

export const REPLAY: KeyLayer<undefined> = {
  scope: 'replay',
  title: 'Replay',
  bindings: [
    transport('play', ['Space'], 'play or pause', { action: 'toggle' }, { hint: 1, short: 'play' }),
    transport('step.back', ['['], 'step back one frame, and pause', { action: 'step', by: -1 }, { hint: 3, short: 'step' }),
    transport('step.forward', [']'], 'step forward one frame, and pause', { action: 'step', by: 1 }, { hint: 3, short: 'step' }),
    transport('back', ['k'], 'back 10 seconds', { action: 'skip', ms: -SKIP_MS }, { hint: 4, short: '10 s' }),
    transport('forward', ['j'], 'forward 10 seconds', { action: 'skip', ms: SKIP_MS }, { hint: 4, short: '10 s' }),
    transport('slower', ['-', '_'], 'slower', { action: 'speed', by: -1 }, { hint: 6, short: 'speed' }),
    transport('faster', ['+', '='], 'faster', { action: 'speed', by: 1 }, { hint: 6, short: 'speed' }),
    asking('core.replay.goto', ['g'], 'go to a time', { type: 'timecode', edit: 'open' }, { when: replaying, hint: 2, short: 'go to' }),
    transport('start', ['{'], 'go to the start', { action: 'start' }),
    transport('end', ['}'], 'go to the end', { action: 'end' }),
    transport('loop', ['L'], 'loop on or off', { action: 'loop' }),
    transport('bookmark', ['B'], 'set or remove a bookmark', { action: 'bookmark' }, { hint: 8, short: 'bookmark' }),
    transport('bookmark.next', ['b'], 'go to the next bookmark', { action: 'next-bookmark' }),
  ],
};

/** The characters of a time. Other keys do nothing while one is being typed. */
const CHARACTERS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', '@', '-', 'T', 'Space'];

export const TIMECODE: KeyLayer<undefined> = {
  scope: 'filter-edit',
  title: 'Go to a time',
  bindings: [
    {
      id: 'core.timecode.type',
      keys: CHARACTERS,
      label: 'enter the time',
      run: (_ui, { event }): Step<undefined> => [undefined, { type: 'timecode', edit: { insert: event.type === 'key' ? event.text : '' } }],
    },
    asking('core.timecode.go', ['Enter'], 'go there', { type: 'timecode', edit: 'apply' }, { hint: 1, short: 'go' }),
    asking('core.timecode.erase', ['Backspace'], 'delete the character before the cursor', { type: 'timecode', edit: 'erase' }),
    asking('core.timecode.clear', ['C-u'], 'clear', { type: 'timecode', edit: 'clear' }),
    asking('core.timecode.close', ['Esc'], 'cancel', { type: 'close' }, { hint: 2, short: 'cancel' }),
  ],
};
