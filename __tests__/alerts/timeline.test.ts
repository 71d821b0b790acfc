import { expect, test } from '@jest/globals';
import { Alerts, type AlertChange } from '../../lib/alerts/alerts.js';
import { ALERT_DEFAULTS, type AlertSettings } from '../../lib/alerts/rules.js';
import { timeline } from '../helpers/captures.js';
import { TestNode } from '../helpers/hosts.js';

const SAMPLES = timeline();

/** 'SECOND rule from>to value' for each change over the 113 seconds of a real H100; scrapes at the seconds in `failed` fail. */
function played(settings: Partial<AlertSettings>, failed: readonly number[] = []): string[] {
  const alerts = new Alerts({ ...ALERT_DEFAULTS, ...settings }, () => []);
  const host = new TestNode({ state: 'waiting' });
  return SAMPLES.flatMap(({ second, at, files }) => {
    const cells = files['gpu.csv']!.split(', ');
    const [util, used, celsius, watts] = [cells[4], cells[6], cells[8], cells[9]].map(Number);
    if (failed.includes(second)) host.fail({ at, error: { code: 'S_TIMEOUT', text: 'no answer' } });
    else
      host.scrape(
        {
          gpus: [
            { uuid: cells[1]!, utilPercent: util!, memoryUsedBytes: used! * 2 ** 20, temperatureCelsius: celsius!, powerWatts: watts! },
          ],
        },
        at,
      );
    return alerts.update(host, at, 3000).map((change) => told(second, change));
  });
}

const told = (second: number, { rule, from, to, value }: AlertChange): string =>
  `${second} ${rule} ${from}>${to} ${Math.round(value * 100) / 100}`;

/**
 * Worked out by hand from gpu.csv. Power rises from 204.69 W (23) to 705.86 W (24) and falls from 699.71 W (82) to 567.35 W (83), which is
 * below 95% of 600. The temperature reaches 55 °C at 37 and stays between 54 and 58 until 82; at 83 it is 45, below 55 - 2.
 *
 * Memory is held without computing from 14 (…43:49.026) to 22 (…43:57.026), which is 8 s; at 23 the GPU computes (52%). It is held again
 * from 83, when the GPU reports 2% with 46,632 MiB (…44:58.097): ten seconds have passed at …45:08.097, and the first sample after that is
 * 93 (…45:08.105). From 110 on the GPU is not in use.
 */
const TABLE = [
  '24 power ok>crit 705.86',
  '37 temperature ok>warn 55',
  '83 temperature warn>ok 45',
  '83 power crit>ok 567.35',
  '93 memory_held_idle ok>warn 10.01',
  '110 memory_held_idle warn>ok 0',
];
const SETTINGS = { tempWarnC: 55, heldMs: 10_000, powerCritW: 600 };

test('temperature 55, held idle for 10 s, power 600 W', () => {
  expect(played(SETTINGS)).toEqual(TABLE);
});

test('failed scrapes hide only the changes they would have reported', () => {
  expect(played(SETTINGS, [16, 17, 30, 60, 61, 88, 90])).toEqual(TABLE);
  expect(played(SETTINGS, [93])).toEqual(
    TABLE.map((line) => line.replace('93 memory_held_idle ok>warn 10.01', '94 memory_held_idle ok>warn 11')),
  );
});

/** 57 is reached at 55, 56 at 56, 57 at 58, and so on. With hysteresis, a value that swings by one degree is reported once. */
test('without hysteresis every swing would be an alert', () => {
  const swings = (hysteresisC: number): string[] =>
    played({ tempWarnC: 57, hysteresisC, heldMs: 0 }).map((line) => line.replace(' temperature', ''));
  expect(swings(2)).toEqual(['55 ok>warn 57', '83 warn>ok 45']);
  expect(swings(0)).toEqual([
    '55 ok>warn 57',
    '56 warn>ok 56',
    '58 ok>warn 57',
    '59 warn>ok 56',
    '60 ok>warn 57',
    '61 warn>ok 56',
    '63 ok>warn 57',
    '67 warn>ok 56',
    '68 ok>warn 57',
    '83 warn>ok 45',
  ]);
});

/** Idle is 5% or less: until 22, then from 83. 20 s have passed at …43:55.545, so 20 (…43:55.028) is still too early, and at …45:18.097. */
test('idle is raised when held memory has no rule of its own', () => {
  expect(played({ idleMs: 20_000, heldMs: 0 })).toEqual([
    '21 idle_utilization ok>warn 0',
    '23 idle_utilization warn>ok 52',
    '104 idle_utilization ok>warn 0',
  ]);
});

test('raises nothing when alerts are off', () => {
  expect(played({ ...SETTINGS, enabled: false })).toEqual([]);
  expect(played({ idleMs: 0, heldMs: 0 })).toEqual([]);
});
