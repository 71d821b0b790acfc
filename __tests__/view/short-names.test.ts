import { expect, test } from '@jest/globals';
import { commonDomain, shortName, withoutDomain } from '../../lib/view/short-names.js';

const shown = (...names: string[]): string[] => names.map((name) => withoutDomain(name, commonDomain(names)));

test.each<[string, string[], string[]]>([
  ['the domain that all have is left out', ['a.x.org', 'b.x.org'], ['a', 'b']],
  ['and the port with it, where all have the same', ['a.x.org:9090', 'b.x.org:9090'], ['a', 'b']],
  ['ports that differ stay', ['a.x.org:9090', 'b.x.org:9091'], ['a:9090', 'b:9091']],
  ['a node that has not answered is known by its address: its port stays', ['a.x.org', 'b.x.org', 'c.x.org:9090'], ['a', 'b', 'c:9090']],
  ['names without a domain leave the others short', ['a.x.org', 'b.x.org', 'login', '10.0.0.1:9090'], ['a', 'b', 'login', '10.0.0.1:9090']],
  ['two domains tell nodes apart', ['a.x.org', 'b.y.org'], ['a.x.org', 'b.y.org']],
  ['no two names may become one', ['a.x.org', 'b.x.org', 'a'], ['a.x.org', 'b.x.org', 'a']],
  ['nor a port tell only part of them apart', ['a.x.org', 'a.x.org:9090'], ['a', 'a:9090']],
  ['a single name is shown in full', ['a.x.org'], ['a.x.org']],
  ['addresses have no domain', ['10.0.0.1', '10.1.0.1', '[fe80::1.2]:9090'], ['10.0.0.1', '10.1.0.1', '[fe80::1.2]:9090']],
])('%s', (_what, names, expected) => expect(shown(...names)).toEqual(expected));

test('a name that is still too long is cut in the middle', () => {
  expect(shortName('gpu-cluster-partition-007.x.org', '.x.org', 16)).toBe('gpu-cl…ition-007');
});
