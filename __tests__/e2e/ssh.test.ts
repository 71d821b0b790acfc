/** The built program on nodes over SSH: real sshd processes, each with the captured H100 behind it. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { NODE_SCRIPT } from '../../lib/sources/ssh/node-script.js';
import { builtProgram } from '../helpers/built.js';
import { fixture, staticMachine, type StandInMachine } from '../helpers/captures.js';
import { expectGolden } from '../helpers/golden.js';
import { PtyProgram } from '../helpers/pty.js';
import { processesWith } from '../helpers/ssh-nodes.js';
import { Lab, type Sshd } from '../helpers/sshd.js';

jest.setTimeout(120_000);

const [MARK_NAME, MARK_VALUE] = ['ALL_SMI_VIEW_TEST', String(process.pid)];
const MARK = `${MARK_NAME}=${MARK_VALUE}`;
let program = '';
let lab: Lab;
const nodes: { readonly sshd: Sshd; readonly machine: StandInMachine }[] = [];
let talk: NodeJS.Timeout;

beforeAll(async () => {
  program = builtProgram();
  lab = new Lab();
  const script = join(lab.directory, 'node.sh');
  writeFileSync(script, NODE_SCRIPT);
  for (const nth of ['1', '2', '3']) {
    const machine = machineOf(nth);
    const own = `smi=${machine.nvidiaSmi} proc=${machine.procDir} passwd=${machine.passwdFile}`;
    const options = { env: { [MARK_NAME]: MARK_VALUE }, keyOptions: `restrict,command="${own} exec sh ${script}"` };
    nodes.push({ machine, sshd: await lab.node(`gpu0${nth}`, options) });
  }
  talk = setInterval(() => {
    for (const { machine } of nodes) machine.speak();
  }, 250);
});
afterAll(async () => {
  clearInterval(talk);
  await lab.dispose();
  for (const { machine } of nodes) machine.dispose();
});

/** The captured machine under another name, with another GPU. */
function machineOf(nth: string): StandInMachine {
  const machine = staticMachine();
  machine.write('proc/sys/kernel/hostname', `gpu0${nth}\n`);
  for (const file of ['apps.csv', 'gpu.csv', 'q.xml']) {
    const text = file === 'gpu.csv' ? machine.read(`now/${file}`) : fixture(`h100-static/${file}`);
    machine.write(`now/${file}`, text.replaceAll('555555555501', `55555555550${nth}`));
  }
  return machine;
}

const args = (...more: readonly string[]): string[] => [program, ...more, '--ssh', 'gpu[01-03]', '--ssh-config', lab.config, '-i', '0.5'];
const run = (...more: readonly string[]): string => {
  const { stdout, stderr, status } = spawnSync(process.execPath, args(...more), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${stderr}${stdout}`);
  return stdout;
};

describe('in a terminal', () => {
  test('three nodes on the Users tab, one lost and back', async () => {
    const [cols, rows] = [120, 24];
    const terminal = new PtyProgram(process.execPath, args(), { cols, rows });
    try {
      await terminal.shows('3 of 3 nodes');
      terminal.type('V');
      await terminal.until('three nodes of alice', () => /alice +3 +3 +0 +6 /.test(terminal.emulator.text()), 20_000);
      expectGolden('ssh-users', cols, rows, timeless(terminal.emulator.text()));
      await nodes[1]!.sshd.stop();
      await terminal.until('two nodes of alice', () => /alice +2 +2 +0 +4 /.test(terminal.emulator.text()), 20_000);
      await terminal.shows('2 of 3 nodes');
      await nodes[1]!.sshd.start();
      await terminal.until('three nodes again', () => /alice +3 +3 +0 +6 /.test(terminal.emulator.text()), 60_000);
      terminal.type('q');
      expect((await terminal.exited).status).toBe(0);
    } finally {
      terminal.dispose();
    }
    expect(await left()).toEqual([]);
  });

  test('killed: nothing of it is left on the nodes', async () => {
    const terminal = new PtyProgram(process.execPath, args(), { cols: 120, rows: 24 });
    await terminal.shows('3 of 3 nodes');
    expect(processesWith(MARK).length).toBeGreaterThan(15);
    terminal.kill('SIGKILL');
    await terminal.exited;
    terminal.dispose();
    expect(await left()).toEqual([]);
  });
});

describe('without a screen', () => {
  test('get: users, and a filter', () => {
    const users = JSON.parse(run('get', 'users', '-o', 'json', '--filter', 'host=gpu02')) as { rows: Record<string, unknown>[] };
    expect(users.rows.map(({ user, gpus, vram_bytes: bytes }) => [user, gpus, bytes])).toContainEqual(['bob', 1, 9772 * 2 ** 20]);
  });

  test('record: what is recorded is what was seen', async () => {
    const file = join(lab.directory, 'lab.ndjson');
    const recorder = spawn(process.execPath, args('record', '-o', file, '--duration', '3s'), { stdio: 'ignore' });
    await new Promise((resolve) => recorder.once('exit', resolve));
    const { stdout } = spawnSync(process.execPath, [program, 'get', 'users', '-o', 'csv', '--replay', file], { encoding: 'utf8' });
    expect(stdout).toMatch(/^bob,/m);
    expect(await left()).toEqual([]);
  });
});

/** Without the time of day and what depends on it. */
const timeless = (screen: string): string => screen.replace(/\d\d:\d\d:\d\d(?= live)/, 'HH:MM:SS');

async function left(): Promise<string[]> {
  for (let tenths = 100; tenths > 0 && processesWith(MARK).length > 0; tenths--) await pause(100);
  return processesWith(MARK);
}
