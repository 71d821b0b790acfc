/** Nodes whose exporter answers, but reports that its own collection failed: their GPU users are unknown. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { expectGolden } from '../../helpers/golden.js';
import { answers, type Behaviour } from '../../helpers/server.js';
import { closeWatched, watch } from '../../helpers/watch-servers.js';

afterEach(closeWatched);

const head = (instance: string): string =>
  `all_smi_up{instance="${instance}"} 1\nall_smi_build_info{instance="${instance}", version="0.2.0", os="linux", arch="x86_64"} 1\n`;
const source = (instance: string, name: string, state: string, reason = ''): string =>
  `all_smi_node_source_info{instance="${instance}", source="${name}", state="${state}", reason="${reason}"} 1\n`;
const gpu = (instance: string, usedBytes: number): string =>
  ['utilization', 'memory_used_bytes', 'memory_total_bytes']
    .map((family, at) => {
      const value = [97, usedBytes, 85899345920][at]!;
      return `all_smi_gpu_${family}{gpu="H100", instance="${instance}", gpu_uuid="GPU-${instance}", gpu_index="0"} ${value}\n`;
    })
    .join('');
const exported = (instance: string): string => `all_smi_process_export_info{instance="${instance}", scope="gpu"} 1\n`;

const LOST = 'Unable to determine the device handle for GPU0000:41:00.0: Unknown Error';
const HANGS = 'nvidia-smi has not answered for 12 s';
const DRIVER = head('driver') + source('driver', 'gpus', 'failed', LOST);
const APPS =
  head('apps') +
  source('apps', 'gpus', 'ok') +
  source('apps', 'gpu-details', 'ok') +
  source('apps', 'gpu-processes', 'hanging', HANGS) +
  source('apps', 'sm-shares', 'ok') +
  gpu('apps', 68719476736);
const STARTING = head('starting') + source('starting', 'gpus', 'starting');
/** Without --processes, on a GPU in use. */
const OFF = head('off') + source('off', 'gpus', 'ok') + source('off', 'gpu-details', 'ok') + gpu('off', 2 ** 34);
const WELL =
  head('well') +
  source('well', 'gpus', 'partial', 'no data for 1 of 2 GPUs') +
  source('well', 'gpu-processes', 'ok') +
  source('well', 'processes', 'ok') +
  gpu('well', 68719476736) +
  exported('well') +
  'all_smi_process_memory_used_bytes{pid="7", name="python", user="alice", gpu_index="0", device_uuid="GPU-well", command="train"} 68719476736\n';
const IDLE = head('idle') + source('idle', 'gpus', 'ok') + source('idle', 'gpu-processes', 'ok') + gpu('idle', 0) + exported('idle');
/** A login node: no nvidia-smi, so no GPUs, and therefore no processes on them. */
const LOGIN = head('login') + source('login', 'gpus', 'missing', 'nvidia-smi was not found') + exported('login');

const nodes = (texts: Readonly<Record<string, string>>): Readonly<Record<string, Behaviour>> =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, answers(text)]));

describe('a failed collection on a node', () => {
  test('among other nodes: its processes are unknown, and the reason is on the screens where it is looked for', async () => {
    const all = { driver: DRIVER, apps: APPS, starting: STARTING, off: OFF, well: WELL, idle: IDLE, login: LOGIN };
    const { driver, round } = await watch(nodes(all), { cols: 120, rows: 20 });
    await round();
    expectGolden('failed-users', 120, 20, driver.press('V').frame());
    expectGolden('failed-not-reporting', 120, 20, driver.press('i').frame());
    expectGolden('failed-diagnosis', 120, 20, driver.press('D').frame());
  });

  test.each([
    ['driver', DRIVER, LOST],
    ['apps', APPS, HANGS],
  ])('of a single node (%s): no user is shown as absent, and there is no hint to enable what is enabled', async (name, text, reason) => {
    const { driver, round } = await watch(nodes({ [name]: text }), { cols: 120, rows: 20 });
    await round();
    const users = driver.press('V').frame();
    expect(users).toContain('0 of 1 node reporting');
    expect(users).toContain(reason);
    const page = driver.press('D', 'Enter').frame();
    expect(driver.tab).toBe(name);
    expect(page).toContain(reason);
    for (const screen of [users, page]) {
      expect(screen).not.toContain('--processes');
      expect(screen).not.toMatch(/[Nn]obody uses|no process on a GPU|reports no GPU/);
    }
  });

  test('after recovery the node reports again', async () => {
    const { driver, servers, round } = await watch(nodes({ well: DRIVER.replaceAll('driver', 'well') }), { cols: 120, rows: 20 });
    await round();
    expect(driver.press('V').frame()).toContain('0 of 1 node reporting');
    servers.well!.behave(answers(WELL));
    await round();
    expect(driver.frame()).toMatch(/1 user .*1 of 1 node reporting/);
    servers.well!.behave(answers(DRIVER.replaceAll('driver', 'well')));
    await round();
    expect(driver.frame()).toContain('0 of 1 node reporting');
  });
});
