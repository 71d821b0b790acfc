/**
 * Maps the pids that nvidia-smi reports to processes. In a container they may be pids of the host: the process with the same pid in the
 * container's /proc is then a different one, and must not be charged with the memory.
 */

/** Facts about a pid that nvidia-smi reports and /proc has. */
export interface PidEvidence {
  /** The process appeared in /proc after nvidia-smi had already reported the pid. */
  readonly cameLater: boolean;
  /** Whether it has the device of a GPU open; undefined: no permission to check. */
  readonly holdsDevice: boolean | undefined;
}

export interface Surroundings {
  /** Whether /proc is that of the whole machine, where each process has the pid that the driver knows. */
  readonly wholeMachine: boolean;
  /** Pids that nvidia-smi keeps reporting and /proc does not have. */
  readonly hidden: number;
}

/**
 * The pids that are those of the processes in /proc. An open device decides; on the whole machine, the pid decides. Elsewhere, pids that
 * cannot be checked are accepted if the pids are known to be those of this /proc: one is confirmed by its device, and none is missing or
 * refuted.
 */
export function ownPids(pids: ReadonlyMap<number, PidEvidence>, { wholeMachine, hidden }: Surroundings): ReadonlySet<number> {
  const all = [...pids];
  const proved = all.filter(([, { holdsDevice }]) => holdsDevice === true);
  const refuted = all.some(([, { holdsDevice, cameLater }]) => holdsDevice === false || cameLater);
  const translated = proved.length > 0 && hidden === 0 && !refuted;
  return new Set(
    all.flatMap(([pid, { holdsDevice, cameLater }]) =>
      holdsDevice === true || (!cameLater && (wholeMachine || (holdsDevice === undefined && translated))) ? [pid] : [],
    ),
  );
}
