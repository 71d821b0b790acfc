/** The table of the scraped nodes: columns, and the rows in the order shown. */
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

/** A property of the last scrape; NaN: there was none. */
const answered =
  (figure: (facts: NodeView['facts']) => number) =>
  ({ version, facts }: NodeView): number =>
    version === 0 ? NaN : figure(facts);
const badLines = answered((facts) => facts.badLines + facts.oddReadings);
const samples = answered((facts) => facts.samples);

/** Dropped first when space is short: number of samples, size, clock. */
export const SCRAPE_COLUMNS: TableColumns<ScrapeRows, NodeView> = [
  {
    id: 'host',
    value: ({ name }) => name,
    screen: {
      title: 'NODE',
      width: LEAST_NODE_COLS,
      fit: (_cols, rows) => ({ width: nodeCols(rows) }),
      sorts: 'ascending',
      order: (node, { scrapes }) => byName(scrapes).indexOf.get(node),
      cell: ({ name }, rows) => shortName(name, rows.domain, nodeCols(rows)),
    },
    export: { name: 'node' },
  },
  { id: 'address', value: ({ nodeId }) => nodeId, export: { name: 'node_id' } },
  {
    id: 'state',
    value: conditionOf,
    screen: { title: 'STATE', width: 10, cell: conditionSpan },
    export: { name: 'state' },
  },
  {
    id: 'age',
    unit: 'seconds',
    value: ({ status }, { now }) => (now - (status.okAt ?? NaN)) / 1000,
    screen: {
      title: 'AGE',
      width: 5,
      drop: 8,
      sorts: 'descending',
      // Not the age itself, which increases with every frame.
      order: ({ status }) => -(status.okAt ?? NaN),
      cell: (node, { now }) => lastSeen(node, now),
    },
    export: { name: 'age_seconds' },
  },
  {
    id: 'latency',
    unit: 'seconds',
    value: ({ status }) => (status.latencyMs ?? NaN) / 1000,
    screen: {
      title: 'LATENCY',
      width: 8,
      drop: 5,
      sorts: 'descending',
      cell: ({ status }) => millis(status.latencyMs ?? NaN),
    },
    export: { name: 'latency_seconds', decimals: 3 },
  },
  {
    id: 'bytes',
    unit: 'bytes',
    value: answered((facts) => facts.bytes),
    screen: { title: 'SIZE', width: 8, drop: 2, sorts: 'descending', cell: (node) => bytes(answered((facts) => facts.bytes)(node)) },
    export: { name: 'body_bytes' },
  },
  {
    id: 'samples',
    unit: 'count',
    value: samples,
    screen: { title: 'SAMPLES', width: 8, drop: 1, sorts: 'descending', cell: (node) => counted(samples(node)) },
    export: { name: 'samples' },
  },
  {
    id: 'skew',
    unit: 'seconds',
    value: ({ status }) => (status.skewMs ?? NaN) / 1000,
    screen: {
      title: 'CLOCK',
      width: 7,
      drop: 3,
      sorts: 'descending',
      order: ({ status }) => Math.abs(status.skewMs ?? NaN),
      cell: ({ status }) => skewCell(status.skewMs),
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
      cell: (node) => (node.version === 0 ? NONE : span(count(badLines(node)), badLines(node) > 0 ? 'warn' : undefined)),
    },
    export: { name: 'bad_lines' },
  },
  {
    id: 'fails',
    unit: 'count',
    value: ({ status }) => status.failures,
    screen: {
      title: 'FAILS',
      width: 6,
      drop: 6,
      sorts: 'descending',
      cell: ({ status }) => span(count(status.failures), status.failures > 0 ? 'warn' : undefined),
    },
    export: { name: 'failures' },
  },
  {
    id: 'next',
    unit: 'seconds',
    value: nextSeconds,
    screen: { title: 'NEXT', width: 5, drop: 7, cell: (node, rows) => nextCell(nextSeconds(node, rows)) },
    export: { name: 'next_seconds' },
  },
  {
    id: 'said',
    value: problemOf,
    screen: { title: 'PROBLEM', width: 'rest', min: 14, cell: (node) => span(problemOf(node), included(node) ? 'warn' : 'bad') },
    export: { name: 'problem' },
  },
];

export const SCRAPES_TABLE: Table<ScrapeRows, NodeView> = {
  id: 'scrapes',
  columns: SCRAPE_COLUMNS,
  rows: (app) => {
    const data = scrapeRows(app);
    return { data, rows: byName(data.scrapes).nodes };
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
function nextSeconds({ status }: NodeView, { now }: ScrapeRows): number {
  return status.nextTryAt === undefined ? NaN : Math.ceil((status.nextTryAt - now) / 1000);
}

const nextCell = (seconds: number): string => (Number.isNaN(seconds) ? NONE : seconds <= 0 ? 'now' : `${count(seconds)}s`);

/** Error, failing sources of the exporter, limits, the first bad line. */
function problemOf(node: NodeView): string {
  const { status, facts, version } = node;
  const parts = [
    status.error?.text ?? '',
    version > 0 && facts.up === false ? 'the exporter has no data yet' : '',
    ...troubles(sourcesOf(node)),
    facts.capsHit.length > 0 ? `limits reached: ${facts.capsHit.join(', ')}` : '',
    facts.badSample === '' ? '' : `bad line: ${facts.badSample}`,
    facts.oddReadings === 0
      ? ''
      : `${count(facts.oddReadings)} impossible ${facts.oddReadings === 1 ? 'value' : 'values'}: ${facts.oddSample}`,
  ];
  return parts.filter((text) => text !== '').join(' · ');
}

interface Named {
  readonly nodes: readonly NodeView[];
  readonly indexOf: ReadonlyMap<NodeView, number>;
}
const labels = new LabelOrder();
const named = new WeakMap<Scrapes, Named>();

/** The nodes in the order of their names. */
function byName(scrapes: Scrapes): Named {
  let known = named.get(scrapes);
  if (!known) {
    const nodes = Array.from(labels.of(scrapes.nodes), (at) => scrapes.nodes[at]!);
    named.set(scrapes, (known = { nodes, indexOf: new Map(nodes.map((node, at) => [node, at])) }));
  }
  return known;
}

export interface ScrapeOrder extends Order {
  node(position: number): NodeView;
}
const kept = new WeakMap<Scrapes, { readonly key: string; readonly order: ScrapeOrder }>();

/** Cached per set of scrapes and sort. */
export function orderOf(data: ScrapeRows, sort: Sort): ScrapeOrder {
  const key = `${sort.key} ${sort.descending}`;
  const known = kept.get(data.scrapes);
  if (known?.key === key) return known.order;
  const { nodes } = byName(data.scrapes);
  const positions = sortedPositions(SCRAPE_COLUMNS, nodes, data, sort);
  const node = (position: number): NodeView => nodes[positions[position]!]!;
  let places: ReadonlyMap<string, number> | undefined;
  const order: ScrapeOrder = {
    count: positions.length,
    node,
    id: (position) => node(position).nodeId,
    find: (id) => (places ??= new Map(Array.from(positions, (_, position) => [node(position).nodeId, position]))).get(id) ?? -1,
  };
  kept.set(data.scrapes, { key, order });
  return order;
}
