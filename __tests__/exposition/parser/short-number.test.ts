import { expect, test } from '@jest/globals';
import { shortNumber } from '../../../lib/exposition/parser/numbers.js';
import { rng } from '../../../bench/yardstick/workload.mjs';

const utf8 = new TextEncoder();
const read = (text: string): number => shortNumber(utf8.encode(`x${text} y`), 1, 1 + text.length);

test.each(['0', '7', '-3', '1.5', '.5', '5.', '0.000001', '1.83e+09', '1e-05', '2E3', '1e5', '-1.7e-3', '741200.11', '1.789135787e+06'])(
  '%s',
  (text) => {
    expect(read(text)).toBe(Number(text));
  },
);

test.each(['', '-', '.', 'e5', '1e', '1e+', '1.2.3', '1x', '1 2', 'NaN', '+Inf', '0x10', '1e5x', '1e400', '1e-40', '1234567890123456'])(
  '%j is left to the thorough reader',
  (text) => {
    expect(read(text)).toBeNaN();
  },
);

test('what exporters write is exact, or left to the thorough reader', () => {
  const random = rng(3);
  let exact = 0;
  for (let round = 0; round < 20_000; round++) {
    const value = (random() - 0.3) * 10 ** Math.floor(random() * 30 - 10);
    for (const text of [value.toPrecision(1 + Math.floor(random() * 15)), value.toFixed(3), value.toExponential(6), String(value)]) {
      const fast = read(text);
      if (Number.isNaN(fast)) continue;
      exact++;
      expect([text, fast]).toEqual([text, Number(text)]);
    }
  }
  expect(exact).toBeGreaterThan(40_000);
});
