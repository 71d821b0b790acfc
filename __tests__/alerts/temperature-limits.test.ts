import { expect, test } from '@jest/globals';
import { Alerts } from '../../lib/alerts/alerts.js';
import { ALERT_DEFAULTS, temperatureLimits } from '../../lib/alerts/rules.js';
import { TestNode } from '../helpers/hosts.js';

const of = (maxOperatingCelsius: number, slowdownCelsius: number, settings: { tempWarnC?: number; tempCritC?: number } = {}) =>
  temperatureLimits({ maxOperatingCelsius, slowdownCelsius }, { ...ALERT_DEFAULTS, ...settings });

test.each([
  ['a GPU that exports the maximum operating and the slowdown temperature', of(87, 90), { warn: 85, crit: 90 }],
  ['only the slowdown temperature', of(NaN, 92), { warn: 90, crit: 92 }],
  ['only the maximum operating temperature', of(95, NaN), { warn: 93, crit: 95 }],
  ['the defaults when it exports neither', of(NaN, NaN), { warn: 80, crit: 90 }],
  ['0 is not a limit', of(0, 0), { warn: 80, crit: 90 }],
  ['a configured threshold takes precedence', of(87, 90, { tempWarnC: 70, tempCritC: 75 }), { warn: 70, crit: 75 }],
  ['each threshold is configured on its own', of(87, 90, { tempCritC: 95 }), { warn: 85, crit: 95 }],
])('%s', (_what, limits, expected) => expect(limits).toEqual(expected));

test.each([
  [{ temperatureCelsius: 84, slowdownCelsius: 90, maxOperatingCelsius: 87 }, {}, false],
  [{ temperatureCelsius: 86, slowdownCelsius: 90, maxOperatingCelsius: 87 }, {}, true],
  [{ temperatureCelsius: 84 }, {}, true],
  [{ temperatureCelsius: 84, slowdownCelsius: 90, maxOperatingCelsius: 87 }, { tempWarnC: 80 }, true],
])('%j with the settings %j: whether an alert is raised is %s', (gpu, settings, warned) => {
  const node = new TestNode({ state: 'waiting', name: 'hot' });
  const alerts = new Alerts({ ...ALERT_DEFAULTS, ...settings }, () => []);
  node.scrape({ gpus: [gpu] }, 1000);
  alerts.update(node, 1000, 9000);
  expect(alerts.active.map(({ rule }) => rule)).toEqual(warned ? ['temperature'] : []);
});
