/** Folded lists of nodes, which pdsh, clush and --hosts can read. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expandHosts } from '../../lib/sources/hostlists/targets.js';
import { foldNames } from '../../lib/text/folded-names.js';

test.each<[names: readonly string[], folded: string]>([
  [['node001', 'node002', 'node003', 'node019'], 'node[001-003,019]'],
  [['node9', 'node10', 'node11'], 'node[9-11]'],
  [['node09', 'node10', 'node1'], 'node[09-10],node1'],
  [['gpu-7:9090', 'gpu-8:9090', 'gpu-8:9100'], 'gpu-[7-8]:9090,gpu-8:9100'],
  [['a1.rack2.example', 'a2.rack2.example'], 'a[1-2].rack2.example'],
  [['login', 'login', 'node1'], 'login,node1'],
  [['10.0.0.1:9090', '10.0.0.2:9090'], '10.0.0.1:9090,10.0.0.2:9090'],
  [['[fe80::1]:9090'], '[fe80::1]:9090'],
  [['https://gpu-7:9090', 'https://gpu-8:9090', 'gpu-9:9090'], 'https://gpu-[7-8]:9090,gpu-9:9090'],
  [[], ''],
])('%j', (names, folded) => {
  expect(foldNames(names)).toBe(folded);
});

test('a folded list names the same addresses', () => {
  const name = fc
    .tuple(
      fc.constantFrom('', 'https://'),
      fc.constantFrom('node', 'gpu-', 'a1b', 'x'),
      fc.nat(120),
      fc.constantFrom(0, 2, 3),
      fc.constantFrom('', '.example', '-ib', ':9090'),
    )
    .map(([scheme, before, number, width, after]) => `${scheme}${before}${String(number).padStart(width, '0')}${after}`);
  fc.assert(
    fc.property(fc.array(name, { maxLength: 40 }), (names) => {
      const urls = (list: readonly string[]): readonly string[] =>
        [...new Set(list.map((name) => expandHosts([name])[0]!.endpoints[0]!.url))].sort();
      const folded = foldNames(names);
      const list = folded === '' ? [] : folded.split(/,(?![^[]*\])/).flatMap((part) => expandHosts([part]));
      expect([...new Set(list.map(({ endpoints }) => endpoints[0]!.url))].sort()).toEqual(urls(names));
    }),
  );
});
