/**
 * The alert levels of GPUs and nodes, and their changes. Fed by the deliveries of collectors; times are those of the answers, so a replay
 * raises the same alerts as the live run. A failed scrape changes nothing: the timers keep running.
 */
import { idleHolders } from '../aggregate/idle-holders.js';
import { isHeldIdle } from '../aggregate/gpu-state.js';
import { failedHere } from '../model/endpoint.js';
import { gpuHealth } from '../model/gpu-health.js';
import type { NodeView } from '../model/node-view.js';
import {
  advance,
  GPU_RULE_NAMES,
  GPU_RULES,
  longHolders,
  NO_HOLDERS,
  sinceNever,
  type AlertSettings,
  type GpuRule,
  type Level,
  type Readings,
  type Rule,
  type Since,
} from './rules.js';
import type { Ms } from '../model/clock.js';

export type AlertRule = GpuRule | 'host_down';

/** A change of a level. */
export interface AlertChange {
  readonly at: Ms;
  readonly nodeId: string;
  /** The name of the node. */
  readonly node: string;
  /** Index of the GPU on its node; undefined: the alert is about the node. */
  readonly gpu?: number;
  readonly rule: AlertRule;
  readonly from: Level;
  readonly to: Level;
  /** In the unit of the rule: °C, percent, seconds, W; for a node, seconds since its last answer, NaN for none. */
  readonly value: number;
  readonly threshold: number;
  /** Users with processes on the GPU, most memory first. */
  readonly users: readonly string[];
  /** Of memory that is held idle: these users hold it, while others compute on the GPU. */
  readonly othersCompute?: true;
  /** What the value does not say; absent: it says all. */
  readonly detail?: string;
}

interface GpuState {
  readonly since: Since;
  /** By rule that is not ok: the change that raised it. */
  readonly raised: Partial<Record<GpuRule, AlertChange | undefined>>;
  /** Number of the last answer that contained it. */
  version: number;
}

interface NodeAlerts {
  /** By index and uuid. */
  readonly gpus: Map<string, GpuState>;
  /** The same by slot, for the node's current `structure`. */
  slots: readonly GpuState[];
  structure: number;
  down: AlertChange | undefined;
  /** The highest level by index of the GPU; computed on demand, reset when a level has changed. */
  levels: ReadonlyMap<number, Level> | undefined;
}

/** Returns the users of a GPU; called when a level has changed. */
export type UsersOf = (node: NodeView, slot: number) => readonly string[];

export class Alerts {
  readonly #settings: AlertSettings;
  readonly #usersOf: UsersOf;
  readonly #nodes = new Map<string, NodeAlerts>();
  #active: readonly AlertChange[] | undefined;
  #onGpus = 0;

  constructor(settings: AlertSettings, usersOf: UsersOf) {
    this.#settings = settings;
    this.#usersOf = usersOf;
  }

  get enabled(): boolean {
    return this.#settings.enabled;
  }

  /** A node answered, failed, or became overdue. `downAfterMs`: how long without an answer until a node is overdue. */
  update(node: NodeView, now: Ms, downAfterMs: Ms): readonly AlertChange[] {
    if (!this.#settings.enabled) return [];
    const state = this.#state(node.nodeId);
    // The state of the GPUs of an overdue node is not known.
    if (node.status.overdue)
      for (const { since } of state.gpus.values()) {
        since.idle = since.held = undefined;
        since.holders = NO_HOLDERS;
      }
    const ofGpus = node.status.phase === 'live' ? this.#gpuChanges(node, state) : [];
    const changes = [...this.#nodeChange(node, state, now, downAfterMs), ...ofGpus];
    if (changes.length > 0) this.#changed(state);
    return changes;
  }

  /** The node is no longer watched. */
  remove(nodeId: string): void {
    for (const gpu of this.#nodes.get(nodeId)?.gpus.values() ?? []) this.#onGpus -= raisedOn(gpu).length;
    this.#nodes.delete(nodeId);
    this.#changed();
  }

  /** The readings so far are not part of the history of those to come. */
  clear(): void {
    this.#nodes.clear();
    this.#onGpus = 0;
    this.#changed();
  }

  /** Active alerts, each as the change that raised it, node by node. Rebuilt only after a change. */
  get active(): readonly AlertChange[] {
    return (this.#active ??= [...this.#nodes.values()].flatMap(activeOf));
  }

  /** Number of active alerts about GPUs; counted incrementally, because every frame shows it. */
  get onGpus(): number {
    return this.#onGpus;
  }

  /** The highest level of a GPU, by its index on the node. */
  level(nodeId: string, gpu: number): Level {
    const host = this.#nodes.get(nodeId);
    return host ? ((host.levels ??= levelsOf(host)).get(gpu) ?? 'ok') : 'ok';
  }

  #changed(state?: NodeAlerts): void {
    this.#active = undefined;
    if (state) state.levels = undefined;
  }

  #state(nodeId: string): NodeAlerts {
    let state = this.#nodes.get(nodeId);
    if (!state) this.#nodes.set(nodeId, (state = { gpus: new Map(), slots: [], structure: -1, down: undefined, levels: undefined }));
    return state;
  }

  #nodeChange(node: NodeView, state: NodeAlerts, now: Ms, downAfterMs: Ms): readonly AlertChange[] {
    // It is not known whether it is down: an alert stays, and none is raised.
    if (failedHere(node.status)) return [];
    const down = node.status.overdue;
    if (down === (state.down !== undefined) || !this.#settings.hostDown) return [];
    const [from, to] = down ? (['ok', 'crit'] as const) : (['crit', 'ok'] as const);
    const value = node.status.okAt === undefined ? NaN : Math.max(0, now - node.status.okAt) / 1000;
    const { nodeId, name } = node;
    const change = { at: now, nodeId, node: name, rule: 'host_down', from, to, value, threshold: downAfterMs / 1000, users: [] } as const;
    state.down = down ? change : undefined;
    return [change];
  }

  #gpuChanges(node: NodeView, state: NodeAlerts): readonly AlertChange[] {
    const changes: AlertChange[] = [];
    for (const [slot, gpu] of this.#slots(node, state).entries()) {
      if (gpu.version === node.version) continue;
      gpu.version = node.version;
      const readings = readingsOf(node, slot);
      advance(gpu.since, readings, this.#settings);
      for (const rule of GPU_RULE_NAMES) {
        const from = gpu.raised[rule]?.to ?? 'ok';
        const to = GPU_RULES[rule].level(readings, gpu.since, this.#settings, from);
        if (to === undefined || to === from) continue;
        const change = this.#change(node, slot, readings, { rule, from, to }, gpu.since);
        gpu.raised[rule] = to === 'ok' ? undefined : change;
        this.#onGpus += Number(from === 'ok') - Number(to === 'ok');
        changes.push(change);
      }
    }
    return changes;
  }

  #slots(node: NodeView, state: NodeAlerts): readonly GpuState[] {
    if (state.structure === node.structure) return state.slots;
    const { gpus } = state;
    state.structure = node.structure;
    state.slots = Array.from({ length: node.gpus.count }, (_, slot) => {
      const key = `${node.gpus.index[slot]!} ${node.text(node.gpus.uuid[slot]!)}`;
      let gpu = gpus.get(key);
      if (!gpu) gpus.set(key, (gpu = { since: sinceNever(), raised: {}, version: -1 }));
      return gpu;
    });
    // A GPU that no longer exists has no alerts.
    const there = new Set(state.slots);
    for (const [key, gpu] of gpus) {
      if (there.has(gpu)) continue;
      gpus.delete(key);
      this.#onGpus -= raisedOn(gpu).length;
      this.#changed(state);
    }
    return state.slots;
  }

  #change(
    node: NodeView,
    slot: number,
    readings: Readings,
    change: { readonly rule: GpuRule; readonly from: Level; readonly to: Level },
    since: Since,
  ): AlertChange {
    const rule: Rule = GPU_RULES[change.rule];
    const holders = change.rule === 'memory_held_idle' ? longHolders(readings, since, this.#settings) : [];
    return {
      ...change,
      at: readings.at,
      nodeId: node.nodeId,
      node: node.name,
      gpu: node.gpus.index[slot]!,
      value: rule.value(readings, since),
      // Back to normal it is held against the threshold that it has left.
      threshold: rule.threshold(this.#settings, change.to === 'ok' ? change.from : change.to, readings),
      ...(holders.length > 0 ? { users: holders, othersCompute: true } : { users: this.#usersOf(node, slot) }),
      ...(rule.detail ? { detail: rule.detail(readings) } : {}),
    };
  }
}

const raisedOn = ({ raised }: GpuState): readonly AlertChange[] => GPU_RULE_NAMES.flatMap((rule) => raised[rule] ?? []);

function activeOf({ gpus, down }: NodeAlerts): readonly AlertChange[] {
  const ofGpus = [...gpus.values()].flatMap(raisedOn);
  return down ? [down, ...ofGpus] : ofGpus;
}

function levelsOf(host: NodeAlerts): ReadonlyMap<number, Level> {
  const levels = new Map<number, Level>();
  for (const { gpu, to } of activeOf(host)) if (gpu !== undefined && levels.get(gpu) !== 'crit') levels.set(gpu, to);
  return levels;
}

function readingsOf(node: NodeView, slot: number): Readings {
  const { field } = node.gpus;
  return {
    at: node.at,
    temperatureCelsius: field.temperatureCelsius[slot]!,
    maxOperatingCelsius: field.maxOperatingCelsius[slot]!,
    slowdownCelsius: field.slowdownCelsius[slot]!,
    utilPercent: field.utilPercent[slot]!,
    held: isHeldIdle(node, slot),
    idleHolders: idleHolders(node)
      .filter((holder) => holder.slot === slot)
      .map(({ user }) => node.userName(user)),
    powerWatts: field.powerWatts[slot]!,
    health: gpuHealth(node.gpus, slot),
    lastXid: field.lastXid[slot]!,
  };
}
