/**
 * Which values of a quantity are readings. Drivers and exporters write a filler where they have none: -1, the largest number of the width
 * (65535, 2^32 - 1, 2^64 - 1), one of DCGM's blank values. A filler is not reported, and neither is what no device can have.
 */
export interface ValidRange {
  /** Smallest and largest reading. */
  readonly min: number;
  readonly max: number;
  /** Whether a filler that lies within the range is none of its readings. False for counters, which pass by every number. */
  readonly fillers: boolean;
}

/** Smallest reading where 0 stands for "not available". */
const ABOVE_ZERO = Number.MIN_VALUE;
const TEBI = 2 ** 40;

const range = (min: number, max: number, fillers = true): ValidRange => ({ min, max, fillers });

/** By quantity, in the unit of its name. Wide enough for whole racks and for hardware that is still to come. */
export const RANGES = {
  /** Rounding may lead a little beyond 100. */
  percent: range(0, 100.5),
  fraction: range(0, 1),
  /** Of memory on one GPU, or of a whole board. */
  gpuBytes: range(0, 1024 * TEBI),
  gpuTotalBytes: range(ABOVE_ZERO, 1024 * TEBI),
  hostBytes: range(0, 2 ** 53),
  /** File systems are shared by whole sites. */
  diskBytes: range(0, 2 ** 62, false),
  /** 255 is a filler. */
  celsius: range(ABOVE_ZERO, 250),
  /** Of one GPU or board. */
  gpuWatts: range(0, 30_000),
  gpuLimitWatts: range(ABOVE_ZERO, 30_000),
  megahertz: range(ABOVE_ZERO, 100_000),
  anyMegahertz: range(0, 100_000),
  performanceState: range(0, 15),
  rpm: range(0, 100_000),
  numaNode: range(0, 4096),
  /** 100 is one thread. */
  cpuPercent: range(0, 1_000_000, false),
  /** Of a process, on all GPUs that it runs on. */
  smPercent: range(0, 25_600),
  /** Seconds since the start, or the Unix time of it. */
  startSeconds: range(0, 1e11, false),
  count: range(0, 1_000_000, false),
  /** Of a CPU, and where 0 may be meant. */
  fromZeroCelsius: range(0, 250),
  /** Of the air. */
  anyCelsius: range(-273.15, 250),
  watts: range(0, 10_000_000),
  milliwatts: range(0, 1_000_000_000),
  volts: range(0, 100_000),
  amperes: range(0, 1_000_000),
  lanes: range(0, 64),
  flag: range(0, 1),
  joules: range(0, 2 ** 62, false),
  /** A number of which no more is known. */
  number: range(0, 2 ** 53),
  /** What counts without end. */
  counter: range(0, 2 ** 62, false),
} as const satisfies Readonly<Record<string, ValidRange>>;

/** The largest numbers of 16 and of 32 bits. As an amount of memory they would be odd. */
const FILLERS: readonly number[] = [0xffff, 0xffffffff];

/** Whether `value` stands for none where no more bits are there. The largest numbers of more bits, and DCGM's blanks, are beyond any range. */
export const isFiller = (value: number): boolean => value >= 0xffff && FILLERS.includes(value);

/** The value where it is a reading, NaN where it is none: missing, NaN, infinite, out of range, a filler. */
export function reading(value: number | undefined, { min, max, fillers }: ValidRange): number {
  if (value === undefined || !(value >= min && value <= max)) return NaN;
  return fillers && isFiller(value) ? NaN : value;
}
