/** Random clusters, live and replayed: what `get` prints is what the tabs show in the same frame, in every column. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AppState } from '../../lib/app/state.js';
import { recordsOf } from '../../lib/export/json.js';
import { queryTable } from '../../lib/query/table-query.js';
import { tableNamed, tablesOf } from '../../lib/query/tables.js';
import { bytes, count, duration, NONE, percent, watts } from '../../lib/text/format.js';
import diagnosis from '../../plugins/diagnosis/index.js';
import { cluster } from '../aggregate/random-cluster.js';
import type { OracleHost } from '../aggregate/users-oracle.js';
import { BUILT_IN, Driver } from '../helpers/driver.js';
import type { NodeSpec } from '../helpers/hosts.js';
import { inNewDirectory } from '../helpers/recording-player.js';
import { timeOf } from '../helpers/recordings.js';
import { ReplayViewer } from '../helpers/replay-viewer.js';

const TABLES = tablesOf([...BUILT_IN, diagnosis]);
const [COLS, ROWS] = [240, 300];
type Row = Readonly<Record<string, unknown>>;
const get = (state: AppState, table: string): readonly Row[] => recordsOf(queryTable(tableNamed(table, TABLES), state, {}));

/** A number in JSON as a cell shows it. */
const shown = (value: unknown, format: (value: number) => string): string => (value === null ? NONE : format(value as number));
/** `≥`: some of it is not reported. */
const partial = (value: unknown, isPartial: unknown, format: (value: number) => string): string =>
  value === null ? NONE : isPartial === true ? ((value as number) > 0 ? `≥${format(value as number)}` : NONE) : format(value as number);

const words = (line: string): string =>
  line
    .replace(/^[ ▌]*/, '')
    .replace(/\s+/g, ' ')
    .trim();
/** The rows of the table on screen: the lines from its titles to a blank one. */
function tableOn(frame: string, titles: RegExp): readonly string[] {
  const lines = frame.split('\n');
  const head = lines.findIndex((line) => titles.test(line));
  if (head < 0) return [];
  const end = lines.findIndex((line, at) => at > head && line.trim() === '');
  return lines.slice(head + 1, end).map(words);
}

function userLine(row: Row, knows: { readonly sm: boolean; readonly idle: boolean }): string {
  const cells: readonly unknown[] = [
    row.user ?? '?',
    shown(row.nodes, count),
    shown(row.gpus, count),
    ...(knows.idle ? [shown(row.gpus_held_idle, String)] : []),
    shown(row.procs, count),
    partial(row.vram_bytes, row.vram_is_partial, bytes).replace(/^(≥.*) /, '$1'),
    partial(row.power_watts, row.power_is_partial, watts),
    ...(knows.sm ? [shown(row.sm_gpus, (value) => value.toFixed(1))] : []),
    shown(row.longest_seconds, duration),
    row.top_command ?? NONE,
  ];
  return words(cells.map(String).join(' '));
}

function expectUsers(state: AppState, frame: string): void {
  const users = get(state, 'users');
  const knows = { sm: users.some(({ sm_gpus: sm }) => sm !== null), idle: users.some(({ gpus_held_idle: idle }) => idle !== null) };
  const listed = tableOn(frame, /\bUSER\b.*\bVRAM\b/);
  expect([...listed].sort()).toEqual(users.map((row) => userLine(row, knows)).sort());
}

function expectGpus(state: AppState, frame: string): void {
  const listed = tableOn(frame, /\bNODE\b.*\bGPU\b.*\bUTIL\b/);
  for (const row of get(state, 'gpus')) {
    const line = listed.find((text) => text.startsWith(`${String(row.node)} ${String(row.gpu)} `)) ?? '(no such row)';
    const cells = [
      shown(row.util_percent, percent),
      shown(row.temperature_celsius, (value) => `${Math.round(value)}°`),
      shown(row.power_watts, (value) => `${Math.round(value)}W`),
      (row.users as readonly string[]).join(', '),
    ];
    for (const cell of cells) expect(line.replaceAll(' (idle)', '')).toContain(cell);
  }
}

/** The nodes of `get nodes` and of `get scrapes` on the Diagnosis tab. */
function expectNodes(state: AppState, frame: string): void {
  const listed = tableOn(frame, /\bNODE\b.*\bSTATE\b/);
  const nodes = new Map(get(state, 'nodes').map((row) => [row.node, row]));
  const scrapes = get(state, 'scrapes');
  expect([scrapes.length, listed.length]).toEqual([nodes.size, nodes.size]);
  for (const scrape of scrapes) {
    const line = listed.find((text) => text.startsWith(`${String(scrape.node)} `));
    expect(/^\S+ (?:[^a-z] )?([a-z]+)/.exec(line ?? '')?.[1]).toBe(scrape.state);
    const { age_seconds: age, error } = nodes.get(scrape.node) as { readonly age_seconds: number | null; readonly error: string | null };
    expect(age).toBe(scrape.age_seconds);
    if (error !== null) expect([scrape.problem, line]).toEqual([expect.stringContaining(error), expect.stringContaining(error)]);
  }
}

/** Values that a recording has: no negative readings, and processes only of nodes that report them. */
const scraped = (specs: readonly OracleHost[]): readonly NodeSpec[] =>
  specs.map((spec) => ({
    ...spec,
    facts: spec.procs.length > 0 ? { ...spec.facts, hasProcessFamily: true } : spec.facts,
    gpus: spec.gpus.map((gpu, slot) => ({
      ...gpu,
      utilPercent: (slot * 37) % 101,
      ...((gpu.powerWatts ?? 0) < 0 ? { powerWatts: 0 } : {}),
    })),
  }));

const some = cluster.filter(({ length }) => length > 0);

test('live', () => {
  fc.assert(
    fc.property(some, (specs) => {
      const driver = new Driver({ hosts: scraped(specs), plugins: [diagnosis], cols: COLS, rows: ROWS });
      const { state } = driver.app;
      expectGpus(state, driver.frame());
      expectUsers(state, driver.press('V', 'f').frame());
      expectNodes(state, driver.press('D').frame());
    }),
    { numRuns: 40 },
  );
});

describe('replayed', () => {
  inNewDirectory();

  test('the same', async () => {
    for (const specs of fc.sample(some, { numRuns: 15, seed: 3 })) {
      const live = scraped(specs).map((spec): NodeSpec => ({ ...spec, at: timeOf(0), state: 'live' }));
      const viewer = await new ReplayViewer(COLS, ROWS).open(live, 2);
      expectGpus(viewer.app.state, viewer.painter.text());
      expectUsers(viewer.app.state, await viewer.press('V', 'f'));
      await viewer.app.stop();
    }
  });
});
