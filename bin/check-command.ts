/** `all-smi-view check`: one line and an exit code for a monitoring system. */
import { AppError } from '../lib/errors.js';
import { CHECK_OPTIONS, resolveOptions, type Environment, type Flags } from '../lib/options/options.js';
import { check as evaluated } from '../lib/query/check.js';
import { startQuery } from '../lib/run/query-run.js';
import { systemClock } from '../lib/run/system-clock.js';
import { printCheck } from './check-output.js';
import { readConfig } from './read-config.js';
import { alertsOf } from './screen-settings.js';
import { signalled } from './signals.js';
import { jobsOf, onlyNamed, sourcesOf, timedAt } from './source-settings.js';

/**
 * 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. Whatever keeps the check from being made is UNKNOWN, with the reason in the line: what this throws
 * becomes that in failure.ts.
 */
export function check(flags: Flags, env: Environment): Promise<number> {
  return Promise.race([signalled(), checked(flags, env)]);
}

async function checked(flags: Flags, env: Environment): Promise<number> {
  const options = onlyNamed(resolveOptions(CHECK_OPTIONS, flags, env, await readConfig(flags, env)), flags);
  const { replay, prometheus, at, over = 0, deadline, minFree, maxDown } = options;
  if (at !== undefined && !replay && prometheus === undefined)
    throw new AppError('E_OPTION_BAD', { option: '--at', reason: 'needs --replay or --prometheus' });
  if (over > 0 && replay) throw new AppError('E_OPTION_BAD', { option: '--over', reason: 'cannot be combined with --replay' });
  const sources = await timedAt(sourcesOf({ ...options, start: at }, flags, env));
  const alerts = alertsOf(options);
  const startedAt = systemClock.now();
  const run = await timedAt(startQuery({ sources, jobs: jobsOf(options, flags), plugins: [], alerts, once: over === 0, rates: false }));
  try {
    await Promise.race([run.complete, after(deadline === undefined ? undefined : deadline * 1000)]);
    if (over > 0) await after(over - (systemClock.now() - startedAt));
    run.tick();
    const watchedMs = replay ? run.watchedMs() : over;
    return await printCheck(evaluated(run.state, { alerts, minFree, maxDown, watchedMs }));
  } finally {
    await run.stop();
  }
}

const after = (ms: number | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (ms !== undefined) systemClock.after(Math.max(0, ms), resolve);
  });
