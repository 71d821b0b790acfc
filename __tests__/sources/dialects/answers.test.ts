/** Exporters scrape after scrape: what follows from several answers, and answers that change their kind. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { included } from '../../../lib/model/node-view.js';
import { answers } from '../../helpers/server.js';
import { closeWatched, watch } from '../../helpers/watch-servers.js';

afterEach(closeWatched);

const SIZE = { cols: 120, rows: 30 };
const textOf = (name: string): string => readFileSync(new URL(`../../fixtures/exporters/${name}.prom`, import.meta.url), 'utf8');
const ALL_SMI = 'all_smi_up{instance="own"} 1\nall_smi_gpu_utilization{gpu="H100", instance="own", gpu_uuid="G", gpu_index="0"} 12\n';

const times = (user: number, idle: number, iowait: number): string =>
  `node_boot_time_seconds 1\nnode_cpu_seconds_total{cpu="0",mode="user"} ${user}\nnode_cpu_seconds_total{cpu="0",mode="idle"} ${idle}\n` +
  `node_cpu_seconds_total{cpu="0",mode="iowait"} ${iowait}\nnode_cpu_seconds_total{cpu="0",mode="guest"} ${user}\n`;

test('the share of the CPU needs two answers, and begins again when the counters do', async () => {
  const { driver, servers, round } = await watch({ n: answers(times(10, 80, 10)) }, SIZE);
  const share = (): number => [...driver.app.state.allNodes][0]!.cpus.value(0, 'utilPercent');
  await round();
  expect(share()).toBeNaN();
  servers.n!.behave(answers(times(13, 85, 12)));
  await round();
  expect(share()).toBe(30);
  // The same answer again, as from a cache: the share is still that of the last change.
  await round();
  expect(share()).toBe(30);
  servers.n!.behave(answers(times(1, 2, 0)));
  await round();
  expect(share()).toBeNaN();
});

describe('the kind of the answer may change', () => {
  test('from all-smi to another exporter and back', async () => {
    const { driver, servers, round } = await watch({ n: answers(ALL_SMI) }, SIZE);
    const [node] = [...driver.app.state.allNodes];
    const utils = (): readonly number[] => Array.from(node!.gpus.field.utilPercent).slice(0, node!.gpus.count);
    await round();
    expect(utils()).toEqual([12]);
    servers.n!.behave(answers(textOf('dcgm-k8s')));
    await round();
    expect([node!.status.error, utils()]).toEqual([undefined, [97, 0]]);
    servers.n!.behave(answers(textOf('nvitop-exporter')));
    await round();
    expect([node!.status.error, utils(), node!.procs.count]).toEqual([undefined, [97, 0], 3]);
    servers.n!.behave(answers(ALL_SMI));
    await round();
    expect([node!.status.error, utils()]).toEqual([undefined, [12]]);
  });

  test('an answer that is too large to be kept is refused once, and the next one is read', async () => {
    const { driver, servers, round } = await watch({ n: answers(textOf('dcgm-k8s')) }, SIZE);
    const [node] = [...driver.app.state.allNodes];
    await round();
    servers.n!.behave(answers(ALL_SMI + `# ${'x'.repeat(98)}\n`.repeat(12_000)));
    await round();
    expect([node!.status.error?.code, node!.gpus.count]).toEqual(['S_FOREIGN', 2]);
    await round();
    expect([node!.status.error, node!.gpus.count]).toEqual([undefined, 1]);
  });

  test('a login page in between leaves the last good answer', async () => {
    const { driver, servers, round } = await watch({ n: answers(textOf('nvitop-exporter')) }, SIZE);
    const [node] = [...driver.app.state.allNodes];
    await round();
    expect(node!.procs.count).toBe(3);
    servers.n!.behave(answers('<html>Sign in</html>'));
    await round();
    expect([node!.status.error?.code, node!.procs.count]).toEqual(['S_FOREIGN', 3]);
    servers.n!.behave(answers(textOf('nvitop-exporter')));
    await round();
    expect([node!.status.error, node!.procs.count]).toEqual([undefined, 3]);
  });

  test('users of other exporters are on the Users tab', async () => {
    const { driver, round } = await watch({ n: answers(textOf('nvitop-exporter')), m: answers(textOf('dcgm-k8s')) }, SIZE);
    await round();
    const frame = driver.press('V').frame();
    for (const user of ['alice', 'bob', 'carol']) expect(frame).toContain(user);
    expect(frame).toMatch(/1 of 2 nodes? reporting/);
  });

  test('an exporter without GPU metrics is named', async () => {
    const { driver, round } = await watch({ n: answers(textOf('kube-state-metrics')) }, { cols: 140, rows: 30 });
    await round();
    expect(driver.press('D').frame()).toContain('kube-state-metrics: no GPU metrics');
  });
});

test('an exporter that renews its values every 30 s is overdue after three of those, another after three scrapes', async () => {
  const { driver, servers, round } = await watch({ slow: answers(textOf('dcgm-k8s')), fast: answers(textOf('nvidia_gpu_exporter')) }, SIZE);
  const isIncluded = (): readonly boolean[] => [...driver.app.state.allNodes].map(included);
  await round();
  expect(isIncluded()).toEqual([true, true]);
  for (const server of Object.values(servers)) await server.kill();
  for (let seconds = 0; seconds < 15; seconds += 3) driver.step(3000);
  expect(isIncluded()).toEqual([true, false]);
  for (let seconds = 0; seconds < 90; seconds += 3) driver.step(3000);
  expect(isIncluded()).toEqual([false, false]);
});
