/** The ports of the mock cluster, and the host file that lists them. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { AppError } from '../errors.js';

const LAST_PORT = 65_535;

const run = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, nth) => first + nth);

/**
 * `10001-10003` or `10001`.
 * @throws AppError E_OPTION_BAD
 */
export function parsePortRange(text: string): number[] {
  const parts = /^\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*$/.exec(text);
  const first = Number(parts?.[1] ?? 0);
  const last = Number(parts?.[2] ?? first);
  const reason =
    parts === null
      ? `"${text}" is not a range like 10001-10010`
      : first < 1 || last > LAST_PORT
        ? `ports go from 1 to ${String(LAST_PORT)}`
        : last < first
          ? `${String(last)} is below ${String(first)}`
          : undefined;
  if (reason !== undefined) throw new AppError('E_OPTION_BAD', { option: '--port-range', reason });
  return run(first, last);
}

/**
 * Ports in a row from `port`, `each` for a node; port 0 gives any free ones.
 * @throws AppError E_OPTION_BAD
 */
export function portsFrom(port: number, nodes: number, each = 1): number[] {
  const count = nodes * each;
  const whole = (value: number, least: number): boolean => Number.isInteger(value) && value >= least && value <= LAST_PORT;
  if (!whole(nodes, 1)) throw new AppError('E_OPTION_BAD', { option: '--nodes', reason: `not a number from 1 to ${String(LAST_PORT)}` });
  if (!whole(port, 0)) throw new AppError('E_OPTION_BAD', { option: '--port', reason: `not a number from 0 to ${String(LAST_PORT)}` });
  if (port === 0) return Array.from({ length: count }, () => 0);
  if (port + count - 1 > LAST_PORT)
    throw new AppError('E_OPTION_BAD', {
      option: '--port',
      reason: `${String(count)} ports from ${String(port)} go beyond ${String(LAST_PORT)}`,
    });
  return run(port, port + count - 1);
}

/** Reachable from this machine by the name `localhost`. */
const LOCAL = /^(?:127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):([\d+]+)$/;

/** The addresses of nodes with as many endpoints each: `host:10001+10002`. */
export function nodeAddresses(addresses: readonly string[], each: number): readonly string[] {
  const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1);
  return addresses.flatMap((first, at) => (at % each === 0 ? [[first, ...addresses.slice(at + 1, at + each).map(portOf)].join('+')] : []));
}

/** A host file with one address per line; this machine is `localhost`. */
export const hostsCsv = (addresses: readonly string[]): string =>
  addresses.map((address) => `${address.replace(LOCAL, 'localhost:$1')}\n`).join('');

/** Refuse links, and do not wait for a reader of a pipe. Windows has neither flag. */
const OPEN_FLAGS =
  constants.O_WRONLY |
  constants.O_CREAT |
  ((constants.O_NOFOLLOW as number | undefined) ?? 0) |
  ((constants.O_NONBLOCK as number | undefined) ?? 0);

const REASONS: Readonly<Record<string, string>> = {
  ELOOP: 'it is a symbolic link',
  EMLINK: 'it is a symbolic link',
  ENXIO: 'it is not a regular file',
  EISDIR: 'is a directory',
  ENOENT: 'its directory does not exist',
  EACCES: 'permission denied',
};

async function overwrite(handle: FileHandle, text: string): Promise<void> {
  if (!(await handle.stat()).isFile()) throw Object.assign(new Error(), { code: 'ENXIO' });
  await handle.truncate();
  await handle.writeFile(text);
}

/**
 * Writes the host file: a new one, or over a regular file. Nothing else is touched.
 * @throws AppError E_FILE_WRITE
 */
export async function writeHosts(file: string, addresses: readonly string[]): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, OPEN_FLAGS, 0o644);
    await overwrite(handle, hostsCsv(addresses));
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new AppError('E_FILE_WRITE', { file, reason: REASONS[code] ?? message }, { cause: error });
  } finally {
    await handle?.close();
  }
}
