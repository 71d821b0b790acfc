/** How rows, samples and lines are laid out in arrays of integers. This file imports nothing, so that the build can inline the numbers. */

/** Values of a process row: one per family, in the order of PROCESS_FIELDS (a test compares the number with that table). */
export const ROW_VALUES = 5;

export const ROW_PID = 0;
export const ROW_DEVICE = 1;
export const ROW_USER = 2;
/** The offset of the raw value in the arena; 0: empty. */
export const ROW_COMMAND = 3;
export const ROW_NAME = 4;
/** The label block by which the row is recognised. */
export const ROW_BLOCK = 5;
export const ROW_BLOCK_BYTES = 6;
/** Number of the last scrape with this row; the lowest bits are the values of the row that it had. */
export const ROW_SEEN = 7;
export const SEEN_BITS = 5;
/** 1: its lines differ in their labels, so any of them may change the row. */
export const ROW_MIXED = 8;
/** The row whose lines followed those of this one. A guess: it may be wrong, or the row may be gone. */
export const ROW_NEXT = 9;
/** By family: the line in the last template that had the value, -1 for none. */
export const ROW_LINES = 10;
/** Integers of a process row: as long as a cache line. Enough for six families; more make it longer. */
export const ROW_INTS = 16;

/** The sample of everything that is ignored. */
export const DISCARD = 0;
/** Integers of a sample: number in METRICS, number of its entity, its label block in the arena, and the next sample of the entity, 0 for none. */
export const VALUE_INTS = 5;
export const VALUE_METRIC = 0;
export const VALUE_ENTITY = 1;
export const VALUE_BLOCK = 2;
export const VALUE_BLOCK_BYTES = 3;
export const VALUE_NEXT = 4;

/** Integers of a line of a template: the number of its head (0: none), its label block in the arena, and where its value goes. */
export const LINE_INTS = 4;
export const LINE_BLOCK = 1;
export const LINE_BYTES = 2;
/** 0 and above: a value of a process row; below: the complement of a sample's number. */
export const LINE_TARGET = 3;
/** The process row of a target of 0 and above. */
export const rowOf = (target: number): number => (target / ROW_VALUES) | 0;

/** Not a metric of the table. */
export const UNKNOWN = -1;

/** Returned instead of a position: the line is incomplete; this attempt failed. */
export const INCOMPLETE = -1;
export const MISS = -2;

/** Labels beyond this number are skipped. */
export const MAX_LABELS = 100;
/** Maximum length of a gap between two values that is remembered. */
export const MAX_GAP = 64;
/** The number of all label names that are never looked up. */
export const OTHER_NAME = 0;
