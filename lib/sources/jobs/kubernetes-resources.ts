/** The GPUs among the extended resources of Kubernetes, and the ids that device plugins give them. Pure. */
import type { GpuName } from '../../model/jobs.js';
import { numeralOf, recordOf } from './job-fields.js';

/** Resources that are whole GPUs, and those that are parts of one: how much of it is not in the pod. */
const GPU_RESOURCES: readonly { readonly name: RegExp; readonly whole: boolean }[] = [
  { name: /^nvidia\.com\/gpu$/, whole: true },
  { name: /^nvidia\.com\/(?:gpu|mig-[\w.+-]+)\.shared$/, whole: false },
  { name: /^nvidia\.com\/mig-/, whole: false },
  { name: /^amd\.com\/gpu$/, whole: true },
  { name: /^amd\.com\/(?:spx|dpx|qpx|cpx|tpx)_nps\d$/, whole: false },
  { name: /^gpu\.intel\.com\/(?:i915|xe)$/, whole: true },
  { name: /^habana\.ai\/gaudi$/, whole: true },
  { name: /^google\.com\/tpu$/, whole: true },
  { name: /^aws\.amazon\.com\/neuron(?:device)?$/, whole: true },
  { name: /^aws\.amazon\.com\/neuroncore$/, whole: false },
  { name: /^huawei\.com\/Ascend\d+\w*$/, whole: true },
];

export const gpuResource = (name: string): { readonly whole: boolean } | undefined => GPU_RESOURCES.find((one) => one.name.test(name));

const MAX_RESOURCES = 64;

/** GPUs of each resource that a container may use. */
export function gpuLimits(container: { readonly resources?: unknown }): ReadonlyMap<string, number> {
  const limits = Object.entries(recordOf(recordOf(container.resources).limits)).slice(0, MAX_RESOURCES);
  return new Map(limits.flatMap(([name, amount]) => (gpuResource(name) === undefined ? [] : [[name, numeralOf(amount) ?? 0]])));
}

/** A GPU by the id that its device plugin gave it. */
export interface Device {
  /** Undefined: the id says nothing. */
  readonly name: GpuName | undefined;
  /** A replica, a partition or a slice of the GPU. */
  readonly isPart: boolean;
  readonly isReplica: boolean;
}

/** Forms of ids. The group is the name of the GPU; a second one is there for a part of it. */
const FORMS: readonly { readonly form: RegExp; readonly name?: (text: string) => GpuName; readonly part?: true }[] = [
  { form: /^((?:GPU-)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$/i, name: (uuid) => ({ by: 'uuid', uuid }) },
  { form: /^(MIG-.*)$/i, name: (uuid) => ({ by: 'uuid', uuid }), part: true },
  { form: /^((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])$/i, name: (bus) => ({ by: 'pci', bus }) },
  // GKE: a GPU, its MIG instance, its replica.
  { form: /^(?:\/dev\/)?nvidia(\d{1,4})(\/.+)?$/, name: (digits) => ({ by: 'minor', number: Number(digits) }) },
  { form: /^(\d{1,4})$/, name: (digits) => ({ by: 'index', number: Number(digits) }) },
  // A MIG instance by the indexes of the GPU and its own.
  { form: /^\d{1,4}:\d{1,4}$/, part: true },
];

/** 'GPU-uuid', 'MIG-uuid', 'uuid::2', '1', '0:1', 'nvidia0/gi1', '0000:19:00.0'. */
export function deviceOf(id: string): Device {
  const [, device = '', replica] = /^(.*?)(?:::(\d+))?$/.exec(id) ?? [];
  const isReplica = replica !== undefined;
  for (const { form, name, part } of FORMS) {
    const found = form.exec(device);
    if (found) return { name: name?.(found[1]!), isPart: isReplica || part === true || found[2] !== undefined, isReplica };
  }
  return { name: undefined, isPart: isReplica, isReplica };
}
