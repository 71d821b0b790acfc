/** How the sources of a node's exporter are (`all_smi_node_source_info`, only from our own), and which of them leaves the processes unknown. */
import type { NodeExtras } from './columns.js';
import type { SourceReport } from './sample.js';

interface Collected {
  readonly extras: NodeExtras;
}

/** Empty where the exporter does not report them. */
export function sourcesOf({ extras }: Collected): readonly SourceReport[] {
  const rows = extras.rows('source');
  return Array.from({ length: rows.count }, (_, row) => ({
    name: rows.label(row, 'source'),
    state: rows.label(row, 'state'),
    reason: rows.label(row, 'reason'),
  }));
}

const LISTS_NO_GPUS: ReadonlySet<string> = new Set(['starting', 'failed', 'hanging', 'unsupported']);

/**
 * Of sources that came without a list of processes: the one that is the reason. When `gpus` fails the exporter asks for nothing more;
 * `gpu-processes` is there only where processes are to be exported. undefined: none is, they were not asked for.
 */
export const failedSource = (sources: readonly SourceReport[]): SourceReport | undefined =>
  sources.find(({ name, state }) => name === 'gpus' && LISTS_NO_GPUS.has(state)) ?? sources.find(({ name }) => name === 'gpu-processes');
