import { afterEach, expect, test } from '@jest/globals';
import { startDemo } from '../../lib/mock/demo.js';
import type { Cluster } from '../../lib/mock/mock-server.js';
import { readExposition, type ReadFamily, type ReadSample } from '../helpers/exposition-reader.js';
import { hasPromtool, promtoolComplaints } from '../helpers/promtool.js';

const START = Date.UTC(2026, 7, 7, 14, 30);
const MINUTE = 60_000;
const clock = { at: START, now: () => clock.at };
let demo: Cluster | undefined;

afterEach(async () => {
  await demo?.stop();
  clock.at = START;
});

type Node = Map<string, ReadFamily>;
const rows = (node: Node, name: string): ReadSample[] => node.get(`all_smi_${name}`)?.samples ?? [];
const texts = (): Promise<string[]> =>
  Promise.all((demo?.addresses ?? []).map(async (address) => (await fetch(`http://${address}/metrics`)).text()));
/** Reads the body too: a node accepts ten connections, and one with an unread response is not reused. */
const statusOf = async (address: string): Promise<number> => {
  const response = await fetch(`http://${address}/`);
  await response.text();
  return response.status;
};
const start = async (): Promise<void> => {
  demo = await startDemo(clock);
};
const scrape = async (): Promise<Node[]> => (await texts()).map(readExposition);

/** Sums a family over the rows of each GPU. */
function perGpu(node: Node, name: string): number[] {
  const sums = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const { labels, value } of rows(node, name)) sums[Number(labels.gpu_index)]! += value;
  return sums;
}

test('has six nodes of eight GPUs, all up at first, five of them with processes of users', async () => {
  await start();
  const nodes = await scrape();
  expect(nodes.map((node) => rows(node, 'gpu_utilization').length)).toEqual([8, 8, 8, 8, 8, 8]);
  expect(nodes.map((node) => rows(node, 'process_memory_used_bytes').length > 0)).toEqual([true, true, true, true, true, false]);
  expect(nodes.map((node) => rows(node, 'process_export_info').map(({ labels }) => labels.scope))).toEqual([
    ...[1, 2, 3, 4, 5].map(() => ['gpu']),
    [],
  ]);
  expect(Math.max(...perGpu(nodes[5]!, 'gpu_memory_used_bytes'))).toBeGreaterThan(2 ** 30);
  // Each GPU of the newer nodes has eight links.
  expect(nodes.map((node) => rows(node, 'nvlink_remote_device_type').length)).toEqual([64, 64, 64, 64, 64, 0]);
});

test('has many users, a system account, a command in another script, a process on several GPUs, GPUs held idle and free GPUs', async () => {
  await start();
  const nodes = await scrape();
  const users = new Set(nodes.flatMap((node) => rows(node, 'process_gpu_utilization').map(({ labels }) => labels.user)));
  expect(users.size).toBeGreaterThanOrEqual(7);
  expect(users).toContain('root');
  const commands = nodes.flatMap((node) => rows(node, 'process_memory_used_bytes').map(({ labels }) => labels.command!));
  expect(commands.some((command) => /[\u3040-\u30ff\u4e00-\u9fff]/.test(command))).toBe(true);
  expect(commands.some((command) => command.includes('}'))).toBe(true);
  const jax = rows(nodes[2]!, 'process_memory_used_bytes').filter(({ labels }) => labels.command!.includes('MaxText'));
  expect(jax.map(({ labels }) => labels.gpu_index)).toEqual(['0', '1', '2', '3']);
  expect(new Set(jax.map(({ labels }) => labels.pid)).size).toBe(1);
  const gpus = nodes.slice(0, 5).flatMap((node) => {
    const owned = perGpu(node, 'process_memory_used_bytes');
    return rows(node, 'gpu_utilization').map(({ value }, gpu) => (owned[gpu] === 0 ? 'free' : value === 0 ? 'held' : 'busy'));
  });
  const count = (what: string): number => gpus.filter((gpu) => gpu === what).length;
  expect([count('busy'), count('held'), count('free')]).toEqual([33, 3, 4]);
});

test('has jobs on three nodes and pods on two; on one, all processes run as root, and the person behind each is known', async () => {
  await start();
  const nodes = await scrape();
  const identities = nodes.map((node) => rows(node, 'process_identity_info').map(({ labels }) => labels));
  const processes = nodes.map((node) => rows(node, 'process_memory_used_bytes'));
  expect(identities.map(({ length }) => length)).toEqual(processes.map(({ length }) => length));
  // One job on two nodes.
  expect(new Set(identities.slice(0, 2).flatMap((all) => all.map(({ job }) => job)))).toEqual(new Set(['918300']));
  expect(new Set(identities[2]!.map(({ scheduler, job }) => `${scheduler!} ${job!}`)).size).toBe(3);
  const places = identities[3]!.map(({ pod_uid, unit, session }) => (pod_uid === undefined ? (unit ?? `session ${session!}`) : 'pod'));
  expect(new Set(places)).toEqual(new Set(['pod', 'burn-in.service', 'session 412']));
  expect(new Set(processes[4]!.map(({ labels }) => labels.user))).toEqual(new Set(['root']));
  expect(new Set(identities[4]!.map(({ owner }) => owner))).toEqual(new Set(['tomas', 'jonas.weber', 'hana.kim']));
  // A run that replaces another one is in the same pod.
  clock.at = START + 10 * MINUTE;
  const later = rows((await scrape())[4]!, 'process_identity_info').map(({ labels }) => labels);
  expect(later.map(({ pod_uid }) => pod_uid)).toEqual(identities[4]!.map(({ pod_uid }) => pod_uid));
  expect(later.map(({ pid }) => pid)).not.toEqual(identities[4]!.map(({ pid }) => pid));
});

test('has values that are consistent with each other at any time', async () => {
  await start();
  for (let minute = 0; minute < 60; minute += 3) {
    clock.at = START + minute * MINUTE;
    for (const node of await scrape()) {
      const owned = perGpu(node, 'process_memory_used_bytes');
      const sm = perGpu(node, 'process_gpu_utilization');
      const of = (name: string): number[] => rows(node, name).map(({ value }) => value);
      const [used, total, util] = [of('gpu_memory_used_bytes'), of('gpu_memory_total_bytes'), of('gpu_utilization')];
      const [watts, limit, celsius] = [of('gpu_power_consumption_watts'), of('gpu_power_limit_max_watts'), of('gpu_temperature_celsius')];
      const exported = rows(node, 'process_export_info').length > 0;
      for (let gpu = 0; gpu < 8; gpu++) {
        expect(used[gpu]).toBeGreaterThanOrEqual(owned[gpu]!);
        expect(used[gpu]).toBeLessThanOrEqual(total[gpu]!);
        expect(watts[gpu]).toBeLessThanOrEqual(limit[gpu]!);
        if (util[gpu] === 0) expect(watts[gpu]! / limit[gpu]!).toBeLessThan(0.18);
        if (util[gpu]! > 90) expect(watts[gpu]! / limit[gpu]!).toBeGreaterThan(0.6);
        expect(celsius[gpu]).toBeLessThan(90);
        // The rows and the GPU are each rounded to whole percent.
        if (exported) expect(Math.abs(sm[gpu]! - util[gpu]!)).toBeLessThanOrEqual(2);
      }
    }
  }
});

test('has ages from minutes to days that grow, and short runs that end and are replaced by other processes', async () => {
  await start();
  const ages = async (): Promise<Map<string, number>> => {
    const nodes = await scrape();
    return new Map(
      nodes.flatMap((node) =>
        rows(node, 'process_start_time_seconds').map(({ labels, value }) => [`${labels.host!}/${labels.pid!}`, value] as const),
      ),
    );
  };
  const before = await ages();
  clock.at = START + 10 * MINUTE;
  const after = await ages();
  expect(Math.min(...before.values())).toBeLessThan(120);
  expect(Math.max(...before.values())).toBeGreaterThan(7 * 86_400);
  const kept = [...before].filter(([key]) => after.has(key));
  expect(kept.map(([key, age]) => after.get(key)! - age)).toEqual(kept.map(() => 600));
  expect(before.size - kept.length).toBe(3);
  expect(after.size).toBe(before.size);
});

test('takes one node down now and then, and leaves the others up', async () => {
  await start();
  const down: string[] = [];
  for (let seconds = 0; seconds < 600; seconds += 15) {
    clock.at = START + seconds * 1000;
    const statuses = await Promise.all((demo?.addresses ?? []).map(statusOf));
    if (statuses.some((status) => status !== 200)) down.push(`${String(seconds)}: ${statuses.join(' ')}`);
  }
  // Down for the last 45 of every 240 s.
  const only = '200 200 200 200 503 200';
  expect(down).toEqual([195, 210, 225, 435, 450, 465].map((seconds) => `${String(seconds)}: ${only}`));
});

(hasPromtool ? test : test.skip)(
  'promtool accepts every node (skipped where promtool, Debian package prometheus, is missing)',
  async () => {
    await start();
    for (const text of await texts()) expect(promtoolComplaints(text)).toEqual([]);
  },
);
