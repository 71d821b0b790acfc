/** Serves the ten nodes of 50,000 process rows of W2, and writes their addresses to the given file. */
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { bodyOf, nodesOf, rounds } from './cluster.js';

/** Bodies that are sent in turn, with different values; one in 50 processes is replaced. */
const BODIES = 2;
const CHURN = 0.02;

const nodes = nodesOf('W2');
const bodies = [...rounds(nodes, BODIES, CHURN)].map((round) => round.map((node) => bodyOf(node)));

const addresses = await Promise.all(
  nodes.map(
    (_, node) =>
      new Promise<string>((resolve) => {
        let scrape = 0;
        const server = http.createServer((_request, response) => {
          const body = bodies[scrape++ % BODIES]![node]!;
          response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4', 'content-length': body.length }).end(body);
        });
        server.listen(0, '127.0.0.1', () => {
          resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`);
        });
      }),
  ),
);
writeFileSync(process.argv[2]!, `${addresses.join('\n')}\n`);
