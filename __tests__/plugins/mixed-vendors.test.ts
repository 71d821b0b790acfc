/** A cluster with accelerators of all vendors, fed with the output of the mock's nodes: every tab at four sizes. */
import { expect, test } from '@jest/globals';
import diagnosis from '../../plugins/diagnosis/index.js';
import topology from '../../plugins/topology/index.js';
import { expectGolden } from '../helpers/golden.js';
import { mockTexts } from '../helpers/mock-texts.js';
import { TextViewer } from '../helpers/text-viewer.js';
import type { Switches } from '../../lib/mock/mock-types.js';

const NOW = new Date(2026, 7, 7, 14, 32, 7).getTime();
const STEP_MS = 3000;

interface Row {
  readonly platform: string;
  readonly switches?: Partial<Switches>;
  readonly processes?: true;
  readonly then?: 'fails' | 'is late' | 'was never seen';
}
const ROWS: readonly Row[] = [
  { platform: 'nvidia', processes: true, switches: { hardware: true, topology: true } },
  { platform: 'nvidia', processes: true, switches: { mig: true, hardware: true } },
  { platform: 'amd', switches: { vgpu: true } },
  { platform: 'amdgpu' },
  { platform: 'apple' },
  { platform: 'gaudi' },
  { platform: 'tpu' },
  { platform: 'tenstorrent' },
  { platform: 'rebellions' },
  { platform: 'furiosa' },
  { platform: 'jetson' },
  { platform: 'intel', processes: true, then: 'fails' },
  { platform: 'amdgpu', then: 'is late' },
  { platform: 'nvidia', then: 'was never seen' },
];
const NAMES = ROWS.map(({ platform, then }, nth) => `${then?.split(' ').at(-1) ?? platform}-${String(nth + 1).padStart(2, '0')}`);

/** The instance that each node reports. */
const NODES = ROWS.map((_, nth) => `node-${String(nth + 1).padStart(4, '0')}`);

/** Several updates of every node, the last one at the current time. */
function open(cols: number, rows: number, updates = 4): TextViewer {
  const start = NOW - STEP_MS * (updates - 1);
  const viewer = new TextViewer(
    cols,
    rows,
    start,
    NAMES.map((name) => `${name}:9090`),
    [topology, diagnosis],
  );
  for (let step = 0; step < updates; step++) {
    const silent = ({ then }: Row): boolean => then === 'was never seen' || (step > 0 && then !== undefined);
    const texts = ROWS.map((row, nth) => (silent(row) ? '' : mockTexts(row.platform, { ...row, startIndex: nth + 1, step })[0]!));
    viewer.showAll(texts, start + STEP_MS * step);
  }
  for (const [nth, { then }] of ROWS.entries()) {
    if (then === 'fails' || then === 'was never seen') viewer.fail(nth);
    if (then === 'is late') viewer.fail(nth).overdue(nth);
  }
  return viewer;
}

const SIZES = [
  [200, 60],
  [120, 30],
  [80, 24],
  [40, 10],
] as const;

test.each(SIZES)('every tab at %ix%i', (cols, rows) => {
  const viewer = open(cols, rows);
  expectGolden('mixed-all', cols, rows, viewer.screen);
  expectGolden('mixed-all-cards', cols, rows, viewer.press('z').screen);
  expectGolden('mixed-all-by-node', cols, rows, viewer.press('z', 'G').screen);
  expectGolden('mixed-users', cols, rows, viewer.press('V').screen);
  expectGolden('mixed-topology', cols, rows, viewer.press('T').screen);
  expectGolden('mixed-diagnosis', cols, rows, viewer.press('D').screen);
});

const LIVE = ROWS.flatMap(({ then }, nth) => (then === undefined ? [[NAMES[nth]!, nth] as const] : []));
const NO_FIGURE = /NaN|undefined|[^\w-]-\d/;

test.each(SIZES)('every node at %ix%i', (cols, rows) => {
  const viewer = open(cols, rows);
  for (const [name, nth] of LIVE) {
    const { screen } = viewer.press(':', ...Array.from(NODES[nth]!), 'Enter');
    expectGolden(`mixed-host-${name}`, cols, rows, screen);
    expect(screen).not.toMatch(NO_FIGURE);
  }
});

test.each(LIVE)('node %s, all details', (name, nth) => {
  const { screen } = open(120, 45, 2).press(':', ...Array.from(NODES[nth]!), 'Enter', 'z');
  expectGolden(`mixed-host-${name}`, 120, 45, screen);
  expect(screen).not.toMatch(NO_FIGURE);
});
