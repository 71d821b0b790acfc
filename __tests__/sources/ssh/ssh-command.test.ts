/** What `--ssh` takes, and the command line of ssh that comes of it. */
import { describe, expect, test } from '@jest/globals';
import { TargetList } from '../../../lib/sources/hostlists/targets.js';
import { sshArguments } from '../../../lib/sources/ssh/ssh-command.js';
import { failureOf } from '../../../lib/sources/ssh/ssh-failures.js';

const targetsOf = (text: string): TargetList['targets'] => {
  const list = new TargetList('--ssh', 'ssh');
  list.add(text);
  return list.targets;
};
/** Where it connects to: what is after the options that are always there. */
const placeOf = (text: string): string => {
  const all = sshArguments(targetsOf(text)[0]!.endpoints[0]!, { options: [] }, 5000);
  return all.slice(all.indexOf('ServerAliveCountMax=2') + 1).join(' ');
};

describe('addresses', () => {
  test.each([
    ['gpu01', 'gpu01', 'gpu01 sh'],
    ['alice@gpu01:2222', 'gpu01:2222', '-l alice -p 2222 gpu01 sh'],
    ['ssh://alice@gpu01.lab:22/', 'gpu01.lab:22', '-l alice -p 22 gpu01.lab sh'],
    ['alice@corp@gpu01', 'gpu01', '-l alice@corp gpu01 sh'],
    ['GPU_01', 'GPU_01', 'GPU_01 sh'],
    ['[fe80::1]:22', '[fe80::1]:22', '-p 22 fe80::1 sh'],
  ])('%s', (text, nodeId, place) => {
    expect([targetsOf(text)[0]?.nodeId, placeOf(text)]).toEqual([nodeId, place]);
  });

  test('ranges, each node once', () => {
    expect(targetsOf('alice@gpu[01-03]:22,gpu02:22').map(({ nodeId }) => nodeId)).toEqual(['gpu01:22', 'gpu02:22', 'gpu03:22']);
  });

  test.each(['-oProxyCommand=x', 'alice@-oProxyCommand=x', '-l@gpu01', '@gpu01', 'gpu01:0', 'http://gpu01', 'gpu01/metrics'])(
    '%s is refused',
    (text) => {
      expect(() => targetsOf(text)).toThrow(/^host "/);
    },
  );

  test('a password is refused and not repeated', () => {
    expect(() => targetsOf('alice:hunter2@gpu01')).toThrow('host "...@gpu01": contains a password; log in with a key instead');
  });
});

test('what may not be changed comes first, then what the user says, then the rest', () => {
  const [target] = targetsOf('gpu01');
  const all = sshArguments(target!.endpoints[0]!, { config: 'c', identity: 'k', options: ['ConnectTimeout=30', 'BatchMode=no'] }, 1500);
  const options = all.filter((_, nth) => all[nth - 1] === '-o');
  expect(options.indexOf('BatchMode=yes')).toBeLessThan(options.indexOf('BatchMode=no'));
  expect(options.indexOf('ConnectTimeout=30')).toBeLessThan(options.indexOf('ConnectTimeout=2'));
  expect(all.join(' ')).toMatch(/^-T -a -x -F c -i k -o /);
  // How host keys are checked is left to the configuration.
  expect(all.join(' ')).not.toMatch(/StrictHostKeyChecking|UserKnownHostsFile/);
});

describe('what ssh says', () => {
  const ended = { preface: '', code: 255, signal: null, wasReady: false };

  test.each([
    ['ssh: connect to host gpu01 port 22: No route to host', 'S_SSH_UNREACHABLE SSH: No route to host'],
    ['ssh: connect to host gpu01 port 22: Connection timed out', 'S_SSH_UNREACHABLE SSH: Connection timed out'],
    [
      'kex_exchange_identification: read: Connection reset by peer',
      'S_SSH_CLOSED SSH: kex_exchange_identification: read: Connection reset by peer',
    ],
    [
      'alice@gpu01: Permission denied (publickey,password).',
      'S_SSH_AUTH SSH: authentication failed: alice@gpu01: Permission denied (publickey,password).',
    ],
    ['', 'S_SSH_CLOSED SSH: ssh exited without a message'],
  ])('%s', (errors, said) => {
    const { code, message } = failureOf({ ...ended, errors: `${errors}\r\n` });
    expect(`${code} ${message}`).toBe(said);
  });
});
