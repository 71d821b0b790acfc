import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostsCsv, parsePortRange, portsFrom, writeHosts } from '../../lib/mock/mock-ports.js';

describe('port ranges', () => {
  test('go from the first to the last port', () => {
    expect(parsePortRange('10001-10003')).toEqual([10001, 10002, 10003]);
    expect(parsePortRange(' 10001 - 10002 ')).toEqual([10001, 10002]);
    expect(parsePortRange('65535')).toEqual([65535]);
  });

  test.each([
    ['10003-10001', '--port-range: 10001 is below 10003'],
    ['0-5', '--port-range: ports go from 1 to 65535'],
    ['65530-65536', '--port-range: ports go from 1 to 65535'],
    ['', '--port-range: "" is not a range like 10001-10010'],
    ['10001-', '--port-range: "10001-" is not a range like 10001-10010'],
    ['-5', '--port-range: "-5" is not a range like 10001-10010'],
    ['1e3', '--port-range: "1e3" is not a range like 10001-10010'],
    ['100000', '--port-range: "100000" is not a range like 10001-10010'],
  ])('%p is refused', (text, message) => {
    expect(() => parsePortRange(text)).toThrow(expect.objectContaining({ code: 'E_OPTION_BAD', message }));
  });

  test('is derived from a number of nodes and the first port, or has any free ports', () => {
    expect(portsFrom(9090, 3)).toEqual([9090, 9091, 9092]);
    expect(portsFrom(65535, 1)).toEqual([65535]);
    expect(portsFrom(0, 2)).toEqual([0, 0]);
  });

  test.each([
    [65535, 2, '--port: 2 ports from 65535 go beyond 65535'],
    [9090, 0, '--nodes: not a number from 1 to 65535'],
    [9090, 1.5, '--nodes: not a number from 1 to 65535'],
    [9090, NaN, '--nodes: not a number from 1 to 65535'],
    [-1, 1, '--port: not a number from 0 to 65535'],
    [70000, 1, '--port: not a number from 0 to 65535'],
  ])('%p and %p nodes are refused', (port, nodes, message) => {
    expect(() => portsFrom(port, nodes)).toThrow(expect.objectContaining({ code: 'E_OPTION_BAD', message }));
  });
});

test('the host file lists localhost for this machine, and addresses for other ones', () => {
  expect(hostsCsv(['127.0.0.1:10001', '0.0.0.0:10002', '[::1]:10003', '[::]:10004', '10.0.0.5:10005', '[2001:db8::1]:10006'])).toBe(
    'localhost:10001\nlocalhost:10002\nlocalhost:10003\nlocalhost:10004\n10.0.0.5:10005\n[2001:db8::1]:10006\n',
  );
});

describe('writing the host file', () => {
  let directory = '';
  const at = (name: string): string => join(directory, name);
  const addresses = ['127.0.0.1:10001', '127.0.0.1:10002'];
  const text = 'localhost:10001\nlocalhost:10002\n';

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hosts-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  test('creates it, and overwrites an older, longer one', async () => {
    await writeHosts(at('new.csv'), addresses);
    expect(await readFile(at('new.csv'), 'utf8')).toBe(text);
    await writeFile(at('old.csv'), 'x'.repeat(1000));
    await writeHosts(at('old.csv'), addresses);
    expect(await readFile(at('old.csv'), 'utf8')).toBe(text);
  });

  test('refuses a link, and leaves its target unchanged', async () => {
    await writeFile(at('target'), 'keep me');
    await symlink(at('target'), at('link.csv'));
    await expect(writeHosts(at('link.csv'), addresses)).rejects.toMatchObject({
      code: 'E_FILE_WRITE',
      message: `cannot write ${at('link.csv')}: it is a symbolic link`,
    });
    expect(await readFile(at('target'), 'utf8')).toBe('keep me');
    await symlink(at('nowhere'), at('dangling.csv'));
    await expect(writeHosts(at('dangling.csv'), addresses)).rejects.toMatchObject({ code: 'E_FILE_WRITE' });
    await expect(stat(at('nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('refuses a directory, a pipe without a reader and a missing directory at once', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    await expect(writeHosts(directory, addresses)).rejects.toMatchObject({ message: `cannot write ${directory}: is a directory` });
    await expect(writeHosts(at('pipe'), addresses)).rejects.toMatchObject({
      message: `cannot write ${at('pipe')}: it is not a regular file`,
    });
    await expect(writeHosts(at('no/hosts.csv'), addresses)).rejects.toMatchObject({
      message: `cannot write ${at('no/hosts.csv')}: its directory does not exist`,
    });
  });

  test('refuses a device, which is not a regular file', async () => {
    await expect(writeHosts('/dev/null', addresses)).rejects.toMatchObject({ message: 'cannot write /dev/null: it is not a regular file' });
  });
});
