/** The processes in what an exporter sent. Pure. */
import type { Families, Row } from '../../exposition/reader/text-reader.js';
import type { NodeProcess } from '../../model/sample.js';
import { PROCESS_READINGS, type Dialect, type ProcessReading } from './dialect.js';
import type { FoundGpus } from './gpus-of.js';
import { firstOf, readingOf } from './rows.js';

interface Draft {
  readonly pid: number;
  readonly gpu: number;
  user: string;
  command: string;
  name: string;
  readonly values: Partial<Record<ProcessReading, number>>;
}

/** Undefined: they are not reported. */
export function processesOf(families: Families, dialect: Dialect, gpus: FoundGpus): readonly NodeProcess[] | undefined {
  const { processes: from } = dialect;
  if (!from || (from.shownBy && !from.shownBy.some((family) => families.has(family)))) return undefined;
  const drafts = new Map<string, Draft>();
  const draftOf = (row: Row): Draft | undefined => {
    const pid = Number(firstOf(row, from.pid));
    const gpu = gpus.slotOf(row);
    // Some exporters send metrics of their own process under such names: no label, no GPU.
    if (!Number.isSafeInteger(pid) || pid <= 0 || pid >= 2 ** 32 || gpu === undefined) return undefined;
    const key = `${pid} ${gpu}`;
    const draft = drafts.get(key) ?? { pid, gpu, user: '', command: '', name: '', values: {} };
    drafts.set(key, draft);
    draft.user ||= firstOf(row, from.user);
    draft.command ||= firstOf(row, from.command);
    draft.name ||= firstOf(row, from.name);
    return draft;
  };
  for (const family of from.about ?? []) for (const row of families.get(family) ?? []) draftOf(row);
  for (const mapping of from.readings) {
    for (const row of mapping.families.flatMap((name) => families.get(name) ?? [])) {
      const value = readingOf(row.value, mapping, PROCESS_READINGS[mapping.into]);
      const draft = draftOf(row);
      if (draft && !Number.isNaN(value)) draft.values[mapping.into] ??= value;
    }
  }
  return [...drafts.values()].map(({ pid, gpu, user, command, name, values }) => ({
    pid,
    gpu,
    user,
    command,
    name: name || programOf(command),
    gpuBytes: values.gpuBytes,
    smPercent: values.smPercent,
    cpuPercent: values.cpuPercent,
    ageSeconds: values.ageSeconds,
    residentBytes: values.residentBytes,
  }));
}

/** '/opt/bin/python -m train' is python. */
const programOf = (command: string): string => /^\S*?([^/\s]+)(?:\s|$)/.exec(command)?.[1] ?? '';
