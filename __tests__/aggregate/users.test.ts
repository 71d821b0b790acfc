import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { UsersTable } from '../../lib/aggregate/users-table.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { buildNodes, type NodeSpec, type ProcSpec, type TestNode } from '../helpers/hosts.js';
import { cluster, host } from './random-cluster.js';
import { oracleTotals, oracleUsers, type OracleHost, type OracleUser } from './users-oracle.js';

const GIB = 2 ** 30;
const merged = (hosts: readonly TestNode[]): UsersTable => new Derivations().derive(usersDerivation, hosts, 1);
const tableOf = (...specs: readonly NodeSpec[]): UsersTable => merged(buildNodes(specs));
const rowOf = (table: UsersTable, user: string): OracleUser => {
  const row = table.find(user);
  if (row < 0) throw new Error(`no user ${user}`);
  return {
    nodes: table.nodes[row]!,
    gpus: table.gpus[row]!,
    procs: table.procs[row]!,
    nodesAll: table.nodesAll[row]!,
    procsAll: table.procsAll[row]!,
    vramBytes: table.vramBytes[row]!,
    powerWatts: table.powerWatts[row]!,
    powerPartial: table.powerPartial[row]!,
    sm: table.sm[row]!,
    longestSeconds: table.longestSeconds[row]!,
    longestOfAll: table.longestOfAll(row),
    system: table.system(row),
    command: table.command(row),
    commandOfAll: table.command(row, true),
  };
};
const users = (table: UsersTable, to = table.count): string[] => Array.from({ length: to }, (_, row) => table.user(row));

describe('computed by hand', () => {
  test('counts a process on two GPUs once, and a shell without a GPU on none', () => {
    const command = 'python train.py --bs=128 --note="run 7"';
    const table = tableOf({
      gpus: [
        { powerWatts: 611.4, memoryUsedBytes: 68719476736 },
        { powerWatts: 128.25, memoryUsedBytes: 17179869184 },
      ],
      procs: [
        { pid: 41022, gpu: 0, user: 'alice', vram: 51539607552, age: 3600, command },
        { pid: 41022, gpu: 1, user: 'alice', vram: 17179869184, command },
        { pid: 881, user: 'root', command: 'sshd: listener', name: 'sshd', age: 99999 },
      ],
    });
    expect(rowOf(table, 'alice')).toEqual({
      nodes: 1,
      gpus: 2,
      procs: 1,
      nodesAll: 1,
      procsAll: 1,
      vramBytes: 64 * GIB,
      powerWatts: 739.65, // 611.4 x 1 + 128.25 x 1
      powerPartial: 0,
      sm: NaN,
      longestSeconds: 3600,
      longestOfAll: 3600,
      system: false,
      command,
      commandOfAll: command,
    });
    expect(users(table)).toEqual(['alice']);
    expect(users(table, table.countAll)).toEqual(['alice', 'root']);
    expect(rowOf(table, 'root')).toMatchObject({
      nodes: 0,
      gpus: 0,
      procs: 0,
      nodesAll: 1,
      procsAll: 1,
      vramBytes: NaN,
      powerWatts: NaN,
      longestSeconds: NaN,
      longestOfAll: 99999,
      command: '',
    });
    expect(table.totals).toEqual({
      reporting: 1,
      nodes: 1,
      allocating: 0,
      gpusInUse: 2,
      ownedBytes: 64 * GIB,
      systemBytes: 0,
      unownedBytes: 16 * GIB, // GPU 0: 64 GiB used, 48 attributed
      attributedWatts: 739.65,
      unattributedWatts: 0,
      attributedByUseWatts: 739.65,
      unattributedByUseWatts: 0,
    });
  });

  test('matches the mock cluster: three nodes of eight GPUs, GPU i with 1 + i mod 4 processes', () => {
    const names = ['inureyes', 'yeonji', 'mira', 'root'];
    const commands = ['train', 'eval', 'infer', 'shim', 'agent'];
    let pid = 10000;
    const procs = Array.from({ length: 8 }, (_, i) => i).flatMap((i) =>
      Array.from({ length: 1 + (i % 4) }, (_, j): ProcSpec => {
        const vram = (96 * GIB) / (1 + (i % 4));
        return { pid: pid++, gpu: i, user: names[(i + j) % 4]!, vram, age: 60 * (1 + 7 * i + j), command: commands[(2 * i + j) % 5]! };
      }),
    );
    const node: NodeSpec = { gpus: Array.from({ length: 8 }, () => ({ powerWatts: 400, memoryUsedBytes: 96 * GIB })), procs };
    const table = tableOf(node, node, node);
    expect(users(table)).toEqual(['inureyes', 'mira', 'root', 'yeonji']);
    // One node: inureyes holds 96, 32, 24, 96, 32 and 24 GiB; as shares of the GPUs 1 + 1/3 + 1/4, twice.
    expect(rowOf(table, 'inureyes')).toMatchObject({
      nodes: 3,
      gpus: 18,
      procs: 18,
      vramBytes: 912 * GIB,
      longestSeconds: 3060,
      command: 'train',
      system: false,
    });
    expect(rowOf(table, 'inureyes').powerWatts).toBeCloseTo(3800, 9); // 3 x 400 x 19/6
    expect(rowOf(table, 'yeonji')).toMatchObject({
      nodes: 3,
      gpus: 12,
      procs: 12,
      vramBytes: 432 * GIB,
      longestSeconds: 3120,
      command: 'infer',
      system: false,
    });
    expect(rowOf(table, 'yeonji').powerWatts).toBeCloseTo(1800, 9); // 3 x 400 x 2 x (1/2 + 1/4)
    expect(rowOf(table, 'mira')).toMatchObject({
      nodes: 3,
      gpus: 18,
      procs: 18,
      vramBytes: 624 * GIB,
      longestSeconds: 3180,
      command: 'shim',
      system: false,
    });
    expect(rowOf(table, 'mira').powerWatts).toBeCloseTo(2600, 9); // 3 x 400 x 2 x (1/2 + 1/3 + 1/4)
    expect(rowOf(table, 'root')).toMatchObject({
      nodes: 3,
      gpus: 12,
      procs: 12,
      vramBytes: 336 * GIB,
      longestSeconds: 3000,
      command: 'train',
      system: true,
    });
    expect(rowOf(table, 'root').powerWatts).toBeCloseTo(1400, 9); // 3 x 400 x 2 x (1/3 + 1/4)
    expect(table.totals).toMatchObject({
      reporting: 3,
      nodes: 3,
      gpusInUse: 24,
      ownedBytes: 2304 * GIB,
      systemBytes: 336 * GIB,
      unownedBytes: 0,
    });
    expect(table.totals.attributedWatts).toBeCloseTo(9600, 9);
  });

  test('divides power by the bytes held: 400 W at 70 to 30 is 280 and 120 W', () => {
    const table = tableOf({
      gpus: [{ powerWatts: 400 }],
      procs: [
        { pid: 1, gpu: 0, user: 'alice', vram: 70 * GIB },
        { pid: 2, gpu: 0, user: 'bob', vram: 30 * GIB },
      ],
    });
    expect([rowOf(table, 'alice').powerWatts, rowOf(table, 'bob').powerWatts]).toEqual([280, 120]);
  });

  test('gives a system account its share of the power, whether its name is known or not', () => {
    const table = tableOf({
      gpus: [{ powerWatts: 300 }],
      procs: [
        { pid: 1, gpu: 0, user: 'alice', vram: GIB },
        { pid: 2, gpu: 0, user: 'root', vram: GIB },
        { pid: 3, gpu: 0, user: '', vram: GIB },
      ],
    });
    expect(['alice', 'root', ''].map((user) => Math.round(rowOf(table, user).powerWatts))).toEqual([100, 100, 100]);
    expect(table.totals.systemBytes).toBe(GIB);
  });

  test('handles missing and negative power, a GPU without bytes, and a GPU known only from processes', () => {
    const table = tableOf({
      gpus: [{}, { powerWatts: -5 }, { powerWatts: 50 }, { powerWatts: 90 }, { ghost: true }],
      procs: [
        { pid: 1, gpu: 0, user: 'silent', vram: 8 },
        { pid: 2, gpu: 1, user: 'negative', vram: 8 },
        { pid: 3, gpu: 2, user: 'empty', vram: 0 },
        { pid: 4, gpu: 4, user: 'ghost', vram: 8 },
        { pid: 5, gpu: 0, user: 'zero', vram: 0 },
      ],
    });
    const power = (user: string): unknown[] => [rowOf(table, user).powerWatts, rowOf(table, user).powerPartial, rowOf(table, user).gpus];
    expect(power('silent')).toEqual([NaN, 1, 1]);
    expect(power('negative')).toEqual([0, 0, 1]);
    expect(power('empty')).toEqual([0, 0, 1]);
    expect(power('ghost')).toEqual([NaN, 1, 1]);
    expect(power('zero')).toEqual([0, 0, 1]);
    // GPU 2 has a process without bytes, GPU 3 has none: their power is unattributed.
    expect(table.totals).toMatchObject({ gpusInUse: 4, attributedWatts: 0, unattributedWatts: 140 });
  });

  test('one pid of two users, on two nodes, with and without a GPU', () => {
    const table = tableOf(
      {
        gpus: 3,
        procs: [
          { pid: 7, gpu: 0, user: 'alice', vram: 1 },
          { pid: 7, gpu: 1, user: 'bob', vram: 1 },
          { pid: 7, gpu: 2, user: 'alice', vram: 1 },
          { pid: 8, user: 'alice' },
          { pid: 9, gpu: 0, user: 'alice', vram: 1 },
          { pid: 9, user: 'alice' },
        ],
      },
      { gpus: 1, procs: [{ pid: 7, gpu: 0, user: 'alice', vram: 1 }] },
      { gpus: 1, procs: [{ pid: 7, user: 'alice' }] },
    );
    expect(rowOf(table, 'alice')).toMatchObject({ nodes: 2, gpus: 3, procs: 3, nodesAll: 3, procsAll: 5 });
    expect(rowOf(table, 'bob')).toMatchObject({ nodes: 1, gpus: 1, procs: 1, nodesAll: 1, procsAll: 1 });
  });

  test('handles more GPUs than a bit mask holds', () => {
    const procs = Array.from({ length: 70 }, (_, gpu): ProcSpec => ({
      pid: 1 + (gpu % 2),
      gpu,
      user: gpu % 3 === 0 ? 'alice' : 'bob',
      vram: 1,
    }));
    const table = tableOf({ gpus: 70, procs });
    expect([rowOf(table, 'alice').gpus, rowOf(table, 'bob').gpus]).toEqual([24, 46]);
    expect([rowOf(table, 'alice').procs, rowOf(table, 'bob').procs]).toEqual([2, 2]);
  });

  test('shows the command of the row with the most memory; ties go to the first node, then the lowest pid, then the first GPU', () => {
    const row = (pid: number, gpu: number, command: string, vram = 5): ProcSpec => ({
      pid,
      gpu,
      user: 'alice',
      vram,
      command,
      name: 'name',
    });
    const command = (...specs: readonly NodeSpec[]): unknown => rowOf(tableOf(...specs), 'alice').command;
    expect(command({ gpus: 2, procs: [row(3, 0, 'c'), row(2, 1, 'b'), row(2, 0, 'a'), row(1, 0, 'small', 4)] })).toBe('a');
    expect(command({ gpus: 1, procs: [row(9, 0, 'first host')] }, { gpus: 1, procs: [row(1, 0, 'second host')] })).toBe('first host');
    expect(command({ gpus: 1, procs: [row(9, 0, 'x')] }, { gpus: 1, procs: [row(1, 0, 'larger', 6)] })).toBe('larger');
    expect(command({ gpus: 1, procs: [row(1, 0, '')] })).toBe('name');
    expect(command({ gpus: 1, procs: [row(1, 0, 'x', 0)] })).toBe('x');
    expect(
      command({
        gpus: 1,
        procs: [
          { ...row(1, 0, 'x', 0), age: 5 },
          { ...row(2, 0, 'older', 0), age: 6 },
        ],
      }),
    ).toBe('older');
  });

  test('counts SM in GPUs, and shows no longest process without reported ages', () => {
    const table = tableOf({
      gpus: 2,
      procs: [
        { pid: 1, gpu: 0, user: 'alice', sm: 97, age: 0 },
        { pid: 1, gpu: 1, user: 'alice', sm: 31 },
        { pid: 2, gpu: 1, user: 'alice' },
        { pid: 3, gpu: 1, user: 'bob', sm: 0 },
        { pid: 4, gpu: 1, user: 'carol' },
      ],
    });
    expect(['alice', 'bob', 'carol'].map((user) => rowOf(table, user).sm)).toEqual([1.28, 0, NaN]);
    expect(['alice', 'bob', 'carol'].map((user) => rowOf(table, user).longestSeconds)).toEqual([0, NaN, NaN]);
  });

  test('nodes that are not up are only in the node count', () => {
    const busy = { gpus: [{ powerWatts: 100, memoryUsedBytes: 2 * GIB }], procs: [{ pid: 1, gpu: 0, user: 'alice', vram: GIB }] };
    const table = tableOf({ ...busy, state: 'failing' }, { ...busy, state: 'overdue' }, { state: 'waiting' });
    expect(rowOf(table, 'alice')).toMatchObject({ nodes: 1, gpus: 1, procs: 1, vramBytes: GIB, powerWatts: 100 });
    expect(table.totals).toEqual({
      reporting: 1,
      nodes: 3,
      allocating: 0,
      gpusInUse: 1,
      ownedBytes: GIB,
      systemBytes: 0,
      unownedBytes: GIB,
      attributedWatts: 100,
      unattributedWatts: 0,
      attributedByUseWatts: 100,
      unattributedByUseWatts: 0,
    });
  });

  test('shows unattributed memory only where processes are exported', () => {
    const gpus = [{ memoryUsedBytes: 5 * GIB, powerWatts: 70 }];
    const silent = tableOf({ gpus });
    expect(silent.totals).toMatchObject({ reporting: 0, unownedBytes: 0, unattributedWatts: 70 });
    const exported = tableOf({ gpus, facts: { processScope: 'gpu' } });
    expect(exported.totals).toMatchObject({ reporting: 1, unownedBytes: 5 * GIB, unattributedWatts: 70 });
  });

  test('has no users without nodes', () => {
    const table = tableOf();
    expect([table.count, table.countAll, table.find(''), table.find('alice')]).toEqual([0, 0, -1, -1]);
    expect(table.totals.nodes).toBe(0);
  });

  test('sorts rows by the bytes of the names, users with GPUs first', () => {
    const names = ['😀', '\uFFFD', 'é', 'b', 'B', '', '10', '9', 'ab', 'a'];
    const table = tableOf({ gpus: 1, procs: [...names.map((user, pid) => ({ pid, gpu: 0, user })), { pid: 99, user: 'aa' }] });
    expect(users(table)).toEqual(['', '10', '9', 'B', 'a', 'ab', 'b', 'é', '\uFFFD', '😀']);
    expect(users(table, table.countAll).at(-1)).toBe('aa');
    expect([...table.nameRank]).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 5]);
    for (const name of [...names, 'aa']) expect(table.user(table.find(name))).toBe(name);
    for (const name of ['c', 'aaa', '\u{10FFFF}', '0']) expect(table.find(name)).toBe(-1);
  });

  test('an infinite reading of one user does not affect others', () => {
    const table = tableOf({
      gpus: [{ powerWatts: 100 }, { powerWatts: 100 }],
      procs: [
        { pid: 1, gpu: 0, user: 'mallory', vram: Infinity },
        { pid: 2, gpu: 1, user: 'alice', vram: 5 },
      ],
    });
    expect(rowOf(table, 'alice')).toMatchObject({ vramBytes: 5, powerWatts: 100 });
    expect(table.totals.attributedWatts).toBe(100);
  });
});

function expectUsers(table: UsersTable, hosts: readonly OracleHost[]): void {
  const expected = oracleUsers(hosts);
  const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const sorted = [...expected.keys()].sort(bytewise);
  const onGpu = sorted.filter((user) => expected.get(user)!.gpus > 0);
  expect(users(table, table.countAll)).toEqual([...onGpu, ...sorted.filter((user) => !onGpu.includes(user))]);
  expect(table.count).toBe(onGpu.length);
  for (const [rank, user] of sorted.entries()) {
    const { powerWatts, ...figures } = expected.get(user)!;
    const row = rowOf(table, user);
    expectClose(row.powerWatts, powerWatts);
    expect(row).toEqual({ ...figures, powerWatts: row.powerWatts });
    expect(table.nameRank[table.find(user)]).toBe(rank);
  }
  for (const [name, value] of Object.entries(oracleTotals(hosts))) expectClose(table.totals[name as keyof typeof table.totals], value);
}
function expectClose(actual: number, expected: number): void {
  if (!Object.is(actual, expected)) expect(Math.abs(actual - expected) / Math.abs(expected)).toBeLessThan(1e-9);
}

describe('random clusters', () => {
  test('match a count with Maps and Sets', () => {
    fc.assert(
      fc.property(cluster, (hosts) => expectUsers(tableOf(...hosts), hosts)),
      { numRuns: 400 },
    );
  });

  test("do not depend on the order of a node's rows", () => {
    const shuffled = cluster.chain((hosts) =>
      fc.tuple(fc.constant(hosts), fc.tuple(...hosts.map(({ procs }) => fc.shuffledSubarray([...procs], { minLength: procs.length })))),
    );
    fc.assert(
      fc.property(shuffled, ([hosts, orders]) =>
        expectUsers(tableOf(...hosts.map((spec, at) => ({ ...spec, procs: orders[at]! }))), hosts),
      ),
    );
  });

  test('give the same result when one node is scraped at a time', () => {
    const scrapes = fc.array(fc.tuple(fc.nat(), host), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(host, { minLength: 1, maxLength: 4 }), scrapes, (specs, later) => {
        const now = [...specs];
        const hosts = buildNodes(specs);
        const derivations = new Derivations();
        expectUsers(derivations.derive(usersDerivation, hosts, 0), now);
        for (const [collector, [pick, spec]] of later.entries()) {
          const at = pick % hosts.length;
          const state = spec.state === 'waiting' ? 'live' : spec.state;
          hosts[at]!.scrape(spec).setStatus({ phase: state === 'live' ? 'live' : 'failing', overdue: state === 'overdue' });
          now[at] = { ...spec, state };
          expectUsers(derivations.derive(usersDerivation, hosts, collector + 1), now);
        }
        expect(derivations.ran).toEqual({ parts: hosts.length + later.length, merges: later.length + 1 });
      }),
    );
  });
});
