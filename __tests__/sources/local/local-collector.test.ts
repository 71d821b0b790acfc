import { SampleColumns } from '../../../lib/exposition/write/sample-columns.js';
import { VERSION } from '../../../lib/version.js';
import { freezeNode } from '../../helpers/snapshot.js';
import { afterEach, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { App } from '../../../lib/app/app.js';
import { createLocalCollector, type LocalCollector, type LocalCollectorOptions } from '../../../lib/sources/local/local-collector.js';
import type { Delivery } from '../../../lib/model/collector.js';
import { MemoryPainter } from '../../../lib/paint/memory-painter.js';
import { localNotices } from '../../../lib/view/local-notices.js';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import { fixture, namesOf, staticMachine, type StandInMachine } from '../../helpers/captures.js';
import { SteppedClock } from '../../helpers/clock.js';
import { BUILT_IN } from '../../helpers/driver.js';
import { expectGolden } from '../../helpers/golden.js';

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

/** 07:42:09 local time, whatever the time zone of the tests. */
const NOW = new Date(2026, 10, 23, 7, 42, 9).getTime();

function local(here: StandInMachine, options: Partial<LocalCollectorOptions> = {}): { collector: LocalCollector; clock: SteppedClock } {
  const clock = new SteppedClock(NOW);
  const { nvidiaSmi, procDir, passwdFile } = here;
  const columns = new Parsers().holding((users) => new SampleColumns(users, VERSION));
  const collector = createLocalCollector({ nvidiaSmi, procDir, passwdFile, redact: true, clock, columns, ...options });
  running.push({ stop: () => here.dispose() }, collector);
  return { collector, clock };
}

/** Its deliveries, as they come. */
function deliveries(collector: LocalCollector): { next(): Promise<Delivery> } {
  const come: Delivery[] = [];
  collector.start((delivery) => come.push(delivery));
  const next = async (): Promise<Delivery> => {
    for (let left = 1000; come.length === 0; left--) {
      if (left === 0) throw new Error('nothing was delivered');
      await pause(5);
    }
    return come.shift()!;
  };
  return { next };
}

describe('this machine is a node like any other', () => {
  test('it is waiting, then up, at every interval', async () => {
    const { collector, clock } = local(staticMachine());
    const [node] = collector.nodes;
    expect([node?.nodeId, node?.name, node?.status.phase, collector.source]).toEqual([
      'localhost',
      'gpu-h100-01',
      'waiting',
      'this machine',
    ]);
    const coming = deliveries(collector);
    const first = await coming.next();
    expect(first).toMatchObject({ kind: 'data', continuity: 'next' });
    expect(node?.status).toMatchObject({ phase: 'live', okAt: NOW, skewMs: 0 });
    const names = namesOf(fixture('h100-static/passwd'));
    expect(
      freezeNode(node!)
        .procs.filter(({ gpu }) => gpu === 0)
        .map(({ pid, user, vramBytes }) => [pid, user, vramBytes / 2 ** 20]),
    ).toEqual([
      [454, names.get(1002), 9772],
      [455, names.get(999), 1142],
      [456, names.get(1001), 2642],
      [451, names.get(0), 1342],
      [457, names.get(1001), 6772],
    ]);
    clock.step(2000);
    // The machine does not change: the rows are the same.
    expect(await coming.next()).toMatchObject({ kind: 'data' });
    expect([node?.version, node?.structure]).toEqual([2, 1]);
  });

  test('a slow collection is overdue until it is done', async () => {
    const here = staticMachine();
    here.write('apps.hang', '');
    const { collector, clock } = local(here, { intervalMs: 1000 });
    const coming = deliveries(collector);
    for (let left = 200; !here.started.some((line) => line.includes('compute-apps')); left--) {
      expect(left).toBeGreaterThan(0);
      await pause(10);
    }
    // The process query may take 5 s, and three intervals are 3 s.
    clock.step(3000);
    expect((await coming.next()).kind).toBe('overdue');
    expect(collector.nodes[0]?.status.overdue).toBe(true);
    clock.step(2000);
    expect((await coming.next()).kind).toBe('data');
    expect(collector.nodes[0]?.status.overdue).toBe(false);
    expect(collector.sources.find(({ name }) => name === 'gpu-processes')?.state).toBe('hanging');
  });

  test('without /proc there is an error that names it', () => {
    const here = staticMachine();
    running.push({ stop: () => here.dispose() });
    expect(() => local(here, { procDir: '/nowhere' })).toThrow(expect.objectContaining({ code: 'E_LOCAL_NONE', exit: 2 }));
  });
});

describe('on screen', () => {
  async function screens(here: StandInMachine, options: Partial<LocalCollectorOptions>, ...keys: readonly string[]): Promise<string> {
    const { collector, clock } = local(here, options);
    const painter = new MemoryPainter(100, 22);
    const parts = { plugins: BUILT_IN, collector, painter, clock, save: (): Promise<string> => Promise.reject(new Error()) };
    // As in the viewer: the notices of the sources are read for each frame.
    const app = new App(Object.defineProperty(parts, 'chips', { value: () => localNotices(collector.sources, true) }));
    app.start();
    for (let left = 1000; app.state.versions.collector === 0; left--) {
      expect(left).toBeGreaterThan(0);
      await pause(5);
    }
    clock.step(300);
    for (const key of keys) {
      painter.press(key);
      clock.step(300);
    }
    const screen = painter.text();
    await app.stop();
    return screen;
  }

  test('with a GPU', async () => {
    expectGolden('local', 100, 22, await screens(staticMachine(), {}, 'Right', 'Right'));
  });

  test('without a GPU: a message, with CPU, memory and processes', async () => {
    expectGolden('local-no-gpu', 100, 22, await screens(staticMachine(), { nvidiaSmi: '/nowhere/nvidia-smi' }, 'Right', 'Right'));
  });
});
