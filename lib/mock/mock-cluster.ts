/** The plan of the standard mock cluster: 8 GPUs per node and, if asked for, the process rows of all-smi's mock server. */
import type { ProcessIdentity } from '../model/identity.js';
import { GIB, MIB } from './mock-plan.js';
import { PLATFORMS } from './mock-platforms.js';
import { draw, mix } from './random-walk.js';
import type { Platform, Switches, GpuModel, GpuOwner, GpuPlan, Job, NodePlan } from './mock-types.js';

/** Looked up by words of the product name, first match; the last row matches everything. */
const MODELS: readonly (readonly [RegExp, Omit<GpuModel, 'name' | 'memoryBytes'>])[] = [
  [/B[23]00/, { architecture: 'Blackwell', powerLimitWatts: 1000, boostMhz: 1965 }],
  [/H[12]00/, { architecture: 'Hopper', powerLimitWatts: 700, boostMhz: 1980 }],
  [/A100/, { architecture: 'Ampere', powerLimitWatts: 400, boostMhz: 1410 }],
  [/L40/, { architecture: 'Ada Lovelace', powerLimitWatts: 350, boostMhz: 2520 }],
  [/(?:)/, { architecture: 'Ampere', powerLimitWatts: 300, boostMhz: 1800 }],
];

/** The properties of a card by name. Memory is taken from the name ("192GB"), else 80 GiB. */
export function gpuModel(name: string): GpuModel {
  const [, figures] = MODELS.find(([pattern]) => pattern.test(name))!;
  return { name, memoryBytes: Number(/\b([1-9]\d{0,3})\s?GB/.exec(name)?.[1] ?? 80) * GIB, ...figures };
}

/** Hexadecimal digits, eight per part, always the same for the same keys. */
const hexadecimal = (parts: number, keys: readonly number[]): string =>
  Array.from({ length: parts }, (_, part) =>
    mix(...keys, part + 1)
      .toString(16)
      .padStart(8, '0'),
  ).join('');
const uuid = (keys: readonly number[]): string => hexadecimal(4, keys).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

/** `GPU-` and a UUID, always the same for the same keys. */
export const gpuUuid = (...keys: readonly number[]): string => `GPU-${uuid(keys)}`;

/** A step of a Slurm job. */
export const slurmJob = (job: number, step: string): Partial<ProcessIdentity> => ({ scheduler: 'slurm', job: String(job), step });

/** A container of a pod, always the same for the same keys. */
export const containerOfPod = (...keys: readonly number[]): Partial<ProcessIdentity> => ({
  podUid: uuid([...keys, POD]),
  container: hexadecimal(8, [...keys, CONTAINER]),
  runtime: 'containerd',
});
/** Keys besides those of the caller. */
const POD = 50;
const CONTAINER = 51;

const USERS = ['inureyes', 'yeonji', 'mira', 'root'] as const;
const COMMANDS = [
  'python train.py --bs=128 --epochs=100 --model=llama-70b',
  'python eval.py --split=val --checkpoint=epoch_32.pt',
  '/opt/llm/infer -m /models/phi-4-14b.safetensors --batch 4',
  'containerd-shim-runc-v2 -namespace k8s.io -id abc123',
  'node /workspace/run-agent.js --env prod',
] as const;
const FIRST_PID = 10_000;

/**
 * The rows of all-smi's mock: GPU i has 1 + (i mod 4) processes, 20 per node, frozen. They share the memory that the GPU has in use at the start.
 * `usedBytes`: by GPU.
 */
function mockJobs(usedBytes: readonly number[]): Job[] {
  return usedBytes
    .flatMap((used, gpu) => {
      const count = 1 + (gpu % 4);
      return Array.from({ length: count }, (_, nth) => {
        const command = COMMANDS[(2 * gpu + nth) % COMMANDS.length]!;
        return {
          pid: 0,
          name: command.split(' ')[0]!,
          user: USERS[(gpu + nth) % USERS.length]!,
          command,
          cpuPercent: 5 + 3.5 * nth,
          ageSeconds: 60 * (1 + 7 * gpu + nth),
          shares: [{ gpu, bytes: Math.max(Math.floor(used / count), 64 * MIB) }],
        };
      });
    })
    .map((job, at) => ({ ...job, pid: FIRST_PID + at }));
}

/** Every fourth node belongs to Slurm, every fourth to Kubernetes; what root runs on the former is a service. */
function withIdentities(jobs: readonly Job[], node: number, key: number): readonly Job[] {
  const scheduler = schedulerOf(node);
  if (scheduler === '') return jobs;
  return jobs.map((job): Job => {
    const user = USERS.findIndex((name) => name === job.user);
    if (scheduler === 'kubernetes') return { ...job, identity: containerOfPod(key, user) };
    return {
      ...job,
      identity: job.user === 'root' ? { unit: 'node-agent.service' } : slurmJob(jobOf(node, user), 'batch'),
    };
  });
}
const FIRST_JOB = 918_000;
const jobOf = (node: number, user: number): number => FIRST_JOB + USERS.length * node + user;
const schedulerOf = (node: number): 'slurm' | 'kubernetes' | '' => (['', '', 'slurm', 'kubernetes'] as const)[node % 4]!;

/** GPU i is that of user i, who runs its first process. */
function ownerOf(node: number, gpu: number): { readonly owner?: GpuOwner } {
  const user = gpu % USERS.length;
  const name = USERS[user]!;
  const scheduler = schedulerOf(node);
  if (scheduler === '' || (scheduler === 'slurm' && name === 'root')) return {};
  if (scheduler === 'slurm') return { owner: { job: String(jobOf(node, user)) } };
  return { owner: { namespace: name === 'root' ? 'kube-system' : `team-${name}`, pod: `${name}-train-0`, container: 'main' } };
}

export interface MockPlan {
  readonly gpuName: string;
  readonly nodes: number;
  /** Number in the name of the first node. */
  readonly startIndex: number;
  readonly processes: boolean;
  readonly seed: number;
  /** Default: NVIDIA's cards. */
  readonly platform?: Platform;
  readonly switches?: Switches;
}

/** A third to two thirds of the memory at the start, the same on GPU i of every node, so that sums over users scale with the nodes. */
const usedAtStart = (model: GpuModel, seed: number, gpu: number): number =>
  Math.floor((model.memoryBytes * (0.33 + 0.33 * draw(seed, gpu))) / MIB) * MIB;

export function mockPlans({ gpuName, nodes, startIndex, processes, seed, platform = PLATFORMS.nvidia, switches }: MockPlan): NodePlan[] {
  const model = platform.model ?? gpuModel(gpuName);
  const used = Array.from({ length: platform.devices }, (_, gpu) => usedAtStart(model, seed, gpu));
  const jobs = processes && platform.nvidia ? mockJobs(used) : undefined;
  const owned = used.map((_, gpu) => (jobs ?? []).reduce((sum, { shares: [share] }) => sum + (share?.gpu === gpu ? share.bytes : 0), 0));
  return Array.from({ length: nodes }, (_, nth) => {
    const key = mix(seed, startIndex + nth);
    const gpus = used.map((bytes, gpu): GpuPlan => ({
      uuid: gpuUuid(key, gpu).replace(/^GPU/, platform.uuid),
      otherBytes: Math.max(0, bytes - owned[gpu]!),
      wanderBytes: model.memoryBytes * 0.3,
      load: { mean: 35 + 50 * draw(key, gpu, 1), swing: 30, period: 8 + 8 * draw(key, gpu, 2), intensity: 0.7 + 0.25 * draw(key, gpu, 3) },
      ...(platform.nvidia ? ownerOf(startIndex + nth, gpu) : {}),
    }));
    const instance = `node-${String(startIndex + nth).padStart(4, '0')}`;
    const shown = platform.nvidia && switches ? { switches } : {};
    return {
      instance,
      key,
      model,
      gpus,
      jobs: jobs && withIdentities(jobs, startIndex + nth, key),
      warmerCelsius: 0,
      details: false,
      platform,
      ...shown,
    };
  });
}
