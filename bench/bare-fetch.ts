/** Requests each node of a host file once, 128 at a time, with node's own client, and discards the responses. Prints the bytes. */
import { readFileSync } from 'node:fs';
import http from 'node:http';

const AT_A_TIME = 128;
const nodes = readFileSync(process.argv[2]!, 'utf8')
  .split('\n')
  .map((line) => line.split(',')[0]!.trim())
  .filter((address) => /:\d+$/.test(address));
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });

function fetched(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http
      .get(`http://${address}/metrics`, { agent }, (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => (bytes += chunk.length));
        response.on('end', () => resolve(bytes));
      })
      .on('error', reject);
  });
}

let bytes = 0;
const left = [...nodes];
async function lane(): Promise<void> {
  for (let address = left.shift(); address !== undefined; address = left.shift()) bytes += await fetched(address);
}
await Promise.all(Array.from({ length: AT_A_TIME }, lane));
console.log(bytes);
agent.destroy();
