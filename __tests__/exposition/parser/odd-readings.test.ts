/** Values that no device can have count as not reported, and are counted. */
import { expect, test } from '@jest/globals';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import { ANSWERED_AT } from '../../helpers/hosts.js';

const GPU = 'gpu="Card", instance="n1", gpu_uuid="U0", gpu_index="0"';

test('fillers and nonsense are counted anew in each scrape; what stands for none in the format is not', () => {
  const parser = new Parsers().newParser();
  const odd = (watts: number, celsius: number, percent: number): readonly [number, string, number] => {
    parser.push(
      Buffer.from(
        `all_smi_gpu_power_consumption_watts{${GPU}} ${watts}\nall_smi_gpu_temperature_celsius{${GPU}} ${celsius}\nall_smi_gpu_utilization{${GPU}} ${percent}\n`,
      ),
    );
    parser.commit(ANSWERED_AT, 0);
    const { facts, gpus } = parser.data;
    return [facts.oddReadings, facts.oddSample, gpus.field.powerWatts[0]!];
  };
  expect(odd(300, 60, 50)).toEqual([0, '', 300]);
  expect(odd(65_535, 255, 50)).toEqual([2, 'gpu_power_consumption_watts 65535', NaN]);
  expect(odd(-1, 0, -1)).toEqual([0, '', NaN]);
  expect(odd(300, 60, 101)).toEqual([1, 'gpu_utilization 101', 300]);
  expect(odd(300, 60, 50)).toEqual([0, '', 300]);
});
