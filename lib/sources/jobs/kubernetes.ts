/** `kubectl get pods -A -o json`, and nodes in the same list. Pure. */
import type { GpuName, Job, JobAllocation, SchedulerNode } from '../../model/jobs.js';
import { isRecord, type Loose } from '../../model/loose.js';
import { BadRecord, byNode, jobOf, nodeOf } from './collected.js';
import { dateOf, listOf, recordOf, recordsOf, textOf, textsOf } from './job-fields.js';
import { deviceOf, gpuLimits, gpuResource } from './kubernetes-resources.js';
import { podUser } from './pod-user.js';

/** Undefined: it has ended. `replicas`: how many replicas of GPUs it has, where its devices are replicas. */
export function jobOfPod(pod: Loose): { readonly job: Job; readonly replicas: number } | undefined {
  const metadata = recordOf(pod.metadata);
  const [spec, status] = [recordOf(pod.spec), recordOf(pod.status)];
  const uid = textOf(metadata.uid);
  const name = textOf(metadata.name);
  if (uid === '') throw new BadRecord('a pod without a uid');
  const phase = textOf(status.phase);
  if (phase === 'Succeeded' || phase === 'Failed') return undefined;
  const node = textOf(spec.nodeName);
  const limits = limitsOf(spec);
  const owner = recordsOf(metadata.ownerReferences).find(({ controller }) => controller === true);
  // Its GPUs are its own as soon as it has a node, even while its image is pulled.
  const state = node === '' ? 'pending' : 'running';
  const named = devicesOf(status);
  const job = jobOf({
    scheduler: 'kubernetes',
    id: uid,
    name: textOf(owner?.name) || name,
    ...podUser(metadata),
    namespace: textOf(metadata.namespace),
    pod: name,
    containers: containersOf(status),
    state,
    reason: state === 'pending' || phase === 'Pending' ? waitingFor(status) : '',
    startedAt: state === 'pending' ? undefined : dateOf(textOf(status.startTime)),
    requestedGpus: [...limits].reduce<number | undefined>(
      (sum, [resource, amount]) => (sum === undefined || !gpuResource(resource)!.whole ? undefined : sum + amount),
      0,
    ),
    allocations: state === 'running' ? byNode(allocationOf(metadata, named, node, limits)) : [],
  });
  return { job, replicas: named.replicas };
}

/** The host of a pod, by its address. */
export function nodeOfPod(pod: Loose): SchedulerNode | undefined {
  const name = textOf(recordOf(pod.spec).nodeName);
  const address = textOf(recordOf(pod.status).hostIP);
  return name === '' || address === '' ? undefined : nodeOf({ name, addresses: [address] });
}

const MAX_CONTAINERS = 200;

/** What is reserved for a pod: init containers run before the others and one by one, sidecars among them beside all. */
function limitsOf(spec: Loose): ReadonlyMap<string, number> {
  const most = new Map<string, number>();
  const together = new Map<string, number>();
  const add = (to: Map<string, number>, limits: ReadonlyMap<string, number>): void =>
    limits.forEach((amount, name) => to.set(name, (to.get(name) ?? 0) + amount));
  for (const container of recordsOf(spec.initContainers).slice(0, MAX_CONTAINERS)) {
    if (container.restartPolicy === 'Always') add(together, gpuLimits(container));
    else gpuLimits(container).forEach((amount, name) => most.set(name, Math.max(most.get(name) ?? 0, amount + (together.get(name) ?? 0))));
  }
  for (const container of recordsOf(spec.containers).slice(0, MAX_CONTAINERS)) add(together, gpuLimits(container));
  together.forEach((amount, name) => most.set(name, Math.max(most.get(name) ?? 0, amount)));
  for (const [name, amount] of most) if (amount === 0) most.delete(name);
  return most;
}

/** Names of GPUs where the kubelet or HAMi reports them; else only their number. */
function allocationOf(metadata: Loose, named: Devices, node: string, limits: ReadonlyMap<string, number>): readonly JobAllocation[] {
  const annotations = recordOf(metadata.annotations);
  const hami = annotations['hami.io/vgpu-devices-allocated'];
  if (typeof hami === 'string' && hami !== '') return hamiOf(hami, textOf(annotations['hami.io/vgpu-node']) || node);
  const wholes = [...limits].filter(([name]) => gpuResource(name)!.whole).reduce((sum, [, amount]) => sum + amount, 0);
  const isPart = [...limits.keys()].some((name) => !gpuResource(name)!.whole) || named.isPart;
  if (limits.size === 0 && named.gpus.length === 0) return [];
  return [{ node, gpuCount: isPart ? NaN : Math.max(wholes, named.gpus.length), gpus: named.gpus }];
}

const MAX_DEVICES = 1024;

interface Devices {
  readonly gpus: readonly GpuName[];
  readonly isPart: boolean;
  readonly replicas: number;
}

/** status.containerStatuses[].allocatedResourcesStatus[]; a device that two containers share is listed once. */
function devicesOf(status: Loose): Devices {
  const gpus = new Map<string, GpuName>();
  let isPart = false;
  let replicas = 0;
  const containers = [...recordsOf(status.containerStatuses), ...recordsOf(status.initContainerStatuses)];
  for (const { allocatedResourcesStatus } of containers)
    for (const { name, resources } of recordsOf(allocatedResourcesStatus)) {
      if (gpuResource(textOf(name)) === undefined) continue;
      for (const { resourceID } of recordsOf(resources).slice(0, MAX_DEVICES)) {
        const device = deviceOf(textOf(resourceID));
        isPart ||= device.isPart;
        if (device.isReplica) replicas++;
        if (device.name !== undefined) gpus.set(JSON.stringify(device.name).toLowerCase(), device.name);
      }
    }
  return { gpus: [...gpus.values()], isPart, replicas };
}

/** 'uuid,NVIDIA,40960,50:;': devices with their MiB and percent of the cores; a colon ends a device, a semicolon a container. */
function hamiOf(text: string, node: string): readonly JobAllocation[] {
  return text
    .split(/[:;]/)
    .slice(0, MAX_DEVICES)
    .flatMap((device) => {
      const [uuid = '', , , cores = ''] = device.split(',').map(textOf);
      if (uuid === '') return [];
      const percent = Number(cores);
      // No limit on the cores: others may run there too.
      return [{ node, gpuCount: percent > 0 && percent <= 100 ? percent / 100 : NaN, gpus: [{ by: 'uuid' as const, uuid }] }];
    });
}

/** 'containerd://0f...' by name. */
function containersOf(status: Loose): ReadonlyMap<string, string> {
  const all = [...recordsOf(status.initContainerStatuses), ...recordsOf(status.containerStatuses)].slice(0, MAX_CONTAINERS);
  return new Map(
    all
      .map(({ name, containerID }) => [textOf(name), textOf(containerID).replace(/^[\w.+-]+:\/\//, '')] as const)
      .filter(([, id]) => id !== ''),
  );
}

/** Why it is not scheduled, or its containers do not start. */
function waitingFor(status: Loose): string {
  const waiting = recordsOf(status.containerStatuses)
    .map(({ state }) => textOf(recordOf(recordOf(state).waiting).reason))
    .find((reason) => reason !== '');
  const condition = recordsOf(status.conditions).find((one) => one.type === 'PodScheduled' && one.status === 'False');
  return waiting ?? (textOf(condition?.message) || textOf(condition?.reason));
}

/** A node of `kubectl get nodes -o json`: cordoned is drained for new pods, though those that run there go on. */
export function nodeOfKubernetes(node: Loose): SchedulerNode {
  const name = textOf(recordOf(node.metadata).name);
  if (name === '') throw new BadRecord('a node without a name');
  const [spec, status] = [recordOf(node.spec), recordOf(node.status)];
  const ready = recordsOf(status.conditions).find(({ type }) => type === 'Ready');
  const isDown = isRecord(ready) && textOf(ready.status) !== 'True';
  const isCordoned = spec.unschedulable === true;
  return nodeOf({
    name,
    addresses: [...new Set(listOf(status.addresses).map((one) => textOf(recordOf(one).address)))].filter(
      (one) => one !== '' && one !== name,
    ),
    state: isDown ? 'down' : isCordoned ? 'draining' : 'in service',
    reason: isDown ? textOf(ready.message) || textOf(ready.reason) : isCordoned ? 'cordoned' : '',
  });
}

/** Into how many replicas the GPUs of a node are divided, where the labels of NVIDIA's feature discovery say so. */
export function replicasOf(node: Loose): number | undefined {
  const labels = textsOf(recordOf(node.metadata).labels);
  const replicas = Number(labels.get('nvidia.com/gpu.replicas') ?? '');
  return replicas > 1 ? replicas : undefined;
}
