/** Options of `mock`. */
import { last, number } from './values.js';
import type { OptionTable } from './option-types.js';

/** Maximum number of nodes of a mock cluster. */
const MAX_NODES = 2000;

export const MOCK_OPTIONS = {
  portRange: {
    flag: 'port-range',
    value: 'FIRST-LAST',
    otherwise: '10001-10010',
    help: 'ports to serve on, one per node and dialect; not with --nodes or --port',
    parse: last,
  },
  nodes: {
    flag: 'nodes',
    value: 'N',
    help: 'number of nodes, on consecutive ports',
    parse: number({ min: 1, max: MAX_NODES, whole: true }),
  },
  port: {
    flag: 'port',
    value: 'PORT',
    otherwise: '10001',
    help: 'first port; 0 for any free ports',
    parse: number({ min: 0, max: 65_535, whole: true }),
  },
  platform: {
    flag: 'platform',
    value: 'NAME',
    default: 'nvidia',
    help: 'hardware to imitate: nvidia, intel or amd (NVIDIA with that CPU), jetson, apple, amdgpu, gaudi, tpu, tenstorrent, rebellions, furiosa',
    parse: last,
  },
  dialects: {
    flag: 'dialect',
    value: 'NAME,..',
    many: 'repeat',
    otherwise: 'all-smi',
    help: 'exporters that each node answers as, on a port each: all-smi, dcgm, nvidia_gpu_exporter, node_exporter',
    parse: (words) => [...new Set(words.flatMap((word) => word.split(',')).map((word) => word.trim()))],
  },
  gpuName: {
    flag: 'gpu-name',
    value: 'NAME',
    default: 'NVIDIA B200 192GB HBM3',
    help: 'model name that NVIDIA GPUs report',
    parse: last,
  },
  output: { flag: 'output', alias: 'o', value: 'FILE', help: 'write the addresses to this file, for --hostfile', parse: last },
  failureNodes: {
    flag: 'failure-nodes',
    value: 'N',
    default: 0,
    help: 'nodes that are down most of the time; other nodes then fail occasionally',
    parse: number({ min: 0, max: MAX_NODES, whole: true }),
  },
  startIndex: {
    flag: 'start-index',
    value: 'N',
    default: 1,
    help: 'number in the name of the first node',
    parse: number({ min: 0, max: 999_999, whole: true }),
  },
  processes: { env: 'ALL_SMI_MOCK_PROCESSES', value: '1', help: 'any value: nodes export their processes', parse: () => true },
  vgpu: { env: 'ALL_SMI_MOCK_VGPU', value: '1', help: 'any value: four vGPUs on each GPU', parse: () => true },
  mig: { env: 'ALL_SMI_MOCK_MIG', value: '1', help: 'any value: each GPU is divided into five MIG instances', parse: () => true },
  hardware: {
    env: 'ALL_SMI_MOCK_HARDWARE_DETAILS',
    value: '1',
    help: 'any value: thresholds, P-state, NUMA node, NVLinks, GSP firmware, profiling counters',
    parse: () => true,
  },
  topology: {
    env: 'ALL_SMI_MOCK_TOPOLOGY',
    value: '1',
    help: 'any value but 0: two NUMA nodes, NVLinks with their speed',
    parse: (words) => last(words) !== '0',
  },
} as const satisfies OptionTable;
