/** The state of the connection to a node: since when, errors, next scrape. */
import {
  ago,
  count,
  bytes,
  clock,
  conditionSince,
  included,
  isSkewed,
  joinFitting,
  line,
  sourcesOf,
  span,
  troubles,
  allocationTexts,
  cut,
  whyNotReporting,
  type AppView,
  widest,
  type EndpointStatus,
  type NodeFacts,
  type NodeView,
  type Line,
  type Size,
  type Span,
} from '../../lib/index.js';

/** The state, the problem, the last response; at most `rows` lines, the last of them is dropped first. */
export function connectionLines(node: NodeView, app: AppView, { cols, rows }: Size): readonly Line[] {
  const state = [line(...title(node, app)), ...service(node), ...problem(node, app), ...collection(node)];
  // Each endpoint has a line of its own, and none of them is dropped.
  if (node.endpoints.length > 1) return [...state.slice(0, rows), ...endpointLines(node, app, cols)];
  return [...state, ...detail(node, cols)].slice(0, rows);
}

function title(node: NodeView, app: AppView): readonly (Span | string)[] {
  const groups = [...node.groups].map(([name, value]) => `${name}=${value}`);
  const address = node.name === node.nodeId ? [] : [node.nodeId];
  return [span(` ${node.name}`, 'strong'), '  ', conditionSince(node, app.now), span(`  ${[...address, ...groups].join(' · ')}`, 'dim')];
}

/** The jobs and pods that have GPUs of the node, a line each; the last says how many are left out. */
export function jobLines(node: NodeView, app: AppView, { cols, rows }: Size): readonly Line[] {
  const texts = included(node) ? allocationTexts(node, app) : [];
  const shown = texts.length <= rows ? texts : texts.slice(0, Math.max(0, rows - 1));
  const left = texts.length - shown.length;
  return [
    ...shown.map((text, at) => line(span(at === 0 ? ' jobs  ' : '       ', 'dim'), cut(text, Math.max(1, cols - 8)))),
    ...(left > 0 && rows > 0 ? [line(span(`       and ${count(left)} more: z shows them`, 'dim'))] : []),
  ];
}

/** What the scheduler says of a node that is not in service. */
function service({ service: seen }: NodeView): readonly Line[] {
  if (!seen || seen.state === 'in service' || seen.state === 'unknown') return [];
  return [line(span(` scheduler: ${seen.state}${seen.reason === '' ? '' : `, ${seen.reason}`}`, 'warn'))];
}

/** Failing: since when, the error in words, the next scrape. */
function problem({ status }: NodeView, app: AppView): readonly Line[] {
  if (status.phase !== 'failing') return [];
  const since = status.failingSince === undefined ? '' : ` since ${clock(status.failingSince)}`;
  const tries = status.failures === 0 ? '' : ` (${count(status.failures)} failed ${status.failures === 1 ? 'scrape' : 'scrapes'})`;
  const next = status.nextTryAt === undefined ? '' : ` · next scrape in ${ago(status.nextTryAt - app.now + 999)}`;
  return [line(span(` ${status.error?.text ?? 'failed'}${since}${tries}${next}`, 'bad'))];
}

/** Why the users of the GPUs are not known, if the exporter reports a reason. */
const collection = (node: NodeView): readonly Line[] =>
  whyNotReporting(node) === 'collection failed' ? troubles(sourcesOf(node)).map((text) => line(span(` ${text}`, 'bad'))) : [];

/** How each endpoint is, and which exporter answers there. */
function endpointLines({ endpoints, service: seen }: NodeView, app: AppView, cols: number): readonly Line[] {
  const ids = widest(
    endpoints.map(({ id }) => id),
    1,
    MOST_ENDPOINT_COLS,
  );
  return endpoints.map(({ id, status, facts }) => {
    const { text, tone } = conditionSince({ status, service: seen }, app.now);
    const said = [status.error?.text ?? '', ...(facts ? answerTexts(status, facts) : [])].filter((one) => one !== '');
    const label = ` ${cut(id, ids).padEnd(ids)}  `;
    return line(span(label, 'dim'), span(text, tone), span(`  ${joinFitting(said, cols - label.length - text.length - 2)}`, 'dim'));
  });
}

const MOST_ENDPOINT_COLS = 30;

const detail = ({ version, status, facts }: NodeView, cols: number): readonly Line[] =>
  version === 0 ? [] : [line(span(` ${joinFitting(answerTexts(status, facts), cols - 1)}`, 'dim'))];

/** What is known of a good answer. */
function answerTexts(status: EndpointStatus, facts: NodeFacts): readonly string[] {
  const parts: string[] = [
    `${Number.isNaN(facts.bytes) ? 'read' : bytes(facts.bytes)} in ${status.latencyMs === undefined ? '?' : Math.round(status.latencyMs)} ms`,
    `${count(facts.samples)} samples`,
  ];
  if (facts.exporterVersion !== '') parts.push(`exporter ${facts.exporterVersion}`);
  if (status.skewMs !== undefined && isSkewed(status.skewMs))
    parts.push(`clock ${status.skewMs > 0 ? 'ahead' : 'behind'} by ${ago(Math.abs(status.skewMs))}`);
  if (facts.badLines > 0) parts.push(`${count(facts.badLines)} bad ${facts.badLines === 1 ? 'line' : 'lines'}: ${facts.badSample}`);
  if (facts.capsHit.length > 0) parts.push(`limits reached: ${facts.capsHit.join(', ')}`);
  return parts;
}

/** The node and its problem, as text to copy. */
export const nodeCopy = ({ name, nodeId, groups, status }: NodeView): string =>
  [name, nodeId, ...[...groups].map(([label, value]) => `${label}=${value}`), status.error?.text ?? '']
    .filter((text) => text !== '')
    .join('\t');
