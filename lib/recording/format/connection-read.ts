import type { NodeFacts } from '../../model/columns.js';
import { clean } from '../../text/sanitize.js';
import { isRecord, type Loose } from '../../model/loose.js';
import { integerOf, member, numberOf, textOf } from './json-read.js';
import type { Ms } from '../../model/clock.js';
import { WAITING, type EndpointStatus } from '../../model/endpoint.js';

/** One of several endpoints of a node. */
export interface ReadEndpoint {
  readonly id: string;
  readonly status: EndpointStatus;
  readonly givesGpus: boolean;
  readonly exporterVersion: string;
}

export interface ReadConnection {
  readonly nodeId: string;
  readonly name: string;
  readonly groups: ReadonlyMap<string, string>;
  readonly status: EndpointStatus;
  /** Empty: the node has only one, whose status this is. */
  readonly endpoints: readonly ReadEndpoint[];
  readonly facts: Pick<NodeFacts, 'instance' | 'exporterVersion' | 'up' | 'hasProcessFamily' | 'processScope'>;
}

const PHASES = ['waiting', 'live', 'failing'] as const;
const SCOPES = ['gpu', 'all', 'off', 'unsupported'] as const;
const MAX_GROUPS = 32;
const MAX_ENDPOINTS = 16;

/** Undefined: it has no host, or an unknown phase. */
export function readConnection(row: Loose): ReadConnection | undefined {
  const hostId = textOf(row, 'host_id');
  const status = readStatus(row);
  if (hostId === '' || status === undefined) return undefined;
  const endpoints = member(row, 'endpoints');
  return {
    nodeId: hostId,
    name: textOf(row, 'label') || hostId,
    groups: readGroups(row),
    status,
    endpoints: Array.isArray(endpoints) ? endpoints.slice(0, MAX_ENDPOINTS).flatMap(readEndpoint) : [],
    facts: {
      instance: textOf(row, 'instance'),
      exporterVersion: textOf(row, 'exporter_version'),
      up: typeof member(row, 'up') === 'boolean' ? (member(row, 'up') as boolean) : undefined,
      hasProcessFamily: member(row, 'process_family') === true,
      processScope: SCOPES.find((one) => one === member(row, 'process_scope')),
    },
  };
}

function readStatus(row: Loose): EndpointStatus | undefined {
  const phase = PHASES.find((one) => one === member(row, 'phase'));
  if (phase === undefined) return undefined;
  const error = member(row, 'error');
  return {
    ...WAITING,
    phase,
    overdue: member(row, 'overdue') === true,
    okAt: timeOf(row, 'answered_at_ms'),
    failingSince: timeOf(row, 'failing_since_ms'),
    failures: integerOf(row, 'failures', 0, 1e9) ?? 0,
    error: isRecord(error) ? { code: textOf(error, 'code', 64), text: textOf(error, 'text', 400) } : undefined,
    nextTryAt: timeOf(row, 'next_try_ms'),
    latencyMs: orUndefined(numberOf(row, 'latency_ms')),
    skewMs: orUndefined(numberOf(row, 'skew_ms', -Number.MAX_VALUE)),
  };
}

function readEndpoint(row: unknown): readonly ReadEndpoint[] {
  if (!isRecord(row)) return [];
  const [id, status] = [textOf(row, 'id'), readStatus(row)];
  if (id === '' || status === undefined) return [];
  return [{ id, status, givesGpus: member(row, 'gives_gpus') === true, exporterVersion: textOf(row, 'exporter_version') }];
}

const orUndefined = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);
const timeOf = (row: Loose, key: string): Ms | undefined => orUndefined(numberOf(row, key, 0, 8.64e15));

function readGroups(row: Loose): ReadonlyMap<string, string> {
  const given = member(row, 'groups');
  if (!isRecord(given)) return new Map();
  const texts = Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return new Map(texts.slice(0, MAX_GROUPS).map(([name, text]) => [clean(name, 64), clean(text, 128)]));
}
