/** CPU, memory and disks of a host, a line each. */
import { bar, bytes, count, line, NONE, percent, span, watts, type HostView, type Line, type Span, type Tone } from '../../lib/index.js';

const BAR_COLS = 20;
const LABEL_COLS = 6;
const NEARLY_FULL = 90;

export function machineLines(host: HostView, cols: number): readonly Line[] {
  return [...cpuLines(host), ...memoryLines(host), ...diskLines(host)].map((parts) => line(...trim(parts, cols)));
}

const row = (label: string, used: number, text: string, tone?: Tone): readonly Span[] => [
  span(` ${label.padEnd(LABEL_COLS)}`, 'dim'),
  span(bar(used / 100, BAR_COLS), tone ?? 'accent'),
  span(` ${percent(used).padStart(4)}  `, tone),
  span(text, 'dim'),
];

function cpuLines({ cpus }: HostView): readonly (readonly Span[])[] {
  const found: (readonly Span[])[] = [];
  for (let at = 0; at < cpus.count; at++) {
    const [cores, threads, mhz] = [cpus.value(at, 'cores'), cpus.value(at, 'threads'), cpus.value(at, 'frequencyMhz')];
    const [celsius, power] = [cpus.value(at, 'temperatureCelsius'), cpus.value(at, 'powerWatts')];
    const parts = [
      cpus.title(at),
      Number.isNaN(cores) ? '' : `${count(cores)} cores`,
      Number.isNaN(threads) ? '' : `${count(threads)} threads`,
      Number.isNaN(mhz) ? '' : `${(mhz / 1000).toFixed(2)} GHz`,
      Number.isNaN(celsius) ? '' : `${Math.round(celsius)}°`,
      Number.isNaN(power) ? '' : watts(power),
    ];
    found.push(row('CPU', cpus.value(at, 'utilPercent'), parts.filter((part) => part !== '').join(' · ')));
  }
  return found;
}

function memoryLines({ memory }: HostView): readonly (readonly Span[])[] {
  const found: (readonly Span[])[] = [];
  for (let at = 0; at < memory.count; at++) {
    const [used, total, cached] = [memory.value(at, 'usedBytes'), memory.value(at, 'totalBytes'), memory.value(at, 'cachedBytes')];
    const share = (used / total) * 100;
    const cache = Number.isNaN(cached) ? '' : ` · ${bytes(cached)} cached`;
    found.push(row('RAM', share, `${bytes(used)} of ${bytes(total)}${cache}`, share >= NEARLY_FULL ? 'warn' : undefined));
    const [swapUsed, swapTotal] = [memory.value(at, 'swapUsedBytes'), memory.value(at, 'swapTotalBytes')];
    if (swapTotal > 0) found.push(row('swap', (swapUsed / swapTotal) * 100, `${bytes(swapUsed)} of ${bytes(swapTotal)}`));
  }
  return found;
}

function diskLines({ disks }: HostView): readonly (readonly Span[])[] {
  const found: (readonly Span[])[] = [];
  for (let at = 0; at < disks.count; at++) {
    const [total, free] = [disks.value(at, 'totalBytes'), disks.value(at, 'availableBytes')];
    const share = ((total - free) / total) * 100;
    found.push(
      row('disk', share, `${disks.title(at) || NONE}  ${bytes(free)} free of ${bytes(total)}`, share >= NEARLY_FULL ? 'warn' : undefined),
    );
  }
  return found;
}

/** The text at the end gives way first. */
function trim(parts: readonly Span[], cols: number): readonly Span[] {
  const fixed = LABEL_COLS + 1 + BAR_COLS + 7;
  return cols < fixed ? [parts[0]!, parts[2]!, parts[3]!] : parts;
}
