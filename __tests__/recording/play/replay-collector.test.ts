import { freezeNode } from '../../helpers/snapshot.js';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { included, whyNotReporting } from '../../../lib/model/node-view.js';
import type { Delivery } from '../../../lib/model/collector.js';
import type { Transport } from '../../../lib/model/replay.js';
import { frameLines, type LineBytes } from '../../../lib/recording/format/encode.js';
import { createReplay, type RecordingReplay, type ReplayOptions } from '../../../lib/recording/play/replay-collector.js';
import { SECTIONS } from '../../../lib/recording/format/schema.js';
import { ReaderSource } from '../../../lib/recording/play/frame-source.js';
import { SteppedClock } from '../../helpers/clock.js';
import { buildNodes, type TestNode, type NodeSpec } from '../../helpers/hosts.js';
import { always, inNewDirectory, openReader, place } from '../../helpers/recording-player.js';
import { cycle, newWriter, record, timeOf } from '../../helpers/recordings.js';

inNewDirectory();

/** Shorter than the time between two frames at any speed. */
const STEP_MS = 125;

/** A replay and its deliveries, with a clock that stands still. */
class Player {
  readonly clock = new SteppedClock();
  readonly deliveries: Delivery[] = [];
  /** The frame of each delivery, and its continuity. */
  readonly delivered: (readonly [nth: number, continuity: string])[] = [];
  readonly problems: string[] = [];
  replay!: RecordingReplay;

  async open(path: string, options: Partial<ReplayOptions> = {}, index = true): Promise<this> {
    const reader = await openReader(path);
    if (index) await reader.index(always);
    this.replay = await createReplay({ source: new ReaderSource(reader), name: 'test', clock: this.clock, ...options });
    this.replay.onStatus((problem) => problem !== undefined && this.problems.push(problem));
    this.replay.start((delivery) => {
      this.deliveries.push(delivery);
      this.delivered.push([this.nth, delivery.continuity]);
    });
    await this.settle();
    return this;
  }
  /** Waits until pending requests are delivered. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  async step(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.clock.step(Math.min(STEP_MS, ms - passed));
      await this.settle();
    }
  }
  async tell(...commands: readonly Transport[]): Promise<string | undefined> {
    let said: string | undefined;
    for (const command of commands) said = this.replay.command(command);
    await this.settle();
    return said;
  }
  get nth(): number {
    return Math.round((this.replay.status.at - timeOf(0)) / 3000);
  }
  get last(): Delivery {
    return this.deliveries.at(-1)!;
  }
}

const open = async (frames: number, options: Partial<ReplayOptions> = {}): Promise<Player> =>
  new Player().open(await record(place.directory.file('a.ndjson'), 'none', frames), options);

describe('playing', () => {
  test('shows a frame every three seconds of recorded time, none too early, none skipped', async () => {
    const player = await open(10);
    const seen: number[] = [player.nth];
    for (let quarter = 1; quarter <= 24; quarter++) {
      await player.step(250);
      seen.push(player.nth);
    }
    expect(seen).toEqual([...Array.from({ length: 25 }, (_, quarter) => Math.floor(quarter / 12))]);
  });

  test.each([
    [0.25, 12_000, 1],
    [0.5, 6000, 1],
    [2, 6000, 4],
    [8, 3000, 8],
    [16, 3000, 16],
    [0.05, 60_000, 1],
  ])('at speed %d, %d ms are %d frames', async (speed, ms, frames) => {
    const player = await open(40, { speed });
    await player.step(ms - 1);
    expect(player.nth).toBe(frames - 1);
    await player.step(1);
    expect(player.nth).toBe(frames);
  });

  test('keeps uneven pauses, and shortens gaps', async () => {
    const writer = await newWriter(place.directory.file('a.ndjson'), 'none');
    for (const nth of [0, 1, 3, 1000]) await writer.write(cycle(nth), timeOf(nth));
    await writer.finish();
    const player = await new Player().open(writer.path);
    await player.step(3000);
    expect(player.nth).toBe(1);
    await player.step(5750);
    expect(player.nth).toBe(1);
    await player.step(250);
    expect(player.nth).toBe(3);
    // Three intervals for the fifty minutes to the last frame.
    await player.step(8750);
    expect(player.nth).toBe(3);
    await player.step(250);
    expect(player.nth).toBe(1000);
  });

  test('stops at the last frame, and reports its position', async () => {
    const player = await open(3);
    await player.step(20_000);
    expect(player.replay.status).toMatchObject({ playing: false, ended: true, frame: 2, frames: 3, at: timeOf(2), lastAt: timeOf(2) });
    const delivered = player.deliveries.length;
    await player.step(20_000);
    expect(player.deliveries.length).toBe(delivered);
    expect(await player.tell({ action: 'toggle' })).toBe('end of the recording; { goes to the start');
    expect(player.replay.status.playing).toBe(false);
  });

  test('loops, as a jump', async () => {
    const player = await open(3, { loop: true });
    await player.step(6000);
    expect(player.nth).toBe(2);
    await player.step(3000);
    expect([player.nth, player.last.continuity]).toEqual([0, 'jump']);
    await player.step(3000);
    expect([player.nth, player.replay.status.playing]).toEqual([1, true]);
    expect(await player.tell({ action: 'loop' })).toBe('loop off: the replay stops at the end');
    await player.step(30_000);
    expect(player.replay.status).toMatchObject({ playing: false, ended: true });
    await player.tell({ action: 'loop' }, { action: 'toggle' });
    expect([player.nth, player.replay.status.playing]).toEqual([0, true]);
  });

  test('after the machine slept, continues where the recording would be, without the frames in between', async () => {
    const player = await open(40);
    player.clock.sleep(30_000);
    await player.step(3000);
    await player.step(3000);
    expect(player.nth).toBeGreaterThanOrEqual(11);
    expect(player.deliveries.length).toBeLessThan(player.nth);
  });

  test('pauses on request, and continues from there', async () => {
    const player = await open(10);
    await player.step(4000);
    await player.tell({ action: 'toggle' });
    await player.step(60_000);
    expect(player.nth).toBe(1);
    await player.tell({ action: 'toggle' });
    await player.step(3000);
    expect(player.nth).toBe(2);
  });

  test('changes speed step by step, also from between two steps', async () => {
    const player = await open(2, { speed: 3 });
    const speeds: number[] = [];
    for (const by of [1, 1, 1, -1, -1, -1, -1, -1, -1, -1] as const) {
      await player.tell({ action: 'speed', by });
      speeds.push(player.replay.status.speed);
    }
    expect(speeds).toEqual([4, 8, 8, 4, 2, 1, 0.5, 0.25, 0.25, 0.25]);
  });
});

describe('navigation', () => {
  test('steps pause playback; forward is next, back is a jump; held keys add up', async () => {
    const player = await open(10);
    await player.tell({ action: 'step', by: 1 });
    expect([player.nth, player.last.continuity, player.replay.status.playing]).toEqual([1, 'next', false]);
    await player.tell({ action: 'step', by: 1 }, { action: 'step', by: 1 }, { action: 'step', by: 1 });
    expect(player.nth).toBe(4);
    await player.tell({ action: 'step', by: -1 }, { action: 'step', by: -1 });
    expect(player.nth).toBe(2);
    expect(player.delivered.slice(-4)).toEqual([[3, 'jump'], [0, 'jump'], [1, 'next'], [2, 'next']]); // prettier-ignore
    for (let press = 0; press < 5; press++) await player.tell({ action: 'step', by: -1 });
    expect(player.nth).toBe(0);
    expect(await player.tell({ action: 'end' }, { action: 'step', by: 1 })).toBeUndefined();
  });

  test('skips ten seconds forward and back, from the target of the last press', async () => {
    const player = await open(40);
    await player.tell({ action: 'skip', ms: 10_000 });
    expect([player.nth, player.replay.status.playing]).toEqual([3, true]);
    // The frames before it are delivered too, so that histories are not empty.
    expect(player.delivered).toEqual([[0, 'next'], [0, 'jump'], [1, 'next'], [2, 'next'], [3, 'next']]); // prettier-ignore
    await player.tell({ action: 'skip', ms: 10_000 }, { action: 'skip', ms: 10_000 }, { action: 'skip', ms: 10_000 });
    expect(player.nth).toBe(13);
    await player.tell({ action: 'skip', ms: -10_000 });
    expect(player.nth).toBe(10);
    await player.tell(...Array.from({ length: 9 }, () => ({ action: 'skip', ms: -10_000 }) as const));
    expect(player.nth).toBe(0);
    await player.tell(...Array.from({ length: 30 }, () => ({ action: 'skip', ms: 10_000 }) as const));
    expect([player.nth, player.replay.status.seeking]).toEqual([39, false]);
  });

  test('skips cross a gap and frames that are far apart', async () => {
    const writer = await newWriter(place.directory.file('a.ndjson'), 'none');
    for (const nth of [0, 1, 100, 200]) await writer.write(cycle(nth), timeOf(nth));
    await writer.finish();
    const player = await new Player().open(writer.path);
    const seen: number[] = [];
    for (const ms of [10_000, 10_000, 10_000, -10_000, -10_000, -10_000]) {
      await player.tell({ action: 'toggle' }, { action: 'skip', ms });
      seen.push(player.nth);
    }
    expect(seen).toEqual([1, 100, 200, 100, 1, 0]);
  });

  test('stops at either end', async () => {
    const player = await open(10);
    await player.tell({ action: 'seek', at: timeOf(1e6) });
    expect([player.nth, player.replay.status.seeking]).toEqual([9, false]);
    await player.tell({ action: 'seek', at: 0 });
    expect(player.nth).toBe(0);
    await player.tell({ action: 'end' });
    expect(player.nth).toBe(9);
    await player.tell({ action: 'start' });
    expect(player.nth).toBe(0);
  });

  test('starts at the given time', async () => {
    expect((await open(10, { startAt: timeOf(4) + 100 })).nth).toBe(4);
  });

  test('sets, visits and removes bookmarks', async () => {
    const player = await open(10);
    expect(await player.tell({ action: 'next-bookmark' })).toBe('no bookmark; B sets one');
    await player.tell({ action: 'seek', at: timeOf(6) });
    await player.tell({ action: 'bookmark' });
    await player.tell({ action: 'seek', at: timeOf(2) });
    await player.tell({ action: 'bookmark' });
    expect(player.replay.status.bookmarks).toEqual([timeOf(2), timeOf(6)]);
    await player.tell({ action: 'next-bookmark' });
    expect(player.nth).toBe(6);
    await player.tell({ action: 'next-bookmark' });
    expect(player.nth).toBe(2);
    await player.tell({ action: 'bookmark' });
    expect(player.replay.status.bookmarks).toEqual([timeOf(6)]);
  });

  test('never shows the result of an earlier request after a later one', async () => {
    const player = await open(40);
    await player.tell(
      { action: 'seek', at: timeOf(30) },
      { action: 'seek', at: timeOf(20) },
      { action: 'start' },
      { action: 'seek', at: timeOf(7) },
    );
    expect(player.nth).toBe(7);
    expect(player.deliveries.map(({ node }) => Math.round((node.at - timeOf(0)) / 3000)).filter((nth) => nth === 30 || nth === 20)).toEqual(
      [],
    );
  });

  test('texts are correct whichever frames were fetched and not shown', async () => {
    const path = place.directory.file('a.ndjson');
    const writer = await newWriter(path, 'none');
    for (let nth = 0; nth < 30; nth++) {
      const hosts = [{ gpus: [{ name: `GPU of frame ${nth}` }], procs: [{ pid: 1, gpu: 0, user: `user${nth}`, command: `run ${nth}` }] }];
      await writer.write(cycle(nth, hosts), timeOf(nth));
    }
    await writer.finish();
    const player = await new Player().open(path, { speed: 8 });
    await player.step(1000);
    for (const at of [25, 3, 17]) {
      await player.tell({ action: 'seek', at: timeOf(at) }, { action: 'seek', at: timeOf(at + 1) });
      const { gpus, procs } = freezeNode(player.replay.nodes[0]!);
      expect([gpus[0]?.name, procs[0]?.user, procs[0]?.command]).toEqual([`GPU of frame ${at + 1}`, `user${at + 1}`, `run ${at + 1}`]);
    }
  });
});

const META = { offsetMinutes: 0, hostname: 'remote', include: new Set(SECTIONS) };

/** A recording of nodes that change: each cycle has the result of `change`. */
async function recordLives(cycles: number, hosts: TestNode[], change: (nth: number) => void): Promise<string> {
  const writer = await newWriter(place.directory.file('lives.ndjson'), 'none');
  for (let nth = 0; nth < cycles; nth++) {
    change(nth);
    await writer.write(frameLines(hosts, { ...META, at: timeOf(nth) }), timeOf(nth));
  }
  await writer.finish();
  return writer.path;
}

describe('replayed nodes', () => {
  test('that fail, become overdue, come back and disappear look as they did live', async () => {
    const [steady, shaky] = buildNodes([{ gpus: 1 }, { gpus: 2, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: 5 }] }]);
    const hosts = [steady!, shaky!];
    const lost = { code: 'S_REFUSED', text: 'connection refused' };
    const expected: unknown[] = [];
    const path = await recordLives(8, hosts, (nth) => {
      steady!.scrape({ gpus: 1 }, timeOf(nth));
      if (nth < 2 || nth === 6) shaky!.scrape({ gpus: 2, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: nth }] }, timeOf(nth));
      else if (nth < 6) {
        shaky!.fail({ at: timeOf(nth), error: lost });
        shaky!.setStatus({ nextTryAt: timeOf(nth) + 500 });
      }
      if (nth === 4) shaky!.setStatus({ overdue: true });
      if (nth === 7) hosts.pop();
      expected.push(hosts.map((host) => freezeNode(host)));
    });
    const player = await new Player().open(path);
    for (let nth = 0; nth < 8; nth++) {
      if (nth > 0) await player.tell({ action: 'step', by: 1 });
      expect([nth, player.replay.nodes.map((node) => freezeNode(node))]).toEqual([nth, expected[nth]]);
    }
    expect(player.deliveries.filter(({ node }) => node.nodeId === shaky!.nodeId).map(({ kind }) => kind)).toEqual([
      'data',
      'data',
      'failed',
      'failed',
      'overdue',
      'overdue',
      'data',
      'gone', // prettier-ignore
    ]);
    for (const nth of [4, 7, 0, 5]) {
      await player.tell({ action: 'seek', at: timeOf(nth) });
      expect([nth, new Set(player.replay.nodes.map((node) => JSON.stringify(freezeNode(node))))]).toEqual([
        nth,
        new Set((expected[nth] as object[]).map((host) => JSON.stringify(host))),
      ]);
    }
  });

  test('that never answered, and groups of the host file, are shown', async () => {
    const hosts = buildNodes([{ gpus: 1, groups: { rack: 'r7' } }, { state: 'waiting' }]);
    const path = await recordLives(2, hosts, (nth) => hosts[0]!.scrape({ gpus: 1 }, timeOf(nth)));
    const player = await new Player().open(path);
    expect(player.replay.nodes.map(({ status, groups, name: label }) => [label, status.phase, groups.get('rack')])).toEqual([
      ['node-0001', 'live', 'r7'],
      ['node-0002', 'waiting', undefined],
    ]);
  });

  test('of an all-smi recording fail, then become overdue, when left out; an empty process section means unknown', async () => {
    const frame = (nth: number, ids: readonly string[]): string => {
      const gpus = ids.map(
        (id) =>
          `{"detail":{},"host_id":"${id}","hostname":"${id}","instance":"${id}","total_memory":80,"used_memory":40,"utilization":${nth},"uuid":"GPU-${id}"}`,
      );
      return `{"gpus":[${gpus.join()}],"hostname":"remote","processes":[],"schema":1,"timestamp":"${new Date(timeOf(nth)).toISOString().slice(0, 19)}Z"}`;
    };
    writeFileSync(
      place.directory.file('b.ndjson'),
      [0, 1, 2, 3, 4, 5, 6].map((nth) => frame(nth, nth >= 2 && nth < 6 ? ['a'] : ['a', 'b'])).join('\n'),
    );
    const player = await new Player().open(place.directory.file('b.ndjson'));
    const states: unknown[] = [];
    for (let nth = 0; nth < 7; nth++) {
      if (nth > 0) await player.tell({ action: 'step', by: 1 });
      const node = player.replay.nodes.find(({ nodeId }) => nodeId === 'b')!;
      states.push([node.status.phase, included(node), node.gpus.count, node.status.failures]);
    }
    expect(states).toEqual([
      ['live', true, 1, 0],
      ['live', true, 1, 0],
      ['failing', true, 1, 1],
      ['failing', true, 1, 2],
      // Nine seconds without it are three intervals.
      ['failing', false, 1, 3],
      ['failing', false, 1, 4],
      ['live', true, 1, 0],
    ]);
    expect(whyNotReporting(player.replay.nodes[0]!)).toBe('not recorded');
    await player.tell({ action: 'seek', at: timeOf(3) });
    const host = player.replay.nodes.find(({ nodeId }) => nodeId === 'b')!;
    expect([host.status.phase, host.status.okAt, host.gpus.count]).toEqual(['failing', timeOf(1), 1]);
  });
});

test('a source that fails is reported, and playback pauses', async () => {
  const player = await open(10);
  const reader = await openReader(place.directory.file('a.ndjson'));
  const source = new ReaderSource(reader);
  const broken = await createReplay({ source, name: 'test', clock: player.clock });
  source.ask = () => Promise.reject(new Error('disk I/O error'));
  const problems: (string | undefined)[] = [];
  broken.onStatus((problem) => problem !== undefined && problems.push(problem));
  broken.start(() => undefined);
  await player.settle();
  expect([problems, broken.status.playing]).toEqual([['Error: disk I/O error'], false]);
});

test('unreadable frames are skipped in either direction', async () => {
  const lines = [0, 1, 2].map((nth) => Buffer.concat(cycle(nth)[0]! as LineBytes & Uint8Array[]).toString());
  writeFileSync(place.directory.file('c.ndjson'), [lines[0], lines[1]!.replace('[{', '[{{'), lines[2]].join(''));
  const player = await new Player().open(place.directory.file('c.ndjson'));
  await player.tell({ action: 'step', by: 1 });
  expect(player.nth).toBe(2);
  await player.tell({ action: 'step', by: -1 });
  expect(player.nth).toBe(0);
  expect(player.replay.status.badLines).toBe(1);
});

const twoUsers: readonly NodeSpec[] = [{ gpus: 1, procs: [{ pid: 1, gpu: 0, user: 'alice' }] }];
test('nothing is delivered after stop', async () => {
  const player = await new Player().open(await record(place.directory.file('d.ndjson'), 'none', 10, twoUsers));
  const delivered = player.deliveries.length;
  await player.replay.stop();
  player.clock.step(60_000);
  await player.settle();
  expect(player.deliveries.length).toBe(delivered);
});
