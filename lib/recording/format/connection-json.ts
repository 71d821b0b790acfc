/** The scrape state of each node: a section of our own, so that a replay shows what the operator saw. Other readers ignore it. */
import type { EndpointStatus, EndpointView } from '../../model/endpoint.js';
import type { NodeView } from '../../model/node-view.js';

/** The state of an endpoint. Empty keys are left out. Milliseconds are those of the recorder's clock. */
interface State {
  readonly answered_at_ms?: number;
  readonly error?: { readonly code: string; readonly text: string };
  readonly failing_since_ms?: number;
  readonly failures?: number;
  readonly latency_ms?: number;
  readonly next_try_ms?: number;
  readonly overdue?: true;
  readonly phase: 'waiting' | 'live' | 'failing';
  readonly skew_ms?: number;
}

/** One of several endpoints of a node. */
interface RecordedEndpoint extends State {
  readonly exporter_version?: string;
  /** It has reported GPUs of the node. */
  readonly gives_gpus?: true;
  readonly id: string;
}

/** The state is that of the endpoint that decides how the node is. */
export interface Connection extends State {
  /** Of a node with several. */
  readonly endpoints?: readonly RecordedEndpoint[];
  readonly exporter_version?: string;
  readonly groups?: Readonly<Record<string, string>>;
  readonly host_id: string;
  readonly instance?: string;
  readonly label: string;
  /** The scrape contained a process family. */
  readonly process_family?: true;
  readonly process_scope?: string;
  readonly up?: boolean;
}

export function connectionJson(host: NodeView): string {
  const { status, facts, endpoints } = host;
  const connection: Connection = sorted({
    ...stateOf(status),
    ...some('endpoints', endpoints.length > 1 ? endpoints.map(endpointOf) : undefined),
    ...some('exporter_version', facts.exporterVersion || undefined),
    ...some('groups', host.groups.size > 0 ? Object.fromEntries([...host.groups].sort(([a], [b]) => (a < b ? -1 : 1))) : undefined),
    host_id: host.nodeId,
    ...some('instance', facts.instance || undefined),
    label: host.name,
    ...(facts.hasProcessFamily ? { process_family: true as const } : {}),
    ...some('process_scope', facts.processScope),
    ...some('up', facts.up),
  });
  return JSON.stringify(connection);
}

const stateOf = (status: EndpointStatus): State => ({
  ...some('answered_at_ms', status.okAt),
  ...some('error', status.error && { code: status.error.code, text: status.error.text }),
  ...some('failing_since_ms', status.failingSince),
  ...some('failures', status.failures || undefined),
  ...some('latency_ms', status.latencyMs),
  ...some('next_try_ms', status.nextTryAt),
  ...(status.overdue ? { overdue: true as const } : {}),
  phase: status.phase,
  ...some('skew_ms', status.skewMs),
});

const endpointOf = ({ id, status, givesGpus, facts }: EndpointView): RecordedEndpoint =>
  sorted({
    ...stateOf(status),
    ...some('exporter_version', facts?.exporterVersion || undefined),
    ...(givesGpus ? { gives_gpus: true as const } : {}),
    id,
  });

const sorted = <Row extends object>(row: Row): Row => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))) as Row;

function some<Key extends string, Value>(key: Key, value: Value | undefined): Partial<Record<Key, Value>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<Key, Value>>;
}
