/** The options of the commands that read the machine they run on. */
import { AppError } from '../lib/errors.js';
import type { ApiOptions, ViewOptions } from '../lib/options/options.js';
import type { MachineSettings } from '../lib/run/settings.js';

type Given = Pick<ApiOptions & ViewOptions, 'nvidiaSmi' | 'proc' | 'passwd' | 'owner' | 'redact' | 'noRedact'>;

export function machineOf({ nvidiaSmi, proc, passwd, owner, redact, noRedact = false }: Given): MachineSettings {
  if (redact && noRedact)
    throw new AppError('E_OPTION_BAD', { option: '--redact and --no-redact', reason: 'contradict each other; give only one' });
  return { nvidiaSmi, procDir: proc, passwdFile: passwd, redact: !noRedact, owner };
}
