/** The automatic faults of a run: a number from each directory, the same for the same seed. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { randomOf } from '../helpers/scrape-fuzz.js';
import { mutantsOf, type Mutant } from './operators.js';

export interface Planted extends Mutant {
  readonly file: string;
  readonly directory: string;
}

/** Sources by directory: `lib/alerts`, `lib/recording/read`, `plugins/users`. */
export function sourcesByDirectory(prefix = ''): ReadonlyMap<string, readonly string[]> {
  const files = ['lib', 'plugins'].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .map((name) => join(root, name)),
  );
  const directories = new Map<string, string[]>();
  for (const file of files.sort()) {
    const directory = dirname(file);
    if (directory !== prefix && !directory.startsWith(prefix === '' ? '' : `${prefix}/`)) continue;
    directories.set(directory, [...(directories.get(directory) ?? []), file]);
  }
  return directories;
}

/** Up to `count` mutants of the files in a directory. */
export function sampleOf(directory: string, files: readonly string[], count: number, seed: number): readonly Planted[] {
  const all = files.flatMap((file) =>
    mutantsOf(file, readFileSync(file, 'utf8')).map((mutant): Planted => ({ ...mutant, file, directory })),
  );
  const random = randomOf(seed ^ hash(directory));
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all.slice(0, count);
}

const hash = (text: string): number => Array.from(text).reduce((sum, ch) => Math.imul(sum, 31) + ch.codePointAt(0)!, 7);
