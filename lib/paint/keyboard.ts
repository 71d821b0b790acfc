/** Reads stdin for the input decoder, and runs the timer that distinguishes a lone ESC from a sequence. */
import type { InputEvent } from '../keys/key-names.js';
import { InputParser } from './input-decoder.js';
import type { Clock } from '../model/clock.js';

/** The part of process.stdin that is used. */
export interface TerminalIn extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}

/** Listens on `stdin` until the returned function is called. */
export function listenInput(stdin: TerminalIn, clock: Clock, emit: (event: InputEvent) => void): () => void {
  const parser = new InputParser();
  let cancel: (() => void) | undefined;
  let reads = 0;
  const emitAll = (events: readonly InputEvent[]): void => {
    for (const event of events) emit(event);
  };
  const arm = (): void => {
    cancel?.();
    const patience = parser.patience;
    const armedAt = reads;
    cancel =
      patience === undefined
        ? undefined
        : clock.after(patience, () => {
            // After a busy moment the timer fires before bytes that arrived long ago; they are read before an immediate runs.
            setImmediate(() => {
              if (reads === armedAt) emitAll(parser.timeout());
            });
          });
  };
  const onData = (chunk: Buffer | string): void => {
    reads++;
    emitAll(parser.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk, clock.now()));
    arm();
  };
  stdin.on('data', onData);
  return () => {
    reads++;
    cancel?.();
    stdin.removeListener('data', onData);
  };
}
