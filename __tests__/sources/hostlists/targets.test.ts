import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expandRange, RangeFault, splitList } from '../../../lib/sources/hostlists/host-ranges.js';
import { expandHosts, MAX_HOSTS, TargetList } from '../../../lib/sources/hostlists/targets.js';
import { AppError } from '../../../lib/errors.js';

const urls = (...args: string[]): string[] => expandHosts(args).flatMap(({ endpoints }) => endpoints.map(({ url }) => url));
const ids = (...args: string[]): string[] => expandHosts(args).map(({ nodeId }) => nodeId);
function fault(...args: string[]): string {
  try {
    expandHosts(args);
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'no fault';
}

describe('ranges', () => {
  test.each([
    ['node[1-3]', ['node1', 'node2', 'node3']],
    ['node[08-11]:9090', ['node08:9090', 'node09:9090', 'node10:9090', 'node11:9090']],
    ['r[1-2]n[01-02]', ['r1n01', 'r1n02', 'r2n01', 'r2n02']],
    ['g[1,3,7-9]', ['g1', 'g3', 'g7', 'g8', 'g9']],
    ['g[5-5]', ['g5']],
    ['[1-2].rack', ['1.rack', '2.rack']],
    ['g[9-11]', ['g9', 'g10', 'g11']],
    ['g[000-001]', ['g000', 'g001']],
    ['plain', ['plain']],
    ['[::1]:9090', ['[::1]:9090']],
    ['[fe80::[1-2]]', undefined],
    ['a[1-2', undefined],
    ['a1-2]', undefined],
    ['a[2-1]', undefined],
    ['a[]', undefined],
    ['a[1-]', undefined],
    ['a[x-z]', undefined],
    ['a[1-99999999999999999999]', undefined],
    ['a[1-101]', undefined],
    ['a[1-11]b[1-11]', undefined],
  ])('%s', (text, expected) => {
    if (expected) expect(expandRange(text, 100)).toEqual(expected);
    else expect(() => expandRange(text, 100)).toThrow(RangeFault);
  });

  test('a range expands to all numbers, each once and in order', () => {
    const range = fc.record({
      from: fc.integer({ min: 0, max: 3000 }),
      more: fc.integer({ min: 0, max: 20 }),
      width: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 3 }), (ranges) => {
        const pad = (value: number, width: number): string => '0'.repeat(Math.max(0, width - String(value).length)) + value;
        const text = ranges.map(({ from, more, width }) => `n[${pad(from, width)}-${pad(from + more, width)}]`).join('');
        const all = expandRange(text, 10_000);
        let expected = [''];
        for (const { from, more, width } of ranges) {
          // A width matters only if it adds a leading zero.
          const shown = pad(from, width).startsWith('0') ? Math.max(width, 1) : 0;
          expected = expected.flatMap((start) => Array.from({ length: more + 1 }, (_, n) => `${start}n${pad(from + n, shown)}`));
        }
        expect(all).toEqual(expected);
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });

  test('any text is handled, and none expands beyond the limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('[', ']', '-', ',', '0', '1', '9', 'a', ':') }), (text) => {
        try {
          expect(expandRange(text, 50).length).toBeLessThanOrEqual(50);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeFault);
        }
      }),
    );
  });

  test('lists split at commas outside brackets', () => {
    expect(splitList('a[1,2],b,[::1]:80')).toEqual(['a[1,2]', 'b', '[::1]:80']);
  });

  test('spaces and semicolons separate entries as well', () => {
    expect(ids('a b;c', 'd[1, 2],e')).toEqual(['a', 'b', 'c', 'd1', 'd2', 'e']);
  });

  test('any list has each machine once, with a note that counts duplicates', () => {
    const name = fc.constantFrom('a', 'A', 'a.', 'b', 'B:80', 'b:9090', 'B.:9090', 'c.example', 'C.Example.');
    const plain = (text: string): string => {
      const [host = '', port = '80'] = text.toLowerCase().split(':');
      return `${host.replace(/\.$/, '')}:${port}`;
    };
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), fc.constantFrom(',', ' ', ';', ', '), (names, between) => {
        const list = new TargetList('--hosts');
        list.add(names.join(between));
        const once = [...new Set(names.map(plain))];
        expect(list.targets.map(({ nodeId }) => plain(nodeId))).toEqual(once);
        const again = names.length - once.length;
        expect(list.notes.map((note) => /^--hosts: (\d+) duplicate address/.exec(note)?.[1])).toEqual(again === 0 ? [] : [String(again)]);
      }),
    );
  });
});

describe('addresses', () => {
  test.each([
    ['node1', 'node1', 'http://node1/metrics'],
    ['node1:9090', 'node1:9090', 'http://node1:9090/metrics'],
    ['http://node1:9090/', 'node1:9090', 'http://node1:9090/metrics'],
    ['https://node1', 'node1', 'https://node1/metrics'],
    ['HTTPS://node1:9443/metrics', 'node1:9443', 'https://node1:9443/metrics'],
    ['http://node1:9090/metrics?x=1#y', 'node1:9090', 'http://node1:9090/metrics'],
    ['node_1.rack-7.lan:80', 'node_1.rack-7.lan:80', 'http://node_1.rack-7.lan/metrics'],
    ['10.0.0.7:9090', '10.0.0.7:9090', 'http://10.0.0.7:9090/metrics'],
    ['[::1]:9090', '[::1]:9090', 'http://[::1]:9090/metrics'],
    ['https://[2001:db8::7]', '[2001:db8::7]', 'https://[2001:db8::7]/metrics'],
    ['  node1 ', 'node1', 'http://node1/metrics'],
    ['no\u200bde1\u202e', 'node1', 'http://node1/metrics'],
    ['node1:6817/metrics/jobs', 'node1:6817/metrics/jobs', 'http://node1:6817/metrics/jobs'],
    ['https://node1:9400/custom', 'node1:9400/custom', 'https://node1:9400/custom'],
    ['node1/a+1', 'node1/a+1', 'http://node1/a+1'],
    ['knoten-ä:9090', 'knoten-ä:9090', 'http://xn--knoten--cxa:9090/metrics'],
  ])('%s', (text, nodeId, url) => {
    expect(expandHosts([text])).toEqual([{ nodeId, endpoints: [{ id: nodeId, url }], groups: new Map() }]);
  });

  test.each([
    ['', 'the address is empty'],
    ['a,,b', 'the address is empty'],
    ['ftp://node1', 'scheme ftp is not supported'],
    ['node1:0', 'the port must be 1 to 65535'],
    ['node1:65536', 'the port must be 1 to 65535'],
    ['node1:', 'the port must be 1 to 65535'],
    ['node1:http', 'the port must be 1 to 65535'],
    [':9090', 'the host name is missing'],
    ['http://', 'the host name is missing'],
    ['http:///metrics', 'the host name is missing'],
    ['::1', 'write an IPv6 address in brackets, like [::1]:9090'],
    ['2001:db8::7', 'write an IPv6 address in brackets, like [::1]:9090'],
    ['[::zz]', '"[::zz]": not a host name or address'],
    ['gpu*:9090', '"gpu*:9090": "gpu*" is not a host name or address'],
    ['[::1]x:80', 'write an IPv6 address in brackets'],
    ['[1:2]', 'not a host name or address'],
    ['10.0.0.300', 'not a host name or address'],
    ['-h', '"-h": not a host name or address'],
    ['node1/a"b', '"/a"b" is not a path'],
    ['node1:9400+91000/x', 'the port must be 1 to 65535'],
    ['node[3-1]', '[3-1] runs backwards'],
    ['node[1-3', 'a [ without a ]'],
    ['x'.repeat(301), 'too long'],
  ])('%s is rejected', (text, reason) => {
    const told = fault('good', text);
    expect(told).toMatch(/^E_HOST_BAD: host "/);
    expect(told).toContain(reason);
  });

  test('a bad one is named among many', () => {
    expect(fault('a', 'b:9090', 'c:x', 'd')).toBe('E_HOST_BAD: host "c:x": the port must be 1 to 65535');
  });

  test.each(['http://user:pa,ss/wo[rd@node1', 'user:password@node1', 'node1,http://u:password@b'])(
    'a password is rejected and not shown',
    (text) => {
      const told = fault(text);
      expect(told).toContain('contains a user name or a password');
      expect(told).not.toMatch(/pa,|ss.wo|:pass|word@|rd@/);
    },
  );

  test('control characters are not in the message', () => {
    expect(fault('\x1b[2Jx y')).toBe('E_HOST_BAD: host "[2Jx": a [ without a ]');
  });
});

describe('paths', () => {
  const shown = (...args: string[]): string[] =>
    expandHosts(args).map(({ nodeId, endpoints }) => `${nodeId}: ${endpoints.map(({ id, url }) => `${id} ${url}`).join(', ')}`);

  test('two paths of one address are two nodes, and the same path is one', () => {
    expect(shown('h:1/a', 'h:1/b', 'H:1/a', 'h:1')).toEqual([
      'h:1/a: h:1/a http://h:1/a',
      'h:1/b: h:1/b http://h:1/b',
      'h:1: h:1 http://h:1/metrics',
    ]);
  });

  test('ranges and ports have paths', () => {
    expect(shown('n[1-2]:9400/custom+9100')).toEqual([
      'n1:9400/custom+9100: n1:9400/custom http://n1:9400/custom, n1:9100 http://n1:9100/metrics',
      'n2:9400/custom+9100: n2:9400/custom http://n2:9400/custom, n2:9100 http://n2:9100/metrics',
    ]);
    expect(shown('n1:9400+6817/metrics/jobs')).toEqual([
      'n1:9400+6817/metrics/jobs: n1:9400 http://n1:9400/metrics, n1:6817/metrics/jobs http://n1:6817/metrics/jobs',
    ]);
  });
});

describe('several endpoints of one node', () => {
  const nodes = (...args: string[]): string[] =>
    expandHosts(args).map(({ nodeId, endpoints }) => `${nodeId} = ${endpoints.map(({ id, url }) => `${id} ${url}`).join(', ')}`);

  test('are its ports with a + between, also in ranges', () => {
    expect(nodes('node[01-02]:9400+9100', 'https://[::1]:1+2')).toEqual([
      'node01:9400+9100 = node01:9400 http://node01:9400/metrics, node01:9100 http://node01:9100/metrics',
      'node02:9400+9100 = node02:9400 http://node02:9400/metrics, node02:9100 http://node02:9100/metrics',
      '[::1]:1+2 = [::1]:1 https://[::1]:1/metrics, [::1]:2 https://[::1]:2/metrics',
    ]);
  });

  test('are never guessed: other ports of a host are other nodes', () => {
    expect(ids('a:9400', 'a:9100')).toEqual(['a:9400', 'a:9100']);
  });

  test('are joined where one list says so and another names only some of them', () => {
    expect(ids('a:1', 'b:1', 'a:2', 'a:1+3')).toEqual(['a:1+3', 'b:1', 'a:2']);
    expect(ids('a:1+2', 'a:3+4', 'a:2+3')).toEqual(['a:1+2+3+4']);
    expect(ids('a:1+1', 'a:2+2')).toEqual(['a:1', 'a:2']);
    const [hosts, file] = [new TargetList('--hosts'), new TargetList('hosts.csv')];
    hosts.add('a:1+2');
    hosts.add('c:1');
    file.add('https://a:2', { name: 'a', groups: new Map([['rack', '7']]) });
    file.add('b:1');
    expect(hosts.with(file).targets).toEqual([
      {
        nodeId: 'a:1+2',
        endpoints: [
          { id: 'a:1', url: 'http://a:1/metrics' },
          { id: 'a:2', url: 'https://a:2/metrics' },
        ],
        groups: new Map([['rack', '7']]),
        name: 'a',
      },
      { nodeId: 'c:1', endpoints: [{ id: 'c:1', url: 'http://c:1/metrics' }], groups: new Map() },
      { nodeId: 'b:1', endpoints: [{ id: 'b:1', url: 'http://b:1/metrics' }], groups: new Map() },
    ]);
  });

  test.each([
    ['a:1+', 'the port must be 1 to 65535'],
    ['a:1+x', 'the port must be 1 to 65535'],
    ['a:+1', 'the port must be 1 to 65535'],
    ['a+b', 'not a host name or address'],
    [`a:${Array.from({ length: 17 }, (_, at) => at + 1).join('+')}`, 'more than 16 endpoints of one node'],
  ])('%s is rejected', (text, reason) => {
    expect(fault(text)).toContain(reason);
  });
});

describe('lists', () => {
  test('have each address once, in the order of first mention', () => {
    expect(ids('b', 'a[1-3]', 'a2', 'http://b/metrics', 'c,b')).toEqual(['b', 'a1', 'a2', 'a3', 'c']);
  });

  test('keep https', () => {
    expect(urls('https://a[1-2]')).toEqual(['https://a1/metrics', 'https://a2/metrics']);
  });

  test('have up to 10,000 hosts', () => {
    expect(ids(`n[1-${MAX_HOSTS}]`, 'n1')).toHaveLength(MAX_HOSTS);
    expect(fault(`n[1-${MAX_HOSTS}]`, 'm')).toBe('E_HOSTS_TOO_MANY: more than 10000 hosts');
    expect(fault(`n[0-${MAX_HOSTS}]`)).toBe('E_HOST_BAD: host "n[0-10000]": expands to more than 10000 hosts');
  });
});
