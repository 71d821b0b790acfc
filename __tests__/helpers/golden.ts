/** Expected screens as readable text files. `npm run golden` rewrites them; review the diff before committing. */
import { expect } from '@jest/globals';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const rewrite = (process.env.UPDATE_GOLDEN ?? '') !== '';

/** Compares a screen with `__tests__/golden/<name>.<cols>x<rows>.txt`. */
export function expectGolden(name: string, cols: number, rows: number, screen: string): void {
  const file = fileURLToPath(new URL(`../golden/${name}.${cols}x${rows}.txt`, import.meta.url));
  if (rewrite) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${screen}\n`);
  }
  expect(existsSync(file) ? readFileSync(file, 'utf8') : `(no file ${name}.${cols}x${rows}.txt: npm run golden)`).toBe(`${screen}\n`);
}

/** The sizes at which every tab is checked, from a wall display to a phone. */
export const SIZES = [
  [200, 60],
  [120, 30],
  [100, 30],
  [80, 24],
  [40, 10],
] as const;
