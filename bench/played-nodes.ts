/**
 * Serves the captured answers of all-smi's own mock, with its headers, as many nodes: each has an address of its own, 127.x.y.z, on one port.
 * Arguments: number of nodes, port, path of the host file that is written when all is served.
 */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

const [nodes, port, hostFile] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]!];
const CAPTURES = new URL('__tests__/fixtures/captures/mock-028/', `file://${process.cwd()}/`);
const HEADERS = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'max-age=2, must-revalidate',
  connection: 'keep-alive',
  'keep-alive': 'timeout=60, max=1000',
};

/** By captured node, in the order in which they were scraped. */
const bodies = new Map<string, string[]>();
for (const name of readdirSync(CAPTURES).sort()) {
  const [node] = name.split('-') as [string];
  bodies.set(node, [...(bodies.get(node) ?? []), gunzipSync(readFileSync(new URL(name, CAPTURES))).toString()]);
}
const captured = [...bodies.values()];

/** The answers of one node: those of a captured one, with names and UUIDs of its own. */
function answersOf(node: number): readonly Buffer[] {
  const own = String(node + 1).padStart(4, '0');
  return captured[node % captured.length]!.map((body) =>
    Buffer.from(
      body.replace(/"node-\d{4}"/g, `"node-${own}"`).replace(/(gpu_uuid=")[0-9A-F]{8}/g, (_, start: string) => `${start}${hex(node)}`),
    ),
  );
}

const hex = (node: number): string => node.toString(16).toUpperCase().padStart(8, '0');
const addressOf = (node: number): string => `127.0.${1 + Math.floor(node / 200)}.${1 + (node % 200)}`;

const served = new Map(
  Array.from(
    { length: nodes },
    (_, node) =>
      [addressOf(node), { answers: answersOf(node), next: 0 }] as [string, { readonly answers: readonly Buffer[]; next: number }],
  ),
);

createServer((request, response) => {
  const node = served.get(request.socket.localAddress ?? '');
  const body = node?.answers[node.next++ % node.answers.length];
  if (!body) response.writeHead(404).end();
  else response.writeHead(200, { ...HEADERS, 'content-length': body.length }).end(body);
}).listen(port, '0.0.0.0', () => {
  // Whoever waits for the file sees all of it.
  writeFileSync(`${hostFile}.new`, [...served.keys()].map((address) => `${address}:${port}\n`).join(''));
  renameSync(`${hostFile}.new`, hostFile);
}).keepAliveTimeout = 60_000;
