/** promtool (Debian package prometheus), where it is installed: a strict reader's verdict on a text. */
import { spawnSync } from 'node:child_process';

export const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

/** Complaints about names, which other programs have chosen, not about the text. */
const ABOUT_NAMES =
  /^all_smi_(cpu_(socket|core|thread|[pes]_core)|tpu_(tensor)?core)_count .*"_count" suffix$|^all_smi_tpu_hlo_exec_\w+_microseconds use base unit/;

/** What promtool reports for `text`; empty if it accepts it. */
export function promtoolComplaints(text: string): string[] {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !ABOUT_NAMES.test(line));
  return status === 0 || status === 3 ? lines : [`exit status ${String(status)}`, ...lines];
}
