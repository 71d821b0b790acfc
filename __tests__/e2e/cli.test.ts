/** The program as a shell sees it: messages for wrong usage, and exit statuses. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pty from '@lydell/node-pty';
import { builtProgram } from '../helpers/built.js';

const SLOW_MS = 60_000;
let program = '';
let directory = '';
beforeAll(() => {
  program = builtProgram();
  directory = mkdtempSync(join(tmpdir(), 'cli-'));
}, SLOW_MS);
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Without the variables that the program reads. */
const ENV = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ALL_SMI_')));

function run(args: readonly string[], env: Record<string, string> = {}): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: { ...ENV, ...env }, cwd: directory });
}

describe('a usage error is one line with a remedy and a documented exit status', () => {
  test.each<[args: string[], status: number, line: string]>([
    [[], 2, 'not a terminal. Start it in a terminal, without redirecting input or output.'],
    [['--local', '--hosts', 'a'], 2, 'not a terminal. Start it in a terminal, without redirecting input or output.'],
    [
      ['--demo', '--local'],
      2,
      '--demo: cannot be combined with --local, --hosts, --hostfile, --hosts-from or --ssh. See --help for the allowed values.',
    ],
    [
      ['api', '--proc', '/nowhere'],
      2,
      'cannot read this machine: /nowhere does not exist. Local mode needs Linux. Name nodes with --hosts or --hostfile, or try --demo.',
    ],
    [['api', '--token-file', 'none'], 2, 'cannot read none: no such file. Check the path and the permissions of the file.'],
    [['api', '--tls-cert', 'x'], 2, '--tls-cert and --tls-key: must be given together. See --help for the allowed values.'],
    [
      ['api', '--redact', '--no-redact'],
      2,
      '--redact and --no-redact: contradict each other; give only one. See --help for the allowed values.',
    ],
    [['--inteval', '3'], 2, '--inteval: unknown option (did you mean --interval?). See --help for the allowed values.'],
    [['-i', 'soon'], 2, '--interval: "soon" is not a number. See --help for the allowed values.'],
    [
      ['--hosts', 'ftp://node'],
      2,
      'host "ftp://node": scheme ftp is not supported. Write host, host:port, host:port+port, http(s)://host:port or a range in quotes: \'node[01-16]:9090\'.',
    ],
    [['--hostfile', 'none.csv'], 2, 'host file none.csv: does not exist. Check the path and the permissions of the file.'],
    [['--hostfile', '.'], 2, 'host file .: is a directory. Check the path and the permissions of the file.'],
    [
      ['--demo', '--plugin', 'none.mjs'],
      2,
      'plugin none.mjs: no such file. Check the path; a plugin is an ES module with a default export.',
    ],
    [['--demo'], 2, 'not a terminal. Start it in a terminal, without redirecting input or output.'],
    [['mock', '--port-range', '3-1'], 2, '--port-range: 1 is below 3. See --help for the allowed values.'],
  ])('%j', (args, status, line) => {
    expect(run(args)).toEqual(expect.objectContaining({ status, stdout: '', stderr: `all-smi-view: ${line}\n` }));
  });

  test('environment variables work like flags', () => {
    expect(run([], { ALL_SMI_VIEW_HOSTS: 'a:99999' })).toMatchObject({ status: 2, stderr: expect.stringContaining('host "a:99999"') });
    expect(run([], { ALL_SMI_VIEW_HOSTFILE: 'none.csv' })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('host file none.csv'),
    });
  });

  test('a host file is read before the terminal is checked, and a plugin before the terminal is changed', () => {
    writeFileSync(join(directory, 'bad.csv'), 'node1:9090\nnode2:99999\n');
    writeFileSync(join(directory, 'old.mjs'), 'export default () => ({ apiVersion: 0 });');
    expect(run(['--hostfile', 'bad.csv'])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('host file bad.csv, line 2'),
    });
    expect(run(['--demo', '--plugin', 'old.mjs'])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: 'all-smi-view: plugin old.mjs, apiVersion: is 0; this version supports 1. docs/PLUGINS.md describes the plugin interface.\n',
    });
  });

  test('a port in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      expect(run(['mock', '--nodes', '1', '--port', String(port)])).toMatchObject({
        status: 1,
        stderr: `all-smi-view: port ${port} is in use. Choose another port with --port, or stop the program that uses this one.\n`,
      });
    } finally {
      server.close();
    }
  });

  test('a terminal that cannot move its cursor gets no escape sequences', async () => {
    const terminal = pty.spawn(process.execPath, [program, '--demo'], {
      env: { ...ENV, TERM: 'dumb' },
      cols: 200,
    });
    let said = '';
    terminal.onData((data) => (said += data));
    const status = await new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
    while (!said.endsWith('\n')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(status).toBe(2);
    expect(said).toBe(
      'all-smi-view: the terminal cannot move its cursor (TERM=dumb). Set TERM to the type of your terminal, for example xterm-256color.\r\n',
    );
  });
});

test('help and version go to standard output, also when the pipe has no reader', () => {
  expect(run(['--help'])).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('Options:') });
  expect(run(['mock', '--help'])).toMatchObject({ status: 0, stdout: expect.stringContaining('--port-range FIRST-LAST') });
  const closed = spawnSync('bash', ['-c', '"$0" "$1" --help | true; echo "${PIPESTATUS[0]}"', process.execPath, program], {
    encoding: 'utf8',
  });
  expect(closed).toMatchObject({ stdout: '0\n', stderr: '' });
});

describe('mock', () => {
  async function started(args: readonly string[]): Promise<{ child: ChildProcessWithoutNullStreams; line: string }> {
    const child = spawn(process.execPath, [program, 'mock', ...args], { cwd: directory, env: { ...ENV, ALL_SMI_MOCK_PROCESSES: '1' } });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return { child, line: line.toString() };
  }

  test('serves the nodes of its host file until a signal arrives', async () => {
    const { child, line } = await started(['--nodes', '2', '--port', '0', '-o', 'hosts.csv']);
    expect(line).toMatch(/^all-smi-view mock: 2 nodes on 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+; press Ctrl-C to stop\n$/);
    const hosts = readFileSync(join(directory, 'hosts.csv'), 'utf8').trim().split('\n');
    expect(hosts).toHaveLength(2);
    for (const [nth, host] of hosts.entries()) {
      const body = await (await fetch(`http://${host}/metrics`)).text();
      expect(body).toContain(`instance="node-000${nth + 1}"`);
      expect(body.match(/^all_smi_process_memory_used_bytes\{/gm)).toHaveLength(20);
    }
    child.kill('SIGTERM');
    const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect([status, signal]).toEqual([143, null]);
    await expect(fetch(`http://${hosts[0]!}/metrics`)).rejects.toThrow();
  });
});
