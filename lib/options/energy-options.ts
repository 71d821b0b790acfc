/** What energy and GPU-hours cost. Without a price, no cost is shown. */
import { Invalid, last, number, onOff } from './values.js';
import type { OptionTable } from './option-types.js';

const PRICE = number({ min: 0, max: 1_000_000 });

/** 'H100=2.5': GPU-hours of the models that contain the text. */
export interface GpuPrice {
  /** In lower case. */
  readonly model: string;
  readonly perHour: number;
}

/** `H100=2.5`, `A100-80GB=1.9`, or a number for every other model. The longest text that a model contains decides. */
function gpuPrices(words: readonly string[]): readonly GpuPrice[] {
  return words
    .flatMap((word) => word.split(','))
    .map((word) => {
      const [, model = '', price = ''] = /^(?:(.*)=)?([^=]*)$/.exec(word.trim()) ?? [];
      try {
        return { model: model.trim().toLowerCase(), perHour: PRICE([price.trim()]) };
      } catch (error) {
        throw error instanceof Invalid ? new Invalid(`"${word}" is not like H100=2.5`) : error;
      }
    });
}

export const ENERGY_OPTIONS = {
  priceKwh: {
    flag: 'price-kwh',
    env: 'ALL_SMI_ENERGY_PRICE_PER_KWH',
    legacyEnv: 'ALL_SMI_ENERGY_PRICE',
    config: 'energy.price_per_kwh',
    value: 'NUMBER',
    otherwise: 'no cost of energy is shown',
    help: 'price of a kilowatt-hour',
    parse: PRICE,
  },
  priceGpuHour: {
    flag: 'price-gpu-hour',
    config: 'energy.price_per_gpu_hour',
    value: 'MODEL=NUMBER..',
    many: 'repeat',
    otherwise: 'no cost of GPU-hours is shown',
    help: 'price of a GPU-hour, by a part of the model, separated by commas: H100=2.5,L4=0.4; a number alone is for all others',
    parse: gpuPrices,
  },
  currency: { config: 'energy.currency', value: 'CODE', default: 'USD', help: 'currency of the prices', parse: last },
  showCost: {
    config: 'energy.show_cost',
    value: 'on|off',
    otherwise: 'on',
    help: 'off: no cost is shown, whatever the prices',
    parse: onOff,
  },
} as const satisfies OptionTable;
