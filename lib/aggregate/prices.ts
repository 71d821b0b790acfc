/** What usage costs. */
import type { UsageRow } from './usage.js';

export interface Prices {
  /** NaN: not known. */
  readonly perKwh: number;
  /** By a part of the model's name in lower case; '' for any model. */
  readonly perGpuHour: readonly { readonly model: string; readonly perHour: number }[];
  readonly currency: string;
}
export const NO_PRICES: Prices = { perKwh: NaN, perGpuHour: [], currency: '' };

export const hasPrices = ({ perKwh, perGpuHour }: Prices): boolean => !Number.isNaN(perKwh) || perGpuHour.length > 0;

export const SECONDS_PER_HOUR = 3600;
export const JOULES_PER_KWH = 3.6e6;

/** Of a GPU-hour of a model: the longest part that its name contains decides. NaN: it has none. */
export function gpuHourPrice({ perGpuHour }: Prices, model: string): number {
  const name = model.toLowerCase();
  let best: Prices['perGpuHour'][number] | undefined;
  for (const one of perGpuHour) if (name.includes(one.model) && (best === undefined || one.model.length > best.model.length)) best = one;
  return best?.perHour ?? NaN;
}

export interface Cost {
  readonly energy: number;
  /** Of the GPU-hours used and held idle: who holds a GPU pays for it. NaN where a model that was used has no price. */
  readonly gpuHours: number;
}

/** NaN: no price is known. */
export function costOf({ joules, byModel }: Pick<UsageRow, 'joules' | 'byModel'>, prices: Prices): Cost {
  let gpuHours = prices.perGpuHour.length > 0 ? 0 : NaN;
  for (const [model, { usedSeconds, idleSeconds }] of byModel) {
    const seconds = usedSeconds + idleSeconds;
    if (seconds > 0) gpuHours += (seconds / SECONDS_PER_HOUR) * gpuHourPrice(prices, model);
  }
  return { energy: (joules / JOULES_PER_KWH) * prices.perKwh, gpuHours };
}

/** '0.37 EUR'. */
export const money = (amount: number, { currency }: Prices): string => `${amount.toFixed(2)} ${currency}`;

/** What is known of both. */
export const totalCost = ({ energy, gpuHours }: Cost): number =>
  Number.isNaN(energy) ? gpuHours : Number.isNaN(gpuHours) ? energy : energy + gpuHours;
