/**
 * npm run golden:words -- REVISION [PATTERN]: checks that only words changed on the golden screens. Reduces each screen of the revision and
 * of the working tree to its values and marks, and prints the differences. A change of wording prints nothing; a changed value, a lost mark
 * or a cut value does. Exit status 1 if anything differs.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { difference } from './helpers/figures-and-marks.js';

const FOLDER = '__tests__/golden';
const [revision, pattern = ''] = process.argv.slice(2);
if (revision === undefined) {
  console.error('usage: npm run golden:words -- REVISION [PATTERN]');
  process.exit(2);
}

const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
const before = git('ls-tree', '-r', '--name-only', revision, `${FOLDER}/`).split('\n').filter(Boolean);
const now = git('ls-files', FOLDER).split('\n').filter(Boolean);

let differing = 0;
const report = (file: string, lines: readonly string[]): void => {
  differing++;
  console.log([file, ...lines.map((line) => `  ${line}`)].join('\n'));
};

for (const file of [...new Set([...before, ...now])].sort()) {
  if (!file.includes(pattern)) continue;
  if (!existsSync(file)) report(file, ['removed']);
  else if (!before.includes(file)) report(file, ['new']);
  else {
    const { lost, gained } = difference(git('show', `${revision}:${file}`), readFileSync(file, 'utf8'));
    if (lost.length + gained.length > 0) report(file, [...lost.map((one) => `- ${one}`), ...gained.map((one) => `+ ${one}`)]);
  }
}
console.log(`${differing} of ${now.length} golden screens differ in values or marks`);
process.exitCode = differing > 0 ? 1 : 0;
