/** The files that docs/PROMETHEUS.md offers for copying. */
import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { PROMTOOL } from '../../helpers/metric-servers.js';

(PROMTOOL ? test : test.skip)('promtool accepts the rules and the scrape config', () => {
  const rules = spawnSync(PROMTOOL!, ['check', 'rules', 'docs/prometheus/rules.yml'], { encoding: 'utf8' });
  expect([rules.stderr, rules.status]).toEqual(['', 0]);
  const config = spawnSync(PROMTOOL!, ['check', 'config', 'docs/prometheus/scrape.yml'], { encoding: 'utf8' });
  expect([config.stderr, config.status]).toEqual(['', 0]);
});
