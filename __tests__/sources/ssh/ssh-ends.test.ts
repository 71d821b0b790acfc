/** What is left on a node, whatever ends the connection. Everything there has a variable of its own in its environment. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { staticMachine, type StandInMachine } from '../../helpers/captures.js';
import { processesWith, watchOverSsh, type Watched } from '../../helpers/ssh-nodes.js';
import { descendants, Lab, type Sshd } from '../../helpers/sshd.js';

const [MARK_NAME, MARK_VALUE] = ['ALL_SMI_VIEW_TEST', String(process.pid)];
const MARK = `${MARK_NAME}=${MARK_VALUE}`;
let lab: Lab;
let node: Sshd;
beforeAll(async () => {
  lab = new Lab();
  node = await lab.node('gpu01', { env: { [MARK_NAME]: MARK_VALUE } });
});
afterAll(() => lab.dispose());

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

async function watched(): Promise<{ readonly machine: StandInMachine; readonly watch: Watched }> {
  const machine = staticMachine();
  const watch = watchOverSsh(lab, ['gpu01'], { machine, random: () => 0 });
  const talk = setInterval(() => machine.speak(), 200);
  running.push({ stop: () => machine.dispose() }, { stop: () => clearInterval(talk) }, watch);
  await watch.until('gpu01', /^live$/);
  expect(machine.runs('--query-gpu')).toBe(true);
  expect(processesWith(MARK).length).toBeGreaterThan(5);
  return { machine, watch };
}

/** Those that are left after ten seconds; it does not wait for longer than needed. */
async function left(): Promise<string[]> {
  for (let tenths = 100; tenths > 0 && processesWith(MARK).length > 0; tenths--) await pause(100);
  return processesWith(MARK);
}

/** The ssh processes of this one. */
const ours = (): number[] => descendants(process.pid).filter((pid) => commandOf(pid).startsWith('ssh\0-T'));

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

test('after quitting', async () => {
  const { watch } = await watched();
  await watch.stop();
  expect(await left()).toEqual([]);
  expect(ours()).toEqual([]);
});

test('after ssh is killed', async () => {
  const { watch } = await watched();
  const [ssh] = ours();
  process.kill(ssh!, 'SIGKILL');
  await watch.until('gpu01', /LOST/);
  await watch.stop();
  expect(await left()).toEqual([]);
});

test('after the network is cut: nothing comes, and nothing ends', async () => {
  const { watch } = await watched();
  const [ssh] = ours();
  process.kill(ssh!, 'SIGSTOP');
  // The connection is made again: only what was there before is looked at.
  const pids = new Set(processesWith(MARK).map((line) => line.split(' ')[0]));
  await watch.until('gpu01', /LOST/);
  let old: string[] = [];
  for (let tenths = 100; tenths > 0; tenths--) {
    old = processesWith(MARK).filter((line) => pids.has(line.split(' ')[0]));
    if (old.length === 0) break;
    await pause(100);
  }
  expect(old).toEqual([]);
});

test('after the session on the node is killed', async () => {
  const { watch } = await watched();
  node.signal('SIGTERM');
  await node.stop();
  await watch.until('gpu01', /LOST/);
  expect(await left()).toEqual([]);
  await node.start();
});

test('an nvidia-smi that hangs is one, and is ended when it is given up', async () => {
  const { machine, watch } = await watched();
  machine.write('apps.hang', '');
  const asked = (): number => machine.started.filter((line) => line.includes('--query-compute-apps')).length;
  const before = asked();
  for (let tenths = 100; tenths > 0 && asked() === before; tenths--) await pause(100);
  await pause(1500);
  expect(asked()).toBe(before + 1);
  machine.forget('apps.hang');
  const answered = watch.answers('gpu01');
  for (let tenths = 200; tenths > 0 && watch.answers('gpu01') < answered + 4; tenths--) await pause(100);
  expect(watch.says('gpu01')).toBe('live');
  expect(asked()).toBeGreaterThan(before + 1);
});
