/**
 * Whose the processes are that nvidia-smi names. It gives pids, and in a container those may be the host's: then whoever has that pid in
 * the /proc of the container is somebody else, and must not get the bytes.
 */

/** What is known of a pid that nvidia-smi names and /proc has. */
export interface PidEvidence {
  /** The process came to /proc while nvidia-smi named the pid already. */
  readonly cameLater: boolean;
  /** Whether it has the device of a GPU open; undefined: nobody may look. */
  readonly holdsDevice: boolean | undefined;
}

export interface Surroundings {
  /** Whether /proc is that of the whole machine, where each process has the pid that the driver knows. */
  readonly wholeMachine: boolean;
  /** Pids that nvidia-smi keeps naming and /proc doesn't have. */
  readonly hidden: number;
}

/**
 * The pids that are those of the processes in /proc. An open device decides; on the whole machine, pids do. Elsewhere those that nobody may
 * look at are taken when pids have proved to be those of this /proc: one is proved by its device, and none is missing or refuted.
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
