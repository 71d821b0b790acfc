import { expect, test } from '@jest/globals';
import { IDLE_AFTER_MS, RenderLoop, PACE_MS, QUIET_AFTER_MS, QUIET_PACE_MS } from '../../lib/app/render-loop.js';
import { SteppedClock } from '../helpers/clock.js';

/** A picture that is stale whenever something was changed, and when it was painted. */
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
      playing,
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

test('a key is painted in the next tick, however recent the last frame', () => {
  const rig = new Rig().key().step(0).key().step(0);
  expect(rig.painted).toEqual([0, 0]);
});

test('many changes in one tick are one frame', () => {
  const rig = new Rig();
  for (let nth = 0; nth < 50; nth++) rig.key().data();
  expect(rig.step(1000).painted).toEqual([0]);
});

test('data alone: the first frame at once, then four a second', () => {
  const rig = new Rig();
  for (let ms = 0; ms < 1000; ms += 10) rig.data().step(10);
  expect(rig.painted).toEqual([0, 250, 500, 750, 1000]);
  expect(QUIET_PACE_MS).toBe(250);
});

test('one frame per second after half a minute without keys, and at once at a key', () => {
  expect(IDLE_AFTER_MS).toBe(30_000);
  const rig = new Rig().key().step(IDLE_AFTER_MS + 10);
  rig.painted.length = 0;
  for (let ms = 0; ms < 1000; ms += 10) rig.data().step(10);
  expect(rig.painted).toEqual([30_010, 31_010]);
  expect(rig.key().step(0).painted.at(-1)).toBe(31_010);
});

test('a recording that plays keeps four frames per second', () => {
  const rig = new Rig(true).key().step(IDLE_AFTER_MS + 10);
  rig.painted.length = 0;
  for (let ms = 0; ms < 1000; ms += 10) rig.data().step(10);
  expect(rig.painted).toEqual([30_010, 30_260, 30_510, 30_760, 31_010]);
});

test('ten frames per second while keys are pressed, and for a while after', () => {
  const rig = new Rig().key().step(0);
  for (let ms = 0; ms < QUIET_AFTER_MS; ms += 10) rig.data().step(10);
  expect(rig.painted).toEqual(Array.from({ length: QUIET_AFTER_MS / PACE_MS + 1 }, (_, nth) => nth * PACE_MS));
  rig.painted.length = 0;
  for (let ms = 0; ms < 1000; ms += 10) rig.data().step(10);
  expect(rig.painted.length).toBeLessThanOrEqual(5);
});

test('a key is not delayed, and new data is painted with it', () => {
  const rig = new Rig().data().step(0).data().step(40).key().step(0);
  expect(rig.painted).toEqual([0, 40]);
  expect(rig.step(1000).painted).toEqual([0, 40]);
});

test('a toast, a resize or an alert is painted at once, and does not end the quiet pace', () => {
  const rig = new Rig().data().step(0);
  rig.step(60_000);
  rig.data();
  rig.loop.soon();
  rig.step(0);
  expect(rig.painted.at(-1)).toBe(60_000);
  // Data after it still waits a second, as it does when nobody is there.
  for (let nth = 0; nth < 10; nth++) rig.data().step(100);
  expect(rig.painted.slice(1)).toEqual([60_000, 61_000]);
});

test('nothing new: nothing is painted', () => {
  const rig = new Rig();
  rig.loop.soon();
  rig.loop.paced();
  expect(rig.step(1000).painted).toEqual([]);
  expect(rig.clock.pending).toBe(0);
});

test('a terminal that has not taken the last frame delays painting', () => {
  const rig = new Rig();
  rig.ready = false;
  for (let nth = 0; nth < 5; nth++) rig.data().step(250);
  expect(rig.painted).toEqual([]);
  expect(rig.loop.stats).toEqual({ frames: 0, held: 5 });
  rig.ready = true;
  rig.loop.soon();
  expect(rig.step(0).painted).toEqual([1250]);
});

test('a clock set back or a machine that slept does not stop painting', () => {
  const rig = new Rig().data().step(0);
  rig.clock.sleep(-3_600_000);
  rig.data().step(250);
  expect(rig.painted).toHaveLength(2);
  rig.data();
  rig.clock.sleep(7_200_000);
  rig.data().step(250);
  expect(rig.painted).toHaveLength(3);
});

test('stopped is stopped', () => {
  const rig = new Rig().data();
  rig.loop.stop();
  rig.key().data();
  expect(rig.step(1000).painted).toEqual([]);
  expect(rig.clock.pending).toBe(0);
});
