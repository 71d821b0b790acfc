/** Dynamic resource allocation: a ResourceClaim has the devices of a pod, a ResourceSlice what the devices are. Pure. */
import type { JobAllocation } from '../../model/jobs.js';
import type { Loose } from '../../model/loose.js';
import { byNode, jobOf, type Collected } from './collected.js';
import { recordOf, recordsOf, textOf } from './job-fields.js';

/** Devices of other drivers (network cards, CPUs) are no GPUs unless they have a uuid and the type of one. */
const GPU_DRIVER = /^(?:gpu\.(?:nvidia|amd|intel)\.com|gaudi\.intel\.com|tpu\.google\.com)$/;

interface DraDevice {
  readonly node: string;
  readonly uuid: string;
  /** It is part of the GPU with this uuid. */
  readonly parent: string;
  readonly isPart: boolean;
}

const keyOf = (driver: string, pool: string, device: string): string => [driver, pool, device].join('\0');
const MAX_DEVICES = 1024;

export class Claims {
  readonly #devices = new Map<string, DraDevice>();
  readonly #claims: Loose[] = [];

  addSlice({ spec }: Loose): void {
    const { driver, nodeName, pool, devices } = recordOf(spec);
    for (const device of recordsOf(devices).slice(0, MAX_DEVICES)) {
      const attributes = recordOf(device.attributes ?? recordOf(device.basic).attributes);
      const attribute = (name: string): string => textOf(recordOf(attributes[name]).string);
      const type = attribute('type');
      this.#devices.set(keyOf(textOf(driver), textOf(recordOf(pool).name), textOf(device.name)), {
        node: textOf(nodeName),
        uuid: attribute('uuid'),
        parent: attribute('parentUUID'),
        isPart: type !== '' && type !== 'gpu',
      });
    }
  }

  addClaim(claim: Loose): void {
    this.#claims.push(claim);
  }

  /** Gives the pods of `into` the devices of their claims. A pod that is not listed is known by its claim alone. */
  apply(into: Collected): void {
    const { jobs } = into;
    const positions = new Map(jobs.map(({ id }, at) => [id, at]));
    for (const claim of this.#claims)
      into.try(() => {
        const { allocation, reservedFor } = recordOf(claim.status);
        const pods = recordsOf(reservedFor).filter(({ resource }) => textOf(resource) === 'pods');
        const allocations = this.#allocationsOf(
          recordsOf(recordOf(recordOf(allocation).devices).results).slice(0, MAX_DEVICES),
          pods.length > 1,
        );
        if (allocations.length === 0) return;
        for (const pod of pods) {
          const uid = textOf(pod.uid);
          if (uid === '') continue;
          const at = positions.get(uid);
          const job = at === undefined ? undefined : jobs[at];
          if (job !== undefined) {
            jobs[at!] = {
              ...job,
              allocations: job.state === 'running' ? byNode([...job.allocations, ...allocations]) : [],
              requestedGpus: added(job.requestedGpus, allocations),
            };
            continue;
          }
          positions.set(uid, jobs.length);
          const namespace = textOf(recordOf(claim.metadata).namespace);
          const name = textOf(pod.name);
          const requestedGpus = added(0, allocations);
          into.addJob(
            jobOf({ scheduler: 'kubernetes', id: uid, name, namespace, pod: name, state: 'running', requestedGpus, allocations }),
          );
        }
      });
  }

  #allocationsOf(results: readonly Loose[], isShared: boolean): readonly JobAllocation[] {
    return results.flatMap((result) => {
      const [driver, pool, device] = [textOf(result.driver), textOf(result.pool), textOf(result.device)];
      // For monitoring: it reserves nothing.
      if (result.adminAccess === true || !GPU_DRIVER.test(driver)) return [];
      const known = this.#devices.get(keyOf(driver, pool, device));
      const uuid = known?.parent || known?.uuid;
      return [
        {
          // The drivers of GPUs name a pool after its node.
          node: known?.node || pool,
          gpuCount: isShared || (known?.isPart ?? true) ? NaN : 1,
          gpus: uuid === undefined || uuid === '' ? [] : [{ by: 'uuid' as const, uuid }],
        },
      ];
    });
  }
}

/** Undefined: not known, since one of them is a part of a GPU. */
function added(requested: number | undefined, allocations: readonly JobAllocation[]): number | undefined {
  const sum = allocations.reduce((total, { gpuCount }) => total + gpuCount, requested ?? NaN);
  return Number.isNaN(sum) ? undefined : sum;
}
