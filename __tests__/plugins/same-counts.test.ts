/** Random clusters: the title, all tabs, the headings of groups and the tables of `get` count nodes and GPUs the same. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { usersDerivation } from '../../lib/aggregate/users.js';
import { recordsOf } from '../../lib/export/json.js';
import { coverageOf } from '../../lib/query/coverage.js';
import { queryTable } from '../../lib/query/table-query.js';
import { tableNamed, tablesOf } from '../../lib/query/tables.js';
import diagnosis from '../../plugins/diagnosis/index.js';
import { cluster } from '../aggregate/random-cluster.js';
import { BUILT_IN, Driver } from '../helpers/driver.js';
import type { NodeSpec } from '../helpers/hosts.js';

const TABLES = tablesOf([...BUILT_IN, diagnosis]);

/** Memory in use decides whether a GPU is free, and failures whether a node that never answered is down or waiting. */
const activity = fc.array(fc.constantFrom(undefined, 0, 0, 3, 90), { minLength: 1, maxLength: 7 });
const anyCluster: fc.Arbitrary<readonly NodeSpec[]> = fc
  .tuple(fc.array(fc.tuple(activity, fc.boolean()), { minLength: 5, maxLength: 5 }), cluster)
  .map(([more, specs]) =>
    specs.map((spec, nth): NodeSpec => {
      const [utils, failed] = more[nth]!;
      const gpus = spec.gpus.map((gpu, slot) => {
        const utilPercent = utils[slot % utils.length];
        return 'ghost' in gpu || utilPercent === undefined ? gpu : { ...gpu, utilPercent };
      });
      return { ...spec, gpus, ...(spec.state === 'waiting' && failed ? { status: { phase: 'failing' } } : {}) };
    }),
  );

/** The counts in one place; a count that is omitted because it is 0 counts as 0. */
type Counts = Readonly<Record<string, number>>;
function read(text: string, place: RegExp, parts: Readonly<Record<string, RegExp>>): Counts {
  const [found] = place.exec(text) ?? [];
  if (found === undefined) throw new Error(`${place.source} is not on screen:\n${text}`);
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, Number(part.exec(found)?.[1]?.replace(/,/g, '') ?? 0)]));
}

test('all places agree on nodes up, failing, down, waiting and reporting, and on GPUs free, held idle and busy', () => {
  fc.assert(
    fc.property(
      anyCluster.filter(({ length }) => length > 0),
      (hosts) => {
        const driver = new Driver({ hosts, plugins: [diagnosis], cols: 240, rows: 60 });
        const { state } = driver.app;
        const nodes = recordsOf(queryTable(tableNamed('nodes', TABLES), state, {}));
        const sum = (key: string): number => nodes.reduce((all, row) => all + Number(row[key] ?? 0), 0);
        const those = (...statuses: readonly string[]): number => nodes.filter(({ status }) => statuses.includes(status as string)).length;
        const listed = recordsOf(queryTable(tableNamed('gpus', TABLES), state, {}));
        const inState = (name: string): number => listed.filter((row) => row.state === name).length;
        const coverage = coverageOf(state.nodes);

        const of = { up: those('up', 'stale'), all: nodes.length };
        const gpus = { gpus: sum('gpus'), free: sum('gpus_free'), held: sum('gpus_held_idle'), busy: sum('gpus_busy') };
        expect({ up: coverage.answered, all: coverage.nodes }).toEqual(of);
        expect(coverage.failed).toHaveLength(of.all - of.up);
        expect({ gpus: listed.length, free: inState('free'), held: inState('held_idle'), busy: inState('computing') }).toEqual(gpus);

        const overview = driver.frame();
        const title = read(overview, /\d+ of \d+ nodes?.*/, { up: /^(\d+)/, all: /of (\d+)/, gpus: /· (\d+) GPU/ });
        expect(title).toEqual({ ...of, gpus: gpus.gpus });
        if (gpus.gpus > 0) {
          const head = { free: /(\d+) free/, held: /(\d+) held idle/, busy: /(\d+) computing/, unknown: /(\d+) unknown/ };
          const unknown = gpus.gpus - gpus.free - gpus.held - gpus.busy;
          expect({ gpus: gpus.gpus, ...read(overview, /GPUs \d+ computing.*/, head) }).toEqual({ ...gpus, unknown });
          const foot = read(overview, /^ +(?:\d+-\d+ of )?\d+ GPUs?(?: · .*)?$/m, {
            gpus: /(\d+) GPU/,
            out: /(\d+) on nodes that are down/,
            never: /(\d+) nodes? ha\w+ never answered/,
          });
          expect(foot).toEqual({ gpus: gpus.gpus + foot.out!, out: foot.out, never: those('never') });
        }

        const headings = driver.press('G').lines();
        for (const row of nodes) {
          const heading = headings.find((text) => text.includes(` ${row.node as string} `) && /[▸▾]/.test(text));
          if (row.gpus === null) expect(heading ?? '').not.toMatch(/busy|held|free|unknown/);
          if (!row.gpus) continue;
          const words = { busy: /(\d+) of \d+ busy/, held: /(\d+) held idle/, free: /(\d+) free/ };
          const figures = read(heading ?? '', /[▸▾].*/, words);
          expect({ node: row.node, ...figures }).toEqual({
            node: row.node,
            busy: row.gpus_busy,
            held: row.gpus_held_idle,
            free: row.gpus_free,
          });
        }

        const scrapes = read(driver.press('D').frame(), /^ \d+ of \d+ nodes? up.*/m, {
          up: /(\d+) of/,
          all: /of (\d+)/,
          failing: /(\d+) of them failing/,
          down: /(\d+) down/,
          waiting: /(\d+) waiting/,
        });
        expect(scrapes).toEqual({ ...of, failing: those('stale'), down: scrapes.down, waiting: scrapes.waiting });
        expect(of.up + scrapes.down! + scrapes.waiting!).toBe(of.all);
        expect(scrapes.down! + scrapes.waiting!).toBe(those('down', 'never'));
        const strip = /(\d+) down ✕ *$/.exec(overview.split('\n')[1]!)?.[1];
        expect(Number(strip ?? 0)).toBe(scrapes.down);
        if (overview.includes('one mark per node')) {
          const signs = { down: /✕ (\d+) down/, failing: /~ (\d+) failing/, waiting: /… (\d+) waiting/ };
          const { down, failing, waiting } = scrapes;
          expect(read(overview, /one mark per node.*/, signs)).toEqual({ down, failing, waiting });
        }

        const people = driver.press('V').frame();
        const { reporting } = state.derive(usersDerivation).totals;
        expect(coverage.reporting).toBe(reporting);
        const said = /(\d+) of (\d+) nodes? reporting/.exec(people);
        if (said) expect([Number(said[1]), Number(said[2])]).toEqual([reporting, of.all]);
        const silent = driver
          .press('i')
          .lines()
          .filter((text) => /^.{3}node-\d{4} /.test(text));
        expect(silent).toHaveLength(of.all - reporting);
      },
    ),
    { numRuns: 60 },
  );
});
