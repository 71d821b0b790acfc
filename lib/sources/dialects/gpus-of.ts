/**
 * The GPUs in what an exporter sent. Exporters repeat the value of a GPU for each pod, job or MIG instance on it: rows are first put to their
 * GPU, and what is repeated counts once.
 */
import type { Families, Row } from '../../exposition/reader/text-reader.js';
import type { NodeAllocation, NodeGpu, NodeMigDevice } from '../../model/sample.js';
import { GPU_READINGS, type Dialect, type GpuReading, type Mapping } from './dialect.js';
import { firstOf, ownerIn, readingOf, selects } from './rows.js';

export interface FoundGpus {
  readonly gpus: readonly NodeGpu[];
  readonly allocations: readonly NodeAllocation[];
  /** GPUs that share a uuid with others: what names them only by that is of none of them. */
  readonly alike: number;
  /** The position of the GPU of a row in `gpus`; undefined: the row names none. */
  slotOf(row: Row): number | undefined;
}

interface Candidate {
  readonly value: number;
  /** The row is that of a pod on the GPU. */
  readonly owned: boolean;
  /** The part of the GPU that the row is of; '' for the whole. */
  readonly part: string;
}

interface Part {
  readonly key: string;
  uuid: string;
  profile: string;
}

class Draft {
  uuid = '';
  index: number | undefined;
  name = '';
  readonly details = new Map<string, string>();
  readonly parts = new Map<string, Part>();
  readonly owners = new Map<string, { readonly owner: NodeAllocation['owner']; readonly onPart: boolean }>();
  /** By mapping and family. */
  readonly candidates = new Map<Mapping<GpuReading>, Map<string, Candidate[]>>();
}

/** The same for 'GPU-3F6B…' and '3f6b…'. */
export const uuidKey = (uuid: string): string => uuid.toLowerCase().replace(/^gpu-/, '');
const isMig = (uuid: string): boolean => /^mig-/i.test(uuid);

export function gpusOf(families: Families, dialect: Dialect): FoundGpus {
  const collected = new Collected(families, dialect);
  const drafts = collected.inOrder();
  return {
    gpus: drafts.map((draft, position) => gpuOf(draft, position, dialect)),
    allocations: drafts.flatMap((draft, gpu) => allocationsOf(draft, gpu, dialect.program)),
    alike: collected.alike,
    slotOf: (row) => {
      const draft = collected.find(row);
      const slot = draft === undefined ? -1 : drafts.indexOf(draft);
      return slot < 0 ? undefined : slot;
    },
  };
}

/** What the labels of a row say. */
interface About {
  /** '' also where several GPUs have it. */
  uuid: string;
  readonly isMig: boolean;
  readonly index: number | undefined;
  readonly part: string;
  readonly hasPod: boolean;
  draft?: Draft | undefined;
}

class Collected {
  readonly #dialect: Dialect;
  /** Most rows share their labels with others. */
  readonly #about = new Map<Row['labels'], About>();
  readonly #byUuid = new Map<string, Draft>();
  readonly #byIndex = new Map<number, Draft>();
  readonly #drafts = new Set<Draft>();
  /** Uuids that several GPUs have. */
  readonly #alike = new Set<string>();
  alike = 0;
  #only: Draft | undefined;

  constructor(families: Families, dialect: Dialect) {
    this.#dialect = dialect;
    const { gpu, gpuReadings = [] } = dialect;
    if (!gpu) return;
    // Rows with a uuid first: they also say which index it has.
    const all = [...(gpu.about ?? []), ...gpuReadings.flatMap((mapping) => mapping.families)];
    const rows = [...new Set(all)].flatMap((family) => families.get(family) ?? []);
    const about = rows.filter((row) => !this.#about.has(row.labels) && this.#read(row));
    this.#findAlike(families);
    for (const row of about) if (this.#isOfUuid(row)) this.#describe(row);
    for (const row of about) if (!this.#isOfUuid(row)) this.#describe(row);
    for (const mapping of gpuReadings) {
      const known = mapping.unitUnknown === undefined || isPercentage(families, mapping);
      for (const family of mapping.families) {
        for (const row of families.get(family) ?? []) {
          if (selects(mapping.where, row) && (known || row.value === 0)) this.#add(mapping, family, row);
        }
      }
    }
  }

  /** Captures that were made anonymous have one uuid for all GPUs: different indexes give them away. */
  #findAlike(families: Families): void {
    const indexes = new Map<string, Set<number>>();
    const note = ({ uuid, isMig: isPart, part }: About, index: number | undefined): void => {
      if (uuid === '' || isPart || part !== '' || index === undefined) return;
      const key = uuidKey(uuid);
      indexes.set(key, (indexes.get(key) ?? new Set()).add(index));
    };
    for (const about of this.#about.values()) note(about, about.index);
    for (const { into, families: names } of this.#dialect.gpuReadings ?? [])
      if (into === 'index') for (const row of names.flatMap((name) => families.get(name) ?? [])) note(this.#read(row), row.value);
    for (const [key, { size }] of indexes) {
      if (size < 2) continue;
      this.#alike.add(key);
      this.alike += size;
    }
    for (const about of this.#about.values()) if (this.#alike.has(uuidKey(about.uuid))) about.uuid = '';
  }

  /** By index; those without one by the order of the text. */
  inOrder(): readonly Draft[] {
    return [...this.#drafts].sort((a, b) => (a.index ?? Infinity) - (b.index ?? Infinity) || 0);
  }

  find(row: Row): Draft | undefined {
    const about = this.#read(row);
    return (about.draft ??= this.#draftOf(about));
  }

  #draftOf({ uuid, isMig: isPart, index }: About): Draft | undefined {
    const { gpu } = this.#dialect;
    if (gpu?.uuid === undefined && gpu?.index === undefined) return this.#only;
    const known = uuid !== '' && !isPart ? this.#byUuid.get(uuidKey(uuid)) : undefined;
    return known ?? (index !== undefined && (uuid === '' || isPart) ? this.#byIndex.get(index) : undefined);
  }

  #describe(row: Row): void {
    const { gpu = {} } = this.#dialect;
    const about = this.#read(row);
    const draft = this.find(row) ?? this.#new(about);
    if (!draft) return;
    draft.index ??= about.index;
    if (draft.index !== undefined) this.#byIndex.set(draft.index, draft);
    draft.name ||= firstOf(row, gpu.name);
    for (const [name, labels] of Object.entries(gpu.details ?? {})) {
      const text = firstOf(row, labels);
      if (text !== '' && !draft.details.has(name)) draft.details.set(name, text);
    }
    const { part, uuid } = about;
    if (part !== '' && !draft.parts.has(part))
      draft.parts.set(part, { key: part, uuid: about.isMig ? uuid : '', profile: firstOf(row, gpu.profile) });
    const names = ownerIn(row, this.#dialect);
    // A user, or a namespace, alone has nothing.
    if (names.job !== '' || names.pod !== '') draft.owners.set(JSON.stringify(names), { owner: names, onPart: part !== '' });
  }

  #new(about: About): Draft | undefined {
    const { gpu = {} } = this.#dialect;
    const { uuid, index } = about;
    const isOnly = gpu.uuid === undefined && gpu.index === undefined;
    if (uuid === '' && index === undefined && !isOnly) return undefined;
    const draft = new Draft();
    if (isOnly) {
      this.#only = draft;
      draft.index = 0;
    }
    if (!about.isMig) draft.uuid = uuid;
    if (draft.uuid !== '') this.#byUuid.set(uuidKey(uuid), draft);
    this.#drafts.add(draft);
    about.draft = draft;
    return draft;
  }

  #add(mapping: Mapping<GpuReading>, family: string, row: Row): void {
    const draft = this.find(row);
    if (!draft || (mapping.zeroIsNone && row.value === 0)) return;
    const value = readingOf(row.value, mapping, GPU_READINGS[mapping.into]);
    if (Number.isNaN(value)) return;
    if (mapping.into === 'index') {
      draft.index ??= value;
      return;
    }
    const byFamily = draft.candidates.get(mapping) ?? new Map<string, Candidate[]>();
    draft.candidates.set(mapping, byFamily);
    const list = byFamily.get(family) ?? [];
    byFamily.set(family, list);
    const { hasPod, part } = this.#read(row);
    list.push({ value, owned: hasPod, part });
  }

  #isOfUuid(row: Row): boolean {
    const { uuid, isMig: isPart } = this.#read(row);
    return uuid !== '' && !isPart;
  }

  #read(row: Row): About {
    let about = this.#about.get(row.labels);
    if (!about) {
      const { gpu = {}, owner } = this.#dialect;
      const text = firstOf(row, gpu.uuid);
      const uuid = this.#alike.has(uuidKey(text)) ? '' : text;
      const isPart = isMig(uuid);
      const part = firstOf(row, gpu.part) || (isPart ? uuid : '');
      about = { uuid, isMig: isPart, index: indexOf(row, gpu), part, hasPod: firstOf(row, owner?.pod) !== '' };
      this.#about.set(row.labels, about);
    }
    return about;
  }
}

function indexOf(row: Row, { index, indexLike = /(\d+)/ }: NonNullable<Dialect['gpu']>): number | undefined {
  const found = Number(indexLike.exec(firstOf(row, index))?.[1] ?? NaN);
  return Number.isSafeInteger(found) && found < 2 ** 31 ? found : undefined;
}

const isPercentage = (families: Families, { families: names }: Mapping<GpuReading>): boolean =>
  names.some((name) => (families.get(name) ?? []).some(({ value }) => value > 1 && value <= 100));

/** The value of the GPU: of the rows that are of no pod, where there are any; else of any, as all are copies. */
function wholeOf(candidates: readonly Candidate[]): number | undefined {
  const free = candidates.filter(({ owned }) => !owned);
  const values = (free.length > 0 ? free : candidates).map(({ value }) => value);
  return values.length === 0 ? undefined : values.reduce((most, value) => Math.max(most, value));
}

function readingsOf(draft: Draft, part: string | undefined, { gpu }: Dialect): Partial<Record<GpuReading, number>> {
  const found: Partial<Record<GpuReading, number>> = {};
  for (const [mapping, byFamily] of draft.candidates) {
    if (found[mapping.into] !== undefined) continue;
    for (const family of mapping.families) {
      const candidates = byFamily.get(family) ?? [];
      const value =
        part === undefined ? boardValue(mapping, candidates, gpu?.tiles) : wholeOf(candidates.filter((one) => one.part === part));
      if (value === undefined) continue;
      found[mapping.into] = value;
      break;
    }
  }
  return found;
}

function boardValue({ of = 'board', into }: Mapping<GpuReading>, candidates: readonly Candidate[], tiles = false): number | undefined {
  const whole = candidates.filter(({ part }) => part === '');
  if (of === 'board') return wholeOf(whole.length > 0 ? whole : candidates);
  if (whole.length > 0 || candidates.length === 0) return wholeOf(whole);
  // MIG instances do not add up to the board, but all that is in use on it is in use on one of them.
  if (!tiles && into !== 'memoryUsedBytes') return undefined;
  const parts = new Set(candidates.map(({ part }) => part));
  return [...parts].reduce((sum, part) => sum + wholeOf(candidates.filter((one) => one.part === part))!, 0);
}

interface Memory {
  readonly used: number | undefined;
  readonly total: number | undefined;
}

/** Without a total it is what is used, free and reserved; boards that share the memory of the machine send 0 for each. */
function memoryOf(values: Partial<Record<GpuReading, number>>): Memory {
  const { memoryUsedBytes: used, memoryFreeBytes: free, memoryReservedBytes: reserved = 0, memoryUsedPercent: percent } = values;
  let total = values.memoryTotalBytes;
  if (total === undefined && used !== undefined && free !== undefined) {
    total = used + free + reserved;
    if (total === 0) return { used: undefined, total: undefined };
  }
  if (total === undefined && used !== undefined && percent) total = Math.round((100 * used) / percent);
  return { used: used ?? (total !== undefined && percent !== undefined ? Math.round((total * percent) / 100) : undefined), total };
}

function gpuOf(draft: Draft, position: number, dialect: Dialect): NodeGpu {
  const { gpu = {} } = dialect;
  const values = readingsOf(draft, undefined, dialect);
  const { used, total } = memoryOf(values);
  const { index: _index, memoryFreeBytes: _free, memoryReservedBytes: _reserved, memoryUsedPercent: _percent, ...readings } = values;
  const name = draft.name || (gpu.called ?? '');
  return {
    index: draft.index ?? position,
    uuid: draft.uuid,
    name: gpu.namePrefix !== undefined && name.startsWith(gpu.namePrefix) ? name.slice(gpu.namePrefix.length) : name,
    ...readings,
    memoryUsedBytes: used,
    memoryTotalBytes: total,
    // Where only the limit in effect is known, it is the most that the GPU may draw.
    powerLimitMaxWatts: values.powerLimitMaxWatts ?? values.powerLimitWatts,
    migEnabled: draft.parts.size > 0 && !gpu.tiles ? true : values.migEnabled === undefined ? undefined : values.migEnabled === 1,
    migDevices: gpu.tiles ? [] : [...draft.parts.values()].map((part, at) => migDevice(draft, part, at, dialect)),
    details: Object.fromEntries(draft.details),
    lesser: lesserOf(draft, values, dialect),
  };
}

/** What other exporters of the same GPU have better. */
function lesserOf(
  { index }: Draft,
  values: Partial<Record<GpuReading, number>>,
  { gpu = {}, gpuReadings = [] }: Dialect,
): readonly string[] {
  const isMinor = gpu.index?.every((label) => label === 'minor_number') === true;
  return [
    ...(index === undefined || isMinor ? ['index'] : []),
    ...(values.powerLimitMaxWatts === undefined ? ['powerLimitMaxWatts'] : []),
    ...(values.memoryUsedBytes === undefined ? ['memoryUsedBytes'] : []),
    ...(values.memoryTotalBytes === undefined ? ['memoryTotalBytes'] : []),
    ...gpuReadings.flatMap(({ into, lesser }) => (lesser ? [into] : [])),
  ];
}

function migDevice(draft: Draft, { key, uuid, profile }: Part, index: number, dialect: Dialect): NodeMigDevice {
  const { used, total } = memoryOf(readingsOf(draft, key, dialect));
  return {
    index,
    uuid,
    profile,
    gpuInstance: /^\d+$/.test(key) ? Number(key) : undefined,
    computeInstance: undefined,
    memoryUsedBytes: used,
    memoryTotalBytes: total,
  };
}

function allocationsOf({ owners }: Draft, gpu: number, source: string): readonly NodeAllocation[] {
  return [...owners.values()].map(({ owner, onPart }) => ({
    gpu,
    gpuCount: owners.size === 1 && !onPart ? 1 : undefined,
    owner,
    source,
  }));
}
