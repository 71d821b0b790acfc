import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { openInThread, compressorInThread } from '../../lib/recording/thread/worker-client.js';
import type { FrameSource } from '../../lib/recording/play/frame-source.js';
import { builtProgram } from '../helpers/built.js';
import { PtyProgram } from '../helpers/pty.js';
import { answers, startServer } from '../helpers/server.js';
import { count, inNewDirectory, openReader, place, play } from '../helpers/recording-player.js';
import { cycle, newWriter, record, textIn, timeOf } from '../helpers/recordings.js';
import { pathToFileURL } from 'node:url';

inNewDirectory();

let program = '';
let worker: URL;
beforeAll(() => {
  program = builtProgram();
  worker = pathToFileURL(join(program, '../../chunks/worker.js'));
});

function told(...args: readonly string[]): { readonly status: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    cwd: place.directory.path,
    timeout: 60_000,
  });
  return { status, out: stdout, err: stderr };
}

describe('wrong usage', () => {
  test.each<readonly [readonly string[], string]>([
    [['record', '--local', '-o', 'none/a.ndjson'], 'cannot write none/a.ndjson: the directory does not exist'],
    [['record', '--local', '-o', '-', '--max-files', '3'], '--output: standard output cannot be split with --max-size or --max-files'],
    [['record', '--local', '-o', 'a.ndjson', '--compress', 'zstd'], '--compress: zstd needs a file name that ends in .zst'],
    [['record', '--local', '--include', 'gpu,tpu'], '--include: "tpu" is not one of: gpu, cpu, memory, chassis, process'],
    [['record', '--local', '--duration', 'soon'], '--duration: "soon" is not like 90s, 10m, 2h or 1d'],
    [['replay-info'], 'replay-info: needs the file name of a recording'],
    [['replay-info', 'none.ndjson'], 'none.ndjson: does not exist'],
    [['--start', '5'], '--start: needs --replay or --prometheus'],
    [['--replay', 'a.ndjson', '--demo'], '--replay: cannot be combined with --demo'],
    [['--replay', 'a.ndjson', '--speed', '99'], '--speed: "99" is not between 0.05 and 16'],
  ])('%j', (args, says) => {
    const { status, err } = told(...args);
    expect(err).toContain(says);
    expect(status).toBe(2 - Number(says.startsWith('cannot write')));
  });
});

describe('record info', () => {
  test('prints text', async () => {
    await record(place.directory.file('a.ndjson.zst'), 'zstd', 20, [{ gpus: 1, procs: [{ pid: 1, gpu: 0, user: 'alice' }] }, { gpus: 2 }]);
    const { status, out } = told('replay-info', 'a.ndjson.zst');
    expect(status).toBe(0);
    expect(out.replace(/[\d.]+ KiB/, 'N KiB')).toBe(
      [
        'files       a.ndjson.zst',
        'size        N KiB, zstd, seekable',
        'written by  all-smi-view test',
        'from        2026-08-07 14:32:03 (UTC)',
        'to          2026-08-07 14:33:00, 00:00:57 later',
        'frames      20, one every 3 s',
        'hosts       2: node-0001, node-0002',
        'users       1: alice',
        'gaps        none',
        'bad lines   0',
        '',
      ].join('\n'),
    );
    expect(told('--replay', 'a.ndjson.zst', '--check')).toMatchObject({ status: 0, out: expect.stringContaining('no errors found') });
  });

  test('reports what cannot be read', async () => {
    const path = await record(place.directory.file('a.ndjson'), 'none', 20);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"gpus":[{', '"gpus":[{{').replace(/\n/, '\nnonsense\n'));
    expect(told('--replay', 'a.ndjson', '--check')).toMatchObject({
      status: 1,
      err: expect.stringContaining('recording a.ndjson: 1 frame missing; 2 bad lines'),
    });
  });

  test('reports where frames are missing that have no numbers, or that it is not known', async () => {
    const text = textIn(await record(place.directory.file('plain'), 'none', 40)).replace(
      /"(?:at_ms|at_seq)":\d+,|"body_crc32":"\w+",|.*"end":true.*\n/g,
      '',
    );
    const without = (frame: number, frames: number): string =>
      text
        .split('\n')
        .toSpliced(1 + frame, frames)
        .join('\n');
    const lose = (left: string): void => {
      writeFileSync(place.directory.file('b.ndjson.gz'), Buffer.concat([gzipSync(left).subarray(0, -8), gzipSync(text).subarray(-8)]));
    };
    lose(without(10, 6));
    const found = told('replay-info', 'b.ndjson.gz', '--verify');
    expect(found).toMatchObject({ status: 1, err: expect.stringContaining('about 6 frames missing; b.ndjson.gz: a checksum') });
    expect(found.out).toContain(
      'damage      about 6 frames missing between 2026-08-07 14:32:30 and 2026-08-07 14:32:51, judging by their times\n',
    );
    lose(without(36, 4));
    const open = told('replay-info', 'b.ndjson.gz', '--verify');
    expect(open).toMatchObject({ status: 1, err: expect.stringContaining('it is not known whether frames are missing, or where') });
    expect(open.out).toContain(
      'it is not known whether frames are missing, or where: they have no numbers, and no two are too far apart in time\n',
    );
  });
});

describe('the worker thread', () => {
  const shown = async (source: FrameSource, nth: number): Promise<number> => {
    const found = await source.ask({ kind: 'at', time: timeOf(nth) });
    return Math.round(((found?.at ?? NaN) - timeOf(0)) / 3000);
  };

  test('answers like the main thread, and reports progress', async () => {
    const path = await record(place.directory.file('a.ndjson.zst'), 'zstd', 300);
    const source = await openInThread([path], place.directory.file('cache'), worker);
    try {
      expect(source.info).toMatchObject({ frames: 300, firstAt: timeOf(0), lastAt: timeOf(299) });
      for (const nth of [0, 299, 150, 3]) expect(await shown(source, nth)).toBe(nth);
      const first = await source.ask({ kind: 'first' });
      expect(Object.prototype.toString.call(first?.frame.gpus.values)).toBe('[object Float64Array]');
      expect(await source.ask({ kind: 'next', ref: (await source.ask({ kind: 'last' }))!.ref })).toBeUndefined();
    } finally {
      await source.close();
    }
  });

  test('does not answer after it has ended', async () => {
    const source = await openInThread([await record(place.directory.file('a.ndjson'), 'none', 3)], place.directory.file('cache'), worker);
    await source.close();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(source.ask({ kind: 'first' })).rejects.toMatchObject({ code: 'E_INTERNAL' });
  });

  test('passes errors on', async () => {
    await expect(openInThread(['none.ndjson'], place.directory.file('cache'), worker)).rejects.toMatchObject({
      code: 'E_RECORDING_UNREADABLE',
    });
  });

  test('compresses', async () => {
    const path = place.directory.file('a.ndjson.zst');
    const writer = await newWriter(path, 'zstd', { newCompressor: () => compressorInThread(worker) });
    for (const nth of count(150)) await writer.write(cycle(nth), timeOf(nth));
    await writer.finish();
    expect(await play(await openReader(path))).toEqual(count(150));
  });
});

test('plays a recording on a terminal: keys, the prompt, the bar; q in the prompt does not quit', async () => {
  const path = await record(place.directory.file('a.ndjson.zst'), 'zstd', 100, [
    { gpus: 1, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: 5e9 }] },
  ]);
  const viewer = new PtyProgram(process.execPath, [program, '--replay', path, '--start', '1:00'], {
    cols: 120,
    rows: 16,
    env: { XDG_CACHE_HOME: place.directory.file('cache') },
  });
  await viewer.shows('frame 21/100');
  viewer.type(' ]');
  await viewer.shows('‖ 1×');
  await viewer.shows('frame 22/100');
  viewer.type('V');
  await viewer.shows('alice');
  viewer.type('g');
  await viewer.shows('go to ▏');
  viewer.type('q@14:33q\r');
  await viewer.shows('frame 20/100');
  viewer.type('}');
  await viewer.shows('frame 100/100');
  viewer.type('q');
  expect((await viewer.exited).status).toBe(0);
  viewer.dispose();
});

test('sends live alerts to the webhook, and shows those of a recording only on screen', async () => {
  let calls = 0;
  const hook = await startServer((_request, response) => {
    calls++;
    response.writeHead(204).end();
  });
  const hot = `all_smi_gpu_utilization{gpu="H100", gpu_uuid="G", gpu_index="0"} 90\nall_smi_gpu_temperature_celsius{gpu="H100", gpu_uuid="G", gpu_index="0"} 99\n`;
  const node = await startServer(answers(hot));
  const path = await record(place.directory.file('hot.ndjson'), 'none', 20, [{ gpus: [{ utilPercent: 90, temperatureCelsius: 99 }] }]);
  const alerting = async (...args: readonly string[]): Promise<void> => {
    const viewer = new PtyProgram(process.execPath, [program, ...args, '--alert-webhook', hook.url], {
      cols: 120,
      rows: 16,
      env: { XDG_CACHE_HOME: place.directory.file('cache') },
    });
    await viewer.shows('99');
    viewer.type('A');
    await viewer.shows('critical at');
    // The first one closes the alerts.
    viewer.type('q');
    await viewer.until('the alerts to close', () => !viewer.emulator.text().includes('History, newest first'));
    viewer.type('q');
    await viewer.exited;
    viewer.dispose();
  };
  try {
    await alerting('--hosts', new URL(node.url).host);
    expect(calls).toBe(1);
    await alerting('--replay', path);
    expect(calls).toBe(1);
  } finally {
    await hook.kill();
    await node.kill();
  }
});
