/** The built program, for tests that run it as users do. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

export const ROOT = resolve();

/** Path of the program in dist/, rebuilt if a source is newer. */
export function builtProgram(): string {
  const { status, stderr } = spawnSync(process.execPath, ['esbuild.config.js', '--types', '--if-stale'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
  return resolve(ROOT, 'dist/bin/all-smi-view.js');
}
