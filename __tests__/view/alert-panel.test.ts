import { describe, expect, test } from '@jest/globals';
import { Driver, type DriverOptions } from '../helpers/driver.js';
import { expectGolden } from '../helpers/golden.js';
import type { GpuSpec, ScrapeSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;

/** Two nodes with two GPUs each, cool. */
const HOSTS = [0, 1].map(() => ({ gpus: [{ temperatureCelsius: 50 }, { temperatureCelsius: 50 }] }));
const open = (options: DriverOptions = {}): Driver => new Driver({ hosts: HOSTS, ...options });
const hot = (...celsius: readonly number[]): ScrapeSpec => ({
  gpus: celsius.map((temperatureCelsius): GpuSpec => ({ temperatureCelsius })),
});
const strip = (driver: Driver): string => driver.lines()[1]!;
/** The line above the key hints. */
const foot = (driver: Driver): string => driver.lines().at(-2)!;

describe('a new alert', () => {
  test('is a toast for five seconds, bright in the tab strip for two, and stays there until it is resolved', () => {
    const driver = open();
    driver.scrape('node-0001', hot(85, 50));
    expect(foot(driver)).toContain('node-0001 gpu0 temperature 85° (warn at 80°)');
    expect(strip(driver)).toMatch(/ 1 alert !$/);
    const tone = (): string | undefined => driver.painter.frame!.lines[1]!.spans.at(-1)!.tone;
    expect(tone()).toBe('chip-bad');
    driver.step(2500);
    expect(tone()).toBe('bad');
    driver.step(3000);
    expect(foot(driver)).not.toContain('temperature:');
    expect(strip(driver)).toMatch(/ 1 alert !$/);
    driver.scrape('node-0001', hot(50, 50));
    expect(foot(driver)).toContain('temperature 50° (ok)');
    expect(strip(driver)).not.toContain('alert');
  });

  test('together with others is one line: the worst, and the number of others', () => {
    const driver = open({ cols: 160 });
    driver.scrape('node-0001', hot(85, 95));
    driver.scrape('node-0002', hot(86, 50));
    expect(foot(driver)).toContain('node-0001 gpu1 temperature 95° (critical at 90°), and 2 more (A)');
    driver.step(6000);
    driver.scrape('node-0002', hot(86, 87));
    expect(foot(driver)).toContain('node-0002 gpu1 temperature 87° (warn at 80°)');
    expect(foot(driver)).not.toContain('more');
  });

  test('on a node with a long name still says which GPU and what, as the panel does', () => {
    const name = `gpu-cluster-${'x'.repeat(60)}-0007`;
    const driver = open({ hosts: [{ ...HOSTS[0], name }], cols: 80 });
    driver.scrape(name, hot(85, 50));
    const line = /gpu-\S*…x+-0007 gpu0 temperature 85°/;
    expect(foot(driver)).toMatch(line);
    expect(
      driver
        .press('A')
        .lines()
        .find((text) => text.includes('warn ')),
    ).toMatch(line);
  });

  test('disappears on time while others arrive, and leaves the hints visible', () => {
    const driver = open({ cols: 80 });
    for (const node of ['node-0001', 'node-0002', 'node-0001']) driver.scrape(node, hot(95, 50)).step(1000);
    expect(foot(driver)).toContain('critical at');
    expect(driver.lines().at(-1)).toMatch(/^ Enter node .*\? help/);
    driver.scrape('node-0001', hot(50, 50)).step(1500);
    expect(foot(driver)).not.toContain('temperature:');
  });

  test('is marked at the GPU on the tab of its node', () => {
    const driver = open().press('V', 'Right');
    driver.scrape('node-0001', hot(50, 85));
    expect(driver.frame()).toMatch(/^ {5}0 /m);
    expect(driver.frame()).toMatch(/^ {2}! {2}1 /m);
  });

  test('for a node that is down is counted as down, not twice', () => {
    const driver = open();
    driver.fail('node-0002').overdue('node-0002');
    expect(foot(driver)).toContain('node-0002 down: no good scrape for 00:00:02');
    expect(strip(driver)).toMatch(/ 1 down ✕$/);
    driver.scrape('node-0001', hot(85, 50));
    expect(strip(driver)).toMatch(/ 1 down ✕ · 1 alert !$/);
  });

  test('covers all GPUs, whatever the filter', () => {
    const driver = open().press('/', ...Array.from('index==1'), 'Enter');
    driver.scrape('node-0001', hot(85, 50));
    expect(strip(driver)).toMatch(/ 1 alert !$/);
  });

  test('is passed to the webhook', () => {
    const told: string[] = [];
    const driver = open({ onAlerts: (changes) => told.push(...changes.map(({ rule, to }) => `${rule} ${to}`)) });
    driver.scrape('node-0001', hot(85, 95));
    driver.scrape('node-0001', hot(50, 50));
    expect(told).toEqual(['temperature warn', 'temperature crit', 'temperature ok', 'temperature ok']);
  });

  test('rings the bell only if enabled, and only when it is critical', () => {
    const driver = open({ bell: true });
    driver.scrape('node-0001', hot(85, 50));
    expect(driver.painter.bells).toBe(0);
    driver.scrape('node-0001', hot(95, 95));
    expect(driver.painter.bells).toBe(1);
    driver.scrape('node-0001', hot(50, 50));
    expect(driver.painter.bells).toBe(1);
    const quiet = open();
    quiet.scrape('node-0001', hot(95, 95));
    expect(quiet.painter.bells).toBe(0);
  });
});

describe('the panel', () => {
  /** The second node goes down, one GPU of the first is hot, another was. */
  function story(options: DriverOptions = {}): Driver {
    const driver = open(options);
    driver.scrape('node-0001', {
      gpus: [{ temperatureCelsius: 91, memoryUsedBytes: 60 * GIB }, { temperatureCelsius: 82 }],
      procs: [
        { pid: 1, gpu: 0, user: 'bob', vram: 20 * GIB },
        { pid: 2, gpu: 0, user: 'alice', vram: 40 * GIB },
      ],
    });
    driver.step(60_000).scrape('node-0001', hot(91, 60));
    return driver.step(30_000).fail('node-0002').overdue('node-0002').step(6000).press('A');
  }

  test.each([
    [80, 24],
    [120, 30],
  ])('%ix%i', (cols, rows) => {
    expectGolden('alerts', cols, rows, story({ cols, rows }).frame());
  });

  test('captures all keys: the tab below does not move', () => {
    const driver = story();
    driver.press('V', 'Right', 'Down', '/', 'U', 'm');
    expect([driver.tab, driver.app.state.overlays.length, driver.app.state.filtering.edited]).toEqual(['All', 1, undefined]);
  });

  test.each(['Esc', 'q', 'A', 'Enter'])('%s closes it', (key) => {
    expect(story().press(key).app.state.overlays).toEqual([]);
  });

  test('stops scrolling at its end, and keeps 200 changes', () => {
    const driver = open({ rows: 20 });
    for (let round = 0; round < 120; round++) driver.scrape('node-0001', hot(85, 50)).scrape('node-0001', hot(50, 50));
    driver.press('A', 'End');
    expect(driver.frame()).toMatch(/ \d+-203 of 203 lines/);
    const end = driver.frame();
    expect(driver.press('Down', 'PageDown').frame()).toBe(end);
    expect(driver.press('Home').frame()).toContain('No active alerts.');
  });

  test('shows that there are no alerts, or that alerts are off', () => {
    expect(open().press('A').frame()).toMatch(/No active alerts\.[\s\S]*No history yet\./);
    expect(
      open({ alerts: { enabled: false } })
        .press('A')
        .frame(),
    ).toContain('Alerts are off');
  });
});
