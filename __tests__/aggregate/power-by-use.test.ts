/**
 * Power by SM share, on two captures of a real GPU. In both, alice holds 40 GB and never computes, while bob and carol do: what is charged to
 * her beyond what she draws alone is charged wrongly.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { idleFloors } from '../../lib/aggregate/idle-floor.js';
import { gpuShares, userProcesses } from '../../lib/aggregate/user-processes.js';
import { userNodes } from '../../lib/aggregate/user-nodes.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import { compile } from '../../lib/filter/evaluate.js';
import { FilteredNodes } from '../../lib/filter/filtered-nodes.js';
import { parse } from '../../lib/filter/parser.js';
import type { NodeView } from '../../lib/model/node-view.js';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { Node } from '../../lib/model/node.js';
import { fixture, timeline } from '../helpers/captures.js';
import { nodeOf } from '../helpers/text-node.js';

interface Second {
  readonly second: number;
  readonly text: string;
}

function h200(): readonly Second[] {
  const blocks = fixture('h200-live/seconds.txt').split(/^=== /m).slice(1);
  return blocks.flatMap((block) => {
    const [seconds = ''] = block.split('\n', 1);
    const text = block.slice(seconds.length + 1);
    return seconds.split(' ').map((second) => ({ second: Number(second), text }));
  });
}

const MIB = 2 ** 20;

/** What an exporter makes of nvidia-smi's answers: a process that pmon says nothing of used no SM. */
function h100(): readonly Second[] {
  const cells = (text: string): string[][] =>
    text
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(',').map((cell) => cell.trim()));
  const users = new Map([
    [1001, 'alice'],
    [1002, 'bob'],
    [1003, 'carol'],
  ]);
  return timeline().map(({ second, files, ps }) => {
    const [, uuid, name, , util, , used, , , watts, limit] = cells(files['gpu.csv']!)[0]!;
    const gpu = `gpu="${name}", gpu_uuid="${uuid}", gpu_index="0"`;
    const sm = new Map(
      files['pmon.txt']!.split('\n')
        .map((line) => line.trim().split(/\s+/))
        .map((words) => [words[1], Number(words[3]) || 0]),
    );
    const rows = cells(files['apps.csv']!).map(([, pid, , mib]) => {
      const user = users.get(ps.find((row) => row.pid === Number(pid))?.uid ?? -1) ?? '';
      const row = `pid="${pid}", name="python3", user="${user}", gpu_index="0", device_uuid="${uuid}", command="train"`;
      return `all_smi_process_memory_used_bytes{${row}} ${Number(mib) * MIB}\nall_smi_process_gpu_utilization{${row}} ${sm.get(pid) ?? 0}\n`;
    });
    const readings = `all_smi_gpu_utilization{${gpu}} ${util}
all_smi_gpu_memory_used_bytes{${gpu}} ${Number(used) * MIB}
all_smi_gpu_power_consumption_watts{${gpu}} ${watts}
all_smi_gpu_power_limit_max_watts{${gpu}} ${limit}
`;
    return { second, text: readings + rows.join('') };
  });
}

/** The powers of one second: of each user by both rules, of nobody, and of the board as the text has it. */
function powersOf(text: string) {
  const table = new Derivations().derive(usersDerivation, [nodeOf(text)], 1);
  const rows = Array.from({ length: table.count }, (_, row) => row);
  const by = (watts: Float64Array): Map<string, number> => new Map(rows.map((row) => [table.user(row), watts[row]!]));
  const board = Number(/^all_smi_gpu_power_consumption_watts\{.*\} (\S+)$/m.exec(text)?.[1] ?? 0);
  return {
    board,
    byMemory: by(table.powerWatts),
    byUse: by(table.powerByUseWatts),
    estimated: rows.some((row) => table.powerEstimated[row] === 1),
    totals: table.totals,
  };
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, one) => total + one, 0);

describe.each([
  ['an H200', h200],
  ['an H100', h100],
])('on %s, each second', (_name, secondsOf) => {
  const seconds = secondsOf().map(({ second, text }) => ({ second, ...powersOf(text) }));

  test('users and unattributed power add up to the power of the board', () => {
    expect(seconds.length).toBeGreaterThan(100);
    for (const { second, board, byUse, byMemory, totals } of seconds) {
      expect([second, Math.abs(sum(byUse.values()) + totals.unattributedByUseWatts - board) < 1e-9]).toEqual([second, true]);
      expect([second, Math.abs(sum(byMemory.values()) + totals.unattributedWatts - board) < 1e-9]).toEqual([second, true]);
      expect(Math.abs(totals.attributedByUseWatts - sum(byUse.values()))).toBeLessThan(1e-9);
    }
  });

  test('who only holds memory is charged what she draws alone, not what the others use', () => {
    // Alone: the power of the board in the seconds in which only alice is on it, on average.
    const alone = seconds.filter(({ byUse }) => byUse.size === 1 && byUse.has('alice')).map(({ board }) => board);
    expect(alone.length).toBeGreaterThan(10);
    const hers = sum(alone) / alone.length;
    const all = sum(seconds.map(({ board }) => board));
    // Of all power, the part that is charged to her beyond that, second by second.
    const beyond = (rule: 'byUse' | 'byMemory'): number =>
      sum(seconds.map((second) => Math.max(0, (second[rule].get('alice') ?? 0) - hers))) / all;
    expect(beyond('byUse')).toBeLessThan(0.02);
    expect(beyond('byMemory')).toBeGreaterThan(0.4);
  });

  test('who computes is charged for it, and nothing is an estimate', () => {
    const busy = seconds.filter(({ board, byUse }) => board > 600 && byUse.has('bob'));
    expect(busy.length).toBeGreaterThan(30);
    // A process that has just started does not report its SM share yet: two answers on the H200, three seconds each.
    expect(busy.filter(({ estimated }) => estimated).length).toBeLessThanOrEqual(6);
    for (const { second, byUse, board } of busy) {
      const computing = sum([byUse.get('bob') ?? 0, byUse.get('carol') ?? 0]);
      expect([second, computing > board - 130 - 1e-9]).toEqual([second, true]);
    }
  });
});

interface Row {
  readonly user: string;
  readonly gib?: number;
  readonly sm?: number;
}
interface Gpu {
  readonly model?: string;
  readonly watts: number | undefined;
  readonly util?: number;
  readonly limit?: number;
}
function textOf({ model = 'NVIDIA H100 80GB HBM3', watts, util = 50, limit = 700 }: Gpu, rows: readonly Row[]): string {
  const gpu = `gpu="${model}", gpu_uuid="g0", gpu_index="0"`;
  const lines = [
    ...(Number.isNaN(util) ? [] : [`gpu_utilization{${gpu}} ${util}`]),
    `gpu_power_limit_max_watts{${gpu}} ${limit}`,
    ...(watts === undefined ? [] : [`gpu_power_consumption_watts{${gpu}} ${watts}`]),
    ...rows.flatMap(({ user, gib, sm }, nth) => {
      const row = `pid="${nth + 1}", name="p", user="${user}", gpu_index="0", device_uuid="g0", command="p"`;
      return [
        `process_cpu_percent{${row}} 1`,
        ...(gib === undefined ? [] : [`process_memory_used_bytes{${row}} ${gib * 2 ** 30}`]),
        ...(sm === undefined ? [] : [`process_gpu_utilization{${row}} ${sm}`]),
      ];
    }),
  ];
  return lines.map((line) => `all_smi_${line}\n`).join('');
}
function shares(gpu: Gpu, rows: readonly Row[]): Record<string, number | boolean> {
  const { byUse, estimated, totals } = powersOf(textOf(gpu, rows));
  return { ...Object.fromEntries(byUse), nobody: totals.unattributedByUseWatts, estimated };
}
const ROWS: readonly Row[] = [
  { user: 'alice', gib: 3, sm: 0 },
  { user: 'bob', gib: 1, sm: 50 },
];

describe('one GPU', () => {
  test('the floor is shared by memory, the rest by SM share', () => {
    // 124 W: 93 and 31; 400 W more: all of them bob's.
    expect(shares({ watts: 524 }, ROWS)).toEqual({ alice: 93, bob: 431, nobody: 0, estimated: false });
  });

  test('below the floor there is no rest', () => {
    expect(shares({ watts: 100 }, ROWS)).toEqual({ alice: 75, bob: 25, nobody: 0, estimated: false });
  });

  test('without SM shares it is by memory, and marked', () => {
    const rows = ROWS.map(({ user, gib }) => ({ user, gib: gib! }));
    expect(shares({ watts: 400 }, rows)).toEqual({ alice: 300, bob: 100, nobody: 0, estimated: true });
    expect(shares({ watts: 400, util: NaN }, [rows[0]!, ROWS[1]!])).toEqual({ alice: 300, bob: 100, nobody: 0, estimated: true });
  });

  test('a process that does not report its SM share yet gets what the others leave of the utilization', () => {
    const rows = [{ user: 'alice', gib: 3 }, ROWS[1]!];
    // bob used 50 of 50 %; then alice must have used 30 of 80 %: 103.5 of 276 W.
    expect(shares({ watts: 400, util: 50 }, rows)).toEqual({ alice: 93, bob: 307, nobody: 0, estimated: true });
    expect(shares({ watts: 400, util: 80 }, rows)).toEqual({ alice: 196.5, bob: 203.5, nobody: 0, estimated: true });
  });

  test('the power of a GPU with one process is no estimate', () => {
    expect(shares({ watts: 400 }, [{ user: 'alice', gib: 3 }])).toEqual({ alice: 400, nobody: 0, estimated: false });
  });

  test('power far above the floor while nobody computes belongs to nobody', () => {
    const idle = ROWS.map((row) => ({ ...row, sm: 0 }));
    expect(shares({ watts: 424 }, idle)).toEqual({ alice: 93, bob: 31, nobody: 300, estimated: false });
    // Near the floor it is idle power.
    expect(shares({ watts: 140 }, idle)).toEqual({ alice: 105, bob: 35, nobody: 0, estimated: false });
  });

  test('nothing is charged where memory or power is not reported', () => {
    expect(shares({ watts: undefined }, ROWS)).toEqual({ alice: NaN, bob: NaN, nobody: 0, estimated: false });
    expect(shares({ watts: 300 }, [{ user: 'alice', sm: 10 }, ROWS[1]!])).toEqual({ alice: NaN, bob: NaN, nobody: 300, estimated: false });
  });

  test('a filter changes no share, and every level has the same figure', () => {
    const node = nodeOf(textOf({ watts: 524 }, ROWS));
    const filtered = new FilteredNodes(compile(parse('user == bob')!, 'user == bob')).filtered(node);
    const table = (one: NodeView) => new Derivations().derive(usersDerivation, [one], 1);
    expect(Array.from(table(filtered).powerByUseWatts)).toEqual([431]);
    expect(userNodes([node], 'bob')[0]).toMatchObject({ powerByUseWatts: 431, powerEstimated: false });
    expect(gpuShares(node, userProcesses(node, 'bob')[0]!)[0]).toMatchObject({ powerByUseWatts: 431, powerEstimated: false });
  });

  test('any rows and readings: shares are not negative and add up to the board', () => {
    const row = fc.record({
      user: fc.constantFrom('a', 'b', 'c'),
      gib: fc.option(fc.integer({ min: 0, max: 80 }), { nil: undefined }),
      sm: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
    });
    const gpu = fc.record({
      model: fc.constantFrom('NVIDIA H200', 'NVIDIA A100-SXM4-80GB', 'Some GPU', ''),
      watts: fc.double({ min: 0, max: 1000, noNaN: true }),
      util: fc.integer({ min: 0, max: 100 }),
      limit: fc.integer({ min: 1, max: 1000 }),
    });
    fc.assert(
      fc.property(gpu, fc.array(row, { maxLength: 6 }), (one, rows) => {
        const { byUse, totals } = powersOf(textOf(one, rows as readonly Row[]));
        const own = [...byUse.values()].filter((watts) => !Number.isNaN(watts));
        expect(own.every((watts) => watts >= 0)).toBe(true);
        expect(Math.abs(sum(own) + totals.unattributedByUseWatts - one.watts)).toBeLessThan(1e-9);
      }),
    );
  });
});

describe('the idle floor of a GPU', () => {
  const floor = (gpu: Gpu): readonly [number, number] => {
    const { watts, isEstimate } = idleFloors(nodeOf(textOf(gpu, [])));
    return [Math.round(watts[0]!), isEstimate[0]!];
  };

  test('is measured for some models, by data sheet for others, else what was seen, else by the limit', () => {
    expect(floor({ model: 'NVIDIA H200', watts: 300 })).toEqual([130, 0]);
    expect(floor({ model: 'NVIDIA H100 80GB HBM3', watts: 300 })).toEqual([124, 0]);
    expect(floor({ model: 'NVIDIA H100 PCIe', watts: 300 })).toEqual([63, 1]);
    expect(floor({ model: 'NVIDIA A100-SXM4-80GB', watts: 300 })).toEqual([72, 1]);
    expect(floor({ model: 'Some GPU', watts: 300, limit: 500 })).toEqual([90, 1]);
    expect(floor({ model: 'Some GPU', watts: 40, util: 0, limit: 500 })).toEqual([40, 0]);
    // Right after a job the average is still high.
    expect(floor({ model: 'Some GPU', watts: 300, util: 0, limit: 500 })).toEqual([90, 1]);
  });

  test('is the lowest power that was seen, of the same GPU', () => {
    const parser = new Parsers().newParser();
    const node = new Node({ nodeId: 'n1:9090' }, parser.data);
    const after = (gpu: Gpu, uuid = 'g0'): number => {
      parser.push(Buffer.from(textOf({ model: 'Some GPU', ...gpu }, []).replaceAll('g0', uuid)));
      parser.commit(0, 0);
      node.commit({ at: 0 });
      return idleFloors(node).watts[0]!;
    };
    expect([after({ watts: 50, util: 0 }), after({ watts: 300 }), after({ watts: 40, util: 0 }), after({ watts: 45, util: 0 })]).toEqual([
      50, 50, 40, 40,
    ]);
    expect(after({ watts: 300, limit: 500 }, 'another')).toBe(90);
  });
});

test('the fixture has every second', () => {
  expect(h200().map(({ second }) => second)).toEqual(Array.from({ length: 113 }, (_, second) => second));
});
