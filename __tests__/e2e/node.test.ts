/** The built exporter, and the built viewer scraping it and watching this machine, on a real terminal. */
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { builtProgram } from '../helpers/built.js';
import { staticMachine, type StandInMachine } from '../helpers/captures.js';
import { PtyProgram } from '../helpers/pty.js';

// Processes on a busy machine can be slow; `until` gives up earlier and shows the screen.
jest.setTimeout(60_000);

let program = '';
let machine: StandInMachine;
const running: { stop(): unknown }[] = [];
beforeAll(() => {
  program = builtProgram();
});
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

const ENV = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ALL_SMI_')));
const sources = (): string[] => ['--nvidia-smi', machine.nvidiaSmi, '--proc', machine.procDir, '--passwd', machine.passwdFile];

interface Exporter {
  readonly url: string;
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
}

const exporter = (...args: readonly string[]): Promise<Exporter> => exporterWith('', ...args);

/** `setUp`: a shell command before it. */
async function exporterWith(setUp: string, ...args: readonly string[]): Promise<Exporter> {
  machine = staticMachine();
  running.push({ stop: () => machine.dispose() });
  const command = [process.execPath, program, 'api', '--port', '0', ...sources(), ...args];
  const child = spawn('bash', ['-c', `${setUp}\nexec "$0" "$@"`, ...command], { stdio: ['ignore', 'pipe', 'pipe'], env: ENV });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  running.push({ stop: () => (child.kill('SIGTERM'), exited) });
  let said = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    said += chunk as string;
    const url = /(http:\/\/\S+)\/metrics; press Ctrl-C to stop\n/.exec(said)?.[1];
    if (url === undefined) continue;
    for (let left = 400; left > 0 && (await fetch(`${url}/-/ready`)).status !== 200; left--) await pause(25);
    return { url, child };
  }
  throw new Error(said);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function view(...args: readonly string[]): PtyProgram {
  const terminal = new PtyProgram(process.execPath, [program, ...args], { cols: 120, rows: 30 });
  running.push({ stop: () => terminal.dispose() });
  return terminal;
}

describe('api', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGUSR2', 140],
    ['SIGALRM', 142],
    ['SIGXCPU', 152],
    ['SIGVTALRM', 154],
  ] as const)('ends its child processes on %s', async (signal, status) => {
    const { child } = await exporter('--processes');
    const started = machine.started.map((line) => Number(line.split(' ')[0]));
    expect(started.length).toBeGreaterThan(0);
    const ended = new Promise((resolve) => child.once('exit', (...how) => resolve(how)));
    child.kill(signal);
    expect(await ended).toEqual([status, null]);
    for (let left = 200; left > 0 && started.some(alive); left--) await pause(10);
    expect(started.filter(alive)).toEqual([]);
  });

  test('exports processes if enabled', async () => {
    const { url } = await exporter('--processes');
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toMatch(/^all_smi_process_memory_used_bytes\{pid="455", name="python3", user="svc-metrics", .*\} 1197473792$/m);
    expect(text).toContain('all_smi_process_export_info{instance="gpu-h100-01", scope="gpu"} 1');
  });

  test('with few open files it says how many connections it takes, and answers a scrape besides a hundred silent ones', async () => {
    const { url, child } = await exporterWith('ulimit -n 40', '--processes', '-i', '1');
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const silent = Array.from({ length: 100 }, () => connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined));
    await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    const scraped = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
    const OWN = /^all_smi_process_memory_used_bytes\{pid="455", name="python3", user="svc-metrics", .*\} 1197473792$/m;
    expect(await scraped()).toMatch(OWN);
    for (const socket of silent) socket.destroy();
    // The collection had its files all the time.
    machine.speak();
    expect(await scraped()).toMatch(OWN);
    expect(await scraped()).not.toContain('too many open files');
    expect(errors).toMatch(/^all-smi-view api: open files are limited: \d+ connections? at a time, .*; raise ulimit -n\n$/);
  });

  test('without file descriptors the processes are unknown, with the reason, and all else is exported; later they are back', async () => {
    const { url, child } = await exporter('--processes=all', '-i', '1');
    // Kept open: no new connection can be accepted.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const scraped = (): Promise<string> =>
      new Promise((resolve, reject) => {
        get(`${url}/metrics`, { agent }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.once('end', () => {
            resolve(text);
          });
        }).once('error', reject);
      });
    const rows = (text: string): readonly string[] =>
      text
        .split('\n')
        .filter((row) => row.startsWith('all_smi_process_memory_used_bytes{'))
        .sort();
    const until = async (holds: (text: string) => boolean): Promise<string> => {
      for (let left = 200; left > 0; left--) {
        const text = await scraped();
        if (holds(text)) return text;
        await pause(50);
      }
      throw new Error(await scraped());
    };
    const before = rows(await scraped());
    expect(before.length).toBeGreaterThan(1);
    const allow = (files: string): void => void execFileSync('prlimit', ['--pid', String(child.pid), `--nofile=${files}`]);
    allow('4:');
    const starved = await until((text) => text.includes('too many open files'));
    expect(starved).toContain(
      'source="gpu-processes", state="failed", reason="nvidia-smi could not be started: too many open files; raise ulimit -n"',
    );
    expect(rows(starved)).toEqual([]);
    expect(starved).toContain('all_smi_gpu_utilization{');
    allow('1024:');
    expect(rows(await until((text) => !text.includes('too many open files')))).toEqual(before);
    agent.destroy();
  });

  test('a viewer shows its users', async () => {
    const { url } = await exporter('--processes');
    const terminal = view('--hosts', url.replace('http://', ''));
    await terminal.shows('1 of 1 node · 1 GPU 100%');
    terminal.type('V');
    await terminal.shows('svc-metrics');
    await terminal.shows('alice');
    terminal.type('q');
    expect(await terminal.exited).toEqual({ status: 0, signal: 0 });
  });
});

test('without options the viewer watches this machine, with a hint on how to add nodes', async () => {
  machine = staticMachine();
  running.push({ stop: () => machine.dispose() });
  const terminal = view('--local', ...sources());
  await terminal.shows('this machine only; use --hosts or --hostfile for other nodes');
  terminal.type('V');
  await terminal.shows('svc-metrics');
  const started = machine.started.map((line) => Number(line.split(' ')[0]));
  terminal.type('q');
  expect(await terminal.exited).toEqual({ status: 0, signal: 0 });
  for (let left = 200; left > 0 && started.some(alive); left--) await pause(10);
  expect(started.filter(alive)).toEqual([]);
});
