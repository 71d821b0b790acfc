/** Whole programs, measured from outside: on their own terminal, or serving nodes. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as pty from '@lydell/node-pty';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Clock ticks of the kernel for CPU time. */
const TICK_MS = 10;

/** Path of the program in dist/, rebuilt if a source is newer. */
export function builtProgram(): string {
  const { status } = spawnSync(process.execPath, ['esbuild.config.js', '--if-stale'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('the build failed');
  return join(ROOT, 'dist/bin/all-smi-view.js');
}

/** CPU time so far, and memory, of a process. */
export function costOf(pid: number): { readonly cpuMs: number; readonly mib: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const kib = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, mib: kib / 1024 };
}

/** CPU of a process over `ms`, in percent of a core. */
export async function shareOf(pid: number, ms: number): Promise<number> {
  const [before, from] = [costOf(pid).cpuMs, performance.now()];
  await pause(ms);
  return ((costOf(pid).cpuMs - before) / (performance.now() - from)) * 100;
}

const PATIENCE_MS = 60_000;

export const FRAME_END = '\x1b[?2026l';
/** The mark of the selected row: once it appears, the frame after a key has started. */
export const SELECTED = '▌';
const DOWN = '\x1b[B';
const UP = '\x1b[A';
/** Rows down, and up again. */
const ROWS = 15;

/** A program on a terminal that accepts all output at once and draws nothing. */
export class Terminal {
  bytes = 0;
  readonly #pty: pty.IPty;
  readonly #exited: Promise<void>;
  /** Output since the last call. */
  #text = '';
  #heard: () => void = () => undefined;

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const inherited = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
    this.#pty = pty.spawn(command, [...args], { cols: 220, rows: 60, name: 'xterm-256color', env: { ...inherited, ...env } });
    this.#pty.onData((data) => {
      this.bytes += data.length;
      this.#text += data;
      this.#heard();
    });
    this.#exited = new Promise((resolve) => {
      this.#pty.onExit(() => {
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** Waits for `mark` in the output since the last call, and for `end` after it. */
  async wrote(mark: string, end = ''): Promise<void> {
    const from = performance.now();
    for (;;) {
      const at = this.#text.indexOf(mark);
      if (at >= 0 && this.#text.includes(end, at + mark.length)) break;
      if (performance.now() - from > PATIENCE_MS) throw new Error(`${JSON.stringify(mark)} was never written`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#heard = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#text = '';
  }

  forget(): void {
    this.#text = '';
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  async end(): Promise<void> {
    this.#pty.kill('SIGKILL');
    await this.#exited;
  }
}

/** Milliseconds from each of many keys to the end of the next frame. */
export async function keyTimes(terminal: Terminal, end = FRAME_END): Promise<readonly number[]> {
  const times: number[] = [];
  for (let at = 0; at < 2 * ROWS; at++) {
    terminal.forget();
    const from = performance.now();
    terminal.type(at < ROWS ? DOWN : UP);
    await terminal.wrote(SELECTED, end);
    times.push(performance.now() - from);
    // People pause between keys.
    await pause(20);
  }
  return times;
}

/** A process that serves nodes, and the host file that lists them. */
export class Serving {
  readonly #child: ChildProcess;
  readonly #directory = mkdtempSync(join(tmpdir(), 'all-smi-view-bench-'));

  constructor(args: (hostFile: string) => readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, args(this.hostFile), { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env } });
  }

  /** Each has eight GPUs and their processes. `dialect`: the exporters that each answers as. */
  static async mock(nodes: number, dialect = 'all-smi'): Promise<Serving> {
    const sizes = ['--nodes', String(nodes), '--port', '20001', '--dialect', dialect];
    const args = (hostFile: string): string[] => [builtProgram(), 'mock', ...sizes, '-o', hostFile];
    const serving = new Serving(args, { ALL_SMI_MOCK_PROCESSES: '1' });
    await serving.ready();
    return serving;
  }

  get hostFile(): string {
    return join(this.#directory, 'hosts.csv');
  }

  async ready(): Promise<void> {
    for (let waited = 0; !existsSync(this.hostFile); waited += 50) {
      if (waited > PATIENCE_MS || this.#child.exitCode !== null) throw new Error('the nodes are not served');
      await pause(50);
    }
    await pause(500);
  }

  async end(): Promise<void> {
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await exited;
    rmSync(this.#directory, { recursive: true });
  }
}
