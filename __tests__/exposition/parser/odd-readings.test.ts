/** Impossible values count as not reported, and are counted. */
import { describe, expect, test } from '@jest/globals';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import { ANSWERED_AT } from '../../helpers/hosts.js';

const GPU = 'gpu="Card", instance="n1", gpu_uuid="U0", gpu_index="0"';

test('counts fillers and nonsense per scrape, but not the placeholders of the format', () => {
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

describe('counts an impossible value, but not -1', () => {
  const PROCESS = `pid="7", name="p", user="alice", device_id="0", gpu_index="0", device_uuid="U0", command="c"`;
  const MIG = `${GPU}, mig_instance="0", mig_profile="1g.10gb"`;
  test.each([
    ['process_memory_used_bytes', PROCESS, '18446744073709551615', '4096'],
    ['process_cpu_percent', PROCESS, '1e+300', '250'],
    ['process_gpu_utilization', PROCESS, '65535', '12'],
    ['process_start_time_seconds', PROCESS, '-5', '60'],
    ['mig_instance_utilization_gpu', MIG, '65535', '40'],
    ['mig_instance_memory_used_bytes', MIG, '1e+300', '4096'],
    ['gpu_fan_speed_rpm', GPU, '4294967295', '2000'],
    ['cpu_temperature_celsius', 'instance="n1", cpu_index="0"', '65535', '50'],
  ])('%s', (family, labels, impossible, possible) => {
    const parser = new Parsers().newParser();
    const facts = (value: string): readonly [number, string] => {
      parser.push(Buffer.from(`all_smi_gpu_utilization{${GPU}} 50\nall_smi_${family}{${labels}} ${value}\n`));
      parser.commit(ANSWERED_AT, 0);
      return [parser.data.facts.oddReadings, parser.data.facts.oddSample];
    };
    expect(facts(possible)).toEqual([0, '']);
    expect(facts(impossible)).toEqual([1, `${family} ${Number(impossible)}`]);
    expect(facts('-1')).toEqual([0, '']);
    expect(facts(possible)).toEqual([0, '']);
  });
});
