import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ProcessIdentity } from '../../../lib/model/identity.js';
import { readEnvironment, type EnvironmentJob } from '../../../lib/sources/local/job-environment.js';
import { located, MAX_CGROUP_BYTES, readCgroup } from '../../../lib/sources/local/process-identity.js';
import { parseLoginUid, personBehind, type Accounts } from '../../../lib/sources/local/process-owner.js';
import { parseSubUids } from '../../../lib/sources/local/subuid.js';
import { ID, INNER, PATHS, POD, SLUID } from '../../helpers/cgroup-paths.js';

type Known = Partial<ProcessIdentity> & { readonly jobUid?: number; readonly managerUid?: number };

/** The known values only. */
function known(text: string): Known {
  const { identity, jobUid, managerUid } = readCgroup(text);
  const texts = Object.fromEntries(Object.entries(identity).filter(([, value]) => value !== ''));
  return { ...texts, ...(jobUid === undefined ? {} : { jobUid }), ...(managerUid === undefined ? {} : { managerUid }) };
}

describe('a path', () => {
  test.each(PATHS)('%s: %s', (_what, path, says) => {
    expect(known(`0::${path}\n`)).toEqual(says);
    expect(known(`12:pids:${path}\n`)).toEqual(says);
    // A cgroup that was removed while the process was in it.
    expect(known(`0::${path} (deleted)\n`)).toEqual(says);
  });

  test.each<[what: string, path: string, says: Known]>([
    [
      'a job in the service manager of a user',
      `/user.slice/user-1000.slice/user@1000.service/slurmstepd.scope/job_9`,
      { unit: 'user@1000.service', managerUid: 1000 },
    ],
    ['a pod there', `/user.slice/user-1000.slice/user@1000.service/kubepods/pod${POD}/${ID}`, { container: ID, managerUid: 1000 }],
    [
      'a service there',
      '/user.slice/user-1000.slice/user@1000.service/app.slice/ollama.service',
      { unit: 'user@1000.service', managerUid: 1000 },
    ],
    [
      'another manager there',
      '/user.slice/user-1000.slice/user@1000.service/user.slice/user-7.slice/user@7.service',
      { unit: 'user@1000.service', managerUid: 1000 },
    ],
    ['a manager in a container', `/docker/${ID}/user.slice/user-7.slice/user@7.service`, { container: ID, runtime: 'docker' }],
    ['a second job in a job', '/slurm/uid_7/job_8/step_0/slurm/uid_0/job_9/step_1', { scheduler: 'slurm', job: '8', step: '0', jobUid: 7 }],
    ['a uid in a container', `/docker/${ID}/slurm/uid_0/job_9`, { container: ID, runtime: 'docker', scheduler: 'slurm', job: '9' }],
    ['a second pod in a pod', `/kubepods/pod${POD}/${ID}/kubepods/pod${POD.replace('a', 'b')}/${INNER}`, { podUid: POD, container: ID }],
    ['a service in a service', '/system.slice/mine.service/ollama.service', { unit: 'mine.service' }],
    ['a job without slurmstepd', '/job_5/step_0', {}],
    ['a uid without Slurm', '/uid_0/job_5', {}],
    ['an invalid number', '/slurm/uid_x/job_-5', {}],
    ['an id that is too short', '/docker/abcdef0123456789', {}],
    ['a SLUID in lower case', '/system.slice/slurmstepd.scope/s8fxkta79xar00', {}],
    ['the monitor of a container', `/machine.slice/libpod-conmon-${ID}.scope`, {}],
    ['the monitor of an LXC container', '/lxc.monitor.web', {}],
    ['slurmstepd itself', '/system.slice/slurmstepd.scope/system', {}],
    ['the root', '/', {}],
    ['a scope of systemd', '/init.scope', {}],
    ['directories without names', '////', {}],
  ])('that proves less than it seems: %s', (_what, path, says) => {
    expect(known(`0::${path}`)).toEqual(says);
  });
});

describe('/proc/PID/cgroup', () => {
  test('of cgroup v1: the job, whatever the other controllers have', () => {
    const text = [
      '13:cpuset:/slurm/uid_1000/job_211/step_0',
      '12:memory:/slurm/uid_1000/job_211/step_0/task_3',
      '5:pids:/system.slice/slurmd.service',
      '1:name=systemd:/system.slice/slurmd.service',
      '0::/system.slice/slurmd.service',
      '',
    ].join('\n');
    expect(known(text)).toEqual({ scheduler: 'slurm', job: '211', step: '0', jobUid: 1000 });
    expect(known(text.split('\n').reverse().join('\n'))).toEqual({ scheduler: 'slurm', job: '211', step: '0', jobUid: 1000 });
  });

  test('combines the container of one controller and the job of another', () => {
    const says = { scheduler: 'slurm', job: '211', step: 'extern', container: ID, runtime: 'docker' };
    expect(known(`4:memory:/docker/${ID}\n3:devices:/slurm_n1/job_211/step_extern\n0::/\n`)).toEqual(says);
  });

  test.each([
    ['nothing', ''],
    ['no cgroup', 'what is this'],
    ['no path', '0::'],
    ['a relative path', '0::slurm/uid_1/job_2'],
    ['no controller', '/slurm/uid_1/job_2'],
    ['a path longer than the kernel has', `0::/${'x'.repeat(5000)}/../slurm/uid_1/job_2`],
    ['directories without end', `0::${'/a'.repeat(70)}/docker/${ID}`],
    ['the job after too many lines', `${'1:a:/x\n'.repeat(64)}0::/slurm/uid_1/job_2`],
    ['the job after too many bytes', `1:a:/${'x'.repeat(MAX_CGROUP_BYTES)}\n0::/slurm/uid_1/job_2`],
    ['a job cut at the limit', `1:${'a'.repeat(1000)}:/x\n`.repeat(70).slice(0, MAX_CGROUP_BYTES - 24) + '\n0::/slurm/uid_1/job_2118'],
  ])('%s identifies nothing', (_what, text) => {
    expect(known(text)).toEqual({});
  });

  test('removes control characters and cuts endless names', () => {
    expect(known('0::/lxc/\u0007web\u202e').container).toBe('web');
    expect(known(`0::/lxc/${'é'.repeat(1000)}`).container).toBe('é'.repeat(128));
  });

  test('any text is read without an exception', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '/',
        '..',
        'slurm',
        'uid_1',
        'job_2',
        'step_0',
        'docker',
        ID,
        `pod${POD}`,
        'kubepods',
        'user.slice',
        'user-1.slice',
        '\n',
        '0::',
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const { identity } = readCgroup(pieces.join('/'));
        for (const text of Object.values(identity)) expect(text).not.toMatch(/[\p{C}\n/]/u);
        expect([identity.owner, identity.ownerSource]).toEqual(['', '']);
      }),
    );
  });
});

const environment = (...variables: readonly string[]): readonly EnvironmentJob[] =>
  readEnvironment(Buffer.from(variables.map((variable) => `${variable}\0`).join('')));

describe('the environment', () => {
  test.each<[what: string, variables: readonly string[], jobs: readonly Partial<EnvironmentJob>[]]>([
    [
      'Slurm',
      ['PATH=/bin', 'SLURM_JOB_ID=211', 'SLURM_JOB_USER=amara', 'SLURM_JOB_UID=1003', 'SLURM_STEP_ID=0'],
      [{ scheduler: 'slurm', job: '211', raw: '211', user: 'amara', uid: 1003, step: '0' }],
    ],
    [
      'a task of an array in Slurm',
      ['SLURM_JOB_ID=918304', 'SLURM_ARRAY_JOB_ID=918300', 'SLURM_ARRAY_TASK_ID=4'],
      [{ scheduler: 'slurm', job: '918300_4', raw: '918304', user: '', uid: undefined, step: '' }],
    ],
    ['PBS', ['PBS_JOBID=77.pbs01.site.edu', 'PBS_O_LOGNAME=hana'], [{ scheduler: 'pbs', job: '77.pbs01.site.edu', user: 'hana' }]],
    ['a task of an array in PBS', ['PBS_JOBID=77[4].pbs01'], [{ scheduler: 'pbs', job: '77[4].pbs01' }]],
    ['LSF', ['LSB_JOBID=12', 'LSB_JOBINDEX=0'], [{ scheduler: 'lsf', job: '12' }]],
    ['a task of an array in LSF', ['LSB_JOBID=12', 'LSB_JOBINDEX=3'], [{ scheduler: 'lsf', job: '12[3]', raw: '12' }]],
    ['Flux', ['FLUX_JOB_ID=ƒ2Wt'], [{ scheduler: 'flux', job: 'ƒ2Wt' }]],
    ['Flux within Slurm', ['FLUX_JOB_ID=f2W', 'SLURM_JOB_ID=1'], [{ scheduler: 'slurm' }, { scheduler: 'flux' }]],
    ['none', ['PATH=/bin', 'HOME=/root', 'SLURM_CONF=/etc/slurm.conf'], []],
    ['a variable without a value', ['SLURM_JOB_ID=', 'PBS_JOBID'], []],
    ['a value that is not an id', ['SLURM_JOB_ID=211;rm', 'PBS_JOBID=$(x)', 'LSB_JOBID=-1', `FLUX_JOB_ID=${'f'.repeat(65)}`], []],
    ['invalid users', ['SLURM_JOB_ID=1', 'SLURM_JOB_USER=a b', 'SLURM_JOB_UID=abc'], [{ user: '', uid: undefined }]],
    ['a variable set twice: the first counts, as for getenv', ['SLURM_JOB_ID=1', 'SLURM_JOB_ID=2'], [{ job: '1' }]],
    ['an endless value', [`SLURM_JOB_USER=${'x'.repeat(10_000)}`, 'SLURM_JOB_ID=1'], [{ job: '1', user: '' }]],
    ['control characters', ['SLURM_JOB_ID=1', 'SLURM_JOB_USER=\u0007amara'], [{ user: 'amara' }]],
  ])('%s', (_what, variables, jobs) => {
    expect(environment(...variables)).toMatchObject(jobs);
    expect(environment(...variables)).toHaveLength(jobs.length);
  });

  test('a variable without an end is ignored, since it may be cut', () => {
    expect(readEnvironment(Buffer.from('A=1\0SLURM_JOB_ID=21'))).toEqual([]);
  });

  test('anything after the limit is not read', () => {
    expect(environment(`A=${'x'.repeat(128 * 1024)}`, 'SLURM_JOB_ID=1')).toEqual([]);
    expect(environment(`A=${'x'.repeat(100 * 1024)}`, 'SLURM_JOB_ID=1')).toMatchObject([{ job: '1' }]);
  });

  test('any bytes are read without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        readEnvironment(Buffer.concat([Buffer.from('SLURM_JOB_ID='), bytes]));
      }),
    );
  });
});

describe('a job in the environment', () => {
  const SLURM = ['SLURM_JOB_ID=211', 'SLURM_JOB_USER=amara', 'SLURM_JOB_UID=1003', 'SLURM_STEP_ID=2'];
  const inJob = (path: string, variables: readonly string[], ownUid?: number): Known & { jobUser?: string } => {
    const { identity, jobUid, jobUser } = located(readCgroup(`0::${path}`), environment(...variables), ownUid);
    const { scheduler, job, step, unit } = identity;
    return Object.fromEntries(
      Object.entries({ scheduler, job, step, unit, jobUid, jobUser }).filter(([, value]) => value !== '' && value !== undefined),
    );
  };
  const STEPD = '/system.slice/slurmstepd.scope';

  test('that the cgroup has too: it has the user', () => {
    expect(inJob(`${STEPD}/job_211/step_batch`, SLURM)).toEqual({ scheduler: 'slurm', job: '211', step: 'batch', jobUser: 'amara' });
    expect(inJob(`${STEPD}/job_211`, SLURM)).toEqual({ scheduler: 'slurm', job: '211', step: '2', jobUser: 'amara' });
  });

  test('with only a uid: the name is that of the uid', () => {
    expect(inJob(`${STEPD}/job_211/step_0`, ['SLURM_JOB_ID=211', 'SLURM_JOB_UID=1003'])).toEqual({
      scheduler: 'slurm',
      job: '211',
      step: '0',
      jobUid: 1003,
    });
  });

  test('with a SLUID gets its number', () => {
    expect(inJob(`${STEPD}/${SLUID}/step_0`, SLURM)).toEqual({ scheduler: 'slurm', job: '211', step: '0', jobUser: 'amara' });
    expect(inJob(`${STEPD}/${SLUID}/step_0`, [])).toEqual({ scheduler: 'slurm', job: SLUID, step: '0' });
    expect(inJob(`${STEPD}/${SLUID}/step_0`, ['SLURM_JOB_ID=918304', 'SLURM_ARRAY_JOB_ID=918300', 'SLURM_ARRAY_TASK_ID=4'])).toEqual({
      scheduler: 'slurm',
      job: '918300_4',
      step: '0',
    });
  });

  test('keeps the number of the cgroup, whatever array the environment claims', () => {
    const claimed = ['SLURM_JOB_ID=211', 'SLURM_ARRAY_JOB_ID=5', 'SLURM_ARRAY_TASK_ID=1'];
    expect(inJob(`${STEPD}/job_211/step_0`, claimed)).toEqual({ scheduler: 'slurm', job: '211', step: '0' });
  });

  test('counts, without its user, if the cgroup has no job and does not contradict it', () => {
    for (const path of ['/', '/system.slice/slurmd.service', '/system.slice/slurmd@n1.service', `/docker/${ID}`])
      expect(inJob(path, SLURM)).toEqual({ scheduler: 'slurm', job: '211', step: '2' });
    expect(inJob('/system.slice/pbs_mom.service', ['PBS_JOBID=7.s', 'PBS_O_LOGNAME=hana'])).toEqual({ scheduler: 'pbs', job: '7.s' });
  });

  test.each<[what: string, path: string, variables: readonly string[], ownUid: number | undefined, says: Known]>([
    ['another job', `${STEPD}/job_9/step_0`, SLURM, undefined, { scheduler: 'slurm', job: '9', step: '0' }],
    ['another scheduler', `${STEPD}/job_9/step_0`, ['PBS_JOBID=9'], undefined, { scheduler: 'slurm', job: '9', step: '0' }],
    ['another uid in the path', '/slurm/uid_7/job_211', SLURM, undefined, { scheduler: 'slurm', job: '211', jobUid: 7 }],
    ['the account of another user', `${STEPD}/${SLUID}`, SLURM, 1000, { scheduler: 'slurm', job: SLUID }],
    ['the account of another user, without a cgroup', '/', SLURM, 1000, {}],
    ['a pod', `/kubepods/pod${POD}/${ID}`, SLURM, undefined, {}],
    ['a login', '/user.slice/user-1003.slice/session-4.scope', SLURM, 1003, {}],
    [
      'the service manager of a user',
      '/user.slice/user-1003.slice/user@1003.service/app.slice',
      SLURM,
      1003,
      { unit: 'user@1003.service' },
    ],
    ['a rootless container', `/user.slice/user-1003.slice/user@1003.service/user.slice/libpod-${ID}.scope`, SLURM, 1003, {}],
    ['another service', '/system.slice/ollama.service', SLURM, undefined, { unit: 'ollama.service' }],
    ['the daemon of another scheduler', '/system.slice/pbs.service', SLURM, undefined, { unit: 'pbs.service' }],
  ])('is contradicted by %s', (_what, path, variables, ownUid, says) => {
    expect(inJob(path, variables, ownUid)).toEqual(says);
  });
});

describe('the person behind a process', () => {
  const NAMES: Readonly<Record<number, string>> = { 0: 'root', 1000: 'jonas', 1003: 'amara', 1004: 'hana', 999: 'svc' };
  const RANGES = parseSubUids(
    ['jonas:100000:65536', '1003:200000:65536', 'root:300000:10', '# no', 'dockremap:400000:10', 'containers:500000:10', 'x:y:z'].join(
      '\n',
    ),
  );
  const accounts: Accounts = {
    name: (uid) => NAMES[uid] ?? String(uid),
    isNamed: (uid) => uid in NAMES,
    subordinateTo: (uid) => {
      const user = RANGES.find(({ first, count }) => uid >= first && uid < first + count)?.user ?? '';
      return (user === '' ? undefined : NAMES[Number(user)]) ?? user;
    },
  };
  const behind = (path: string, uid: number, { env = [], login }: { env?: readonly string[]; login?: number } = {}): string[] => {
    const { owner, ownerSource } = personBehind(located(readCgroup(`0::${path}`), environment(...env), undefined), uid, login, accounts);
    return owner === '' && ownerSource === '' ? [] : [owner, ownerSource];
  };
  const ROOTLESS = `/user.slice/user-1003.slice/user@1003.service/user.slice/libpod-${ID}.scope/container`;
  const PODMAN = `/machine.slice/libpod-${ID}.scope`;
  const JOB = ['SLURM_JOB_ID=211', 'SLURM_JOB_USER=amara'];

  test.each<[what: string, path: string, uid: number, more: { env?: readonly string[]; login?: number }, says: readonly string[]]>([
    ['the uid of the job', '/slurm/uid_1003/job_211/step_0', 0, {}, ['amara', 'job']],
    ['the user of the job, in its environment', '/system.slice/slurmstepd.scope/job_211/step_0', 0, { env: JOB }, ['amara', 'job']],
    ['the path before the environment', '/slurm/uid_1004/job_211/step_0', 0, { env: JOB }, ['hana', 'job']],
    ['a mapped uid in a job', '/slurm/uid_1003/job_211', 101_000, {}, ['amara', 'job']],
    ['Docker in a job', `/slurm/uid_1003/job_211/step_0/docker/${ID}`, 0, {}, ['amara', 'job']],
    ['a rootless container', ROOTLESS, 200_999, {}, ['amara', 'rootless owner']],
    ['a rootless container before a login', ROOTLESS, 200_999, { login: 1004 }, ['amara', 'rootless owner']],
    ['a range of uids', PODMAN, 100_999, {}, ['jonas', 'rootless owner']],
    ['a range of uids of a number', PODMAN, 200_001, {}, ['amara', 'rootless owner']],
    [
      'a range of uids against a name in the environment',
      '/system.slice/slurmstepd.scope/job_211',
      100_000,
      { env: JOB },
      ['jonas', 'rootless owner'],
    ],
    ['a login, for a container without a daemon', PODMAN, 0, { login: 1004 }, ['hana', 'login uid']],
    ['a login, if the range belongs to nobody', PODMAN, 500_001, { login: 1004 }, ['hana', 'login uid']],
  ])('%s', (_what, path, uid, more, says) => {
    expect(behind(path, uid, more)).toEqual(says);
  });

  test.each<[what: string, path: string, uid: number, more: { env?: readonly string[]; login?: number }]>([
    ['an account of its own', '/slurm/uid_1003/job_211', 1000, {}],
    ['a system account', `/docker/${ID}`, 999, {}],
    ['root on the node itself', '/system.slice/ollama.service', 0, { login: 1003 }],
    ['root in a login', '/user.slice/user-1003.slice/session-2.scope', 0, { login: 1003 }],
    ['root in a container, without further information', `/docker/${ID}`, 0, {}],
    ['a container of a daemon: the login is that of the user who started the daemon', `/docker/${ID}`, 0, { login: 1003 }],
    ['a pod, likewise', `/kubepods/pod${POD}/${ID}`, 0, { login: 1003 }],
    ['a job, likewise', '/system.slice/slurmstepd.scope/job_211', 0, { login: 1003 }],
    ['a container of a daemon: the range is that of the daemon', `/docker/${ID}`, 100_000, {}],
    ['the job of root', '/slurm/uid_0/job_211', 0, {}],
    ['the login of root', PODMAN, 0, { login: 0 }],
    ['a login without a name', PODMAN, 0, { login: 4711 }],
    ['a range of root, which is not a person', '/lxc.payload.web', 300_001, {}],
    ['a user from an environment that the cgroup does not confirm', `/docker/${ID}`, 0, { env: JOB }],
    ['a uid that is not mapped', '/slurm/uid_4711/job_211', 4711, {}],
  ])('is unknown for %s', (_what, path, uid, more) => {
    expect(behind(path, uid, more)).toEqual([]);
  });

  test('/proc/PID/loginuid', () => {
    expect(['1003', '1003\n', '0', '4294967295', '', 'x', '-1'].map(parseLoginUid)).toEqual([
      1003,
      1003,
      0,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
