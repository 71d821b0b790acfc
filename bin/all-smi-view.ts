#!/usr/bin/env node
/** The program: reads the command line and runs the command. The only place that ends the process. */
import * as module from 'node:module';
import { AppError } from '../lib/errors.js';
import type { Command, Flags } from '../lib/options/options.js';
import { clean } from '../lib/text/sanitize.js';
import { VERSION } from '../lib/version.js';
import { parseArgv } from './argv.js';
import { surviveLostOutput } from './lost-output.js';
import { ignoreInspector } from './signals.js';
import type { Request } from './command-line.js';

/** Node 22 and later cache compiled code between runs. */
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const HELP_COLUMNS = 100;

ignoreInspector();

async function main(): Promise<number> {
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

async function report(error: unknown): Promise<number> {
  const known = codedOf(error);
  // A monitoring system reads standard output, and takes 2 for critical.
  if (process.argv[2] === 'check' && known.code !== 'E_INTERNAL') return (await import('./check-command.js')).unknown(known);
  surviveLostOutput();
  process.stderr.write(`all-smi-view: ${known.message}. ${known.advice}\n`);
  if (known.code === 'E_INTERNAL' && error instanceof Error) process.stderr.write(`${stackOf(error)}\n`);
  return known.exit;
}

/** A module that is loaded when it is needed may find no file descriptor left. */
function codedOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EMFILE' || code === 'ENFILE') return new AppError('E_OPEN_FILES', {}, { cause: error });
  return new AppError('E_INTERNAL', { reason: String(error) }, { cause: error });
}

function stackOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .map((line) => clean(line, 400))
    .join('\n');
}

process.exit(await main().catch(report));
