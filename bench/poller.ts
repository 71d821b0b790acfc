/**
 * Only requests each node of a host file once per interval, spread over it, and discards the responses: what a viewer cannot be cheaper than.
 * Arguments: client, host file, interval in milliseconds. Clients: `http`, node's own; `got`, with its default options; `ours`, got as the
 * viewer uses it.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import got from 'got';
import { HttpClient } from '../lib/sources/hosts/request.js';
import { HttpAccess } from '../lib/sources/http/http-access.js';
import { systemClock } from '../lib/run/system-clock.js';

const [client, hostFile, intervalMs] = [process.argv[2]!, process.argv[3]!, Number(process.argv[4])];
const nodes = readFileSync(hostFile, 'utf8')
  .split('\n')
  .map((line) => line.split(',')[0]!.trim())
  .filter((address) => /:\d+$/.test(address));

const fail = (error: unknown): never => {
  throw error;
};
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
const plain = got.extend({ agent: { http: agent }, headers: { 'accept-encoding': 'identity' }, retry: { limit: 0 } });
const access = new HttpAccess({}, { clock: systemClock });
const own = new HttpClient({ clock: systemClock, timeoutMs: 5000 });

const CLIENTS: Readonly<Record<string, (url: string) => void>> = {
  http: (url) => void http.get(url, { agent }, (response) => response.resume()).on('error', fail),
  got: (url) => void plain.stream(url).on('error', fail).resume(),
  ours: (url) => void own.get(url, access, () => undefined, new AbortController().signal).catch(fail),
};
const ask = CLIENTS[client]!;

for (const [at, address] of nodes.entries())
  setTimeout(
    () => {
      ask(`http://${address}/metrics`);
      setInterval(ask, intervalMs, `http://${address}/metrics`);
    },
    (at / nodes.length) * intervalMs,
  );
