/** Every screen shows the same state of a node: whether it is up, and if not, why. */
import { expect, test } from '@jest/globals';
import diagnosis from '../../plugins/diagnosis/index.js';
import topology from '../../plugins/topology/index.js';
import { Driver, NOW } from '../helpers/driver.js';
import type { NodeSpec } from '../helpers/hosts.js';

const BAD_GATEWAY = { code: 'S_HTTP', text: 'HTTP 503 Service Unavailable' };
const NO_FILES = { code: 'S_NOT_SCRAPED', text: 'too many open files here; raise ulimit -n' };
const REFUSED = { code: 'S_REFUSED', text: 'connection refused' };

/** The name of a node, when it was last seen, and the reason; '' if it is up. */
const NODES: readonly (readonly [NodeSpec, condition: string, seen: string, reason: string])[] = [
  [{ name: 'well', gpus: 1, procs: [], at: NOW - 4000 }, 'up', '4s', ''],
  [{ name: 'slow', gpus: 2, state: 'failing', at: NOW - 5000, status: { error: BAD_GATEWAY } }, '~ failing', '5s', BAD_GATEWAY.text],
  [{ name: 'proxy', gpus: 4, state: 'overdue', at: NOW - 65_000, status: { error: BAD_GATEWAY } }, '✕ down', '1m', BAD_GATEWAY.text],
  [{ name: 'typo', state: 'waiting', status: { phase: 'failing', failures: 4, error: BAD_GATEWAY } }, '✕ down', 'never', BAD_GATEWAY.text],
  [{ name: 'gone', state: 'waiting', status: { phase: 'failing', failures: 4, error: REFUSED } }, '✕ down', 'never', REFUSED.text],
  [{ name: 'unasked', gpus: 8, state: 'overdue', at: NOW - 65_000, status: { error: NO_FILES } }, '… waiting', '1m', NO_FILES.text],
  [{ name: 'first', state: 'waiting', status: { phase: 'failing', failures: 1, error: NO_FILES } }, '… waiting', 'never', NO_FILES.text],
  [{ name: 'new', state: 'waiting' }, '… waiting', 'never', ''],
];

const driver = (): Driver => new Driver({ hosts: NODES.map(([node]) => node), plugins: [diagnosis, topology], cols: 160, rows: 40 });
/** The row of a node, with single spaces between its cells. */
const rowOf = (from: Driver, name: string): string =>
  from
    .lines()
    .filter((text) => text.slice(3).startsWith(`${name} `))
    .map((text) => text.slice(3).trim().replace(/ +/g, ' '))
    .join('\n');

test.each(NODES)('%o', ({ name = '' }, condition, seen, reason) => {
  const row = rowOf(driver().press('D'), name);
  expect(row).toMatch(new RegExp(`^${name} ${condition} ${seen} `));
  expect(row).toContain(reason);

  const word = condition.slice(condition.indexOf(' ') + 1);
  const silent = rowOf(driver().press('V', 'i'), name);
  if (word === 'down' || word === 'waiting') {
    expect(silent).toMatch(new RegExp(`^${name} ${word} ${seen} `));
    expect(silent).toContain(reason || 'not answered yet');
  } else expect(silent).not.toMatch(/down|waiting/);

  const tab = driver().press(':', ...Array.from(name), 'Enter');
  const ago = seen === 'never' ? (word === 'waiting' ? 'not answered yet' : 'never answered') : `last seen ${seen} ago`;
  expect(tab.frame()).toContain(`${name}  ${condition} · ${ago}`);
  expect(tab.frame()).toContain(reason);

  const links = tab.press('T').frame();
  if (word === 'up') expect(links).toContain(` ${name}  graph`);
  else expect(links).toContain(` ${name}  ${condition} · ${ago}  graph`);

  const picked = driver()
    .press(':', ...Array.from(name))
    .lines()
    .filter((text) => text.includes(` ${name} `))
    .at(-1);
  if (word === 'up') expect(picked).not.toMatch(/down|failing|waiting/);
  else expect(picked).toContain(`${condition}${seen === 'never' ? ' ' : ` ${seen}`}`);
});

test('GPUs of nodes that are not up are listed but not counted', () => {
  const lines = driver().lines();
  expect(lines[0]).toContain('2 of 8 nodes · 3 GPUs');
  expect(lines.join('\n')).toContain(
    ' 15 GPUs · 4 on nodes that are down · 8 on nodes that could not be scraped in time · 4 nodes have never answered',
  );
});

test('what could not be scraped from here is not counted as down', () => {
  const from = driver();
  expect(from.frame()).toContain('3 down ✕');
  expect(from.press('D').frame()).toContain('2 of 8 nodes up · 1 of them failing ~ · 3 down ✕ · 3 waiting …');
  const ofUser = new Driver({
    hosts: [
      { name: 'well', gpus: 1, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: 1 }] },
      { name: 'unasked', gpus: 1, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: 1 }] },
    ],
    plugins: [diagnosis, topology],
  }).press('V', 'Enter');
  ofUser.host('unasked').fail({ at: NOW, error: NO_FILES });
  const page = ofUser.step(65_000).overdue('unasked').press('G', 'Enter').frame();
  expect(page).toMatch(/… unasked: no good scrape for 1m \(too many open files here; raise ulimit -n\)\. Last known values/);
});
