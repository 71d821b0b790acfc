/** Which GPU is which, and which GPU a process is on, when nodes renumber their GPUs or report one uuid for all of them. */
import { describe, expect, test } from '@jest/globals';
import { Parsers, type ScrapeParser } from '../../../lib/exposition/parser/index.js';
import { modelOf } from '../../helpers/scrape-model.js';
import { readScrape } from '../../helpers/scrape-oracle.js';

const AT = 1_786_000_500_000;

function scraped(text: string, parser = new Parsers().newParser()): ScrapeParser {
  parser.push(new TextEncoder().encode(text));
  parser.commit(AT, 0);
  expect(modelOf(parser.data)).toEqual(readScrape(text, AT / 1000));
  return parser;
}

interface Gpu {
  readonly uuid: string;
  readonly index?: number;
  readonly watts: number;
}
const gpuLine = ({ uuid, index, watts }: Gpu): string =>
  `all_smi_gpu_power_consumption_watts{gpu="H100", instance="n", gpu_uuid="${uuid}"${index === undefined ? '' : `, gpu_index="${index}"`}} ${watts}\n`;
const row = (pid: number, uuid: string, index: number, family = 'process_memory_used_bytes'): string =>
  `all_smi_${family}{pid="${pid}", name="python", user="u${pid}", gpu_index="${index}", device_uuid="${uuid}", command="train"} 4000\n`;

/** Watts of the GPU of each process row. */
const wattsOf = ({ data: { procs, gpus } }: ScrapeParser): number[] =>
  Array.from({ length: procs.count }, (_, at) => gpus.field.powerWatts[procs.gpu[at]!] ?? NaN);

describe('a process is on the GPU of the latest scrape', () => {
  test('on a MIG device, whose uuid no GPU reports, when two GPUs swap indexes', () => {
    const before = [
      { uuid: 'GPU-A', index: 0, watts: 700 },
      { uuid: 'GPU-B', index: 1, watts: 60 },
    ]
      .map(gpuLine)
      .join('');
    const after = [
      { uuid: 'GPU-A', index: 1, watts: 700 },
      { uuid: 'GPU-B', index: 0, watts: 60 },
    ]
      .map(gpuLine)
      .join('');
    const parser = scraped(before + row(100, 'MIG-A-1', 0));
    expect(wattsOf(parser)).toEqual([700]);
    scraped(after + row(100, 'MIG-A-1', 1), parser);
    expect(wattsOf(parser)).toEqual([700]);
    expect([parser.data.gpus.count, parser.data.gpus.slots]).toEqual([2, 2]);
  });

  test('by position, when the first card of a node that exports no index is replaced', () => {
    const cards = (first: string): string =>
      [
        { uuid: first, watts: 700 },
        { uuid: 'GPU-B', watts: 60 },
      ]
        .map(gpuLine)
        .join('');
    const parser = scraped(cards('GPU-OLD') + row(100, '', 0) + row(101, '', 1));
    expect(wattsOf(parser)).toEqual([700, 60]);
    scraped(cards('GPU-NEW') + row(100, '', 0) + row(101, '', 1), parser);
    expect([wattsOf(parser), [...parser.data.gpus.index]]).toEqual([
      [700, 60],
      [0, 1],
    ]);
    expect(parser.data.text(parser.data.gpus.uuid[0]!)).toBe('GPU-NEW');
  });

  test('by position, when the order of the cards changes', () => {
    const [a, b] = [gpuLine({ uuid: 'GPU-A', watts: 700 }), gpuLine({ uuid: 'GPU-B', watts: 60 })] as const;
    const parser = scraped(a + b + row(100, '', 0));
    scraped(b + a + row(100, '', 0), parser);
    expect(wattsOf(parser)).toEqual([60]);
  });

  test('by uuid, whatever the index, since some exporters always send 0', () => {
    const gpus = [
      { uuid: 'GPU-A', index: 0, watts: 700 },
      { uuid: 'GPU-B', index: 1, watts: 60 },
    ]
      .map(gpuLine)
      .join('');
    expect(wattsOf(scraped(gpus + row(1, 'GPU-B', 0) + row(2, 'GPU-A', 0)))).toEqual([60, 700]);
  });
});

describe('GPUs that all report one uuid', () => {
  const ZEROS = '00000000-0000-0000-0000-000000000000';
  const indices = [0, 1, 2, 3, 4, 5, 6, 7];
  const gpus = (order = indices): string => order.map((index) => gpuLine({ uuid: ZEROS, index, watts: 700 + index })).join('');
  const rows = indices.map((index) => row(100 + index, ZEROS, index)).join('');

  test('keep their own rows, order and owners', () => {
    const parser = scraped(gpus() + rows);
    const { data } = parser;
    expect([data.gpus.count, data.gpus.slots, [...data.gpus.index]]).toEqual([8, 8, indices]);
    expect(wattsOf(parser)).toEqual(indices.map((index) => 700 + index));
    scraped(gpus(indices.toReversed()) + rows, parser);
    expect(wattsOf(parser)).toEqual(indices.map((index) => 700 + index));
  });

  test('are all listed when only processes refer to them', () => {
    expect(scraped(rows).data.gpus.slots).toBe(8);
  });

  test('each have a row for a process that runs on all of them', () => {
    expect(wattsOf(scraped(gpus() + indices.map((index) => row(1, ZEROS, index)).join('')))).toEqual(indices.map((index) => 700 + index));
  });

  test('have their own MIG devices and NVLinks', () => {
    const part = (family: string, gpu: number, label: string): string =>
      `all_smi_${family}{gpu_index="${gpu}", gpu_uuid="${ZEROS}", gpu="A", instance="n", ${label}="1"} 1\n`;
    const { extras } = scraped(
      gpus() +
        [0, 1, 2].map((gpu) => part('mig_instance_memory_used_bytes', gpu, 'mig_instance')).join('') +
        [0, 1].map((gpu) => part('nvlink_remote_device_type', gpu, 'link_index')).join(''),
    ).data;
    expect([extras.rows('mig').count, extras.rows('link').count]).toEqual([3, 2]);
  });

  test('do not get lines without an index, which belong to the GPU of that uuid only if there is one', () => {
    const utilization = (uuid: string): string => `all_smi_gpu_utilization{gpu="H100", gpu_uuid="${uuid}"} 55\n`;
    const one = gpuLine({ uuid: 'GPU-A', index: 3, watts: 1 });
    for (const text of [one + utilization('GPU-A'), utilization('GPU-A') + one]) {
      const { gpus: found } = scraped(text).data;
      expect([found.count, found.index[0], found.field.powerWatts[0], found.field.utilPercent[0]]).toEqual([1, 3, 1, 55]);
    }
    const { gpus: several } = scraped(gpus() + utilization(ZEROS)).data;
    expect([several.count, several.field.utilPercent[0]]).toEqual([8, NaN]);
  });
});

describe('name of a GPU', () => {
  const line = (family: string, name: string): string => `all_smi_${family}{gpu="${name}", gpu_uuid="U", gpu_index="0"} 1\n`;

  test('comes from the current scrape, not an earlier one', () => {
    const parser = scraped(line('gpu_utilization', 'H100') + line('gpu_info', 'H200'));
    scraped(line('gpu_utilization', 'H100'), parser);
    expect(parser.data.text(parser.data.gpus.name[0]!)).toBe('H100');
  });
});

describe('rows of earlier scrapes use no memory', () => {
  test('a parser can see more than 1,024 device uuids over time', () => {
    const parser = new Parsers().newParser();
    const fixed = Array.from({ length: 200 }, (_, pid) => row(pid, 'GPU-0', 0)).join('');
    for (let scrape = 0; scrape < 40; scrape++) {
      const moving = Array.from({ length: 41 }, (_, nth) => row(1000 + nth, `MIG-${scrape}-${nth}`, 0)).join('');
      const { procs, facts, gpus } = scraped(fixed + moving, parser).data;
      expect({ scrape, rows: procs.count, gpus: gpus.slots, capped: facts.capsHit }).toEqual({
        scrape,
        rows: 241,
        gpus: 42,
        capped: [],
      });
    }
  });

  test('1,000 devices can be replaced by 1,000 others at once', () => {
    const body = (part: string): string => Array.from({ length: 1000 }, (_, nth) => row(nth, `MIG-${part}-${nth}`, 9)).join('');
    const parser = scraped(body('a'));
    expect(scraped(body('b'), parser).data.procs.count).toBe(1000);
    expect(parser.data.facts.capsHit).toEqual([]);
  });

  test('200 GPUs can be renumbered and 30,000 processes replaced', () => {
    const gpus = (shift: number): string =>
      Array.from({ length: 200 }, (_, at) => gpuLine({ uuid: `GPU-${at}`, index: (at + shift) % 200, watts: at })).join('');
    const rows = (from: number): string => Array.from({ length: 30_000 }, (_, at) => row(from + at, 'GPU-1', 1)).join('');
    const parser = new Parsers().newParser();
    for (const shift of [0, 1, 2]) {
      parser.push(new TextEncoder().encode(gpus(shift) + rows(shift * 30_000)));
      parser.commit(AT, 0);
      expect([parser.data.gpus.count, parser.data.procs.count, parser.data.facts.capsHit]).toEqual([200, 30_000, []]);
    }
  });

  test('beyond the limit, the first rows of the current scrape are kept', () => {
    const line = (gpu: number): string => gpuLine({ uuid: `GPU-${gpu}`, index: gpu, watts: gpu });
    const [low, high] = [0, 256].map((from) => Array.from({ length: 256 }, (_, at) => line(from + at)).join('')) as [string, string];
    const parser = new Parsers().newParser();
    for (const [text, first] of [
      [low + high, 0],
      [high + low, 256],
      [low + high, 0],
    ] as const) {
      parser.push(new TextEncoder().encode(text));
      parser.commit(AT, 0);
      expect([parser.data.gpus.count, parser.data.gpus.index[0], parser.data.facts.capsHit]).toEqual([256, first, ['gpu rows']]);
    }
  });
});
