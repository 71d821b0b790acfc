/** Every recipe in docs/SCRIPTING.md, run as written, and `check` as a monitoring system runs it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtProgram, ROOT } from '../helpers/built.js';
import { mockTexts } from '../helpers/mock-texts.js';
import { answers, hangs, startServer, type TestServer } from '../helpers/server.js';

const BUILD_MS = 60_000;
/** `get free` watches for a minute. */
const FREE_MS = 180_000;
let program = '';
let directory = '';
let nodes: readonly TestServer[] = [];
beforeAll(async () => {
  program = builtProgram();
  directory = mkdtempSync(join(tmpdir(), 'scripting-'));
  nodes = await Promise.all(mockTexts('nvidia', { nodes: 3, processes: true }).map((text) => startServer(answers(text))));
  writeFileSync(join(directory, 'hosts.csv'), nodes.map(({ nodeId }) => `${nodeId}\n`).join(''));
}, BUILD_MS);
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.kill()));
  rmSync(directory, { recursive: true, force: true });
});

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** In a shell where `all-smi-view` is the built program. */
function shell(script: string): Promise<Outcome> {
  const lines = `set -o pipefail\nall-smi-view() { "${process.execPath}" "${program}" "$@"; }\n${script}`;
  const child = spawn('bash', ['-c', lines], { cwd: directory, env: { PATH: process.env.PATH, HOME: directory } });
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk: Buffer) => (texts[stream] += chunk.toString()));
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...texts })));
}

const RECIPES = [...readFileSync(join(ROOT, 'docs/SCRIPTING.md'), 'utf8').matchAll(/^```sh\n(.*?)^```/gms)].map(
  ([, script = '']) => script,
);

describe('recipes', () => {
  const recipes = RECIPES.filter((script) => !script.includes('get free'));
  test.each(recipes)('%s', async (script) => {
    const { status, stdout, stderr } = await shell(script);
    expect([stderr, status === 0 || script.startsWith('all-smi-view check')]).toEqual(['', true]);
    if (!/>>? usage/.test(script)) expect(stdout).not.toBe('');
  });

  test('write the files they name', () => {
    const lines = readFileSync(join(directory, 'usage.ndjson'), 'utf8').trimEnd().split('\n');
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ sample_at: expect.any(String), gpus: expect.any(Number) });
    expect(readFileSync(join(directory, 'usage.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(lines.length);
  });

  test('pandas reads the usage as documented; where it is not installed, the json module reads the same', async () => {
    const [, recipe = ''] = /`(pandas\.read_json\([^`]*\))`/.exec(readFileSync(join(ROOT, 'docs/SCRIPTING.md'), 'utf8')) ?? [];
    const script = `
import json
try:
    import pandas
    frame = ${recipe}
    rows = list(zip(frame["user"], map(int, frame["gpus"]), map(int, frame["vram_bytes"]), frame["sample_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")))
except ImportError:
    lines = map(json.loads, open("usage.ndjson"))
    rows = [(line["user"], line["gpus"], line["vram_bytes"], line["sample_at"]) for line in lines]
print(json.dumps(rows))`;
    const { stdout, stderr } = await shell(`python3 -c '${script}'`);
    const lines = readFileSync(join(directory, 'usage.ndjson'), 'utf8').trimEnd().split('\n');
    const expected = lines.map((line) => JSON.parse(line) as Record<string, unknown>).map((row) => [row.user, row.gpus, row.vram_bytes, row.sample_at]); // prettier-ignore
    expect([stderr, JSON.parse(stdout)]).toEqual(['', expected]);
  });

  test(
    'GPUs are free only after a minute without use; a node that is busy in between has none',
    async () => {
      const idle = (util: number): string =>
        `all_smi_gpu_utilization{gpu="H100",uuid="GPU-1",index="0"} ${util}\nall_smi_gpu_memory_used_bytes{gpu="H100",uuid="GPU-1",index="0"} 0\nall_smi_gpu_memory_total_bytes{gpu="H100",uuid="GPU-1",index="0"} 80000000000\n`;
      const quiet = await startServer(answers(idle(0)));
      let scrapes = 0;
      const busy = await startServer((request, response) => answers(idle(scrapes++ === 5 ? 90 : 0))(request, response));
      const hosts = `--hosts ${quiet.nodeId} ${busy.nodeId} -i 3`;
      let answered = 0;
      const later = await startServer((request, response) => answers(idle(answered++ < 3 ? 90 : 0))(request, response));
      const never = await startServer(answers(idle(90)));
      const waiting = (node: TestServer, wait: string): Promise<Outcome> =>
        shell(`all-smi-view get free --hosts ${node.nodeId} -i 3 --gpus 1 --wait${wait} -o name`);
      const [two, one, freed, timeout, forever] = await Promise.all([
        shell(`all-smi-view get free ${hosts} --gpus 2 -o name`),
        shell(`all-smi-view get free --hosts ${quiet.nodeId} -i 3 --gpus 1 --model h100 --same-node -o json`),
        waiting(later, '=2m'),
        waiting(never, '=1s'),
        waiting(later, ''),
      ]);
      expect(two).toMatchObject({ status: 4, stdout: '' });
      expect(two.stderr).toContain('not enough free GPUs: 2 requested');
      expect(one.status).toBe(0);
      expect((JSON.parse(one.stdout) as { rows: unknown }).rows).toMatchObject([{ node_id: quiet.nodeId, gpus: 1, gpu_indexes: [0] }]);
      // The node becomes free at the fourth scrape, after 9 s; a minute later it has been free for long enough.
      const found = { status: 0, stdout: `${later.nodeId}/0\n`, stderr: '' };
      expect([freed, forever]).toEqual([found, found]);
      expect(timeout).toMatchObject({ status: 4, stdout: '', stderr: expect.stringContaining('not enough free GPUs: 1 requested') });
      await Promise.all([quiet, busy, later, never].map((node) => node.kill()));
    },
    FREE_MS,
  );
});

describe('check', () => {
  const PERFORMANCE = /^(OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+ \| ([\w]+=[\d.]+(;[\d.:]*){0,4} ?)+\n$/;

  test('prints one line with performance data, and thresholds determine the status', async () => {
    const cool = '--alert-temp 150';
    const fine = await shell(`all-smi-view check --hostfile hosts.csv ${cool}`);
    expect(fine.status).toBe(0);
    expect(fine.stdout).toMatch(PERFORMANCE);
    expect(fine.stdout).toMatch(/^OK - 3 of 3 nodes up; /);
    expect(fine.stdout).toContain('memory_held_idle not evaluated (needs --over 15m)');
    const crowded = await shell(`all-smi-view check --hostfile hosts.csv ${cool} --min-free 1000`);
    expect([crowded.status, crowded.stdout]).toEqual([
      1,
      expect.stringMatching(/^WARNING - .* GPUs free, fewer than 1,000; .*gpus_free=\d+;1000:;;0;24 /),
    ]);
    const hot = await shell(`all-smi-view check --hostfile hosts.csv --alert-power 1`);
    expect([hot.status, hot.stdout]).toEqual([2, expect.stringMatching(/^CRITICAL - 24 critical: .* power/)]);
  });

  test('is critical when more nodes are down than --max-down allows', async () => {
    const silent = await startServer(hangs);
    const hosts = `--hosts ${nodes[0]!.nodeId} ${silent.nodeId} --timeout 0.3 --alert-temp 150`;
    expect(await shell(`all-smi-view check ${hosts}`)).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(/^CRITICAL - 1 node down \(127\.0\.0\.1:\d+\); 1 of 2 nodes up; /),
    });
    expect(await shell(`all-smi-view check ${hosts} --max-down 1`)).toMatchObject({ status: 0 });
    expect(await shell(`all-smi-view check --hosts ${silent.nodeId} --timeout 0.3`)).toEqual({
      status: 3,
      stdout: 'UNKNOWN - no node of 1 answered\n',
      stderr: '',
    });
    await silent.kill();
  });

  test.each(['--bogus', '--max-down x', '--at 1:00 --demo', '--hostfile none.csv'])('%s: unknown, on standard output', async (args) => {
    const { status, stdout, stderr } = await shell(`all-smi-view check ${args}`);
    expect([status, stderr]).toEqual([3, '']);
    expect(stdout).toMatch(/^UNKNOWN - .+\n$/);
  });

  test('evaluates a rule with a duration over that duration', async () => {
    const held = `all_smi_gpu_utilization{gpu="H100",uuid="GPU-1",index="0"} 0\nall_smi_gpu_memory_used_bytes{gpu="H100",uuid="GPU-1",index="0"} 40000000000\nall_smi_gpu_memory_total_bytes{gpu="H100",uuid="GPU-1",index="0"} 80000000000\n`;
    const node = await startServer(answers(held));
    const { status, stdout } = await shell(
      `all-smi-view check --hosts ${node.nodeId} -i 0.5 --alert-held 2s --alert-util-low-mins 0 --over 4s`,
    );
    expect([status, stdout]).toEqual([1, expect.stringMatching(/^WARNING - 1 warning: .* gpu0 memory_held_idle; 1 of 1 node up; /)]);
    expect(stdout).not.toContain('not evaluated');
    await node.kill();
  });
});
