/** The Users tab in a replay: the same rows, levels and keys; the replay controls have keys of their own. */
import { describe, expect, test } from '@jest/globals';
import { REPLAY } from '../../lib/keys/replay-keys.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver } from '../helpers/driver.js';
import { inNewDirectory } from '../helpers/recording-player.js';
import { ReplayViewer } from '../helpers/replay-viewer.js';

inNewDirectory();

const TRANSPORT = new Set(REPLAY.bindings.flatMap(({ keys }) => keys));
const LEVELS: readonly (readonly string[])[] = [[], ['Enter'], ['Enter', 'Enter'], ['Enter', 'Enter', 'Enter']];
/** Paused at the first frame. */
const open = async (...keys: readonly string[]): Promise<ReplayViewer> => {
  const viewer = await new ReplayViewer(120, 24).open(CLUSTER, 12);
  await viewer.press('Space', 'V', ...keys);
  return viewer;
};

/** Everything except the tab and the replay controls. */
function world({ app, painter }: ReplayViewer): object {
  const { state } = app;
  const others = state.tabs.filter(({ plugin }) => plugin !== 'users').map((tab) => JSON.stringify(state.ui(tab)));
  return { tab: state.tab.title, overlays: state.overlays, others, suspends: painter.suspends };
}
const transport = ({ replay }: ReplayViewer): object => {
  const { playing, speed, loop, at, bookmarks } = replay.status;
  return { playing, speed, loop, at, bookmarks };
};

test.each(LEVELS.map((keys) => [keys.length, keys] as const))(
  'on level %i, u m p n t f a e c d change only the tab, and g opens the time prompt',
  async (_level, keys) => {
    const viewer = await open(...keys);
    const [before, stands] = [world(viewer), transport(viewer)];
    for (const key of ['u', 'm', 'p', 'n', 't', 'f', 'a', 'e', 'c', 'd', 's', 'F', 'E', 'F', 'u']) {
      expect(TRANSPORT.has(key)).toBe(false);
      await viewer.press(key);
      expect([key, world(viewer), transport(viewer)]).toEqual([key, before, stands]);
    }
    expect(await viewer.press('g')).toContain('go to ▏');
    await viewer.press('Esc');
    expect([world(viewer), transport(viewer)]).toEqual([before, stands]);
  },
);

test('replay keys change the time and not the tab: level, sort and cursor stay', async () => {
  const viewer = await open('m', 'Down', 'Enter');
  const ui = JSON.stringify(viewer.app.state.ui(viewer.app.state.tab));
  for (const key of [']', '[', 'j', 'k', '+', '-', 'L', 'B', '}', '{']) {
    await viewer.press(key);
    expect(JSON.stringify(viewer.app.state.ui(viewer.app.state.tab))).toBe(ui);
  }
  expect(await viewer.press(']')).toContain('Users ▸ mira ▸ 2 nodes · 3 GPUs · 133 GiB');
});

describe('the replay shows what was live on every level', () => {
  /** The tab itself: without title, strip, breadcrumb (where toasts are), replay bar and hints. */
  const body = (picture: string): string =>
    picture
      .split('\n')
      .slice(2)
      .filter((text) => !text.startsWith(' Users ▸'))
      .filter((text) => /^ [▌ ] |^ +\S+ .*(GiB|MiB)|^ (user|node|pid|name|command|running|CPU|SM|VRAM) /.test(text))
      .join('\n');

  test.each([
    ['users', []],
    ['users by VRAM, with system accounts and all processes', ['f', 'a', 'm']],
    ['nodes of mira', ['Down', 'Enter']],
    ['processes', ['Enter', 'Enter']],
    ['a process on two GPUs', ['Down', 'Enter', 'Enter', 'Enter']],
  ])('%s', async (_what, keys) => {
    const live = new Driver({ hosts: CLUSTER, cols: 120, rows: 24 }).press('V', ...keys).frame();
    const replayed = await (await open(...keys)).press('C-l');
    expect(body(replayed)).not.toBe('');
    expect(body(replayed)).toBe(body(live));
  });
});
