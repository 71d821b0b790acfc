#!/usr/bin/env node
/**
 * The entry point: loads the program, reports what it throws and ends the process. It is built into one file that depends on no other: what
 * node loads before the first statement of a program fails with a stack of node's own.
 */
import * as module from 'node:module';
import { reportFailure } from './failure.js';

/** Node 22 and later cache compiled code between runs. */
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

async function run(): Promise<number> {
  const { main } = await import('./program.js');
  return main();
}

process.exit(await run().catch(reportFailure));
