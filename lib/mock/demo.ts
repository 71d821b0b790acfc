/**
 * The cluster of `--demo`: six nodes on free loopback ports, with typical users. One trains on two nodes, one holds GPUs idle, a service answers
 * in bursts, a sweep starts one short run after another. Three nodes belong to Slurm, two to Kubernetes; on one of these, everything runs as
 * root. One node is hot, one fails occasionally, one does not export its processes.
 */
import { containerOfPod, gpuModel, gpuUuid, slurmJob } from './mock-cluster.js';
import { servedNode, UPDATE_MS } from './mock.js';
import { GIB, GPUS_PER_NODE, MIB } from './mock-plan.js';
import { NO_SWITCHES } from './mock-features.js';
import { draw, mix } from './random-walk.js';
import { serveNodes, type Cluster } from './mock-server.js';
import type { Clock } from '../model/clock.js';
import type { ProcessIdentity } from '../model/identity.js';
import type { GpuModel, GpuPlan, Job, Life, Load, NodePlan } from './mock-types.js';

const SEED = 20_260_807;

const TRAINING: Load = { mean: 95, swing: 5, period: 9, intensity: 0.95 };
const TUNING: Load = { mean: 82, swing: 14, period: 7, intensity: 0.8 };
const SERVING: Load = { mean: 46, swing: 40, period: 6, intensity: 0.6 };
const EVALUATING: Load = { mean: 58, swing: 22, period: 5, intensity: 0.55 };
const SMALL_RUN: Load = { mean: 27, swing: 9, period: 4, intensity: 0.6 };
const BURNING: Load = { mean: 99, swing: 1, period: 20, intensity: 1 };
const NOTHING: Load = { mean: 0, swing: 0, period: 10, intensity: 0 };

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** One process of the demo. */
interface Tale {
  readonly user: string;
  readonly command: string;
  /** What the node knows of who runs it. */
  readonly in: Partial<ProcessIdentity>;
  /** The GPUs of its node; it holds `gib` on each. */
  readonly gpus: readonly number[];
  /** One process per GPU, as torchrun starts them, instead of one process for all. */
  readonly perGpu?: true;
  readonly gib: number;
  readonly ageSeconds: number;
  readonly cpuPercent: number;
  readonly load: Load;
  readonly breath?: number;
  readonly lastsSeconds?: number;
}

interface Chapter {
  readonly instance: string;
  readonly gpuName: string;
  readonly firstPid: number;
  /** Undefined: the exporter does not export processes. */
  readonly tales: readonly Tale[] | undefined;
  /** Load and GiB per GPU that are not from exported processes. */
  readonly unexplained?: readonly (readonly [load: Load, gib: number])[];
  readonly warmerCelsius?: number;
  /** Down for `forSeconds` out of every `everySeconds`, at their end. */
  readonly outage?: { readonly everySeconds: number; readonly forSeconds: number };
}

const H100 = 'NVIDIA H100 80GB HBM3';
const ALL_GPUS = [0, 1, 2, 3, 4, 5, 6, 7] as const;

const pretraining = (rank: number): Tale => ({
  user: 'amara.okafor',
  command: `python3 -u pretrain_gpt.py --node-rank=${String(rank)} --nnodes=2 --tensor-parallel=8 --seq-len=8192 --data="/scratch/amara/c4 v2"`,
  in: slurmJob(918_300, '0'),
  gpus: ALL_GPUS,
  perGpu: true,
  gib: 71.4,
  ageSeconds: 2 * DAY + 3 * HOUR + 11 * MINUTE,
  cpuPercent: 104,
  load: TRAINING,
});

/** A pod of the demo, by number. */
const pod = (nth: number): Partial<ProcessIdentity> => containerOfPod(SEED, 100 + nth);
/** A pod whose container runs as root; its label has the person. */
const behindRoot = (owner: string, nth: number): Pick<Tale, 'user' | 'in'> => ({
  user: 'root',
  in: { ...pod(nth), owner, ownerSource: 'container label' },
});

const CHAPTERS: readonly Chapter[] = [
  { instance: 'gpu-01', gpuName: H100, firstPid: 48_211, tales: [pretraining(0)] },
  { instance: 'gpu-02', gpuName: H100, firstPid: 51_870, tales: [pretraining(1)], warmerCelsius: 17 },
  {
    instance: 'gpu-03',
    gpuName: H100,
    firstPid: 20_416,
    tales: [
      {
        user: 'jonas.weber',
        command: 'python3 -m MaxText.train configs/base.yml run_name=moe-8x7b per_device_batch_size=12',
        in: slurmJob(918_412, 'batch'),
        gpus: [0, 1, 2, 3],
        gib: 66.2,
        ageSeconds: 9 * HOUR + 24 * MINUTE,
        cpuPercent: 388,
        load: { ...TRAINING, mean: 90, swing: 9 },
      },
      {
        user: 'mei.tanaka',
        command: 'python3 eval.py --data=/scratch/mei/日本語コーパス/検証.jsonl --note="第2回"',
        in: slurmJob(918_377, '1'),
        gpus: [4, 5],
        perGpu: true,
        gib: 31.8,
        ageSeconds: 42 * MINUTE,
        cpuPercent: 96,
        load: EVALUATING,
        breath: 0.15,
      },
      {
        user: 'hana.kim',
        command: '/home/hana.kim/.venv/bin/python -m ipykernel_launcher -f /run/user/1042/jupyter/kernel-7c1e.json',
        in: slurmJob(918_390, 'interactive'),
        gpus: [6],
        gib: 40.6,
        ageSeconds: 1 * DAY + 2 * HOUR,
        cpuPercent: 0.3,
        load: NOTHING,
      },
    ],
  },
  {
    instance: 'gpu-04',
    gpuName: H100,
    firstPid: 9_322,
    tales: [
      {
        user: 'svc-inference',
        command: '/opt/vllm/bin/vllm serve /models/qwen3-72b --tensor-parallel-size 4 --gpu-memory-utilization 0.90 --port 8000',
        in: pod(1),
        gpus: [0, 1, 2, 3],
        perGpu: true,
        gib: 71.7,
        ageSeconds: 17 * DAY + 6 * HOUR + 48 * MINUTE,
        cpuPercent: 61,
        load: SERVING,
      },
      {
        user: 'priya.n',
        command: 'accelerate launch finetune_lora.py --base=llama-3.1-8b --rank=64 --config={"lr": 2e-4, "epochs": 3}',
        in: pod(2),
        gpus: [4, 5],
        perGpu: true,
        gib: 44.9,
        ageSeconds: 3 * HOUR + 7 * MINUTE,
        cpuPercent: 112,
        load: TUNING,
        breath: 0.08,
      },
      {
        user: 'lukas',
        command: 'python3 -i debug_nan.py --resume=/scratch/lukas/ckpt/step_41000.pt',
        in: { session: '412' },
        gpus: [6],
        gib: 52.3,
        ageSeconds: 5 * DAY + 14 * HOUR,
        cpuPercent: 0,
        load: NOTHING,
      },
      {
        user: 'priya.n',
        command: 'python3 score.py --judge=gemma-2-9b --in=preds.jsonl',
        in: pod(3),
        gpus: [6],
        gib: 19.4,
        ageSeconds: 11 * MINUTE,
        cpuPercent: 99,
        load: EVALUATING,
      },
      {
        user: 'root',
        command: '/usr/local/bin/gpu_burn -m 22% -i 7 86400',
        in: { unit: 'burn-in.service' },
        gpus: [7],
        gib: 18,
        ageSeconds: 25 * MINUTE,
        cpuPercent: 12,
        load: BURNING,
      },
    ],
  },
  {
    instance: 'gpu-05',
    gpuName: H100,
    firstPid: 133_007,
    outage: { everySeconds: 240, forSeconds: 45 },
    tales: [
      ...[1, 2, 3].map((lane): Tale => ({
        ...behindRoot('tomas', 3 + lane),
        command: `python3 sweep.py --lane=${String(lane)} --trial={run} --study=resnet-aug`,
        gpus: [0],
        gib: 9.5 + lane,
        ageSeconds: 70 * lane,
        cpuPercent: 140,
        load: SMALL_RUN,
        breath: 0.3,
        lastsSeconds: 150 + 60 * lane,
      })),
      {
        ...behindRoot('jonas.weber', 7),
        command: 'python3 -m diffusion.train --nproc=2 --res=1024 --ema',
        gpus: [1, 2],
        perGpu: true,
        gib: 58.1,
        ageSeconds: 6 * HOUR + 33 * MINUTE,
        cpuPercent: 180,
        load: TUNING,
      },
      {
        ...behindRoot('hana.kim', 8),
        command: 'python3 serve_demo.py --share',
        gpus: [3, 4],
        gib: 23.7,
        ageSeconds: 8 * DAY + 1 * HOUR,
        cpuPercent: 0.7,
        load: NOTHING,
      },
    ],
  },
  {
    instance: 'gpu-06',
    gpuName: 'NVIDIA A100-SXM4-80GB',
    firstPid: 1_000,
    tales: undefined,
    unexplained: [
      [TRAINING, 62],
      [TRAINING, 62],
      [TRAINING, 62],
      [TRAINING, 62],
      [SERVING, 37],
    ],
  },
];

/** The name of a process as the kernel has it: the program without its directory, cut at 15 characters. */
const commandName = (command: string): string => command.split(' ')[0]!.replace(/^.*\//, '').slice(0, 15);

function jobOf(tale: Tale, pid: number, gpus: readonly number[]): Job {
  const { user, command, cpuPercent, ageSeconds, load, breath = 0, lastsSeconds } = tale;
  const life: Life = { load, breath, ...(lastsSeconds === undefined ? {} : { lastsSeconds }) };
  const shares = gpus.map((gpu) => ({ gpu, bytes: Math.round((tale.gib * GIB) / (2 * MIB)) * 2 * MIB }));
  return { pid, name: commandName(command), user, command, cpuPercent, ageSeconds, shares, life, identity: tale.in };
}

function jobsOf(tales: readonly Tale[], firstPid: number): Job[] {
  const starts = tales.flatMap((tale) => (tale.perGpu ? tale.gpus.map((gpu) => ({ tale, gpus: [gpu] })) : [{ tale, gpus: tale.gpus }]));
  return starts.map(({ tale, gpus }, nth) => jobOf(tale, firstPid + 1_009 * nth, gpus));
}

/** H100 80 GB cards have 79.6 GiB. */
const asSold = (model: GpuModel): GpuModel => (model.name === H100 ? { ...model, memoryBytes: 85_520_809_984 } : model);

/** Memory that the driver uses on every GPU. */
const driverBytes = (key: number, gpu: number): number => Math.round(440 + 120 * draw(key, gpu)) * MIB;

function planOf({ instance, gpuName, firstPid, tales, unexplained = [], warmerCelsius = 0 }: Chapter, nth: number): NodePlan {
  const key = mix(SEED, nth);
  const gpus = Array.from({ length: GPUS_PER_NODE }, (_, gpu): GpuPlan => {
    const [load, gib] = unexplained[gpu] ?? [undefined, 0];
    const otherBytes = driverBytes(key, gpu) + gib * GIB;
    return { uuid: gpuUuid(key, gpu), otherBytes, wanderBytes: 64 * MIB, ...(load === undefined ? {} : { load }) };
  });
  const jobs = tales === undefined ? undefined : jobsOf(tales, firstPid);
  const details = jobs !== undefined;
  const switches = { ...NO_SWITCHES, topology: details };
  return { instance, key, model: asSold(gpuModel(gpuName)), gpus, jobs, warmerCelsius, details, switches };
}

/** Whether the node is up; the first outage comes after the longest time up. */
const upOf =
  ({ outage }: Chapter): ((elapsedSeconds: number) => boolean) =>
  (elapsedSeconds) =>
    outage === undefined || elapsedSeconds % outage.everySeconds < outage.everySeconds - outage.forSeconds;

/**
 * Starts the demo cluster on free ports of 127.0.0.1.
 * @throws AppError E_LISTEN
 */
export function startDemo(clock: Pick<Clock, 'now'>): Promise<Cluster> {
  const nodes = CHAPTERS.map((chapter, nth) => servedNode(planOf(chapter, nth), 0, upOf(chapter)));
  return serveNodes(nodes, { bind: '127.0.0.1', clock, updateMs: UPDATE_MS });
}
