/** e and E write the visible table to a file. Real directories. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Driver } from '../helpers/driver.js';
import type { NodeSpec, ProcSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const proc = (user: string, pid: number, gpu: number | undefined, vram: number, more: Partial<ProcSpec> = {}): ProcSpec => ({
  pid,
  user,
  vram,
  ...(gpu === undefined ? {} : { gpu }),
  ...more,
});
const HOSTS: readonly NodeSpec[] = [
  {
    name: 'dgx-07',
    nodeId: '10.0.0.7:9090',
    gpus: [
      { index: 0, uuid: 'GPU-aa00', name: 'NVIDIA H100', powerWatts: 611.4, memoryUsedBytes: 64 * GIB },
      { index: 1, uuid: 'GPU-aa01', name: 'NVIDIA H100', powerWatts: 128.25, memoryUsedBytes: 16 * GIB },
      { index: 2, uuid: 'GPU-aa02', name: 'NVIDIA H100' },
    ],
    procs: [
      proc('alice', 41022, 0, 48 * GIB, { age: 3600.7, cpu: 187.5, sm: 95, name: 'python', command: 'python train.py --note="run 7"' }),
      proc('alice', 41022, 1, 16 * GIB, { age: 3600.7, cpu: 187.5, command: 'python train.py --note="run 7"' }),
      proc('=cmd|calc', 7, 2, 5, { command: '  +1+1' }),
      proc('', 8, 0, 0, {}),
      proc('root', 881, undefined, 0, { name: 'sshd', command: 'sshd: listener' }),
      proc('root', 882, 1, 0, { age: 7, command: 'nvidia-smi dmon' }),
    ],
  },
  { name: 'node-2', nodeId: '10.0.0.8:9090', gpus: [{ memoryUsedBytes: 9 * GIB }] },
];

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'all-smi-view-users-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const open = (...keys: readonly string[]): Driver =>
  new Driver({ hosts: HOSTS, cols: 140, rows: 16, surroundings: { home } }).press('V', ...keys);
const directory = (): string => join(home, '.cache', 'all-smi');
const read = (file: string): string => readFileSync(join(directory(), file), 'utf8');

/** Waits until the result is on screen. */
async function outcome(driver: Driver): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const [said] = /(saved|export failed:) .*$/.exec(driver.lines().at(-2)!) ?? [];
    if (said !== undefined) return said;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`no outcome on screen\n${driver.frame()}`);
}

describe('the top level', () => {
  test('has the columns of all-smi in the order shown, without hidden rows; unknown values are empty', async () => {
    expect(await outcome(open('m', 'e'))).toBe('saved ~/.cache/all-smi/users-20260807T143207.csv');
    // alice: 611.4 x 48/48 and 128.25 x 16/16 W.
    expect(read('users-20260807T143207.csv')).toBe(`user,is_system,nodes,gpus,procs,vram_bytes,power_watts,longest_seconds,top_command
alice,false,1,2,1,68719476736,739.650,3600,"python train.py --note=""run 7"""
"'=cmd|calc",false,1,1,1,5,,,"'  +1+1"
(unattributed),false,1,1,1,0,0.000,,
`);
  });

  test('with f and a includes system accounts, and processes on no GPU in nodes and procs', async () => {
    await outcome(open('f', 'a', 'u', 'e'));
    expect(
      read('users-20260807T143207.csv')
        .split('\n')
        .slice(1, -1)
        .map((line) => line.slice(0, 24)),
    ).toEqual(['root,true,1,1,2,0,0.000,', 'alice,false,1,2,1,687194', `"'=cmd|calc",false,1,1,1`, '(unattributed),false,1,1']);
  });

  test('JSON has what was used since the start while W shows it', async () => {
    const driver = open('m', 'W');
    for (let sample = 0; sample < 2; sample++) {
      driver.step(2750);
      driver.scrape(HOSTS[0]!.name!, HOSTS[0]!);
    }
    const file = (await outcome(driver.press('E'))).split('/').at(-1)!;
    const { rows } = JSON.parse(read(file)) as { rows: Record<string, unknown>[] };
    const joules = 3 * (611.4 + 128.25);
    expect(rows[0]).toMatchObject({ user: 'alice', idle_gpu_hours: 0, energy_kwh: expect.closeTo(joules / 3.6e6, 9), cost: null });
  });

  test('JSON has more than CSV: null for unreported values, and the scope', async () => {
    expect(await outcome(open('m', 'E'))).toBe('saved ~/.cache/all-smi/users-20260807T143207.json');
    const { rows, ...about } = JSON.parse(read('users-20260807T143207.json')) as { rows: object[] };
    expect(about).toEqual({
      table: 'users',
      at: new Date(2026, 7, 7, 14, 32, 7).toISOString(),
      nodes: 2,
      reporting_nodes: 1,
      sorted_by: 'vram',
      descending: true,
      system_accounts: false,
      processes_on_no_gpu: false,
    });
    expect(rows.slice(0, 2)).toEqual([
      {
        user: 'alice',
        is_system: false,
        nodes: 1,
        gpus: 2,
        gpus_by_allocation: 0,
        allocated_gpus: null,
        allocated_idle_gpus: null,
        gpus_held_idle: 0,
        procs: 1,
        vram_bytes: 68719476736,
        vram_is_partial: false,
        power_watts: 739.65,
        power_by_use_watts: 739.65,
        power_by_use_is_estimate: false,
        longest_seconds: 3600.7,
        top_command: 'python train.py --note="run 7"',
        power_is_partial: false,
        sm_gpus: 0.95,
        gpu_hours: null,
        idle_gpu_hours: null,
        energy_kwh: null,
        cost: null,
      },
      {
        user: '=cmd|calc',
        is_system: false,
        nodes: 1,
        gpus: 1,
        gpus_by_allocation: 0,
        allocated_gpus: null,
        allocated_idle_gpus: null,
        gpus_held_idle: null,
        procs: 1,
        vram_bytes: 5,
        vram_is_partial: false,
        power_watts: null,
        power_by_use_watts: null,
        power_by_use_is_estimate: false,
        longest_seconds: null,
        top_command: '  +1+1',
        power_is_partial: true,
        sm_gpus: null,
        gpu_hours: null,
        idle_gpu_hours: null,
        energy_kwh: null,
        cost: null,
      },
    ]);
  });
});

describe('the lower levels', () => {
  test('the nodes of a user', async () => {
    expect(await outcome(open('m', 'Enter', 'e'))).toBe('saved ~/.cache/all-smi/users-alice-20260807T143207.csv');
    expect(read('users-alice-20260807T143207.csv')).toBe(
      `user,host,address,gpus,gpu_indexes,procs,vram_bytes,power_watts,sm_gpus,longest_seconds,top_command
alice,dgx-07,10.0.0.7:9090,2,0-1,1,68719476736,739.650,0.95,3600,"python train.py --note=""run 7"""
`,
    );
  });

  test('the processes on a node, under sanitized names', async () => {
    expect(await outcome(open('m', 'Enter', 'Enter', 'e'))).toBe('saved ~/.cache/all-smi/users-alice-dgx-07-20260807T143207.csv');
    expect(read('users-alice-dgx-07-20260807T143207.csv')).toBe(
      `user,host,pid,gpu_indexes,vram_bytes,sm_percent,cpu_percent,running_seconds,name,command
alice,dgx-07,41022,0-1,68719476736,95.0,187.50,3600,python,"python train.py --note=""run 7"""
`,
    );
    const evil = open('m', 'Down', 'Enter', 'Enter', 'e');
    expect(await outcome(evil)).toBe('saved ~/.cache/all-smi/users-_cmd_calc-dgx-07-20260807T143207.csv');
    const nobody = open('m', 'End', 'Enter', 'Enter', 'e');
    expect(await outcome(nobody)).toBe('saved ~/.cache/all-smi/users-unattributed-dgx-07-20260807T143207.csv');
  });

  test('a process has a row for each GPU', async () => {
    await outcome(open('m', 'Enter', 'Enter', 'Enter', 'E'));
    const { rows, ...about } = JSON.parse(read('users-alice-dgx-07-41022-20260807T143207.json')) as { rows: object[] };
    expect(about).toMatchObject({ table: 'process', user: 'alice', host: 'dgx-07', address: '10.0.0.7:9090' });
    const same = {
      user: 'alice',
      host: 'dgx-07',
      pid: 41022,
      gpu: 'NVIDIA H100',
      name: 'python',
      command: 'python train.py --note="run 7"',
    };
    expect(rows).toEqual([
      {
        ...same,
        gpu_index: 0,
        gpu_uuid: 'GPU-aa00',
        vram_bytes: 48 * GIB,
        sm_percent: 95,
        power_watts: 611.4,
        power_by_use_watts: 611.4,
        power_by_use_is_estimate: false,
      },
      {
        ...same,
        gpu_index: 1,
        gpu_uuid: 'GPU-aa01',
        vram_bytes: 16 * GIB,
        sm_percent: null,
        power_watts: 128.25,
        power_by_use_watts: 128.25,
        power_by_use_is_estimate: false,
      },
    ]);
  });

  test('a process on no GPU has one row without a GPU', async () => {
    await outcome(open('f', 'a', 'End', 'Up', 'Enter', 'Enter', 'p', 'Enter', 'e'));
    expect(readdirSync(directory())).toEqual(['users-root-dgx-07-881-20260807T143207.csv']);
    expect(read('users-root-dgx-07-881-20260807T143207.csv').split('\n')[1]).toBe('root,dgx-07,881,,,,,,,sshd,sshd: listener');
  });

  test('the nodes that do not report processes', async () => {
    await outcome(open('i', 'e'));
    expect(read('users-silent-nodes-20260807T143207.csv')).toBe(
      `host,address,why,last_answer_seconds_ago,known
node-2,10.0.0.8:9090,no process export,2,"exporter runs without --processes, 9.00 GiB in use"
`,
    );
  });
});

describe('an export', () => {
  test('shows a toast that expires, while keys keep working', async () => {
    const driver = open('e');
    await outcome(driver);
    expect(driver.press('m').frame()).toContain('▼VRAM');
    expect(driver.step(4000).frame()).toContain('saved ~');
    expect(driver.step(2000).frame()).not.toContain('saved');
  });

  test('writes two files when made twice in a second', async () => {
    const driver = open('e', 'e', 'E');
    await outcome(driver);
    for (let tries = 0; tries < 200 && readdirSync(directory()).length < 3; tries++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(readdirSync(directory()).sort()).toEqual([
      'users-20260807T143207-2.csv',
      'users-20260807T143207.csv',
      'users-20260807T143207.json',
    ]);
  });

  test('that is refused shows the reason, and the tab is unchanged', async () => {
    mkdirSync(join(home, '.cache'));
    symlinkSync(tmpdir(), directory());
    const driver = open('m', 'Enter');
    const before = driver.lines().slice(0, -2);
    expect(await outcome(driver.press('e'))).toBe('export failed: ~/.cache/all-smi is a symbolic link');
    expect(driver.lines().slice(0, -2)).toEqual(before);
  });

  test('leaves out rows that are in no total, with a message if there are no others', () => {
    const driver = open('m', 'Enter', 'Enter').overdue('dgx-07');
    expect(driver.press('e').frame()).toContain('nothing here to export');
    expect(new Driver({ hosts: [{ gpus: 1 }], surroundings: { home } }).press('V', 'e').frame()).toContain('nothing here to export');
  });

  test('leaves out placeholder rows and keeps the order of the others', async () => {
    const driver = open('m', 'F').scrape('dgx-07', { gpus: 2, procs: [proc('zoe', 1, 0, 9), proc('', 8, 0, 1)] });
    await outcome(driver.press('e'));
    expect(
      read('users-20260807T143207.csv')
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(',')[0]),
    ).toEqual(['(unattributed)', 'zoe']);
  });

  test('in progress is finished when the program ends', async () => {
    const driver = open('e');
    await driver.app.stop();
    expect(readdirSync(directory())).toHaveLength(1);
    expect(read('users-20260807T143207.csv')).toContain('alice,false');
  });
});
