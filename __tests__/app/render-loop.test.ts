import { expect, test } from '@jest/globals';
import { IDLE_AFTER_MS, RenderLoop, PACE_MS, QUIET_AFTER_MS, QUIET_PACE_MS } from '../../lib/app/render-loop.js';
import { SteppedClock } from '../helpers/clock.js';

/** A frame that is stale after every change, and the times at which it was painted. */
class Rig {
  readonly clock = new SteppedClock();
  readonly begin = this.clock.now();
  readonly painted: number[] = [];
  stale = false;
  ready = true;
  readonly loop: RenderLoop;

  constructor(playing = false) {
    this.loop = new RenderLoop(this.clock, {
      stale: () => this.stale,
      ready: () => this.ready,
      paint: () => {
        this.stale = false;
        this.painted.push(this.clock.now() - this.begin);
      },
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

test('paints the first data at once, then four frames per second', () => {
  const rig = new Rig();
  for (let ms = 0; ms < 1000; ms += 10) rig.data().step(10);
  expect(rig.painted).toEqual([0, 250, 500, 750, 1000]);
  expect(QUIET_PACE_MS).toBe(250);
});

test('paints one frame per second after half a minute without keys, and at once when a key is pressed', () => {
  expect(IDLE_AFTER_MS).toBe(30_000);
  const rig = new Rig().key().step(IDLE_AFTER_MS + 10);
  rig.painted.length = 0;
  for (let ms = 0; ms < 1000; ms += 10) rig.data().step(10);
  expect(rig.painted).toEqual([30_010, 31_010]);
  expect(rig.key().step(0).painted.at(-1)).toBe(31_010);
});

test('keeps four frames per second while a recording plays', () => {
  const rig = new Rig(true).key().step(IDLE_AFTER_MS + 10);
  rig.painted.length = 0;
  for (let ms = 0; ms < 1000; ms += 10) rig.data().step(10);
  expect(rig.painted).toEqual([30_010, 30_260, 30_510, 30_760, 31_010]);
});

test('paints ten frames per second while keys are pressed, and for a while after', () => {
  const rig = new Rig().key().step(0);
  for (let ms = 0; ms < QUIET_AFTER_MS; ms += 10) rig.data().step(10);
  expect(rig.painted).toEqual(Array.from({ length: QUIET_AFTER_MS / PACE_MS + 1 }, (_, nth) => nth * PACE_MS));
  rig.painted.length = 0;
  for (let ms = 0; ms < 1000; ms += 10) rig.data().step(10);
  expect(rig.painted.length).toBeLessThanOrEqual(5);
});

test('paints a key without delay, together with new data', () => {
  const rig = new Rig().data().step(0).data().step(40).key().step(0);
  expect(rig.painted).toEqual([0, 40]);
  expect(rig.step(1000).painted).toEqual([0, 40]);
});

test('paints a toast, a resize or an alert at once, without leaving the slow pace', () => {
  const rig = new Rig().data().step(0);
  rig.step(60_000);
  rig.data();
  rig.loop.soon();
  rig.step(0);
  expect(rig.painted.at(-1)).toBe(60_000);
  // Data after it still waits a second, as while no key is pressed.
  for (let nth = 0; nth < 10; nth++) rig.data().step(100);
  expect(rig.painted.slice(1)).toEqual([60_000, 61_000]);
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
