/** cgroup paths as found on real systems, and what they mean. */
import type { ProcessIdentity } from '../../lib/model/identity.js';

export const ID = '9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d';
export const INNER = '4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970';
export const POD = 'a1b2c3d4-1111-4222-8333-0123456789ab';
const POD_ = POD.replaceAll('-', '_');
const STATIC_POD = '0123456789abcdef0123456789abcdef';
export const SLUID = 's8FXKTA79XAR00';

type Says = Partial<ProcessIdentity> & { readonly jobUid?: number; readonly managerUid?: number };
const slurm = (job: string, step = ''): Says => ({ scheduler: 'slurm', job, ...(step === '' ? {} : { step }) });
const container = (runtime: string, id = ID): Says => ({ container: id, ...(runtime === '' ? {} : { runtime }) });
const pod = (podUid = POD): Says => ({ podUid });

export const PATHS: readonly (readonly [what: string, path: string, says: Says])[] = [
  ['Slurm v1, a task', '/slurm/uid_1000/job_211/step_0/task_3', { ...slurm('211', '0'), jobUid: 1000 }],
  ['Slurm v1, several slurmd', '/slurm_node-7/uid_1000/job_211/step_batch', { ...slurm('211', 'batch'), jobUid: 1000 }],
  ['Slurm v1, only the job', '/slurm/uid_0/job_211', { ...slurm('211'), jobUid: 0 }],
  ['Slurm v1, extern', '/slurm/uid_1000/job_211/step_extern/task_0', { ...slurm('211', 'extern'), jobUid: 1000 }],
  ['Slurm v1, a number for batch', '/slurm/uid_1000/job_211/step_4294967291', { ...slurm('211', 'batch'), jobUid: 1000 }],
  ['Slurm before 20.11, a number for extern', '/slurm/uid_1000/job_211/step_4294967295', { ...slurm('211', 'extern'), jobUid: 1000 }],
  ['Slurm v2, batch', '/system.slice/slurmstepd.scope/job_211/step_batch/user/task_0', slurm('211', 'batch')],
  ['Slurm v2, interactive', '/system.slice/slurmstepd.scope/job_211/step_interactive/user/task_0', slurm('211', 'interactive')],
  ['Slurm v2, extern', '/system.slice/slurmstepd.scope/job_211/step_extern/user/task_special', slurm('211', 'extern')],
  ['Slurm v2, a component of a step', '/system.slice/slurmstepd.scope/job_211/step_0+1/user/task_0', slurm('211', '0+1')],
  ['Slurm v2, several slurmd', '/system.slice/node-7_slurmstepd.scope/job_211/step_0/slurm', slurm('211', '0')],
  ['Slurm v2, only the job', '/system.slice/slurmstepd.scope/job_211', slurm('211')],
  ['Slurm 26.05, a SLUID', `/system.slice/slurmstepd.scope/${SLUID}/step_batch/user/task_0`, slurm(SLUID, 'batch')],
  ['Slurm 26.05, several slurmd', `/system.slice/n1_slurmstepd.scope/${SLUID}/step_0`, slurm(SLUID, '0')],
  ['PBS', '/pbs_jobs.service/jobid/77.pbs01', { scheduler: 'pbs', job: '77.pbs01' }],
  ['PBS, a task of an array', '/pbs_jobs.service/jobid/77[4].pbs01', { scheduler: 'pbs', job: '77[4].pbs01' }],
  ['Kubernetes, guaranteed', `/kubepods/pod${POD}/${ID}`, { ...pod(), ...container('') }],
  ['Kubernetes, burstable', `/kubepods/burstable/pod${POD}/${ID}`, { ...pod(), ...container('') }],
  ['Kubernetes, best effort', `/kubepods/besteffort/pod${POD}/${ID}`, { ...pod(), ...container('') }],
  ['Kubernetes, a static pod', `/kubepods/burstable/pod${STATIC_POD}/${ID}`, { ...pod(STATIC_POD), ...container('') }],
  ['Kubernetes, cri-o without systemd', `/kubepods/burstable/pod${POD}/crio-${ID}`, { ...pod(), ...container('cri-o') }],
  ['Kubernetes, only the pod', `/kubepods/besteffort/pod${POD}`, pod()],
  [
    'Kubernetes with systemd, guaranteed',
    `/kubepods.slice/kubepods-pod${POD_}.slice/cri-containerd-${ID}.scope`,
    { ...pod(), ...container('containerd') },
  ],
  [
    'Kubernetes with systemd, burstable',
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD_}.slice/cri-containerd-${ID}.scope`,
    { ...pod(), ...container('containerd') },
  ],
  [
    'Kubernetes with systemd, best effort',
    `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${POD_}.slice/crio-${ID}.scope`,
    { ...pod(), ...container('cri-o') },
  ],
  [
    'Kubernetes with systemd, cri-o with a directory of its own',
    `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${POD_}.slice/crio-${ID}.scope/container`,
    { ...pod(), ...container('cri-o') },
  ],
  [
    'Kubernetes with systemd, Docker',
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD_}.slice/docker-${ID}.scope`,
    { ...pod(), ...container('docker') },
  ],
  [
    'Kubernetes with systemd, containerd without it',
    `/system.slice/containerd.service/kubepods-besteffort-pod${POD_}.slice:cri-containerd:${ID}`,
    { ...pod(), ...container('containerd') },
  ],
  [
    'Kubernetes from another cgroup namespace',
    `/../../../kubepods-burstable.slice/kubepods-burstable-pod${POD_}.slice/cri-containerd-${ID}.scope`,
    { ...pod(), ...container('containerd') },
  ],
  ['Kubernetes from a pod beside it', `/../../pod${POD}/${ID}`, { ...pod(), ...container('') }],
  ['Docker', `/docker/${ID}`, container('docker')],
  ['Docker with systemd', `/system.slice/docker-${ID}.scope`, container('docker')],
  ['Docker below its service', `/system.slice/docker.service/docker/${ID}`, container('docker')],
  ['Docker from a container beside it', `/../${ID}`, container('')],
  ['Docker from a container beside it, with systemd', `/../docker-${ID}.scope`, container('docker')],
  ['Docker in Docker', `/docker/${ID}/docker/${INNER}`, container('docker', INNER)],
  ['containerd alone', `/system.slice/nerdctl-${ID}.scope`, container('containerd')],
  ['Podman', `/machine.slice/libpod-${ID}.scope`, container('podman')],
  ['Podman, a directory of its own', `/machine.slice/libpod-${ID}.scope/container`, container('podman')],
  ['Podman without systemd', `/libpod_parent/libpod-${ID}`, container('podman')],
  ['a pod of Podman', `/machine.slice/machine-libpod_pod_${INNER}.slice/libpod-${ID}.scope`, container('podman')],
  [
    'Podman, rootless',
    `/user.slice/user-1003.slice/user@1003.service/user.slice/libpod-${ID}.scope/container`,
    { ...container('podman'), managerUid: 1003 },
  ],
  [
    'Podman, rootless, in a service',
    `/user.slice/user-1003.slice/user@1003.service/app.slice/web.service/libpod-payload-${ID}`,
    { ...container('podman'), managerUid: 1003 },
  ],
  [
    'Docker, rootless',
    `/user.slice/user-1003.slice/user@1003.service/user.slice/docker-${ID}.scope`,
    { ...container('docker'), managerUid: 1003 },
  ],
  ['LXC', '/lxc.payload.web-1', container('lxc', 'web-1')],
  ['LXC, its service', '/lxc.payload.web-1/system.slice/ssh.service', container('lxc', 'web-1')],
  ['LXC before 4.0', '/lxc/web-1', container('lxc', 'web-1')],
  ['LXC with a name that means something else', '/lxc/docker/init.scope', container('lxc', 'docker')],
  ['LXC in a payload', '/lxc.payload/101/ns', container('lxc', '101')],
  ['nspawn', '/machine.slice/machine-build\\x2dbox.scope/payload', container('nspawn', 'build-box')],
  ['nspawn as a service', '/machine.slice/systemd-nspawn@build\\x2dbox.service/payload/init.scope', container('nspawn', 'build-box')],
  [
    'libvirt',
    '/machine.slice/machine-qemu\\x2d3\\x2dinstance\\x2d0000001a.scope/libvirt/emulator',
    container('libvirt', 'instance-0000001a'),
  ],
  ['libvirt without systemd', '/machine/qemu-3-instance-0000001a.libvirt-qemu/emulator', container('libvirt', 'instance-0000001a')],
  ['a login', '/user.slice/user-1000.slice/session-42.scope', { session: '42' }],
  ['a login on the console', '/user.slice/user-1000.slice/session-c2.scope', { session: 'c2' }],
  ['the services of a user', '/user.slice/user-1000.slice/user@1000.service/init.scope', { unit: 'user@1000.service', managerUid: 1000 }],
  ['a service', '/system.slice/ollama.service', { unit: 'ollama.service' }],
  ['a service of a template', '/system.slice/system-vllm.slice/vllm@qwen.service', { unit: 'vllm@qwen.service' }],
  ['Docker in a Slurm job', `/slurm/uid_1000/job_211/step_0/docker/${ID}`, { ...slurm('211', '0'), ...container('docker'), jobUid: 1000 }],
  [
    'Podman in a Slurm job',
    `/system.slice/slurmstepd.scope/job_211/step_batch/user/task_0/libpod-${ID}`,
    { ...slurm('211', 'batch'), ...container('podman') },
  ],
  [
    'slurmd in a pod',
    `/kubepods.slice/kubepods-pod${POD_}.slice/cri-containerd-${ID}.scope/system.slice/slurmstepd.scope/job_211/step_0/user/task_0`,
    { ...slurm('211', '0'), ...pod(), ...container('containerd') },
  ],
  ['kind in Docker', `/docker/${ID}/kubelet/kubepods/burstable/pod${POD}/${INNER}`, { ...pod(), ...container('', INNER) }],
  [
    'kind in Docker with systemd',
    `/system.slice/docker-${ID}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${POD_}.slice/cri-containerd-${INNER}.scope`,
    { ...pod(), ...container('containerd', INNER) },
  ],
  ['Docker in a pod', `/kubepods/burstable/pod${POD}/${ID}/docker/${INNER}`, { ...pod(), ...container('') }],
  ['Docker in LXC', `/lxc.payload.web/docker/${ID}`, container('docker')],
];
