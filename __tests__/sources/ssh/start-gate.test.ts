import { expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { StartGate } from '../../../lib/sources/ssh/start-gate.js';
import { SteppedClock } from '../../helpers/clock.js';

function gate(): {
  readonly clock: SteppedClock;
  readonly enter: (nth: number, isWanted?: () => boolean) => void;
  readonly made: number[];
  readonly leaves: ((isMade: boolean) => void)[];
} {
  const clock = new SteppedClock();
  const starts = new StartGate(clock);
  const made: number[] = [];
  const leaves: ((isMade: boolean) => void)[] = [];
  const enter = (nth: number, isWanted = () => true): void => {
    void starts.enter(isWanted).then((leave) => {
      if (leave === undefined) return;
      made.push(nth);
      leaves[nth] = leave;
    });
  };
  return { clock, enter, made, leaves };
}

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, nth) => from + nth);

test('eight at a time, in their order; one that is made or fails lets the next in', async () => {
  const { enter, made, leaves } = gate();
  for (const nth of upTo(12)) enter(nth);
  await turn();
  expect(made).toEqual(upTo(8));
  leaves[3]!(true);
  leaves[0]!(false);
  await turn();
  expect(made).toEqual(upTo(10));
});

test('one that takes long no longer counts: after a second, or three times what others took', async () => {
  const { clock, enter, made, leaves } = gate();
  for (const nth of upTo(8)) enter(nth);
  await turn();
  clock.step(999);
  for (const nth of upTo(8)) leaves[nth]!(true);
  for (const nth of upTo(20, 8)) enter(nth);
  await turn();
  expect(made).toEqual(upTo(16));
  clock.step(2900);
  await turn();
  expect(made).toEqual(upTo(16));
  clock.step(100);
  await turn();
  expect(made).toEqual(upTo(24));
});

test('one that is no longer wanted takes no place', async () => {
  const { enter, made, leaves } = gate();
  for (const nth of upTo(8)) enter(nth);
  let isWanted = true;
  enter(8, () => isWanted);
  enter(9);
  await turn();
  isWanted = false;
  leaves[0]!(true);
  await turn();
  expect(made).toEqual([...upTo(8), 9]);
});
