/** The built program and nodes that need more than an address: secured ones, and exporters that a file of the site describes. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtProgram } from '../helpers/built.js';
import { authority } from '../helpers/certificate.js';
import { answers, startServer, type Behaviour, type ServerOptions, type TestServer } from '../helpers/server.js';

const DCGM = readFileSync(new URL('../fixtures/exporters/dcgm-k8s.prom', import.meta.url), 'utf8');
const SECRET = 'hunter2-secret';

let program = '';
let directory = '';
const servers: TestServer[] = [];
beforeAll(() => {
  program = builtProgram();
}, 60_000);
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'access-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.kill()));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

async function serve(behaviour: Behaviour, options: ServerOptions = {}): Promise<TestServer> {
  const server = await startServer(behaviour, options);
  servers.push(server);
  return server;
}

function write(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: readonly string[]): Promise<Outcome> {
  const env = { PATH: process.env.PATH, HOME: '/nonexistent' };
  const child = spawn(process.execPath, [program, ...args], { env, cwd: directory });
  child.stdin.end();
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk: Buffer) => (texts[stream] += chunk.toString()));
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...texts })));
}

const table = async (name: string, ...args: readonly string[]): Promise<Record<string, unknown>[]> => {
  const { stdout, stderr } = await run('get', name, '-o', 'json', ...args);
  expect(stderr).toBe('');
  // When each value was read differs between two runs.
  return (JSON.parse(stdout) as { rows: Record<string, unknown>[] }).rows.map((row) => ({ ...row, sources: undefined }));
};

describe('a dialect of the site', () => {
  test('has the values of ours under other names', async () => {
    const node = await serve(answers(DCGM));
    const ours = await table('gpus', '--hosts', node.nodeId);
    expect(ours.map(({ util_percent, vram_used_bytes }) => [util_percent, vram_used_bytes])).not.toContainEqual([null, null]);
    node.behave(answers(DCGM.replaceAll('DCGM_FI_DEV_', 'site_').replaceAll('UUID=', 'gpu_id=')));
    expect(await run('get', 'gpus', '--hosts', node.nodeId)).toMatchObject({ status: 1 });
    const names = [...new Set([...DCGM.matchAll(/^DCGM_FI_DEV_(\w+)/gm)].map(([, name]) => name!))];
    const renames = names.map((name) => `      DCGM_FI_DEV_${name}: site_${name}\n`).join('');
    const known = /DCGM_FI_DEV_(GPU_UTIL|FB_\w+|\w+_TEMP|POWER_USAGE|\w+_CLOCK|XID_ERRORS|ROW_REMAP_FAILURE|\w+_REMAPPED_ROWS):.*\n/g;
    const file = write(
      'dcgm.yml',
      `dialects:\n  - id: dcgm\n    gpu: {uuid: gpu_id}\n    renames:\n${renames
        .match(known)!
        .map((line) => `      ${line}`)
        .join('')}`,
    );
    expect(await table('gpus', '--hosts', node.nodeId, '--dialects', file)).toEqual(ours);
  });

  test('may be that of an exporter that nobody knows', async () => {
    const card = (slot: number): string => `serial="AC-${slot}",slot="card${slot}"`;
    const node = await serve(
      answers(`acme_card_info{${card(0)},model="ACME X1",machine="gpu-7",driver="4.2"} 1
acme_card_info{${card(1)},model="ACME X1",machine="gpu-7",driver="4.2",owner="alice",job_id="77"} 1
acme_load_ratio{${card(0)},engine="compute"} 0.14
acme_load_ratio{${card(0)},engine="video"} 0.99
acme_memory_kib{${card(0)},kind="used"} 1024
acme_memory_kib{${card(0)},kind="total"} 4096
acme_power_mw{${card(0)}} 999999999
acme_power_average_mw{${card(0)}} 250500
acme_temp{${card(0)}} 0
acme_temp{${card(1)}} 61
acme_process_memory_kib{${card(0)},pid="42",user="bob",cmdline="train --fast"} 512
acme_host_memory_kib{kind="total"} 1048576
`),
    );
    const [, example = ''] = /```yaml\n([^`]+)```/.exec(readFileSync(new URL('../../docs/DIALECTS.md', import.meta.url), 'utf8')) ?? [];
    const args = ['--hosts', node.nodeId, '--dialects', write('site.yml', example)];
    const [first, second] = await table('gpus', ...args);
    expect(first).toMatchObject({ node: 'gpu-7', gpu: 0, uuid: 'AC-0', model: 'ACME X1', util_percent: 14, vram_used_bytes: 2 ** 20, vram_total_bytes: 2 ** 22, power_watts: 250.5, temperature_celsius: null }); // prettier-ignore
    expect(second).toMatchObject({ gpu: 1, util_percent: null, power_watts: null, temperature_celsius: 61 });
    expect(await table('processes', ...args)).toMatchObject([{ user: 'bob', pid: 42, command: 'train --fast', vram_bytes: 2 ** 19 }]);
    expect((await table('jobs', ...args)).map(({ job }) => job)).toContain('77');
  });

  test('with a mistake: the program does not start, and names the line', async () => {
    const file = write('bad.yml', 'dialects:\n  - id: acme\n    gpu_readings:\n      - {into: util, families: x}\n');
    const { status, stdout, stderr } = await run('get', 'gpus', '--hosts', 'localhost:1', '--dialects', file);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`dialects ${file}, line 4: into is not one of: index, utilPercent, `);
    expect(stderr).toContain('docs/DIALECTS.md');
  });
});

describe('secured nodes', () => {
  test('are read with certificates and passwords, which are in nothing that is written', async () => {
    const own = authority();
    const guarded: Behaviour = (request, response) => {
      const isRight = request.headers.authorization === `Basic ${Buffer.from(`ann:${SECRET}`).toString('base64')}`;
      if (isRight) answers(DCGM)(request, response);
      else response.writeHead(401).end();
    };
    const node = await serve(guarded, { tls: { ...own.issue(), ca: own.cert } });
    const pair = own.issue();
    write('ca.pem', own.cert);
    write('cert.pem', pair.cert);
    write('key.pem', pair.key);
    write('password', `${SECRET}\n`);
    const tls = 'tls_config: {ca_file: ca.pem, cert_file: cert.pem, key_file: key.pem}\n';
    const config = write('http.yml', `basic_auth: {username: ann, password_file: password}\n${tls}`);
    const args = ['--hosts', `https://${node.nodeId}`, '--http-config', config];
    expect(await table('gpus', ...args)).toHaveLength(2);
    const recording = join(directory, 'recording.ndjson');
    const recorded = await run('record', ...args, '--duration', '1s', '-o', recording);
    expect(recorded.status).toBe(0);
    expect(readFileSync(recording, 'utf8')).toContain('H100');

    const printed = await run('config', 'print');
    const scrapes = await run('get', 'scrapes', ...args, '-o', 'json');
    const wrong = write('wrong.yml', `basic_auth: {username: ann, password: ${SECRET}-wrong}\n${tls}`);
    const refused = await run('get', 'gpus', '--hosts', `https://${node.nodeId}`, '--http-config', wrong);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('HTTP 401 Unauthorized');
    const plain = await run('get', 'gpus', '--hosts', node.nodeId, '--http-config', config);
    expect(plain.status).toBe(2);
    expect(plain.stderr).toContain(`credentials would be sent unencrypted: 1 node with an http:// address, the first is ${node.nodeId}`);
    for (const { stdout, stderr } of [recorded, printed, scrapes, refused, plain]) expect(stdout + stderr).not.toContain(SECRET);
    expect(readFileSync(recording, 'utf8')).not.toContain(SECRET);
  });
});

describe('nodes that come and go', () => {
  test('get, check and record read the lists, and a run follows them', async () => {
    const [one, two] = [await serve(answers(DCGM)), await serve(answers(DCGM.replaceAll('gpu-a01', 'gpu-b02')))];
    const listing = (...servers: TestServer[]): string =>
      JSON.stringify([{ targets: servers.map(({ nodeId }) => nodeId), labels: { rack: 'r1' } }]);
    const file = write('targets.json', listing(one));
    const nodes = async (...args: readonly string[]): Promise<unknown[]> => (await table('nodes', ...args)).map(({ node }) => node);
    expect(await nodes('--hosts-from', join(directory, 'targets*.json'))).toEqual(['gpu-a01']);
    const sd = await serve(answers(listing(one, two)));
    expect(await nodes('--hosts-from', sd.url.replace('/metrics', '/sd'))).toEqual(['gpu-a01', 'gpu-b02']);
    expect((await run('check', '--hosts-from', file)).stdout).toMatch(/^OK/);

    const watching = spawn(
      process.execPath,
      [program, 'get', 'nodes', '-o', 'ndjson', '--watch=1', '--columns', 'node', '-i', '1', '--hosts-from', file],
      {
        env: { PATH: process.env.PATH, HOME: '/nonexistent' },
        cwd: directory,
      },
    );
    const seen = new Set<string>();
    const saw = (name: string): Promise<void> =>
      new Promise((resolve) => {
        watching.stdout.on('data', () => {
          if (seen.has(name)) resolve();
        });
      });
    watching.stdout.on('data', (chunk: Buffer) => {
      seen.clear();
      for (const [, name] of chunk.toString().matchAll(/"node":"([^"]*)"/g)) seen.add(name!);
    });
    try {
      await saw('gpu-a01');
      write('targets.json', listing(two));
      await saw('gpu-b02');
      expect([...seen]).toEqual(['gpu-b02']);
      const asked = one.requests.length;
      await saw('gpu-b02');
      expect(one.requests.length).toBe(asked);
    } finally {
      watching.kill();
      await new Promise((resolve) => watching.on('close', resolve));
    }
  });

  test('a list that cannot be read at the start: one line', async () => {
    const { status, stderr } = await run('get', 'nodes', '--hosts-from', join(directory, 'nothing.json'));
    expect(status).toBe(2);
    expect(stderr).toContain(`hosts from ${join(directory, 'nothing.json')}: does not exist`);
    expect((await run('get', 'nodes', '--hosts-from', 'http://ann:hunter2@localhost/')).stderr).not.toContain('hunter2');
  });
});

describe('an http config of each node', () => {
  test('is named in the host file', async () => {
    const guarded: Behaviour = (request, response) => {
      if (request.headers.authorization === `Bearer ${SECRET}`) answers(DCGM)(request, response);
      else response.writeHead(401).end();
    };
    const own = authority();
    const [secured, open] = [await serve(guarded, { tls: own.issue() }), await serve(answers(DCGM.replaceAll('gpu-a01', 'gpu-b02')))];
    write('ca.pem', own.cert);
    write('bearer.yml', `authorization: {credentials: ${SECRET}}\ntls_config: {ca_file: ca.pem}\n`);
    const file = write('hosts.csv', `host,http_config,rack\nhttps://${secured.nodeId},bearer.yml,r1\n${open.nodeId},,r1\n`);
    expect((await table('nodes', '--hostfile', file)).map(({ node }) => node)).toEqual(['gpu-a01', 'gpu-b02']);
    expect(open.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});
