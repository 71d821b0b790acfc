/**
 * Nodes over SSH: what 200 connections take on the machine of the viewer, and what one of them takes on a node, beside what the exporter takes
 * there. Real sshd and ssh. The 200 nodes have no GPUs, so that this machine can be all of them; the one node has the captured H100.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { staticMachine } from '../__tests__/helpers/captures.js';
import { descendants, freePort, Lab } from '../__tests__/helpers/sshd.js';
import { builtProgram, costOf, shareOf, Terminal } from './programs.js';
import type { BenchRow } from './table.js';

const NODES = 200;
const WINDOW_MS = 30_000;

export async function bench(): Promise<BenchRow[]> {
  return [...(await viewerSide()), ...(await nodeSide())];
}

async function viewerSide(): Promise<BenchRow[]> {
  const lab = new Lab();
  const sshd = await lab.node('lab', { config: ['MaxSessions 1000'] });
  const names = Array.from({ length: NODES }, (_, nth) => `n${nth + 1}`);
  for (const name of names) lab.alias(name, sshd.port);
  const options = ['--ssh', ...names, '--ssh-config', lab.config, '--nvidia-smi', '/nowhere/nvidia-smi'];
  const terminal = new Terminal(process.execPath, [builtProgram(), ...options]);
  try {
    for (let left = 120; descendants(terminal.pid).length < NODES; left--) {
      if (left === 0) throw new Error('not all nodes were connected');
      await pause(1000);
    }
    await pause(WINDOW_MS);
    const clients = descendants(terminal.pid);
    const [viewer, shared] = [costOf(terminal.pid).mib, clients.reduce((sum, pid) => sum + pssOf(pid), 0)];
    const share = await shareOf(terminal.pid, WINDOW_MS);
    return [
      { name: `${NODES} nodes over SSH, resident memory of the viewer`, value: viewer, unit: 'MiB' },
      { name: `${NODES} nodes over SSH, memory of its ssh processes`, value: shared, unit: 'MiB' },
      { name: `${NODES} nodes over SSH, open files of the viewer`, value: readdirSync(`/proc/${terminal.pid}/fd`).length, unit: 'files' },
      { name: `${NODES} nodes over SSH, share of a core`, value: share, unit: '%' },
    ];
  } finally {
    await terminal.end();
    await lab.dispose();
  }
}

/** The script and the exporter on the same machine, at the same interval. */
async function nodeSide(): Promise<BenchRow[]> {
  const [lab, machine] = [new Lab(), staticMachine()];
  const sshd = await lab.node('gpu01');
  const reading = ['--nvidia-smi', machine.nvidiaSmi, '--proc', machine.procDir, '--passwd', machine.passwdFile, '-i', '3'];
  const talk = setInterval(() => {
    machine.speak();
  }, 3000);
  const exporter = spawn(process.execPath, [builtProgram(), 'api', '--processes', 'gpu', '--port', String(await freePort()), ...reading]);
  const terminal = new Terminal(process.execPath, [builtProgram(), '--ssh', 'gpu01', '--ssh-config', lab.config, ...reading]);
  try {
    await pause(WINDOW_MS / 2);
    const [session] = descendants(sshd.pids[0]!);
    // The session process of sshd is not the script's.
    const script = (): readonly number[] => descendants(session!);
    const exported = (): readonly number[] => [exporter.pid!, ...descendants(exporter.pid!)];
    const [before, from] = [[cpuMs(script()), cpuMs(exported())], performance.now()];
    await pause(2 * WINDOW_MS);
    const collections = (performance.now() - from) / 3000;
    return [
      { name: 'the script on a node, CPU of a collection', oursMs: (cpuMs(script()) - before[0]!) / collections },
      { name: 'the exporter on a node, CPU of a collection', oursMs: (cpuMs(exported()) - before[1]!) / collections },
      { name: 'the script on a node, memory', value: script().reduce((sum, pid) => sum + pssOf(pid), 0), unit: 'MiB' },
      { name: 'the exporter on a node, memory', value: exported().reduce((sum, pid) => sum + pssOf(pid), 0), unit: 'MiB' },
    ];
  } finally {
    clearInterval(talk);
    exporter.kill('SIGKILL');
    await terminal.end();
    await lab.dispose();
    machine.dispose();
  }
}

/** Memory of a process, with its part of what it shares. */
function pssOf(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** CPU time so far of these processes, and of their children that have ended. */
function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      return sum + fields.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) * 10;
    } catch {
      return sum;
    }
  }, 0);
}
