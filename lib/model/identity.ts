/**
 * What a node knows about who runs a GPU process: the job, container or service that the kernel has put it in. It comes from /proc of the
 * node, travels as the labels of one info metric, and is joined to process rows by pid and GPU.
 */
export interface ProcessIdentity {
  /** The scheduler of `job`: 'slurm', 'pbs', 'flux', 'lsf'. */
  readonly scheduler: string;
  /** The id of the job as its scheduler writes it; the SLUID where Slurm gives only that. */
  readonly job: string;
  /** The step of a Slurm job: '0', 'batch', 'extern', 'interactive'. */
  readonly step: string;
  /** The uid of the Kubernetes pod, with dashes. */
  readonly podUid: string;
  /** The full id, or the name, of the container. */
  readonly container: string;
  /** What runs the container: 'containerd', 'cri-o', 'docker', 'podman', 'lxc', 'nspawn', 'libvirt'. */
  readonly runtime: string;
  /** The systemd service: 'ollama.service'. */
  readonly unit: string;
  /** The id of the login session. */
  readonly session: string;
  /** The person behind a process that runs as root or as a uid that a container maps. Never a guess: see `ownerSource`. */
  readonly owner: string;
  /** Where `owner` was learnt: 'job', 'container label', 'rootless owner', 'login uid'. */
  readonly ownerSource: string;
}

/** The family, without the prefix. */
export const IDENTITY_FAMILY = 'process_identity_info';

/** The label of each field. Unknown texts are '' here, and their labels are left out. */
export const IDENTITY_LABELS: Readonly<Record<keyof ProcessIdentity, string>> = {
  scheduler: 'scheduler',
  job: 'job',
  step: 'step',
  podUid: 'pod_uid',
  container: 'container',
  runtime: 'runtime',
  unit: 'unit',
  session: 'session',
  owner: 'owner',
  ownerSource: 'owner_source',
};

export const NO_IDENTITY: ProcessIdentity = {
  scheduler: '',
  job: '',
  step: '',
  podUid: '',
  container: '',
  runtime: '',
  unit: '',
  session: '',
  owner: '',
  ownerSource: '',
};
