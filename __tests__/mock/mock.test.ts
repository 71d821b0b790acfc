import { afterEach, describe, expect, test } from '@jest/globals';
import { startMock, type MockOptions } from '../../lib/mock/mock.js';
import type { Cluster } from '../../lib/mock/mock-server.js';
import { readExposition, type ReadFamily, type ReadSample } from '../helpers/exposition-reader.js';
import { hasPromtool, promtoolComplaints } from '../helpers/promtool.js';

const START = Date.UTC(2026, 7, 7, 14, 30);
const clock = { at: START, now: () => clock.at };
const running: Cluster[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((cluster) => cluster.stop()));
  clock.at = START;
});

async function start(options: Partial<MockOptions> = {}, nodes = 1): Promise<readonly string[]> {
  const cluster = await startMock({
    ports: Array.from({ length: nodes }, () => 0),
    platform: 'nvidia',
    gpuName: 'NVIDIA B200 192GB HBM3',
    startIndex: 1,
    failureNodes: 0,
    processes: false,
    seed: 7,
    clock,
    ...options,
  });
  running.push(cluster);
  return cluster.addresses;
}

const textOf = async (address: string): Promise<string> => (await fetch(`http://${address}/metrics`)).text();
const scrape = async (address: string): Promise<Map<string, ReadFamily>> => readExposition(await textOf(address));
const rows = (families: Map<string, ReadFamily>, name: string): ReadSample[] => families.get(`all_smi_${name}`)?.samples ?? [];

/** The usage of a user on one node, computed from the text in the simplest way. */
function usage(families: Map<string, ReadFamily>, user: string): { rows: number; pids: number; gpus: string; longest: number } {
  const mine = rows(families, 'process_start_time_seconds').filter(({ labels }) => labels.user === user);
  return {
    rows: mine.length,
    pids: new Set(mine.map(({ labels }) => labels.pid)).size,
    gpus: [...new Set(mine.map(({ labels }) => labels.gpu_index))].sort().join(),
    longest: Math.max(...mine.map(({ value }) => value)),
  };
}

describe('processes', () => {
  // GPU i has 1 + (i mod 4) processes; user (i + j) mod 4; start 60 * (1 + 7i + j).
  test('have 20 rows of four users on each node', async () => {
    const addresses = await start({ processes: true }, 3);
    for (const address of addresses) {
      const families = await scrape(address);
      expect(usage(families, 'inureyes')).toEqual({ rows: 6, pids: 6, gpus: '0,2,3,4,6,7', longest: 3060 }); // 60 * (1 + 49 + 1)
      expect(usage(families, 'yeonji')).toEqual({ rows: 4, pids: 4, gpus: '1,3,5,7', longest: 3120 }); // 60 * (1 + 49 + 2)
      expect(usage(families, 'mira')).toEqual({ rows: 6, pids: 6, gpus: '1,2,3,5,6,7', longest: 3180 }); // 60 * (1 + 49 + 3)
      expect(usage(families, 'root')).toEqual({ rows: 4, pids: 4, gpus: '2,3,6,7', longest: 3000 }); // 60 * (1 + 49 + 0)
      const pids = rows(families, 'process_memory_used_bytes').map(({ labels }) => Number(labels.pid));
      expect(pids).toEqual(Array.from({ length: 20 }, (_, nth) => 10_000 + nth));
    }
  });

  test('name their process, GPU and node in each row', async () => {
    const [address] = await start({ processes: true, startIndex: 12 });
    const families = await scrape(address!);
    const uuids = rows(families, 'gpu_utilization').map(({ labels }) => labels.gpu_uuid);
    // GPU 2 has processes 3, 4, 5 (after 1 and 2 of GPUs 0 and 1); the second: user (2 + 1) mod 4, command (4 + 1) mod 5.
    const { labels, line } = rows(families, 'process_memory_used_bytes')[4]!;
    expect(labels).toEqual({
      pid: '10004',
      name: 'python',
      user: 'root',
      device_id: '2',
      gpu_index: '2',
      device_uuid: uuids[2],
      command: 'python train.py --bs=128 --epochs=100 --model=llama-70b',
      instance: 'node-0012',
      host: 'node-0012',
    });
    expect(Object.keys(labels).join()).toBe('pid,name,user,device_id,gpu_index,device_uuid,command,instance,host');
    expect(line).toMatch(/^all_smi_process_memory_used_bytes\{pid="10004", name="python", /);
    const ofRow = (name: string): string => rows(families, name)[4]!.line.replace(/.* /, '');
    expect(ofRow('process_start_time_seconds')).toBe('960'); // 60 * (1 + 7 * 2 + 1)
    expect(ofRow('process_cpu_percent')).toBe('8.50'); // 5.00 + 3.5 * 1
    const names = [...families.keys()].filter((name) => name.startsWith('all_smi_process_'));
    expect(names).toEqual(['memory_used_bytes', 'start_time_seconds', 'cpu_percent'].map((name) => `all_smi_process_${name}`));
  });

  test('belong to jobs on every fourth node, and to pods on the one after it', async () => {
    const nodes = await Promise.all((await start({ processes: true }, 8)).map(scrape));
    const identities = nodes.map((node) => rows(node, 'process_identity_info').map(({ labels }) => labels));
    expect(identities.map(({ length }) => length)).toEqual([0, 20, 20, 0, 0, 20, 20, 0]);
    const [slurm, pods] = [identities[1]!, identities[2]!];
    const pids = rows(nodes[1]!, 'process_memory_used_bytes').map(({ labels }) => [labels.pid, labels.device_uuid]);
    expect(slurm.map(({ pid, device_uuid }) => [pid, device_uuid])).toEqual(pids);
    // A job for each user of the node; root has none.
    expect(new Set(slurm.map(({ job }) => job))).toEqual(new Set(['918008', '918009', '918010', undefined]));
    expect(new Set(pods.map(({ pod_uid }) => pod_uid)).size).toBe(4);
    for (const { pod_uid, container } of pods) {
      expect(pod_uid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(container).toMatch(/^[0-9a-f]{64}$/);
    }
    // Nobody is behind root here: the totals of root are root's.
    expect(identities.flat().some(({ owner }) => owner !== undefined)).toBe(false);
  });

  test('stay fixed while the GPUs change, and never hold more than their GPU', async () => {
    const [address] = await start({ processes: true });
    const processLines = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('all_smi_process_'));
    const first = await textOf(address!);
    expect(processLines(first)).toHaveLength(60);
    const watts = new Set<string>();
    for (let update = 0; update < 40; update++) {
      clock.at = START + 3000 * update;
      const text = await textOf(address!);
      expect(processLines(text)).toEqual(processLines(first));
      const families = readExposition(text);
      const owned = new Map<string, number>();
      for (const { labels, value } of rows(families, 'process_memory_used_bytes'))
        owned.set(labels.gpu_index!, (owned.get(labels.gpu_index!) ?? 0) + value);
      const used = rows(families, 'gpu_memory_used_bytes');
      const short = used.filter(({ labels, value }) => value < owned.get(labels.gpu_index!)!);
      expect(short).toEqual([]);
      watts.add(
        rows(families, 'gpu_power_consumption_watts')
          .map(({ value }) => value)
          .join(),
      );
    }
    expect(watts.size).toBe(40);
  });

  test('share the used memory of their GPU evenly at the start, so that totals scale with the nodes', async () => {
    const addresses = await start({ processes: true }, 2);
    const [one, two] = await Promise.all(addresses.map(scrape));
    const bytes = rows(one!, 'process_memory_used_bytes');
    const used = rows(one!, 'gpu_memory_used_bytes').map(({ value }) => value);
    for (const { labels, value } of bytes) {
      const gpu = Number(labels.gpu_index);
      expect(value).toBe(Math.floor(used[gpu]! / (1 + (gpu % 4))));
    }
    expect(rows(two!, 'process_memory_used_bytes').map(({ value }) => value)).toEqual(bytes.map(({ value }) => value));
  });

  test('are absent unless enabled', async () => {
    const [address] = await start();
    const names = [...(await scrape(address!)).keys()];
    expect(names.filter((name) => name.includes('process'))).toEqual([]);
    expect(names).toContain('all_smi_gpu_utilization');
  });
});

describe('a node', () => {
  test('reports eight GPUs, CPU, memory, swap and disks, named by the options', async () => {
    const [first, second] = await start({ gpuName: 'NVIDIA H200 141GB HBM3', startIndex: 99 }, 2);
    const families = await scrape(second!);
    const gpus = rows(families, 'gpu_memory_total_bytes');
    expect(gpus.map(({ labels }) => [labels.gpu, labels.instance, labels.gpu_index])).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((index) => ['NVIDIA H200 141GB HBM3', 'node-0100', String(index)]),
    );
    expect(new Set(gpus.map(({ value }) => value))).toEqual(new Set([141 * 2 ** 30]));
    const other = rows(await scrape(first!), 'gpu_memory_total_bytes');
    expect(new Set([...gpus, ...other].map(({ labels }) => labels.gpu_uuid)).size).toBe(16);
    expect(gpus[0]!.labels.gpu_uuid).toMatch(/^GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(rows(families, 'gpu_info')[0]!.labels).toMatchObject({ driver_version: '580.82.07', cuda_version: '13.0' });
    expect(rows(families, 'gpu_info')[0]!.labels).not.toHaveProperty('type');
    for (const name of ['cpu_utilization', 'memory_used_bytes', 'memory_available_bytes', 'swap_total_bytes'])
      expect(rows(families, name).map(({ labels }) => labels)).toEqual([{ instance: 'node-0100' }]);
    expect(rows(families, 'disk_total_bytes')[0]!.labels).toEqual({ instance: 'node-0100', mount_point: '/', index: '0' });
  });

  test('changes smoothly within bounds: temperature follows power, power follows utilization', async () => {
    const [address] = await start();
    const seen: { util: number; watts: number; celsius: number }[] = [];
    for (let update = 0; update < 300; update++) {
      clock.at = START + 3000 * update;
      const families = await scrape(address!);
      const of = (name: string): number => rows(families, name)[3]!.value;
      const [util, watts, celsius] = [of('gpu_utilization'), of('gpu_power_consumption_watts'), of('gpu_temperature_celsius')];
      seen.push({ util, watts, celsius });
      expect(util).toBeGreaterThanOrEqual(0);
      expect(util).toBeLessThanOrEqual(100);
      expect(watts).toBeGreaterThan(90);
      expect(watts).toBeLessThan(1000);
      expect(celsius).toBeGreaterThan(24);
      expect(celsius).toBeLessThan(80);
      expect(of('gpu_memory_used_bytes')).toBeLessThanOrEqual(of('gpu_memory_total_bytes'));
    }
    const steps = seen.slice(1).map(({ util }, at) => Math.abs(util - seen[at]!.util));
    expect(Math.max(...steps)).toBeLessThanOrEqual(20);
    expect(Math.max(...steps)).toBeGreaterThan(0);
    const mean = (some: number[]): number => some.reduce((sum, value) => sum + value, 0) / some.length;
    const byUse = [...seen].sort((a, b) => a.util - b.util);
    const [calm, busy] = [byUse.slice(0, 100), byUse.slice(200)];
    expect(mean(busy.map(({ watts }) => watts))).toBeGreaterThan(1.3 * mean(calm.map(({ watts }) => watts)));
    expect(mean(busy.map(({ celsius }) => celsius))).toBeGreaterThan(4 + mean(calm.map(({ celsius }) => celsius)));
  });

  test('changes every three seconds and not in between', async () => {
    const [address] = await start();
    const first = await textOf(address!);
    clock.at = START + 2999;
    expect(await textOf(address!)).toBe(first);
    clock.at = START + 3000;
    expect(await textOf(address!)).not.toBe(first);
  });

  test('catches up when nobody has scraped it for an hour', async () => {
    const [watched, forgotten] = [(await start())[0]!, (await start())[0]!];
    for (clock.at = START; clock.at < START + 3_600_000; clock.at += 60_000) await textOf(watched);
    expect(await textOf(forgotten)).toBe(await textOf(watched));
  });

  (hasPromtool ? test : test.skip)(
    'has a text that promtool accepts (skipped where promtool, Debian package prometheus, is missing)',
    async () => {
      const [address] = await start({ processes: true });
      expect(promtoolComplaints(await textOf(address!))).toEqual([]);
    },
  );
});

describe('failing nodes', () => {
  async function statuses(addresses: readonly string[]): Promise<number[]> {
    return Promise.all(
      addresses.map(async (address) => {
        const response = await fetch(`http://${address}/`);
        await response.text();
        return response.status;
      }),
    );
  }

  test('are up 30% of the time, and the others 90%', async () => {
    const addresses = await start({ failureNodes: 2 }, 6);
    const up = addresses.map(() => 0);
    const draws = 150;
    for (let nth = 0; nth < draws; nth++) {
      clock.at = START + 10_000 * nth;
      for (const [node, status] of (await statuses(addresses)).entries()) {
        expect([200, 503]).toContain(status);
        if (status === 200) up[node]!++;
      }
    }
    const shares = up.map((count) => count / draws).sort((a, b) => a - b);
    for (const share of shares.slice(0, 2)) expect(Math.abs(share - 0.3)).toBeLessThan(0.1);
    for (const share of shares.slice(2)) expect(Math.abs(share - 0.9)).toBeLessThan(0.1);
  });

  test('do not change within ten seconds', async () => {
    const addresses = await start({ failureNodes: 6 }, 12);
    const first = await statuses(addresses);
    expect(first).toContain(503);
    for (clock.at = START; clock.at < START + 10_000; clock.at += 1000) expect(await statuses(addresses)).toEqual(first);
    const later = new Set<string>();
    for (let nth = 1; nth < 6; nth++) {
      clock.at = START + 10_000 * nth;
      later.add(String(await statuses(addresses)));
    }
    expect(later.size).toBeGreaterThan(1);
  });

  test('do not exist unless requested', async () => {
    const addresses = await start({}, 4);
    for (let nth = 0; nth < 50; nth++) {
      clock.at = START + 10_000 * nth;
      expect(await statuses(addresses)).toEqual([200, 200, 200, 200]);
    }
  });
});

test('two hundred nodes in one process are independent', async () => {
  const addresses = await start({ processes: true }, 200);
  const texts = await Promise.all(addresses.map(textOf));
  const names = texts.map((text) => rows(readExposition(text), 'gpu_utilization')[0]!.labels.instance);
  expect(names).toEqual(Array.from({ length: 200 }, (_, nth) => `node-${String(nth + 1).padStart(4, '0')}`));
  expect(new Set(texts).size).toBe(200);
});

test('an unknown platform is refused with a list of the known ones', async () => {
  await expect(start({ platform: 'voodoo' })).rejects.toMatchObject({
    code: 'E_OPTION_BAD',
    message: '--platform: "voodoo" is not one of: nvidia, intel, amd, jetson, apple, amdgpu, gaudi, tpu, tenstorrent, rebellions, furiosa',
  });
  await expect(start({ platform: 'toString' })).rejects.toMatchObject({ code: 'E_OPTION_BAD' });
});
