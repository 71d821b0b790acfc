import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { notesOf, onlyNamed, sourcesOf } from '../../bin/source-settings.js';
import { AppError } from '../../lib/errors.js';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { resolveOptions, VIEW_OPTIONS, type Environment, type Flags } from '../../lib/options/options.js';
import type { HostsSource } from '../../lib/run/settings.js';
import { openSources } from '../../lib/run/sources.js';
import { systemClock } from '../../lib/run/system-clock.js';
import { answers, startServer, type Behaviour } from '../helpers/server.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function hostsOf(flags: Flags, env: Environment = {}): Promise<HostsSource> {
  const [source] = await sourcesOf(onlyNamed(resolveOptions(VIEW_OPTIONS, flags, env), flags), flags, env);
  if (source?.kind !== 'hosts') throw new Error('no hosts');
  return source;
}
const fault = (flags: Flags, env: Environment): Promise<string> =>
  hostsOf(flags, env).then(
    () => 'no fault',
    (error: unknown) => {
      if (error instanceof AppError) return `${error.exit} ${error.message}`;
      throw error;
    },
  );

function hostfile(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'sources-'));
  open.push(() => {
    rmSync(directory, { recursive: true });
  });
  writeFileSync(join(directory, 'hosts.csv'), text);
  return join(directory, 'hosts.csv');
}

const TOKEN = { ALL_SMI_AUTH_TOKEN: 'sekret' };
const GOOD = 'all_smi_up{instance="same"} 1\nall_smi_memory_used_bytes{instance="same"} 1\n';

/** Starts a collector for the given sources, and waits until all nodes have been delivered. */
async function names(source: HostsSource): Promise<readonly string[]> {
  const opened = await openSources([source], { parsers: new Parsers(), clock: systemClock, afterCommit: () => undefined });
  const { collector } = opened;
  open.unshift(() => collector.stop());
  await new Promise<void>((resolve) => {
    collector.start(() => {
      if (collector.nodes.every(({ status }) => status.phase !== 'waiting')) resolve();
    });
  });
  return collector.nodes.map(({ name, status }) => status.error?.text ?? name);
}

describe('the token', () => {
  const guarded: Behaviour = (request, response) => {
    if (request.headers.authorization === 'Bearer sekret') answers(GOOD)(request, response);
    else response.writeHead(401).end();
  };

  test('is not sent over http unless allowed: the program does not start, and the message shows the remedy', async () => {
    expect(await fault({ hosts: ['a:9090'] }, TOKEN)).toBe(
      '2 the token would be sent unencrypted: 1 node with an http:// address, the first is a:9090',
    );
    expect(await fault({ hosts: ['https://a', 'b[1-2]'] }, TOKEN)).toBe(
      '2 the token would be sent unencrypted: 2 of 3 nodes with an http:// address, the first is b1',
    );
    expect(await fault({ hosts: ['https://a'] }, TOKEN)).toBe('no fault');
    expect(await fault({ hosts: ['a'] }, {})).toBe('no fault');
  });

  test.each([
    ['by the flag', { 'token-over-http': ['true'] }, {}],
    ['by the environment', {}, { ALL_SMI_TOKEN_OVER_HTTP: '1' }],
  ] as const)('is sent over http if allowed %s', async (_, flags, env) => {
    const node = await startServer(guarded);
    open.push(() => node.kill());
    expect(await names(await hostsOf({ hosts: [node.nodeId], ...flags }, { ...TOKEN, ...env }))).toEqual(['same']);
    expect(await names(await hostsOf({ hosts: [node.nodeId] }))).toEqual(['HTTP 401 Unauthorized']);
  });
});

describe('node names', () => {
  test('of the host file take precedence over those that nodes report; equal names get their address in front', async () => {
    const nodes = await Promise.all(Array.from({ length: 4 }, () => startServer(answers(GOOD))));
    for (const node of nodes) open.push(() => node.kill());
    const [a, b, c, d] = nodes.map(({ nodeId }) => nodeId) as [string, string, string, string];
    const file = hostfile(`host,name\n${a},gpu-a\n${b},gpu-b\n${c},\n${d},\n`);
    expect(await names(await hostsOf({ hostfile: [file] }))).toEqual(['gpu-a', 'gpu-b', `${c} (same)`, `${d} (same)`]);
  });

  test('merged and omitted entries are noted, and --hosts gets the labels of the file', async () => {
    const file = hostfile('Hostname,rack\na,r1\nA.,r2\nb,r1\n');
    const source = await hostsOf({ hosts: ['B:80', 'b', 'c'], hostfile: [file] });
    expect(source.targets.map(({ nodeId, groups }) => [nodeId, groups.get('rack')])).toEqual([
      ['B:80', 'r1'],
      ['c', undefined],
      ['a', 'r1'],
    ]);
    expect(notesOf([source])).toEqual([
      'all-smi-view: --hosts: 1 duplicate address merged (first: b is B:80)\n',
      'all-smi-view: hosts.csv: 1 duplicate address merged, 1 of them with other labels (first: A. is a)\n',
    ]);
  });
});
