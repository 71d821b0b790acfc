import { expect, test } from '@jest/globals';
import { IDLE_AFTER_MS, IDLE_PACE_MS, PACE_MS, QUICK_PACE_MS, RenderLoop, STARTING_MS } from '../../lib/app/render-loop.js';
import { SteppedClock } from '../helpers/clock.js';

/** A frame that is stale after every change, and the times at which it was painted. */
class Rig {
  readonly clock = new SteppedClock();
  readonly begin = this.clock.now();
  readonly painted: number[] = [];
  stale = false;
  ready = true;
  readonly loop: RenderLoop;

  constructor({ playing = false, intervalMs = 3000 } = {}) {
    this.loop = new RenderLoop(this.clock, {
      stale: () => this.stale,
      ready: () => this.ready,
      paint: () => {
        this.stale = false;
        this.painted.push(this.clock.now() - this.begin);
      },
      intervalMs,
      playing: () => playing,
    });
  }

  data(): this {
    this.stale = true;
    this.loop.paced();
    return this;
  }
  key(): this {
    this.stale = true;
    this.loop.key();
    return this;
  }
  step(ms: number): this {
    this.clock.step(ms);
    return this;
  }
}

test('paints a key in the next tick, however recent the last frame is', () => {
  const rig = new Rig().key().step(0).key().step(0);
  expect(rig.painted).toEqual([0, 0]);
});

test('paints many changes in one tick as one frame', () => {
  const rig = new Rig();
  for (let nth = 0; nth < 50; nth++) rig.key().data();
  expect(rig.step(1000).painted).toEqual([0]);
});

test('paints the first data at once, then four frames per second while the first answers arrive', () => {
  const rig = new Rig();
  for (let ms = 0; ms < 1000; ms += 10) rig.data().step(10);
  expect(rig.painted).toEqual([0, 250, 500, 750, 1000]);
  expect(QUICK_PACE_MS).toBe(250);
});

test('paints new data once per second later, and four times in the second after a key', () => {
  const rig = new Rig().step(STARTING_MS);
  for (let ms = 0; ms < 2500; ms += 10) rig.data().step(10);
  expect(rig.painted).toEqual([10_000, 11_000, 12_000]);
  rig.key().step(0);
  for (let ms = 0; ms < 3000; ms += 10) rig.data().step(10);
  expect(rig.painted.slice(3)).toEqual([12_500, 12_750, 13_000, 13_250, 13_500, 14_500, 15_500]);
});

test.each([
  [500, PACE_MS],
  [3000, 3000],
  [60_000, IDLE_PACE_MS],
])('after half a minute without keys, paints nodes that are scraped every %d ms every %d ms', (intervalMs, pace) => {
  const rig = new Rig({ intervalMs }).key().step(IDLE_AFTER_MS + 10);
  rig.painted.length = 0;
  for (let ms = 0; ms < 2 * pace; ms += 10) rig.data().step(10);
  expect(rig.painted).toEqual([30_010, 30_010 + pace, 30_010 + 2 * pace]);
  expect(rig.key().step(0).painted.at(-1)).toBe(30_010 + 2 * pace);
});

test('paints an alert within a second, however long no key was pressed, and many alerts at once', () => {
  const rig = new Rig({ intervalMs: 5000 }).step(IDLE_AFTER_MS + 10);
  rig.data().step(0);
  rig.painted.length = 0;
  for (let ms = 0; ms < 2000; ms += 10) {
    rig.stale = true;
    rig.loop.alert();
    rig.step(10);
  }
  expect(rig.painted).toEqual([31_010, 32_010]);
});

test('keeps four frames per second while a recording plays', () => {
  const rig = new Rig({ playing: true }).key().step(IDLE_AFTER_MS + 10);
  rig.painted.length = 0;
  for (let ms = 0; ms < 1000; ms += 10) rig.data().step(10);
  expect(rig.painted).toEqual([30_010, 30_260, 30_510, 30_760, 31_010]);
});

test('paints a key without delay, together with new data', () => {
  const rig = new Rig().data().step(0).data().step(40).key().step(0);
  expect(rig.painted).toEqual([0, 40]);
  expect(rig.step(1000).painted).toEqual([0, 40]);
});

test('paints a toast or a resize at once, without leaving the slow pace', () => {
  const rig = new Rig().data().step(0);
  rig.step(60_000);
  rig.data();
  rig.loop.soon();
  rig.step(0);
  expect(rig.painted.at(-1)).toBe(60_000);
  // Data after it still waits for the end of a round, as while no key is pressed.
  for (let nth = 0; nth < 31; nth++) rig.data().step(100);
  expect(rig.painted.slice(1)).toEqual([60_000, 63_000]);
});

test('paints nothing when nothing is new', () => {
  const rig = new Rig();
  rig.loop.soon();
  rig.loop.paced();
  expect(rig.step(1000).painted).toEqual([]);
  expect(rig.clock.pending).toBe(0);
});

test('waits while the terminal has not accepted the last frame', () => {
  const rig = new Rig();
  rig.ready = false;
  for (let nth = 0; nth < 5; nth++) rig.data().step(250);
  expect(rig.painted).toEqual([]);
  expect(rig.loop.stats).toEqual({ frames: 0, held: 5 });
  rig.ready = true;
  rig.loop.soon();
  expect(rig.step(0).painted).toEqual([1250]);
});

test('keeps painting after a clock is set back or the machine has slept', () => {
  const rig = new Rig().data().step(0);
  rig.clock.sleep(-3_600_000);
  rig.data().step(250);
  expect(rig.painted).toHaveLength(2);
  rig.data();
  rig.clock.sleep(7_200_000);
  rig.data().step(250);
  expect(rig.painted).toHaveLength(3);
});

test('paints nothing after stop', () => {
  const rig = new Rig().data();
  rig.loop.stop();
  rig.key().data();
  expect(rig.step(1000).painted).toEqual([]);
  expect(rig.clock.pending).toBe(0);
});
