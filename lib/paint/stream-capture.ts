/** Output of libraries would garble the screen; it is captured, and printed when the screen is left. */
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { clean } from '../text/sanitize.js';

/** More than this is dropped, with a note. */
const MAX_KEPT = 64 * 1024;

const METHODS = [
  'log',
  'info',
  'debug',
  'warn',
  'error',
  'trace',
  'dir',
  'dirxml',
  'table',
  'assert',
  'count',
  'timeEnd',
  'timeLog',
  'group',
  'groupEnd',
] as const;
type Methods = Pick<Console, (typeof METHODS)[number]>;

function methodsOf(from: Console): Methods {
  const all = from as unknown as Readonly<Record<string, unknown>>;
  return Object.fromEntries(METHODS.map((name) => [name, all[name]])) as unknown as Methods;
}

/** Captures console.* and process warnings; the returned function undoes that and writes what was captured to `stderr`. */
export function divertConsole(stderr: { write(text: string): unknown }, proc: NodeJS.Process = process): () => void {
  let kept = '';
  let dropped = 0;
  const keep = (text: string): void => {
    if (kept.length + text.length <= MAX_KEPT) kept += text;
    else dropped += text.length;
  };
  const sink = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      keep(String(chunk));
      done();
    },
  });
  const original = methodsOf(console);
  Object.assign(console, methodsOf(new Console({ stdout: sink, stderr: sink, colorMode: false })));
  // Node prints warnings directly to the terminal, not through the console.
  const printers = proc.listeners('warning');
  const onWarning = (warning: Error): void => {
    keep(`${warning.name}: ${warning.message}\n`);
  };
  proc.removeAllListeners('warning');
  proc.on('warning', onWarning);

  return () => {
    Object.assign(console, original);
    proc.removeListener('warning', onWarning);
    for (const printer of printers) proc.on('warning', printer);
    const lines = kept.split('\n').map((line) => clean(line, MAX_KEPT));
    if (kept !== '') stderr.write(lines.join('\n'));
    if (dropped > 0) stderr.write(`(${dropped} more characters were not kept)\n`);
    kept = '';
    dropped = 0;
  };
}
