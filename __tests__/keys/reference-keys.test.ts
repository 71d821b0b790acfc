import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { CORE_LAYERS } from '../../lib/keys/global-layers.js';
import type { KeyLayer } from '../../lib/plugin/types.js';
import all from '../../plugins/all/index.js';
import diagnosis from '../../plugins/diagnosis/index.js';
import host from '../../plugins/host/index.js';
import topology from '../../plugins/topology/index.js';
import users from '../../plugins/users/index.js';

const LAYERS = [...CORE_LAYERS, ...[all, users, topology, host, diagnosis].flatMap(({ layers }) => layers)] as readonly KeyLayer<unknown>[];
const KEYS = new Map(LAYERS.flatMap(({ bindings }) => bindings.map(({ id, keys }) => [id, keys] as const)));

/** The meaning of keys in all-smi, and the binding with that meaning here. */
const KEPT: readonly (readonly [keys: string, binding: string])[] = [
  ['q', 'core.quit'],
  ['Esc', 'core.alerts.close'],
  ['Esc', 'core.help.close'],
  ['Esc', 'core.filter.clear'],
  ['/', 'core.filter.open'],
  ['A', 'core.alerts.open'],
  ['A', 'core.alerts.close'],
  ['V', 'users.tab'],
  ['T', 'topology.tab'],
  ['h 1', 'core.help'],
  ['h 1', 'core.help.close'],
  ['Left', 'core.tab.previous'],
  ['Right', 'core.tab.next'],
  ['PageUp', 'all.page-up'],
  ['PageDown', 'all.page-down'],
  ['d', 'all.sort.host'],
  ['u', 'all.sort.util'],
  ['g', 'all.sort.vram'],
  ['p', 'host.sort.pid'],
  ['c', 'host.sort.cpu'],
  ['u', 'users.sort.user'],
  ['m', 'users.sort.vram'],
  ['p', 'users.sort.power'],
  ['n', 'users.sort.nodes'],
  ['t', 'users.sort.longest'],
  ['f', 'users.system'],
  ['e', 'users.export.csv'],
  ['Enter', 'users.open'],
  ['Esc', 'users.back'],
  ['Up', 'users.up'],
  ['Down', 'users.down'],
  ['M m', 'topology.mode'],
  ['Space', 'core.replay.play'],
  [']', 'core.replay.step.forward'],
  ['[', 'core.replay.step.back'],
  ['+ =', 'core.replay.faster'],
  ['- _', 'core.replay.slower'],
  ['j', 'core.replay.forward'],
  ['k', 'core.replay.back'],
  ['g', 'core.replay.goto'],
  ['L', 'core.replay.loop'],
  ['0 9 :', 'core.timecode.type'],
  ['Enter', 'core.timecode.go'],
  ['Backspace', 'core.timecode.erase'],
  ['Esc', 'core.timecode.close'],
  ['Backspace', 'core.filter.edit.erase'],
  ['C-u', 'core.filter.edit.clear'],
  ['C-r', 'core.filter.recall'],
  ['Enter', 'core.filter.commit'],
  ['Esc', 'core.filter.abort'],
];

describe('keys of all-smi', () => {
  test.each(KEPT)('%s: %s', (keys, binding) => {
    expect(KEYS.get(binding)).toEqual(expect.arrayContaining(keys.split(' ')));
  });

  test('keys with another meaning are listed in the changelog', () => {
    const changelog = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
    const [, told = ''] = /### Keys that differ from all-smi\n([^#]+)/.exec(changelog) ?? [];
    for (const key of ['Esc', 'R', 'Left', 'Right', 'Up', 'Down', 'PageUp', 'PageDown', 'p', 'c', 'm', 'u', 'd', 'g', 'f', 'Ctrl-C'])
      expect(told).toContain(`\`${key}\``);
  });
});
