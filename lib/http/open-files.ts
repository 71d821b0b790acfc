/** How many connections the limit of open files (`ulimit -n`) allows. */
import { readdirSync, readFileSync } from 'node:fs';

/** Files open after the start, where they cannot be counted. */
const USUALLY_OPEN = 40;

/** Connections that can be open at once, in addition to the files that are open now and `kept` others: at most `most`, at least one. */
export function affordable(most: number, kept: number): number {
  return Math.max(1, Math.min(most, limit() - openNow() - kept));
}

function limit(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity);
  } catch {
    return limitWithoutProc();
  }
}

/** Takes tens of milliseconds, and has no type for what it reports. */
function limitWithoutProc(): number {
  const { userLimits } = process.report.getReport() as { readonly userLimits?: Readonly<Record<string, { readonly soft?: unknown }>> };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Infinity;
}

/** /dev/fd is there on macOS too. */
function openNow(): number {
  try {
    return readdirSync('/dev/fd').length;
  } catch {
    return USUALLY_OPEN;
  }
}
