import { describe, expect, test } from '@jest/globals';
import { line, lines } from '../../lib/view/frame.js';
import { definePlugin } from '../../lib/plugin/types.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver } from '../helpers/driver.js';

describe('y copies', () => {
  test('all cells in full, however little of them is on screen', () => {
    const driver = new Driver({ hosts: CLUSTER, cols: 80 }).press('V', 'y');
    const cells = driver.painter.clipboard.split('\t');
    expect(cells[0]).toBe('inureyes');
    expect(cells.at(-1)).toBe('python train.py --bs=128 --epochs=100 --model=llama-70b --data=/scratch/c4 --resume');
    expect(driver.frame()).not.toContain('--resume');
    expect(driver.frame()).toContain('copied inureyes false 1');
  });

  test('the selected row', () => {
    const driver = new Driver({ hosts: CLUSTER }).press('Down', 'y');
    expect(driver.painter.clipboard).toBe(
      'node-0001\tnode-0001:9090\t1\t\tNVIDIA H100 80GB HBM3\t96.0\t84825604096\t85469849190\t88.0\t690.000\t700.000\t1980\tcomputing\t\tinureyes, mira',
    );
  });

  test('sanitized text, whatever the source', () => {
    const hostile = definePlugin({
      apiVersion: 1,
      id: 'hostile',
      layers: [],
      tabs: () => [{ plugin: 'hostile', key: '', title: 'Hostile', order: -1 }],
      init: () => 0,
      view: () => ({ blocks: [lines({ ...line('shown'), selected: true, copy: 'a\u001b]52;c;aGk=\u0007\tb\u202ec\r\nrm -rf /\n' })] }),
    });
    const driver = new Driver({ plugins: [hostile] }).press('y');
    expect(driver.tab).toBe('Hostile');
    expect(driver.painter.clipboard).toBe('a]52;c;aGk=\tbcrm -rf /');
  });

  test('a wrapped row completely', () => {
    const tall = definePlugin({
      apiVersion: 1,
      id: 'tall',
      layers: [],
      tabs: () => [{ plugin: 'tall', key: '', title: 'Tall', order: -1 }],
      init: () => 0,
      view: () => ({
        blocks: [lines({ ...line('a  b'), selected: true, copy: 'a\tb' }, line('between'), { ...line('rest'), selected: true })],
      }),
    });
    expect(new Driver({ plugins: [tall] }).press('y').painter.clipboard).toBe('a\tb rest');
  });

  test('values as in exports, never bars, on every screen', () => {
    const screens: readonly (readonly string[])[] = [
      [],
      ['G'],
      ['c'],
      ['V'],
      ['V', 'Enter'],
      ['V', 'Enter', 'Enter'],
      ['V', 'Enter', 'Enter', 'Enter'],
      ['V', 'i'],
      ['V', 'Right'],
      ['T'],
      ['T', 'M'],
      ['D'],
    ];
    for (const keys of screens) {
      const driver = new Driver({ hosts: CLUSTER }).press(...keys, 'y');
      expect([keys, driver.painter.clipboard]).toEqual([keys, expect.stringMatching(/^[^░▁-█▉-▏]+$/u)]);
    }
    const details = new Driver({ hosts: CLUSTER }).press('V', 'Enter', 'Enter', 'Enter', 'y').painter.clipboard;
    expect(details).toMatch(/^inureyes\t.*python train\.py .*--resume$/);
  });

  test('nothing, with a notice, when there is nothing to copy', () => {
    expect(new Driver().press('y').frame()).toContain('nothing to copy here');
  });
});
