/** A recording replays what was live: the values of a cluster, and the timeline of a real GPU. */
import { SampleColumns } from '../../lib/exposition/write/sample-columns.js';
import { VERSION } from '../../lib/version.js';
import { expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { usersDerivation } from '../../lib/aggregate/users.js';
import { App } from '../../lib/app/app.js';
import { createLocalCollector } from '../../lib/sources/local/local-collector.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import type { NodeView } from '../../lib/model/node-view.js';
import { Node } from '../../lib/model/node.js';
import { MemoryPainter } from '../../lib/paint/memory-painter.js';
import { frameLines } from '../../lib/recording/format/encode.js';
import { createReplay } from '../../lib/recording/play/replay-collector.js';
import { SECTIONS } from '../../lib/recording/format/schema.js';
import { ReaderSource } from '../../lib/recording/play/frame-source.js';
import { mockPlans } from '../../lib/mock/mock-cluster.js';
import { readNode } from '../../lib/mock/mock-node.js';
import { mockNodeText } from '../../lib/mock/mock-text.js';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { TimelineMachine } from '../helpers/captures.js';
import { SteppedClock } from '../helpers/clock.js';
import { BUILT_IN } from '../helpers/driver.js';
import { expectGolden } from '../helpers/golden.js';
import { always, inNewDirectory, openReader, place } from '../helpers/recording-player.js';
import { linesIn, newWriter, timeOf } from '../helpers/recordings.js';
import { complaintsAbout } from '../helpers/recording-validator.js';

inNewDirectory();

const META = { offsetMinutes: 0, include: new Set(SECTIONS) };

/** The content of the Users tab as plain rows. */
function figures(nodes: Iterable<NodeView>): object {
  const table = new Derivations().derive(usersDerivation, nodes, 0);
  const rows = Array.from({ length: table.countAll }, (_, row) => ({
    user: table.user(row),
    system: table.system(row),
    command: table.command(row),
    ...Object.fromEntries(
      (['nodes', 'gpus', 'procs', 'nodesAll', 'procsAll', 'vramBytes', 'powerWatts', 'powerPartial', 'sm', 'longestSeconds'] as const).map(
        (field) => [field, table[field][row]],
      ),
    ),
  }));
  return { rows, totals: table.totals };
}

const turn = async (): Promise<void> => {
  for (let nth = 0; nth < 12; nth++) await new Promise((resolve) => setImmediate(resolve));
};

test('a hundred nodes with processes: the values of every user, frame by frame', async () => {
  const FRAMES = 7;
  const wire = new Parsers();
  const plans = mockPlans({ gpuName: 'NVIDIA B200 192GB HBM3', nodes: 100, startIndex: 1, processes: true, seed: 1 });
  const nodes = plans.map((plan, nth) => {
    const parser = wire.newParser();
    return { plan, text: mockNodeText(plan), parser, record: new Node({ nodeId: `10.0.0.${nth}:9090` }, parser.data) };
  });
  const writer = await newWriter(place.directory.file('mock.ndjson.zst'), 'zstd');
  const live: object[] = [];
  for (let nth = 0; nth < FRAMES; nth++) {
    for (const [node, { plan, text, parser, record }] of nodes.entries()) {
      // Each at its own time, and one fails for a while.
      const at = timeOf(nth) - ((node * 37) % 2900);
      if (node === 7 && nth > 1 && nth < 6) {
        record.fail({ at, error: { code: 'S_REFUSED', text: 'connection refused' } });
        record.setStatus({ overdue: nth > 3 });
        continue;
      }
      parser.push(Buffer.from(text(readNode(plan, nth, nth * 3))));
      parser.commit(at, 0);
      record.commit({ at });
    }
    const hosts = nodes.map(({ record }) => record);
    live.push(figures(hosts));
    await writer.write(frameLines(hosts, { ...META, at: timeOf(nth), hostname: 'remote' }), timeOf(nth));
  }
  await writer.finish();

  const replay = await createReplay({ source: new ReaderSource(await openReader(writer.path)), name: 'mock', clock: new SteppedClock() });
  replay.start(() => undefined);
  const played: object[] = [];
  for (let nth = 0; nth < FRAMES; nth++) {
    if (nth > 0) replay.command({ action: 'step', by: 1 });
    while (replay.status.frame !== nth) await pause(1);
    played.push(figures(replay.nodes));
  }
  expect(played).toEqual(live);
});

/** The viewer on a recording, without a terminal. */
async function viewer(path: string, cols: number, rows: number): Promise<{ at(seconds: number): Promise<string> }> {
  const reader = await openReader(path);
  await reader.index(always);
  const clock = new SteppedClock();
  const replay = await createReplay({ source: new ReaderSource(reader), name: 'h100.ndjson.zst', clock });
  const painter = new MemoryPainter(cols, rows);
  new App({ plugins: BUILT_IN, collector: replay, replay, painter, clock, save: () => Promise.reject(new Error('not here')) }).start();
  painter.press('Space');
  painter.press('V');
  return {
    async at(seconds) {
      // The last one comes slightly before the full second.
      for (const key of seconds === LOOKED_AT.at(-1) ? ['}'] : ['g', ...String(seconds).split(''), 'Enter']) painter.press(key);
      await turn();
      clock.step(250);
      return painter.text();
    },
  };
}

/** Seconds of the timeline: alice alone; with bob and carol, who compute; with the second job of bob. */
const LOOKED_AT = [20, 45, 90];

test('the H100 timeline through the local collector: who held the GPU and who computed', async () => {
  const machine = new TimelineMachine();
  // The start, and a few seconds before each one that is checked, as GPU shares need a previous sample.
  const samples = machine.samples.filter(({ second }, nth) => nth < 3 || LOOKED_AT.some((end) => second > end - 6 && second <= end));
  const { nvidiaSmi, procDir, passwdFile } = machine;
  const clock = new SteppedClock(samples[0]!.at);
  const wire = new Parsers();
  const collector = createLocalCollector({
    nvidiaSmi,
    procDir,
    passwdFile,
    redact: true,
    clock,
    intervalMs: 400,
    columns: wire.holding((users) => new SampleColumns(users, VERSION)),
  });
  const writer = await newWriter(place.directory.file('h100.ndjson.zst'), 'zstd');
  try {
    collector.start(() => undefined);
    const node = collector.nodes[0]!;
    for (const sample of samples) {
      machine.show(sample);
      const [version, said] = [node.version, machine.said];
      machine.speak();
      while (version > 0 && (machine.said.gpu === said.gpu || machine.said.pmon === said.pmon)) await pause(2);
      // The collector must finish one collection before it can start the next.
      await turn();
      clock.step(sample.at - clock.now());
      while (node.version === version) await pause(2);
      await writer.write(frameLines(collector.nodes, { ...META, at: sample.at, hostname: node.name }), sample.at);
    }
  } finally {
    await collector.stop();
    machine.dispose();
  }
  await writer.finish();
  expect(linesIn(writer.path).flatMap((line, at) => complaintsAbout(line, String(at)))).toEqual([]);
  const screen = await viewer(writer.path, 120, 14);
  // Without key hints, which other tests cover.
  for (const second of LOOKED_AT) expectGolden(`replay-h100-second-${second}`, 120, 13, (await screen.at(second)).replace(/\n[^\n]*$/, ''));
});
