import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AppError } from '../../../lib/errors.js';
import { HttpAccesses } from '../../../lib/sources/http/http-accesses.js';
import { DiscoveredHosts } from '../../../lib/sources/hostlists/discovered-hosts.js';
import { SteppedClock } from '../../helpers/clock.js';
import { answers, fails, startServer, type Behaviour, type TestServer } from '../../helpers/server.js';

let directory = '';
const open: (() => unknown)[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'discovered-'));
});
afterEach(async () => {
  for (const close of open.splice(0)) await close();
  rmSync(directory, { recursive: true });
});

function write(name: string, text: string): string {
  // As everybody should who writes such a file: in one step.
  writeFileSync(join(directory, `.${name}`), text);
  renameSync(join(directory, `.${name}`), join(directory, name));
  return join(directory, name);
}

async function serve(behaviour: Behaviour): Promise<TestServer> {
  const server = await startServer(behaviour);
  open.push(() => server.kill());
  return server;
}

const clock = (): SteppedClock => new SteppedClock();
async function opened(names: readonly string[], at = clock(), byHost = false): Promise<DiscoveredHosts> {
  const hosts = await DiscoveredHosts.open(names, { clock: at, accesses: new HttpAccesses({ clock: at }), timeoutMs: 5000, byHost });
  open.unshift(() => hosts.stop());
  return hosts;
}

const ids = (hosts: DiscoveredHosts): string[] => hosts.list.targets.map(({ nodeId }) => nodeId);
const refusal = (...names: string[]): Promise<string> =>
  opened(names).then(
    () => 'no error',
    (error: AppError) => `${error.code}: ${error.message.replaceAll(`${directory}/`, '')}`,
  );

/** Steps the clock until the lists have been looked at again and `until` holds. */
async function later(at: SteppedClock, stepMs: number, until: () => boolean): Promise<void> {
  at.step(stepMs);
  while (!until()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('files', () => {
  test('nodes come and go as files do, and a file that cannot be used leaves the last list', async () => {
    const at = clock();
    write('a.json', '[{"targets": ["a1:9400"], "labels": {"rack": "r1"}}]');
    write('b.yml', '- targets: [b1:9400]');
    write('c.txt', 'not a list');
    const hosts = await opened([join(directory, '*.json'), join(directory, 'b.yml')], at);
    expect(ids(hosts)).toEqual(['a1:9400', 'b1:9400']);
    expect([...hosts.list.targets[0]!.groups]).toEqual([['rack', 'r1']]);
    let changes = 0;
    hosts.start(() => void changes++);

    write('d.json', '[{"targets": ["d1:9400"]}]');
    await later(at, 5000, () => changes === 1);
    expect(ids(hosts)).toEqual(['a1:9400', 'd1:9400', 'b1:9400']);

    write('d.json', '[{"targets": ["d1:9400"]}, {"targets": ["d2');
    await later(at, 5000, () => hosts.problems().length > 0);
    expect(hosts.problems().map((text) => text.replaceAll(`${directory}/`, ''))).toEqual([
      'hosts from d.json, line 1: not valid JSON; the last good list is used',
    ]);
    expect(ids(hosts)).toEqual(['a1:9400', 'd1:9400', 'b1:9400']);

    rmSync(join(directory, 'd.json'));
    write('a.json', '[]');
    await later(at, 5000, () => changes === 2);
    expect([ids(hosts), hosts.problems()]).toEqual([['b1:9400'], []]);
    expect(changes).toBe(2);
  });

  test('nothing is read again that is as it was', async () => {
    const at = clock();
    const path = write('a.json', '[{"targets": ["a1"]}]');
    const hosts = await opened([path], at);
    let changes = 0;
    hosts.start(() => void changes++);
    const pending = at.pending;
    await later(at, 5000, () => at.pending === pending);
    expect(changes).toBe(0);
  });

  test('a list that is too long with the others is not used', async () => {
    const at = clock();
    write('a.json', '[{"targets": ["a[1-9999]"]}]');
    const b = write('b.json', '[{"targets": ["b1"]}]');
    const hosts = await opened([join(directory, 'a.json'), b], at);
    hosts.start(() => undefined);
    write('b.json', '[{"targets": ["b[1-2]"]}]');
    await later(at, 5000, () => hosts.problems().length > 0);
    expect(hosts.problems()).toEqual(['more than 10000 hosts; the last good list is used']);
    expect(hosts.list.targets).toHaveLength(10_000);
  });

  test('errors name the file and the place', async () => {
    expect(await refusal(join(directory, 'none.json'))).toBe('E_HOSTS_FROM: hosts from none.json: does not exist');
    expect(await refusal(join(directory, 'none*.json'))).toBe('E_HOSTS_FROM: hosts from none*.json: no file has such a name');
    expect(await refusal(write('empty.json', '\n'))).toBe('E_HOSTS_FROM: hosts from empty.json: is empty');
    expect(await refusal(write('bad.yml', '- targets: [a]\n- targets: [a:b]'))).toBe(
      'E_HOSTS_FROM: hosts from bad.yml, line 2: "a:b": the port must be 1 to 65535',
    );
    expect(await refusal(write('text', 'a,b'))).toContain('E_HOSTS_FROM: hosts from text, line 1: the file is not a list');
    expect(await refusal('/dev/zero')).toContain('is not a file');
  });
});

describe('addresses', () => {
  test('http_sd is asked every minute, and keeps its last answer', async () => {
    const at = clock();
    const body = (...targets: string[]): Behaviour =>
      answers(JSON.stringify([{ targets, labels: { rack: 'r1' } }]), { 'content-type': 'application/json' });
    const server = await serve(body('n1:9400', 'n1:9100'));
    const hosts = await opened([`http://${server.nodeId}/sd`], at, true);
    expect(ids(hosts)).toEqual(['n1:9400+9100']);
    let changes = 0;
    hosts.start(() => void changes++);
    server.behave(fails(503));
    await later(at, 60_000, () => hosts.problems().length > 0);
    expect(hosts.problems()).toEqual([`hosts from http://${server.nodeId}/sd: HTTP 503 Service Unavailable; the last good list is used`]);
    expect(ids(hosts)).toEqual(['n1:9400+9100']);
    server.behave(body('n2:9400'));
    await later(at, 60_000, () => changes === 1);
    expect([ids(hosts), hosts.problems()]).toEqual([['n2:9400'], []]);
    expect(server.requests.map(({ url, headers }) => [url, headers['x-prometheus-refresh-interval-seconds']])).toEqual(
      Array(3).fill(['/sd', '60']),
    );
  });

  test('the targets of a server, as it scrapes them', async () => {
    const target = (scrapeUrl: string, labels: Record<string, string>): unknown => ({
      scrapeUrl,
      labels,
      health: 'up',
      discoveredLabels: {},
    });
    const server = await serve(
      answers(
        JSON.stringify({
          status: 'success',
          data: {
            activeTargets: [
              target('https://n1:9400/metrics', { instance: 'n1:9400', job: 'dcgm', rack: 'r1' }),
              target('http://n2:9116/probe?target=x', { instance: 'node two', job: 'probe' }),
            ],
          },
        }),
      ),
    );
    const hosts = await opened([`http://${server.nodeId}`]);
    expect(server.requests[0]!.url).toBe('/api/v1/targets?state=active');
    expect(
      hosts.list.targets.map(({ nodeId, name, endpoints, groups }) => [nodeId, name, endpoints[0]!.url, Object.fromEntries(groups)]),
    ).toEqual([
      ['n1:9400', undefined, 'https://n1:9400/metrics', { job: 'dcgm', rack: 'r1' }],
      ['n2:9116/probe?target=x', 'node two', 'http://n2:9116/probe?target=x', { job: 'probe' }],
    ]);
  });

  test('a list from elsewhere chooses no file of this machine', async () => {
    const server = await serve(answers('[{"targets": ["n1"], "labels": {"__http_config__": "/etc/shadow"}}]'));
    expect(await refusal(`http://${server.nodeId}/sd`)).toBe(
      `E_HOSTS_FROM: hosts from http://${server.nodeId}/sd, entry 1: __http_config__ is only read from files of this machine`,
    );
  });

  test.each([
    [answers('<html>log in</html>'), /: the answer is not JSON$/],
    [answers('- targets: [n1]'), /: the answer is not JSON$/],
    [answers('['.repeat(1_000_000)), /: not valid JSON$/],
    [answers('{}'), /not a list of/],
    [fails(401), /HTTP 401 Unauthorized/],
    [answers('[{"targets": ["\\u001b[2Jx"]}]'), /: "\[2Jx"/],
  ])('an answer that is no list', async (behaviour, expected) => {
    const server = await serve(behaviour);
    expect(await refusal(`http://${server.nodeId}/sd`)).toMatch(expected);
  });
});
