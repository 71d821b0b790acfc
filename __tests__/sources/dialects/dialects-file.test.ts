import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { AppError } from '../../../lib/errors.js';
import type { Dialect } from '../../../lib/sources/dialects/dialect.js';
import { DIALECTS, type Dialects } from '../../../lib/sources/dialects/dialects.js';
import { readDialects } from '../../../lib/sources/dialects/dialects-file.js';

const dir = mkdtempSync(join(tmpdir(), 'dialects-'));
afterAll(() => {
  rmSync(dir, { recursive: true });
});

function read(text: string): Promise<Dialects> {
  writeFileSync(join(dir, 'site.yml'), text);
  return readDialects(join(dir, 'site.yml'));
}

const refusal = (text: string): Promise<string> =>
  read(text).then(
    () => 'no error',
    (error: AppError) => `${error.code} ${error.message.replace(`${dir}/`, '')}`,
  );

const byId = ({ all }: Dialects, id: string): Dialect => all.find((one) => one.id === id)!;
const ours = (id: string): Dialect => DIALECTS.find((one) => one.id === id)!;

describe('a file', () => {
  test('that changes nothing leaves ours', async () => {
    expect((await read('dialects: []')).all).toEqual(DIALECTS);
    expect((await read('dialects:\n- id: dcgm\n- {"id": "nvitop"}')).all).toEqual(DIALECTS);
  });

  test('that has the example of the page: ours keeps its place, a new one comes first', async () => {
    const [, example = ''] = /```yaml\n([^`]+)```/.exec(readFileSync(new URL('../../../docs/DIALECTS.md', import.meta.url), 'utf8')) ?? [];
    const dialects = await read(example);
    expect(dialects.all.map(({ id }) => id)).toEqual(['acme', ...DIALECTS.map(({ id }) => id)]);
    const { gpu, owner, gpuReadings = [] } = byId(dialects, 'dcgm');
    expect([gpu?.uuid, owner?.job, owner?.pod]).toEqual([
      ['gpu_id', ...ours('dcgm').gpu!.uuid!],
      ['slurm_job', 'hpc_job'],
      ['pod', 'pod_name'],
    ]);
    expect(gpuReadings.find(({ into }) => into === 'memoryUsedBytes')).toEqual({
      into: 'memoryUsedBytes',
      families: ['site_gpu_fb_used', 'DCGM_FI_DEV_FB_USED', 'dcgm_fb_used'],
      scale: 2 ** 20,
      of: 'part',
    });
    expect(byId(dialects, 'acme')).toMatchObject({
      program: 'acme-exporter',
      port: '9999',
      refreshSeconds: 15,
      proof: { families: ['acme_card_info'], labels: ['serial'] },
      gpu: { about: ['acme_card_info'], details: { driver_version: ['driver'] } },
      processes: { pid: ['pid'], user: ['user'], command: ['cmdline'] },
    });
  });

  test('may change each part of ours', async () => {
    const dialects = await read(`
dialects:
- id: nvitop
  program: our nvitop
  proof: {families: site_info, labels: [x]}
  refresh_seconds: 60
  prefixed: yes
  renames: {nvitop_info: other_info, process_info_info: [a, b], host_cpu_percent_Percentage: cpu}
  gpu: {called: C, name_prefix: P, tiles: true, about: more}
  processes: {user: [login], readings: [{into: smPercent, families: sm}]}
  node_readings: [{into: cpuPercent, families: first, valid: [0, 100], sentinels: [55], zero_is_none: true}]
- id: sje
  node_owners: {families: more, gpu_label: slot}
- id: node
  renames: {node_cpu_seconds_total: cpu_seconds}
  disks: {size: s, available: a}
`);
    const { program, proof, refreshSeconds, prefixed, gpu, processes, nodeReadings } = byId(dialects, 'nvitop');
    const before = ours('nvitop');
    expect({ program, proof, refreshSeconds, prefixed }).toEqual({
      program: 'our nvitop',
      proof: { families: ['site_info', 'other_info', 'nvitop_info'], labels: ['x'] },
      refreshSeconds: 60,
      prefixed: true,
    });
    expect(gpu).toEqual({ ...before.gpu, called: 'C', namePrefix: 'P', tiles: true, about: ['more'] });
    expect(processes).toEqual({
      ...before.processes,
      user: ['login', 'username'],
      about: ['a', 'b', 'process_info_info'],
      readings: [{ into: 'smPercent', families: ['sm'] }, ...before.processes!.readings],
    });
    expect(nodeReadings!.slice(0, 2)).toEqual([
      { into: 'cpuPercent', families: ['first'], valid: { min: 0, max: 100 }, sentinels: [55], zeroIsNone: true },
      { into: 'cpuPercent', families: ['cpu', 'host_cpu_percent_Percentage'] },
    ]);
    expect(byId(dialects, 'sje').nodeOwners).toEqual({ families: ['more', ...ours('sje').nodeOwners!.families], gpuLabel: 'slot' });
    expect([byId(dialects, 'node').cpuSeconds, byId(dialects, 'node').disks]).toEqual(['cpu_seconds', { size: 's', available: 'a' }]);
  });

  test('has control characters removed', async () => {
    const dialects = await read('dialects: [{id: x, program: "a\\e[2Jb", node_readings: [{into: cpuPercent, families: c}]}]');
    expect(byId(dialects, 'x').program).toBe('a[2Jb');
  });
});

describe('a mistake is named with its line', () => {
  const reading = (row: string): string => `dialects:\n- id: x\n  gpu_readings:\n  - ${row}`;
  test.each([
    ['', 'line 1: dialects is missing: a list of exporters'],
    ['dialect: []', 'line 1: unknown key; the file has dialects'],
    ['dialects: x', 'line 1: dialects is not a list'],
    ['dialects:\n- x', 'line 2: a dialect is not a mapping'],
    ['dialects:\n- program: x', 'line 2: id is missing'],
    ['dialects:\n- id: "a b"', 'line 2: id has letters, digits, _ and - only'],
    ['dialects:\n- id: dcgm\n- id: dcgm', 'line 3: the second dialect with the id dcgm'],
    ['dialects:\n- id: x', 'line 2: it reports nothing: gpu_readings, node_readings, processes and node_owners are missing'],
    ['dialects:\n- id: dcgm\n  renames:\n    DCGM_FI: x', 'line 4: dcgm has no such family; docs/EXPORTERS.md lists them'],
    ['dialects:\n- id: dcgm\n  refresh_seconds: -1', 'line 3: refresh_seconds is not between 0 and 86400'],
    [
      'dialects:\n- id: dcgm\n  gpu: {uid: x}',
      'line 3: unknown key; gpu has uuid, index, name, called, name_prefix, part, profile, tiles, details, about',
    ],
    ['dialects:\n- id: dcgm\n  gpu: {uuid: []}', 'line 3: uuid is empty'],
    ['dialects:\n- id: dcgm\n  gpu: {details: {"\\e[31mX": []}}', 'line 3: a detail is empty'],
    ['dialects:\n- id: dcgm\n  gpu: {uuid: {a: b}}', 'line 3: uuid is not a text'],
    ['dialects:\n- id: dcgm\n  with: nothing', `line 3: with is not one of: ${DIALECTS.map(({ id }) => id).join(', ')}`.slice(0, 100)],
    ['dialects:\n- id: x\n  processes: {user: u}', 'line 3: pid is missing'],
    [reading('families: x'), 'line 4: into is missing'],
    [reading('{into: utilPercent}'), 'line 4: families is missing'],
    [reading('{into: util, families: x}'), 'line 4: into is not one of: index, utilPercent, memoryUsedBytes,'],
    [reading('{into: utilPercent, families: all_smi_x}'), 'line 4: families of all-smi have a reader of their own'],
    [reading('{into: utilPercent, families: x, scale: 1/2}'), 'line 4: scale is not a number'],
    [reading('{into: utilPercent, families: x, scale: 0}'), 'line 4: scale is not above 0'],
    [reading('{into: utilPercent, families: x, valid: [2, 1]}'), 'line 4: valid is not [smallest, largest]'],
    [reading('{into: utilPercent, families: x, valid: 5}'), 'line 4: valid is not a list'],
    [reading('{into: utilPercent, families: x, sentinels: [none]}'), 'line 4: a sentinel is not a number'],
    [reading('{into: utilPercent, families: x, of: tile}'), 'line 4: of is not board or part'],
    [reading('{into: utilPercent, families: x, where: [a]}'), 'line 4: where is not a mapping'],
    [reading('{into: utilPercent, families: x, scales: 1}'), 'line 4: unknown key; a reading has into, families,'],
  ])('%j', async (text, expected) => {
    expect(await refusal(text)).toContain(`E_DIALECTS dialects site.yml, ${expected}`);
  });

  test('a file that cannot be read', async () => {
    await expect(readDialects(join(dir, 'none'))).rejects.toMatchObject({ code: 'E_DIALECTS', params: { reason: 'does not exist' } });
    await expect(readDialects(dir)).rejects.toMatchObject({ params: { reason: 'is a directory' } });
    expect(await refusal('#'.repeat(2 ** 20 + 1))).toBe('E_DIALECTS dialects site.yml: larger than 1 MiB');
    expect(await refusal(`dialects:\n${'- id: x\n'.repeat(101)}`)).toBe('E_DIALECTS dialects site.yml, line 2: more than 100 dialects');
  });
});
