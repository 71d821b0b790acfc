/** `all-smi-view api`: exports this machine over HTTP until a signal stops it. */
import { readFile } from 'node:fs/promises';
import { AppError } from '../lib/errors.js';
import { startNodeApi } from '../lib/run/exporter.js';
import { API_OPTIONS, resolveOptions, type ApiOptions, type Environment, type Flags } from '../lib/options/options.js';
import { count } from '../lib/text/format.js';
import { readConfig } from './read-config.js';
import { machineOf } from './machine-settings.js';
import { surviveLostOutput } from './lost-output.js';
import { signalled } from './signals.js';
import { systemClock } from '../lib/run/system-clock.js';

export async function api(flags: Flags, env: Environment): Promise<number> {
  const options = resolveOptions(API_OPTIONS, flags, env, await readConfig(flags, env));
  const { bind, port, interval, processes = 'off', tokenFile, allowHost } = options;
  const machine = machineOf(options);
  const tls = await tlsOf(options);
  const token = tokenFile === undefined ? undefined : await tokenOf(tokenFile);
  surviveLostOutput();
  const ended = signalled();
  const onTroubles = (lines: readonly string[]): void => {
    for (const line of lines.length === 0 ? ['all sources work again'] : lines) process.stderr.write(`all-smi-view api: ${line}\n`);
  };
  const node = await startNodeApi({
    ...machine,
    clock: systemClock,
    intervalMs: interval * 1000,
    scope: processes,
    bind,
    port,
    tls,
    token,
    allowHosts: allowHost,
    onTroubles,
  });
  try {
    process.stdout.write(`all-smi-view api: ${node.url}/metrics; press Ctrl-C to stop\n`);
    if (node.limitedTo !== undefined) process.stderr.write(limitText(node.limitedTo));
    return await ended;
  } finally {
    await node.stop();
  }
}

const limitText = (connections: number): string =>
  `all-smi-view api: open files are limited: ${count(connections)} ${connections === 1 ? 'connection' : 'connections'} at a time, ` +
  'a new one closes the one that is idle the longest; raise ulimit -n\n';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
};

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new AppError('E_FILE_READ', { file, reason: REASONS[code] ?? message }, { cause: error });
  }
}

async function tlsOf({ tlsCert, tlsKey }: ApiOptions): Promise<{ cert: string; key: string } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new AppError('E_OPTION_BAD', { option: '--tls-cert and --tls-key', reason: 'must be given together' });
  return { cert: await read(tlsCert), key: await read(tlsKey) };
}

/** The first line. Refuses characters that are not allowed in a header, and an empty token, which would let everybody in. */
async function tokenOf(file: string): Promise<string> {
  const token = (await read(file)).split('\n')[0]!.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const reason = token === '' ? 'its first line is empty' : 'its first line contains characters that are not allowed in a header';
  throw new AppError('E_OPTION_BAD', { option: '--token-file', reason });
}
