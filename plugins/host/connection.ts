/** How the connection to a host stands: since when, why not, when next. */
import { ago, bytes, clock, counted, line, span, type AppView, type HostView, type Line, type Span } from '../../lib/index.js';

const SKEW_WORTH_SAYING_MS = 5000;

export function connectionLines(host: HostView, app: AppView, cols: number): readonly Line[] {
  return [line(...title(host, app)), ...problem(host, app), ...detail(host, cols)];
}

function title(host: HostView, app: AppView): readonly Span[] {
  const { status } = host;
  const groups = [...host.groups].map(([name, value]) => ` · ${name}=${value}`).join('');
  const name = span(` ${host.label}`, 'strong');
  const address = span(host.label === host.hostId ? groups : `  ${host.hostId}${groups}`, 'dim');
  if (status.phase === 'waiting') return [name, address, span('  … not answered yet', 'warn')];
  const age = status.okAt === undefined ? 'never answered' : `last answer ${ago(app.now - status.okAt)} ago`;
  if (!counted(host)) return [name, address, span(`  ✕ down · ${age}`, 'bad')];
  if (status.phase === 'failing') return [name, address, span(`  ~ failing · ${age}`, 'warn')];
  return [name, address, span(`  connected · ${age}`, 'good')];
}

/** Failing: since when, the error in words, the next try. */
function problem({ status }: HostView, app: AppView): readonly Line[] {
  if (status.phase !== 'failing') return [];
  const since = status.failingSince === undefined ? '' : ` since ${clock(status.failingSince)}`;
  const tries = ` (${status.failures} ${status.failures === 1 ? 'try' : 'tries'})`;
  const next = status.nextTryAt === undefined ? '' : ` · next try in ${Math.max(0, Math.ceil((status.nextTryAt - app.now) / 1000))} s`;
  return [line(span(` ${status.error?.text ?? 'failed'}${since}${tries}${next}`, 'bad'))];
}

function detail(host: HostView, cols: number): readonly Line[] {
  if (host.version === 0) return [];
  const { status, facts } = host;
  const parts: string[] = [
    `${bytes(facts.bytes)} in ${status.latencyMs === undefined ? '?' : Math.round(status.latencyMs)} ms`,
    `${facts.samples} samples`,
  ];
  if (facts.exporterVersion !== '') parts.push(`exporter ${facts.exporterVersion}`);
  if (status.skewMs !== undefined && Math.abs(status.skewMs) >= SKEW_WORTH_SAYING_MS)
    parts.push(`clock ${status.skewMs > 0 ? 'ahead' : 'behind'} by ${ago(Math.abs(status.skewMs))}`);
  if (facts.badLines > 0) parts.push(`${facts.badLines} bad lines: ${facts.badSample}`);
  if (facts.capsHit.length > 0) parts.push(`limits reached: ${facts.capsHit.join(', ')}`);
  while (parts.length > 1 && parts.join(' · ').length + 1 > cols) parts.pop();
  return [line(span(` ${parts.join(' · ')}`, 'dim'))];
}
