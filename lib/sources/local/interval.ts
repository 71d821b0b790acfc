import type { Clock, Ms } from '../../model/clock.js';

/**
 * Runs `run` now and every `intervalMs` from its start; one that takes longer is followed by the next at once, never joined by it. The
 * returned function ends it: what is under way is finished, nothing is begun.
 */
export function every(clock: Clock, intervalMs: Ms, run: () => Promise<void>): () => void {
  let stopped = false;
  let disarm = (): void => undefined;
  const round = async (): Promise<void> => {
    const startedAt = clock.now();
    await run();
    if (stopped) return;
    const elapsed = Math.max(0, clock.now() - startedAt);
    disarm = clock.after(Math.max(0, intervalMs - elapsed), () => void round());
  };
  void round();
  return () => {
    stopped = true;
    disarm();
  };
}
