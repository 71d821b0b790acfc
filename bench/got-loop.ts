/** The cost of got alone: requests each node of a host file once per interval, spread over it, and discards the responses. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import got from 'got';

const [hostFile, intervalMs] = [process.argv[2]!, Number(process.argv[3])];
const nodes = readFileSync(hostFile, 'utf8')
  .split('\n')
  .map((line) => line.split(',')[0]!.trim())
  .filter((address) => /:\d+$/.test(address));
const agent = { http: new http.Agent({ keepAlive: true, maxSockets: 2 }) };

function ask(address: string): void {
  got
    .stream(`http://${address}/metrics`, {
      agent,
      headers: { 'accept-encoding': 'identity' },
      retry: { limit: 0 },
      timeout: { request: 5000 },
    })
    .on('error', (error) => {
      throw error;
    })
    .resume();
}

for (const [at, address] of nodes.entries())
  setTimeout(
    () => {
      ask(address);
      setInterval(ask, intervalMs, address);
    },
    (at / nodes.length) * intervalMs,
  );
