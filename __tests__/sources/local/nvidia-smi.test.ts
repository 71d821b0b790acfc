import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseApps, type SmiApp } from '../../../lib/sources/local/smi-apps.js';
import { gpuLine, GpuTable, GPU_QUERY } from '../../../lib/sources/local/smi-gpus.js';
import { PmonRounds, smShares, type PmonRow } from '../../../lib/sources/local/smi-pmon.js';
import { gpuProcesses, occupied } from '../../../lib/sources/local/smi-rows.js';
import { complaint, mebibytes, reading, refusedField, word } from '../../../lib/sources/local/smi-values.js';
import { parseDetails, parseMigNames } from '../../../lib/sources/local/smi-xml.js';
import { fixture } from '../../helpers/captures.js';

const MIB = 1_048_576;

describe('cells', () => {
  test.each<[cell: string | undefined, value: number | undefined]>([
    ['689.35', 689.35],
    ['689.35 W', 689.35],
    ['21702 MiB', 21_702],
    ['100 %', 100],
    ['16x', 16],
    ['P0', 0],
    ['P12', 12],
    [' 0 ', 0],
    ['-5', -5],
    ['65 C', 65],
    ['[N/A]', undefined],
    ['N/A', undefined],
    ['[Not Supported]', undefined],
    ['[Unknown Error]', undefined],
    ['Unknown Error', undefined],
    ['[GPU requires reset]', undefined],
    ['ERR!', undefined],
    ['-', undefined],
    ['', undefined],
    [undefined, undefined],
    ['1.2.3', undefined],
    ['Infinity', undefined],
    ['0x10', undefined],
    ['12 parsecs', undefined],
    ['310,5', 310.5],
    ['1,234', undefined],
    ['[Insufficient Permissions]', undefined],
  ])('%j is %s', (cell, value) => {
    expect(reading(cell)).toBe(value);
  });

  test('memory is in MiB, and unknown is not 0', () => {
    expect([mebibytes('40612'), mebibytes('[N/A]'), mebibytes('0')]).toEqual([42_584_768_512, undefined, 0]);
  });

  test('texts for "not available" are not readings', () => {
    expect(['NVIDIA A100', '[N/A]', 'N/A', '', '[Unknown Error]', 'None', 'Nonesuch'].map(word)).toEqual([
      'NVIDIA A100',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      'Nonesuch',
    ]);
  });

  test('error messages', () => {
    expect(complaint('\n  \nFailed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.1\n')).toBe(
      'Failed to initialize NVML: Driver/library version mismatch',
    );
    expect(complaint('\n--\n')).toBe('');
    expect(refusedField('Field "mig.mode.current" is not a valid field to query.\n\n')).toBe('mig.mode.current');
    expect(refusedField('No devices were found\n')).toBeUndefined();
  });
});

describe('--query-gpu', () => {
  const line = (count: number, index: number, more = '9, 100, 200, 40, 70.5, 700.00, 345, P0, Disabled'): string =>
    `${count}, ${index}, GPU-${index}, NVIDIA H100, 580.1, ${more}, 2619, 38, 30`;

  test('reads a complete line', () => {
    expect(gpuLine(line(8, 3), GPU_QUERY)).toEqual({
      count: 8,
      index: 3,
      uuid: 'GPU-3',
      trouble: '',
      gpu: {
        name: 'NVIDIA H100',
        utilPercent: 9,
        memoryUsedBytes: 100 * MIB,
        memoryTotalBytes: 200 * MIB,
        temperatureCelsius: 40,
        powerWatts: 70.5,
        powerLimitWatts: 700,
        frequencyMhz: 345,
        performanceState: 0,
        memoryMhz: 2619,
        memoryCelsius: 38,
        fanPercent: 30,
        migEnabled: false,
        details: { driver_version: '580.1' },
      },
    });
  });

  test('a divided GPU has no utilization, and a lost one has no readings', () => {
    const na = '[N/A], [N/A], 200, 40, 70.5, 700.00, 345, P0, Enabled';
    expect(gpuLine(line(1, 0, na), GPU_QUERY)?.gpu).toMatchObject({ utilPercent: undefined, memoryUsedBytes: undefined, migEnabled: true });
    const lost = Array.from({ length: 9 }, () => '[GPU is lost]').join(', ');
    expect(gpuLine(line(1, 0, lost), GPU_QUERY)?.gpu).toMatchObject({
      utilPercent: undefined,
      powerWatts: undefined,
      migEnabled: undefined,
    });
  });

  test('ignores lines that are not a GPU', () => {
    for (const other of [
      '',
      'No devices were found',
      'Unable to determine the device handle for GPU0: GPU is lost.',
      '1, 2, 3',
      line(1, 0).slice(0, -12),
    ])
      expect(gpuLine(other, GPU_QUERY)).toBeUndefined();
  });

  test('reads a name with commas, a number with a comma, and cells without spaces', () => {
    const odd = '1, 0, GPU-a, NVIDIA A100, engineering sample, 580.1, 9, 100, 200, 40, 70,5, 700.00, 345, P0, Disabled, 2619, 38, 30';
    expect(gpuLine(odd, GPU_QUERY)?.gpu).toMatchObject({
      name: 'NVIDIA A100, engineering sample',
      powerWatts: 70.5,
      memoryUsedBytes: 100 * MIB,
    });
    expect(gpuLine(line(1, 0).replaceAll(', ', ','), GPU_QUERY)?.gpu).toMatchObject({ name: 'NVIDIA H100', powerWatts: 70.5 });
  });

  test('reports a GPU that requires a reset', () => {
    const reset = Array.from({ length: 9 }, () => '[GPU requires reset]').join(', ');
    expect(gpuLine(line(2, 1, reset), GPU_QUERY)?.trouble).toBe('GPU requires reset');
  });

  const KEEP = 7000;
  const table = (fields: readonly string[] = GPU_QUERY): GpuTable => new GpuTable({ fields, machine: 'node-a' });
  const at = (gpus: GpuTable, now = 0, complains = false): unknown[] =>
    gpus.at(now, KEEP, complains).gpus.map(({ index, uuid, utilPercent }) => [index, uuid, utilPercent]);

  test('a round is complete with its last GPU, or when a GPU repeats', () => {
    const gpus = table();
    expect([gpus.push(line(2, 0), 0), gpus.push(line(2, 1), 0)]).toMatchObject([{ whole: false }, { whole: true }]);
    expect(gpus.push(line(2, 0, '50, 1, 2, 3, 4, 5, 6, P2, Disabled'), 1)).toMatchObject({ kind: 'data', whole: true });
    expect(at(gpus, 1)).toEqual([
      [0, 'GPU-0', 50],
      [1, 'GPU-1', 9],
    ]);
  });

  test('a GPU that has fallen off the bus stays listed without readings while it is counted', () => {
    const gpus = table();
    for (const index of [0, 1, 2]) gpus.push(line(3, index), 0);
    expect(gpus.push('Unable to determine the device handle for GPU1: GPU is lost.', KEEP).kind).toBe('words');
    for (const index of [0, 2]) gpus.push(line(3, index), KEEP + 1);
    expect(at(gpus, KEEP + 1)).toEqual([
      [0, 'GPU-0', 9],
      [1, 'GPU-1', undefined],
      [2, 'GPU-2', 9],
    ]);
    expect(gpus.at(KEEP + 1, KEEP, true).silent).toBe(1);
    // The driver was restarted without it.
    gpus.push(line(2, 0), KEEP + 2);
    gpus.push(line(2, 1).replace('GPU-1', 'GPU-2'), KEEP + 2);
    expect(at(gpus, KEEP + 2)).toEqual([
      [0, 'GPU-0', 9],
      [1, 'GPU-2', 9],
    ]);
  });

  test('a GPU that was never listed is counted as silent', () => {
    const gpus = table();
    for (const index of [0, 3]) gpus.push(line(4, index), 0);
    expect(gpus.at(0, KEEP, true).silent).toBe(2);
  });

  test('supports older drivers without the count', () => {
    const gpus = table(GPU_QUERY.slice(1));
    const short = (index: number): string => line(9, index).replace('9, ', '');
    for (const index of [0, 1]) gpus.push(short(index), 0);
    gpus.push(short(0), KEEP + 1);
    expect(at(gpus, KEEP + 1, true)).toHaveLength(2);
    expect(at(gpus, KEEP + 1, false)).toEqual([[0, 'GPU-0', 9]]);
  });

  test('a GPU without a uuid gets a substitute, or keeps its earlier uuid', () => {
    const gpus = table();
    gpus.push(line(2, 0).replace('GPU-0', '[N/A]'), 0);
    gpus.push(line(2, 1), 0);
    gpus.push(line(2, 1).replace('GPU-1', '[Unknown Error]'), 1);
    expect(at(gpus, 1)).toEqual([
      [0, 'node-a-gpu-0', 9],
      [1, 'GPU-1', 9],
    ]);
    expect(gpus.push(line(2, 1).replace('1, GPU-1', '[N/A], GPU-1'), 2).kind).toBe('data');
    expect(at(gpus, 2)).toHaveLength(2);
    expect(gpus.push('2, [N/A], [N/A], [N/A]', 3).kind).toBe('words');
  });
});

describe('--query-compute-apps', () => {
  test('reads rows, a name with commas, unknown memory, and no processes', () => {
    const answer = 'GPU-a, 12, /usr/bin/python3, 40612\nGPU-b, 13, a, b, c, [N/A]\nGPU-b, 14, [Not Found], 5\n';
    const rows = [
      { gpuUuid: 'GPU-a', pid: 12, name: '/usr/bin/python3', bytes: 42_584_768_512 },
      { gpuUuid: 'GPU-b', pid: 13, name: 'a, b, c', bytes: undefined },
      { gpuUuid: 'GPU-b', pid: 14, name: '', bytes: 5 * MIB },
    ];
    const whole = { rows, odd: [], warnings: [] };
    expect(parseApps(answer)).toEqual(whole);
    expect(parseApps(`\uFEFF${answer.replaceAll('\n', '\r\n')}`)).toEqual(whole);
    expect(parseApps('')).toEqual({ rows: [], odd: [], warnings: [] });
    expect(parseApps('No running processes found\n')).toEqual({ rows: [], odd: [], warnings: [] });
  });

  test('a line end in a name does not split the row', () => {
    expect(parseApps('GPU-a, 12, x\ny\n\nz, w, 7\nGPU-a, 13, v, 8\n')).toEqual({
      rows: [
        { gpuUuid: 'GPU-a', pid: 12, name: 'x y z, w', bytes: 7 * MIB },
        { gpuUuid: 'GPU-a', pid: 13, name: 'v', bytes: 8 * MIB },
      ],
      odd: [],
      warnings: [],
    });
  });

  test('a cut row has its pid and unknown memory', () => {
    expect(parseApps('GPU-a, 12, p, 7\nGPU-a, 13, /usr/b')).toEqual({
      rows: [
        { gpuUuid: 'GPU-a', pid: 12, name: 'p', bytes: 7 * MIB },
        { gpuUuid: 'GPU-a', pid: 13, name: '/usr/b', bytes: undefined },
      ],
      odd: ['GPU-a, 13, /usr/b'],
      warnings: [],
    });
  });

  test('memory with all bits set is unknown', () => {
    expect(parseApps('GPU-a, 12, p, 17592186044415\n').rows[0]?.bytes).toBeUndefined();
  });

  test('an error is not a row, and a warning does not affect rows', () => {
    const failed = 'NVIDIA-SMI has failed because it could not communicate';
    expect(parseApps(`${failed}\n`)).toEqual({ rows: [], odd: [failed], warnings: [] });
    const warning = 'WARNING: infoROM is corrupted at gpu 0000:41:00.0';
    expect(parseApps(`GPU-a, 12, p, 7\n${warning}\n`)).toMatchObject({ rows: [{ pid: 12 }], odd: [], warnings: [warning] });
  });
});

describe('pmon', () => {
  const HEAD =
    '# gpu         pid   type     sm    mem    enc    dec    jpg    ofa     fb   ccpm    command \n# Idx           #    C/G      %      %      %      %      %      %     MB     MB    name ';
  const OLD_HEAD =
    '# gpu        pid  type    sm   mem   enc   dec    fb   command\n# Idx          #   C/G     %     %     %     %    MB   name';
  const push = (rounds: PmonRounds, text: string, now = 0): PmonRow[] => {
    for (const line of text.split('\n')) rounds.push(line, now);
    return [...rounds.latest];
  };
  const brief = (rows: readonly PmonRow[]): unknown[] => rows.map(({ gpu, pid, smPercent }) => [gpu, pid, smPercent]);
  const line = (gpu: number, pid: number | '-', sm: number | '-'): string =>
    `    ${gpu}    ${pid}     C     ${sm}      5      -      -      -      -   9772      0    python3        `;

  test('finds columns by the header', () => {
    const now = push(
      new PmonRounds(3000),
      `${HEAD}\n    0        454     C+G   22      5      -      -      -      -   9772      0    my program    `,
    );
    expect(now).toEqual([{ gpu: 0, pid: 454, type: 'C+G', smPercent: 22, bytes: 9772 * MIB, name: 'my program' }]);
    const old = push(new PmonRounds(3000), `${OLD_HEAD}\n    0        454     C    22     5     -     -  9772   python3`);
    expect(old).toEqual([{ gpu: 0, pid: 454, type: 'C', smPercent: 22, bytes: 9772 * MIB, name: 'python3' }]);
  });

  test('reads rows without a header', () => {
    const rows = push(new PmonRounds(3000), `# what?\n${line(0, 1, 5)}\n    1    2     G     -      -      -      -     12   Xorg`);
    expect(rows).toEqual([
      { gpu: 0, pid: 1, type: 'C', smPercent: 5, bytes: 9772 * MIB, name: 'python3' },
      { gpu: 1, pid: 2, type: 'G', smPercent: undefined, bytes: 12 * MIB, name: 'Xorg' },
    ]);
  });

  test('an error in place of a percentage is not `-`', () => {
    const rows = push(new PmonRounds(3000), [HEAD, line(0, 1, 5), line(0, 2, '-'), line(0, 3, '-').replace(/-/, 'ERR!')].join('\n'));
    expect([...smShares(rows, 50)]).toEqual([
      [1, 5],
      [2, 0],
    ]);
  });

  test('splits rounds that arrive together at a repeated row', () => {
    const rounds = new PmonRounds(3000);
    expect(brief(push(rounds, [HEAD, line(0, 1, 5), line(0, 2, '-'), line(1, 3, 7)].join('\n')))).toEqual([[0, 1, 5], [0, 2, undefined], [1, 3, 7]]); // prettier-ignore
    expect(brief(push(rounds, line(0, 1, 6)))).toEqual([[0, 1, 6]]);
    expect(brief(push(rounds, line(0, 1, 7)))).toEqual([[0, 1, 7]]);
    expect(brief(push(rounds, line(0, '-', '-')))).toEqual([]);
    expect(brief(push(rounds, line(0, 4, 8)))).toEqual([[0, 4, 8]]);
    expect(brief(push(rounds, `${HEAD}\n${line(0, '-', '-')}\n${line(1, '-', '-')}`))).toEqual([]);
  });

  const share = (sm: readonly (number | '-')[], util: number | undefined): (number | undefined)[] => {
    const rows = sm.map((value, pid) => ({ gpu: 0, pid, type: 'C', smPercent: value === '-' ? undefined : value, bytes: 0, name: '' }));
    const shares = smShares(rows, util);
    return rows.map(({ pid }) => shares.get(pid));
  };

  test('`-` is 0 when another process has a value or the GPU is idle, and unknown otherwise', () => {
    expect(share(['-', 97], 97)).toEqual([0, 97]);
    expect(share(['-', 0], 60)).toEqual([0, 0]);
    expect(share(['-', '-'], 5)).toEqual([0, 0]);
    expect(share(['-'], 0)).toEqual([0]);
    expect(share(['-', '-'], 6)).toEqual([undefined, undefined]);
    expect(share(['-'], undefined)).toEqual([undefined]);
  });

  test('rounds that arrive one by one are complete, whatever their rows', () => {
    const pids = fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.tuple(pids, pids), { maxLength: 6 }), (story) => {
        const rounds = new PmonRounds(3000);
        story.forEach((round, nth) => {
          const lines = round.flatMap((here, gpu) => (here.length === 0 ? [line(gpu, '-', '-')] : here.map((pid) => line(gpu, pid, pid))));
          const rows = round.flatMap((here, gpu) => here.map((pid) => [gpu, pid, pid]));
          expect(brief(push(rounds, [HEAD, ...lines].join('\n'), 3000 * nth))).toEqual(rows);
        });
      }),
    );
  });
});

describe('processes by GPU', () => {
  const gpus = [
    { index: 0, uuid: 'GPU-a', name: 'x', utilPercent: 50 },
    { index: 3, uuid: 'GPU-b', name: 'x', utilPercent: 1, migDevices: [{ index: 0, uuid: 'MIG-1', profile: '', gpuInstance: 1, computeInstance: 0, memoryUsedBytes: 1, memoryTotalBytes: 2 }] }, // prettier-ignore
  ];
  const app = (gpuUuid: string, pid: number, bytes = 7): SmiApp => ({ gpuUuid, pid, name: 'p', bytes });
  const pmon = (gpu: number, pid: number, type: string, smPercent?: number): PmonRow => ({
    gpu,
    pid,
    type,
    smPercent,
    bytes: 99,
    name: 'g',
  });

  test('a process on two GPUs is two rows, with positions in the list instead of indexes', () => {
    const rows = gpuProcesses(gpus, [app('GPU-b', 5), app('GPU-a', 5)], [pmon(0, 5, 'C', 12), pmon(3, 5, 'C')]);
    expect(rows).toEqual([
      { pid: 5, gpu: 0, name: 'p', gpuBytes: 7, smPercent: 12 },
      { pid: 5, gpu: 1, name: 'p', gpuBytes: 7, smPercent: 0 },
    ]);
  });

  test('MIG devices are on their GPU, and duplicates are one row', () => {
    expect(gpuProcesses(gpus, [app('MIG-1', 5), app('GPU-b', 5, 3)], [])).toEqual([
      { pid: 5, gpu: 1, name: 'p', gpuBytes: 10, smPercent: undefined },
    ]);
    expect(gpuProcesses(gpus, [app('MIG-1', 5), { ...app('MIG-1', 5), bytes: undefined }], [])[0]?.gpuBytes).toBeUndefined();
  });

  test('graphics processes come only from pmon; a compute process that only pmon lists is no longer on the GPU', () => {
    const rows = gpuProcesses(gpus, [app('GPU-a', 5)], [pmon(0, 5, 'C', 3), pmon(0, 6, 'G', 1), pmon(0, 7, 'C', 90)]);
    expect(rows.map(({ pid, gpuBytes, smPercent }) => [pid, gpuBytes, smPercent])).toEqual([
      [5, 7, 3],
      [6, 99, 1],
    ]);
  });

  const places = (
    uuids: readonly string[],
    list: Parameters<typeof occupied>[0],
    known: Partial<Parameters<typeof occupied>[2]> = {},
  ): unknown[] => {
    const on = occupied(list, uuids.map((uuid, pid) => app(uuid, pid)), { count: undefined, uuids: [], unnamed: () => false, ...known }); // prettier-ignore
    return gpuProcesses(on.gpus, on.apps, []).map(({ pid, gpu }) => [pid, on.gpus[gpu]!.index, on.gpus[gpu]!.uuid]);
  };
  const card = (index: number, more: object = {}): Parameters<typeof occupied>[0][number] => ({
    index,
    uuid: `GPU-${index}`,
    name: 'x',
    ...more,
  });

  test.each<[why: string, at: unknown[], expected: unknown[]]>([
    ['the free index', places(['GPU-l'], [card(0), card(2)], { count: 3 }), [[0, 1, 'GPU-l']]],
    ['its position in -q -x', places(['GPU-k', 'GPU-l'], [card(1)], { count: 3, uuids: ['GPU-l', 'GPU-1', 'GPU-k'] }), [[1, 0, 'GPU-l'], [0, 2, 'GPU-k']]], // prettier-ignore
    ['the positions after all others', places(['GPU-k', 'GPU-l'], [card(0)], { count: 4 }), [[0, 1, 'GPU-k'], [1, 2, 'GPU-l']]], // prettier-ignore
    ['the only GPU without a uuid', places(['GPU-l'], [card(0), card(1)], { unnamed: ({ index }) => index === 1 }), [[0, 1, 'GPU-1']]],
    ['the only GPU if none is given', places(['', 'GPU-0'], [card(0)], { count: 1 }), [[0, 0, 'GPU-0'], [1, 0, 'GPU-0']]], // prettier-ignore
    ['an unknown GPU if there are several', places([''], [card(0), card(1)], { count: 2 }), [[0, 2, 'unknown']]],
    ['the GPU in an old name of a MIG device', places(['MIG-GPU-1/3/0'], [card(0), card(1)]), [[0, 1, 'GPU-1']]],
    ['the only divided GPU', places(['MIG-x'], [card(0), card(1, { migEnabled: true })]), [[0, 1, 'GPU-1']]],
  ])('a process on a GPU that is not listed is on %s', (_, at, expected) => {
    expect(at).toEqual(expect.arrayContaining(expected));
    expect(at).toHaveLength(expected.length);
  });

  test('a GPU that is not listed has no processes', () => {
    expect(gpuProcesses(gpus, [app('GPU-lost', 5)], [])).toEqual([]);
  });
});

describe('-q -x', () => {
  const xml = fixture('h100-static/q.xml');

  test('reads the H100 of the capture', () => {
    expect(parseDetails(xml)).toMatchObject({ damaged: 0, words: [] });
    expect(parseDetails(xml).gpus).toEqual([
      {
        uuid: 'GPU-11111111-2222-3333-4444-555555555501',
        powerLimitMaxWatts: 700,
        graphicsMaxMhz: 1980,
        memoryMaxMhz: 2619,
        pcieGeneration: 5,
        pcieWidth: 16,
        slowdownCelsius: undefined,
        shutdownCelsius: undefined,
        maxOperatingCelsius: undefined,
        acousticCelsius: undefined,
        // Power limited; `-q -x` does not have the last Xid.
        clockEvents: 4,
        eccCorrected: 0,
        eccUncorrected: 0,
        rowsRemapped: 0,
        rowsRemappedUncorrectable: 0,
        rowRemapPending: 0,
        rowRemapFailed: 0,
        gspFirmwareVersion: '580.159.04',
        migDevices: [],
        details: {
          driver_version: '580.159.04',
          cuda_version: '13.0',
          lib_name: 'CUDA',
          lib_version: '13.0',
          brand: 'NVIDIA',
          architecture: 'Hopper',
          vbios_version: '96.00.CF.00.01',
          minor_number: '0',
          pci_address: '00000000:00:06.0',
          pci_device: '233010DE',
          compute_mode: 'Default',
          ecc_mode_current: 'Enabled',
          mig_mode_current: 'Disabled',
          pcie_gen_max: '5',
          pcie_width_max: '16',
          power_limit_min: '200',
          power_limit_default: '700',
          power_limit_max: '700',
          clock_graphics_max: '1980',
          clock_memory_max: '2619',
        },
      },
    ]);
  });

  test('reads what is wrong with a GPU, by the names of any driver', () => {
    const gpu = (rest: string): string => `<nvidia_smi_log><gpu id="0"><uuid>GPU-x</uuid>${rest}</gpu></nvidia_smi_log>`;
    const read = (rest: string): unknown => parseDetails(gpu(rest)).gpus[0];
    expect(
      read(`<ecc_errors><volatile><sram_correctable>3</sram_correctable><sram_uncorrectable_parity>1</sram_uncorrectable_parity>
        <sram_uncorrectable_secded>2</sram_uncorrectable_secded><dram_correctable>40</dram_correctable><dram_uncorrectable>4</dram_uncorrectable></volatile>
        <aggregate><dram_uncorrectable>900</dram_uncorrectable></aggregate></ecc_errors>
        <remapped_rows><remapped_row_corr>5</remapped_row_corr><remapped_row_unc>6</remapped_row_unc>
        <remapped_row_pending>Yes</remapped_row_pending><remapped_row_failure>No</remapped_row_failure></remapped_rows>
        <clocks_event_reasons><clocks_event_reason_hw_slowdown>Active</clocks_event_reason_hw_slowdown>
        <clocks_event_reason_hw_thermal_slowdown>Active</clocks_event_reason_hw_thermal_slowdown></clocks_event_reasons>`),
    ).toMatchObject({
      eccCorrected: 43,
      eccUncorrected: 7,
      rowsRemapped: 5,
      rowsRemappedUncorrectable: 6,
      rowRemapPending: 1,
      rowRemapFailed: 0,
      clockEvents: 0x48,
    });
    // Driver 470, and a V100.
    expect(
      read(`<clocks_throttle_reasons><clocks_throttle_reason_sw_thermal_slowdown>Active</clocks_throttle_reason_sw_thermal_slowdown>
        <clocks_throttle_reason_gpu_idle>Not Active</clocks_throttle_reason_gpu_idle></clocks_throttle_reasons>
        <ecc_errors><volatile><single_bit><total>8</total></single_bit><double_bit><total>1</total></double_bit></volatile></ecc_errors>
        <remapped_rows>N/A</remapped_rows>`),
    ).toMatchObject({ clockEvents: 0x20, eccCorrected: 8, eccUncorrected: 1, rowsRemapped: undefined, rowRemapPending: undefined });
    expect(read('<ecc_errors><volatile><dram_correctable>N/A</dram_correctable></volatile></ecc_errors>')).toMatchObject({
      eccCorrected: undefined,
      eccUncorrected: undefined,
      clockEvents: undefined,
    });
  });

  /** As an A100 with driver 470 prints it: other names, absolute temperatures, divided in two. */
  const older = `<?xml version="1.0" ?><nvidia_smi_log><driver_version>470.82.01</driver_version><cuda_version>11.4</cuda_version>
    <gpu id="00000000:07:00.0"><uuid>GPU-x</uuid><product_brand>NVIDIA</product_brand>
    <mig_mode><current_mig>Enabled</current_mig></mig_mode>
    <mig_devices><mig_device><index>0</index><gpu_instance_id>1</gpu_instance_id><compute_instance_id>0</compute_instance_id>
    <fb_memory_usage><total>20096 MiB</total><used>11 MiB</used></fb_memory_usage></mig_device>
    <mig_device><index>1</index><gpu_instance_id>2</gpu_instance_id><compute_instance_id>0</compute_instance_id>
    <fb_memory_usage><total>20096 MiB</total><used>N/A</used></fb_memory_usage></mig_device></mig_devices>
    <temperature><gpu_temp_max_threshold>92 C</gpu_temp_max_threshold><gpu_temp_slow_threshold>89 C</gpu_temp_slow_threshold>
    <gpu_temp_max_gpu_threshold>85 C</gpu_temp_max_gpu_threshold><gpu_target_temperature>83 C</gpu_target_temperature></temperature>
    <power_readings><max_power_limit>400.00 W</max_power_limit></power_readings></gpu></nvidia_smi_log>`;

  test('reads an older driver, and a divided GPU', () => {
    expect(parseDetails(older).gpus[0]).toMatchObject({
      powerLimitMaxWatts: 400,
      slowdownCelsius: 89,
      shutdownCelsius: 92,
      maxOperatingCelsius: 85,
      acousticCelsius: 83,
      gspFirmwareVersion: undefined,
      migDevices: [
        { index: 0, gpuInstance: 1, computeInstance: 0, memoryUsedBytes: 11 * MIB, memoryTotalBytes: 20_096 * MIB },
        { index: 1, gpuInstance: 2, computeInstance: 0, memoryUsedBytes: undefined, memoryTotalBytes: 20_096 * MIB },
      ],
    });
  });

  test('finds no GPU in any other text', () => {
    for (let end = 0; end < xml.indexOf('</gpu>'); end += 997) expect(parseDetails(xml.slice(0, end)).gpus).toEqual([]);
    expect(parseDetails('Failed to initialize NVML')).toEqual({ gpus: [], damaged: 0, words: ['Failed to initialize NVML'] });
    expect(parseDetails('<a></nvidia_smi_log>').gpus).toEqual([]);
    expect(parseDetails('<nvidia_smi_log></nvidia_smi_log>').gpus).toEqual([]);
  });

  test('a truncated answer keeps the GPUs before the cut, and a warning at the end does no harm', () => {
    const two = older.replace('</nvidia_smi_log>', `\n${older.slice(older.indexOf('<gpu '))}`).replace('GPU-x', 'GPU-w');
    expect(parseDetails(`${two}\nWARNING: infoROM is corrupted at gpu 0000:41:00.0\n`)).toMatchObject({
      gpus: [{ uuid: 'GPU-w' }, { uuid: 'GPU-x' }],
      words: ['WARNING: infoROM is corrupted at gpu 0000:41:00.0'],
    });
    expect(parseDetails(two.slice(0, -40))).toMatchObject({ gpus: [{ uuid: 'GPU-w' }], damaged: 1 });
  });

  test('decodes escaped texts', () => {
    const escaped = xml.replace(/<product_brand>.*<\/product_brand>/, '<product_brand>A &amp;lt; &quot;B&quot;</product_brand>');
    expect(parseDetails(escaped).gpus[0]?.details.brand).toBe('A &lt; "B"');
  });

  test('reads names of MIG devices from -L', () => {
    const list = `GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-a)
  MIG 3g.20gb     Device  0: (UUID: MIG-GPU-a/1/0)
  MIG 1c.3g.20gb  Device  1: (UUID: MIG-5fdf)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-b)
`;
    expect([...parseMigNames(list)]).toEqual([
      [
        'GPU-a',
        [
          { index: 0, uuid: 'MIG-GPU-a/1/0', profile: '3g.20gb' },
          { index: 1, uuid: 'MIG-5fdf', profile: '1c.3g.20gb' },
        ],
      ],
      ['GPU-b', []],
    ]);
    expect([...parseMigNames('')]).toEqual([]);
    const damaged = list.replace('GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-b)', 'ERR!\n  MIG 1g.5gb     Device  0: (UUID: MIG-of-b)');
    expect([...parseMigNames(damaged)].map(([gpu, parts]) => [gpu, parts.length])).toEqual([['GPU-a', 2]]);
  });
});
