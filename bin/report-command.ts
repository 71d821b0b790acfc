/** `all-smi-view report`: GPU-hours and energy of recordings, or of what a server has kept, by whose they were. */
import { AppError } from '../lib/errors.js';
import type { UsageBy, UsageTotals } from '../lib/aggregate/usage.js';
import { REPORT_OPTIONS, resolveOptions, type Environment, type Flags, type ReportOptions } from '../lib/options/options.js';
import { cacheDirectory, pathContext } from '../lib/paths.js';
import { checkQuery, queryRows, type TableQuery } from '../lib/query/table-query.js';
import { reportTable } from '../lib/query/report-table.js';
import { CacheDirectory } from '../lib/recording/read/cache-directory.js';
import { FORMATS } from '../lib/run/printed.js';
import { recordedSamples, reportOn } from '../lib/run/report.js';
import type { ReportRange } from '../lib/run/server-samples.js';
import { systemClock } from '../lib/run/system-clock.js';
import type { Ms } from '../lib/model/clock.js';
import { isoTime, parseMoment } from '../lib/text/timecode.js';
import { shareProgress } from './query-progress.js';
import { readConfig } from './read-config.js';
import { pricesOf } from './screen-settings.js';
import { signalled } from './signals.js';
import { reportServer, teamsOf } from './source-settings.js';
import { ClosedPipe, writeOut } from './standard-output.js';

export async function report(flags: Flags, env: Environment): Promise<number> {
  const ended = signalled();
  const options = resolveOptions(REPORT_OPTIONS, flags, env, await readConfig(flags, env));
  checkSource(options, flags);
  const server = await reportServer(options);
  const range = server && rangeOf(options, systemClock.now());
  const prices = pricesOf(options);
  const by = options.by as UsageBy;
  const query = queryOf(options);
  checkQuery(reportTable(by, [], { totals: NOTHING, prices }), query);
  const line = shareProgress(process.stderr);
  try {
    return await Promise.race([ended, printed()]);
  } catch (error) {
    if (error instanceof ClosedPipe) return 0;
    throw error;
  } finally {
    line.clear();
  }

  async function printed(): Promise<number> {
    const samples =
      server && range
        ? await (await import('../lib/run/server-samples.js')).serverSamples(server, range, systemClock)
        : await recordedSamples(options.file!, new CacheDirectory(cacheDirectory(pathContext(env))));
    const onWarning = (text: string): void => {
      line.clear();
      process.stderr.write(`all-smi-view report: ${text}; what is missing is not counted\n`);
    };
    const { rows, totals } = await reportOn(samples, { by, ...(await teamsOf(options)), onProgress: line.show, onWarning });
    line.clear();
    const table = reportTable(by, rows, { totals, prices });
    await writeOut(
      FORMATS[options.output].print({
        table: table.id,
        result: queryRows(table, table.rows(undefined as never), query),
        at: Number.isNaN(totals.to) ? undefined : isoTime(totals.to),
        maxAgeSeconds: undefined,
        coverage: { nodes: totals.nodes, answered: totals.nodes, reporting: totals.nodes, failed: [] },
        headers: !(options.noHeaders ?? false),
        addressOf: (nodeId) => nodeId,
      }),
    );
    return 0;
  }
}

/** Throws `E_OPTION_BAD`. A server that only the config file names is not asked where recordings are given. */
function checkSource({ file, prometheus }: ReportOptions, flags: Flags): void {
  if (file === undefined && prometheus === undefined)
    throw new AppError('E_OPTION_BAD', { option: 'report', reason: 'needs the file names of recordings, or --prometheus' });
  if (file !== undefined && flags.prometheus !== undefined)
    throw new AppError('E_OPTION_BAD', { option: '--prometheus', reason: 'cannot be combined with recordings' });
  const ofServer = ['since', 'until', 'step'].find((flag) => flags[flag] !== undefined);
  if (file !== undefined && ofServer !== undefined)
    throw new AppError('E_OPTION_BAD', { option: `--${ofServer}`, reason: 'needs --prometheus' });
}

/** Throws `E_OPTION_BAD`. */
function rangeOf({ since, until, step }: ReportOptions, now: Ms): ReportRange {
  if (since === undefined) throw new AppError('E_OPTION_BAD', { option: '--since', reason: 'is needed with --prometheus: from when on' });
  const moment = (option: string, typed: string): Ms => {
    const at = parseMoment(typed, now, -new Date(now).getTimezoneOffset());
    if (typeof at === 'string') throw new AppError('E_OPTION_BAD', { option, reason: at });
    return at;
  };
  const from = moment('--since', since);
  const to = until === undefined ? now : moment('--until', until);
  if (from >= to) throw new AppError('E_OPTION_BAD', { option: '--since', reason: 'is not before --until' });
  return { from, to, ...(step === undefined ? {} : { stepMs: step }) };
}

const NOTHING: UsageTotals = {
  ...{ computing: 0, heldIdle: 0, free: 0, unknown: 0, joules: 0, poweredSeconds: 0, nodes: 0, from: NaN, to: NaN },
  nobody: { usedSeconds: 0, idleSeconds: 0, joules: 0 },
};

const queryOf = ({ columns, sort, limit }: ReportOptions): TableQuery => ({
  ...(columns === undefined ? {} : { columns }),
  ...(sort === undefined ? {} : { sort }),
  ...(limit === undefined ? {} : { limit }),
});
