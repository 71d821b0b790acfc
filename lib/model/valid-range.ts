/**
 * Which values of a quantity are valid readings. Drivers and exporters send a filler where they have no value: -1, the largest number of
 * the width (65535, 2^32 - 1, 2^64 - 1), one of DCGM's blank values. A filler counts as not reported, and so does a value that no device
 * can have.
 */
export interface ValidRange {
  /** Smallest and largest valid reading. */
  readonly min: number;
  readonly max: number;
  /** Whether a filler within the range is excluded. False for counters, which can reach any number. */
  readonly fillers: boolean;
}

/** Smallest valid reading where 0 means "not available". */
const ABOVE_ZERO = Number.MIN_VALUE;
const TEBI = 2 ** 40;

const range = (min: number, max: number, fillers = true): ValidRange => ({ min, max, fillers });

/** By quantity, in the unit of its name. Wide enough for whole racks and for future hardware. */
export const RANGES = {
  /** Rounding may exceed 100 slightly. */
  percent: range(0, 100.5),
  fraction: range(0, 1),
  /** Memory of one GPU, or of a whole board. */
  gpuBytes: range(0, 1024 * TEBI),
  gpuTotalBytes: range(ABOVE_ZERO, 1024 * TEBI),
  hostBytes: range(0, 2 ** 53),
  /** File systems may be shared by a whole site. */
  diskBytes: range(0, 2 ** 62, false),
  /** 255 is a filler. */
  celsius: range(ABOVE_ZERO, 250),
  /** Power of one GPU or board. */
  gpuWatts: range(0, 30_000),
  gpuLimitWatts: range(ABOVE_ZERO, 30_000),
  megahertz: range(ABOVE_ZERO, 100_000),
  anyMegahertz: range(0, 100_000),
  performanceState: range(0, 15),
  rpm: range(0, 100_000),
  numaNode: range(0, 4096),
  /** 100 is one thread. */
  cpuPercent: range(0, 1_000_000, false),
  /** A process, over all GPUs that it runs on. */
  smPercent: range(0, 25_600),
  /** Seconds since the start, or the Unix time of the start. */
  startSeconds: range(0, 1e11, false),
  count: range(0, 1_000_000, false),
  /** A CPU, and sensors where 0 may be a real value. */
  fromZeroCelsius: range(0, 250),
  /** Ambient air. */
  anyCelsius: range(-273.15, 250),
  watts: range(0, 10_000_000),
  milliwatts: range(0, 1_000_000_000),
  volts: range(0, 100_000),
  amperes: range(0, 1_000_000),
  lanes: range(0, 64),
  flag: range(0, 1),
  joules: range(0, 2 ** 62, false),
  /** A number without known limits. */
  number: range(0, 2 ** 53),
  /** The number of an Xid; 0 is none. */
  xid: range(0, 1000),
  /** Errors of a GPU. From 2^31 - 16 on these are blanks of DCGM. */
  gpuErrors: range(0, 2 ** 31 - 17, false),
  memoryRows: range(0, 1_000_000),
  /** Bits of clock event reasons. */
  clockEvents: range(0, 2 ** 31 - 17),
  /** A counter. */
  counter: range(0, 2 ** 62, false),
} as const satisfies Readonly<Record<string, ValidRange>>;

/** The largest numbers of 16 and of 32 bits. As amounts of memory they would be odd. */
const FILLERS: readonly number[] = [0xffff, 0xffffffff];

/** Whether `value` is a filler of 16 or 32 bits. The fillers of more bits, and DCGM's blanks, are beyond any range. */
export const isFiller = (value: number): boolean => value >= 0xffff && FILLERS.includes(value);

/** The value if it is a valid reading; NaN if it is missing, NaN, infinite, out of range or a filler. */
export function reading(value: number | undefined, { min, max, fillers }: ValidRange): number {
  if (value === undefined || !(value >= min && value <= max)) return NaN;
  return fillers && isFiller(value) ? NaN : value;
}

/** Whether a value that is not a valid reading is an error: not missing, and not 0 or -1, which mean "none" in the format. */
export const isImpossible = (value: number): boolean => value !== 0 && value !== -1 && !Number.isNaN(value);
