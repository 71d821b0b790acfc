import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { gpuShares, userProcesses } from '../../lib/aggregate/user-processes.js';
import { userNodes } from '../../lib/aggregate/user-nodes.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { included } from '../../lib/model/node-view.js';
import { buildNodes, type ProcSpec } from '../helpers/hosts.js';
import { cluster, host as anyHost, NAMES } from './random-cluster.js';
import { oracleUsers, type OracleHost } from './users-oracle.js';
import { commandOf } from '../../lib/aggregate/process-figures.js';

function expectClose(actual: number, expected: number): void {
  if (!Object.is(actual, expected)) expect(Math.abs(actual - expected) / Math.abs(expected)).toBeLessThan(1e-9);
}
const known = (numbers: readonly number[]): number => sum(numbers.filter((number) => !Number.isNaN(number)));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
/** The sum of the known values; NaN if none is known. */
function sumKnown(numbers: readonly number[]): number {
  const known = numbers.filter((number) => !Number.isNaN(number));
  return known.length === 0 ? NaN : sum(known);
}

describe('nodes of a user', () => {
  test('each node shows what a cluster of that node alone would show, whether it is up or not', () => {
    fc.assert(
      fc.property(cluster, fc.constantFrom(...NAMES), (specs, user) => {
        const hosts = buildNodes(specs);
        const found = userNodes(hosts, user);
        const expected = specs.flatMap((spec, at) => {
          const own = oracleUsers([{ ...spec, state: spec.procs.length > 0 ? 'live' : spec.state }]).get(user);
          return own ? [{ ...own, at }] : [];
        });
        expect(found.map(({ node }) => node)).toEqual(expected.map(({ at }) => hosts[at]));
        for (const [nth, { at, powerWatts, ...own }] of expected.entries()) {
          const row = found[nth]!;
          expectClose(row.powerWatts, powerWatts);
          const slots = new Set(specs[at]!.procs.filter((proc) => proc.user === user && proc.gpu >= 0).map(({ gpu }) => gpu));
          expect({ ...row, command: commandOf(row.node, row.topRow) }).toMatchObject({
            slots: [...slots].sort((a, b) => a - b),
            procs: own.procs,
            procsAll: own.procsAll,
            vramBytes: own.vramBytes,
            powerPartial: own.powerPartial === 1,
            sm: own.sm,
            longestSeconds: own.longestSeconds,
            longestOfAllSeconds: own.longestOfAll,
            command: own.commandOfAll,
          });
        }
      }),
      { numRuns: 300 },
    );
  });

  test('the nodes that are up add up to the user', () => {
    fc.assert(
      fc.property(cluster, (specs) => {
        const hosts = buildNodes(specs);
        const table = new Derivations().derive(usersDerivation, hosts, 1);
        for (let row = 0; row < table.countAll; row++) {
          const found = userNodes(hosts, table.user(row)).filter(({ node }) => included(node));
          const sms = found.map(({ sm }) => sm).filter((sm) => !Number.isNaN(sm));
          const ages = found.map(({ longestSeconds }) => longestSeconds).filter((age) => !Number.isNaN(age));
          expect({
            nodes: found.filter(({ slots }) => slots.length > 0).length,
            nodesAll: found.length,
            gpus: sum(found.map(({ slots }) => slots.length)),
            procs: sum(found.map(({ procs }) => procs)),
            procsAll: sum(found.map(({ procsAll }) => procsAll)),
            vramBytes: sumKnown(found.map(({ vramBytes }) => vramBytes)) || 0,
            vramPartial: found.some(({ vramPartial }) => vramPartial),
            partial: found.some(({ powerPartial }) => powerPartial),
            longest: ages.length === 0 ? NaN : Math.max(...ages),
            longestOfAll: Math.max(...found.map(({ longestOfAllSeconds }) => (longestOfAllSeconds >= 0 ? longestOfAllSeconds : -1))),
          }).toEqual({
            nodes: table.nodes[row],
            nodesAll: table.nodesAll[row],
            gpus: table.gpus[row],
            procs: table.procs[row],
            procsAll: table.procsAll[row],
            vramBytes: table.vramBytes[row]! || 0,
            vramPartial: table.vramPartial[row] === 1,
            partial: table.powerPartial[row] === 1,
            longest: table.longestSeconds[row],
            longestOfAll: table.longestOfAll(row) >= 0 ? table.longestOfAll(row) : -1,
          });
          // 0 W from some nodes and no reading from the others: the sum is unknown.
          expectClose(sumKnown(found.map(({ powerWatts }) => powerWatts)) || 0, table.powerWatts[row]! || 0);
          if (sms.length === 0) expect(table.sm[row]).toBeNaN();
          else expectClose(sum(sms), table.sm[row]!);
        }
      }),
    );
  });

  test('an infinite reading is not a power value, as in the users table', () => {
    const hosts = buildNodes([{ gpus: [{ powerWatts: 100 }], procs: [{ pid: 1, gpu: 0, user: 'mallory', vram: Infinity }] }]);
    expect(userNodes(hosts, 'mallory')[0]!.powerWatts).toBe(0);
  });
});

describe('processes of a user on a node', () => {
  test("random nodes: each pid appears once with all its rows; bytes, GPUs and power add up to the node's total for the user", () => {
    fc.assert(
      fc.property(anyHost, fc.constantFrom(...NAMES), (spec, user) => {
        const [host] = buildNodes([spec]);
        const found = userProcesses(host!, user);
        const own = spec.procs.filter((proc) => proc.user === user);
        expect(found.map(({ pid }) => pid)).toEqual([...new Set(own.map(({ pid }) => pid))]);
        for (const process of found)
          expectProcess(
            process,
            own.filter(({ pid }) => pid === process.pid),
          );
        const [total] = userNodes([host!], user);
        // 0 from some processes and no reading from the others: the sum is unknown.
        expect(sumKnown(found.map(({ vramBytes }) => vramBytes)) || 0).toBe((total?.vramBytes ?? 0) || 0);
        const shares = found.flatMap((process) => gpuShares(host!, process));
        expect(new Set(shares.map(({ slot }) => slot)).size).toBe(total?.slots.length ?? 0);
        expectClose(sum(shares.map(({ powerWatts }) => powerWatts || 0)), (total?.powerWatts ?? 0) || 0);
      }),
      { numRuns: 300 },
    );
  });

  function expectProcess(process: ReturnType<typeof userProcesses>[number], own: OracleHost['procs']): void {
    const onGpu = own.filter(({ gpu }) => gpu >= 0);
    const sms = onGpu.map(({ sm }) => sm).filter((sm) => !Number.isNaN(sm));
    const ages = own.map(({ age }) => age).filter((age) => !Number.isNaN(age));
    expect(process.rows).toHaveLength(own.length);
    expect(process.slots).toEqual(onGpu.map(({ gpu }) => gpu).sort((a, b) => a - b));
    const vrams = onGpu.map(({ vram }) => vram);
    const least = known(vrams);
    // Nothing on one GPU and an unknown number of bytes on another: the total is unknown.
    expect(process.vramBytes).toBe(vrams.length === 0 || (least === 0 && vrams.some(Number.isNaN)) ? NaN : least);
    expect(process.ageSeconds).toBe(ages.length === 0 ? NaN : Math.max(...ages));
    if (sms.length === 0) expect(process.smPercent).toBeNaN();
    else expectClose(process.smPercent, sum(sms));
  }

  test('reports the share of a process in each of its GPUs, and the other users there', () => {
    const on = (pid: number, gpu: number, user: string, vram: number, more: Partial<ProcSpec> = {}): ProcSpec => ({
      pid,
      gpu,
      user,
      vram,
      ...more,
    });
    const [host] = buildNodes([
      {
        gpus: [{ powerWatts: 100 }, { powerWatts: -5 }, {}],
        procs: [
          on(7, 1, 'alice', 4, { sm: 50 }),
          on(7, 0, 'alice', 3, { sm: 10 }),
          on(7, 2, 'alice', 2),
          on(8, 0, 'alice', 1),
          on(9, 0, 'zoe', 2),
          on(10, 0, 'bob', 2),
          on(11, 0, 'zoe', 4),
        ],
      },
    ]);
    const [first] = userProcesses(host!, 'alice');
    expect(first).toMatchObject({ pid: 7, slots: [0, 1, 2], vramBytes: 9, smPercent: 60 });
    expect(gpuShares(host!, first!)).toEqual([
      // GPU 0: 3 of 12 bytes of 100 W.
      {
        slot: 0,
        vramBytes: 3,
        smPercent: 10,
        powerWatts: 25,
        // By memory: the idle power of the GPU is not known.
        powerByUseWatts: 25,
        powerEstimated: true,
        others: [
          { user: 'zoe', vramBytes: 6, longestSeconds: NaN, isIdle: false },
          { user: 'bob', vramBytes: 2, longestSeconds: NaN, isIdle: false },
        ],
      },
      { slot: 1, vramBytes: 4, smPercent: 50, powerWatts: 0, powerByUseWatts: 0, powerEstimated: false, others: [] },
      { slot: 2, vramBytes: 2, smPercent: NaN, powerWatts: NaN, powerByUseWatts: NaN, powerEstimated: false, others: [] },
    ]);
  });

  test('keeps a process of another user with the same pid separate, as in containers', () => {
    const row = (user: string, vram: number) => ({ pid: 7, gpu: 0, user, vram });
    const [host] = buildNodes([{ gpus: 1, procs: [row('alice', 4), row('bob', 2)] }]);
    const [first] = userProcesses(host!, 'alice');
    expect(first).toMatchObject({ pid: 7, vramBytes: 4 });
    expect(gpuShares(host!, first!)[0]!.others).toMatchObject([{ user: 'bob', vramBytes: 2 }]);
  });
});
