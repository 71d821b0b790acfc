/** CPU, memory and disks of a node, one line each. */
import {
  FROM_COLS,
  bar,
  bytes,
  count,
  duration,
  joinFitting,
  LIMITS,
  line,
  NONE,
  percent,
  span,
  watts,
  type NodeView,
  type Line,
  type Tone,
} from '../../lib/index.js';

const BAR_COLS = 20;
const NARROW_BAR_COLS = 8;
const LABEL_COLS = 6;

export function machineLines(node: NodeView, cols: number): readonly Line[] {
  return [...cpuMeters(node), ...memoryMeters(node), ...diskMeters(node)].map((meter) => meterLine(meter, cols));
}

/** A label, its utilisation, and details: the last part is dropped first. */
interface Meter {
  readonly label: string;
  readonly percent: number;
  readonly parts: readonly string[];
  readonly tone?: Tone;
}

/** A nearly full one also has a sign. */
function meterLine({ label, percent: share, parts, tone }: Meter, cols: number): Line {
  const bars = cols >= FROM_COLS.machineBars ? BAR_COLS : NARROW_BAR_COLS;
  const figure = ` ${tone === undefined ? '' : '!'}${percent(share)}`.padStart(6);
  const text = joinFitting(
    parts.filter((part) => part !== ''),
    cols - LABEL_COLS - bars - 9,
  );
  return line(
    span(` ${label.padEnd(LABEL_COLS)}`, 'dim'),
    span(bar(share / 100, bars), tone ?? 'accent'),
    span(`${figure}  `, tone),
    span(text, 'dim'),
  );
}

function cpuMeters({ cpus, facts }: NodeView): readonly Meter[] {
  return Array.from({ length: cpus.count }, (_, at) => {
    const sockets = cpus.value(at, 'sockets');
    const [cores, threads, mhz] = [cpus.value(at, 'cores'), cpus.value(at, 'threads'), cpus.value(at, 'frequencyMhz')];
    const [celsius, power] = [cpus.value(at, 'temperatureCelsius'), cpus.value(at, 'powerWatts')];
    const parts = [
      cpus.title(at),
      sockets > 1 ? `${count(sockets)} sockets` : '',
      Number.isNaN(cores) ? '' : `${count(cores)} cores`,
      Number.isNaN(threads) ? '' : `${count(threads)} threads`,
      Number.isNaN(mhz) ? '' : `${(mhz / 1000).toFixed(2)} GHz`,
      Number.isNaN(celsius) ? '' : `${Math.round(celsius)}°`,
      Number.isNaN(power) ? '' : watts(power),
      at > 0 || Number.isNaN(facts.uptimeSeconds) ? '' : uptime(facts.uptimeSeconds),
    ];
    return { label: 'CPU', percent: cpus.value(at, 'utilPercent'), parts };
  });
}

/** Seconds would make no difference to anybody: `up 12d 03:04`. */
const uptime = (seconds: number): string => `up ${duration(seconds).slice(0, -3)}`;

function memoryMeters({ memory }: NodeView): readonly Meter[] {
  return Array.from({ length: memory.count }, (_, at) => at).flatMap((at) => {
    const [used, total, cached] = [memory.value(at, 'usedBytes'), memory.value(at, 'totalBytes'), memory.value(at, 'cachedBytes')];
    const [swapUsed, swapTotal] = [memory.value(at, 'swapUsedBytes'), memory.value(at, 'swapTotalBytes')];
    const ram = meter(
      'RAM',
      (used / total) * 100,
      `${bytes(used)} of ${bytes(total)}`,
      Number.isNaN(cached) ? '' : `${bytes(cached)} cached`,
    );
    return swapTotal > 0
      ? [ram, { label: 'swap', percent: (swapUsed / swapTotal) * 100, parts: [`${bytes(swapUsed)} of ${bytes(swapTotal)}`] }]
      : [ram];
  });
}

function diskMeters({ disks }: NodeView): readonly Meter[] {
  return Array.from({ length: disks.count }, (_, at) => {
    const [total, free] = [disks.value(at, 'totalBytes'), disks.value(at, 'availableBytes')];
    return meter('disk', ((total - free) / total) * 100, `${disks.title(at) || NONE}  ${bytes(free)} free of ${bytes(total)}`);
  });
}

const meter = (label: string, share: number, ...parts: readonly string[]): Meter => ({
  label,
  percent: share,
  parts,
  ...(share >= LIMITS.fullNodePercent ? { tone: 'warn' } : {}),
});
