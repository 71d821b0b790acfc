/**
 * The labels of a row as its exporter sent them. A server adds those of the scrape target; where both have one of a name, the exporter's is called
 * `exported_...`, unless the scrape job says `honor_labels`. Pure.
 */
import type { Labels } from './series-reader.js';

const EXPORTED = 'exported_';
/** Of the target, not of what it exports. */
/** Where a target is a pod, these are its own; on rows of a GPU that a pod uses, those of that pod are called `exported_...`. */
const OF_POD: ReadonlySet<string> = new Set(['pod', 'namespace', 'container']);
/** Labels that a target has if the server found it through Kubernetes. */
const OF_SERVICE = ['service', 'endpoint'];

/** Whether `pod`, `namespace` and `container` of the rows of a target can be the exporter's own. */
export function podIsTarget(rows: readonly Labels[]): boolean {
  return rows.some((labels) => `${EXPORTED}pod` in labels || OF_SERVICE.some((name) => name in labels));
}

export interface Sent {
  /** Its `instance` label is what the exporter sent. */
  readonly ownInstance: boolean;
  /** The names of scrape jobs: a `job` that is none of them is what the exporter sent. */
  readonly jobs: ReadonlySet<string>;
  /** Its `pod` is that of the exporter. */
  readonly ownPod: boolean;
}

/** The labels as text, in the order of their names. */
export function blockOf(labels: Labels, sent: Sent): string {
  const parts: string[] = [];
  for (const name in labels) {
    const isExported = name.startsWith(EXPORTED);
    const own = isExported ? name.slice(EXPORTED.length) : name;
    if (!isExported && isOfServer(name, labels, sent)) continue;
    parts.push(`${own}="${escaped(labels[name]!)}"`);
  }
  return parts.join(',');
}

function isOfServer(name: string, labels: Labels, { ownInstance, jobs, ownPod }: Sent): boolean {
  if (name === '__name__' || `${EXPORTED}${name}` in labels) return true;
  if (name === 'instance') return !ownInstance;
  return name === 'job' ? jobs.has(labels.job!) : ownPod && OF_POD.has(name);
}

const escaped = (text: string): string => text.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`));
