/** Nodes with several endpoints, over real HTTP: what is shown of them, and when they are up. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { GPU_FIELDS } from '../../../lib/model/columns.js';
import { sourcesOfGpu } from '../../../lib/model/gpu-sources.js';
import { conditionOf, gpusUnknown, included, whyNotReporting, type NodeView } from '../../../lib/model/node-view.js';
import { readFrame, readLine, type DataLine } from '../../../lib/recording/format/decode.js';
import { frameLines } from '../../../lib/recording/format/encode.js';
import { FramePacker } from '../../../lib/recording/format/packed-frame.js';
import { SECTIONS } from '../../../lib/recording/format/schema.js';
import { RecordedNodes } from '../../../lib/recording/play/recorded-nodes.js';
import { answers, type Behaviour } from '../../helpers/server.js';
import { expectGolden } from '../../helpers/golden.js';
import { closeWatched, watch, type Watched } from '../../helpers/watch-servers.js';

afterEach(closeWatched);

const SIZE = { cols: 150, rows: 32 };
const textOf = (name: string): string => readFileSync(new URL(`../../fixtures/exporters/${name}.prom`, import.meta.url), 'utf8');
const exporter = (name: string): Behaviour => answers(textOf(name));
const only = ({ driver }: Watched): NodeView => [...driver.app.state.allNodes][0]!;

/** The names of an allocation row: GPU, user, account, job. */
const holders = (node: NodeView): readonly string[] => {
  const { count, gpu, gpuCount, owner } = node.allocations;
  const text = (ids: Int32Array, row: number): string => node.userName(ids[row]!) || '-';
  return Array.from({ length: count }, (_, row) =>
    [gpu[row], gpuCount[row], text(owner.user, row), text(owner.account, row), text(owner.job, row)].join(' '),
  );
};

const scene = (): Promise<Watched> =>
  watch(
    {
      gpu01: { dcgm: exporter('dcgm-slurm-hpcjob-custom'), machine: exporter('node_exporter'), jobs: exporter('slurm-job-exporter') },
    },
    SIZE,
  );

/** Servers have any free port; on the screens they have the last digits of the port that their exporter usually has. */
const PORTS: Readonly<Record<string, string>> = { dcgm: '19400', machine: '19100', jobs: '19798' };
function screens({ driver, servers }: Watched): string {
  const shown = (text: string): string =>
    Object.entries(PORTS)
      .reduce((all, [name, port]) => all.replaceAll(servers[name]!.nodeId.replace(/^.*:/, ''), port), text)
      // How often the screen was painted depends on how fast the servers are.
      .replace(/^ viewer: .*$/m, ' viewer: ...');
  const page = driver.press('D', 'Enter').frame();
  const details = driver.press('z').frame();
  driver.press('z');
  // Without the key hints, which are those of the tabs.
  return [driver.press('V').frame(), page, details, driver.press('D').frame()]
    .map((frame) =>
      shown(frame)
        .trimEnd()
        .replace(/\n[^\n]*$/, ''),
    )
    .join('\n');
}

describe('DCGM, node_exporter and slurm-job-exporter are one node', () => {
  test('on the screens, and when DCGM has died', async () => {
    const watched = await scene();
    await watched.pass(3000);
    await watched.pass(3000);
    expectGolden('several-endpoints', SIZE.cols, SIZE.rows, screens(watched));
    await watched.servers.dcgm!.kill();
    for (let left = 60; included(only(watched)) && left > 0; left--) await watched.pass(3000);
    expectGolden('several-endpoints-dead', SIZE.cols, SIZE.rows, screens(watched));
  });

  test('GPUs of the first, the machine of the second, users of the third', async () => {
    const watched = await scene();
    await watched.round();
    const node = only(watched);
    expect([...watched.driver.app.state.allNodes]).toHaveLength(1);
    expect(Array.from(node.gpus.field.utilPercent)).toEqual([97, 0]);
    expect([node.memory.count, node.disks.count, node.cpus.value(0, 'threads')]).toEqual([1, 2, 4]);
    expect(node.facts.uptimeSeconds).toBeCloseTo(864_213.52, 2);
    // The exporter of the jobs numbers the GPUs of each job from 0: which they are is known from DCGM.
    expect(holders(node)).toEqual(['0 1 alice physics 918273', '1 1 bob bio 918280']);
  });

  test('a recording of it is replayed equal, with the state of each endpoint', async () => {
    const watched = await scene();
    await watched.round();
    await watched.servers.jobs!.kill();
    await watched.round();
    const node = only(watched);
    const meta = { at: node.at, offsetMinutes: 0, hostname: 'remote', include: new Set(SECTIONS) };
    const lines = frameLines([node], meta).map((line) => readLine(Buffer.concat(line).toString().trimEnd()) as DataLine);
    const frame = structuredClone(new FramePacker().pack(readFrame(lines)));
    const nodes = new RecordedNodes(3000);
    nodes.take(frame);
    nodes.show(frame, 'jump');
    const [back] = nodes.all;
    expect(conditionOf(back!)).toBe(conditionOf(node));
    const endpoints = ({ endpoints: all }: NodeView): readonly unknown[] =>
      all.map(({ id, status, givesGpus, facts }) => [id, { ...status, error: { ...status.error } }, givesGpus, facts?.exporterVersion]);
    expect(endpoints(back!)).toEqual(endpoints(node));
    expect(back!.endpoints.map(({ status }) => status.phase)).toEqual(['live', 'live', 'failing']);
    expect(holders(back!)).toEqual(holders(node));
    expect([0, 1].map((slot) => sourcesOfGpu(back!, slot).map(({ endpoint: { id }, groups }) => [id, groups]))).toEqual(
      [0, 1].map((slot) => sourcesOfGpu(node, slot).map(({ endpoint: { id }, groups }) => [id, groups])),
    );
    expect(whyNotReporting(back!)).toBe(whyNotReporting(node));
    for (const field of GPU_FIELDS) expect([field, [...back!.gpus.field[field]]]).toEqual([field, [...node.gpus.field[field]]]);
  });

  test('one that ever reported GPUs decides whether the node is up', async () => {
    const watched = await scene();
    await watched.round();
    const node = only(watched);
    await watched.servers.dcgm!.kill();
    await watched.round();
    expect([conditionOf(node), node.status.error?.text]).toEqual([
      'failing',
      expect.stringMatching(/^127\.0\.0\.1:\d+: connection refused$/),
    ]);
    for (let left = 30; included(node) && left > 0; left--) await watched.round();
    expect([conditionOf(node), node.gpus.count]).toEqual(['down', 2]);
  });

  test('without the others it is up, and what only they reported is not known any more', async () => {
    const watched = await scene();
    await watched.round();
    const node = only(watched);
    await watched.servers.machine!.kill();
    await watched.servers.jobs!.kill();
    for (let left = 30; node.memory.count > 0 && left > 0; left--) await watched.round();
    for (let left = 30; holders(node)[0]!.includes('alice') && left > 0; left--) await watched.round();
    expect([conditionOf(node), node.memory.count, holders(node)]).toEqual(['up', 0, ['0 1 - - 918273', '1 1 - - 918280']]);
    expect(node.endpoints.map(({ status }) => status.overdue)).toEqual([false, true, true]);
  });

  test('a node whose GPUs nobody has reported yet is up while any endpoint is, and does not claim to have none', async () => {
    const watched = await watch({ gpu01: { dcgm: (request) => request.socket.destroy(), machine: exporter('node_exporter') } }, SIZE);
    await watched.round();
    expect([conditionOf(only(watched)), gpusUnknown(only(watched))]).toEqual(['up', true]);
    watched.servers.dcgm!.behave(exporter('dcgm-k8s'));
    await watched.round();
    expect([only(watched).gpus.count, gpusUnknown(only(watched))]).toEqual([2, false]);
  });
});

test('endpoints with other GPUs are not merged: the one that is listed first is the node, whichever answers first', async () => {
  const other = textOf('dcgm-k8s')
    .replaceAll('GPU-3f6b2c1e', 'GPU-00000001')
    .replaceAll('GPU-b27d90aa', 'GPU-00000002')
    .replaceAll(/(GPU_UTIL\{.*\}) \d+/g, '$1 55');
  const watched = await watch({ gpu01: { first: (request) => request.socket.destroy(), second: answers(other) } }, SIZE);
  const node = only(watched);
  const utils = (): readonly number[] => Array.from(node.gpus.field.utilPercent);
  await watched.round();
  expect([utils(), conditionOf(node)]).toEqual([[55, 55], 'up']);
  watched.servers.first!.behave(exporter('dcgm-k8s'));
  for (let times = 0; times < 2; times++) {
    await watched.round();
    expect([utils(), conditionOf(node)]).toEqual([[97, 0], 'up']);
    expect(node.endpoints.map(({ status }) => status.error?.code)).toEqual([undefined, 'S_OTHER_GPUS']);
    expect(node.endpoints[1]!.status.error!.text).toBe(`reports other GPUs than ${watched.servers.first!.nodeId}: it is not the same node`);
  }
});

test('all-smi has precedence, and others add what it does not report', async () => {
  const gpu = (slot: number, uuid: string): string =>
    `gpu="NVIDIA H100 80GB HBM3", instance="gpu-a01", gpu_uuid="${uuid}", gpu_index="${slot}"`;
  const [first, second] = [gpu(0, 'GPU-3f6b2c1e-7a54-4d0b-9c1f-5e2a8d7b4410'), gpu(1, 'GPU-b27d90aa-1c3e-4f88-8a6d-0c94f1e65a02')];
  const own = [
    'all_smi_up{instance="gpu-a01"} 1',
    `all_smi_gpu_utilization{${first}} 42`,
    `all_smi_gpu_utilization{${second}} 43`,
    `all_smi_gpu_sm_occupancy{${second}} 0.5`,
    `all_smi_gpu_info{${first},numa_node="1",driver_version="1.2"} 1`,
    'all_smi_process_memory_used_bytes{pid="7",user="dave",device_uuid="GPU-b27d90aa-1c3e-4f88-8a6d-0c94f1e65a02",name="p",command="p",index="0"} 5',
    'all_smi_nvlink_bandwidth_total{gpu_uuid="x"} 1',
  ].join('\n');
  const watched = await watch({ gpu01: { own: answers(`${own}\n`), dcgm: exporter('dcgm-k8s'), jobs: exporter('nvitop-exporter') } }, SIZE);
  await watched.round();
  const node = only(watched);
  const { gpus, procs } = node;
  expect(gpus.count).toBe(2);
  expect([...gpus.field.utilPercent]).toEqual([42, 43]);
  expect([...gpus.field.powerWatts]).toEqual([611.3, 119.7]);
  expect([...gpus.field.smOccupancy]).toEqual([NaN, 0.5]);
  expect([gpus.detail(0, 'driver_version'), gpus.detail(0, 'pci_bus_id')]).toEqual(['1.2', '00000000:1B:00.0']);
  expect(Array.from(procs.user, (id) => node.userName(id))).toEqual(['dave']);
  expect(node.facts.exporterVersion).toContain('dcgm-exporter + nvitop-exporter');
});
