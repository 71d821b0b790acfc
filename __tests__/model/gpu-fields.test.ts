import { expect, test } from '@jest/globals';
import { METRICS } from '../../lib/exposition/schema/families.js';
import { GPU_COLUMNS as EXPORTED } from '../../lib/exposition/write/sample-families.js';
import { FIELDS } from '../../lib/filter/fields.js';
import { GPU_FIELD_TABLE, GPU_FIELDS, gpuField, gpuReading, type GpuFieldDescriptor } from '../../lib/model/gpu-fields.js';
import { RANGES } from '../../lib/model/valid-range.js';
import { GPU_COLUMNS } from '../../lib/view/gpu-cells.js';

const whole = {
  range: RANGES.percent,
  exposed: { family: 'gpu_nvenc_utilization', unit: '%', about: 'share of the time in which the encoder was busy' },
  exported: false,
  record: { in: 'detail', key: 'nvenc' },
  filter: { names: 'nvenc', unit: 'percent', about: 'encoder' },
  column: false,
  card: { label: 'encoder', text: String },
  list: false,
} as const satisfies GpuFieldDescriptor;

type Fits<Field> = Field extends GpuFieldDescriptor ? true : false;
/** For each part: whether a field without it compiles. */
type WithoutPart = { readonly [Part in keyof GpuFieldDescriptor]: Fits<Omit<typeof whole, Part>> };

test('a field that omits a part does not compile; one that sets it to `false` does', () => {
  const forgotten: WithoutPart = {
    range: false,
    exposed: false,
    exported: false,
    record: false,
    filter: false,
    column: false,
    card: false,
    list: false,
  };
  expect(Object.keys(forgotten).sort()).toEqual(Object.keys(whole).sort());
  const said = { ...whole, record: false } as const satisfies GpuFieldDescriptor;
  // @ts-expect-error the recording key is missing
  const unsaid = { ...whole, record: undefined } as const satisfies GpuFieldDescriptor;
  expect([said.record, unsaid.record]).toEqual([false, undefined]);
});

test('every declared part of a field exists: family, exporter, filter, column', () => {
  for (const field of GPU_FIELDS) {
    const { exposed, exported, filter, column } = gpuField(field);
    if (exposed) expect(METRICS.filter((metric) => 'field' in metric && metric.table === 'gpu' && metric.field === field)).toHaveLength(1);
    if (exposed && exported) expect(EXPORTED.map(({ name }) => name)).toContain(exposed.family);
    if (filter) expect(FIELDS.map(({ name, also }) => [name, ...also].join(' '))).toContain(filter.names);
    const shown = GPU_COLUMNS.find(({ export: file }) => column && file?.name === column.export);
    expect([field, shown !== undefined, shown?.screen !== undefined]).toEqual([field, column !== false, column !== false && column.screen]);
  }
  expect(GPU_FIELDS).toHaveLength(Object.keys(GPU_FIELD_TABLE).length);
});

test('names and keys are unique', () => {
  const parts = GPU_FIELDS.map(gpuField);
  const names = (of: (field: GpuFieldDescriptor) => string | false): string[] => parts.map(of).filter((name) => name !== false);
  for (const all of [
    names(({ exposed }) => exposed && exposed.family),
    names(({ record }) => record && `${record.in} ${record.key}`),
    names(({ filter }) => filter && filter.names),
    names(({ column }) => column && column.id),
  ])
    expect(new Set(all).size).toBe(all.length);
});

test.each([
  ['utilPercent', [0, 0.1, 100], [-1, 101, 255, 65_535, 1e300, NaN, Infinity, undefined]],
  ['memoryUsedBytes', [0, 2 ** 31 - 1, 288e9, 20e12], [-1, 65_535, 2 ** 32 - 1, 2 ** 63, 2 ** 64, 0x7ffffffffffffff0, 1e300]],
  ['memoryTotalBytes', [24e9, 20e12], [0, 2 ** 63]],
  ['temperatureCelsius', [1, 40, 105], [0, -1, 255, 32_767, 65_535, NaN]],
  ['powerWatts', [0, 1400, 12_000], [-0.1, 65_535, 0x7ffffff0, 4_294_967.295, 1e308]],
  ['frequencyMhz', [1980], [0, 65_535, 2 ** 32 - 1]],
  ['performanceState', [0, 15], [16, 32]],
  ['smOccupancy', [0, 1], [1.1, 65_535]],
] as const)('%s: valid readings, and values that count as missing', (field, readings, fillers) => {
  for (const value of readings) expect(gpuReading(field, value)).toBe(value);
  for (const value of fillers) expect(gpuReading(field, value)).toBeNaN();
});
