import type { Clock, Ms } from '../../model/clock.js';

/**
 * Calls `run` now and every `intervalMs` from its start. If a run takes longer, the next one follows at once; runs never overlap. The
 * returned function stops it: a run in progress is finished, no other is started.
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
