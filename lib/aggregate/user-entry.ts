/** The memory layout of a user's entry. This file imports nothing, so that the build can inline its constants. */

/**
 * An entry is 80 bytes: six floats, then eight integers. `floats` and `ints` are two views of the same bytes; the constants
 * are offsets into them. Bytes are sums over the user's rows that report them, LONGEST is -1 where no age was reported.
 */
export const FLOATS = 10;
export const VRAM = 0;
export const POWER = 1;
export const LONGEST = 2;
export const TOP_BYTES = 3;
export const SM = 4;
export const POWER_BY_USE = 5;
export const INTS = 20;
export const USER = 12;
export const GPUS = 13;
export const PROCS = 14;
export const PROCS_ALL = 15;
/** Process row with the most bytes; of the rows without a reported size if no other holds any; -1 where all are 0. */
export const TOP_ROW = 16;
export const FLAGS = 17;
/** GPUs that the user holds and computes nothing on. */
export const IDLE_GPUS = 18;
export const POWER_PARTIAL = 1;
export const SM_REPORTED = 2;
/** Some of the user's processes are on no GPU. */
export const BESIDE = 4;
/** Some of the user's processes do not report their memory. */
export const VRAM_PARTIAL = 8;
/** Some of the user's power by use is by memory, or over an idle floor that was not measured. */
export const POWER_ESTIMATED = 16;

/** Of some GPU that the user holds it is known whether the user computes there. */
export const USE_KNOWN = 32;

/** The sums of a merge have the same layout, with other integers in place of the user and the number of all processes. */
export const TOP_NODE = 12;
export const NODES_ALL = 15;
