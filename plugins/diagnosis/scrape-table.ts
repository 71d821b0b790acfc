/** The table of what is scraped, a row per endpoint: columns, and the rows in the order shown. */
import {
  ago,
  bytes,
  conditionOf,
  conditionSpan,
  count,
  included,
  isSkewed,
  LabelOrder,
  lastSeen,
  NONE,
  shortName,
  sortedPositions,
  sourcesOf,
  span,
  troubles,
  type AppView,
  type EndpointView,
  type NodeFacts,
  type NodeView,
  type Order,
  type Sort,
  type Span,
  type Table,
  type TableColumns,
  type TableState,
  widest,
  withoutDomain,
} from '../../lib/index.js';
import { scrapesDerivation, type Scrapes } from './scrapes.js';

export interface DiagnosisUi {
  readonly table: TableState;
}

/** The data of the rows. */
export interface ScrapeRows {
  readonly scrapes: Scrapes;
  /** For ages; frame time in a replay. */
  readonly now: number;
  /** Left out of the names. */
  readonly domain: string;
}

const LEAST_NODE_COLS = 9;
const MOST_NODE_COLS = 24;

const widths = new WeakMap<Scrapes, number>();
/** Wide enough for the longest name; cached, since it depends on the names alone. */
function nodeCols({ scrapes, domain }: ScrapeRows): number {
  let known = widths.get(scrapes);
  if (known === undefined) {
    const names = scrapes.nodes.map(({ name }) => withoutDomain(name, domain));
    widths.set(scrapes, (known = widest(names, LEAST_NODE_COLS, MOST_NODE_COLS)));
  }
  return known;
}

/** One endpoint of a node. */
export interface Scrape {
  readonly node: NodeView;
  readonly endpoint: EndpointView;
}

const isOnly = ({ node }: Scrape): boolean => node.endpoints.length === 1;
/** Of its last good answer; undefined: there was none. */
const factsOf = (scrape: Scrape): NodeFacts | undefined => {
  if (isOnly(scrape)) return scrape.node.version === 0 ? undefined : scrape.node.facts;
  return scrape.endpoint.facts;
};
const condition = ({ node: { service }, endpoint: { status } }: Scrape): Pick<NodeView, 'status' | 'service'> => ({ status, service });
const idOf = (scrape: Scrape): string => (isOnly(scrape) ? scrape.node.nodeId : `${scrape.node.nodeId} ${scrape.endpoint.id}`);

/** A property of the last scrape; NaN: there was none. */
const answered =
  (figure: (facts: NodeFacts) => number) =>
  (scrape: Scrape): number => {
    const facts = factsOf(scrape);
    return facts === undefined ? NaN : figure(facts);
  };
const badLines = answered((facts) => facts.badLines + facts.oddReadings);
const samples = answered((facts) => facts.samples);

/** Dropped first when space is short: number of samples, size, exporter, clock. */
export const SCRAPE_COLUMNS: TableColumns<ScrapeRows, Scrape> = [
  {
    id: 'host',
    value: ({ node }) => node.name,
    screen: {
      title: 'NODE',
      width: LEAST_NODE_COLS,
      fit: (_cols, rows) => ({ width: nodeCols(rows) }),
      sorts: 'ascending',
      order: (scrape, { scrapes }) => byName(scrapes).indexOf.get(scrape),
      cell: ({ node }, rows) => shortName(node.name, rows.domain, nodeCols(rows)),
    },
    export: { name: 'node' },
  },
  { id: 'address', value: ({ node }) => node.nodeId, export: { name: 'node_id' } },
  {
    id: 'endpoint',
    value: ({ endpoint }) => endpoint.id,
    screen: {
      title: 'ENDPOINT',
      width: LEAST_NODE_COLS,
      when: ({ scrapes }) => scrapes.several,
      fit: (_cols, { scrapes }) => ({ width: endpointCols(scrapes) }),
      cell: (scrape) => endpointText(scrape),
    },
    export: { name: 'endpoint', after: 'problem' },
  },
  {
    id: 'exporter',
    value: (scrape) => factsOf(scrape)?.exporterVersion,
    screen: { title: 'EXPORTER', width: 20, drop: 2.5, when: ({ scrapes }) => scrapes.several },
    export: { name: 'exporter', jsonOnly: true },
  },
  {
    id: 'state',
    value: (scrape) => conditionOf(condition(scrape)),
    screen: { title: 'STATE', width: 10, cell: (scrape) => conditionSpan(condition(scrape)) },
    export: { name: 'state' },
  },
  {
    id: 'age',
    unit: 'seconds',
    value: ({ endpoint: { status } }, { now }) => (now - (status.okAt ?? NaN)) / 1000,
    screen: {
      title: 'AGE',
      width: 5,
      drop: 8,
      sorts: 'descending',
      // Not the age itself, which increases with every frame.
      order: ({ endpoint: { status } }) => -(status.okAt ?? NaN),
      cell: ({ endpoint }, { now }) => lastSeen(endpoint, now),
    },
    export: { name: 'age_seconds' },
  },
  {
    id: 'latency',
    unit: 'seconds',
    value: ({ endpoint: { status } }) => (status.latencyMs ?? NaN) / 1000,
    screen: {
      title: 'LATENCY',
      width: 8,
      drop: 5,
      sorts: 'descending',
      cell: ({ endpoint: { status } }) => millis(status.latencyMs ?? NaN),
    },
    export: { name: 'latency_seconds', decimals: 3 },
  },
  {
    id: 'bytes',
    unit: 'bytes',
    value: answered((facts) => facts.bytes),
    screen: { title: 'SIZE', width: 8, drop: 2, sorts: 'descending', cell: (scrape) => bytes(answered((facts) => facts.bytes)(scrape)) },
    export: { name: 'body_bytes' },
  },
  {
    id: 'samples',
    unit: 'count',
    value: samples,
    screen: { title: 'SAMPLES', width: 8, drop: 1, sorts: 'descending', cell: (scrape) => counted(samples(scrape)) },
    export: { name: 'samples' },
  },
  {
    id: 'skew',
    unit: 'seconds',
    value: ({ endpoint: { status } }) => (status.skewMs ?? NaN) / 1000,
    screen: {
      title: 'CLOCK',
      width: 7,
      drop: 3,
      sorts: 'descending',
      order: ({ endpoint: { status } }) => Math.abs(status.skewMs ?? NaN),
      cell: ({ endpoint: { status } }) => skewCell(status.skewMs),
    },
    export: { name: 'clock_skew_seconds', decimals: 3 },
  },
  {
    id: 'bad',
    unit: 'count',
    value: badLines,
    screen: {
      title: 'BAD',
      width: 5,
      drop: 4,
      sorts: 'descending',
      cell: (scrape) => {
        const bad = badLines(scrape);
        return Number.isNaN(bad) ? NONE : span(count(bad), bad > 0 ? 'warn' : undefined);
      },
    },
    export: { name: 'bad_lines' },
  },
  {
    id: 'fails',
    unit: 'count',
    value: ({ endpoint: { status } }) => status.failures,
    screen: {
      title: 'FAILS',
      width: 6,
      drop: 6,
      sorts: 'descending',
      cell: ({ endpoint: { status } }) => span(count(status.failures), status.failures > 0 ? 'warn' : undefined),
    },
    export: { name: 'failures' },
  },
  {
    id: 'next',
    unit: 'seconds',
    value: nextSeconds,
    screen: { title: 'NEXT', width: 5, drop: 7, cell: (scrape, rows) => nextCell(nextSeconds(scrape, rows)) },
    export: { name: 'next_seconds' },
  },
  {
    id: 'said',
    value: problemOf,
    screen: {
      title: 'PROBLEM',
      width: 'rest',
      min: 14,
      cell: (scrape) => span(problemOf(scrape), included(scrape.endpoint) ? 'warn' : 'bad'),
    },
    export: { name: 'problem' },
  },
];

export const SCRAPES_TABLE: Table<ScrapeRows, Scrape> = {
  id: 'scrapes',
  columns: SCRAPE_COLUMNS,
  rows: (app) => {
    const data = scrapeRows(app);
    return { data, rows: byName(data.scrapes).rows };
  },
};

export const scrapeRows = (app: AppView): ScrapeRows => ({
  scrapes: app.derive(scrapesDerivation, app.listed),
  now: app.now,
  domain: app.domain,
});

/** '14 ms', '1.24 s'. */
export function millis(ms: number): string {
  if (Number.isNaN(ms)) return NONE;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

const counted = (value: number): string => (Number.isNaN(value) ? NONE : count(value));

/** How far the node's clock is ahead of ours, '-' behind. */
function skewCell(skewMs: number | undefined): Span {
  if (skewMs === undefined) return span(NONE);
  const off = isSkewed(skewMs);
  return span(off ? `${skewMs < 0 ? '-' : '+'}${ago(Math.abs(skewMs))}` : 'ok', off ? 'warn' : undefined);
}

/** Time to the next scrape. */
function nextSeconds({ endpoint: { status } }: Scrape, { now }: ScrapeRows): number {
  return status.nextTryAt === undefined ? NaN : Math.ceil((status.nextTryAt - now) / 1000);
}

const nextCell = (seconds: number): string => (Number.isNaN(seconds) ? NONE : seconds <= 0 ? 'now' : `${count(seconds)}s`);

/** Error, failing sources of the exporter, limits, the first bad line. */
function problemOf(scrape: Scrape): string {
  const { node, endpoint } = scrape;
  const facts = factsOf(scrape);
  const ofNode = facts !== undefined && endpoint === node.endpoints[0] ? troubles(sourcesOf(node)) : [];
  if (facts === undefined) return endpoint.status.error?.text ?? '';
  const parts = [
    endpoint.status.error?.text ?? '',
    facts.up === false ? 'the exporter has no data yet' : '',
    ...ofNode,
    facts.capsHit.length > 0 ? `limits reached: ${facts.capsHit.join(', ')}` : '',
    facts.badSample === '' ? '' : `bad line: ${facts.badSample}`,
    facts.oddReadings === 0
      ? ''
      : `${count(facts.oddReadings)} impossible ${facts.oddReadings === 1 ? 'value' : 'values'}: ${facts.oddSample}`,
  ];
  return parts.filter((text) => text !== '').join(' · ');
}

/** Of several endpoints, what tells them apart: the port, where the node has it in its name. */
function endpointText({ node, endpoint: { id } }: Scrape): string {
  const [, host, port] = /^(.*)(:\d+)$/s.exec(id) ?? [];
  const isShared = node.endpoints.every((one) => one.id.startsWith(`${host}:`));
  return port !== undefined && isShared && node.endpoints.length > 1 ? port : id;
}

const endpointCols = (scrapes: Scrapes): number => widest(byName(scrapes).rows.map(endpointText), LEAST_NODE_COLS, MOST_NODE_COLS);

interface Named {
  readonly rows: readonly Scrape[];
  readonly indexOf: ReadonlyMap<Scrape, number>;
}
const labels = new LabelOrder();
const named = new WeakMap<Scrapes, Named>();

/** The endpoints in the order of the names of their nodes. */
function byName(scrapes: Scrapes): Named {
  let known = named.get(scrapes);
  if (!known) {
    const rows = Array.from(labels.of(scrapes.nodes), (at) => scrapes.nodes[at]!).flatMap((node) =>
      node.endpoints.map((endpoint): Scrape => ({ node, endpoint })),
    );
    named.set(scrapes, (known = { rows, indexOf: new Map(rows.map((row, at) => [row, at])) }));
  }
  return known;
}

export interface ScrapeOrder extends Order {
  scrape(position: number): Scrape;
}
const kept = new WeakMap<Scrapes, { readonly key: string; readonly order: ScrapeOrder }>();

/** Cached per set of scrapes and sort. */
export function orderOf(data: ScrapeRows, sort: Sort): ScrapeOrder {
  const key = `${sort.key} ${sort.descending}`;
  const known = kept.get(data.scrapes);
  if (known?.key === key) return known.order;
  const { rows } = byName(data.scrapes);
  const positions = sortedPositions(SCRAPE_COLUMNS, rows, data, sort);
  const scrape = (position: number): Scrape => rows[positions[position]!]!;
  let places: ReadonlyMap<string, number> | undefined;
  const order: ScrapeOrder = {
    count: positions.length,
    scrape,
    id: (position) => idOf(scrape(position)),
    find: (id) => (places ??= new Map(Array.from(positions, (_, position) => [idOf(scrape(position)), position]))).get(id) ?? -1,
  };
  kept.set(data.scrapes, { key, order });
  return order;
}
