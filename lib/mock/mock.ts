/** The mock cluster: made-up nodes on real ports, for demos and tests without a GPU. Behaves like all-smi's mock server. */
import { AppError } from '../errors.js';
import { mockPlans } from './mock-cluster.js';
import { MOCK_DIALECTS, type MockDialect } from './mock-dialects.js';
import { readNode } from './mock-node.js';
import { PLATFORMS } from './mock-platforms.js';
import { mockNodeText } from './mock-text.js';
import { draw } from './random-walk.js';
import { serveNodes, type Cluster, type ServedNode } from './mock-server.js';
import type { Clock } from '../model/clock.js';
import type { MockText, NodePlan, Platform, Switches } from './mock-types.js';

export const MOCK_PLATFORMS: readonly string[] = Object.keys(PLATFORMS);
export const MOCK_GPU_NAME = 'NVIDIA B200 192GB HBM3';
export const UPDATE_MS = 3_000;

export interface MockOptions {
  /** As many in a row for each node as there are dialects; 0: any free port. */
  readonly ports: readonly number[];
  /** Names of MOCK_DIALECTS: each node answers in all of them, on a port each. Default: all-smi. */
  readonly dialects?: readonly string[];
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

const isDialect = (name: string): name is keyof typeof MOCK_DIALECTS => Object.hasOwn(MOCK_DIALECTS, name);
const isPlatform = (name: string): name is keyof typeof PLATFORMS => Object.hasOwn(PLATFORMS, name);

/** How often nodes go down and come up, and how likely one is up: for the chosen nodes, and for the others. */
const REDRAW_SECONDS = 10;
const PICKED_UP = 0.3;
const OTHERS_UP = 0.9;
/** Keys of random walks besides those of the nodes. */
const PICK = -1;
const REDRAW = -2;

/** Whether node `nth` is up at a time. */
function failures({ failureNodes, seed }: MockOptions, nodes: number): (nth: number, elapsedSeconds: number) => boolean {
  if (failureNodes <= 0) return () => true;
  const order = Array.from({ length: nodes }, (_, nth) => nth).sort((a, b) => draw(seed, PICK, a) - draw(seed, PICK, b) || a - b);
  const picked = new Set(order.slice(0, failureNodes));
  return (nth, elapsedSeconds) =>
    draw(seed, REDRAW, nth, Math.floor(elapsedSeconds / REDRAW_SECONDS)) < (picked.has(nth) ? PICKED_UP : OTHERS_UP);
}

/** A planned node as the server needs it. */
export function servedNode(plan: NodePlan, port: number, up: ServedNode['up'], write: MockText = mockNodeText): ServedNode {
  const text = write(plan);
  return { port, up, text: (step, elapsedSeconds) => text(readNode(plan, step, elapsedSeconds), elapsedSeconds) };
}

/**
 * Starts the nodes: with several dialects, the first ports are those of the first node.
 * @throws AppError E_OPTION_BAD for a platform or a dialect that isn't there, E_PORT_IN_USE, E_LISTEN
 */
export async function startMock(options: MockOptions): Promise<Cluster> {
  const { ports, platform, bind = '127.0.0.1', clock, updateMs = UPDATE_MS } = options;
  if (!isPlatform(platform))
    throw new AppError('E_OPTION_BAD', { option: '--platform', reason: `"${platform}" is not one of: ${MOCK_PLATFORMS.join(', ')}` });
  const writers = writersOf(options, PLATFORMS[platform]);
  const nodes = ports.length / writers.length;
  if (!Number.isInteger(nodes)) {
    const reason = `${ports.length} ports cannot be divided among nodes with ${writers.length} each`;
    throw new AppError('E_OPTION_BAD', { option: '--port-range', reason });
  }
  const up = failures(options, nodes);
  const plans = mockPlans({ ...options, platform: PLATFORMS[platform], nodes });
  return serveNodes(
    plans.flatMap((plan, nth) =>
      writers.map((write, at) => servedNode(plan, ports[nth * writers.length + at]!, (elapsedSeconds) => up(nth, elapsedSeconds), write)),
    ),
    { bind, clock, updateMs },
  );
}

function writersOf({ dialects = ['all-smi'], platform: name }: MockOptions, platform: Platform): readonly MockText[] {
  const bad = (reason: string): AppError => new AppError('E_OPTION_BAD', { option: '--dialect', reason });
  return dialects.map((dialect) => {
    if (!isDialect(dialect)) throw bad(`"${dialect}" is not one of: ${Object.keys(MOCK_DIALECTS).join(', ')}`);
    const { text, nvidia }: MockDialect = MOCK_DIALECTS[dialect];
    if (nvidia === true && !platform.nvidia) throw bad(`${dialect} reports NVIDIA GPUs only, and --platform is ${name}`);
    return text;
  });
}
