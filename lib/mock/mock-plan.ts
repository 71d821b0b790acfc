/** The plan of a mock node: the machine, its GPUs, and the processes on them. */
import type { NodePlan, Machine } from './mock-types.js';

export const GPUS_PER_NODE = 8;
export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

export const machineOf = ({ platform }: NodePlan): Machine => ({ ...MACHINE, ...platform?.machine });

/** The default machine around the GPUs. */
const MACHINE: Machine = {
  cpuModel: 'Intel(R) Xeon(R) Platinum 8480C',
  sockets: 2,
  cores: 112,
  threads: 224,
  memoryBytes: 2048 * GIB,
  buffersBytes: 3 * GIB,
  swapBytes: 8 * GIB,
  rootBytes: 1_919_816_826_880,
  scratchBytes: 30_725_970_788_352,
};
