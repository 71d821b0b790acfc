/**
 * What can be wrong with a GPU now, from what its driver reports: one table for signs, words, exports and alerts. The last Xid is none of it: the
 * driver keeps it until it is loaded again. Only a new one is an event (lib/alerts/rules.ts).
 */
import type { GpuColumns } from './columns.js';
import type { GpuField } from './gpu-fields.js';
import { LIMITS } from './limits.js';

export interface HealthState {
  /** As exports write it. */
  readonly id: HealthId;
  readonly level: 'warn' | 'crit';
  /** For people. */
  readonly words: string;
}

/** Bits of NVML: reasons to slow down that are no normal operation. An application's clocks and the power limit are. */
const CLOCK_EVENT = { hwSlowdown: 0x8, swThermal: 0x20, hwThermal: 0x40, hwPowerBrake: 0x80 } as const;

interface Rule {
  /** NaN: not reported. */
  readonly of: GpuField;
  readonly level: HealthState['level'];
  is(value: number): boolean;
  words(value: number): string;
}

const clockRule = (bits: number, words: string, isUnless = 0): Rule => ({
  of: 'clockEvents',
  level: 'warn',
  is: (value) => (value & bits) !== 0 && (value & isUnless) === 0,
  words: () => words,
});

/** The most severe first. */
const RULES = {
  row_remap_failed: { of: 'rowRemapFailed', level: 'crit', is: (value) => value > 0, words: () => 'remapping of memory rows failed' },
  ecc_uncorrected: {
    of: 'eccUncorrected',
    level: 'warn',
    is: (value) => value >= LIMITS.eccUncorrected,
    words: (value) => (value === 1 ? '1 uncorrected ECC error' : `${value} uncorrected ECC errors`),
  },
  row_remap_pending: { of: 'rowRemapPending', level: 'warn', is: (value) => value > 0, words: () => 'row remapping needs a reset' },
  hw_thermal_slowdown: clockRule(CLOCK_EVENT.hwThermal, 'slowed down by temperature (hardware)'),
  hw_power_brake: clockRule(CLOCK_EVENT.hwPowerBrake, 'slowed down by the power brake'),
  // Set along with either of the two before.
  hw_slowdown: clockRule(CLOCK_EVENT.hwSlowdown, 'slowed down by hardware', CLOCK_EVENT.hwThermal | CLOCK_EVENT.hwPowerBrake),
  sw_thermal_slowdown: clockRule(CLOCK_EVENT.swThermal, 'slowed down by temperature'),
} as const satisfies Readonly<Record<string, Rule>>;

export type HealthId = keyof typeof RULES;
export const HEALTH_IDS = Object.keys(RULES) as readonly HealthId[];
const TABLE: readonly (readonly [HealthId, Rule])[] = HEALTH_IDS.map((id) => [id, RULES[id]]);

const NONE: readonly HealthState[] = [];

/** What is wrong with a GPU, the most severe first. Undefined: nothing is reported that could tell. */
export function gpuHealth({ count, field }: GpuColumns, slot: number): readonly HealthState[] | undefined {
  let found: HealthState[] | undefined;
  let isReported = false;
  if (slot >= count) return undefined;
  for (const [id, rule] of TABLE) {
    const value = field[rule.of][slot]!;
    if (Number.isNaN(value)) continue;
    isReported = true;
    if (rule.is(value)) (found ??= []).push({ id, level: rule.level, words: rule.words(value) });
  }
  return found ?? (isReported ? NONE : undefined);
}
