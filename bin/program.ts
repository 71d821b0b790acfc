/** The program behind the entry point: reads the command line and runs the command. */
import type { Command, Flags } from '../lib/options/options.js';
import { VERSION } from '../lib/version.js';
import { parseArgv } from './argv.js';
import { ignoreInspector } from './signals.js';
import type { Request } from './command-line.js';

const HELP_COLUMNS = 100;

/** Resolves with the exit code. Whatever it throws is reported by the entry point. */
export async function main(): Promise<number> {
  ignoreInspector();
  const request = await parseArgv(process.argv.slice(2));
  if (request.show !== undefined) return print(await textOf(request));
  return RUN[request.command](request.flags);
}

/** Each command is loaded only when it runs. */
const RUN: Readonly<Record<Command, (flags: Flags) => Promise<number>>> = {
  view: async (flags) => (await import('./view-command.js')).view(flags, process.env),
  get: async (flags) => (await import('./get-command.js')).get(flags, process.env),
  check: async (flags) => (await import('./check-command.js')).check(flags, process.env),
  record: async (flags) => (await import('./record-command.js')).record(flags, process.env),
  report: async (flags) => (await import('./report-command.js')).report(flags, process.env),
  'replay-info': async (flags) => (await import('./replay-info-command.js')).replayInfo(flags, process.env),
  api: async (flags) => (await import('./api-command.js')).api(flags, process.env),
  config: async (flags) => (await import('./config-command.js')).config(flags, process.env),
  mock: async (flags) => (await import('./mock-command.js')).mock(flags, process.env),
};

async function textOf({ show, command }: Request): Promise<string> {
  if (show === 'version') return `${VERSION}\n`;
  const width = Math.min(HELP_COLUMNS, process.stdout.columns || HELP_COLUMNS);
  return (await import('./help-text.js')).helpText(command, VERSION, width);
}

/** Resolves when everything is written. A pipe may be slow, or closed by its reader. */
function print(text: string): Promise<number> {
  return new Promise((resolve) => {
    process.stdout.on('error', () => {
      resolve(0);
    });
    process.stdout.write(text, () => {
      resolve(0);
    });
  });
}
