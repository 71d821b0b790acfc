/** The viewer as its user sees it, driven by keys and scrapes over nodes built from records. */
import { describe, expect, jest, test } from '@jest/globals';
import { clusterDerivation } from '../../lib/aggregate/cluster.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import { line, span } from '../../lib/view/frame.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver, NOW } from '../helpers/driver.js';
import type { NodeSpec } from '../helpers/hosts.js';

const user = (name: string, gib: number, gpu = 0) => ({ pid: 100 + gpu, gpu, user: name, vram: gib * 2 ** 30 });
const NODES: readonly NodeSpec[] = [
  { gpus: 2, procs: [user('alice', 1), user('bob', 2, 1)] },
  { gpus: 2, procs: [user('alice', 4)] },
  { gpus: 1, procs: [user('carol', 3)] },
];
const usersTab = (): Driver => new Driver({ hosts: NODES }).press('V');
/** The first word of each table row, without marks. */
const rows = (driver: Driver, names: RegExp): string[] =>
  driver.lines().flatMap((text) => names.exec(text.replace(/^ ?▌?\s*/, ''))?.[0] ?? []);
const USERS = /^(alice|bob|carol|dave|root)(?= )/;

describe('cost of scrapes and keys', () => {
  test('a scrape increments `collector` and computes one node part; each derivation on screen is merged once per frame', () => {
    const driver = usersTab();
    driver.frame();
    const [ran, versions, frames] = [driver.ran, driver.versions, driver.painter.frames];
    driver.scrape('node-0002', { gpus: 2, procs: [user('dave', 5)] });
    expect(driver.versions.collector).toBe(versions.collector + 1);
    expect(driver.versions.data).toBeGreaterThan(versions.data);
    expect(driver.painter.frames).toBe(frames + 1);
    // Two derivations are on screen: the title (cluster) and the tab (users). For each, the part of one node out of three is computed.
    expect(driver.ran).toEqual({ parts: ran.parts + 2, merges: ran.merges + 2 });
    expect(rows(driver, USERS)).toEqual(['alice', 'bob', 'carol', 'dave']);
  });

  test('many scrapes between two frames cost one frame and one merge', () => {
    const driver = usersTab();
    // Takes the history sample of this interval.
    driver.scrape('node-0001', { gpus: 1 });
    const [ran, versions, frames] = [driver.ran, driver.versions, driver.painter.frames];
    for (const label of ['node-0001', 'node-0002', 'node-0003', 'node-0001'])
      driver.deliverQuietly({ node: driver.host(label).scrape({ gpus: 1, procs: [user('dave', 1)] }, driver.clock.now()), kind: 'data' });
    driver.step(250);
    expect(driver.versions.collector).toBe(versions.collector + 4);
    expect(driver.painter.frames).toBe(frames + 1);
    expect(driver.ran).toEqual({ parts: ran.parts + 2 * 3, merges: ran.merges + 2 });
  });

  test('keys that sort, move and scroll compute no part or merge, and leave `collector` unchanged', () => {
    const driver = usersTab();
    driver.frame();
    const [ran, versions, frames] = [driver.ran, driver.versions, driver.painter.frames];
    driver.press('m', 'p', 'n', 't', 'u', 'Down', 'End', 'f');
    expect(driver.ran).toEqual(ran);
    expect(driver.versions.collector).toBe(versions.collector);
    expect(driver.versions.data).toBe(versions.data + 8);
    expect(driver.painter.frames).toBe(frames + 8);
  });

  test('a failed or overdue node costs a merge but no part', () => {
    const driver = usersTab();
    driver.frame();
    const { parts, merges } = driver.ran;
    driver.fail('node-0002');
    expect(driver.ran).toEqual({ parts, merges: merges + 2 });
    expect(rows(driver, USERS)).toEqual(['alice', 'bob', 'carol']);
    driver.overdue('node-0003');
    expect(driver.ran).toEqual({ parts, merges: merges + 4 });
    expect(rows(driver, USERS)).toEqual(['alice', 'bob']);
  });

  test('renumbered user ids recompute all parts', () => {
    const driver = usersTab();
    driver.frame();
    const { parts, merges } = driver.ran;
    driver.app.state.derivations.forget();
    driver.press('m');
    expect(driver.ran).toEqual({ parts: parts + 2 * 3, merges: merges + 2 });
  });

  test('tabs that are not open are not computed', () => {
    const driver = new Driver({ hosts: NODES });
    const derive = jest.spyOn(driver.app.state, 'derive');
    driver.scrape('node-0001', { gpus: 1 });
    const asked = derive.mock.calls.map(([derivation]) => derivation);
    expect(asked).toContain(clusterDerivation);
    expect(asked).not.toContain(usersDerivation);
  });
});

describe('navigation', () => {
  const titles = ['All', 'Users', 'node-0001', 'node-0002', 'node-0003'];

  test('Right and Tab go right, Left and Shift-Tab go left, and both wrap around', () => {
    for (const [right, left] of [
      ['Right', 'Left'],
      ['Tab', 'S-Tab'],
    ] as const) {
      const driver = new Driver({ hosts: NODES });
      const there = titles.map(() => driver.press(right).tab);
      expect(there).toEqual([...titles.slice(1), 'All']);
      const back = titles.map(() => driver.press(left).tab);
      expect(back).toEqual([...titles.slice(1).reverse(), 'All']);
    }
  });

  test('V opens Users from any tab', () => {
    const driver = new Driver({ hosts: NODES }).press('Left');
    expect(driver.tab).toBe('node-0003');
    expect(driver.press('V').tab).toBe('Users');
    expect(driver.press('V').tab).toBe('Users');
  });

  test('q quits if nothing is open, Ctrl-C always', async () => {
    for (const keys of [['q'], ['C-c'], ['?', 'q', 'q'], ['?', 'C-c'], ['A', 'q', 'q'], ['V', 'q']]) {
      const driver = new Driver({ hosts: NODES });
      driver.press(...keys.slice(0, -1));
      await Promise.resolve();
      expect(driver.hasQuit).toBe(false);
      driver.press(keys.at(-1)!);
      await driver.app.quit;
      expect(driver.hasQuit).toBe(true);
    }
  });

  test('Esc never quits: it closes one thing at a time, then a toast names the key that quits', async () => {
    const driver = new Driver({ hosts: NODES }).press('V', '?');
    expect(driver.frame()).toContain('sort by user (again: reverse)');
    expect(driver.press('Esc').frame()).not.toContain('again reverses');
    expect(driver.frame()).not.toContain('q quits');
    expect(driver.press('Esc').frame()).toContain('q quits');
    driver.press('Esc', 'Esc', 'Esc');
    await Promise.resolve();
    expect(driver.hasQuit).toBe(false);
  });

  test('a toast disappears after five seconds', () => {
    const driver = new Driver({ hosts: NODES }).press('Esc');
    expect(driver.step(4900).frame()).toContain('q quits');
    expect(driver.step(1100).frame()).not.toContain('q quits');
  });

  test('Ctrl-Z suspends, Ctrl-L redraws', () => {
    const driver = new Driver({ hosts: NODES }).press('C-z', 'C-l');
    expect(driver.painter.suspends).toBe(1);
    expect(driver.painter.redraws).toBe(1);
  });

  test('the help describes the open tab, captures all keys and stops scrolling at its end', () => {
    const driver = new Driver({ hosts: NODES, rows: 12, cols: 80 }).press('V', 'h');
    expect(driver.frame()).toContain('sort by user (again: reverse)');
    driver.press('V', 'm', 'Right', 'x');
    expect(driver.tab).toBe('Users');
    expect(driver.press('End').frame()).toContain('TREND: VRAM over the last samples');
    const end = driver.frame();
    expect(driver.press('Down', 'PageDown').frame()).toBe(end);
    expect(driver.press('Up').frame()).not.toBe(end);
    expect(driver.press('Home').frame()).toContain('sort by user (again: reverse)');
    expect(driver.press('1').frame()).toContain('alice');
  });

  test('the mouse works on tabs, headers and rows, with double clicks and the wheel', () => {
    const driver = new Driver({ hosts: NODES });
    expect(driver.click('Users').tab).toBe('Users');
    driver.click('VRAM');
    expect(rows(driver, USERS)).toEqual(['alice', 'carol', 'bob']);
    driver.click('VRAM');
    expect(rows(driver, USERS)).toEqual(['bob', 'carol', 'alice']);
    expect(driver.click('carol').frame()).toMatch(/▌ carol/);
    // An empty area and the title ignore clicks.
    expect(driver.send({ type: 'mouse', action: 'press', button: 'left', x: 3, y: 20, clicks: 1 }).frame()).toMatch(/▌ carol/);
    expect(driver.send({ type: 'mouse', action: 'press', button: 'left', x: 3, y: 0, clicks: 1 }).tab).toBe('Users');
    driver.click('All').click('node-0002  ', 2);
    expect(driver.tab).toBe('node-0002');
    driver.press('V');
    expect(driver.send({ type: 'mouse', action: 'wheel-down', button: 'none', x: 3, y: 8, clicks: 0 }).frame()).toMatch(/▌ alice/);
  });

  test('a click on a tab does nothing while the help is open', () => {
    const driver = new Driver({ hosts: NODES }).press('?').click('Users');
    expect(driver.tab).toBe('All');
  });
});

describe('nodes appear, disappear and fail', () => {
  test('a list without nodes is not called a failure', () => {
    const driver = new Driver({ hosts: [] });
    expect(driver.frame()).toContain('There are no nodes yet.');
    expect(driver.press('V').frame()).toContain('There are no nodes yet.');
    expect(driver.frame()).not.toContain('No data from any node');
  });

  test('the first frame does not wait for any node, and names the nodes that are waiting', () => {
    const driver = new Driver({ hosts: [{ state: 'waiting' }, { state: 'waiting' }] });
    expect(driver.painter.frames).toBe(1);
    expect(driver.painter.text()).toMatch(/Waiting for the first response from\n +… node-0001 +not answered yet\n +… node-0002/);
    driver.scrape('node-0002', { gpus: 1, procs: [user('alice', 1)] });
    expect(driver.frame()).toMatch(/▌ node-0002 .*alice/);
    expect(driver.frame()).toContain('1 node has never answered');
  });

  test('the tab of a node takes the name that the node reports, and stays open', () => {
    const driver = new Driver({ hosts: [{ state: 'waiting', named: false }, {}] }).press('Right', 'Right');
    driver.scrape('node-0001:9090', { facts: { instance: 'dgx-07' } });
    expect(driver.tab).toBe('dgx-07');
    expect(driver.lines()[1]).toContain('dgx-07  node-0002');
  });

  test('a node that is down stays on screen, dimmed, with its age, and is in no total', () => {
    const driver = new Driver({ hosts: NODES });
    expect(driver.lines()[0]).toContain('3 of 3 nodes · 5 GPUs');
    driver.step(60_000).overdue('node-0001');
    expect(driver.lines()[0]).toContain('2 of 3 nodes · 3 GPUs');
    expect(driver.lines()[1]).toMatch(/node-0001 ✕ .*1 down ✕$/);
    expect(driver.frame()).toMatch(/node-0001 ~1m +0 .*alice/);
    expect(rows(driver.press('V'), USERS)).toEqual(['alice', 'carol']);
    expect(driver.frame()).toContain('partial coverage: 2 of 3 nodes');
    driver.scrape('node-0001', NODES[0]!);
    expect(driver.lines()[0]).toContain('3 of 3 nodes · 5 GPUs');
    expect(driver.lines()[1]).not.toContain('✕');
    expect(driver.frame()).not.toContain('partial coverage');
  });

  test('the tab of a node that is down shows since when, why, and when the next scrape is due', () => {
    const driver = new Driver({ hosts: NODES }).press('Right', 'Right').fail('node-0001').step(1000);
    expect(driver.frame()).toMatch(
      /node-0001  ~ failing · last seen 3s ago .*\n connection refused since 14:32:07 \(1 failed scrape\) · next scrape in 2s/,
    );
    expect(driver.overdue('node-0001').frame()).toContain('✕ down');
  });

  test('the tab of a removed node closes, and the others stay', () => {
    const driver = new Driver({ hosts: NODES }).press('Left').gone('node-0003');
    expect(driver.tab).toBe('All');
    expect(driver.lines()[1]).toBe(' All │ Users │ node-0001  node-0002');
    expect(driver.press('Left').tab).toBe('node-0002');
    driver.gone('node-0001');
    expect(driver.tab).toBe('node-0002');
  });

  test('after an hour of suspension the first frame shows correct ages', () => {
    const driver = new Driver({ hosts: NODES }).press('Right', 'Right');
    driver.clock.sleep(3_600_000);
    expect(driver.press('u').frame()).toContain('last seen 1h ago');
  });

  test('the selection follows its row through scrapes and sorts, and keeps its position when the row disappears', () => {
    const driver = usersTab().press('Down');
    expect(driver.frame()).toMatch(/▌ bob/);
    driver.press('m');
    expect(driver.frame()).toMatch(/▌ bob/);
    expect(rows(driver, USERS)).toEqual(['alice', 'carol', 'bob']);
    driver.scrape('node-0001', { gpus: 2, procs: [user('alice', 1), user('dave', 9)] });
    expect(rows(driver, USERS)).toEqual(['dave', 'alice', 'carol']);
    expect(driver.frame()).toMatch(/▌ carol/);
  });
});

describe('the terminal', () => {
  test('a terminal that stops reading only delays painting', () => {
    const driver = usersTab();
    driver.frame();
    const frames = driver.painter.frames;
    driver.painter.stall(true);
    for (let nth = 1; nth <= 5; nth++) driver.scrape('node-0001', { gpus: 1, procs: [user('dave', nth)] });
    driver.press('m');
    expect(driver.painter.frames).toBe(frames);
    expect(driver.app.loop.stats.held).toBeGreaterThan(0);
    expect(driver.versions.collector).toBe(5);
    driver.painter.stall(false);
    driver.step(0);
    // One complete frame of the current state.
    expect(driver.painter.redraws).toBe(1);
    expect(driver.painter.frames).toBe(frames + 1);
    expect(rows(driver, USERS)).toEqual(['dave', 'alice', 'carol']);
  });

  test('resize storms and sizes of 0 do no harm', () => {
    const driver = new Driver({ hosts: CLUSTER });
    for (const key of ['V', 'Right', 'Left', '?', 'Esc'])
      for (const [cols, height] of [
        [0, 0],
        [1, 1],
        [2, 1],
        [5, 2],
        [0, 24],
        [80, 0],
        [3, 4],
        [300, 3],
        [120, 30],
      ] as const) {
        driver.resize(cols, height).press(key, 'Down', 'End', 'PageUp');
        expect(driver.lines().length).toBe(Math.max(1, height));
      }
    for (let nth = 0; nth < 100; nth++) driver.painter.resize(20 + (nth % 90), 3 + (nth % 40));
    const frames = driver.painter.frames;
    driver.step(0);
    expect(driver.painter.frames).toBe(frames + 1);
    driver.resize(120, 30);
    expect(driver.lines()).toHaveLength(30);
  });

  test('the clock and ages advance while nothing happens', () => {
    const driver = new Driver({ hosts: NODES });
    expect(driver.lines()[0]).toMatch(/14:32:07 live$/);
    expect(driver.step(3000).lines()[0]).toMatch(/14:32:10 live$/);
  });

  test('program chips appear below the tab strip on every tab', () => {
    const driver = new Driver({ hosts: NODES, chips: [line(span(' demo ', 'chip-warn'))] });
    for (const key of ['x', 'Right', 'Right', '?']) expect(driver.press(key).lines()[2]).toBe(' demo');
  });

  test('stop ends the collector and all timers', async () => {
    const driver = new Driver({ hosts: NODES });
    await driver.app.stop();
    expect(driver.collector.stopped).toBe(true);
    expect(driver.clock.pending).toBe(0);
    const { frames } = driver.painter;
    driver.press('V').step(10_000);
    expect(driver.painter.frames).toBe(frames);
  });

  test('ignores pastes without a text input', () => {
    const driver = new Driver({ hosts: NODES });
    driver.painter.paste('q');
    expect(driver.step(0).hasQuit).toBe(false);
  });
});

test('the frame time is the wall-clock time', () => {
  expect(new Driver().app.state.now).toBe(NOW);
});
