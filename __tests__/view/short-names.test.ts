import { expect, test } from '@jest/globals';
import { commonDomain, shortName, withoutDomain } from '../../lib/view/short-names.js';

const shown = (...names: string[]): string[] => names.map((name) => withoutDomain(name, commonDomain(names)));

test.each<[string, string[], string[]]>([
  ['the common domain is omitted', ['a.x.org', 'b.x.org'], ['a', 'b']],
  ['a common port is omitted with it', ['a.x.org:9090', 'b.x.org:9090'], ['a', 'b']],
  ['different ports are kept', ['a.x.org:9090', 'b.x.org:9091'], ['a:9090', 'b:9091']],
  [
    'the port of a node that has never answered is kept, since its name is an address',
    ['a.x.org', 'b.x.org', 'c.x.org:9090'],
    ['a', 'b', 'c:9090'],
  ],
  [
    'names without a domain do not affect the others',
    ['a.x.org', 'b.x.org', 'login', '10.0.0.1:9090'],
    ['a', 'b', 'login', '10.0.0.1:9090'],
  ],
  ['different domains are kept', ['a.x.org', 'b.y.org'], ['a.x.org', 'b.y.org']],
  ['names stay unique', ['a.x.org', 'b.x.org', 'a'], ['a.x.org', 'b.x.org', 'a']],
  ['ports are kept if names would not be unique', ['a.x.org', 'a.x.org:9090'], ['a', 'a:9090']],
  ['a single name is shown in full', ['a.x.org'], ['a.x.org']],
  ['addresses have no domain', ['10.0.0.1', '10.1.0.1', '[fe80::1.2]:9090'], ['10.0.0.1', '10.1.0.1', '[fe80::1.2]:9090']],
])('%s', (_what, names, expected) => expect(shown(...names)).toEqual(expected));

test('a name that is still too long is cut in the middle', () => {
  expect(shortName('gpu-cluster-partition-007.x.org', '.x.org', 16)).toBe('gpu-cl…ition-007');
});
