/** Which automatic faults a run plants: so many of each folder, the same for the same seed. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { randomOf } from '../helpers/scrape-fuzz.js';
import { mutantsOf, type Mutant } from './operators.js';

export interface Planted extends Mutant {
  readonly file: string;
  readonly folder: string;
}

/** Sources by their folder: `lib/alerts`, `lib/recording/read`, `plugins/users`. */
export function sourcesByFolder(prefix = ''): ReadonlyMap<string, readonly string[]> {
  const files = ['lib', 'plugins'].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .map((name) => join(root, name)),
  );
  const folders = new Map<string, string[]>();
  for (const file of files.sort()) {
    const folder = dirname(file);
    if (folder !== prefix && !folder.startsWith(prefix === '' ? '' : `${prefix}/`)) continue;
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return folders;
}

/** Up to `count` mutants of a folder's files. */
export function sampleOf(folder: string, files: readonly string[], count: number, seed: number): readonly Planted[] {
  const all = files.flatMap((file) => mutantsOf(file, readFileSync(file, 'utf8')).map((mutant): Planted => ({ ...mutant, file, folder })));
  const random = randomOf(seed ^ hash(folder));
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all.slice(0, count);
}

const hash = (text: string): number => Array.from(text).reduce((sum, ch) => Math.imul(sum, 31) + ch.codePointAt(0)!, 7);
