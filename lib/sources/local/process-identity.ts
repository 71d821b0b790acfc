/**
 * The job, pod, container, service or login session of a process, from its files in /proc. Pure.
 *
 * The path of a cgroup is trusted from the left: the outer directories were made by systemd, slurmd, kubelet or a container engine, the inner
 * ones perhaps by a user. A service manager of a user (user@UID.service) owns all that is below it, so no job and no pod is read there.
 */
import type { EnvironmentJob } from './job-environment.js';
import { NO_IDENTITY, type ProcessIdentity } from '../../model/identity.js';
import { clean } from '../../text/sanitize.js';

/** What the cgroup of a process says. */
export interface CgroupFacts {
  /** Without an owner. */
  readonly identity: ProcessIdentity;
  /** The uid of the job, where its path has it (Slurm with cgroup v1). */
  readonly jobUid: number | undefined;
  /** The user whose service manager started it: who runs a rootless container. */
  readonly managerUid: number | undefined;
}

/** Read at most: of the text, its lines, a path (PATH_MAX of Linux) and its directories. */
export const MAX_CGROUP_BYTES = 64 * 1024;
const MAX_LINES = 64;
const MAX_PATH = 4096;
const MAX_DEPTH = 64;
const MAX_TEXT_BYTES = 256;

/** What a directory of a path says. */
type Found = Partial<ProcessIdentity> & { readonly jobUid?: number; readonly managerUid?: number };
/** What a directory is, for those in it. '': nothing that matters, 'top': the path begins here. */
type Place = 'top' | '' | 'slurm' | 'job' | 'kubepods' | 'pod' | 'docker' | 'lxc' | 'machine' | 'pbs' | 'users' | 'user' | 'manager';

interface Rule {
  /** The directories that it may be in; absent: any. */
  readonly in?: readonly Place[];
  readonly name: RegExp;
  readonly is?: Place;
  readonly says?: (...groups: string[]) => Found;
}

const ID = '[0-9a-f]{32,64}';
const POD = '[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32}';
const POD_SLICE = `(?:[\\w.-]{1,64}-)?kubepods(?:-(?:burstable|besteffort|guaranteed))?-pod(${POD})\\.slice`;
const ENGINE = 'cri-containerd|nerdctl|crio|docker|libpod-payload|libpod';
const RUNTIMES: Readonly<Record<string, string>> = {
  'cri-containerd': 'containerd',
  nerdctl: 'containerd',
  crio: 'cri-o',
  docker: 'docker',
  'libpod-payload': 'podman',
  libpod: 'podman',
};

const inPod = (uid: string): Found => ({ podUid: uid.replaceAll('_', '-') });
const inContainer = (engine: string, container: string): Found => ({ container, runtime: RUNTIMES[engine] ?? '' });
/** Numbers by which Slurm calls the steps that have names, now and before 20.11. */
const STEPS: Readonly<Record<string, string>> = {
  4294967290: 'interactive',
  4294967291: 'batch',
  4294967292: 'extern',
  4294967294: 'batch',
  4294967295: 'extern',
};
const stepOf = (step: string): string => STEPS[step] ?? step;
/** systemd writes `-` in names as `\x2d`. */
const unescaped = (name: string): string => name.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

function inMachine(escaped: string): Found {
  const name = unescaped(escaped);
  const virtual = /^(?:qemu|lxc|xen|ch)-\d+-(.+)$/.exec(name)?.[1];
  return virtual === undefined ? { container: name, runtime: 'nspawn' } : { container: virtual, runtime: 'libvirt' };
}

/** The first rule that matches a directory decides. */
const RULES: readonly Rule[] = [
  // lxc/NAME, where the name may be anything.
  { in: ['lxc'], name: /^(.+)$/, says: (name) => ({ container: name, runtime: 'lxc' }) },
  // Slurm: slurm[_node]/uid_1000/job_211/step_0/task_3, or [node_]slurmstepd.scope/job_211/step_batch/user/task_0.
  { name: /^slurm(?:_[\w.-]{1,64})?$/, is: 'slurm' },
  { name: /^(?:[\w.-]{1,64}_)?slurmstepd\.scope$/, is: 'slurm' },
  { in: ['slurm'], name: /^uid_(\d{1,10})$/, is: 'slurm', says: (uid) => ({ jobUid: Number(uid) }) },
  { in: ['slurm'], name: /^job_(\d{1,10})$/, is: 'job', says: (job) => ({ scheduler: 'slurm', job }) },
  // From 26.05 on, a SLUID instead.
  { in: ['slurm'], name: /^(s[0-9A-Z]{13})$/, is: 'job', says: (job) => ({ scheduler: 'slurm', job }) },
  { in: ['job'], name: /^step_([\w.+-]{1,32})$/, says: (step) => ({ step: stepOf(step) }) },
  // PBS with its cgroups hook.
  { name: /^(?:pbs_jobs|pbspro)\.service$/, is: 'pbs' },
  { in: ['pbs'], name: /^jobid$/, is: 'pbs' },
  { in: ['pbs'], name: /^(\d{1,10}(?:\[\d*\])?\.[\w.-]{1,128})$/, says: (job) => ({ scheduler: 'pbs', job }) },
  // Kubernetes with systemd; without it, kubepods/burstable/pod<uid>/<id>; containerd without it, <slice>:cri-containerd:<id>.
  { name: new RegExp(`^${POD_SLICE}$`), is: 'pod', says: inPod },
  {
    name: new RegExp(`^${POD_SLICE}:(${ENGINE}):(${ID})$`),
    says: (uid, engine, id) => ({ ...inPod(uid), ...inContainer(engine, id) }),
  },
  { name: /^(?:[\w.-]{1,64}-)?kubepods(?:-(?:burstable|besteffort|guaranteed))?(?:\.slice)?$/, is: 'kubepods' },
  { in: ['kubepods'], name: /^(?:burstable|besteffort|guaranteed)$/, is: 'kubepods' },
  // At the top: what an exporter in a pod sees of its neighbours.
  { in: ['kubepods', 'top'], name: new RegExp(`^pod(${POD})$`), is: 'pod', says: inPod },
  { in: ['pod'], name: new RegExp(`^(${ID})$`), says: (id) => inContainer('', id) },
  // Containers.
  { name: new RegExp(`^(${ENGINE})-(${ID})(?:\\.scope)?$`), says: inContainer },
  { name: /^docker$/, is: 'docker' },
  { in: ['docker'], name: new RegExp(`^(${ID})$`), says: (id) => inContainer('docker', id) },
  { in: ['top'], name: /^([0-9a-f]{64})$/, says: (id) => inContainer('', id) },
  { name: /^lxc\.payload\.(.+)$/, says: (name) => ({ container: name, runtime: 'lxc' }) },
  { name: /^lxc(?:\.payload)?$/, is: 'lxc' },
  { name: /^machine-(.+)\.scope$/, says: inMachine },
  { name: /^systemd-nspawn@(.+)\.service$/, says: (name) => ({ container: unescaped(name), runtime: 'nspawn' }) },
  { name: /^(.+)\.libvirt-(?:qemu|lxc)$/, says: (name) => ({ ...inMachine(name), runtime: 'libvirt' }) },
  // Logins and services.
  { name: /^user\.slice$/, is: 'users' },
  { in: ['users'], name: /^user-\d{1,10}\.slice$/, is: 'user' },
  { in: ['user'], name: /^session-(c?\d{1,10})\.scope$/, says: (session) => ({ session }) },
  { in: ['user'], name: /^(user@(\d{1,10})\.service)$/, is: 'manager', says: (unit, uid) => ({ unit, managerUid: Number(uid) }) },
  { name: /^(.+\.service)$/, says: (unit) => ({ unit }) },
];

/** The text of /proc/PID/cgroup. With cgroup v1 it has a path for each controller: what the first of them says counts. */
export function readCgroup(text: string): CgroupFacts {
  const whole = text.length <= MAX_CGROUP_BYTES ? text : text.slice(0, text.lastIndexOf('\n', MAX_CGROUP_BYTES));
  const paths = whole.split('\n', MAX_LINES).flatMap((line) => {
    const path = /^\d+:[^:]*:(\/.*)$/.exec(line)?.[1];
    // The kernel has no longer ones.
    return path === undefined || path.length > MAX_PATH ? [] : [pathFacts(path)];
  });
  const first = (known: (found: Found) => unknown): Found => paths.find((found) => known(found) !== undefined) ?? {};
  const { scheduler, job, step, jobUid } = first(({ job: id }) => id);
  const { podUid, container, runtime } = first((found) => found.podUid ?? found.container);
  const { managerUid } = first((found) => found.managerUid);
  // A job or a container says more than the service that its daemon is.
  const more = job ?? podUid ?? container;
  const { session } = more === undefined ? first((found) => found.session) : {};
  const { unit } = (more ?? session) === undefined ? first((found) => found.unit) : {};
  const known = { scheduler, job, step, podUid, container, runtime, unit, session };
  return { identity: { ...NO_IDENTITY, ...texts(known) }, jobUid, managerUid };
}

const texts = (known: Readonly<Record<string, string | undefined>>): Partial<ProcessIdentity> =>
  Object.fromEntries(Object.entries(known).map(([field, text]) => [field, clean(text ?? '', MAX_TEXT_BYTES)]));

/** What one path says, from its outer directories to its inner ones. */
function pathFacts(path: string): Found {
  // A cgroup that was removed while a process was in it.
  const names = path.replace(/ \(deleted\)$/, '').split('/').slice(1, 1 + MAX_DEPTH); // prettier-ignore
  let found: Found = {};
  let place: Place = 'top';
  let delegated = false;
  for (const name of names) {
    // What is common to the cgroup of the reader and this one, seen from a cgroup namespace.
    if (name === '..') continue;
    const within: Place = place;
    const rule: Rule | undefined = RULES.find((one) => (one.in === undefined || one.in.includes(within)) && one.name.test(name));
    place = rule?.is ?? '';
    if (rule?.says !== undefined) found = joined(found, rule.says(...rule.name.exec(name)!.slice(1)), delegated);
    if (place === 'manager') delegated = true;
  }
  return found;
}

/**
 * The outer job and the outer pod count: they are those that the scheduler of this node knows. The container is that of the pod; without a
 * pod it is the innermost one. Logins, services and uids inside a job or a container are its own affair.
 */
function joined(outer: Found, inner: Found, delegated: boolean): Found {
  const { container: _container, runtime: _runtime, ...rest } = inner;
  const contained = (outer.job ?? outer.podUid ?? outer.container) !== undefined;
  const inOwnPod = inner.podUid !== undefined && outer.podUid === undefined;
  if (delegated) return inner.container === undefined ? outer : { ...outer, container: inner.container, runtime: inner.runtime ?? '' };
  if (inner.job !== undefined) return outer.job === undefined ? { ...outer, ...rest } : outer;
  if (inner.step !== undefined) return outer.step === undefined ? { ...outer, ...rest } : outer;
  if (inOwnPod) return { ...outer, container: '', runtime: '', ...inner };
  if (inner.container !== undefined) {
    const taken = outer.podUid !== undefined && (outer.container ?? '') !== '';
    return taken ? outer : { ...outer, container: inner.container, runtime: inner.runtime ?? '' };
  }
  return contained || inner.podUid !== undefined ? outer : { ...rest, ...outer };
}

/** Where a process is, and for whom its job runs. */
export interface Located extends CgroupFacts {
  /** The user of the job, as its environment has it; '': not known. */
  readonly jobUser: string;
}

/** Services that start the jobs of a scheduler, where jobs have no cgroup of their own. */
const STARTED_BY: Readonly<Record<string, RegExp>> = {
  slurm: /^slurmd(?:@.+)?\.service$/,
  pbs: /^pbs(?:_mom)?\.service$/,
  lsf: /^lsfd?\.service$/,
  flux: /^flux\.service$/,
};

/**
 * What the cgroup says, and what the environment adds. A user may write anything into the environment of his processes, so a job in it counts
 * only if the cgroup does not contradict it:
 * - a cgroup that has a number for the job has the same one (a SLUID has none: there the environment has the number);
 * - a uid in it is that of the path, and that of the account that runs the process;
 * - a cgroup without a job is not that of a pod, a login session, the service manager of a user, or a service other than the scheduler's own:
 *   whatever runs there is in no job.
 * The user of the job is believed only where the cgroup has the job. A number from the cgroup stays as it is, also for the task of an array,
 * which the scheduler writes in another way: its parts cannot be checked.
 *
 * `ownUid`: the account that runs the process; undefined for root and for uids of containers.
 */
export function located(cgroup: CgroupFacts, jobs: readonly EnvironmentJob[], ownUid: number | undefined): Located {
  const { identity, jobUid } = cgroup;
  const isPossible = (job: EnvironmentJob): boolean =>
    [jobUid, ownUid].every((uid) => uid === undefined || job.uid === undefined || uid === job.uid) &&
    (identity.job === ''
      ? mayBeIn(cgroup, job)
      : job.scheduler === identity.scheduler && (isSluid(identity.job) || job.raw === identity.job));
  const job = jobs.find(isPossible);
  if (job === undefined) return { ...cgroup, jobUser: '' };
  const step = identity.step === '' ? job.step : identity.step;
  if (identity.job === '')
    return { ...cgroup, identity: { ...identity, scheduler: job.scheduler, job: job.job, step, unit: '' }, jobUser: '' };
  return {
    ...cgroup,
    identity: { ...identity, job: isSluid(identity.job) ? job.job : identity.job, step },
    jobUid: jobUid ?? (job.user === '' ? job.uid : undefined),
    jobUser: jobUid === undefined ? job.user : '',
  };
}

/** Whether the environment can add anything, so that it is worth reading it. `person`: whether the user of the job is asked for. */
export const asksEnvironment = (cgroup: CgroupFacts, person: boolean): boolean => {
  const { job, step } = cgroup.identity;
  if (job === '') return Object.keys(STARTED_BY).some((scheduler) => mayBeIn(cgroup, { scheduler }));
  return isSluid(job) || step === '' || (person && cgroup.jobUid === undefined);
};

const isSluid = (job: string): boolean => job.startsWith('s');

const mayBeIn = (
  { identity: { podUid, session, unit }, managerUid }: CgroupFacts,
  { scheduler }: Pick<EnvironmentJob, 'scheduler'>,
): boolean => podUid === '' && session === '' && managerUid === undefined && (unit === '' || STARTED_BY[scheduler]?.test(unit) === true);
