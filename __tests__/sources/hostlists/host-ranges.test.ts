import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { splitList } from '../../../lib/sources/hostlists/host-ranges.js';
import { readHostfile } from '../../../lib/sources/hostlists/hostfile.js';

describe('a list of hosts', () => {
  test.each([
    ['a,b', ['a', 'b']],
    ['a[1,2],b', ['a[1,2]', 'b']],
    ['a[1,2,b', ['a[1', '2', 'b']],
    ['a],b', ['a]', 'b']],
    [',a,', ['', 'a', '']],
    ['', ['']],
    ['[fe80::1]:9,b[1-2]c[3,4],d', ['[fe80::1]:9', 'b[1-2]c[3,4]', 'd']],
  ])('%j', (text, items) => {
    expect(splitList(text)).toEqual(items);
  });

  test('any text is split at commas outside brackets', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(',', '[', ']', 'a', '1') }), (text) => {
        expect(splitList(text)).toEqual(text.split(/,(?![^[\]]*\])/));
      }),
    );
  });

  // Work that grows with the square of the length would take hours.
  test('half a million names are fast', () => {
    expect(splitList(Array.from({ length: 500_000 }, (_, nth) => `node${nth}`).join(','))).toHaveLength(500_000);
  });
});

test('an unclosed bracket is an error of its line in the host file, however long it is', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'all-smi-view-hosts-')), 'hosts.csv');
  writeFileSync(file, `node[1${',x'.repeat(400_000)}\n`);
  await expect(readHostfile(file)).rejects.toMatchObject({ code: 'E_HOSTFILE_BAD' });
});
