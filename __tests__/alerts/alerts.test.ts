import { describe, expect, test } from '@jest/globals';
import { Alerts } from '../../lib/alerts/alerts.js';
import { ALERT_DEFAULTS, type AlertSettings } from '../../lib/alerts/rules.js';
import { alertJson, alertSummary, alertText } from '../../lib/alerts/alert-text.js';
import { TestNode, type GpuSpec, type ProcSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;

/** One node that is scraped every second. */
class Story {
  readonly host: TestNode;
  readonly alerts: Alerts;
  now = 0;

  constructor(settings: Partial<AlertSettings> = {}, users: readonly string[] = []) {
    this.host = new TestNode({ state: 'waiting', name: 'node-0001' });
    this.alerts = new Alerts({ ...ALERT_DEFAULTS, ...settings }, () => users);
  }
  scrape(...gpus: readonly GpuSpec[]): string[] {
    return this.scrapeWith([], ...gpus);
  }
  scrapeWith(procs: readonly ProcSpec[], ...gpus: readonly GpuSpec[]): string[] {
    this.now += 1000;
    this.host.scrape({ gpus, procs }, this.now);
    return this.#told();
  }
  fail(seconds = 1): string[] {
    this.now += seconds * 1000;
    this.host.fail({ at: this.now, error: { code: 'S_TIMEOUT', text: 'no answer' } });
    return this.#told();
  }
  failHere(seconds = 1): string[] {
    this.now += seconds * 1000;
    this.host.fail({ at: this.now, error: { code: 'S_NOT_SCRAPED', text: 'too many open files here' } });
    return this.#told();
  }
  overdue(): string[] {
    this.host.setStatus({ overdue: true });
    return this.#told();
  }
  get active(): string[] {
    // The running counts must match a fresh count.
    expect(this.alerts.onGpus).toBe(this.alerts.active.filter(({ rule }) => rule !== 'host_down').length);
    return this.alerts.active.map(({ gpu, rule, to }) => `${gpu ?? '-'} ${rule} ${to}`);
  }
  #told(): string[] {
    return this.alerts
      .update(this.host, this.now, 9000)
      .map(({ gpu, rule, from, to, value }) => `${gpu ?? '-'} ${rule} ${from}>${to} ${value}`);
  }
}

const hot = (...celsius: readonly number[]): GpuSpec[] => celsius.map((temperatureCelsius) => ({ temperatureCelsius }));

describe('the health of a GPU', () => {
  test('is an alert while something is wrong with it', () => {
    const story = new Story();
    const gpus: GpuSpec[] = [
      { rowRemapFailed: 0 },
      { eccUncorrected: 2, rowRemapFailed: 0 },
      { eccUncorrected: 2, rowRemapFailed: 1 },
      {},
      { rowRemapFailed: 0 },
    ];
    // What is not reported leaves the alert as it is.
    expect(gpus.flatMap((gpu) => story.scrape(gpu))).toEqual([
      '0 gpu_health ok>warn 1',
      '0 gpu_health warn>crit 2',
      '0 gpu_health crit>ok 0',
    ]);
  });

  test('a last Xid is none, whatever it is: only a new one is', () => {
    const story = new Story();
    expect([79, 79, 79].flatMap((lastXid) => story.scrape({ lastXid }))).toEqual([]);
    expect(story.scrape({ lastXid: 48 })).toEqual(['0 xid ok>warn 48']);
    expect(story.scrape({ lastXid: 48 })).toEqual([]);
    expect(story.active).toEqual(['0 xid warn']);
    story.now += 900_000;
    expect(story.scrape({ lastXid: 48 })).toEqual(['0 xid warn>ok 48']);
    // The driver was loaded again.
    expect([0, 0].flatMap((lastXid) => story.scrape({ lastXid }))).toEqual([]);
    expect(story.scrape({ lastXid: 13 })).toEqual(['0 xid ok>warn 13']);
  });

  test('a scrape without it neither forgets the last Xid nor makes the next one new', () => {
    const story = new Story();
    expect([31, NaN, 31, NaN].flatMap((lastXid) => story.scrape(Number.isNaN(lastXid) ? {} : { lastXid }))).toEqual([]);
    expect(story.scrape({ lastXid: 32 })).toEqual(['0 xid ok>warn 32']);
  });
});

describe('temperature', () => {
  test('has two levels, each of which resolves two degrees below its threshold', () => {
    const story = new Story();
    expect([79, 80, 89, 90, 89, 88, 87.9, 79, 78, 77.9, 95, 50].flatMap((celsius) => story.scrape(...hot(celsius)))).toEqual([
      '0 temperature ok>warn 80',
      '0 temperature warn>crit 90',
      '0 temperature crit>warn 87.9',
      '0 temperature warn>ok 77.9',
      '0 temperature ok>crit 95',
      '0 temperature crit>ok 50',
    ]);
  });

  test('is tracked per GPU, in any order', () => {
    const story = new Story();
    const gpu = (index: number, temperatureCelsius: number): GpuSpec => ({ index, uuid: `GPU-${index}`, temperatureCelsius });
    expect(story.scrape(gpu(0, 85), gpu(1, 20))).toEqual(['0 temperature ok>warn 85']);
    expect(story.scrape(gpu(1, 20), gpu(0, 85))).toEqual([]);
    expect(story.scrape(gpu(1, 81), gpu(0, 20))).toEqual(['1 temperature ok>warn 81', '0 temperature warn>ok 20']);
  });

  test('keeps its level without a reading; resolves when the GPU disappears, and is a new alert when it returns', () => {
    const story = new Story();
    story.scrape(...hot(85));
    expect(story.scrape({})).toEqual([]);
    expect(story.active).toEqual(['0 temperature warn']);
    expect(story.scrape()).toEqual([]);
    expect(story.active).toEqual([]);
    expect(story.scrape(...hot(85))).toEqual(['0 temperature ok>warn 85']);
  });
});

test('is shown at the worst level of the GPU', () => {
  const story = new Story({ powerCritW: 600 });
  story.scrape({ index: 4, temperatureCelsius: 85, powerWatts: 650 }, { index: 5, temperatureCelsius: 85 }, { index: 6 });
  const { nodeId } = story.host;
  expect([4, 5, 6, 7].map((gpu) => story.alerts.level(nodeId, gpu))).toEqual(['crit', 'warn', 'ok', 'ok']);
  expect(story.alerts.level('elsewhere', 4)).toBe('ok');
  story.scrape({ index: 4, temperatureCelsius: 85, powerWatts: 50 }, { index: 5, temperatureCelsius: 50 }, { index: 6 });
  expect([4, 5].map((gpu) => story.alerts.level(nodeId, gpu))).toEqual(['warn', 'ok']);
});

describe('idle', () => {
  const idle = { utilPercent: 5, memoryUsedBytes: 0 };
  const held = { utilPercent: 0, memoryUsedBytes: 2 * GIB };

  test('starts after a delay, which computing in between restarts', () => {
    const story = new Story({ idleMs: 2000 });
    const told = [idle, idle, { ...idle, utilPercent: 6 }, idle, idle, idle, { ...idle, utilPercent: 6 }].map((gpu) => story.scrape(gpu));
    expect(told).toEqual([[], [], [], [], [], ['0 idle_utilization ok>warn 5'], ['0 idle_utilization warn>ok 6']]);
  });

  test('of held memory ends when the memory is freed, also on a node that does not report its processes', () => {
    const story = new Story({ heldMs: 2000 });
    expect([1, 2, 3].flatMap(() => story.scrape(held, held))).toEqual(['0 memory_held_idle ok>warn 2', '1 memory_held_idle ok>warn 2']);
    expect(story.scrape({ ...held, memoryUsedBytes: 0 }, held)).toEqual(['0 memory_held_idle warn>ok 0']);
  });

  test('is not raised for a GPU that is held idle', () => {
    const story = new Story({ idleMs: 2000, heldMs: 2000 });
    expect([held, held, held].flatMap((gpu) => story.scrape(gpu))).toEqual(['0 memory_held_idle ok>warn 2']);
    // Its memory is freed: it has been idle long enough.
    expect(story.scrape(idle)).toEqual(['0 idle_utilization ok>warn 5', '0 memory_held_idle warn>ok 0']);
  });

  test('is raised for little memory, or memory that is not reported, with a process on the GPU', () => {
    const process = { pid: 7, gpu: 0, user: 'alice', vram: 65 * 2 ** 20 };
    for (const gpu of [{ ...idle, utilPercent: 0 }, { utilPercent: 0 }]) {
      const story = new Story({ idleMs: 2000, heldMs: 2000 });
      const told = [0, 1, 2].flatMap(() => story.scrapeWith([process], gpu));
      expect(told).toEqual(['0 memory_held_idle ok>warn 2']);
    }
  });

  test('names who holds memory on a GPU where others compute, and only while she computes nothing', () => {
    const story = new Story({ heldMs: 2000 });
    const busy = { utilPercent: 100, memoryUsedBytes: 50 * 2 ** 30 };
    const at = (pid: number, user: string, sm: number): ProcSpec => ({ pid, gpu: 0, user, vram: 10 * 2 ** 30, sm });
    const scrape = (alice: number, bob: number) => story.scrapeWith([at(1, 'alice', alice), at(2, 'bob', bob)], busy);
    expect([scrape(0, 90), scrape(0, 0), scrape(0, 95)]).toEqual([[], [], ['0 memory_held_idle ok>warn 2']]);
    expect(alertText(story.alerts.active[0]!)).toBe('node-0001 gpu0 held idle for 00:00:02 while others compute: alice');
    expect(scrape(0, 97)).toEqual([]);
    expect(scrape(3, 97)).toEqual(['0 memory_held_idle warn>ok 0']);
    expect([scrape(0, 97), scrape(0, 97)]).toEqual([[], []]);
  });

  test('keeps counting over failed scrapes and missing readings, and starts again after the node was down', () => {
    const story = new Story({ heldMs: 5000, hostDown: false });
    story.scrape(held);
    story.fail();
    story.scrape({});
    story.fail(2);
    expect(story.scrape(held)).toEqual(['0 memory_held_idle ok>warn 5']);
    story.overdue();
    expect(story.scrape(held)).toEqual(['0 memory_held_idle warn>ok 0']);
    for (let second = 0; second < 4; second++) expect(story.scrape(held)).toEqual([]);
    expect(story.scrape(held)).toEqual(['0 memory_held_idle ok>warn 5']);
  });
});

test('power: raised at the threshold, resolved below 95% of it', () => {
  const story = new Story({ powerCritW: 600 });
  const told = [599, 600, 580, 570, 569].flatMap((powerWatts) => story.scrape({ powerWatts }));
  expect(told).toEqual(['0 power ok>crit 600', '0 power crit>ok 569']);
  expect(new Story().scrape({ powerWatts: 5000 })).toEqual([]);
});

describe('a node', () => {
  test('is down once when overdue, and up at its next good scrape', () => {
    const story = new Story();
    story.scrape(...hot(85));
    expect([...story.fail(5), ...story.fail(4)]).toEqual([]);
    expect(story.overdue()).toEqual(['- host_down ok>crit 9']);
    expect(story.fail(3)).toEqual([]);
    expect(story.active).toEqual(['- host_down crit', '0 temperature warn']);
    expect(story.scrape(...hot(85))).toEqual(['- host_down crit>ok 0']);
    expect(story.active).toEqual(['0 temperature warn']);
  });

  test('that never answered is down for an unknown time', () => {
    const story = new Story();
    story.fail();
    expect(story.overdue()).toEqual(['- host_down ok>crit NaN']);
  });

  test('that could not be scraped from here is not down; if it was down before, its state is unknown', () => {
    const story = new Story();
    story.scrape(...hot(20));
    story.failHere(9);
    expect(story.overdue()).toEqual([]);
    expect(story.active).toEqual([]);
    expect(story.fail(1)).toEqual(['- host_down ok>crit 10']);
    expect(story.failHere(1)).toEqual([]);
    expect(story.active).toEqual(['- host_down crit']);
    expect(story.scrape(...hot(20))).toEqual(['- host_down crit>ok 0']);
  });

  test('that was removed, or is gone after a seek, is forgotten', () => {
    for (const forget of ['remove', 'clear'] as const) {
      const story = new Story();
      story.scrape(...hot(85));
      story.alerts[forget](story.host.nodeId);
      expect(story.active).toEqual([]);
      expect(story.scrape(...hot(85))).toEqual(['0 temperature ok>warn 85']);
    }
  });

  test('that is delivered twice is evaluated once', () => {
    const story = new Story({ idleMs: 1000 });
    story.scrape({ utilPercent: 0 });
    expect(story.alerts.update(story.host, 99_999, 9000)).toEqual([]);
  });
});

describe('text of an alert', () => {
  const change = {
    at: Date.UTC(2026, 7, 7, 14, 32, 3),
    nodeId: '10.0.0.7:9090',
    node: 'node-0007',
    gpu: 3,
    rule: 'temperature',
    from: 'ok',
    to: 'warn',
    value: 85.04,
    threshold: 80,
    users: ['alice', ''],
  } as const;

  test.each([
    [change, 'node-0007 gpu3 temperature 85° (warn at 80°) alice, ?'],
    [
      { ...change, rule: 'power', to: 'crit', value: 705.86, threshold: 600, users: [] },
      'node-0007 gpu3 power 705.9 W (critical at 600 W)',
    ],
    [{ ...change, rule: 'idle_utilization', value: 2, threshold: 5 }, 'node-0007 gpu3 utilisation 2% (idle at 5% or less) alice, ?'],
    [{ ...change, rule: 'memory_held_idle', value: 905, threshold: 900 }, 'node-0007 gpu3 held idle for 00:15:05 alice, ?'],
    [{ ...change, rule: 'memory_held_idle', from: 'warn', to: 'ok', value: 0 }, 'node-0007 gpu3 no longer held idle alice, ?'],
    [{ ...change, rule: 'xid', value: 79, threshold: 1, users: [] }, 'node-0007 gpu3 Xid 79'],
    [{ ...change, rule: 'xid', from: 'warn', to: 'ok', value: 79, users: [] }, 'node-0007 gpu3 no new Xid since 79'],
    [{ ...change, rule: 'gpu_health', value: 1, detail: '2 uncorrected ECC errors', users: [] }, 'node-0007 gpu3 2 uncorrected ECC errors'],
    [{ ...change, rule: 'gpu_health', from: 'warn', to: 'ok', value: 0, detail: '', users: [] }, 'node-0007 gpu3 no longer in trouble'],
  ] as const)('%#', (given, text) => {
    expect(alertText(given)).toBe(text);
  });

  test('of a node', () => {
    const { gpu: _gpu, ...host } = { ...change, rule: 'host_down', to: 'crit', value: 12, threshold: 9, users: [] } as const;
    expect(alertText(host)).toBe('node-0007 down: no good scrape for 00:00:12');
    expect(alertText({ ...host, value: NaN })).toBe('node-0007 down: no good scrape yet');
    expect(alertText({ ...host, from: 'crit', to: 'ok' })).toBe('node-0007 up again');
    expect(JSON.parse(alertJson({ ...host, value: NaN }))).toMatchObject({ gpu_index: null, value: null, threshold: 9 });
  });

  test('of several alerts: the worst one and the number of others', () => {
    const crit = { ...change, to: 'crit', gpu: 5 } as const;
    expect(alertSummary([change])).toBe(alertText(change));
    expect(alertSummary([change, crit, change])).toBe(`${alertText(crit)}, and 2 more (A)`);
    expect(alertSummary([{ ...change, from: 'warn', to: 'ok' }, change])).toBe(`${alertText(change)}, and 1 more (A)`);
  });

  test('as JSON', () => {
    expect(JSON.parse(alertJson(change))).toEqual({
      timestamp: '2026-08-07T14:32:03.000Z',
      host: 'node-0007',
      gpu_index: 3,
      rule: 'temperature',
      from: 'ok',
      to: 'warn',
      value: 85.04,
      threshold: 80,
      users: ['alice', ''],
    });
  });
});
