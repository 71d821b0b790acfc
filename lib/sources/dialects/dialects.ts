/** All dialects, and which one a text is in. */
import { lazy } from '../../model/lazy.js';
import type { Families, Row, Wanted } from '../../exposition/reader/text-reader.js';
import type { Dialect, Unreadable } from './dialect.js';
import { NVIDIA_DIALECTS } from './nvidia.js';
import { OTHER_DIALECTS } from './others.js';

/** By precedence. */
export const DIALECTS: readonly Dialect[] = [...NVIDIA_DIALECTS, ...OTHER_DIALECTS];

const NO_GPUS = 'no GPU metrics';
/** Which of the processes are on a GPU cannot be told, and each site decides whether a name of a group contains a user. */
const GROUPS = 'groups of processes without pids, and no GPU metrics';
const CLUSTER = 'metrics of the whole cluster, not of a node';

export const UNREADABLE: readonly Unreadable[] = [
  { program: 'kube-state-metrics', families: ['kube_pod_info', 'kube_node_info'], why: NO_GPUS },
  { program: 'cgroup_exporter', families: ['cgroup_uid', 'cgroup_info', 'cgroup_memory_used_bytes'], why: NO_GPUS },
  { program: 'process-exporter', families: ['namedprocess_namegroup_num_procs'], why: GROUPS },
  { program: 'Scaphandre', families: ['scaph_host_power_microwatts'], why: NO_GPUS },
  { program: 'Kepler', families: ['kepler_node_cpu_watts'], why: NO_GPUS },
  { program: 'HAMi scheduler', families: ['hami_gpu_memory_allocated_bytes', 'hami_gpu_memory_limit_bytes'], why: CLUSTER },
  { program: 'Run:ai', families: ['runai_gpu_utilization_per_gpu', 'runai_gpu_count_per_node'], why: CLUSTER },
  {
    program: 'a Slurm exporter',
    families: ['slurm_node_gres_total', 'slurm_user_gpus_running', 'slurm_gpus_total', 'slurm_user_state_total', 'slurm_node_job'],
    why: CLUSTER,
  },
  {
    program: 'slurmctld',
    families: ['slurm_nodes', 'slurm_jobs', 'slurm_node_cpus', 'slurm_partition_cpus', 'slurm_user_jobs_running'],
    why: CLUSTER,
  },
  { program: 'Prometheus', families: ['prometheus_build_info'], why: NO_GPUS },
];

/** The families that a dialect reads. */
export function familiesOf(dialect: Dialect): readonly string[] {
  const { proof, gpu, gpuReadings = [], nodeOwners, processes, nodeReadings = [], cpuSeconds, disks } = dialect;
  const mapped = [...gpuReadings, ...(processes?.readings ?? []), ...nodeReadings].flatMap(({ families }) => families);
  const about = [...(gpu?.about ?? []), ...(processes?.about ?? []), ...(processes?.shownBy ?? []), ...(nodeOwners?.families ?? [])];
  const others = [cpuSeconds, disks?.size, disks?.available].flatMap((family) => family ?? []);
  return [...new Set([...(proof.families ?? []), ...mapped, ...about, ...others, ...ALSO_NODE_NAME])];
}

/** Whatever else a machine sends, this has its name. */
const ALSO_NODE_NAME = ['node_uname_info'];

/** What the reader has to keep of a text in one of the dialects. */
export function wantedBy(...dialects: readonly Dialect[]): Wanted {
  const names = new Set(dialects.flatMap(familiesOf));
  const prefixed = new Set(dialects.filter((one) => one.prefixed).flatMap(familiesOf));
  return (name) => {
    if (names.has(name)) return name;
    const rest = /^[a-z0-9]+_(.+)$/.exec(name)?.[1];
    return rest !== undefined && prefixed.has(rest) ? rest : undefined;
  };
}

const proves = ({ labels: names, like }: Dialect['proof'], { labels }: Row): boolean =>
  names === undefined || names.some((name) => (like ?? /./).test(labels.get(name) ?? ''));

/** Asked of each answer: the families of readings prove it most often, and are looked at first. */
export function isIn(dialect: Dialect, families: Families): boolean {
  const { proof, gpuReadings = [] } = dialect;
  const isProof = (family: string): boolean => (families.get(family) ?? []).some((row) => proves(proof, row));
  if (proof.families) return proof.families.some(isProof);
  return (
    gpuReadings.some((mapping) => mapping.families.some(isProof)) ||
    familiesOf(dialect).some((family) => !ALSO_NODE_NAME.includes(family) && isProof(family))
  );
}

export const unreadableOf = (families: Families): Unreadable | undefined =>
  UNREADABLE.find((one) => one.families.some((family) => families.has(family)));

/** The dialects that a run knows. */
export class Dialects {
  /** By precedence: the first that is proven counts. */
  readonly all: readonly Dialect[];
  /** What the reader has to keep of a text of which nothing is known. Built at the first use: only a node that has other metrics needs it. */
  readonly wanted: () => Wanted;

  constructor(all: readonly Dialect[] = DIALECTS) {
    this.all = all;
    this.wanted = lazy(() => {
      const readable = wantedBy(...all);
      const others = new Set(UNREADABLE.flatMap(({ families }) => families));
      return (name) => (others.has(name) ? name : readable(name));
    });
  }

  /** The dialect of the text; with the families of another one where it may send those too. */
  of(families: Families): Dialect | undefined {
    const found = this.all.find((dialect) => isIn(dialect, families));
    const other = found?.with === undefined ? undefined : this.all.find(({ id }) => id === found.with);
    return found && other ? { ...other, ...found } : found;
  }
}

export const OUR_DIALECTS = new Dialects();
