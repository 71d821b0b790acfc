import { freezeNode } from '../helpers/snapshot.js';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clusterDerivation } from '../../lib/aggregate/cluster.js';
import { gpuRowsDerivation } from '../../lib/aggregate/gpu-owners.js';
import type { UsersTable } from '../../lib/aggregate/users-table.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import { Derivations, type Derivation } from '../../lib/aggregate/derivations.js';
import { compile } from '../../lib/filter/evaluate.js';
import { FilteredNodes } from '../../lib/filter/filtered-nodes.js';
import { parse } from '../../lib/filter/parser.js';
import { loadRegexEngine } from '../../lib/filter/regex.js';
import { whyNotReporting, type NodeView } from '../../lib/model/node-view.js';
import { claims, pairsOf, specs, type Spec } from '../helpers/filters.js';
import { buildNodes, TestNode, type NodeSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;

beforeAll(loadRegexEngine);

const filtered = (text: string): FilteredNodes => new FilteredNodes(compile(parse(text)!, text));
const derive = <P, T>(derivation: Derivation<P, T>, nodes: Iterable<NodeView>): T => new Derivations().derive(derivation, nodes, 1);

/** The node with nothing but the rows that match. */
function reduced(spec: Spec, ofGpu: readonly boolean[], ofProc: readonly boolean[]): NodeSpec {
  const slots = spec.gpus.flatMap((_, slot) => (ofGpu[slot] ? [slot] : []));
  const gpus = slots.map((slot) => ({ index: slot, ...spec.gpus[slot] }));
  const procs = spec.procs.flatMap((proc, row) => (ofProc[row] ? [{ ...proc, gpu: slots.indexOf(proc.gpu!) }] : []));
  return { ...spec, gpus, procs };
}

test('a filtered node equals a node with only the matching rows', () => {
  fc.assert(
    fc.property(specs, claims, (spec, claim) => {
      const { ofGpu, ofProc } = pairsOf(spec, claim);
      const masked = filtered(claim.text).filtered(new TestNode(spec));
      const plain = new TestNode(reduced(spec, ofGpu, ofProc));
      expect(freezeNode(masked)).toEqual(freezeNode(plain));
      expect([masked.gpus.count, masked.gpus.slots]).toEqual([plain.gpus.count, plain.gpus.slots]);
      if (masked.gpus.origin) expect([...masked.gpus.origin]).toEqual([...ofGpu.keys()].filter((slot) => ofGpu[slot]));
    }),
    { numRuns: 400 },
  );
});

/** The values of a user, including NaN. */
function rowOf(users: UsersTable, user: string): unknown {
  const row = users.find(user);
  if (row < 0) return undefined;
  const { nodes, gpus, procs, nodesAll, procsAll, vramBytes, powerWatts, powerPartial, sm, longestSeconds } = users;
  const columns = { nodes, gpus, procs, nodesAll, procsAll, vramBytes, powerWatts, powerPartial, sm, longestSeconds };
  return { ...Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[row]])), command: users.command(row) };
}

test('the values of a user are the same with and without other users on screen', () => {
  const cluster = fc.array(
    fc.record({
      gpus: fc.array(fc.record({ powerWatts: fc.constantFrom(NaN, 0, 100, 700), memoryUsedBytes: fc.constant(50) }), { maxLength: 3 }),
      procs: fc.array(
        fc.record({
          pid: fc.nat(9),
          gpu: fc.integer({ min: -1, max: 2 }),
          user: fc.constantFrom('ann', 'bob', ''),
          vram: fc.constantFrom(0, 1, 10),
          age: fc.constantFrom(NaN, 1, 2),
          sm: fc.constantFrom(NaN, 0, 50),
          command: fc.constantFrom('a', 'b'),
        }),
        { maxLength: 8 },
      ),
    }),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(cluster, (records) => {
      const hosts = buildNodes(
        records.map(({ gpus, procs }) => ({
          gpus,
          procs: procs.map((proc) => ({ ...proc, gpu: proc.gpu < gpus.length ? proc.gpu : -1 })),
        })),
      );
      const all = derive(usersDerivation, hosts);
      const ann = derive(usersDerivation, filtered('user == ann').of(hosts));
      expect(rowOf(ann, 'ann')).toEqual(rowOf(all, 'ann'));
      expect(ann.countAll).toBe(all.find('ann') < 0 ? 0 : 1);
    }),
    { numRuns: 400 },
  );
});

/** Two nodes; on GPU 0 of the first, alice holds 30 of the 40 GiB and bob 10. */
const PAIR: readonly NodeSpec[] = [
  {
    gpus: [
      { powerWatts: 400, utilPercent: 90, memoryUsedBytes: 41 * GIB, memoryTotalBytes: 80 * GIB },
      { powerWatts: 100, utilPercent: 0, memoryUsedBytes: 0, memoryTotalBytes: 80 * GIB },
    ],
    procs: [
      { pid: 1, gpu: 0, user: 'alice', vram: 30 * GIB },
      { pid: 2, gpu: 0, user: 'bob', vram: 10 * GIB },
    ],
    memory: [{ usedBytes: 1, totalBytes: 2 }],
  },
  { gpus: [{ powerWatts: 70, memoryUsedBytes: 3 * GIB }], memory: [{ usedBytes: 2, totalBytes: 2 }] },
];

describe('totals of matching rows', () => {
  const hosts = buildNodes(PAIR);

  test('of users: 400 W times 30/40, 30 GiB attributed, 1 GiB unattributed', () => {
    const { totals } = derive(usersDerivation, filtered('user == alice').of(hosts));
    expect(totals).toMatchObject({ gpusInUse: 1, ownedBytes: 30 * GIB, unownedBytes: GIB, attributedWatts: 300, unattributedWatts: 0 });
    // The second node does not report its users, and alice may be one of them: the totals cover only part of the cluster.
    expect([totals.reporting, totals.nodes]).toEqual([1, 2]);
  });

  test('of the cluster: the unchanged GPU and its node', () => {
    expect(derive(clusterDerivation, filtered('user == alice').of(hosts))).toMatchObject({
      gpus: 1,
      computing: 1,
      powerWatts: 400,
      memoryUsedBytes: 41 * GIB,
      ramUsedBytes: 1,
      ramReported: 1,
    });
    expect(derive(clusterDerivation, filtered('user == carol').of(hosts))).toMatchObject({ gpus: 0, powerReported: 0, ramReported: 0 });
  });

  test('list GPUs with all their users', () => {
    const rows = derive(gpuRowsDerivation, filtered('user == alice').of(hosts));
    expect(rows.count).toBe(1);
    expect(rows.owners(0).map(({ user }) => user)).toEqual(['alice', 'bob']);
  });

  test('count matching rows', () => {
    expect(filtered('user == alice').counts(hosts)).toEqual({ gpus: 1, gpusAll: 3, procs: 1, nodes: 1 });
    expect(filtered('util == 0').counts(hosts)).toEqual({ gpus: 1, gpusAll: 3, procs: 0, nodes: 1 });
    expect(filtered('host == node-0002').counts(hosts)).toEqual({ gpus: 1, gpusAll: 3, procs: 0, nodes: 1 });
    expect(filtered('not user == x').counts(hosts)).toEqual({ gpus: 3, gpusAll: 3, procs: 2, nodes: 2 });
    const down = buildNodes([PAIR[0]!, { ...PAIR[1]!, state: 'overdue' }]);
    expect(filtered('not user == x').counts(down)).toEqual({ gpus: 2, gpusAll: 2, procs: 2, nodes: 1 });
  });

  test('leave out an excluded node, but keep any other node even without matching rows', () => {
    expect([...filtered('host == node-0002').of(hosts)].map(({ name: label }) => label)).toEqual(['node-0002']);
    expect([...filtered('user == alice').of(hosts)].map(({ name: label }) => label)).toEqual(['node-0001', 'node-0002']);
  });

  test('a node that does not report processes stays that way when a filter hides the GPUs that show it', () => {
    expect(whyNotReporting(hosts[1]!)).toBe('no process export');
    expect(whyNotReporting(filtered('util > 3').filtered(hosts[1]!))).toBe('no process export');
    expect(whyNotReporting(filtered('util > 3').filtered(hosts[0]!))).toBeUndefined();
  });
});

describe('over time', () => {
  test('after many filters and scrapes, the result equals that of the last filter alone', () => {
    const step = fc.record({ claim: claims, spec: fc.option(specs, { nil: undefined }) });
    fc.assert(
      fc.property(specs, fc.array(step, { minLength: 1, maxLength: 6 }), (first, steps) => {
        const host = new TestNode(first);
        const derivations = new Derivations();
        let spec = first;
        let nodes: FilteredNodes | undefined;
        let version = 0;
        for (const [at, { claim, spec: next }] of steps.entries()) {
          if (next) {
            spec = { ...next, nodeId: first.name, name: first.name };
            host.scrape(spec);
          }
          nodes = new FilteredNodes(compile(parse(claim.text)!, claim.text), nodes);
          const { ofGpu, ofProc } = pairsOf(spec, claim);
          const plain = new TestNode(reduced(spec, ofGpu, ofProc));
          const masked = nodes.filtered(host);
          expect(freezeNode(masked)).toEqual(freezeNode(plain));
          expect(masked.version).toBeGreaterThan(version);
          ({ version } = masked);
          const scope = { key: String(at) };
          const found = derivations.derive(usersDerivation, nodes.of([host]), at, scope);
          const alone = derive(usersDerivation, filtered(claim.text).of([new TestNode(spec)]));
          expect([rowOf(found, 'ann'), rowOf(found, 'bob'), found.totals]).toEqual([
            rowOf(alone, 'ann'),
            rowOf(alone, 'bob'),
            alone.totals,
          ]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('is evaluated once per version, and its structure changes when other rows match', () => {
    const host = new TestNode({ gpus: [{ temperatureCelsius: 50 }, { temperatureCelsius: 90 }] });
    let asked = 0;
    const filter = compile(parse('temp > 80')!, '');
    const masked = new FilteredNodes({ ...filter, test: (place) => (asked++, filter.test(place)) }).filtered(host);
    expect([masked.gpus.slots, masked.procs.count, masked.gpus.index[0]]).toEqual([1, 0, 1]);
    expect(asked).toBe(2);
    const { structure } = masked;
    host.commit({ at: 1 }, 'values');
    expect([masked.version, masked.structure, masked.gpus.slots]).toEqual([2, structure, 1]);
    expect(asked).toBe(4);
    host.scrape({ gpus: [{ temperatureCelsius: 91 }, { temperatureCelsius: 90 }] });
    expect(masked.structure).toBeGreaterThan(structure);
    expect(masked.gpus.slots).toBe(2);
  });

  test('a scrape that only changes values can change the matching rows', () => {
    const host = new TestNode({ gpus: [{ temperatureCelsius: 50 }], procs: [{ pid: 1, gpu: 0, user: 'ann', vram: 5 }] });
    const nodes = filtered('temp > 80');
    const derivations = new Derivations();
    const users = (collector: number): number => derivations.derive(usersDerivation, nodes.of([host]), collector).count;
    expect(users(1)).toBe(0);
    host.gpus.field.temperatureCelsius[0] = 90;
    host.commit({ at: 1 }, 'values');
    expect(users(2)).toBe(1);
    host.gpus.field.temperatureCelsius[0] = 50;
    host.commit({ at: 2 }, 'values');
    expect(users(3)).toBe(0);
  });
});
