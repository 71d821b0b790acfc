/** `all-smi-view get TABLE`: prints what the screen would show, for scripts. */
import { AppError } from '../lib/errors.js';
import * as api from '../lib/index.js';
import { GET_OPTIONS, resolveOptions, type Environment, type Flags, type GetOptions } from '../lib/options/options.js';
import { agesOf, coverageOf, type Coverage } from '../lib/query/coverage.js';
import { checkQuery, queryTable, type TableQuery } from '../lib/query/table-query.js';
import { tableNamed, tablesOf } from '../lib/query/tables.js';
import { FORMAT_COLUMN, FORMATS, type Format } from '../lib/run/printed.js';
import { startQuery, type QueryRun } from '../lib/run/query-run.js';
import { systemClock } from '../lib/run/system-clock.js';
import type { Table } from '../lib/plugin/types.js';
import { LIMITS } from '../lib/model/limits.js';
import { count } from '../lib/text/format.js';
import { isoTime } from '../lib/text/timecode.js';
import all from '../plugins/all/index.js';
import diagnosis from '../plugins/diagnosis/index.js';
import host from '../plugins/host/index.js';
import users from '../plugins/users/index.js';
import { loadPlugins } from './load-plugins.js';
import { progress } from './query-progress.js';
import { readConfig } from './read-config.js';
import { alertsOf, checkFilter } from './screen-settings.js';
import { signalled } from './signals.js';
import { notesOf, onlyNamed, sourcesOf, timedAt } from './source-settings.js';
import { ClosedPipe, writeOut } from './standard-output.js';

export async function get(flags: Flags, env: Environment): Promise<number> {
  const ended = signalled();
  const options = onlyNamed(resolveOptions(GET_OPTIONS, flags, env, await readConfig(flags, env)), flags);
  checkOptions(options);
  const plugins = await loadPlugins([all, users, host, diagnosis], options.plugin ?? [], api);
  const free = {
    ...(options.gpus === undefined ? {} : { gpus: options.gpus }),
    ...(options.model === undefined ? {} : { model: options.model }),
    sameNode: options.sameNode ?? false,
  };
  const query = queryOf(options);
  const format: Format = options.output;
  const named = (bareNames: boolean): Table => tableNamed(options.table, tablesOf(plugins, { ...free, bareNames }));
  checkQuery(named(false), { ...query, columns: [...(query.columns ?? []), ...(FORMAT_COLUMN[format] ? [FORMAT_COLUMN[format]] : [])] });
  if (options.filter !== undefined) await checkFilter(options.filter);
  const sources = await timedAt(sourcesOf({ ...options, start: options.at }, flags, env));
  for (const note of notesOf(sources)) process.stderr.write(note);
  const table = named(sources.every(({ kind }) => kind === 'local'));
  const line = progress(process.stderr);
  const run = await timedAt(
    startQuery({
      sources,
      plugins,
      alerts: alertsOf(options),
      ...(options.filter === undefined ? {} : { filter: options.filter }),
      ...(options.user === undefined ? {} : { user: options.user }),
      onProgress: line.show,
    }),
  );
  try {
    return await Promise.race([ended, results(run, table, options, query, format, line.clear)]);
  } catch (error) {
    // The reader of the pipe has had enough.
    if (error instanceof ClosedPipe) return 0;
    throw error;
  } finally {
    line.clear();
    await run.stop();
  }
}

async function results(
  run: QueryRun,
  table: Table,
  options: GetOptions,
  query: TableQuery,
  format: Format,
  clear: () => void,
): Promise<number> {
  const deadline = after(options.deadline);
  await Promise.race([run.complete, deadline]);
  const isFree = table.id === 'free';
  const room = isFree ? await roomFor(run, table, options, deadline) : true;
  clear();
  for (let round = 0; ; round++) {
    run.tick();
    const coverage = coverageOf(run.state.allNodes);
    const text = printed(run, table, { ...query, columns: columnsFor(format, query) }, format, coverage, {
      headers: !(options.noHeaders ?? false) && (round === 0 || format !== 'csv'),
    });
    await writeOut(`${round > 0 && (format === 'table' || format === 'wide') ? '\n' : ''}${text}`);
    if (options.watch === undefined) return exitOf(coverage, options, room);
    await after(options.watch);
  }
}

const columnsFor = (format: Format, { columns }: TableQuery): readonly string[] | undefined =>
  FORMAT_COLUMN[format] === undefined ? columns : [FORMAT_COLUMN[format]];

function printed(
  run: QueryRun,
  table: Table,
  { columns, ...query }: Omit<TableQuery, 'columns'> & { readonly columns: readonly string[] | undefined },
  format: Format,
  coverage: Coverage,
  { headers }: { readonly headers: boolean },
): string {
  const { state } = run;
  const ages = agesOf(state.allNodes);
  const result = queryTable(table, state, columns ? { ...query, columns } : query);
  return FORMATS[format]({
    table: table.id,
    result,
    at: ages && isoTime(ages.at),
    maxAgeSeconds: ages && Math.max(0, state.now - ages.oldestAt) / 1000,
    coverage,
    headers,
  });
}

/** Reports what is missing; the exit code. Throws `E_NO_ANSWER`, `E_PARTIAL` or `E_NO_ROOM`. */
function exitOf({ nodes, answered, reporting, failed }: Coverage, { table = '', strict, gpus = 1 }: GetOptions, room: boolean): number {
  if (answered === 0) throw new AppError('E_NO_ANSWER', { reason: failed[0] === undefined ? 'there is none' : listed(failed) });
  if (failed.length > 0)
    process.stderr.write(`all-smi-view get: ${count(failed.length)} of ${count(nodes)} nodes missing: ${listed(failed)}\n`);
  const silent = answered - reporting;
  if (OF_PROCESSES.has(table) && silent > 0)
    process.stderr.write(
      `all-smi-view get: ${count(silent)} of ${count(answered)} nodes that answered ${silent === 1 ? 'does' : 'do'} not report processes (docs/NODES.md)\n`,
    );
  if (!room) throw new AppError('E_NO_ROOM', { reason: `fewer than ${count(gpus)} ${gpus === 1 ? 'GPU is' : 'GPUs are'} free` });
  if (strict && failed.length > 0) throw new AppError('E_PARTIAL', { missing: count(failed.length), nodes: count(nodes) });
  return 0;
}

/** Tables that say nothing of a node that does not report its processes. */
const OF_PROCESSES: ReadonlySet<string> = new Set(['users', 'processes']);

const MAX_NAMED = 5;

function listed(failed: Coverage['failed']): string {
  const named = failed.slice(0, MAX_NAMED).map(({ node, message }) => `${node} (${message})`);
  const more = failed.length - named.length;
  return [...named, ...(more > 0 ? [`and ${count(more)} more`] : [])].join(', ');
}

/** Whether there are as many free GPUs as are asked for, after watching for as long as that takes. */
async function roomFor(run: QueryRun, table: Table, { gpus, wait, replay }: GetOptions, deadline: Promise<void>): Promise<boolean> {
  const enough = (): boolean => {
    run.tick();
    return table.rows(run.state).rows.length > 0;
  };
  if (replay) return gpus === undefined || enough();
  const over = Promise.race([deadline, after(LIMITS.freeSeconds + (wait === undefined ? GRACE_SECONDS : wait / 1000))]);
  if (gpus === undefined && wait === undefined) {
    await over;
    return true;
  }
  const found = new Promise<void>((resolve) => {
    run.onDelivery(() => {
      if (enough()) resolve();
    });
  });
  await Promise.race([over, found]);
  return enough();
}

/** The sample that completes the time may be an interval late. */
const GRACE_SECONDS = 10;

/** Never, for no time and for an endless one. */
function after(seconds: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (seconds !== undefined && Number.isFinite(seconds)) systemClock.after(seconds * 1000, resolve);
  });
}

const queryOf = ({ columns, sort, limit }: GetOptions): TableQuery => ({
  ...(columns === undefined ? {} : { columns }),
  ...(sort === undefined ? {} : { sort }),
  ...(limit === undefined ? {} : { limit }),
});

function checkOptions({ table, output, watch, replay, at, gpus, model, sameNode, wait }: GetOptions): void {
  const wrong = (option: string, reason: string): AppError => new AppError('E_OPTION_BAD', { option, reason });
  if (watch !== undefined && output === 'json')
    throw wrong('--watch', 'cannot be combined with -o json, which is one document; use -o ndjson');
  if (watch !== undefined && replay) throw wrong('--watch', 'cannot be combined with --replay');
  if (at !== undefined && !replay) throw wrong('--at', 'needs --replay');
  const ofFree = { '--gpus': gpus, '--model': model, '--same-node': sameNode, '--wait': wait };
  const given = Object.entries(ofFree).find(([, value]) => value !== undefined);
  if (given && table !== 'free') throw wrong(given[0], 'is only for get free');
  if (sameNode && gpus === undefined) throw wrong('--same-node', 'needs --gpus');
}
