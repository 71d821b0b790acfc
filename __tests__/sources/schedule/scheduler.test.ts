import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TimerQueue } from '../../../lib/sources/schedule/timer-queue.js';
import { adaptiveInterval, backoff, MAX_BACKOFF_MS, stagger } from '../../../lib/sources/schedule/pace.js';
import { Scheduler, type SchedulerOptions } from '../../../lib/sources/schedule/scheduler.js';
import { Endpoint } from '../../../lib/model/endpoint.js';
import { SteppedClock } from '../../helpers/clock.js';

const HOUR = 3_600_000;

/** A scheduler whose nodes answer after their `latency` (undefined: never), and a log of its actions, in milliseconds since its start. */
function run({
  hosts = 1,
  ...options
}: Partial<SchedulerOptions> & { hosts?: number; latency?: (host: number) => number | undefined; ok?: (host: number) => boolean }) {
  const clock = new SteppedClock();
  const zero = clock.now();
  const events: { at: number; what: 'begin' | 'cancel' | 'overdue' | 'answer' | 'fail'; host: number }[] = [];
  const flying = new Map<number, () => void>();
  const peak = { flying: 0 };
  const log = (what: (typeof events)[number]['what'], host: number): void => void events.push({ at: clock.now() - zero, what, host });
  const ok = { of: options.ok ?? ((): boolean => true) };
  const latency = { of: options.latency ?? ((): number | undefined => 10) };
  const intervalMs = options.intervalMs ?? 1000;
  const endpoints = Array.from({ length: hosts }, (_, host) => new Endpoint(`n${host}`, intervalMs));
  const scheduler = new Scheduler({
    endpoints,
    intervalMs,
    clock,
    random: () => 0,
    begin(host) {
      if (flying.has(host)) throw new Error(`two scrapes of host ${host}`);
      log('begin', host);
      const ms = latency.of(host);
      const cancel = ms === undefined ? () => undefined : clock.after(ms, () => settle(host));
      flying.set(host, cancel);
      peak.flying = Math.max(peak.flying, flying.size);
    },
    cancel(host) {
      flying.get(host)!();
      flying.delete(host);
      log('cancel', host);
    },
    overdue: (host) => log('overdue', host),
    ...options,
  });
  const settle = (host: number, answered = ok.of(host)): number => {
    flying.delete(host);
    log(answered ? 'answer' : 'fail', host);
    const endpoint = endpoints[host]!;
    if (answered) endpoint.answered({ at: clock.now() });
    else endpoint.failed({ at: clock.now(), error: { code: 'S_REFUSED', text: 'refused' } });
    scheduler.settle(host);
    return endpoint.status.nextTryAt!;
  };
  const times = (what: string, host?: number): number[] =>
    events.filter((event) => event.what === what && (host === undefined || event.host === host)).map(({ at }) => at);
  scheduler.start();
  return { clock, scheduler, endpoints, events, times, settle, flying, peak, ok, latency };
}

test('the default interval depends on the number of nodes', () => {
  expect([1, 10, 11, 50, 51, 100, 101, 10_000].map(adaptiveInterval)).toEqual([3000, 3000, 4000, 4000, 5000, 5000, 6000, 6000]);
});

test('the wait after a failure doubles from half an interval to a minute, minus up to half of it', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 100].map((n) => backoff(n, 3000, 0))).toEqual([1500, 3000, 6000, 12_000, 24_000, 48_000, 60_000, 60_000]);
  expect(backoff(1, 3000, 1)).toBe(750);
  expect(backoff(1, 600_000, 0)).toBe(5000);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 1e9 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (n, interval, random) => {
        const wait = backoff(n, interval, random);
        return wait >= 0 && wait <= MAX_BACKOFF_MS;
      },
    ),
  );
});

test('the agenda returns entries in order, ties in order of insertion', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
      const agenda = new TimerQueue<number>();
      times.forEach((at, item) => agenda.add(at, item));
      const taken = times.map(() => agenda.take(Infinity)!);
      const sorted = times.map((at, item) => ({ at, item })).sort((a, b) => a.at - b.at || a.item - b.item);
      expect(taken).toEqual(sorted.map(({ item }) => item));
      expect([agenda.take(Infinity), agenda.next]).toEqual([undefined, Infinity]);
    }),
  );
});

describe('a node that answers', () => {
  test('is scraped on a fixed grid: scrape durations do not add up', () => {
    const { clock, times } = run({ latency: () => 137 });
    clock.step(5500);
    expect(times('begin')).toEqual([0, 1000, 2000, 3000, 4000, 5000]);
  });

  test('that takes longer than the interval is never scraped twice at once, and missed scrapes are not made up for', () => {
    const { clock, times } = run({ latency: () => 2300 });
    clock.step(9500);
    expect(times('begin')).toEqual([0, 3000, 6000, 9000]);
  });

  test('has the time of its next scrape', () => {
    const { clock, settle } = run({ latency: () => undefined });
    const zero = clock.now();
    clock.step(100);
    expect(settle(0) - zero).toBe(1000);
  });

  test('a first round that is awaited scrapes all nodes at once, within the connection limit', () => {
    const { clock, times } = run({ hosts: 100, intervalMs: 6000, rounds: 'at-once', maxActive: 40, latency: () => 10 });
    clock.step(30);
    expect(times('begin').slice(0, 100)).toEqual([
      ...Array<number>(40).fill(0),
      ...Array<number>(40).fill(10),
      ...Array<number>(20).fill(20),
    ]);
  });

  test('in a single round each node is scraped once, and none becomes overdue', () => {
    const { clock, times, events } = run({ hosts: 3, rounds: 'one', latency: (host) => [10, 20, 5000][host], ok: (host) => host !== 1 });
    clock.step(60_000);
    expect([times('begin'), times('answer', 0), times('fail', 1), times('answer', 2)]).toEqual([[0, 0, 0], [10], [20], [5000]]);
    expect(events.some(({ what }) => what === 'overdue')).toBe(false);
  });

  test('nodes are spread over the interval', () => {
    const { clock, times, events } = run({ hosts: 4 });
    clock.step(3000);
    // The first round is faster: 10 ms per node, to fill the screen soon.
    expect(events.filter(({ what }) => what === 'begin').slice(0, 4)).toEqual(
      [0, 1, 2, 3].map((host) => ({ at: 10 * host, what: 'begin', host })),
    );
    expect(times('begin', 2).slice(1)).toEqual([1500, 2500]);
    expect(times('begin', 3).slice(1)).toEqual([750, 1750, 2750]);
  });
});

describe('a node that fails', () => {
  test('is retried soon, then with backoff, and returns to its grid when it answers', () => {
    const { clock, times, ok } = run({ ok: () => false, latency: () => 0 });
    clock.step(8000);
    // 500, 1000, 2000 and 4000 ms apart.
    expect(times('begin')).toEqual([0, 500, 1500, 3500, 7500]);
    ok.of = () => true;
    clock.step(8000 + 3000);
    expect(times('begin').slice(5)).toEqual([15_500, 16_000, 17_000, 18_000, 19_000]);
  });

  test('is overdue once, after three intervals, until it answers', () => {
    const { clock, times, ok, events } = run({ ok: () => true, latency: () => 0 });
    clock.step(1500);
    ok.of = () => false;
    clock.step(20_000);
    expect(times('overdue')).toEqual([4000]);
    ok.of = () => true;
    clock.step(60_000);
    ok.of = () => false;
    const back = events.filter(({ what }) => what === 'answer').at(-1)!.at;
    clock.step(20_000);
    expect(times('overdue')).toEqual([4000, back + 3000]);
  });

  test('is overdue too if it has never answered', () => {
    const { clock, times } = run({ latency: () => undefined });
    clock.step(HOUR - 1);
    expect([times('begin'), times('overdue')]).toEqual([[0], [3000]]);
  });
});

describe('nodes that hang', () => {
  test('do not delay others, not even a whole rack', () => {
    const { clock, times, peak } = run({ hosts: 400, intervalMs: 6000, latency: (host) => (host < 300 ? undefined : 5) });
    clock.step(60_000);
    // 128 slots are full at 1280 ms; a hanging scrape frees its slot after a second.
    for (let host = 300; host < 400; host++) expect([host, times('begin', host).length]).toEqual([host, 10]);
    expect(peak.flying).toBeLessThanOrEqual(301 + 128);
  });

  test('never use more sockets than the limit', () => {
    const { clock, times, peak } = run({ hosts: 50, maxOpen: 20, maxActive: 5, latency: () => undefined });
    clock.step(60_000);
    expect([times('begin').length, peak.flying]).toEqual([20, 20]);
  });

  test('the number of new scrapes at once is limited', () => {
    const { clock, peak, times } = run({ hosts: 1000, intervalMs: 6000, latency: () => 900 });
    clock.step(30_000);
    expect(peak.flying).toBe(128);
    for (const host of [0, 500, 999]) expect(times('begin', host).length).toBeGreaterThan(2);
  });
});

describe('a node that could not be scraped in time', () => {
  const TURN = {
    phase: 'failing',
    overdue: true,
    failures: 0,
    error: { code: 'S_NOT_SCRAPED', text: 'waiting for its turn: nodes are scraped 1 at a time' },
  };

  test('is overdue for that reason, not for a failure of its own', () => {
    const { clock, times, endpoints } = run({ hosts: 3, maxOpen: 1, latency: (host) => (host === 0 ? undefined : 10) });
    clock.step(5000);
    expect([times('begin'), times('overdue').length]).toEqual([[0], 3]);
    // This node had enough time.
    expect(endpoints[0]!.status).toMatchObject({ phase: 'waiting', overdue: true, error: undefined });
    for (const host of [1, 2]) expect(endpoints[host]!.status).toMatchObject(TURN);
  });

  test('is overdue for that reason even if it was scraped just before, or had answered earlier', () => {
    let hangs = false;
    const { clock, times, endpoints, settle } = run({ hosts: 2, maxOpen: 1, latency: (host) => (hangs ? undefined : 10 + host) });
    clock.step(1900);
    hangs = true;
    clock.step(2500);
    settle(0, true);
    expect(times('begin', 1).at(-1)).toBe(4400);
    clock.step(500);
    expect(times('overdue', 1)).toEqual([4511]);
    expect(endpoints[1]!.status).toMatchObject(TURN);
    expect(endpoints[1]!.status.okAt).toBeDefined();
    settle(1, false);
    expect(endpoints[1]!.status).toMatchObject({ overdue: true, failures: 1, error: { code: 'S_REFUSED' } });
  });

  test('keeps the error of its last scrape, if that failed', () => {
    const { clock, endpoints, flying } = run({ hosts: 2, maxOpen: 1, latency: (host) => (host === 0 ? undefined : 10), ok: () => false });
    clock.step(100);
    expect([...flying.keys()]).toEqual([0]);
    endpoints[1]!.failed({ at: clock.now(), error: { code: 'S_REFUSED', text: 'refused' } });
    clock.step(5000);
    expect(endpoints[1]!.status).toMatchObject({ overdue: true, failures: 1, error: { code: 'S_REFUSED' } });
  });
});

describe('a machine that slept', () => {
  test('has all nodes overdue at once, then scrapes all, spread out, without making up for missed scrapes', () => {
    const { clock, endpoints, events } = run({ hosts: 100, intervalMs: 5000 });
    clock.step(20_020);
    const before = events.length;
    clock.sleep(HOUR);
    clock.step(100);
    const asleep = {
      overdue: true,
      error: { code: 'S_NOT_SCRAPED', text: 'not scraped while this program was suspended, or the clock was set' },
    };
    expect(endpoints[99]!.status).toMatchObject(asleep);
    clock.step(5000);
    const after = events.slice(before);
    const woke = after[0]!.at;
    expect(woke).toBeGreaterThanOrEqual(20_000 + HOUR);
    expect(after.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, host) => ({ at: woke, what: 'overdue', host })));
    const begins = after.filter(({ what }) => what === 'begin');
    expect(begins.slice(0, 100)).toEqual(
      Array.from({ length: 100 }, (_, host) => ({ at: woke + stagger(host, 100, 5000), what: 'begin', host })),
    );
    // One round, and only those of the next one that are due.
    expect(begins.length).toBeLessThan(200);
  });

  test('discards scrapes in progress and repeats them', () => {
    const { clock, events, flying } = run({ latency: () => undefined });
    clock.step(100);
    clock.sleep(HOUR);
    clock.step(3000);
    expect(events.slice(1).map(({ what }) => what)).toEqual(['cancel', 'overdue', 'begin']);
    expect(flying.size).toBe(1);
  });

  test('notices it at a response as well as at its own timer', () => {
    const { clock, events, settle } = run({ hosts: 3, latency: () => undefined });
    clock.step(500);
    clock.sleep(HOUR);
    settle(1, true);
    expect(events.slice(3).map(({ what, host }) => `${what} ${host}`)).toEqual([
      'answer 1',
      'cancel 0',
      'cancel 2',
      'overdue 0',
      'overdue 2',
      'begin 0',
    ]);
    clock.step(100);
    expect(events.filter(({ what }) => what === 'begin').length).toBe(6);
  });

  test('is not affected by a clock that is set back', () => {
    const { clock, times } = run({ latency: () => 10 });
    clock.step(5500);
    clock.sleep(-HOUR);
    clock.step(10_000);
    expect(times('begin').length).toBeGreaterThanOrEqual(6 + 9);
    expect(times('overdue')).toEqual([]);
  });

  test('does not take a short stall for sleep', () => {
    const { clock, times } = run({ latency: () => 10 });
    clock.step(500);
    clock.sleep(1500);
    clock.step(5000);
    expect(times('cancel')).toEqual([]);
    expect(times('begin').length).toBe(7);
  });

  test('sets a timer again that runs slightly early by the wall clock', () => {
    const { clock, times } = run({ latency: () => 10 });
    clock.step(500);
    clock.sleep(-100);
    clock.step(3000);
    expect(times('begin')).toEqual([0, 1000, 2000, 3000]);
  });
});

test('stop ends everything', () => {
  const { clock, scheduler, events } = run({ hosts: 3, latency: () => undefined });
  clock.step(15);
  scheduler.stop();
  const count = events.length;
  clock.step(HOUR);
  expect(events.slice(2).map(({ what, host }) => `${what} ${host}`)).toEqual(['cancel 0', 'cancel 1']);
  expect([events.length, clock.pending]).toEqual([count, 0]);
});

test('10,000 nodes: each is scraped once per interval, never twice at once', () => {
  const { clock, events, peak } = run({ hosts: 10_000, intervalMs: 6000, latency: (host) => host % 50 });
  clock.step(29_999);
  const counts = new Int32Array(10_000);
  for (const { what, host } of events) if (what === 'begin') counts[host]!++;
  expect([Math.min(...counts), Math.max(...counts)]).toEqual([5, 5]);
  expect(events.filter(({ what }) => what === 'overdue')).toEqual([]);
  expect(peak.flying).toBeLessThanOrEqual(128);
});

test('the rules hold whatever nodes do', () => {
  const fate = fc.record({ latency: fc.option(fc.integer({ min: 0, max: 9000 }), { nil: undefined }), ok: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(fate, { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: -20_000, max: 20_000 }), { maxLength: 4 }),
      (fates, sleeps) => {
        // run() itself throws when a node is scraped twice at once.
        const { clock, events, flying, peak } = run({
          hosts: fates.length,
          maxActive: 3,
          latency: (host) => fates[host]!.latency,
          ok: (host) => fates[host]!.ok,
        });
        for (const ms of [0, ...sleeps]) {
          clock.sleep(ms);
          clock.step(7000);
        }
        clock.step(120_000);
        // Nothing is stuck: nodes that can answer were scraped in the last two minutes; overdue nodes were reported once between two responses.
        fates.forEach((_, host) => {
          const own = events.filter((event) => event.host === host);
          expect(flying.has(host) || own.at(-1)!.at > clock.now() - 1_000_000 - 125_000).toBe(true);
          const told = own.filter(({ what }) => what === 'overdue' || what === 'answer').map(({ what }) => what);
          told.forEach((what, n) => expect(what === 'overdue' && told[n - 1] === 'overdue').toBe(false));
        });
        expect(peak.flying).toBeLessThanOrEqual(fates.length);
      },
    ),
    { numRuns: 60 },
  );
});
