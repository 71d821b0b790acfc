/** The responses of the nodes of a mock cluster, without a network. */
import { mockPlans } from '../../lib/mock/mock-cluster.js';
import { readNode } from '../../lib/mock/mock-node.js';
import { PLATFORMS } from '../../lib/mock/mock-platforms.js';
import { NO_SWITCHES } from '../../lib/mock/mock-features.js';
import { mockNodeText } from '../../lib/mock/mock-text.js';
import type { Switches } from '../../lib/mock/mock-types.js';

export interface MockTexts {
  readonly nodes?: number;
  readonly startIndex?: number;
  readonly processes?: boolean;
  readonly switches?: Partial<Switches>;
  readonly gpuName?: string;
  /** Updates since the start. */
  readonly step?: number;
}

export function mockTexts(
  platform: string,
  { nodes = 1, startIndex = 1, processes = false, switches = {}, step = 0, ...more }: MockTexts,
): string[] {
  const plans = mockPlans({
    gpuName: more.gpuName ?? 'NVIDIA B200 192GB HBM3',
    platform: PLATFORMS[platform as keyof typeof PLATFORMS],
    nodes,
    startIndex,
    processes,
    switches: { ...NO_SWITCHES, ...switches },
    seed: 7,
  });
  return plans.map((plan) => mockNodeText(plan)(readNode(plan, step, 3 * step)));
}
