/** A recording in the whole viewer, driven by keys: which scope handles them, what is text, what a click does. */
import { expect, test } from '@jest/globals';
import { expectGolden } from '../helpers/golden.js';
import type { NodeSpec } from '../helpers/hosts.js';
import { inNewDirectory } from '../helpers/recording-player.js';
import { ReplayViewer } from '../helpers/replay-viewer.js';

inNewDirectory();

const HOSTS: readonly NodeSpec[] = [
  {
    gpus: [
      { uuid: 'a', utilPercent: 90, memoryUsedBytes: 8 * 2 ** 30, memoryTotalBytes: 80 * 2 ** 30, powerWatts: 400 },
      { uuid: 'b', utilPercent: 0 },
    ],
    procs: [
      { pid: 1, gpu: 0, user: 'alice', vram: 6 * 2 ** 30, age: 60, command: 'python train.py' },
      { pid: 2, gpu: 0, user: 'bob', vram: 2 * 2 ** 30, age: 900, command: 'jupyter' },
    ],
  },
  { gpus: [{ uuid: 'c' }], procs: [{ pid: 3, gpu: 0, user: 'carol', vram: 9 * 2 ** 30, age: 10, command: 'vllm' }] },
];

const open = (): Promise<ReplayViewer> => new ReplayViewer(120, 16).open(HOSTS);

test('a replay on screen', async () => {
  const viewer = await open();
  await viewer.press('Space', 'V');
  // Without key hints, which other tests cover.
  expectGolden('replay-users', 120, 15, (await viewer.press('j', 'j', 'B', 'j')).replace(/\n[^\n]*$/, ''));
});

test('ages and the clock are those of the frame, not the current time', async () => {
  const viewer = await open();
  const screen = await viewer.press('Space', 'V');
  expect(screen).toContain('14:32:03 replay');
  expect(screen).toMatch(/bob .* 00:15:00/);
  expect(screen).not.toContain('~');
});

test('replay keys take precedence over those of the tab; other keys of the tab still work', async () => {
  const viewer = await open();
  await viewer.press('Space', 'V');
  expect(await viewer.press('j')).toMatch(/▌ alice/);
  expect(viewer.nth).toBe(3);
  expect(await viewer.press('Down')).toMatch(/▌ bob/);
  expect(await viewer.press('m')).toMatch(/▼VRAM/);
  expect((await viewer.press('t')).indexOf('LONGEST')).toBeGreaterThan(0);
  expect(viewer.nth).toBe(3);
});

test('in the time prompt every key is text or ignored: q does not quit, and Esc only closes the prompt', async () => {
  const viewer = await open();
  let quit = false;
  void viewer.app.quit.then(() => (quit = true));
  await viewer.press('Space', 'V', 'g');
  expect(await viewer.press('1', 'q', 'w', 'V', 'Space', ':', '0', 'j', '?', '0', 'm')).toContain('go to 1 :00▏');
  expect(quit).toBe(false);
  expect(await viewer.press('Enter')).toContain('1 :00 is not a valid time');
  expect(await viewer.press('Backspace', 'Backspace', 'Backspace', 'Backspace', ':', '0', '0', 'Enter')).not.toContain('▏');
  expect(viewer.nth).toBe(20);
  expect(await viewer.press('g', '9', '9', 'C-u')).toContain('go to ▏');
  expect(await viewer.press('Esc')).not.toContain('▏');
  expect(viewer.nth).toBe(20);
  await viewer.press('q');
  expect(quit).toBe(true);
});

test('a replay cannot be recorded, and in live mode the replay keys belong to the tab', async () => {
  const viewer = await open();
  expect(await viewer.press('w')).toContain('a replay cannot be recorded');
  await viewer.press('L');
  expect(viewer.replay.status.loop).toBe(true);
});

test('a click on the timeline seeks', async () => {
  const viewer = await open();
  await viewer.press('Space');
  const bar = viewer.painter.text().split('\n').at(-2)!;
  const [from, to] = [bar.indexOf('●'), bar.lastIndexOf('─')];
  viewer.painter.send({ type: 'mouse', action: 'press', button: 'left', x: to, y: 14, clicks: 1 });
  await viewer.settle();
  expect(viewer.nth).toBe(39);
  viewer.painter.send({ type: 'mouse', action: 'press', button: 'left', x: Math.round((from + to) / 2), y: 14, clicks: 1 });
  await viewer.settle();
  expect([19, 20]).toContain(viewer.nth);
});

test('playback starts automatically, and the help lists its keys', async () => {
  const viewer = await open();
  viewer.clock.step(3000);
  await viewer.settle();
  expect(viewer.nth).toBe(1);
  expect(await viewer.press('?')).toContain('play or pause');
});
