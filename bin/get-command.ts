/** `all-smi-view get TABLE`: prints what the screen would show, for scripts. */
import { AppError } from '../lib/errors.js';
import * as api from '../lib/index.js';
import { GET_OPTIONS, resolveOptions, type Environment, type Flags, type GetOptions } from '../lib/options/options.js';
import { agesOf, coverageOf, type Coverage } from '../lib/query/coverage.js';
import { checkQuery, hasColumn, needsRates, queryTable, type TableQuery } from '../lib/query/table-query.js';
import type { FreeQuery } from '../lib/query/free-table.js';
import { tableNamed, tablesOf } from '../lib/query/tables.js';
import { FORMATS, type Format } from '../lib/run/printed.js';
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
import { jobComplaints } from './job-complaints.js';
import { loadPlugins } from './load-plugins.js';
import { progress } from './query-progress.js';
import { readConfig } from './read-config.js';
import { alertsOf, checkFilter } from './screen-settings.js';
import { signalled } from './signals.js';
import { jobsOf, teamsOf, addressesOf, notesOf, onlyNamed, sourcesOf, timedAt } from './source-settings.js';
import { ClosedPipe, writeOut } from './standard-output.js';

/** What is asked for. */
interface Request {
  readonly options: GetOptions;
  readonly table: Table;
  readonly query: TableQuery;
  readonly format: Format;
  /** Of a node, as --hosts takes it. */
  readonly addressOf: (nodeId: string) => string;
}

export async function get(flags: Flags, env: Environment): Promise<number> {
  const ended = signalled();
  const options = onlyNamed(resolveOptions(GET_OPTIONS, flags, env, await readConfig(flags, env)), flags);
  checkOptions(options);
  const plugins = await loadPlugins([all, users, host, diagnosis], options.plugin ?? [], api);
  const tables = (bareNames: boolean): readonly Table[] => tablesOf(plugins, { ...freeQueryOf(options), bareNames });
  const query = queryOf(options, tables(false));
  if (options.filter !== undefined) await checkFilter(options.filter);
  const sources = await timedAt(sourcesOf({ ...options, start: options.at }, flags, env));
  for (const note of notesOf(sources)) process.stderr.write(note);
  const table = tableNamed(tableOf(options), tables(sources.every(({ kind }) => kind === 'local')));
  const format = options.output;
  const line = progress(process.stderr);
  const run = await timedAt(
    startQuery({
      sources,
      jobs: jobsOf(options, flags),
      ...(await teamsOf(options)),
      plugins,
      alerts: alertsOf(options),
      ...(options.filter === undefined ? {} : { filter: options.filter }),
      ...(options.user === undefined ? {} : { user: options.user }),
      once: options.watch === undefined && table.id !== 'free',
      rates: options.filter !== undefined || needsRates(table, query, FORMATS[format].contents),
      onProgress: line.show,
    }),
  );
  try {
    return await Promise.race([ended, results(run, { options, table, query, format, addressOf: addressesOf(sources) }, line.clear)]);
  } catch (error) {
    // The reader closed the pipe: it has all it needs.
    if (error instanceof ClosedPipe) return 0;
    throw error;
  } finally {
    line.clear();
    await run.stop();
  }
}

async function results(run: QueryRun, request: Request, clear: () => void): Promise<number> {
  const { options, table, format } = request;
  const deadline = after(options.deadline);
  await Promise.race([run.complete, deadline]);
  const room = table.id === 'free' ? await roomFor(run, request, deadline) : true;
  clear();
  const complain = jobComplaints('get');
  for (let round = 0; ; round++) {
    run.tick();
    complain(run.state.jobSources);
    const coverage = coverageOf(run.state.allNodes);
    const text = printed(run, request, coverage, round === 0);
    await writeOut(`${round > 0 && (format === 'table' || format === 'wide') ? '\n' : ''}${text}`);
    if (options.watch === undefined) return exitOf(coverage, options, room);
    await after(options.watch);
  }
}

function printed({ state }: QueryRun, { options, table, query, format, addressOf }: Request, coverage: Coverage, isFirst: boolean): string {
  const ages = agesOf(state.allNodes);
  return FORMATS[format].print({
    table: table.id,
    result: queryTable(table, state, query),
    at: ages && isoTime(ages.at),
    maxAgeSeconds: ages && Math.max(0, state.now - ages.oldestAt) / 1000,
    coverage,
    headers: !(options.noHeaders ?? false) && (isFirst || format !== 'csv'),
    addressOf,
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
      `all-smi-view get: nodes that do not report their processes: ${count(silent)} of the ${count(answered)} that answered (docs/NODES.md)\n`,
    );
  if (!room) throw new AppError('E_NO_ROOM', { gpus: count(gpus) });
  if (strict && failed.length > 0) throw new AppError('E_PARTIAL', { missing: count(failed.length), nodes: count(nodes) });
  return 0;
}

/** Tables without a row of a node that does not report its processes. */
const OF_PROCESSES: ReadonlySet<string> = new Set(['users', 'processes', 'free']);

const MAX_NAMED = 5;

function listed(failed: Coverage['failed']): string {
  const named = failed.slice(0, MAX_NAMED).map(({ node, message }) => `${node} (${message})`);
  const more = failed.length - named.length;
  return [...named, ...(more > 0 ? [`and ${count(more)} more`] : [])].join(', ');
}

/** Whether there are as many free GPUs as are asked for, after watching for as long as that takes. */
async function roomFor(run: QueryRun, { table, options: { gpus, wait, replay } }: Request, deadline: Promise<void>): Promise<boolean> {
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

const freeQueryOf = ({ gpus, model, sameNode = false }: GetOptions): FreeQuery => ({
  ...(gpus === undefined ? {} : { gpus }),
  ...(model === undefined ? {} : { model }),
  sameNode,
});

/** Throws `E_OPTION_BAD` for a table or columns that do not exist, and for a format that the table does not have. */
function queryOf(options: GetOptions, tables: readonly Table[]): TableQuery {
  const { columns, sort, limit, output } = options;
  const table = tableNamed(tableOf(options), tables);
  const query = {
    ...(columns === undefined ? {} : { columns }),
    ...(sort === undefined ? {} : { sort }),
    ...(limit === undefined ? {} : { limit }),
  };
  checkQuery(table, query);
  const { column } = FORMATS[output];
  if (column === undefined) return query;
  if (!hasColumn(table, column)) {
    const others = tables.filter((other) => hasColumn(other, column)).map(({ id }) => id);
    throw new AppError('E_OPTION_BAD', {
      option: `-o ${output}`,
      reason: `${table.id} does not list nodes; these do: ${others.join(', ')}`,
    });
  }
  return { ...query, columns: [column] };
}

/** `users --by account` is the table of accounts. */
const tableOf = ({ table, by = 'user' }: GetOptions): string | undefined => (table === 'users' ? `${by}s` : table);

function checkOptions({ table, by, output, watch, replay, prometheus, at, gpus, model, sameNode, wait }: GetOptions): void {
  const wrong = (option: string, reason: string): AppError => new AppError('E_OPTION_BAD', { option, reason });
  if (watch !== undefined && output === 'json')
    throw wrong('--watch', 'cannot be combined with -o json, which is one document; use -o ndjson');
  if (watch !== undefined && replay) throw wrong('--watch', 'cannot be combined with --replay');
  if (at !== undefined && !replay && prometheus === undefined) throw wrong('--at', 'needs --replay or --prometheus');
  if (watch !== undefined && at !== undefined) throw wrong('--watch', 'cannot be combined with --at');
  if (by !== undefined && table !== 'users') throw wrong('--by', 'is only for get users');
  const ofFree = { '--gpus': gpus, '--model': model, '--same-node': sameNode, '--wait': wait };
  const given = Object.entries(ofFree).find(([, value]) => value !== undefined);
  if (given && table !== 'free') throw wrong(given[0], 'is only for get free');
  if (sameNode && gpus === undefined) throw wrong('--same-node', 'needs --gpus');
}
