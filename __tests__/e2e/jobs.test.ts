/** The built program with schedulers that answer, fail, hang and print nonsense: the nodes are shown all the same, and it says so. */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtProgram } from '../helpers/built.js';
import { mockTexts } from '../helpers/mock-texts.js';
import { PtyProgram } from '../helpers/pty.js';
import { answers, startServer, type TestServer } from '../helpers/server.js';

// A node or a scheduler may be slow on a busy machine; `until` gives up earlier and shows the screen.
jest.setTimeout(60_000);

const FIXTURES = join(import.meta.dirname, '../fixtures/jobs');
const SQUEUE = join(FIXTURES, 'squeue-v0.0.44.json');
let program = '';
let directory = '';
let node: TestServer;
let pty: PtyProgram | undefined;
beforeAll(async () => {
  program = builtProgram();
  node = await startServer(answers(mockTexts('nvidia', { nodes: 1, processes: true })[0]!));
});
afterAll(() => node.kill());
afterEach(() => {
  pty?.dispose();
  pty = undefined;
  rmSync(directory, { recursive: true, force: true });
});

/** A directory with these programs, which is the first on the path. */
function programs(bodies: Readonly<Record<string, string>>): Record<string, string> {
  directory = mkdtempSync(join(tmpdir(), 'all-smi-view-e2e-jobs-'));
  for (const [name, body] of Object.entries(bodies))
    writeFileSync(join(directory, name), `#!/bin/sh\ndir=${directory}\n${body}\n`, { mode: 0o755 });
  return { PATH: `${directory}:${process.env.PATH ?? ''}` };
}

const NODES = `cat ${join(FIXTURES, 'scontrol-show-nodes.json')}`;
const view = (env: Record<string, string>, ...args: readonly string[]): PtyProgram =>
  (pty = new PtyProgram(process.execPath, [program, '--hosts', node.nodeId, ...args], { cols: 140, rows: 30, env }));

/** It goes on: the node is there, and keys work. */
async function expectWorking(terminal: PtyProgram): Promise<void> {
  await terminal.shows('1 of 1 node');
  terminal.type('?');
  await terminal.shows('Esc close');
  terminal.type('\x1b');
  await terminal.until('the help to close', () => !terminal.emulator.text().includes('Esc close'));
}

const alive = (pid: number): boolean => existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');

describe('the viewer', () => {
  test('Slurm answers: Diagnosis says how many jobs there are', async () => {
    const terminal = view(programs({ squeue: `cat ${SQUEUE}`, scontrol: NODES }), '--jobs', 'slurm');
    await expectWorking(terminal);
    terminal.type('D');
    await terminal.until('the jobs', () => /squeue: 3 jobs, \d+s ago/.test(terminal.emulator.text()));
  });

  test.each<[string, string, string]>([
    [
      'fails',
      'echo "squeue: error: Unable to contact slurm controller" >&2; exit 1',
      'squeue: Unable to contact slurm controller · no jobs known',
    ],
    ['prints nonsense', 'echo hello', 'squeue: its answer cannot be used: it is not JSON at "h" · no jobs known'],
    [
      'prints 1 GB',
      'head -c 1000000000 /dev/zero | tr "\\0" "["',
      'squeue: its answer cannot be used: it is not JSON at "[" · no jobs known',
    ],
    [
      'prints 1 GB of jobs',
      'printf \'{"jobs":[\'; yes \'{"job_state":"COMPLETED","job_id":1},\' | head -c 1000000000',
      'squeue: its answer cannot be used: it lists more than 1,000,000 jobs · no jobs known',
    ],
    ['ends while it writes', `head -c 2000 ${SQUEUE}`, 'squeue: its answer cannot be used: it ends in the middle · no jobs known'],
  ])('a scheduler that %s is told of under the tab strip', async (_, body, text) => {
    const terminal = view(programs({ squeue: body, scontrol: NODES }), '--jobs', 'slurm');
    await expectWorking(terminal);
    await terminal.until(text, () => terminal.emulator.text().includes(text), 40_000);
    await expectWorking(terminal);
  });

  test('a scheduler that hangs holds nothing up, and does not outlive the viewer', async () => {
    const terminal = view(programs({ squeue: 'echo $$ >$dir/pid; sleep 300', scontrol: NODES }), '--jobs', 'slurm');
    await expectWorking(terminal);
    terminal.type('D');
    await terminal.shows('squeue: not answered yet');
    const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
    expect(alive(pid)).toBe(true);
    terminal.type('q');
    expect(await terminal.exited).toEqual({ status: 0, signal: 0 });
    await new PtyWait().until(() => !alive(pid));
  });

  test('a file: replaced, half written, gone', async () => {
    const env = programs({});
    const file = join(directory, 'jobs.json');
    const put = (text: string): void => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    };
    const squeue = readFileSync(SQUEUE, 'utf8');
    put(squeue);
    const terminal = view(env, '--jobs', file);
    await terminal.shows('1 of 1 node');
    terminal.type('D');
    const says = (pattern: RegExp): Promise<void> => terminal.until(String(pattern), () => pattern.test(terminal.emulator.text()), 20_000);
    await says(/ jobs\.json: 3 jobs, \d+s ago/);
    put('{"jobs":[],"meta":{}}');
    await says(/ jobs\.json: 0 jobs, \d+s ago/);
    put(squeue);
    await says(/ jobs\.json: 3 jobs, \d+s ago/);
    writeFileSync(file, squeue.slice(0, 2000));
    await says(/jobs\.json: it ends in the middle · kept: 3 jobs, \d+s ago/);
    rmSync(file);
    await says(/jobs\.json: does not exist · kept: 3 jobs, \d+s ago/);
  });
});

/** Waiting without a terminal. */
class PtyWait {
  async until(holds: () => boolean): Promise<void> {
    for (let left = 1000; !holds(); left--) {
      if (left === 0) throw new Error('never came');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(env: Record<string, string>, ...args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...env } });
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk: Buffer) => (texts[stream] += chunk.toString()));
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...texts })));
}

describe('without a screen', () => {
  test('get waits for the first answer', async () => {
    const env = programs({ squeue: `sleep 1; cat ${SQUEUE}; echo >$dir/done`, scontrol: NODES });
    const { status, stderr } = await run(env, 'get', 'nodes', '--hosts', node.nodeId, '--jobs', 'slurm');
    expect([status, stderr, existsSync(join(directory, 'done'))]).toEqual([0, '', true]);
  });

  test('the job of a GPU is joined by its minor number: GPU 0 is /dev/nvidia1', async () => {
    const gpu = (index: number, uuid: string, minor: number): string => {
      const labels = `gpu="H100",instance="gpu-a01",gpu_uuid="${uuid}",gpu_index="${index}"`;
      return `all_smi_gpu_utilization{${labels}} ${minor * 90}\nall_smi_gpu_memory_used_bytes{${labels}} ${minor * 1e9}\nall_smi_gpu_memory_total_bytes{${labels}} 8e10\nall_smi_gpu_info{${labels},minor_number="${minor}"} 1\n`;
    };
    // Alice computes on the GPU that Slurm gave her, whose index is 0.
    const process =
      'all_smi_process_memory_used_bytes{pid="7",name="python",user="alice",instance="gpu-a01",device_uuid="GPU-a",device_id="0"} 1e9\n';
    const other = await startServer(answers(gpu(0, 'GPU-a', 1) + gpu(1, 'GPU-b', 0) + process));
    const env = programs({ squeue: `cat ${SQUEUE}`, scontrol: NODES });
    const { stdout } = await run(env, 'get', 'users', '--hosts', other.nodeId, '--jobs', 'slurm', '-o', 'json');
    await other.kill();
    const rows = (JSON.parse(stdout) as { rows: readonly Record<string, unknown>[] }).rows;
    expect(rows.map(({ user, allocated_gpus, allocated_idle_gpus }) => [user, allocated_gpus, allocated_idle_gpus])).toEqual([
      ['alice', 1, 0],
      ['bob', 1, 1],
    ]);
  });

  test('get adds up by account and by team, and lists the job of a process', async () => {
    const labels = 'gpu="H100",instance="gpu-a01",gpu_uuid="GPU-a",gpu_index="0"';
    const other = await startServer(
      answers(
        `all_smi_gpu_utilization{${labels}} 90\nall_smi_gpu_info{${labels},minor_number="1"} 1\n` +
          'all_smi_process_memory_used_bytes{pid="7",name="python",user="alice",instance="gpu-a01",device_uuid="GPU-a",device_id="0"} 1e9\n',
      ),
    );
    const env = programs({ squeue: `cat ${SQUEUE}`, scontrol: NODES });
    const teams = join(directory, 'teams.csv');
    writeFileSync(teams, 'user,team\nalice,vision\n');
    const get = async (...args: readonly string[]): Promise<readonly Record<string, unknown>[]> => {
      const { stdout } = await run(env, 'get', ...args, '--hosts', other.nodeId, '--jobs', 'slurm', '--teams', teams, '-o', 'json');
      return (JSON.parse(stdout) as { rows: readonly Record<string, unknown>[] }).rows;
    };
    const [accounts, jobs, byTeam, processes, gpus] = await Promise.all([
      get('users', '--by', 'account'),
      get('jobs'),
      get('users', '--by', 'team', '--columns', 'team,vram'),
      get('processes'),
      get('gpus'),
    ]);
    await other.kill();
    expect(accounts.map(({ account, users, gpus: used, allocated_gpus: allocated }) => [account, users, used, allocated])).toEqual([
      ['bio', ['bob'], 0, 1],
      ['physics', ['alice'], 1, 1],
    ]);
    expect(jobs.map(({ job, vram_bytes: vram }) => [job, vram])).toEqual([
      ['918273', 1e9],
      ['918280', null],
    ]);
    expect(byTeam).toEqual([
      { team: 'vision', vram_bytes: 1e9 },
      { team: null, vram_bytes: null },
    ]);
    expect(processes).toMatchObject([{ user: 'alice', job: '918273', account: 'physics', on_others_gpu: false }]);
    expect(gpus).toMatchObject([{ allocated_to: ['alice'] }]);
  });

  test('--by is for users', async () => {
    const { status, stderr } = await run({}, 'get', 'gpus', '--demo', '--by', 'account');
    expect([status, stderr]).toEqual([2, expect.stringContaining('--by: is only for get users')]);
  });

  test('get waits no longer than the deadline', async () => {
    const env = programs({ squeue: 'echo $$ >$dir/pid; sleep 300', scontrol: NODES });
    const { status, stdout } = await run(env, 'get', 'nodes', '--hosts', node.nodeId, '--jobs', 'slurm', '--deadline', '2');
    expect([status, stdout.split('\n').length]).toEqual([0, 3]);
    await new PtyWait().until(() => !alive(Number(readFileSync(join(directory, 'pid'), 'utf8'))));
  });

  test('get prints its table, and why there are no jobs', async () => {
    const env = programs({ squeue: 'echo "squeue: error: Unable to contact slurm controller" >&2; exit 1' });
    const { status, stdout, stderr } = await run(env, 'get', 'nodes', '--hosts', node.nodeId, '--jobs', 'slurm');
    expect([status, stdout.split('\n').length]).toEqual([0, 3]);
    expect(stderr).toBe(
      'all-smi-view get: squeue: Unable to contact slurm controller. Run the command by hand; docs/JOBS.md lists what it needs.\n',
    );
  });

  test('check answers though a scheduler fails', async () => {
    const { status, stdout } = await run(programs({}), 'check', '--hosts', node.nodeId, '--jobs', './none.json');
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^OK - 1 of 1 node up/)]);
  });

  test.each<[readonly string[], string]>([
    [['--jobs', 'slrum'], '--jobs: "slrum" is not slurm, kube or a file; a file of this name is ./slrum'],
    [['--demo', '--jobs', 'slurm'], '--jobs: cannot be combined with --demo'],
  ])('%j is refused', async (args, message) => {
    const { status, stderr } = await run(programs({}), 'get', 'nodes', ...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
