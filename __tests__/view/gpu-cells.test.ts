import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GpuOwner } from '../../lib/aggregate/gpu-owners.js';
import type { Span } from '../../lib/view/frame.js';
import { GPU_COLUMNS, modelName, type GpuTableRows } from '../../lib/view/gpu-cells.js';
import { screenColumns, tableCells } from '../../lib/view/table-columns.js';
import type { Cell, Cells, FittingCell } from '../../lib/view/table.js';
import { TestNode, type GpuSpec, type NodeSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const spans = (cell: Cell, cols = Infinity): readonly Span[] => {
  if (typeof cell === 'string') return [{ text: cell }];
  if ('fit' in cell) return spans(cell.fit(cols));
  return 'text' in cell ? [cell] : cell;
};
const text = (cell: Cell): string =>
  spans(cell)
    .map((part) => part.text)
    .join('');
const tones = (cell: Cell): unknown[] => spans(cell).map(({ tone }) => tone);

const rowsOf = (node: TestNode, owners: readonly GpuOwner[]): GpuTableRows => ({
  node: () => node,
  slot: (row) => row,
  value: (row, field) => (row < node.gpus.count ? node.gpus.field[field][row]! : NaN),
  owners: () => owners,
});
const gpuCells = (node: TestNode, slot: number, owners: readonly GpuOwner[], cols: number): Cells =>
  tableCells(GPU_COLUMNS, slot, rowsOf(node, owners), cols);

const cellsOf = (gpu: GpuSpec, owners: readonly GpuOwner[] = [], more: NodeSpec = {}, cols = 80) =>
  gpuCells(new TestNode({ gpus: [gpu], ...more }), 0, owners, cols);
const owner = (user: string): GpuOwner => ({ user, vramBytes: 1, longestSeconds: 5, isIdle: false });

test.each([
  ['NVIDIA H100 80GB HBM3', 'H100 80GB'],
  ['NVIDIA A100-SXM4-80GB', 'A100-80GB'],
  ['NVIDIA A100-PCIE-40GB', 'A100-40GB'],
  ['NVIDIA B200 192GB HBM3', 'B200 192GB'],
  ['NVIDIA GeForce RTX 4090', 'GeForce RTX 4090'],
  ['AMD Instinct MI300X', 'MI300X'],
  ['Tesla V100-SXM2-32GB', 'V100-32GB'],
  ['NVIDIA', 'NVIDIA'],
  ['', ''],
])('the model of %j is %j', (name, model) => {
  expect(modelName(name)).toBe(model);
});

test('shows readings, with bars where they fit', () => {
  const gpu = {
    index: 3,
    name: 'NVIDIA H100 80GB HBM3',
    utilPercent: 97,
    memoryUsedBytes: 61.2 * GIB,
    memoryTotalBytes: 79.6 * GIB,
    temperatureCelsius: 71,
    powerWatts: 611.4,
    powerLimitWatts: 700,
    frequencyMhz: 1980,
  };
  const shown = (cols: number): string[] => Object.values(cellsOf(gpu, [owner('alice'), owner('bob')], {}, cols)).map(text);
  expect(shown(80)).toEqual(['3', 'H100 80GB', ' 97%', ' 61.2/79.6G', '71°', '611/700W', '1980MHz', 'alice, bob']);
  expect(shown(110).slice(2, 4)).toEqual(['███████▊  97%', '██████▏░  61.2/79.6G']);
  expect(text(cellsOf(gpu, [], {}, 200).util!)).toBe('███████████████▌  97%');
});

test('shows nothing for unreported values', () => {
  for (const cols of [80, 120]) {
    const shown = Object.values(cellsOf({}, [], {}, cols)).map((cell) => text(cell).trim());
    expect(shown).toEqual(['0', '–', '–', '–', '–', '–', '–', '–']);
  }
});

test('memory never takes more than its column, whatever is reported', () => {
  const amount = fc.oneof(fc.double({ min: 0, max: 2 ** 50, noNaN: true }), fc.constantFrom(0, 1, 1023, 2 ** 50));
  fc.assert(
    fc.property(amount, amount, (memoryUsedBytes, memoryTotalBytes) => {
      const shown = text(cellsOf({ memoryUsedBytes, memoryTotalBytes }).vram!);
      expect(shown).toHaveLength(11);
      expect(shown.trim()).toMatch(/^!?[\d.]+\/[\d.]+[A-Z]$/);
    }),
  );
});

test.each<[used: number | undefined, total: number | undefined, shown: string]>([
  [0, 80 * GIB, '0.0/80.0G'],
  [120 * GIB, 192 * GIB, '120/192G'],
  [1.5 * 1024 * GIB, 2 * 1024 * GIB, '1.50/2.00T'],
  [300 * 2 ** 20, 512 * 2 ** 20, '300/512M'],
  [undefined, 80 * GIB, '–/80.0G'],
  [3 * GIB, undefined, '3.0G'],
  [0, 0, '0.0/0.0B'],
  [500 * GIB, 1, '!500/0.0G'],
])('memory %p of %p is %s', (memoryUsedBytes, memoryTotalBytes, shown) => {
  const gpu = {
    ...(memoryUsedBytes === undefined ? {} : { memoryUsedBytes }),
    ...(memoryTotalBytes === undefined ? {} : { memoryTotalBytes }),
  };
  expect(text(cellsOf(gpu).vram!).trim()).toBe(shown);
});

describe('unusual values have a mark and a tone', () => {
  test.each<[gpu: GpuSpec, shown: string]>([
    [{ temperatureCelsius: 84.4 }, '84°'],
    [{ temperatureCelsius: 85 }, '!85°'],
    [{ temperatureCelsius: 85, maxOperatingCelsius: 93 }, '85°'],
    [{ temperatureCelsius: 93, maxOperatingCelsius: 93 }, '!93°'],
    [{ temperatureCelsius: 88, slowdownCelsius: 90 }, '88°'],
    [{ temperatureCelsius: 90, slowdownCelsius: 90 }, '!90°'],
  ])('%j is %s', (gpu, shown) => {
    const cell = cellsOf(gpu).temp!;
    expect(text(cell)).toBe(shown);
    expect(tones(cell)).toEqual([shown.startsWith('!') ? 'bad' : undefined]);
  });

  test('marks memory that is nearly full', () => {
    const cell = cellsOf({ memoryUsedBytes: 79 * GIB, memoryTotalBytes: 80 * GIB }, [], {}, 200).vram!;
    expect(text(cell)).toContain('!79.0/80.0G');
    expect(tones(cell)).toEqual(['bad', 'bad']);
  });

  test('marks a GPU that is held idle, but not one with stale readings or without processes', () => {
    const idle = { utilPercent: 0, memoryUsedBytes: 40 * GIB };
    const who = (...args: Parameters<typeof cellsOf>): string => text(cellsOf(...args).who!);
    expect(who(idle, [owner('alice'), owner('')])).toBe('alice, ? (held idle)');
    expect(tones(cellsOf(idle, [owner('alice')]).who!)).toEqual(['bad']);
    expect(who({ ...idle, utilPercent: 5 }, [owner('alice')])).toBe('alice');
    expect(who({ ...idle, memoryUsedBytes: GIB }, [owner('alice')])).toBe('alice');
    expect(who(idle, [owner('alice')], { state: 'overdue' })).toBe('alice');
  });

  test('a long name keeps its end; of several names the last are cut', () => {
    const fitted = (cell: Cell, cols: number): string =>
      spans(cell, cols)
        .map((part) => part.text)
        .join('');
    const idle = { utilPercent: 0, memoryUsedBytes: 40 * GIB };
    const long = [owner('christopher.some-name-0001')];
    expect(fitted(cellsOf({ utilPercent: 90 }, long).who!, 16)).toBe('christ…name-0001');
    expect(fitted(cellsOf({ utilPercent: 90 }, [owner('alice@corp.example.com')]).who!, 12)).toBe('alice@corp.…');
    expect(fitted(cellsOf(idle, long).who!, 16)).toBe('chri…e-0001 held');
    expect(fitted(cellsOf(idle, [...long, owner('bob')]).who!, 16)).toBe('christophe… held');
  });

  test('shows unattributed memory, a node that does not report its processes, and a free GPU', () => {
    const who = (gpu: GpuSpec, facts: NodeSpec['facts']): string => text(cellsOf(gpu, [], { ...(facts ? { facts } : {}) }).who!);
    expect(who({ memoryUsedBytes: 40 * GIB }, { hasProcessFamily: true })).toBe('?');
    expect(who({ memoryUsedBytes: 40 * GIB }, { hasProcessFamily: false })).toBe('–');
    expect(who({ memoryUsedBytes: GIB }, { hasProcessFamily: true })).toBe('');
    expect(who({}, { processScope: 'off' })).toBe('–');
  });
});

test('shows a GPU known only from its processes', () => {
  const host = new TestNode({ gpus: [{ utilPercent: 3 }, { index: 7, ghost: true }] });
  const shown = Object.values(gpuCells(host, 1, [owner('alice')], 80)).map((cell) => text(cell).trim());
  expect(shown).toEqual(['7', '–', '–', '–', '–', '–', '–', 'alice']);
});

test('the columns match the cells', () => {
  const columns = (cols: number) => screenColumns(GPU_COLUMNS, rowsOf(new TestNode({ gpus: [{}] }), []), cols);
  for (const cols of [40, 80, 120, 200]) expect(columns(cols).map(({ id }) => id)).toEqual(Object.keys(cellsOf({}, [], {}, cols)));
});

test.each<[watts: number, limit: number | undefined, cols: number, shown: string]>([
  [611.4, 700, 9, '611/700W'],
  [160, 1000, 9, '160/1000W'],
  [1034, 1200, 9, '1034/1200'],
  [1034, 1200, 11, '1034/1200W'],
  [1034, 12_000, 9, '1.03 kW'],
  [123_456, undefined, 5, '123 kW'],
])('%d W of %p in %d columns is %s: a value is never cut', (powerWatts, powerLimitWatts, cols, shown) => {
  const { power } = cellsOf({ powerWatts, ...(powerLimitWatts === undefined ? {} : { powerLimitWatts }) });
  expect(spans((power as FittingCell).fit(cols) as Span)[0]!.text).toBe(shown);
});
