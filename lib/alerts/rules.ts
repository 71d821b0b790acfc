/**
 * When a reading is an alert. A level rises as soon as a threshold is reached and falls only when the reading is clearly below it, so that
 * a reading that oscillates around the threshold raises one alert. Pure.
 */
import type { Ms } from '../model/clock.js';
import type { HealthState } from '../model/gpu-health.js';
import { LIMITS } from '../model/limits.js';

export const LEVELS = ['ok', 'warn', 'crit'] as const;
export type Level = (typeof LEVELS)[number];

export interface AlertSettings {
  readonly enabled: boolean;
  /** Undefined: by the limits of each GPU (`temperatureLimits`). */
  readonly tempWarnC: number | undefined;
  readonly tempCritC: number | undefined;
  /** A temperature has to fall this far below a threshold to leave its level. */
  readonly hysteresisC: number;
  /** A GPU with no more utilization than this is idle. */
  readonly idlePercent: number;
  /** Idle for this long; 0: never an alert. */
  readonly idleMs: Ms;
  /** Memory held without computing for this long; 0: never an alert. */
  readonly heldMs: Ms;
  /** 0: never an alert. */
  readonly powerCritW: number;
  readonly hostDown: boolean;
}

/** The defaults of all-smi, and those of the rules that it does not have. */
export const ALERT_DEFAULTS: AlertSettings = {
  enabled: true,
  tempWarnC: undefined,
  tempCritC: undefined,
  hysteresisC: 2,
  idlePercent: 5,
  idleMs: 15 * 60_000,
  heldMs: 15 * 60_000,
  powerCritW: 0,
  hostDown: true,
};

/** Power leaves its level below this share of the threshold. */
const POWER_SHARE = 0.95;

/** Readings of a GPU at one time; NaN: not reported. */
export interface Readings {
  readonly at: Ms;
  readonly temperatureCelsius: number;
  /** The GPU's own limits. */
  readonly maxOperatingCelsius: number;
  readonly slowdownCelsius: number;
  readonly utilPercent: number;
  /** Whether the GPU is held idle; undefined: not known. */
  readonly held: boolean | undefined;
  /** Users who hold memory of the GPU and compute nothing there; others may. */
  readonly idleHolders: readonly string[];
  readonly powerWatts: number;
  /** What is wrong with it; undefined: nothing that could tell is reported. */
  readonly health: readonly HealthState[] | undefined;
  readonly lastXid: number;
}

/** Since when a condition has been true without interruption; undefined: it is not true. */
export interface Since {
  idle: Ms | undefined;
  held: Ms | undefined;
  /** The same of each user on a GPU where others compute. */
  holders: ReadonlyMap<string, Ms>;
  /** When the last Xid was seen to change, and what it is; NaN: not seen yet. */
  xid: Ms | undefined;
  lastXid: number;
}

export const NO_HOLDERS: ReadonlyMap<string, Ms> = new Map();

/** Nothing is known of a GPU yet. */
export const sinceNever = (): Since => ({ idle: undefined, held: undefined, holders: NO_HOLDERS, xid: undefined, lastXid: NaN });

export interface Rule {
  /** The new level; undefined: the readings do not decide it, and the level stays. */
  level(readings: Readings, since: Since, settings: AlertSettings, before: Level): Level | undefined;
  /** Reported with a change: the reading, and its threshold. */
  value(readings: Readings, since: Since): number;
  threshold(settings: AlertSettings, level: Level, readings: Readings): number;
  /** What the value does not say. */
  detail?(readings: Readings): string;
}

/** Rules about a GPU, by the names sent to the webhook. */
export const GPU_RULES = {
  temperature: {
    level: (readings, _since, settings, before) =>
      risen(readings.temperatureCelsius, before, temperatureLimits(readings, settings), (threshold) => threshold - settings.hysteresisC),
    value: ({ temperatureCelsius }) => temperatureCelsius,
    threshold: (settings, level, readings) => temperatureLimits(readings, settings)[level === 'crit' ? 'crit' : 'warn'],
  },
  idle_utilization: {
    // Idle with memory held is covered by the next rule, if that is enabled.
    level: ({ at, utilPercent, held }, { idle }, { idleMs, heldMs }) => {
      if (idleMs === 0) return 'ok';
      if (Number.isNaN(utilPercent)) return undefined;
      const isCovered = heldMs > 0 && held === true;
      return idle !== undefined && !isCovered && at - idle >= idleMs ? 'warn' : 'ok';
    },
    value: ({ utilPercent }) => utilPercent,
    threshold: ({ idlePercent }) => idlePercent,
  },
  memory_held_idle: {
    level: ({ at, held, idleHolders }, since, { heldMs }) => {
      if (heldMs === 0) return 'ok';
      if (held === undefined && idleHolders.length === 0) return undefined;
      const from = heldFrom(since);
      return from !== undefined && at - from >= heldMs ? 'warn' : 'ok';
    },
    value: ({ at }, since) => (at - (heldFrom(since) ?? at)) / 1000,
    threshold: ({ heldMs }) => heldMs / 1000,
  },
  power: {
    level: ({ powerWatts }, _since, { powerCritW }, before) =>
      powerCritW === 0 ? 'ok' : risen(powerWatts, before, { crit: powerCritW }, (threshold) => threshold * POWER_SHARE),
    value: ({ powerWatts }) => powerWatts,
    threshold: ({ powerCritW }) => powerCritW,
  },
  gpu_health: {
    level: ({ health }) => health && (health.some(({ level }) => level === 'crit') ? 'crit' : health.length > 0 ? 'warn' : 'ok'),
    value: ({ health = [] }) => health.length,
    threshold: () => 1,
    detail: ({ health = [] }) => health.map(({ words }) => words).join(', '),
  },
  // The last one stays for ever: a new one is an event, not a state.
  xid: {
    level: ({ at }, { xid }) => (xid !== undefined && at - xid < LIMITS.xidMs ? 'warn' : 'ok'),
    value: ({ lastXid }) => lastXid,
    threshold: () => 1,
  },
} as const satisfies Readonly<Record<string, Rule>>;
export type GpuRule = keyof typeof GPU_RULES;
export const GPU_RULE_NAMES = Object.keys(GPU_RULES) as GpuRule[];

/**
 * Temperatures in °C at which a GPU is a warning, and critical. User settings take precedence. Otherwise the limits that the GPU exports
 * apply: a warning just below its maximum operating temperature (or below its slowdown temperature), critical at its slowdown temperature.
 */
export function temperatureLimits(
  { maxOperatingCelsius, slowdownCelsius }: Pick<Readings, 'maxOperatingCelsius' | 'slowdownCelsius'>,
  { tempWarnC, tempCritC }: Pick<AlertSettings, 'tempWarnC' | 'tempCritC'>,
): { readonly warn: number; readonly crit: number } {
  const [operating, slowdown] = [maxOperatingCelsius, slowdownCelsius].map((limit) => (limit > LIMITS.coldestCelsius ? limit : undefined));
  const own = operating ?? slowdown;
  return {
    warn: tempWarnC ?? (own === undefined ? LIMITS.warnCelsius : own - LIMITS.belowOwnCelsius),
    crit: tempCritC ?? slowdown ?? Math.max(LIMITS.criticalCelsius, own ?? 0),
  };
}

/** The highest level whose threshold is reached, or that was reached before and is not left yet. */
function risen(
  reading: number,
  before: Level,
  thresholds: Readonly<Partial<Record<Level, number>>>,
  leaves: (threshold: number) => number,
): Level | undefined {
  if (Number.isNaN(reading)) return undefined;
  for (const level of ['crit', 'warn'] as const) {
    const threshold = thresholds[level];
    if (threshold === undefined) continue;
    const kept = LEVELS.indexOf(before) >= LEVELS.indexOf(level) && reading >= leaves(threshold);
    if (reading >= threshold || kept) return level;
  }
  return 'ok';
}

/** Since when the GPU, or somebody's memory on it, has been held idle. */
const heldFrom = ({ held, holders }: Since): Ms | undefined => {
  const times = [...holders.values(), ...(held === undefined ? [] : [held])];
  return times.length === 0 ? undefined : Math.min(...times);
};

/** Who has held it idle for long enough, on a GPU where others compute; nobody where the whole GPU is held idle. */
export const longHolders = ({ at }: Readings, { held, holders }: Since, { heldMs }: Pick<AlertSettings, 'heldMs'>): readonly string[] =>
  held !== undefined ? [] : [...holders].filter(([, from]) => at - from >= heldMs).map(([user]) => user);

/** Updates the timers. A reading that is not reported neither starts nor stops one. */
export function advance(since: Since, { at, utilPercent, held, idleHolders, lastXid }: Readings, { idlePercent }: AlertSettings): void {
  if (idleHolders.length > 0 || since.holders.size > 0)
    since.holders = new Map(idleHolders.map((user) => [user, since.holders.get(user) ?? at]));
  if (!Number.isNaN(lastXid)) {
    const isNew = !Number.isNaN(since.lastXid) && lastXid !== since.lastXid && lastXid !== 0;
    if (isNew) since.xid = at;
    since.lastXid = lastXid;
  }
  if (Number.isNaN(utilPercent)) return;
  since.idle = utilPercent <= idlePercent ? (since.idle ?? at) : undefined;
  if (held === undefined) return;
  since.held = held ? (since.held ?? at) : undefined;
}
