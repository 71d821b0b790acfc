import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { AppError } from '../../../lib/errors.js';
import { Recorder, sliced, type RecorderOptions } from '../../../lib/recording/write/recorder.js';
import { SECTIONS } from '../../../lib/recording/format/schema.js';
import { recordingSwitch } from '../../../lib/recording/write/recording-switch.js';
import { SegmentFile } from '../../../lib/recording/write/segment-file.js';
import { compressorHere } from '../../../lib/recording/thread/same-thread.js';
import { progressLine, retention } from '../../../bin/record-progress.js';
import { SteppedClock } from '../../helpers/clock.js';
import { ANSWERED_AT, buildNodes } from '../../helpers/hosts.js';
import { inNewDirectory, place } from '../../helpers/recording-player.js';
import { linesIn } from '../../helpers/recordings.js';

inNewDirectory();

/** Writing takes real time, unlike the stepped clock. */
async function until(test: () => boolean): Promise<void> {
  while (!test()) await pause(1);
}

const running: Recorder[] = [];
afterEach(async () => {
  for (const recorder of running.splice(0)) await recorder.stop();
});

class Recording {
  readonly clock = new SteppedClock(ANSWERED_AT);
  readonly hosts = buildNodes([{ gpus: 1 }, { gpus: 2 }]);
  readonly failures: AppError[] = [];
  recorder!: Recorder;

  async start(more: Partial<RecorderOptions> = {}): Promise<this> {
    this.recorder = await Recorder.start({
      path: place.directory.file('a.ndjson'),
      codec: 'none',
      include: new Set(SECTIONS),
      nodes: () => this.hosts,
      intervalMs: 3000,
      clock: this.clock,
      failed: (error) => this.failures.push(error),
      ...more,
    });
    running.push(this.recorder);
    if (!more.ready && !more.rest) await this.settle();
    return this;
  }
  /** The frame is written and the next one is scheduled, or there will be none. */
  async settle(): Promise<void> {
    await until(() => this.clock.pending > 0 || this.failures.length > 0);
  }
  async pass(ms: number): Promise<void> {
    this.clock.step(ms);
    await this.settle();
  }
  /** The times of its frames, in seconds from the start. */
  get frames(): number[] {
    return linesIn(this.recorder.status.path)
      .map((line) => JSON.parse(line) as { at_ms?: number })
      .flatMap(({ at_ms }) => (at_ms === undefined ? [] : [(at_ms - ANSWERED_AT) / 1000]));
  }
}

describe('frames are recorded', () => {
  test('at once, then every interval', async () => {
    const recording = await new Recording().start();
    expect(recording.frames).toEqual([0]);
    for (let nth = 0; nth < 6; nth++) await recording.pass(1500);
    expect(recording.frames).toEqual([0, 3, 6, 9]);
    expect(recording.recorder.status).toMatchObject({ frames: 4, segments: 1, since: ANSWERED_AT });
  });

  test('after the first round of scrapes, if that is awaited; stopped before, the recording is empty', async () => {
    let done: () => void = () => undefined;
    const recording = await new Recording().start({ ready: new Promise((resolve) => (done = resolve)) });
    recording.clock.step(7000);
    expect(linesIn(recording.recorder.status.path)).toEqual([]);
    done();
    await recording.settle();
    await recording.pass(3000);
    expect(recording.frames).toEqual([7, 10]);
    await recording.recorder.stop();
    const never = await new Recording().start({ path: place.directory.file('b.ndjson'), ready: new Promise(() => undefined) });
    await never.recorder.stop();
    expect(linesIn(place.directory.file('b.ndjson'))).toEqual([
      expect.stringContaining('"header":true'),
      expect.stringContaining('"end":true'),
    ]);
  });

  test('without catching up on time the machine slept', async () => {
    const recording = await new Recording().start();
    recording.clock.sleep(100_000);
    for (let nth = 0; nth < 4; nth++) await recording.pass(1500);
    expect(recording.frames.length).toBeLessThan(5);
    expect(recording.frames.at(-1)).toBeGreaterThan(100);
  });

  test('one at a time, even if a frame takes longer than an interval', async () => {
    const go: (() => void)[] = [];
    const rest = (): Promise<void> => new Promise((resolve) => go.push(resolve));
    const recording = await new Recording().start({ rest });
    const finish = (): Promise<void> =>
      until(() => {
        for (const resume of go.splice(0)) resume();
        return recording.clock.pending > 0;
      });
    await until(() => go.length > 0);
    for (let nth = 0; nth < 5; nth++) recording.clock.step(3000);
    await finish();
    expect(recording.frames).toEqual([0]);
    recording.clock.step(3000);
    await finish();
    expect(recording.frames).toEqual([0, 18]);
  });

  test('no more after stop, and stopping twice does no harm', async () => {
    const recording = await new Recording().start();
    await Promise.all([recording.recorder.stop(), recording.recorder.stop()]);
    expect(recording.clock.pending).toBe(0);
    recording.clock.step(30_000);
    expect(recording.frames).toEqual([0]);
    expect(recording.failures).toEqual([]);
  });
});

test('a recording of this machine has its name, others are named "remote"', async () => {
  const names: unknown[] = [];
  for (const local of [true, false]) {
    const recording = await new Recording().start({ path: place.directory.file(`${local}.ndjson`), local });
    names.push((JSON.parse(linesIn(recording.recorder.status.path)[1]!) as { hostname: string }).hostname);
  }
  expect(names).toEqual(['node-0001', 'remote']);
});

test('a file that cannot be written ends the recording, with one message', async () => {
  const { prototype } = SegmentFile;
  const { append } = prototype;
  const recording = await new Recording().start();
  prototype.append = () => Promise.reject(Object.assign(new Error(), { code: 'ENOSPC' }));
  try {
    await recording.pass(3000);
  } finally {
    prototype.append = append;
  }
  await recording.pass(9000);
  expect(recording.failures.map(({ message }) => message)).toEqual([
    `recording to ${place.directory.file('a.ndjson')} stopped: the disk is full`,
  ]);
  expect(recording.frames).toEqual([0]);
  await recording.recorder.stop();
});

test('the switch starts, stops and starts again with another file, and reports when a recording ends by itself', async () => {
  const clock = new SteppedClock(ANSWERED_AT);
  const said: (string | undefined)[] = [];
  const one = recordingSwitch({
    nodes: () => buildNodes([{ gpus: 1 }]),
    intervalMs: 3000,
    clock,
    local: false,
    newCompressor: compressorHere,
    path: (name) => place.directory.file(name),
  });
  one.onChange((problem) => said.push(problem));
  expect(one.status).toBeUndefined();
  await one.start();
  await until(() => said.length === 1);
  expect(one.status).toMatchObject({ frames: 1 });
  const first = await one.stop();
  expect([first?.frames, one.status, said]).toEqual([1, undefined, [undefined]]);
  await one.start();
  await until(() => said.length === 2);
  const second = await one.stop();
  expect(second?.path).not.toBe(first?.path);
  expect(await one.stop()).toBeUndefined();
});

test('long work pauses at the end of its time slice', async () => {
  const rest = sliced();
  let pause: Promise<void> | undefined;
  for (const end = performance.now() + 1000; !pause && performance.now() < end;) pause = rest();
  expect(pause).toBeInstanceOf(Promise);
  await pause;
  expect(rest()).toBeUndefined();
});

describe('progress', () => {
  test('in one line', () => {
    const line = {
      frames: 241,
      bytes: 12.9e6,
      answering: 97,
      hosts: 100,
      passedMs: 723_000,
      durationMs: 3_600_000,
      retention: 'disk full in 12 days',
    };
    expect(progressLine(line)).toBe(
      '● 00:12:03 · 241 frames · 12.3 MiB · 97 of 100 nodes · 61.3 MiB/h · 00:47:57 left · disk full in 12 days',
    );
    expect(progressLine({ ...line, frames: 1, bytes: 0, answering: 1, hosts: 1, passedMs: 0, durationMs: undefined, retention: '' })).toBe(
      '● 00:00:00 · 1 frame · 0 B · 1 of 1 node · –/h',
    );
  });

  test.each([
    // 1 MiB in a minute: 600 MiB are ten hours.
    [2 ** 20, 60_000, 600 * 2 ** 20, true, 'keeps the last 10 hours'],
    [2 ** 20, 60_000, 60 * 2 ** 20, true, 'keeps the last 01:00:00'],
    [2 ** 20, 60_000, 14_400 * 2 ** 20, false, 'disk full in 10 days'],
    [2 ** 20, 5000, 600 * 2 ** 20, true, ''],
    [0, 60_000, 600 * 2 ** 20, true, ''],
    [2 ** 20, 60_000, Infinity, false, ''],
  ])('%d bytes in %d ms of %d', (size, passed, room, rotating, text) => {
    expect(retention(size, passed, room, rotating)).toBe(text);
  });
});
