/** Five nodes and three users, from the text of the exporters to the last column on screen; every value is computed by hand. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { NodeGpu, NodeProcess, NodeSample } from '../../lib/model/sample.js';
import { frameLines } from '../../lib/recording/format/encode.js';
import { SECTIONS } from '../../lib/recording/format/schema.js';
import { nodeText } from '../../lib/exposition/write/node-text.js';
import { inNewDirectory, place } from '../helpers/recording-player.js';
import { newWriter } from '../helpers/recordings.js';
import { ReplayViewer } from '../helpers/replay-viewer.js';
import { TextViewer } from '../helpers/text-viewer.js';

const GIB = 2 ** 30;
const AT = new Date(2026, 7, 7, 14, 32, 3).getTime();

const gpu = (index: number, usedGib: number, powerWatts: number | undefined): NodeGpu => ({
  index,
  uuid: `GPU-${index}`,
  name: 'NVIDIA H100',
  memoryUsedBytes: usedGib * GIB,
  memoryTotalBytes: 80 * GIB,
  powerWatts,
});
const proc = (user: string, pid: number, on: number | undefined, gib: number, more: Partial<NodeProcess> = {}): NodeProcess => ({
  pid,
  gpu: on,
  gpuBytes: gib * GIB,
  smPercent: undefined,
  name: 'python',
  user,
  command: `python job-${pid}.py`,
  ageSeconds: undefined,
  cpuPercent: undefined,
  residentBytes: undefined,
  ...more,
});
const node = (nth: number, gpus: readonly NodeGpu[], processes: readonly NodeProcess[] | undefined): NodeSample => ({
  at: AT,
  instance: `node-${nth}`,
  os: 'Linux',
  arch: 'x86_64',
  gpus,
  scope: processes ? 'all' : 'off',
  processes,
  cpu: undefined,
  memory: undefined,
  disks: [],
  sources: [],
});

const NODES: readonly NodeSample[] = [
  node(
    1,
    [gpu(0, 17, 300), gpu(1, 1, 100)],
    [
      proc('ada', 101, 0, 12, { smPercent: 40, cpuPercent: 100, ageSeconds: 3600 }),
      proc('bert', 102, 0, 4, { smPercent: 20, cpuPercent: 12.5, ageSeconds: 60 }),
    ],
  ),
  node(
    2,
    [gpu(0, 10, 200), gpu(1, 10, 400)],
    [
      proc('ada', 201, 0, 10, { smPercent: 90, cpuPercent: 400, ageSeconds: 7200, command: 'torchrun --nproc 2 "x y"' }),
      proc('ada', 201, 1, 10, { smPercent: 70, cpuPercent: 400, ageSeconds: 7200, command: 'torchrun --nproc 2 "x y"' }),
    ],
  ),
  node(
    3,
    [gpu(0, 8, undefined), gpu(1, 9, 250)],
    [proc('cleo', 301, 0, 8, { ageSeconds: 5 }), proc('cleo', 302, 1, 2), proc('bert', 303, 1, 6, { smPercent: 10 })],
  ),
  node(
    4,
    [gpu(0, 30, 500), gpu(1, 0, 60)],
    [
      proc('bert', 401, 0, 30, { smPercent: 100, cpuPercent: 250, ageSeconds: 90_061 }),
      proc('bert', 402, undefined, 0, { command: 'bash', cpuPercent: 0 }),
    ],
  ),
  node(5, [gpu(0, 40, 300)], undefined),
];

/** Cells of the visible rows, without the selection mark, separated by '|'. */
const rows = (screen: string): string[] =>
  screen
    .split('\n')
    .slice(2)
    .flatMap((text) =>
      /^ [▌ ] +\S.*\S {2}/.test(text) && !/ (CMD|COMMAND)/.test(text) ? [text.slice(3).trim().replace(/ {2,}/g, ' | ')] : [],
    );

/** Expectations for either source, given a way to press keys on it. */
function expectations(press: (...keys: readonly string[]) => Promise<string>): void {
  test('users, every column', async () => {
    const screen = await press('V');
    // Attributed: 32 + 40 + 10 GiB. Unattributed: 17 - 16 and 1 on node-1, 9 - 8 on node-3; node-5 does not report its processes.
    // Unattributed power: the GPUs without processes, 100, 60 and 300 W.
    expect(screen).toContain(
      ' 3 users · 4 of 5 nodes reporting · 82.0 GiB owned · 3.00 GiB unattributed · 1.65 kW* attributed, 460 W not · 6 GPUs in use',
    );
    expect(screen).toContain('partial coverage: 4 of 5 nodes reporting processes');
    expect(rows(screen)).toEqual([
      // 300 W x 12/16 + 200 + 400 W. SM: 40 + 90 + 70 percent. The top command is that of the row with 12 GiB.
      'ada | 2 | 3 | 0 | 2 | 32.0 GiB | 825 W | 2.0 | 02:00:00 | python job-101.py',
      // 300 x 4/16 + 250 x 6/8 + 500 = 762.5 W. SM: 20 + 10 + 100 percent.
      'bert | 3 | 3 | 0 | 3 | 40.0 GiB | 763 W | 1.3 | 1d 01:01:01 | python job-401.py',
      // 250 x 2/8 = 62.5 W, and the power of GPU 0 of node-3, which is not reported.
      'cleo | 1 | 2 | – | 2 | 10.0 GiB | ≥62.5 W | – | 00:00:05 | python job-301.py',
    ]);
  });

  test.each([
    ['m', ['bert', 'ada', 'cleo']],
    ['p', ['ada', 'bert', 'cleo']],
    ['n', ['bert', 'ada', 'cleo']],
    ['t', ['bert', 'ada', 'cleo']],
    ['u', ['cleo', 'bert', 'ada']],
  ])('sorted by %s', async (key, names) => {
    expect(rows(await press('V', key)).map((row) => row.split(' ')[0])).toEqual(names);
  });

  test('nodes of each user, every column', async () => {
    expect(rows(await press('V', 'Enter'))).toEqual([
      'node-2 | 0-1 | 20.0 GiB | 600 W | 0 | 1 | 1.6 | 02:00:00 | torchrun --nproc 2 "x y"',
      'node-1 | 0 | 12.0 GiB | 225 W | 0 | 1 | 0.4 | 01:00:00 | python job-101.py',
    ]);
    expect(rows(await press('Esc', 'Down', 'Enter'))).toEqual([
      'node-4 | 0 | 30.0 GiB | 500 W | 0 | 1 | 1.0 | 1d 01:01:01 | python job-401.py',
      'node-3 | 1 | 6.00 GiB | 188 W | 0 | 1 | 0.1 | – | python job-303.py',
      'node-1 | 0 | 4.00 GiB | 75.0 W | 0 | 1 | 0.2 | 00:01:00 | python job-102.py',
    ]);
    expect(rows(await press('a'))[0]).toBe('node-4 | 0 | 30.0 GiB | 500 W | 0 | 2 | 1.0 | 1d 01:01:01 | python job-401.py');
    expect(rows(await press('Esc', 'Down', 'Enter'))).toEqual(['node-3 | 0-1 | 10.0 GiB | ≥62.5 W | 2 | 00:00:05 | python job-301.py']);
  });

  test('processes of each user, every column', async () => {
    expect(rows(await press('V', 'Enter', 'Enter'))).toEqual(['201 | 0-1 | 20.0 GiB | 160% | 400.0 | 02:00:00 | torchrun --nproc 2 "x y"']);
    expect(rows(await press('Esc', 'Down', 'Enter'))).toEqual(['101 | 0 | 12.0 GiB | 40% | 100.0 | 01:00:00 | python job-101.py']);
    expect(rows(await press('Esc', 'Esc', 'Down', 'a', 'Enter', 'Enter'))).toEqual([
      '401 | 0 | 30.0 GiB | 100% | 250.0 | 1d 01:01:01 | python job-401.py',
      '402 | – | – | – | 0.0 | – | bash',
    ]);
    expect(rows(await press('Esc', 'Esc', 'Down', 'Enter', 'Enter'))).toEqual([
      '301 | 0 | 8.00 GiB | – | – | 00:00:05 | python job-301.py',
      '302 | 1 | 2.00 GiB | – | – | – | python job-302.py',
    ]);
  });
}

describe('exported as text, scraped and added up', () => {
  let viewer: TextViewer;
  beforeEach(() => {
    viewer = scraped();
  });
  expectations((...keys) => Promise.resolve(viewer.press(...keys).screen));
});

function scraped(): TextViewer {
  const viewer = new TextViewer(
    140,
    24,
    AT,
    NODES.map(({ instance }) => `${instance}:9090`),
  );
  NODES.forEach((sample, nth) => viewer.show(nodeText(sample, '0.1.0'), AT, nth));
  return viewer;
}

describe('recorded and replayed', () => {
  inNewDirectory();
  let replay: ReplayViewer;
  beforeEach(async () => {
    const writer = await newWriter(place.directory.file('five.ndjson'), 'none');
    const lines = frameLines(scraped().hosts, { at: AT, offsetMinutes: 0, hostname: 'remote', include: new Set(SECTIONS) });
    await writer.write(lines, AT);
    await writer.finish();
    replay = await new ReplayViewer(140, 24).openFile(writer.path);
  });
  expectations((...keys) => replay.press(...keys));
});
