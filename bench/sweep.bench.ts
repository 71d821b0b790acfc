/** From the bytes of all nodes to the table of users, and the effect on the event loop and the heap: npm run bench -- sweep */
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { usersDerivation } from '../lib/aggregate/users.js';
import { Derivations } from '../lib/aggregate/derivations.js';
import { Node } from '../lib/model/node.js';
import { Parsers } from '../lib/exposition/parser/index.js';
import { AT, bodyOf, chunksOf, nodesOf, rounds, ScrapedCluster } from './cluster.js';
import { percentile, timed } from './measure.js';
import type { BenchRow } from './table.js';

const SWEEPS = 12;
/** Rounds of bodies that are used in turn. */
const BODIES = 2;

export async function bench(): Promise<BenchRow[]> {
  return [...(await sweeps()), ...(await slices()), await heap()];
}

async function sweeps(): Promise<BenchRow[]> {
  const nodes = nodesOf('W3');
  const bodies = [...rounds(nodes, BODIES, 0)].map((round) => round.map((node) => bodyOf(node)));
  const cluster = new ScrapedCluster(nodes.map(({ host }) => host));
  const derivations = new Derivations();
  let sweep = 0;
  const run = (): void => {
    for (const [at, body] of bodies[sweep % BODIES]!.entries()) cluster.scrape(at, body);
    derivations.derive(usersDerivation, cluster.nodes, ++sweep);
  };
  const first = timed(run);
  run();
  const times: number[] = [];
  for (let at = 0; at < SWEEPS; at++) {
    await turn();
    times.push(timed(run));
  }
  return [
    { name: 'sweep of 1,000 hosts, bytes to table, warm', oursMs: percentile(times, 0.5), target: { goal: 40, gate: 60 } },
    { name: 'sweep of 1,000 hosts, the first of a process', oursMs: first },
  ];
}

/** A body of 50,000 rows arrives chunk by chunk, with one turn of the event loop between chunks; then it is committed and a frame is drawn. */
async function slices(): Promise<BenchRow[]> {
  const [node] = nodesOf('W2', { hosts: 1 });
  const bodies = [...rounds([node!], BODIES, 0)].map(([one]) => bodyOf(one!));
  const replaced = [...rounds([node!], BODIES + 1, 0.02)].map(([one]) => bodyOf(one!)).slice(1);
  const cluster = new ScrapedCluster([node!.host]);
  const derivations = new Derivations();
  let [collector, collections] = [0, 0];
  const observer = new PerformanceObserver((list) => (collections += list.getEntries().length));
  observer.observe({ entryTypes: ['gc'] });
  /** The longest slice of a scrape, and the longest without garbage collection. */
  const longest = async (body: Buffer): Promise<readonly [all: number, quiet: number]> => {
    let [all, quiet] = [0, 0];
    const slice = async (run: () => void): Promise<void> => {
      const before = collections;
      const ms = timed(run);
      await turn();
      await turn();
      all = Math.max(all, ms);
      if (collections === before) quiet = Math.max(quiet, ms);
    };
    for (const chunk of chunksOf(body)) await slice(() => cluster.push(0, chunk));
    await slice(() => cluster.commit(0));
    await slice(() => derivations.derive(usersDerivation, cluster.nodes, ++collector));
    return [all, quiet];
  };
  const [first] = await longest(bodies[0]!);
  for (let at = 0; at < 3; at++) await longest(bodies[at % BODIES]!);
  const warm: (readonly [number, number])[] = [];
  for (let at = 0; at < 9; at++) warm.push(await longest(bodies[at % BODIES]!));
  const other: number[] = [];
  for (let at = 0; at < 6; at++) other.push((await longest(replaced[at % BODIES]!))[0]);
  observer.disconnect();
  const of = (values: readonly number[]): number => percentile(values, 0.5);
  return [
    { name: 'longest slice, 50,000 rows stream in, warm', oursMs: of(warm.map(([, quiet]) => quiet)), target: { goal: 2, gate: 3 } },
    { name: 'longest slice, with garbage collected in it', oursMs: of(warm.map(([all]) => all)) },
    { name: 'longest slice, 2 % of the processes replaced', oursMs: of(other) },
    { name: 'longest slice, the first scrape of a process', oursMs: first },
  ];
}

/** The heap that a scrape of a known node allocates: pushing its chunks, committing, and rebuilding the node's part of the totals. */
async function heap(): Promise<BenchRow> {
  const SCRAPES = 2000;
  const [node] = nodesOf('W3', { hosts: 1 });
  const bodies = [...rounds([node!], 8, 0)].map(([one]) => [...chunksOf(bodyOf(one!))]);
  const parser = new Parsers().newParser();
  const record = new Node({ nodeId: node!.host }, parser.data);
  const scrape = (at: number): void => {
    for (const chunk of bodies[at % bodies.length]!) parser.push(chunk);
    parser.commit(AT, 0);
    part = usersDerivation.part(record, part);
  };
  for (const chunk of bodies[0]!) parser.push(chunk);
  record.commit({ at: AT }, parser.commit(AT, 0));
  let part = usersDerivation.part(record);
  const perScrape: number[] = [];
  for (let round = 0; round < 12; round++) {
    await turn();
    globalThis.gc!();
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < SCRAPES; at++) scrape(at);
    perScrape.push((process.memoryUsage().heapUsed - before) / SCRAPES / 1024);
  }
  const value = percentile(perScrape.slice(4), 0.5);
  return { name: 'heap per warm scrape, push to part', value, unit: 'KiB', target: { goal: 0.5, gate: 1 } };
}
