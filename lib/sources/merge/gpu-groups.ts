/**
 * Which GPUs of several exporters are the same one. A GPU is known by its uuid; its PCI bus, its minor number and its index are other names of it,
 * learnt from exporters that send two of them. Numbers that an exporter counts for itself, in a job for instance, are no names. Pure.
 */
import { makerOf } from '../../model/process-support.js';
import type { NodeGpu, NodeSample } from '../../model/sample.js';
import { uuidKey } from '../dialects/gpus-of.js';

/** One GPU, and what each sample says of it. */
export interface GpuGroup {
  /** By the position of the sample: the position of the GPU in it. */
  readonly of: ReadonlyMap<number, number>;
}

export interface Grouped {
  readonly groups: readonly GpuGroup[];
  /** Samples with other GPUs than one before them: of that one they are not the same node. By position. */
  readonly others: ReadonlyMap<number, number>;
}

type Name = 'uuid' | 'pci' | 'minor' | 'index';
const NAMES: readonly Name[] = ['uuid', 'pci', 'minor', 'index'];

interface Draft {
  readonly of: Map<number, number>;
  uuid: string;
  maker: string;
}

const PCI_LABELS = ['pci_bus_id', 'pci_address', 'pci_bdf', 'pci_device'];

/** '00000000:1B:00.0', '0000:1b:00.0' and '1b:00.0' are the same bus. */
function pciKey({ details = {} }: NodeGpu): string {
  const text = PCI_LABELS.map((label) => details[label] ?? '').find((one) => one !== '') ?? '';
  const [, domain = '0', rest] = /^(?:([0-9a-f]{1,8}):)?([0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])$/.exec(text.toLowerCase()) ?? [];
  return rest === undefined ? '' : `${domain.slice(-4).padStart(4, '0')}:${rest}`;
}

/** The names of a GPU; '' for those that its exporter does not send. */
const namesOf = (gpu: NodeGpu): Readonly<Record<Name, string>> => ({
  uuid: uuidKey(gpu.uuid),
  pci: pciKey(gpu),
  minor: gpu.details?.minor_number ?? '',
  index: gpu.lesser?.includes('index') ? '' : String(gpu.index),
});

/** `samples`: of endpoints of one node, in the order of these. */
export function groupGpus(samples: readonly Pick<NodeSample, 'gpus'>[]): Grouped {
  const others = strangers(samples);
  const drafts: Draft[] = [];
  /** By name: the GPU; undefined: several are called that. */
  const known = new Map<string, Draft | undefined>();
  const all = samples.flatMap(({ gpus }, sample) =>
    others.has(sample) ? [] : uniquelyNamed(gpus).map((names, position) => ({ sample, position, gpu: gpus[position]!, names })),
  );
  // Those with the better names first: they say which other names these have.
  for (const name of [...NAMES, undefined]) {
    for (const { sample, position, gpu, names } of all) {
      if (NAMES.find((one) => names[one] !== '') !== name) continue;
      const maker = makerOf(gpu.name) ?? '';
      const called = NAMES.map((one) => (names[one] === '' ? undefined : known.get(`${one} ${names[one]}`)));
      // An exporter of machines with one GPU does not name it.
      const only = name === undefined && samples[sample]!.gpus.length === 1 && drafts.length === 1 ? drafts : [];
      const found = [...called, ...only].find((draft) => draft && !draft.of.has(sample) && mayBe(draft, names.uuid, maker));
      const draft = found ?? { of: new Map<number, number>(), uuid: '', maker: '' };
      if (!found) drafts.push(draft);
      draft.of.set(sample, position);
      draft.uuid ||= names.uuid;
      draft.maker ||= maker;
      for (const one of NAMES) {
        const key = `${one} ${names[one]}`;
        if (names[one] !== '') known.set(key, known.has(key) && known.get(key) !== draft ? undefined : draft);
      }
    }
  }
  return { groups: drafts, others };
}

/** GPUs with different uuids, or of different makers, are not one, whatever their numbers are. */
const mayBe = (draft: Draft, uuid: string, maker: string): boolean =>
  (uuid === '' || draft.uuid === '' || uuid === draft.uuid || !areComparable(uuid, draft.uuid)) &&
  (maker === '' || draft.maker === '' || maker === draft.maker);

const FORM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Makers have serial numbers and the like in place of a uuid, and not each exporter the same. */
const areComparable = (a: string, b: string): boolean => FORM.test(a) === FORM.test(b) && (FORM.test(a) || a.length === b.length);

/** The names of each; one that several have is the name of none. In virtual machines several may report one uuid: zeros, for instance. */
function uniquelyNamed(gpus: readonly NodeGpu[]): readonly Readonly<Record<Name, string>>[] {
  const all = gpus.map(namesOf);
  const times = new Map<string, number>();
  for (const names of all) for (const one of NAMES) times.set(`${one} ${names[one]}`, (times.get(`${one} ${names[one]}`) ?? 0) + 1);
  return all.map(
    (names) =>
      Object.fromEntries(NAMES.map((one) => [one, times.get(`${one} ${names[one]}`) === 1 ? names[one] : ''])) as Record<Name, string>,
  );
}

/** Samples whose uuids have none in common with those of a sample before them: they are of another machine. */
function strangers(samples: readonly Pick<NodeSample, 'gpus'>[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  const seen: { readonly sample: number; readonly uuids: ReadonlySet<string>; readonly makers: ReadonlySet<string> }[] = [];
  for (const [sample, { gpus }] of samples.entries()) {
    const uuids = new Set(gpus.map(({ uuid }) => uuidKey(uuid)).filter((uuid) => uuid !== ''));
    if (uuids.size === 0) continue;
    const makers = new Set(gpus.map(({ name }) => makerOf(name) ?? ''));
    const isOther = (one: (typeof seen)[number]): boolean =>
      [...uuids].some((a) => [...one.uuids].some((b) => areComparable(a, b))) &&
      [...makers].some((maker) => maker === '' || one.makers.has('') || one.makers.has(maker)) &&
      ![...uuids].some((uuid) => one.uuids.has(uuid));
    const other = seen.find(isOther);
    // One that has GPUs in common with any of them is of the same machine.
    if (other && !seen.some((one) => [...uuids].some((uuid) => one.uuids.has(uuid)))) found.set(sample, other.sample);
    else seen.push({ sample, uuids, makers });
  }
  return found;
}
