/** The exporters that a mock node can be read through. All have the same readings. */
import { dcgmText } from './mock-dcgm.js';
import { nodeExporterText } from './mock-node-exporter.js';
import { nvidiaGpuExporterText } from './mock-nvidia-gpu-exporter.js';
import { mockNodeText } from './mock-text.js';
import type { MockText } from './mock-types.js';

export interface MockDialect {
  readonly text: MockText;
  /** It reports NVIDIA GPUs, and nothing of others. */
  readonly nvidia?: true;
}

export const MOCK_DIALECTS = {
  'all-smi': { text: mockNodeText },
  dcgm: { text: dcgmText, nvidia: true },
  nvidia_gpu_exporter: { text: nvidiaGpuExporterText, nvidia: true },
  node_exporter: { text: nodeExporterText },
} as const satisfies Readonly<Record<string, MockDialect>>;
