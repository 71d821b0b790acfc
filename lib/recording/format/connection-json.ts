/** The scrape state of each node: a section of our own, so that a replay shows what the operator saw. Other readers ignore it. */
import type { NodeView } from '../../model/node-view.js';

/** Empty keys are left out. Milliseconds are those of the recorder's clock. */
export interface Connection {
  readonly answered_at_ms?: number;
  readonly error?: { readonly code: string; readonly text: string };
  readonly exporter_version?: string;
  readonly failing_since_ms?: number;
  readonly failures?: number;
  readonly groups?: Readonly<Record<string, string>>;
  readonly host_id: string;
  readonly instance?: string;
  readonly label: string;
  readonly latency_ms?: number;
  readonly next_try_ms?: number;
  readonly overdue?: true;
  readonly phase: 'waiting' | 'live' | 'failing';
  /** The scrape contained a process family. */
  readonly process_family?: true;
  readonly process_scope?: string;
  readonly skew_ms?: number;
  readonly up?: boolean;
}

export function connectionJson(host: NodeView): string {
  const { status, facts } = host;
  const connection: Connection = {
    ...some('answered_at_ms', status.okAt),
    ...some('error', status.error && { code: status.error.code, text: status.error.text }),
    ...some('exporter_version', facts.exporterVersion || undefined),
    ...some('failing_since_ms', status.failingSince),
    ...some('failures', status.failures || undefined),
    ...some('groups', host.groups.size > 0 ? Object.fromEntries([...host.groups].sort(([a], [b]) => (a < b ? -1 : 1))) : undefined),
    host_id: host.nodeId,
    ...some('instance', facts.instance || undefined),
    label: host.name,
    ...some('latency_ms', status.latencyMs),
    ...some('next_try_ms', status.nextTryAt),
    ...(status.overdue ? { overdue: true as const } : {}),
    phase: status.phase,
    ...(facts.hasProcessFamily ? { process_family: true as const } : {}),
    ...some('process_scope', facts.processScope),
    ...some('skew_ms', status.skewMs),
    ...some('up', facts.up),
  };
  return JSON.stringify(connection);
}

function some<Key extends string, Value>(key: Key, value: Value | undefined): Partial<Record<Key, Value>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<Key, Value>>;
}
