import { describe, expect, test } from '@jest/globals';
import { clusterDerivation } from '../../lib/aggregate/cluster.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { cardsOf } from '../../lib/aggregate/power-shares.js';
import { gpuShares, userProcesses } from '../../lib/aggregate/user-processes.js';
import { userNodes } from '../../lib/aggregate/user-nodes.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import { compile } from '../../lib/filter/evaluate.js';
import { FilteredNodes } from '../../lib/filter/filtered-nodes.js';
import { parse } from '../../lib/filter/parser.js';
import type { NodeView } from '../../lib/model/node-view.js';
import { nodeOf } from '../helpers/text-node.js';

const GIB = 2 ** 30;

interface Die {
  readonly serial?: string;
  readonly watts?: number;
  readonly card?: number;
}
const labels = (die: number): string => `gpu="RBLN-CA25", instance="n1", gpu_uuid="d${die}", gpu_index="${die}"`;
/** `held`: user, die, GiB (undefined: not reported). */
function text(dies: readonly Die[], held: readonly (readonly [user: string, die: number, gib: number | undefined])[]): string {
  const lines = dies.flatMap(({ serial, watts, card }, die) => [
    `gpu_utilization{${labels(die)}} 5`,
    `gpu_info{${labels(die)}, type="NPU"${serial === undefined ? '' : `, serial_id="${serial}"`}} 1`,
    ...(watts === undefined ? [] : [`gpu_power_consumption_watts{${labels(die)}} ${watts}`]),
    ...(card === undefined ? [] : [`gpu_card_power_watts{${labels(die)}} ${card}`]),
  ]);
  const rows = held.flatMap(([user, die, gib], nth) => {
    const row = `pid="${nth + 1}", name="serve", user="${user}", gpu_index="${die}", device_uuid="d${die}", command="serve ${user}"`;
    return [`process_cpu_percent{${row}} 1`, ...(gib === undefined ? [] : [`process_memory_used_bytes{${row}} ${gib * GIB}`])];
  });
  return [...lines, ...rows].map((line) => `all_smi_${line}\n`).join('');
}

const users = (...nodes: NodeView[]): ReturnType<typeof usersDerivation.merge> => new Derivations().derive(usersDerivation, nodes, 1);
function powers(node: NodeView): Record<string, number> {
  const table = users(node);
  const own = Array.from({ length: table.count }, (_, row) => [table.user(row), table.powerWatts[row]!]);
  return Object.fromEntries([...own, ['nobody', table.totals.unattributedWatts]]) as Record<string, number>;
}
const cluster = (node: NodeView): number => new Derivations().derive(clusterDerivation, [node], 1).powerWatts;

const CARD: readonly Die[] = [{ serial: 'A', watts: 120, card: 120 }, ...[1, 2, 3].map(() => ({ serial: 'A', card: 120 }))];

describe('a board with several dies', () => {
  test('divides its power among the users of all its dies by bytes, and counts it once in every total', () => {
    const node = nodeOf(
      text(CARD, [
        ['alice', 1, 6],
        ['bob', 3, 2],
      ]),
    );
    expect(powers(node)).toEqual({ alice: 90, bob: 30, nobody: 0 });
    expect(cluster(node)).toBe(120);
    expect(users(node).powerPartial.some((partial) => partial === 1)).toBe(false);
    const [alice] = userNodes([node], 'alice');
    expect([alice!.powerWatts, alice!.powerPartial]).toEqual([90, false]);
    expect(gpuShares(node, userProcesses(node, 'bob')[0]!).map(({ powerWatts }) => powerWatts)).toEqual([30]);
  });

  test('divides power the same way when a filter hides any part of it', () => {
    const node = nodeOf(
      text(CARD, [
        ['alice', 1, 6],
        ['bob', 3, 2],
      ]),
    );
    for (const filter of ['user == bob', 'index == 3', 'pid == 2']) {
      const nodes = new FilteredNodes(compile(parse(filter)!, filter));
      expect([filter, powers(nodes.filtered(node)).bob]).toEqual([filter, 30]);
    }
  });

  test('tells two boards apart by serial number in any order, or by the position of the power reading', () => {
    const dies: Die[] = [
      { serial: 'B', card: 50 },
      { serial: 'A', watts: 40, card: 40 },
      { serial: 'B', watts: 50, card: 50 },
      { serial: 'A', card: 40 },
    ];
    expect(cardsOf(nodeOf(text(dies, [])))).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(
      powers(
        nodeOf(
          text(dies, [
            ['alice', 0, 1],
            ['bob', 3, 1],
          ]),
        ),
      ),
    ).toEqual({ alice: 50, bob: 40, nobody: 0 });
    const nameless: Die[] = [{ watts: 60, card: 60 }, { card: 60 }, { watts: 60, card: 60 }, { card: 60 }];
    expect(cardsOf(nodeOf(text(nameless, [])))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(powers(nodeOf(text(nameless, [['alice', 1, 1]])))).toEqual({ alice: 60, nobody: 60 });
  });

  test('handles a board without users, and a user with unknown memory', () => {
    expect(powers(nodeOf(text(CARD, [])))).toEqual({ nobody: 120 });
    expect(
      powers(
        nodeOf(
          text(CARD, [
            ['alice', 1, 6],
            ['bob', 3, undefined],
          ]),
        ),
      ),
    ).toEqual({ alice: NaN, bob: NaN, nobody: 120 });
  });
});

describe('values that are not reported', () => {
  test('leave the memory of the user unknown and the power of the GPU unattributed', () => {
    const node = nodeOf(
      text(
        [{ watts: 310 }, { watts: 60 }],
        [
          ['carol', 0, undefined],
          ['dave', 1, 2],
        ],
      ),
    );
    const table = users(node);
    const carol = table.find('carol');
    expect([table.vramBytes[carol], table.powerWatts[carol], table.powerPartial[carol]]).toEqual([NaN, NaN, 1]);
    expect([table.vramPartial[carol], table.command(carol), table.gpus[carol]]).toEqual([1, 'serve carol', 1]);
    expect(powers(node)).toEqual({ carol: NaN, dave: 60, nobody: 310 });
    expect(userNodes([node], 'carol')[0]).toMatchObject({ vramBytes: NaN, vramPartial: true, powerWatts: NaN });
    expect(userProcesses(node, 'carol')[0]!.vramBytes).toBeNaN();
  });

  test('are left out of a partial sum, which is a minimum; the command comes from the known rows', () => {
    const table = users(
      nodeOf(
        text(
          [{ watts: 310 }, { watts: 60 }],
          [
            ['carol', 0, undefined],
            ['carol', 1, 2],
          ],
        ),
      ),
    );
    expect([table.vramBytes[0], table.vramPartial[0], table.powerWatts[0], table.powerPartial[0]]).toEqual([2 * GIB, 1, 60, 1]);
    expect(table.totals).toMatchObject({ ownedBytes: 2 * GIB, attributedWatts: 60, unattributedWatts: 310, unownedBytes: 0 });
  });

  test('leave the power of all users of the GPU unknown', () => {
    const table = users(nodeOf(text([{}], [['alice', 0, 1]])));
    expect([table.powerWatts[0], table.powerPartial[0]]).toEqual([NaN, 1]);
  });
});
