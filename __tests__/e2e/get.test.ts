/** `get` of the built program: its output for scripts, its exit codes, and that a document is never truncated. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Papa from 'papaparse';
import pty from '@lydell/node-pty';
import { selfSigned } from '../helpers/certificate.js';
import { MOCK_GPU_NAME, startMock } from '../../lib/mock/mock.js';
import { systemClock } from '../../lib/run/system-clock.js';
import { builtProgram } from '../helpers/built.js';
import { mockTexts } from '../helpers/mock-texts.js';
import { answers, hangs, startServer, type TestServer } from '../helpers/server.js';

const BUILD_MS = 60_000;
const GIB = 2 ** 30;
/** The command attacks terminals and spreadsheets; the user name needs quoting in every shell. */
const ATTACK = '=cmd|\u001b]0;title\u0007\u009b31m $(reboot) \u202e';
const label = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function nodeText(hostname: string, user: string, command = 'train'): string {
  const gpu = (index: number): string => `gpu="H100",instance="${hostname}",uuid="GPU-${hostname}-${index}",index="${index}"`;
  const on = (index: number, pid: number): string =>
    `pid="${pid}",name="python",user="${label(user)}",device_id="${index}",device_uuid="GPU-${hostname}-${index}",command="${label(command)}"`;
  return `${[0, 1, 2]
    .map(
      (index) => `all_smi_gpu_utilization{${gpu(index)}} ${index === 0 ? 90 : 0}
all_smi_gpu_memory_used_bytes{${gpu(index)}} ${index === 2 ? 0 : 40 * GIB}
all_smi_gpu_memory_total_bytes{${gpu(index)}} ${80 * GIB}
all_smi_gpu_power_consumption_watts{${gpu(index)}} 300.5`,
    )
    .join('\n')}
all_smi_process_memory_used_bytes{${on(0, 100)}} ${40 * GIB}
all_smi_process_memory_used_bytes{${on(1, 101)}} ${40 * GIB}
`;
}

let program = '';
let directory = '';
let servers: TestServer[] = [];
let [alice, evil, page, silent, insulting] = ['', '', '', '', ''];
beforeAll(async () => {
  program = builtProgram();
  directory = mkdtempSync(join(tmpdir(), 'get-'));
  servers = await Promise.all([
    startServer(answers(nodeText('n1', 'alice'))),
    startServer(answers(nodeText('n2', 'bob', ATTACK))),
    startServer(answers('<html>log in</html>')),
    startServer(hangs),
    startServer(answers('', { 'content-encoding': 'x\u009b2J' })),
  ]);
  [alice, evil, page, silent, insulting] = servers.map(({ nodeId }) => nodeId) as [string, string, string, string, string];
}, BUILD_MS);
afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  rmSync(directory, { recursive: true, force: true });
});

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const ENV = { PATH: process.env.PATH, HOME: '/nonexistent' };

/** Started without a terminal, in an empty environment. */
function get(args: readonly string[], { shell = '', env = {} }: { shell?: string; env?: Record<string, string> } = {}): Promise<Outcome> {
  const words = [process.execPath, program, 'get', ...args];
  const child =
    shell === ''
      ? spawn(words[0]!, words.slice(1), { env: { ...ENV, ...env }, cwd: directory })
      : spawn('bash', ['-c', shell, ...words], { env: { ...ENV, ...env }, cwd: directory });
  child.stdin.end();
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk: Buffer) => (texts[stream] += chunk.toString()));
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...texts })));
}
const json = async (args: readonly string[]): Promise<Record<string, unknown> & { rows: Record<string, unknown>[] }> =>
  JSON.parse((await get([...args, '-o', 'json'])).stdout) as never;

describe('tables', () => {
  test('prints users in every format', async () => {
    const hosts = ['--hosts', alice];
    expect(await get(['users', ...hosts])).toEqual({
      status: 0,
      stderr: '',
      stdout: `USER    NODES   GPUs   IDLE   PROCS       VRAM   POWER*   LONGEST   CMD (largest VRAM)
alice       1      2      1       2   80.0 GiB    601 W         –   train
`,
    });
    expect((await get(['users', ...hosts, '-o', 'csv'])).stdout).toBe(
      `user,is_system,nodes,gpus,procs,vram_bytes,power_watts,longest_seconds,top_command
alice,false,1,2,2,85899345920,601.000,,train
`,
    );
    expect((await get(['users', ...hosts, '-o', 'csv', '--columns', 'user,sm', '--no-headers'])).stdout).toBe('alice,\n');
    expect((await get(['users', ...hosts, '-o', 'name'])).stdout).toBe('alice\n');
    const document = await json(['users', ...hosts]);
    expect(document).toMatchObject({
      schema: 'all-smi-view/1',
      table: 'users',
      coverage: { nodes: 1, answered: 1, reporting: 1, failed: [] },
      rows: [{ user: 'alice', is_system: false, nodes: 1, gpus: 2, procs: 2, vram_bytes: 80 * GIB, power_watts: 601, sm_gpus: null, longest_seconds: null, top_command: 'train' }], // prettier-ignore
    });
    expect(document.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const line = JSON.parse((await get(['users', ...hosts, '-o', 'ndjson'])).stdout) as Record<string, unknown>;
    expect(line).toEqual({ sample_at: expect.any(String), ...document.rows[0] });
  });

  test('prints GPUs and processes with states, owners and names for other programs', async () => {
    const { rows } = await json(['gpus', '--hosts', alice, '--sort', 'gpu:desc', '--columns', 'gpu,state,users']);
    expect(rows).toEqual([
      { gpu: 2, state: 'free', users: [] },
      { gpu: 1, state: 'held_idle', users: ['alice'] },
      { gpu: 0, state: 'computing', users: ['alice'] },
    ]);
    expect((await json(['idle', '--hosts', alice])).rows).toHaveLength(1);
    expect((await json(['processes', '--hosts', alice, '--limit', '1'])).rows).toEqual([
      expect.objectContaining({ pid: 100, user: 'alice', gpu_indexes: [0], vram_bytes: 40 * GIB, started_at: null }),
    ]);
    expect((await get(['gpus', '--hosts', alice, '-o', 'name', '--filter', 'util>50'])).stdout).toBe('n1/gpu0\n');
    expect((await json(['users', '--hosts', alice, evil, '--user', 'bob'])).rows.map(({ user }) => user)).toEqual(['bob']);
  });

  test('prints addresses that --hosts accepts', async () => {
    const { stdout } = await get(['nodes', '--hosts', alice, evil, '-o', 'addresses']);
    expect((await json(['nodes', '--hosts', stdout.trim()])).rows.map((row) => row.node_id)).toEqual([alice, evil]);
  });

  test('addresses keep https://', async () => {
    const tls = selfSigned();
    writeFileSync(join(directory, 'cert.pem'), tls.cert);
    const node = await startServer(answers(nodeText('n3', 'carol')), { tls });
    const trusting = { env: { NODE_EXTRA_CA_CERTS: join(directory, 'cert.pem') } };
    const { stdout } = await get(['nodes', '--hosts', alice, `https://${node.nodeId}`, '-o', 'addresses'], trusting);
    expect(stdout.trim().split(',').sort()).toEqual([alice, `https://${node.nodeId}`].sort());
    expect((await get(['users', '--hosts', stdout.trim(), '-o', 'name'], trusting)).stdout).toBe('alice\ncarol\n');
    await node.kill();
  });

  test('scrapes each node once, however long the others take', async () => {
    const node = await startServer(answers(nodeText('n1', 'alice')));
    const outcome = await get(['users', '--hosts', node.nodeId, silent, '--interval', '0.5', '--timeout', '3', '-o', 'name']);
    expect([outcome.stdout, node.requests.length]).toEqual(['alice\n', 1]);
    await node.kill();
  });

  test('one sample does not show how long a GPU has been held idle', async () => {
    const { stdout } = await get(['gpus', '--hosts', alice, '--columns', 'gpu,who', '--no-headers']);
    expect(stdout).toBe('  0   alice\n  1   alice (held idle)\n  2\n'.replace(/^ +/gm, ''));
  });

  test('prints CSV that papaparse and Python read alike, with nothing for a spreadsheet to run', async () => {
    const { stdout } = await get(['processes', '--hosts', evil, '-o', 'csv']);
    const rows = Papa.parse<string[]>(stdout.trimEnd()).data;
    expect(rows[1]!.at(-1)).toMatch(/^'=cmd/);
    const script = 'import csv,json,sys; print(json.dumps(list(csv.reader(sys.stdin))))';
    const python = spawnSync('python3', ['-c', script], { input: stdout, encoding: 'utf8' });
    expect(JSON.parse(python.stdout)).toEqual(rows);
  });

  test.each(['table', 'wide', 'csv', 'json', 'ndjson', 'name', 'hostlist', 'addresses'])(
    '%s and standard error cannot control a terminal',
    async (format) => {
      const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;
      for (const table of format === 'hostlist' || format === 'addresses' ? ['nodes'] : ['users', 'gpus', 'processes', 'nodes']) {
        const { stdout, stderr } = await get([table, '--hosts', evil, insulting, '-o', format, '--timeout', '2']);
        expect(stdout).not.toBe('');
        expect(stderr).toContain('1 of 2 nodes missing');
        expect([control.exec(stdout), control.exec(stderr)]).toEqual([null, null]);
      }
    },
  );

  test('prints every platform of the mock in every table, with rows and a valid document', async () => {
    const texts = ['nvidia', 'amd', 'apple', 'gaudi'].flatMap((platform) => mockTexts(platform, { processes: true }));
    const nodes = await Promise.all(texts.map((text) => startServer(answers(text))));
    const hosts = ['--hosts', ...nodes.map(({ nodeId }) => nodeId)];
    for (const table of ['users', 'gpus', 'processes', 'nodes', 'idle', 'alerts', 'scrapes']) {
      const document = await json([table, ...hosts]);
      expect(document.coverage).toMatchObject({ nodes: 4, answered: 4 });
    }
    await Promise.all(nodes.map((node) => node.kill()));
  });
});

describe('missing values', () => {
  test('are named on standard error, and the rest is printed', async () => {
    const outcome = await get([
      'users',
      '--hosts',
      alice,
      page,
      silent,
      '--timeout',
      '0.3',
      '-o',
      'csv',
      '--columns',
      'user',
      '--no-headers',
    ]);
    expect(outcome).toMatchObject({ status: 0, stdout: 'alice\n' });
    expect(outcome.stderr).toMatch(/^all-smi-view get: 2 of 3 nodes missing: .*not with all-smi metrics.*no response within 0\.3 s.*\n$/);
    const { coverage } = await json(['users', '--hosts', alice, page]);
    expect(coverage).toEqual({
      nodes: 2,
      answered: 1,
      reporting: 1,
      failed: [{ node: page, code: 'S_FOREIGN', message: expect.stringContaining('not with all-smi metrics') }],
    });
  });

  test('nodes that do not report their processes are counted', async () => {
    const node = await startServer(answers(mockTexts('nvidia', { processes: false })[0]!));
    expect((await get(['users', '--hosts', alice, node.nodeId, '-o', 'name'])).stderr).toBe(
      'all-smi-view get: nodes that do not report their processes: 1 of the 2 that answered (docs/NODES.md)\n',
    );
    await node.kill();
  });

  test('a deadline limits the run, and --strict makes missing nodes an error', async () => {
    const outcome = await get(['users', '--hosts', alice, silent, '--deadline', '1', '--strict', '-o', 'name']);
    expect(outcome).toMatchObject({ status: 3, stdout: 'alice\n' });
    expect(outcome.stderr).toContain('no response yet');
    expect(outcome.stderr).toContain('1 of 2 nodes are missing');
  });

  test('without any answer the exit status is 1 and the document is complete', async () => {
    const outcome = await get(['nodes', '--hosts', page, '-o', 'json']);
    expect(outcome.status).toBe(1);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ at: null, rows: [{ status: 'never', gpus: null }] });
    expect(outcome.stderr).toMatch(/^all-smi-view: no node answered: /);
  });

  test.each<[args: string[], line: string]>([
    [[], 'get: needs the name of a table: '],
    [['user'], 'get: there is no table "user"; there are '],
    [['users', '--columns', 'memory'], '--columns: users has no column "memory"; it has user, '],
    [['users', '--sort', 'x:up'], '--sort: "x:up" is not like vram_bytes or vram_bytes:desc'],
    [['users', '--watch', '-o', 'json'], '--watch: cannot be combined with -o json, which is one document; use -o ndjson'],
    [['users', '--at', '1:00'], '--at: needs --replay'],
    [['users', '--gpus', '2'], '--gpus: is only for get free'],
    [['users', '--filter', 'util>'], '--filter: '],
    [['users', '-o', 'hostlist'], '-o hostlist: users does not list nodes; these do: gpus, processes, scrapes, nodes, free, idle, alerts'],
  ])('wrong usage, %j: exit status 2', async (args, line) => {
    const { status, stdout, stderr } = await get([...args, '--hosts', alice]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`all-smi-view: ${line}`);
  });
});

describe('pipes and signals', () => {
  test('a closed pipe ends quietly, a full disk with one line', async () => {
    expect(await get(['gpus', '--hosts', alice, evil], { shell: '"$0" "$@" | true; exit ${PIPESTATUS[0]}' })).toMatchObject({
      status: 0,
      stderr: '',
    });
    const full = await get(['gpus', '--hosts', alice], { shell: 'exec "$0" "$@" >/dev/full' });
    expect(full.status).toBe(1);
    expect(full.stderr).toMatch(/^all-smi-view: cannot write standard output: .*ENOSPC.*\n$/);
    expect((await get(['gpus', '--hosts', alice], { shell: 'exec "$0" "$@" >&-' })).stdout).toBe('');
  });

  test('works with few file descriptors, and without standard error', async () => {
    const { status, stdout } = await get(['users', '--hosts', alice, '-o', 'name'], { shell: 'ulimit -n 64; exec "$0" "$@" 2>&-' });
    expect([status, stdout]).toEqual([0, 'alice\n']);
  });

  test('works in an empty environment', async () => {
    const outcome = await get(['users', '--hosts', alice, '-o', 'name'], { shell: 'exec env -i "$0" "$@" </dev/null' });
    expect(outcome).toEqual({ status: 0, stdout: 'alice\n', stderr: '' });
  });

  test('a node through other exporters: equal in each column that both report', async () => {
    const mock = await startMock({
      platform: 'nvidia',
      gpuName: MOCK_GPU_NAME,
      startIndex: 1,
      failureNodes: 0,
      processes: false,
      seed: 1,
      ports: [0, 0, 0],
      dialects: ['all-smi', 'dcgm', 'nvidia_gpu_exporter'],
      clock: { now: () => 0 },
    });
    type Row = Readonly<Record<string, unknown>>;
    const rowsOf = async (table: string, host: string): Promise<readonly Row[]> =>
      (JSON.parse((await get([table, '--hosts', host, '-o', 'json'])).stdout) as { rows: readonly Row[] }).rows;
    try {
      const [own, ...others] = mock.addresses;
      for (const table of ['gpus', 'nodes']) {
        const expected = await rowsOf(table, own!);
        for (const host of others) {
          const rows = await rowsOf(table, host);
          expect(rows).toHaveLength(expected.length);
          for (const [at, row] of rows.entries()) {
            // Where it is, when it was read; and nvidia_gpu_exporter has neither the name of the node nor the prefix of a uuid.
            const { node_id: _id, age_seconds: _age, sources: _sources, node, uuid, ...values } = expected[at]!;
            const reported = Object.entries(row).filter(([column, value]) => value !== null && (values[column] ?? null) !== null);
            expect(reported.length).toBeGreaterThanOrEqual(7);
            expect(Object.fromEntries(reported)).toEqual(Object.fromEntries(reported.map(([column]) => [column, values[column]])));
            if (host === others[0]) expect([row.node, row.uuid]).toEqual([node, uuid]);
          }
        }
      }
    } finally {
      await mock.stop();
    }
  });

  test('scrapes 500 nodes with 256 file descriptors', async () => {
    const mock = await startMock({
      platform: 'nvidia',
      gpuName: MOCK_GPU_NAME,
      startIndex: 1,
      failureNodes: 0,
      processes: true,
      seed: 1,
      ports: Array<number>(500).fill(0),
      clock: systemClock,
    });
    writeFileSync(join(directory, 'many.txt'), mock.addresses.join('\n'));
    const args = ['nodes', '--hostfile', 'many.txt', '-o', 'json', '--strict', '--timeout', '30'];
    const { status, stdout, stderr } = await get(args, { shell: 'ulimit -n 256; exec "$0" "$@"' });
    await mock.stop();
    expect([status, stderr]).toEqual([0, '']);
    expect((JSON.parse(stdout) as { coverage: object }).coverage).toMatchObject({ nodes: 500, answered: 500, failed: [] });
  }, 120_000);

  test.each(['json', 'ndjson', 'csv', 'name'])(
    '%s: the reader stops early, the disk is full, standard output is closed',
    async (format) => {
      const args = ['gpus', '--hosts', alice, evil, '-o', format];
      const first = await get(args, { shell: '"$0" "$@" | head -1; exit ${PIPESTATUS[0]}' });
      expect(first).toMatchObject({ status: 0, stderr: '' });
      expect(first.stdout.split('\n')).toHaveLength(2);
      const full = await get(args, { shell: 'exec "$0" "$@" >/dev/full' });
      expect([full.status, full.stderr.split('\n').length]).toEqual([1, 2]);
      const closed = await get(args, { shell: 'exec "$0" "$@" >&-' });
      // Node.js opens /dev/null in its place.
      expect(closed).toEqual({ status: 0, stdout: '', stderr: '' });
    },
  );

  test('a signal before the result: nothing of the document is printed', async () => {
    const child = spawn(process.execPath, [program, 'get', 'users', '--hosts', alice, silent, '--timeout', '60', '-o', 'json'], {
      env: ENV,
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const before = servers[3]!.requests.length;
    while (servers[3]!.requests.length === before) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
    expect(text).toBe('');
  });

  test('--watch prints until a signal, which determines the exit status', async () => {
    const child = spawn(process.execPath, [program, 'get', 'users', '--hosts', alice, '-o', 'ndjson', '--watch=0.5'], { env: ENV });
    let text = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.split('\n').length > 3) resolve();
      });
    });
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
    for (const line of text.trimEnd().split('\n')) expect(JSON.parse(line)).toMatchObject({ user: 'alice' });
  });

  test('shows progress on a terminal, and removes it at the end', async () => {
    const terminal = pty.spawn(process.execPath, [program, 'get', 'users', '--hosts', alice, silent, '--timeout', '2'], {
      cols: 120,
      rows: 24,
      env: { ...ENV, TERM: 'xterm-256color' },
    });
    let text = '';
    terminal.onData((chunk) => (text += chunk));
    await new Promise((resolve) => terminal.onExit(resolve));

    expect(text).toMatch(/\r2 of 2 nodes\u001b\[K\r\u001b\[K.*USER/s);
  });
});

describe('recordings', () => {
  test('prints the last frame, or the frame at a given time', async () => {
    const server = await startServer(answers(nodeText('n1', 'alice')));
    const file = join(directory, 'two.ndjson');
    const recorder = spawn(process.execPath, [program, 'record', '--hosts', server.nodeId, '-i', '0.5', '-o', file], { env: ENV });
    let log = '';
    recorder.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const recorded = async (requests: number): Promise<void> => {
      while (server.requests.length < requests) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await recorded(3);
    server.behave(answers(nodeText('n1', 'bob')));
    await recorded(server.requests.length + 3);
    recorder.kill('SIGINT');
    await new Promise((resolve) => recorder.on('close', resolve));
    expect(log).toContain('frames');
    await server.kill();
    const name = ['-o', 'name', '--replay', file];
    expect(await get(['users', ...name])).toEqual({ status: 0, stdout: 'bob\n', stderr: '' });
    expect((await get(['users', ...name, '--at', '0'])).stdout).toBe('alice\n');
    const bad = await get(['users', ...name, '--at', 'soon']);
    expect(bad.status).toBe(2);
    expect(bad.stderr).toMatch(/^all-smi-view: --at: /);
    writeFileSync(join(directory, 'none.ndjson'), 'not a recording\n');
    expect((await get(['users', '--replay', join(directory, 'none.ndjson')])).status).toBe(1);
  });
});
