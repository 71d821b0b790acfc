/** The owners of processes on a machine: from a copy of /proc, and from processes in real cgroups. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ProcessIdentity } from '../../../lib/model/identity.js';
import type { NodeSample } from '../../../lib/model/sample.js';
import { Machine, type MachineOptions } from '../../../lib/sources/local/machine.js';
import { nodeText } from '../../../lib/exposition/write/node-text.js';
import { ID, PATHS, POD, SLUID } from '../../helpers/cgroup-paths.js';
import { staticMachine, StandInMachine } from '../../helpers/captures.js';
import { SteppedClock } from '../../helpers/clock.js';
import { readExposition } from '../../helpers/exposition-reader.js';

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

/** Collections of a machine; only the test advances the clock. */
class Reader {
  readonly here: StandInMachine;
  readonly clock = new SteppedClock(Date.UTC(2026, 7, 7));
  readonly machine: Machine;

  constructor(here: StandInMachine, options: Partial<MachineOptions> = {}) {
    this.here = here;
    const { nvidiaSmi, procDir, passwdFile } = here;
    this.machine = new Machine({
      nvidiaSmi,
      procDir,
      passwdFile,
      clock: this.clock,
      intervalMs: 3000,
      scope: 'gpu',
      redact: true,
      ...options,
    });
    running.push({ stop: () => here.dispose() }, { stop: () => this.machine.stop() });
  }

  async sample(laterMs = 0): Promise<NodeSample> {
    this.clock.step(laterMs);
    const under = { way: true };
    const sample = this.machine.read().finally(() => (under.way = false));
    for (let waited = 0; under.way; waited += 5) {
      await pause(5);
      if (waited >= 5000) this.clock.step(1000);
    }
    return sample;
  }

  async identities(laterMs = 0): Promise<ReadonlyMap<number, Partial<ProcessIdentity>>> {
    const { processes = [] } = await this.sample(laterMs);
    return new Map(processes.map(({ pid, identity }) => [pid, withoutEmpty(identity)]));
  }
}

const withoutEmpty = (identity: ProcessIdentity | undefined): Partial<ProcessIdentity> =>
  Object.fromEntries(Object.entries(identity ?? {}).filter(([, text]) => text !== ''));

const ROOTLESS = `/user.slice/user-1001.slice/user@1001.service/user.slice/libpod-${ID}.scope/container`;
const variables = (...all: readonly string[]): string => all.map((variable) => `${variable}\0`).join('');

describe('a copy of /proc', () => {
  /** The GPU processes of the capture: 451 of root, 454 of bob, 455 of svc-metrics, 456 and 457 of alice. */
  const withOwners = (): StandInMachine => {
    const here = staticMachine();
    here.write('subuid', 'alice:100000:65536\n');
    here.write('proc/451/cgroup', `0::${ROOTLESS}\n`);
    here.write('proc/454/cgroup', '0::/system.slice/slurmstepd.scope/job_211/step_batch/user/task_0\n');
    here.write('proc/455/cgroup', '0::/system.slice/metrics.service\n');
    here.write('proc/456/cgroup', '0::/user.slice/user-1001.slice/session-7.scope\n');
    return here;
  };

  test('reads and exports the identity of each GPU process', async () => {
    const reader = new Reader(withOwners());
    const sample = await reader.sample();
    const known = new Map(sample.processes?.map(({ pid, identity }) => [pid, withoutEmpty(identity)]));
    expect(known).toEqual(
      new Map([
        [451, { container: ID, runtime: 'podman', owner: 'alice', ownerSource: 'rootless owner' }],
        [454, { scheduler: 'slurm', job: '211', step: 'batch' }],
        [455, { unit: 'metrics.service' }],
        [456, { session: '7' }],
        [457, {}],
      ]),
    );
    const rows = readExposition(nodeText(sample, '1')).get('all_smi_process_identity_info')!.samples;
    expect(rows.map(({ labels }) => labels.pid).sort()).toEqual(['451', '454', '455', '456']);
    expect(rows.find(({ labels }) => labels.pid === '451')!.labels).toEqual({
      pid: '451',
      device_uuid: 'GPU-11111111-2222-3333-4444-555555555501',
      container: ID,
      runtime: 'podman',
      owner: 'alice',
      owner_source: 'rootless owner',
    });
  });

  test('--owner process omits the owner and keeps the rest', async () => {
    const known = await new Reader(withOwners(), { owner: 'process' }).identities();
    expect(known.get(451)).toEqual({ container: ID, runtime: 'podman' });
    expect(known.get(454)).toEqual({ scheduler: 'slurm', job: '211', step: 'batch' });
  });

  test('a process that moves to another cgroup is noticed within half a minute, and not read before; one that executes another program at once', async () => {
    const reader = new Reader(withOwners(), { scope: 'all', nvidiaSmi: '/nowhere/nvidia-smi' });
    const unit = async (pid: number, laterMs: number): Promise<string | undefined> => (await reader.identities(laterMs)).get(pid)?.unit;
    expect(await unit(455, 0)).toBe('metrics.service');
    reader.here.write('proc/455/cgroup', '0::/system.slice/other.service\n');
    expect(await unit(455, 3000)).toBe('metrics.service');
    expect(await unit(455, 26_000)).toBe('metrics.service');
    expect(await unit(455, 1000)).toBe('other.service');
    reader.here.write('proc/455/cgroup', '0::/system.slice/third.service\n');
    reader.here.write('proc/455/stat', readFileSync(join(reader.here.procDir, '455/stat'), 'utf8').replace(/\(.*\)/, '(another)'));
    expect(await unit(455, 1000)).toBe('third.service');
  });

  test('a job in the environment has the number of a SLUID, and its user', async () => {
    const here = withOwners();
    here.write('proc/451/cgroup', `0::/system.slice/slurmstepd.scope/${SLUID}/step_0/user/task_0\n`);
    here.write('proc/451/environ', variables('HOME=/root', 'SLURM_JOB_ID=211', 'SLURM_JOB_USER=amara', 'SECRET=x'));
    const sample = await new Reader(here).sample();
    const { identity } = sample.processes!.find(({ pid }) => pid === 451)!;
    expect(withoutEmpty(identity)).toEqual({ scheduler: 'slurm', job: '211', step: '0', owner: 'amara', ownerSource: 'job' });
    expect(JSON.stringify(sample)).not.toMatch(/SECRET|HOME/);
  });

  test('handles uids without a name, mapped uids, and uids of a login', async () => {
    const here = withOwners();
    const process = (pid: number, uid: number, path: string): void => {
      here.process(pid, { uid, argv: ['python'], startTicks: 100 });
      here.write(`proc/${pid}/cgroup`, `0::${path}\n`);
    };
    process(5001, 100_999, `/machine.slice/libpod-${ID}.scope`);
    process(5002, 0, `/machine.slice/libpod-${ID}.scope`);
    here.write('proc/5002/loginuid', '1002');
    process(5003, 0, `/kubepods/pod${POD}/${ID}`);
    here.write('proc/5003/loginuid', '1002');
    process(5004, 4711, '/slurm/uid_1002/job_9');
    here.write('subuid', '1001:100000:65536\n');
    const known = await new Reader(here, { scope: 'all' }).identities();
    const owner = (pid: number): (string | undefined)[] => [known.get(pid)?.owner, known.get(pid)?.ownerSource];
    expect([5001, 5002, 5003, 5004].map(owner)).toEqual([
      ['alice', 'rootless owner'],
      ['bob', 'login uid'],
      [undefined, undefined],
      ['bob', 'job'],
    ]);
  });

  test('files that cannot be read cost only their own information', async () => {
    const here = withOwners();
    mkdirSync(join(here.procDir, '457/cgroup'));
    here.forget('proc/456/cgroup');
    mkdirSync(join(here.procDir, '454/environ'));
    const sample = await new Reader(here).sample();
    const unknown = sample.processes?.filter(({ identity }) => identity === undefined).map(({ pid }) => pid);
    expect(unknown).toEqual([456, 457]);
    expect(sample.processes).toHaveLength(5);
    expect(sample.processes?.every(({ user, command }) => user !== '' && command !== '')).toBe(true);
    expect(sample.sources.find(({ name }) => name === 'processes')?.state).toBe('ok');
  });

  test('reads endless files up to a limit', async () => {
    const here = withOwners();
    here.write('proc/454/cgroup', `${'9:x:/a\n'.repeat(40)}0::/slurm/uid_1002/job_9\n${'1:y:/b\n'.repeat(500_000)}`);
    here.write('proc/454/environ', `${'A=1\0'.repeat(2_000_000)}SLURM_JOB_ID=9\0`);
    expect((await new Reader(here).identities()).get(454)).toEqual({ scheduler: 'slurm', job: '9' });
  });

  test('reads every path of real systems', async () => {
    const here = new StandInMachine();
    here.write('passwd', 'root:x:0:0::/:/bin/sh\nalice:x:1001:1001::/:/bin/sh\n');
    for (const [nth, [, path]] of PATHS.entries()) {
      here.process(1000 + nth, { uid: 1001, argv: ['python'], startTicks: 100 });
      here.write(`proc/${1000 + nth}/cgroup`, `0::${path}\n`);
    }
    const known = await new Reader(here, { scope: 'all', nvidiaSmi: '/nowhere/nvidia-smi' }).identities();
    for (const [nth, [what, , { jobUid: _jobUid, managerUid: _managerUid, ...says }]] of PATHS.entries())
      expect([what, known.get(1000 + nth)]).toEqual([what, says]);
  });
});

/** Mounts of hierarchies in which this process may create cgroups. */
function hierarchies(): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n').map((line) => line.split(' ')); // prettier-ignore
  const found = mounts.flatMap(([, point = '', kind, options = '']) =>
    kind === 'cgroup2' || (kind === 'cgroup' && options.includes('name=systemd')) ? [point] : [],
  );
  return found.filter((mount) => {
    const trial = join(mount, `all-smi-view-trial-${process.pid}`);
    try {
      mkdirSync(trial);
      rmdirSync(trial);
      return true;
    } catch {
      return false;
    }
  });
}
const REAL = process.getuid?.() === 0 ? hierarchies() : [];

describe('processes of this machine in real cgroups', () => {
  /** A process in a cgroup with this path below a cgroup of the test, until the test ends. */
  async function started(mount: string, path: string, env: Readonly<Record<string, string>> = {}, uid = 0): Promise<ChildProcess> {
    const top = join(mount, `all-smi-view-test-${process.pid}`);
    const directory = join(top, path);
    mkdirSync(directory, { recursive: true });
    const child = spawn('sleep', ['600'], { env, uid, stdio: 'ignore' });
    running.push({
      stop: async () => {
        child.kill('SIGKILL');
        while (child.exitCode === null && child.signalCode === null) await pause(5);
        for (let one = directory; one.length >= top.length; one = dirname(one)) removed(one);
      },
    });
    await pause(0);
    writeFileSync(join(directory, 'cgroup.procs'), String(child.pid));
    return child;
  }
  const removed = (directory: string): void => {
    try {
      rmdirSync(directory);
    } catch {
      // Another process is in it.
    }
  };

  (REAL.length > 0 ? test : test.skip)(
    'each path, and the environment (skipped where this user may not create cgroups: the copy of /proc has the same paths)',
    async () => {
      const here = new StandInMachine();
      here.write('passwd', 'root:x:0:0::/:/bin/sh\nalice:x:1003:1003::/:/bin/sh\n');
      const reader = new Reader(here, { scope: 'all', nvidiaSmi: '/nowhere/nvidia-smi', procDir: '/proc' });
      for (const mount of REAL) {
        const job = await started(mount, 'system.slice/slurmstepd.scope/job_211/step_batch/user/task_0', {
          SLURM_JOB_ID: '211',
          SLURM_JOB_USER: 'amara',
        });
        const forged = await started(mount, 'system.slice/slurmstepd.scope/job_212/step_0', {
          SLURM_JOB_ID: '211',
          SLURM_JOB_USER: 'amara',
        });
        const rootless = await started(mount, ROOTLESS.replaceAll('1001', '1003'), {}, 165_536);
        const inPod = await started(mount, `kubepods/burstable/pod${POD}/${ID}`);
        const known = await reader.identities(60_000);
        expect([job, forged, rootless, inPod].map(({ pid }) => known.get(pid!))).toEqual([
          { scheduler: 'slurm', job: '211', step: 'batch', owner: 'amara', ownerSource: 'job' },
          { scheduler: 'slurm', job: '212', step: '0' },
          { container: ID, runtime: 'podman', owner: 'alice', ownerSource: 'rootless owner' },
          { podUid: POD, container: ID },
        ]);
      }
    },
  );
});
