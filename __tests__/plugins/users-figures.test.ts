/** Random clusters, sorted and filtered in any way, against the reference computation. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppState } from '../../lib/app/state.js';
import { tableState } from '../../lib/view/table.js';
import users from '../../plugins/users/index.js';
import { nodesLevel, processesLevel, START, type UsersUi } from '../../plugins/users/drilldown.js';
import { exported } from '../../plugins/users/export.js';
import { cluster } from '../aggregate/random-cluster.js';
import { oracleTotals, oracleUsers, type OracleHost, type OracleUser } from '../aggregate/users-oracle.js';
import { buildNodes } from '../helpers/hosts.js';
import type { SheetCell } from '../../lib/model/sheet.js';

type Cell = SheetCell;
type Row = Readonly<Record<string, Cell>>;

/** The rows of an export, by column. */
function rowsOf(ui: UsersUi, hosts: readonly OracleHost[]): Row[] {
  const { columns, rows } = exported(ui, new AppState([users], 3000, buildNodes(hosts))).sheet;
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]])));
}
const number = (cell: Cell): number => cell as number;
/** Unknown values add nothing. */
const known = (cell: Cell): number => number(cell) || 0;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, value) => total + value, 0);
function expectClose(actual: number, expected: number): void {
  if (!Object.is(actual, expected)) expect(Math.abs(actual - expected) / Math.abs(expected)).toBeLessThan(1e-9);
}

/** A value of a user, by the name of the sort column. */
const FIGURES: Readonly<Record<string, (user: OracleUser, all: boolean) => number>> = {
  nodes: (user, all) => (all ? user.nodesAll : user.nodes),
  gpus: (user) => user.gpus,
  procs: (user, all) => (all ? user.procsAll : user.procs),
  vram: (user) => user.vramBytes,
  power: (user) => user.powerWatts,
  sm: (user) => user.sm,
  longest: (user, all) => (all ? user.longestOfAll : user.longestSeconds),
};
const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

test('users, their values and their order match', () => {
  const view = fc.record({
    sort: fc.constantFrom('user', ...Object.keys(FIGURES)),
    descending: fc.boolean(),
    system: fc.boolean(),
    all: fc.boolean(),
  });
  fc.assert(
    fc.property(cluster, view, (hosts, { sort, descending, system, all }) => {
      const ui: UsersUi = {
        ...START,
        showSystem: system,
        countAll: all,
        levels: [{ ...START.levels[0]!, table: tableState(sort, descending) }],
      };
      const rows = rowsOf(ui, hosts);
      const expected = oracleUsers(hosts);
      const shown = [...expected].filter(([, user]) => (system || !user.system) && (all || user.gpus > 0)).map(([name]) => name);
      expect(rows.map(({ user }) => user).sort()).toEqual(shown.sort());
      for (const row of rows) {
        const user = expected.get(row.user as string)!;
        expect(row).toMatchObject({
          is_system: user.system,
          nodes: all ? user.nodesAll : user.nodes,
          gpus: user.gpus,
          procs: all ? user.procsAll : user.procs,
          vram_bytes: user.vramBytes,
          longest_seconds: all ? user.longestOfAll : user.longestSeconds,
          top_command: all ? user.commandOfAll : user.command,
          power_is_partial: user.powerPartial === 1,
        });
        expectClose(number(row.power_watts), user.powerWatts);
      }
      expectSorted(rows, expected, { sort, descending, all });
    }),
    { numRuns: 300 },
  );
});

/** Adjacent rows are in order: by value, unreported values last, ties by name, processes of unknown users last. */
function expectSorted(
  rows: readonly Row[],
  expected: ReadonlyMap<string, OracleUser>,
  { sort, descending, all }: { sort: string; descending: boolean; all: boolean },
): void {
  for (let at = 1; at < rows.length; at++) {
    const [a, b] = [rows[at - 1]!, rows[at]!].map(({ user }) => user as string);
    if (sort === 'user') {
      if (a !== '' && b !== '') expect(bytewise(a!, b!) * (descending ? -1 : 1)).toBeLessThan(0);
      else expect(b).toBe('');
      continue;
    }
    const [left, right] = [a, b].map((name) => FIGURES[sort]!(expected.get(name!)!, all));
    if (Number.isNaN(left)) expect(right).toBeNaN();
    // Sums of power may differ in the last digit.
    if (sort === 'power' && Math.abs(left! - right!) <= 1e-9 * Math.abs(left!)) continue;
    if (Object.is(left, right)) expect(bytewise(a!, b!)).toBeLessThan(0);
    else if (!Number.isNaN(right)) expect(descending ? left! > right! : left! < right!).toBe(true);
  }
}

test('the nodes of a user add up to the user, and the processes on a node to the node', () => {
  fc.assert(
    fc.property(cluster, fc.boolean(), (hosts, all) => {
      for (const [name, user] of oracleUsers(hosts)) {
        if (!all && user.gpus === 0) continue;
        const base: UsersUi = { ...START, countAll: all };
        const own = rowsOf({ ...base, levels: [...base.levels, nodesLevel('user', name)] }, hosts);
        expect(own).toHaveLength(all ? user.nodesAll : user.nodes);
        expect(sum(own.map(({ gpus }) => number(gpus)))).toBe(user.gpus);
        expect(sum(own.map(({ procs }) => number(procs)))).toBe(all ? user.procsAll : user.procs);
        expect(sum(own.map((row) => known(row.vram_bytes)))).toBe(user.vramBytes || 0);
        expectClose(sum(own.map((row) => known(row.power_watts))), user.powerWatts || 0);
        for (const row of own) {
          const level = processesLevel({ by: 'user', user: name }, row.address as string, row.host as string);
          const processes = rowsOf({ ...base, levels: [...base.levels, nodesLevel('user', name), level] }, hosts);
          expect(processes).toHaveLength(number(row.procs));
          expect(sum(processes.map((process) => known(process.vram_bytes)))).toBe(known(row.vram_bytes));
          expect(new Set(processes.map(({ pid }) => pid)).size).toBe(processes.length);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('attributed and unattributed power add up to the reported power', () => {
  fc.assert(
    fc.property(cluster, (hosts) => {
      const rows = rowsOf({ ...START, showSystem: true }, hosts);
      const reported = hosts
        .filter(({ state }) => state === 'live' || state === 'failing')
        .flatMap(({ gpus }) => gpus.map(({ powerWatts = 0 }) => Math.max(0, powerWatts)));
      expectClose(sum(rows.map((row) => known(row.power_watts))) + oracleTotals(hosts).unattributedWatts!, sum(reported));
    }),
  );
});
