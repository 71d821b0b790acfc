import type { NodeFacts } from '../../model/columns.js';
import { clean } from '../../text/sanitize.js';
import { isRecord, type Loose } from '../../model/loose.js';
import { integerOf, member, numberOf, textOf } from './json-read.js';
import type { Ms } from '../../model/clock.js';
import { WAITING, type EndpointStatus } from '../../model/endpoint.js';

export interface ReadConnection {
  readonly nodeId: string;
  readonly name: string;
  readonly groups: ReadonlyMap<string, string>;
  readonly status: EndpointStatus;
  readonly facts: Pick<NodeFacts, 'instance' | 'exporterVersion' | 'up' | 'hasProcessFamily' | 'processScope'>;
}

const PHASES = ['waiting', 'live', 'failing'] as const;
const SCOPES = ['gpu', 'all', 'off'] as const;
const MAX_GROUPS = 32;

/** Undefined: it has no host, or an unknown phase. */
export function readConnection(row: Loose): ReadConnection | undefined {
  const hostId = textOf(row, 'host_id');
  const phase = PHASES.find((one) => one === member(row, 'phase'));
  if (hostId === '' || phase === undefined) return undefined;
  const error = member(row, 'error');
  return {
    nodeId: hostId,
    name: textOf(row, 'label') || hostId,
    groups: readGroups(row),
    status: {
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
    },
    facts: {
      instance: textOf(row, 'instance'),
      exporterVersion: textOf(row, 'exporter_version'),
      up: typeof member(row, 'up') === 'boolean' ? (member(row, 'up') as boolean) : undefined,
      hasProcessFamily: member(row, 'process_family') === true,
      processScope: SCOPES.find((one) => one === member(row, 'process_scope')),
    },
  };
}

const orUndefined = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);
const timeOf = (row: Loose, key: string): Ms | undefined => orUndefined(numberOf(row, key, 0, 8.64e15));

function readGroups(row: Loose): ReadonlyMap<string, string> {
  const given = member(row, 'groups');
  if (!isRecord(given)) return new Map();
  const texts = Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return new Map(texts.slice(0, MAX_GROUPS).map(([name, text]) => [clean(name, 64), clean(text, 128)]));
}
