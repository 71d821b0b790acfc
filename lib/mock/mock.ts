/** The mock cluster: made-up nodes on real ports, for demos and tests without a GPU. Behaves like all-smi's mock server. */
import { AppError } from '../errors.js';
import { mockPlans } from './mock-cluster.js';
import { readNode } from './mock-node.js';
import { PLATFORMS } from './mock-platforms.js';
import { mockNodeText } from './mock-text.js';
import { draw } from './random-walk.js';
import { serveNodes, type Cluster, type ServedNode } from './mock-server.js';
import type { Clock } from '../model/clock.js';
import type { Switches, NodePlan } from './mock-types.js';

export const MOCK_PLATFORMS: readonly string[] = Object.keys(PLATFORMS);
export const MOCK_GPU_NAME = 'NVIDIA B200 192GB HBM3';
export const UPDATE_MS = 3_000;

export interface MockOptions {
  /** One node each; 0: any free port. */
  readonly ports: readonly number[];
  readonly bind?: string;
  /** One of MOCK_PLATFORMS. */
  readonly platform: string;
  readonly gpuName: string;
  readonly startIndex: number;
  /** This many nodes, chosen by the seed, are down most of the time; the others then fail occasionally. */
  readonly failureNodes: number;
  readonly processes: boolean;
  /** Further families of NVIDIA nodes. Default: none. */
  readonly switches?: Switches;
  /** The same seed gives the same cluster with the same walk of values. */
  readonly seed: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly updateMs?: number;
}

const isPlatform = (name: string): name is keyof typeof PLATFORMS => Object.hasOwn(PLATFORMS, name);

/** How often nodes go down and come up, and how likely one is up: for the chosen nodes, and for the others. */
const REDRAW_SECONDS = 10;
const PICKED_UP = 0.3;
const OTHERS_UP = 0.9;
/** Keys of random walks besides those of the nodes. */
const PICK = -1;
const REDRAW = -2;

/** Whether node `nth` is up at a time. */
function failures({ failureNodes, seed, ports }: MockOptions): (nth: number, elapsedSeconds: number) => boolean {
  if (failureNodes <= 0) return () => true;
  const order = ports.map((_, nth) => nth).sort((a, b) => draw(seed, PICK, a) - draw(seed, PICK, b) || a - b);
  const picked = new Set(order.slice(0, failureNodes));
  return (nth, elapsedSeconds) =>
    draw(seed, REDRAW, nth, Math.floor(elapsedSeconds / REDRAW_SECONDS)) < (picked.has(nth) ? PICKED_UP : OTHERS_UP);
}

/** A planned node as the server needs it. */
export function servedNode(plan: NodePlan, port: number, up: ServedNode['up']): ServedNode {
  const text = mockNodeText(plan);
  return { port, up, text: (step, elapsedSeconds) => text(readNode(plan, step, elapsedSeconds)) };
}

/**
 * Starts one node per port.
 * @throws AppError E_OPTION_BAD for a platform that isn't there, E_PORT_IN_USE, E_LISTEN
 */
export async function startMock(options: MockOptions): Promise<Cluster> {
  const { ports, platform, bind = '127.0.0.1', clock, updateMs = UPDATE_MS } = options;
  if (!isPlatform(platform))
    throw new AppError('E_OPTION_BAD', { option: '--platform', reason: `"${platform}" is not one of: ${MOCK_PLATFORMS.join(', ')}` });
  const up = failures(options);
  const plans = mockPlans({ ...options, platform: PLATFORMS[platform], nodes: ports.length });
  return serveNodes(
    plans.map((plan, nth) => servedNode(plan, ports[nth]!, (elapsedSeconds) => up(nth, elapsedSeconds))),
    { bind, clock, updateMs },
  );
}
