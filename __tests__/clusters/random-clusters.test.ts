/**
 * Random clusters over time, checked against values computed independently from the same texts: users, nodes, GPUs, processes, bytes,
 * power, longest, command and totals, in tables, CSV, JSON and on screen. A failure prints the seed and the smallest failing cluster.
 */
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import Papa from 'papaparse';
import { csvOf } from '../../lib/export/csv.js';
import { jsonOf } from '../../lib/export/json.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import type { Table } from '../../lib/plugin/types.js';
import { ranges } from '../../lib/text/number-ranges.js';
import { tableSheet } from '../../lib/view/table-columns.js';
import type { OracleUser } from '../aggregate/users-oracle.js';
import { bytesText, durationText, expectedOf, wattsText, type Expected } from './expected.js';
import { NodeModel, scenario, type Scenario } from './scenario.js';
import { byHand, ClusterViewer, overHttp, Servers, type Feed } from './viewer.js';

/** Time limit for each of the two runs, however many clusters it has checked. */
const RUN_MS = 6000;

type Row = Readonly<Record<string, unknown>>;
/** The rows of a file; CSV cells are texts, so they are compared as texts. */
interface File {
  readonly rows: readonly Row[];
  readonly about: Row;
}
const csvFile = (text: string): readonly Row[] => {
  const { data, errors } = Papa.parse<Row>(text, { header: true, skipEmptyLines: true, delimiter: ',' });
  expect(errors).toEqual([]);
  return data;
};
function jsonFile(text: string): File {
  const { rows, ...about } = JSON.parse(text) as { rows: Row[] };
  return { rows, about };
}

const guarded = (text: string): string => (/^\s*[=+\-@]/.test(text) ? `'${text}` : text);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

class Check {
  readonly #viewer: ClusterViewer;
  readonly #expected: Expected;
  readonly #slack: number;
  readonly #names: readonly string[];

  constructor(viewer: ClusterViewer, expected: Expected, slack: number) {
    this.#viewer = viewer;
    this.#expected = expected;
    this.#slack = slack;
    const onGpu = [...expected.users].filter(([, { gpus }]) => gpus > 0);
    const held = ({ vramBytes }: OracleUser): number => orNull(vramBytes) ?? -1;
    onGpu.sort(([a, one], [b, other]) => held(other) - held(one) || bytewise(a, b));
    this.#names = onGpu.map(([name]) => name);
  }

  async all(): Promise<void> {
    this.#totals();
    this.#processTable();
    this.#gpuTable();
    await this.#usersTable();
    this.#screen();
  }

  #file({ columns, rows }: Table): readonly [csv: readonly Row[], json: readonly Row[]] {
    const found = rows(this.#viewer.app.state);
    const sheet = tableSheet(columns, Array.from(found.rows), found.data, {});
    return [csvFile(csvOf(sheet)), jsonFile(jsonOf(sheet)).rows];
  }

  #table(id: string): readonly [csv: readonly Row[], json: readonly Row[]] {
    const tables = this.#viewer.app.state.plugins.flatMap(({ tables: list = [] }) => list);
    return this.#file(tables.find((table) => table.id === id)!);
  }

  #totals(): void {
    const { totals } = this.#viewer.app.state.derive(usersDerivation);
    const { totals: expected } = this.#expected;
    const near = Object.entries(expected).map(([name, value]) => [name, orNear(totals[name as keyof typeof totals], value)]);
    expect(Object.fromEntries(near)).toEqual(expected);
  }

  #processTable(): void {
    const [csv, json] = this.#table('processes');
    const key = ({ node_id, pid, user }: Row): string => JSON.stringify([node_id, pid, user]);
    const expected = new Map(this.#expected.processes.map((row) => [key(row as unknown as Row), row]));
    const text = (value: unknown, decimals = 0): string => (value === null ? '' : Number(value).toFixed(decimals));
    const found = json.map(({ command, started_at, account, container, job, namespace, pod, runs_as, on_others_gpu, ...row }): Row => {
      // These nodes know of no jobs.
      expect([account, container, job, namespace, pod, runs_as, on_others_gpu]).toEqual([null, null, null, null, null, null, false]);
      expect(started_at === null).toBe(row.running_seconds === null);
      const { commands = [], running_seconds = null } = expected.get(key(row)) ?? {};
      const age = this.#orNearAge(row.running_seconds, running_seconds);
      return { ...row, running_seconds: age, commands: commands.includes(textOf(command)) ? commands : [command] };
    });
    const wanted = [...expected.values()].map((row): Row => ({ ...row }));
    expectSame(inOrder(found, key), inOrder(wanted, key));
    const written = json.map((row) => ({
      node: row.node,
      node_id: row.node_id,
      pid: text(row.pid),
      user: guarded(textOf(row.user)),
      gpu_indexes: guarded(ranges(row.gpu_indexes as readonly number[])),
      vram_bytes: text(row.vram_bytes),
      sm_percent: text(row.sm_percent, 1),
      cpu_percent: text(row.cpu_percent, 2),
      running_seconds: row.running_seconds === null ? '' : text(Math.trunc(Number(row.running_seconds))),
      command: guarded(textOf(row.command)),
    }));
    expectSame(csv, written);
  }

  #gpuTable(): void {
    const [csv, json] = this.#table('gpus');
    const key = ({ node_id, gpu, uuid }: Row): string => JSON.stringify([node_id, gpu, uuid]);
    const expected = this.#expected.gpus.map((gpu): Row => ({ ...gpu }));
    const compared = json.map((row) => Object.fromEntries(Object.keys(expected[0] ?? {}).map((name) => [name, row[name]])));
    expectSame(inOrder(compared, key), inOrder(expected, key));
    expectSame(
      csv.map(({ users }) => users),
      json.map(({ users }) => guarded((users as readonly string[]).join(', '))),
    );
  }

  async #usersTable(): Promise<void> {
    const { totals } = this.#expected;
    this.#viewer.press('V');
    const [csv, json] = [await this.#viewer.export('e'), await this.#viewer.export('E')];
    if (this.#names.length === 0) {
      expect([csv, json]).toEqual(['', '']);
      return;
    }
    const [written, { rows, about }] = [csvFile(csv), jsonFile(json)];
    expect(about).toMatchObject({ table: 'users', nodes: totals.nodes, reporting_nodes: totals.reporting });
    const shown = (name: string): string => name || '(unattributed)';
    expect(rows.map(({ user }) => user)).toEqual(this.#names.map((name) => name || null));
    this.#names.forEach((name, at) => {
      const user = this.#expected.users.get(name)!;
      const { nodes, gpus, procs } = user;
      expect(rows[at]).toMatchObject({
        is_system: user.system,
        nodes,
        gpus,
        procs,
        vram_bytes: orNull(user.vramBytes),
        top_command: user.command || null,
      });
      expect(rows[at]).toMatchObject({ power_is_partial: user.powerPartial === 1 });
      expect(orNear(Number(rows[at]!.power_watts ?? NaN), user.powerWatts)).toBe(user.powerWatts);
      expect(orNear(Number(rows[at]!.sm_gpus ?? NaN), user.sm)).toBe(user.sm);
      const longest = Number.isNaN(user.longestSeconds) ? null : user.longestSeconds;
      expect(this.#orNearAge(rows[at]!.longest_seconds, longest)).toBe(longest);
      expect(written[at]).toMatchObject({
        user: guarded(shown(name)),
        is_system: String(user.system),
        nodes: String(nodes),
        gpus: String(gpus),
        procs: String(procs),
        vram_bytes: `${orNull(user.vramBytes) ?? ''}`,
        top_command: guarded(user.command),
      });
      if (Number.isNaN(user.powerWatts)) expect(written[at]!.power_watts).toBe('');
      else expect(Math.abs(Number(written[at]!.power_watts) - user.powerWatts)).toBeLessThan(0.001);
      expect(written[at]!.longest_seconds).toBe(longest === null ? '' : String(Math.trunc(Number(rows[at]!.longest_seconds))));
    });
  }

  #screen(): void {
    const screen = this.#viewer.painter.text();
    const { totals } = this.#expected;
    if (totals.reporting! > 0) {
      expect(screen).toContain(` ${this.#names.length} ${this.#names.length === 1 ? 'user' : 'users'} · `);
      expect(screen).toContain(`${totals.reporting} of ${totals.nodes} node`);
      expect(screen).toContain(`${bytesText(totals.ownedBytes!)} owned`);
      if (totals.unownedBytes! > 0) expect(screen).toContain(`${bytesText(totals.unownedBytes!)} unattributed`);
      expect(screen).toContain(`${totals.gpusInUse} ${totals.gpusInUse === 1 ? 'GPU' : 'GPUs'} in use`);
    }
    const lines = screen.split('\n').filter((line) => /^ [▌ ] +\S+ +\d+ +\d+ +(?:–|\d+) +/.test(line));
    expect(lines).toHaveLength(this.#names.length);
    const hasSm = [...this.#expected.users.values()].some(({ sm, gpus }) => gpus > 0 && !Number.isNaN(sm));
    const hasIdle = /\bGPUs +IDLE\b/.test(screen);
    lines.forEach((line, at) => {
      const user = this.#expected.users.get(this.#names[at]!)!;
      const cells = line.slice(3).trim().split(/ {2,}/);
      // IDLE is shown where it is known of anybody.
      const [name, nodes, gpus, procs, vram, power, ...rest] = hasIdle ? cells.toSpliced(3, 1) : cells;
      expect([name, nodes, gpus, procs]).toEqual([this.#names[at] || '?', `${user.nodes}`, `${user.gpus}`, `${user.procs}`]);
      expect(vramTexts(user.vramBytes)).toContain(vram);
      expect(powerTexts(user)).toContain(power);
      const [sm, longest, ...command] = hasSm ? rest : ['', ...rest];
      if (hasSm) expect([user.sm.toFixed(1), (user.sm + 1e-9).toFixed(1), (user.sm - 1e-9).toFixed(1)].map(orNone)).toContain(sm);
      if (this.#slack === 0) expect(longest).toBe(Number.isNaN(user.longestSeconds) ? '–' : durationText(user.longestSeconds));
      expect(command.join('  ')).toBe(user.command || '–');
    });
  }

  /** The expected age, if the actual one is within the allowed error. */
  #orNearAge(actual: unknown, expected: number | null): unknown {
    return expected !== null && actual !== null && Math.abs(Number(actual) - expected) <= this.#slack ? expected : actual;
  }
}

const inOrder = (rows: readonly Row[], key: (row: Row) => string): readonly Row[] => [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));

/** Compares texts first: the costly structural diff is computed only for a difference. */
function expectSame(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toEqual(expected);
}

const orNone = (text: string): string => (text === 'NaN' ? '–' : text);

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** Both forms are accepted: whether the value is a minimum is not compared here. */
const vramTexts = (bytes: number): readonly string[] =>
  Number.isNaN(bytes) ? ['–'] : [bytesText(bytes), `≥${bytesText(bytes).replace(' ', '')}`];

/** Every rounding that is accepted. */
function powerTexts({ powerWatts, powerPartial }: OracleUser): readonly string[] {
  const texts = [powerWatts, powerWatts * (1 + 1e-9), powerWatts * (1 - 1e-9)].map(wattsText);
  if (powerPartial === 0) return texts;
  return powerWatts > 0 ? texts.map((text) => `≥${text}`) : ['–'];
}

/** The expected value, if the actual one differs only by the order of additions. */
const orNear = (actual: number, expected: number): number => (Math.abs(actual - expected) <= Math.abs(expected) * 1e-9 ? expected : actual);

async function run({ nodes, rounds }: Scenario, open: (nodes: number) => Feed | Promise<Feed>): Promise<void> {
  const models = nodes.map((spec, nth) => new NodeModel(spec, nth));
  const feed = await open(nodes.length);
  const viewer = new ClusterViewer(feed.collector, feed.clock, 40);
  viewer.press('V', 'm', 'f');
  try {
    for (const [round, happenings] of [[], ...rounds].entries()) {
      for (const happening of happenings) models[happening.node % models.length]!.happen(happening, round);
      const texts = models.map((model) => (model.vanished ? undefined : model.text(round)));
      const answered = await feed.round(texts, models, round);
      feed.clock.step(250);
      await new Check(viewer, expectedOf(answered), feed.slack).all();
    }
  } finally {
    await viewer.app.stop();
    await feed.close();
  }
}

describe('random clusters over time', () => {
  const servers = new Servers();
  afterAll(() => servers.close());
  /** Runs as many clusters as time allows, at least one, and never stops in the middle of one. */
  const check = async (clusters: fc.Arbitrary<Scenario>, open: (nodes: number) => Feed | Promise<Feed>, ms: number): Promise<void> => {
    const end = Date.now() + ms;
    const inTime = (one: Scenario): Promise<void> => (Date.now() < end ? run(one, open) : Promise.resolve());
    await fc.assert(fc.asyncProperty(clusters, inTime), { numRuns: 500 });
  };

  test('every value equals the one computed from the texts', () => check(scenario(40, 8), byHand, RUN_MS));

  test('the same holds over HTTP, with clock offsets, with and without a Date header', () =>
    check(scenario(12, 5), (nodes) => overHttp(servers, nodes), RUN_MS / 2));
});
