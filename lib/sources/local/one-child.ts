/** Runs one program at a time, for a limited time: while one cannot even be killed, no other is started. */
import type { Clock, Ms } from '../../model/clock.js';
import { OWN_PROGRAMS, type Command, type Exit, type Programs, type Running } from './child.js';
import { within } from './with-timeout.js';

/** `late`: it did not end in time and was killed, or an earlier one still runs. */
export type Ending = Exit | 'late' | 'stopped';

/** Takes a piece of output. `kill` ends the program: it is then not `late`. */
export type TakeOutput = (text: string, from: 'stdout' | 'stderr', kill: () => void) => void;

export class OneChild {
  readonly #clock: Clock;
  readonly #timeoutMs: Ms;
  readonly #programs: Programs;
  #running: Running | undefined;
  #stopped = false;

  constructor(clock: Clock, timeoutMs: Ms, programs: Programs = OWN_PROGRAMS) {
    this.#clock = clock;
    this.#programs = programs;
    this.#timeoutMs = timeoutMs;
  }

  /** Never rejects. */
  async run(command: Command, take: TakeOutput): Promise<Ending> {
    if (this.#stopped) return 'stopped';
    if (this.#running !== undefined) return 'late';
    const child = this.#programs.start(command, (text, from) => take(text, from, () => child.kill()));
    this.#running = child;
    void child.exited.then(() => (this.#running = undefined));
    const exit = await within(this.#clock, this.#timeoutMs, child.exited);
    if (exit !== undefined) return exit;
    child.kill();
    return 'late';
  }

  /** Kills what is running; nothing is run after this. Resolves when it has ended. */
  stop(): Promise<unknown> {
    this.#stopped = true;
    this.#running?.kill();
    return this.#running?.exited ?? Promise.resolve();
  }
}
