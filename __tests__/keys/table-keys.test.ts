/** The keys of every table, tested on the All tab. */
import { describe, expect, test } from '@jest/globals';
import { Driver } from '../helpers/driver.js';

const open = (gpus = 100): Driver => new Driver({ hosts: [{ gpus }], cols: 100, rows: 30 });
/** [GPU of the selected row, GPUs of the first and the last row on screen]. */
function place(driver: Driver): number[] {
  const rows = driver.lines().flatMap((text) => {
    const [, mark, gpu] = /^ ([▌ ]) node-0001 +(\d+) /.exec(text) ?? [];
    return gpu === undefined ? [] : [{ chosen: mark === '▌', gpu: Number(gpu) }];
  });
  return [rows.find(({ chosen }) => chosen)?.gpu ?? -1, rows[0]?.gpu ?? -1, rows.at(-1)?.gpu ?? -1];
}
const after = (...keys: readonly string[]): number[] => place(open().press(...keys));

describe('moving', () => {
  test.each<[keys: string[], chosen: number, first: number, last: number]>([
    [[], 0, 0, 22],
    [['Down', 'j'], 2, 0, 22],
    [['Down', 'Up', 'k', 'Up'], 0, 0, 22],
    [['PageDown'], 23, 1, 23],
    [['C-f', 'C-f'], 46, 24, 46],
    [['PageDown', 'PageUp'], 0, 0, 22],
    [['End'], 99, 77, 99],
    [['End', 'Down', 'PageDown'], 99, 77, 99],
    [['End', 'Up'], 98, 77, 99],
    [['End', 'Home'], 0, 0, 22],
    [['End', 'C-b'], 76, 76, 98],
    [['WheelDown'], 3, 0, 22],
    [['WheelDown', 'WheelDown', 'WheelUp'], 3, 0, 22],
  ])('%j', (keys, chosen, first, last) => {
    expect(after(...keys)).toEqual([chosen, first, last]);
  });

  test('a page is one screen', () => {
    const driver = open();
    expect(place(driver.resize(100, 15).press('PageDown'))).toEqual([9, 1, 9]);
    expect(place(driver.resize(100, 30).press('PageDown'))).toEqual([32, 10, 32]);
  });

  test('a smaller window keeps the selected row on screen', () => {
    expect(place(open().press('PageDown', 'PageDown').resize(100, 12))).toEqual([46, 41, 46]);
  });

  test('works without rows', () => {
    expect(place(open(0).press('Down', 'End', 'PageUp', 'WheelDown', 'Enter'))).toEqual([-1, -1, -1]);
  });
});

describe('the mouse', () => {
  const at = (driver: Driver, text: string): { x: number; y: number } => driver.painter.find(text)!;

  test('a click anywhere on a row selects it', () => {
    const driver = open();
    const y = at(driver, 'node-0001    7').y;
    for (const x of [0, 20, 99]) {
      driver.press('Home').send({ type: 'mouse', action: 'press', button: 'left', x, y, clicks: 1 });
      expect(place(driver)[0]).toBe(7);
    }
  });

  test('a double click opens a row, and on the header sorts twice', () => {
    expect(open().click('node-0001    7', 1).click('node-0001    7', 2).tab).toBe('node-0001');
    const driver = open().click('TEMP', 1).click('TEMP', 2);
    expect(driver.tab).toBe('All');
    expect(driver.frame()).toContain('▲TEMP');
  });

  test('other buttons, releases and drags do nothing', () => {
    const driver = open();
    const before = driver.frame();
    const { x, y } = at(driver, 'node-0001    7');
    driver.send({ type: 'mouse', action: 'press', button: 'right', x, y, clicks: 1 });
    driver.send({ type: 'mouse', action: 'release', button: 'left', x, y, clicks: 1 });
    driver.send({ type: 'mouse', action: 'drag', button: 'left', x, y, clicks: 1 });
    expect(driver.frame()).toBe(before);
  });
});
