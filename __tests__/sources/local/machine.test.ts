import { afterEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Machine, type MachineOptions } from '../../../lib/sources/local/machine.js';
import { troubles, type NodeSample } from '../../../lib/model/sample.js';
import { nodeText } from '../../../lib/exposition/write/node-text.js';
import { fixture, staticMachine, TimelineMachine, type StandInMachine } from '../../helpers/captures.js';
import { SteppedClock } from '../../helpers/clock.js';
import { readExposition } from '../../helpers/exposition-reader.js';

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

const NOW = Date.parse(fixture('h100-static/t.stamp').trim());

interface Rig {
  readonly here: StandInMachine;
  readonly clock: SteppedClock;
  readonly machine: Machine;
  /** A collection, after another `ms`. Timers that wait get the time. */
  read(ms?: number): Promise<NodeSample>;
}

function rig(here: StandInMachine = staticMachine(), options: Partial<MachineOptions> = {}): Rig {
  const clock = new SteppedClock(NOW);
  const { nvidiaSmi, procDir, passwdFile } = here;
  const machine = new Machine({ nvidiaSmi, procDir, passwdFile, clock, intervalMs: 3000, scope: 'gpu', redact: true, ...options });
  running.push({ stop: () => here.dispose() }, machine);
  const read = async (ms = 0): Promise<NodeSample> => {
    clock.step(ms);
    const under = { way: true };
    const sample = machine.read().finally(() => (under.way = false));
    // Real programs take real time; the clock advances only after that, so that a wait in vain gives up.
    for (let waited = 0; under.way; waited += 10) {
      await pause(10);
      if (waited >= 300) clock.step(1000);
    }
    return sample;
  };
  return { here, clock, machine, read };
}

const state = (sample: NodeSample, name: string): string | undefined => sample.sources.find((source) => source.name === name)?.state;
/** The first collection that satisfies this; earlier output may still be on its way. */
async function eventually(read: Rig['read'], holds: (sample: NodeSample) => boolean): Promise<NodeSample> {
  for (let left = 1000; left > 0; left--) {
    const sample = await read();
    if (holds(sample)) return sample;
    await pause(20);
  }
  throw new Error('never came');
}
const gpusOk = (sample: NodeSample): boolean => state(sample, 'gpus') === 'ok' && sample.gpus.length > 0;
/** Families of the text with this prefix. */
const families = (sample: NodeSample, begin: string): string[] =>
  [...readExposition(nodeText(sample, '1')).keys()].filter((name) => name.startsWith(`all_smi_${begin}`));
const startsOf = (here: StandInMachine, begin: string): number =>
  here.started.filter((line) => line.split(' ')[1]!.startsWith(begin)).length;

/** All nvidia-smi processes have ended, and the machine has noticed. */
async function ended(here: StandInMachine): Promise<void> {
  await until(() => here.running.length === 0);
  await pause(20);
}

async function until(holds: () => boolean): Promise<void> {
  for (let left = 2000; !holds(); left--) {
    if (left === 0) throw new Error('never came');
    await pause(5);
  }
}

describe('nvidia-smi', () => {
  test('missing: an error, and the rest of the machine is reported', async () => {
    const { read } = rig(staticMachine(), { nvidiaSmi: '/nowhere/nvidia-smi', scope: 'all' });
    const sample = await read();
    expect(troubles(sample.sources)).toEqual(['GPUs: nvidia-smi was not found']);
    expect(sample.gpus).toEqual([]);
    expect(families(sample, 'gpu_')).toEqual([]);
    expect(sample.memory?.totalBytes).toBe(131_981_020 * 1024);
    expect(sample.processes).toHaveLength(9);
    // Whether they hold GPU memory is unknown.
    expect(families(sample, 'process_memory')).toEqual([]);
    expect(families(sample, 'process_start')).toHaveLength(1);
  });

  test('installed later: found without a restart', async () => {
    const here = staticMachine();
    const { read } = rig(here, { nvidiaSmi: join(here.directory, 'later') });
    expect(state(await read(), 'gpus')).toBe('missing');
    writeFileSync(join(here.directory, 'later'), `#!/bin/sh\nexec ${here.nvidiaSmi} "$@"\n`, { mode: 0o755 });
    await read(60_000);
    expect((await eventually(read, gpusOk)).gpus).toHaveLength(1);
  });

  test('hanging from the start: no GPU is invented, and no second process is started while it runs', async () => {
    const here = staticMachine();
    here.write('gpu.hang', '');
    const { read } = rig(here);
    for (let round = 0; round < 4; round++) {
      const sample = await read(3000);
      expect([sample.gpus, sample.processes]).toEqual([[], undefined]);
      expect(families(sample, 'gpu_').concat(families(sample, 'process_'))).toEqual([]);
    }
    expect(troubles((await read(3000)).sources)).toEqual(['GPUs: no response for more than 10 s']);
    // It may be initializing its GPUs: it is ended only after a minute, and another one is tried five seconds later.
    expect(startsOf(here, '--query-gpu')).toBe(1);
    await read(60_000);
    await ended(here);
    await read(5000);
    await until(() => startsOf(here, '--query-gpu') === 2);
    expect(startsOf(here, '--query-compute-apps') + startsOf(here, 'pmon') + startsOf(here, '-q')).toBe(0);
    here.forget('gpu.hang');
    for (let round = 0; here.said.gpu === 0 && round < 10; round++) await read(40_000);
    expect((await eventually(read, gpusOk)).gpus[0]?.powerWatts).toBe(689.35);
  });

  test('silent later: the GPUs stay listed without readings', async () => {
    const here = staticMachine();
    const { read } = rig(here);
    expect((await read()).gpus[0]?.utilPercent).toBe(100);
    expect((await read(3000)).gpus[0]?.utilPercent).toBe(100);
    const sample = await read(6000);
    expect(sample.gpus.map(({ uuid, utilPercent }) => [uuid, utilPercent])).toEqual([
      ['GPU-11111111-2222-3333-4444-555555555501', undefined],
    ]);
    expect(families(sample, 'gpu_')).toEqual(['all_smi_gpu_info']);
    expect(sample.processes).toBeUndefined();
    expect(families(sample, 'process_')).toEqual([]);
  });

  test('printing an error: the error is reported once, and retries become less frequent', async () => {
    const here = staticMachine();
    const said = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that it is installed.";
    here.write('gpu.error', `${said}\n\n`);
    const { read } = rig(here);
    const sample = await read();
    expect(troubles(sample.sources)).toEqual([`GPUs: ${said}`]);
    expect(sample.gpus).toEqual([]);
    for (let round = 0; round < 100; round++) {
      await ended(here);
      await read(3000);
      if (round === 0) expect(startsOf(here, '--query-gpu')).toBe(1);
    }
    // After 5, 10, 20, 40 and then every 60 seconds: 4 + 3 more fit into 5 minutes.
    expect(startsOf(here, '--query-gpu')).toBe(8);
    here.forget('gpu.error');
    await read(60_000);
    await eventually(read, gpusOk);
  });

  test('killed in the middle of a line: the incomplete line is ignored', async () => {
    const here = staticMachine();
    here.write('gpu.cut', '');
    const { read } = rig(here);
    const sample = await read();
    expect(sample.gpus).toEqual([]);
    expect(troubles(sample.sources)).toEqual(['GPUs: killed by SIGKILL']);
  });

  test('killed while healthy: restarted at once, and nothing is lost', async () => {
    const here = staticMachine();
    const { read } = rig(here);
    await read();
    const pid = Number(here.started.find((line) => line.includes('--query-gpu'))!.split(' ')[0]);
    process.kill(pid, 'SIGKILL');
    await until(() => startsOf(here, '--query-gpu') === 1 && !here.runs('--query-gpu'));
    await pause(20);
    const between = await read(3000);
    expect(between.gpus[0]?.powerWatts).toBe(689.35);
    expect(troubles(between.sources)).toContain('GPUs: killed by SIGKILL');
    await until(() => startsOf(here, '--query-gpu') === 2 && here.said.gpu === 2);
    await read(8000);
    here.speak();
    await eventually(read, gpusOk);
    expect(startsOf(here, '--query-gpu')).toBe(2);
  });

  test('a hanging process query: no processes are reported, no GPU is free, and no second query is started', async () => {
    const here = staticMachine();
    here.write('apps.hang', '');
    const { read } = rig(here);
    const sample = await read();
    expect(state(sample, 'gpu-processes')).toBe('hanging');
    expect(troubles(sample.sources)).toEqual(['GPU processes: no response within 5 s']);
    expect(sample.gpus[0]?.memoryUsedBytes).toBe(21_702 * 1_048_576);
    expect(sample.processes).toBeUndefined();
    expect(families(sample, 'process_')).toEqual([]);
    here.forget('apps.hang');
    expect(startsOf(here, '--query-compute-apps')).toBe(1);
    await until(() => !here.started.some((line) => line.includes('compute-apps') && alive(Number(line.split(' ')[0]))));
    await pause(20);
    here.speak();
    expect((await read(1000)).processes).toHaveLength(5);
  });

  test('a failing process query', async () => {
    const here = staticMachine();
    here.write('apps.error', 'Unable to determine the device handle for GPU0000:00:06.0: GPU is lost.\n');
    const sample = await rig(here).read();
    expect(troubles(sample.sources)).toEqual(['GPU processes: Unable to determine the device handle for GPU0000:00:06.0: GPU is lost.']);
    expect(sample.processes).toBeUndefined();
  });

  test('without pmon and details only their values are missing', async () => {
    const here = staticMachine();
    here.write('pmon.error', 'pmon is not supported on this device\n');
    here.write('q.error', 'no\n');
    const sample = await rig(here).read();
    expect(sample.processes?.map(({ smPercent }) => smPercent)).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(families(sample, 'process_gpu_utilization')).toEqual([]);
    expect(sample.gpus[0]).toMatchObject({ utilPercent: 100, details: { driver_version: '580.159.04' } });
    expect(troubles(sample.sources)).toEqual([
      'GPU details: exit status 9',
      'SM shares of processes: pmon is not supported on this device',
    ]);
  });

  test('a divided GPU: memory of its MIG devices, no utilization, and their processes are on the GPU', async () => {
    const here = staticMachine();
    const gpu = 'GPU-11111111-2222-3333-4444-555555555501';
    const fields = 'index, uuid, name, driver_version, utilization.gpu, memory.used, memory.total, mig.mode.current';
    here.write('now/gpu.csv', `${fields}\n0, ${gpu}, NVIDIA H100, 580.1, [N/A], 500, 81559, Enabled\n`);
    const parts = `<mig_devices><mig_device><index>0</index><gpu_instance_id>2</gpu_instance_id><compute_instance_id>0</compute_instance_id>
      <fb_memory_usage><total>40448 MiB</total><used>298 MiB</used></fb_memory_usage></mig_device></mig_devices>`;
    here.write('now/q.xml', fixture('h100-static/q.xml').replace(/<mig_devices>[^]*<\/mig_devices>/, parts));
    here.write('now/list.txt', `GPU 0: NVIDIA H100 (UUID: ${gpu})\n  MIG 3g.40gb     Device  0: (UUID: MIG-aaa)\n`);
    here.write('now/apps.csv', 'MIG-aaa, 454, /opt/conda/bin/python3, 290\n');
    here.write('pmon.error', 'Not supported on MIG devices\n');
    const { read } = rig(here);
    const sample = await read();
    expect(sample.gpus[0]).toMatchObject({ utilPercent: undefined, migEnabled: true, memoryUsedBytes: 500 * 1_048_576 });
    expect(sample.gpus[0]?.migDevices).toEqual([
      {
        index: 0,
        uuid: 'MIG-aaa',
        profile: '3g.40gb',
        gpuInstance: 2,
        computeInstance: 0,
        memoryUsedBytes: 298 * 1_048_576,
        memoryTotalBytes: 40_448 * 1_048_576,
      },
    ]);
    expect(sample.processes).toMatchObject([{ pid: 454, gpu: 0, user: 'bob', gpuBytes: 290 * 1_048_576, smPercent: undefined }]);
    expect(families(sample, 'mig_')).toHaveLength(2);
    expect(families(sample, 'gpu_utilization')).toEqual([]);
  });

  test('all child processes end with the machine', async () => {
    const here = staticMachine();
    const { read, machine } = rig(here);
    await read();
    const pids = here.started.map((line) => Number(line.split(' ')[0]));
    expect(pids.length).toBeGreaterThan(3);
    await machine.stop();
    await until(() => !pids.some(alive));
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('processes', () => {
  test('one that ends between two reads is gone, and is not shown without an owner', async () => {
    const here = new TimelineMachine();
    const { read } = rig(here);
    const [before, then] = [here.samples[93]!, here.samples[94]!];
    here.show(before);
    await read();
    // In the capture, nvidia-smi still lists pid 2448 at second 94, and ps does not.
    here.show(then);
    here.speak();
    expect(then.files['apps.csv']).toContain(', 2448, ');
    const sample = await read(1000);
    expect(sample.processes?.map(({ pid }) => pid)).toEqual([651]);
    expect(state(sample, 'processes')).toBe('ok');
  });

  test('memory still in use after its process ended is unattributed', async () => {
    const here = staticMachine();
    const { read } = rig(here);
    await read();
    here.forget('proc/454');
    here.speak();
    expect((await read(1000)).processes?.map(({ pid }) => pid)).not.toContain(454);
    here.speak();
    const sample = await read(1000);
    expect(sample.processes?.find(({ pid }) => pid === 454)).toMatchObject({ user: '', gpuBytes: 9772 * 1_048_576, ageSeconds: undefined });
    expect(troubles(sample.sources)).toEqual(['processes: 1 of 5 GPU processes are not in /proc: another pid namespace, or hidepid']);
  });

  test('a pid namespace that hides all processes: bytes without owners, and the reason', async () => {
    const here = staticMachine();
    for (const pid of [451, 454, 455, 456, 457]) here.forget(`proc/${pid}`);
    const { read } = rig(here);
    // Once, they may just have ended.
    expect((await read()).processes).toEqual([]);
    here.speak();
    const sample = await read(1000);
    expect(sample.processes).toHaveLength(5);
    expect(
      sample.processes?.every(({ user, cpuPercent, ageSeconds }) => user === '' && cpuPercent === undefined && ageSeconds === undefined),
    ).toBe(true);
    expect(sample.processes?.[0]).toMatchObject({
      pid: 454,
      name: 'python3',
      command: '/opt/conda/bin/python3',
      gpuBytes: 9772 * 1_048_576,
    });
    expect(state(sample, 'processes')).toBe('hidden');
    const owners = readExposition(nodeText(sample, '1'))
      .get('all_smi_process_memory_used_bytes')!
      .samples.map(({ labels }) => labels.user);
    expect(owners).toEqual(['', '', '', '', '']);
  });

  describe('in a container, pids of the node are not taken for its own', () => {
    const GPU_PIDS = [451, 454, 455, 456, 457];
    /** A /proc with its own pid namespace. */
    const inContainer = (...[prepare]: readonly ((here: StandInMachine) => void)[]): Rig => {
      const here = staticMachine();
      here.forget('proc/2');
      mkdirSync(join(here.procDir, 'self'));
      prepare?.(here);
      return rig(here, { scope: 'all' });
    };
    const owners = ({ processes = [] }: NodeSample): Record<number, string> =>
      Object.fromEntries(processes.flatMap(({ pid, gpu, user }) => (gpu === undefined ? [] : [[pid, user]])));
    const MATCHLESS = 'GPU processes may have other pids in /proc: another pid namespace';

    test('a directory without `self` has the pids that nvidia-smi reports', async () => {
      const { read } = inContainer((here) => {
        here.forget('proc/self');
      });
      const sample = await read();
      expect(owners(sample)).toEqual({ 451: 'root', 454: 'bob', 455: 'svc-metrics', 456: 'alice', 457: 'alice' });
      expect(troubles(sample.sources)).toEqual([]);
    });

    test('without permission all bytes are reported, without owners', async () => {
      const { read } = inContainer();
      const sample = await read();
      expect(owners(sample)).toEqual({ 451: '', 454: '', 455: '', 456: '', 457: '' });
      expect(sample.processes?.find(({ pid, gpu }) => pid === 454 && gpu === 0)).toMatchObject({
        gpuBytes: 9772 * 1_048_576,
        name: '',
        command: '',
        ageSeconds: undefined,
      });
      expect(troubles(sample.sources)).toEqual([`processes: 5 of 5 ${MATCHLESS}`]);
      // The processes with those pids here are different ones, and whether they hold GPU memory is unknown.
      expect(sample.processes?.filter(({ pid, gpu }) => pid === 454 && gpu === undefined)).toMatchObject([
        { user: 'bob', gpuBytes: undefined },
      ]);
      expect(sample.processes).toHaveLength(9 + 5);
    });

    test('one open device confirms the pids, also those without permission', async () => {
      const { read } = inContainer((here) => here.opens(454, '/dev/null', '/dev/nvidia0'));
      const sample = await read();
      expect(Object.values(owners(sample))).not.toContain('');
      expect(owners(sample)[454]).toBe('bob');
      expect(state(sample, 'processes')).toBe('ok');
    });

    test('a process without the device is a different one, and so may be those without permission', async () => {
      const { read } = inContainer((here) => {
        here.opens(454, '/dev/nvidia-uvm');
        here.opens(451, '/dev/null', 'socket:[1]');
      });
      const sample = await read();
      expect(owners(sample)).toEqual({ 451: '', 454: 'bob', 455: '', 456: '', 457: '' });
      expect(troubles(sample.sources)).toEqual([`processes: 4 of 5 ${MATCHLESS}`]);
    });

    test('when pids are missing, the others confirm nothing', async () => {
      const { read, here } = inContainer((machine) => {
        machine.opens(454, '/dev/nvidia0');
        machine.forget('proc/451');
      });
      await read();
      here.speak();
      const sample = await read(1000);
      expect(owners(sample)).toEqual({ 451: '', 454: 'bob', 455: '', 456: '', 457: '' });
      expect(state(sample, 'processes')).toBe('hidden');
      expect(troubles(sample.sources)[0]).toContain('1 of 5 GPU processes are not in /proc');
      expect(troubles(sample.sources)[0]).toContain(`3 of 5 ${MATCHLESS}`);
    });

    test('with the /proc of the node, the pids are sufficient', async () => {
      const { here, read } = rig(staticMachine());
      for (const pid of GPU_PIDS) here.opens(pid, '/dev/null');
      expect(owners(await read())[454]).toBe('bob');
      const hidepid = inContainer((machine) => {
        mkdirSync(join(machine.procDir, 'self/ns'), { recursive: true });
        symlinkSync('pid:[4026531836]', join(machine.procDir, 'self/ns/pid'));
      });
      expect(owners(await hidepid.read())[454]).toBe('bob');
    });
  });

  test('a process with a reused pid does not get the memory of the old one', async () => {
    const here = staticMachine();
    const { read } = rig(here);
    here.forget('proc/454');
    for (let round = 0; round < 2; round++) {
      await read(1000);
      here.speak();
    }
    here.process(454, { uid: 1001, argv: ['vim'], startTicks: 6000 });
    for (let round = 0; round < 2; round++) {
      const row = (await read(1000)).processes?.find(({ pid }) => pid === 454);
      expect(row).toMatchObject({ user: '', command: '', gpuBytes: 9772 * 1_048_576 });
      here.speak();
    }
    here.opens(454, '/dev/nvidiactl');
    expect((await read(1000)).processes?.find(({ pid }) => pid === 454)).toMatchObject({ user: 'alice', command: 'vim' });
  });

  test('a reused pid is another process', async () => {
    const here = staticMachine();
    const { read } = rig(here);
    await read();
    const stat = fixture('h100-static/proc/454/stat');
    here.write('proc/454/stat', stat.replace(/^454 \(python3\)/, '454 (other)').replace(' 2460 ', ' 5000 '));
    here.write('proc/454/cmdline', 'other\0--x\0');
    here.write('proc/uptime', '59.37 0\n');
    here.speak();
    const { processes, uptimeSeconds } = await read(3000);
    expect(uptimeSeconds).toBe(59.37);
    const row = processes?.find(({ pid }) => pid === 454);
    expect(row).toMatchObject({ name: 'other', command: 'other --x', cpuPercent: undefined });
    expect(row?.ageSeconds).toBeCloseTo(9.37, 6); // 59.37 - 5000 / 100
  });

  test('credentials in command lines are hidden unless this is disabled', async () => {
    const command = async (redact: boolean): Promise<string | undefined> => {
      const here = staticMachine();
      here.write('proc/454/cmdline', ['python', 'a.py', '--api-key', 'abc123', '--lr=3e-4', ''].join('\0'));
      return (await rig(here, { redact }).read()).processes?.find(({ pid }) => pid === 454)?.command;
    };
    expect(await command(true)).toBe('python a.py --api-key *** --lr=3e-4');
    expect(await command(false)).toBe('python a.py --api-key abc123 --lr=3e-4');
  });

  test('a password at the cut of a command line, after a shortened secret, is hidden', async () => {
    const here = staticMachine();
    for (let length = 950; length < 1030; length += 1) {
      const argv = [
        'python',
        `--token=${'A'.repeat(length)}`,
        'postgres://admin:TOPSECRETPASSWORDXYZ@db/x',
        'z'.repeat(900),
        '--password',
        'HIDDENHIDDEN',
      ];
      here.process(5000 + length, { uid: 0, argv, startTicks: 100 });
    }
    const sample = await rig(here, { scope: 'all' }).read();
    const commands = sample.processes!.filter(({ pid }) => pid >= 5950).map(({ command }) => command);
    expect(commands).toHaveLength(80);
    for (const command of commands) expect(command).not.toMatch(/TOP|SECRET|HIDDEN|AAAA/);
    expect(commands[0]).toMatch(/^python --token=\*\*\* postgres:\/\/admin:\*\*\*@db\/x z+/);
  });

  test('a process that executes another program gets its name', async () => {
    const here = staticMachine();
    const { read } = rig(here);
    await read();
    here.write('proc/457/cmdline', 'sleep\0' + '100\0');
    here.speak();
    const named = async (): Promise<string | undefined> => (await read(1000)).processes?.find(({ pid }) => pid === 457)?.command;
    // It runs the same image, so it may have overwritten its arguments. That is noticed when commands are read again.
    expect(await named()).toContain('train.py');
    here.write('proc/457/stat', fixture('h100-static/proc/457/stat').replace('(python3)', '(sleep)'));
    here.speak();
    expect(await named()).toBe('sleep 100');
  });
});

describe('the machine', () => {
  test('CPU is reported after two readings, memory at once', async () => {
    const here = staticMachine();
    const { read } = rig(here, { scope: 'off' });
    const first = await read();
    expect(first.cpu).toMatchObject({ utilPercent: undefined, sockets: 1, cores: 16, threads: 16, vendor: 'Intel', frequencyMhz: 2100 });
    expect(first.memory).toMatchObject({ usedBytes: (131_981_020 - 129_087_276) * 1024, swapTotalBytes: 0 });
    // 300 more ticks, of which 100 are idle and 20 waiting: 180 / 300 busy.
    here.write('proc/stat', 'cpu  7261 0 1164 81054 779 0 99 3 0 0\ncpu0 15 0 29 5667 3 0 81 0 0 0\n');
    here.speak();
    const { cpu } = await read(3000);
    expect(cpu?.utilPercent).toBeCloseTo(60, 9);
    expect(cpu?.coreUtilPercent).toEqual([0]);
  });

  test('an empty /proc has no readings and is not an error', async () => {
    const here = staticMachine();
    rmSync(here.procDir, { recursive: true });
    const { read, machine } = rig(here);
    expect(machine.readable).toBe(false);
    const sample = await read();
    expect([sample.cpu, sample.memory, sample.disks]).toEqual([undefined, undefined, []]);
    expect(families(sample, '').filter((name) => /cpu|memory_total|memory_used$|disk/.test(name))).toEqual([
      'all_smi_gpu_memory_total_bytes',
    ]);
  });
});
