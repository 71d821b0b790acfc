/**
 * A site's own dialects, from a file: exporters that are not known here, and families that the site has renamed. The format is that of our own
 * tables, in YAML or JSON.
 */
import { AppError } from '../../errors.js';
import { clean } from '../../text/sanitize.js';
import { readTextFile } from '../files/text-file.js';
import { parseYaml, type YamlValue } from '../files/yaml.js';
import { GPU_READINGS, NODE_READINGS, PROCESS_READINGS, type Dialect, type Mapping, type Names, type Proof } from './dialect.js';
import { DIALECTS, Dialects, familiesOf } from './dialects.js';

const MAX_BYTES = 2 ** 20;
const MAX_DIALECTS = 100;
const MAX_NAME_BYTES = 200;

/** Our dialects, with those of the file before them or merged into them. Throws `E_DIALECTS` with the line. */
export async function readDialects(path: string): Promise<Dialects> {
  const file = clean(path, MAX_NAME_BYTES);
  const unreadable = (reason: string, cause?: unknown): AppError => new AppError('E_DIALECTS', { file, reason }, { cause });
  const text = await readTextFile(path, MAX_BYTES, unreadable);
  const root = await parseYaml(text, (where, reason) => new AppError('E_DIALECTS', { file: `${file}, ${where}`, reason }));
  const list = root.map('the file', ['dialects']).get('dialects');
  if (!list) throw root.fault('dialects is missing: a list of exporters');
  const entries = list.list('dialects');
  if (entries.length > MAX_DIALECTS) throw list.fault(`more than ${MAX_DIALECTS} dialects`);
  const given = new Map<string, Dialect>();
  for (const entry of entries) {
    const keys = entry.map('a dialect', DIALECT_KEYS);
    const id = required(keys, 'id', entry).text('id');
    if (!/^[\w-]{1,40}$/.test(id)) throw keys.get('id')!.fault('id has letters, digits, _ and - only');
    if (given.has(id)) throw keys.get('id')!.fault(`the second dialect with the id ${id}`);
    given.set(id, dialectOf(id, keys, entry));
  }
  const isOurs = new Set(DIALECTS.map(({ id }) => id));
  return new Dialects([...[...given.values()].filter(({ id }) => !isOurs.has(id)), ...DIALECTS.map((one) => given.get(one.id) ?? one)]);
}

type Keys = ReadonlyMap<string, YamlValue>;

const PARTS = {
  proof: ['families', 'labels'],
  gpu: ['uuid', 'index', 'name', 'called', 'name_prefix', 'part', 'profile', 'tiles', 'details', 'about'],
  owner: ['user', 'account', 'job', 'namespace', 'pod'],
  node_owners: ['families', 'gpu_label'],
  processes: ['shown_by', 'pid', 'user', 'command', 'name', 'about', 'readings'],
  disks: ['size', 'available'],
} as const;
const DIALECT_KEYS = [
  'id',
  'program',
  'port',
  'refresh_seconds',
  'node',
  'renames',
  'gpu_readings',
  'node_readings',
  'cpu_seconds',
  'prefixed',
  'with',
  ...Object.keys(PARTS),
];
const MAPPING_KEYS = ['into', 'families', 'where', 'scale', 'valid', 'sentinels', 'of', 'zero_is_none', 'unit_unknown'];

/** What the file says of one exporter, merged over ours of the same id. */
function dialectOf(id: string, keys: Keys, entry: YamlValue): Dialect {
  const ours = DIALECTS.find((one) => one.id === id);
  const before: Dialect = ours ?? { id, program: id, port: '', proof: {}, refreshSeconds: 0 };
  const part = (name: keyof typeof PARTS): Keys | undefined => keys.get(name)?.map(name, PARTS[name]);
  const { gpu, owner, processes, nodeOwners } = before;
  const [ofGpu, ofOwner, ofProcesses, ofNodeOwners, disks] = [
    part('gpu'),
    part('owner'),
    part('processes'),
    part('node_owners'),
    part('disks'),
  ];
  const merged: Dialect = {
    ...before,
    ...one(keys, 'program', (value) => ({ program: textOf(value, 'program') })),
    ...one(keys, 'port', (value) => ({ port: textOf(value, 'port') })),
    ...one(keys, 'refresh_seconds', (value) => ({ refreshSeconds: between(value, 'refresh_seconds', 0, 86_400) })),
    ...one(keys, 'node', (value) => ({ node: added(value, 'node', before.node) })),
    ...one(keys, 'cpu_seconds', (value) => ({ cpuSeconds: familyOf(value) })),
    ...on(keys, 'prefixed', 'prefixed'),
    ...one(keys, 'with', (value) => ({ with: knownId(value) })),
    proof: proofOf(part('proof'), underNewNames(before, ofGpu)),
    ...(ofGpu ? { gpu: { ...gpu, ...gpuOf(ofGpu, gpu) } } : {}),
    ...(ofOwner ? { owner: { ...owner, ...namesOf(ofOwner, PARTS.owner, owner) } } : {}),
    ...(ofProcesses ? { processes: processesOf(ofProcesses, keys.get('processes')!, processes) } : {}),
    ...(ofNodeOwners ? { nodeOwners: nodeOwnersOf(ofNodeOwners, keys.get('node_owners')!, nodeOwners) } : {}),
    ...(disks
      ? { disks: { size: familyOf(required(disks, 'size', entry)), available: familyOf(required(disks, 'available', entry)) } }
      : {}),
    ...one(keys, 'gpu_readings', (value) => ({ gpuReadings: [...mappingsOf(value, GPU_READINGS), ...(before.gpuReadings ?? [])] })),
    ...one(keys, 'node_readings', (value) => ({ nodeReadings: [...mappingsOf(value, NODE_READINGS), ...(before.nodeReadings ?? [])] })),
  };
  const renamed = renamedIn(merged, keys.get('renames'));
  if (!(renamed.gpuReadings ?? renamed.nodeReadings ?? renamed.processes ?? renamed.nodeOwners))
    throw entry.fault('it reports nothing: gpu_readings, node_readings, processes and node_owners are missing');
  return renamed;
}

/** What `make` makes of a key that is there. */
const one = <T extends object>(keys: Keys, key: string, make: (value: YamlValue) => T): Partial<T> => {
  const value = keys.get(key);
  return value ? make(value) : {};
};

/** A switch of a dialect: on, or absent. */
const on = <Name extends string>(keys: Keys, key: string, name: Name): Partial<Record<Name, true>> =>
  (keys.get(key)?.flag(key) ? { [name]: true } : {}) as Partial<Record<Name, true>>;

function required(keys: Keys, key: string, of: YamlValue): YamlValue {
  const value = keys.get(key);
  if (!value || value.isEmpty) throw of.fault(`${key} is missing`);
  return value;
}

function textOf(value: YamlValue, what: string): string {
  const text = clean(value.text(what), MAX_NAME_BYTES).trim();
  if (text === '') throw value.fault(`${what} is empty`);
  return text;
}

function between(value: YamlValue, what: string, min: number, max: number): number {
  const number = value.number(what);
  if (number < min || number > max) throw value.fault(`${what} is not between ${min} and ${max}`);
  return number;
}

/** A name, or a list of names. */
function listOf(value: YamlValue, what: string, textIn = textOf): readonly string[] {
  const all = value.isList ? value.list(what) : [value];
  if (all.length === 0) throw value.fault(`${what} is empty`);
  return all.map((name) => textIn(name, what));
}

/** Names of the file come before ours: they are tried first. */
const added = (value: YamlValue, what: string, ours: Names = []): Names => [...new Set([...listOf(value, what), ...ours])];

function familyOf(value: YamlValue, what = 'families'): string {
  const name = textOf(value, what);
  if (name.startsWith('all_smi_')) throw value.fault('families of all-smi have a reader of their own');
  return name;
}
const familiesIn = (value: YamlValue): readonly string[] => listOf(value, 'families', familyOf);

function knownId(value: YamlValue): string {
  const id = value.text('with');
  if (!DIALECTS.some((dialect) => dialect.id === id))
    throw value.fault(`with is not one of: ${DIALECTS.map((dialect) => dialect.id).join(', ')}`);
  return id;
}

/** Label names by key, before ours. */
const namesOf = <Key extends string>(
  keys: Keys,
  names: readonly Key[],
  ours?: Readonly<Partial<Record<Key, Names>>>,
): Partial<Record<Key, Names>> =>
  Object.fromEntries(names.flatMap((name) => (keys.has(name) ? [[name, added(keys.get(name)!, name, ours?.[name])]] : []))) as Partial<
    Record<Key, Names>
  >;

/** A label that proves a dialect of ours also does so under the names that the site has for it. */
function underNewNames({ proof, gpu }: Dialect, given: Keys | undefined): Proof {
  const { labels } = proof;
  const names = (['uuid', 'index'] as const).flatMap((key) => {
    const value = given?.get(key);
    return value && gpu?.[key]?.some((name) => labels?.includes(name)) ? listOf(value, key) : [];
  });
  return labels ? { ...proof, labels: [...new Set([...names, ...labels])] } : proof;
}

const proofOf = (keys: Keys | undefined, ours: Proof): Proof =>
  keys === undefined
    ? ours
    : {
        ...ours,
        ...one(keys, 'families', (value) => ({ families: [...familiesIn(value), ...(ours.families ?? [])] })),
        ...one(keys, 'labels', (value) => ({ labels: added(value, 'labels', ours.labels) })),
      };

const gpuOf = (keys: Keys, ours: NonNullable<Dialect['gpu']> = {}): NonNullable<Dialect['gpu']> => ({
  ...namesOf(keys, ['uuid', 'index', 'name', 'part', 'profile'], ours),
  ...one(keys, 'called', (value) => ({ called: textOf(value, 'called') })),
  ...one(keys, 'name_prefix', (value) => ({ namePrefix: textOf(value, 'name_prefix') })),
  ...on(keys, 'tiles', 'tiles'),
  ...one(keys, 'about', (value) => ({ about: [...familiesIn(value), ...(ours.about ?? [])] })),
  ...one(keys, 'details', (value) => ({
    details: {
      ...ours.details,
      ...Object.fromEntries([...value.map('details')].map(([name, labels]) => [clean(name, MAX_NAME_BYTES), listOf(labels, 'a detail')])),
    },
  })),
});

const processesOf = (keys: Keys, of: YamlValue, ours?: Dialect['processes']): NonNullable<Dialect['processes']> => ({
  ...ours,
  pid: ours && !keys.has('pid') ? ours.pid : added(required(keys, 'pid', of), 'pid', ours?.pid),
  ...namesOf(keys, ['user', 'command', 'name'], ours),
  ...one(keys, 'about', (value) => ({ about: [...familiesIn(value), ...(ours?.about ?? [])] })),
  ...one(keys, 'shown_by', (value) => ({ shownBy: [...familiesIn(value), ...(ours?.shownBy ?? [])] })),
  readings: [...(keys.has('readings') ? mappingsOf(keys.get('readings')!, PROCESS_READINGS) : []), ...(ours?.readings ?? [])],
});

const nodeOwnersOf = (keys: Keys, of: YamlValue, ours?: Dialect['nodeOwners']): NonNullable<Dialect['nodeOwners']> => ({
  ...ours,
  families: ours && !keys.has('families') ? ours.families : [...familiesIn(required(keys, 'families', of)), ...(ours?.families ?? [])],
  ...one(keys, 'gpu_label', (value) => ({ gpuLabel: textOf(value, 'gpu_label') })),
});

function mappingsOf<Reading extends string>(value: YamlValue, readings: Readonly<Record<Reading, unknown>>): readonly Mapping<Reading>[] {
  return value.list('readings').map((row): Mapping<Reading> => {
    const keys = row.map('a reading', MAPPING_KEYS);
    const into = required(keys, 'into', row);
    const name = into.text('into');
    if (!Object.hasOwn(readings, name)) throw into.fault(`into is not one of: ${Object.keys(readings).join(', ')}`);
    return {
      into: name as Reading,
      families: familiesIn(required(keys, 'families', row)),
      ...one(keys, 'where', (where) => ({
        where: Object.fromEntries([...where.map('where')].map(([label, text]) => [label, text.text('a label')])),
      })),
      ...one(keys, 'scale', (scale) => ({ scale: scaleOf(scale) })),
      ...one(keys, 'valid', (valid) => ({ valid: validOf(valid) })),
      ...one(keys, 'sentinels', (list) => ({ sentinels: list.list('sentinels').map((sentinel) => sentinel.number('a sentinel')) })),
      ...one(keys, 'of', (of) => ({ of: boardOrPart(of) })),
      ...on(keys, 'zero_is_none', 'zeroIsNone'),
      ...on(keys, 'unit_unknown', 'unitUnknown'),
    };
  });
}

function scaleOf(value: YamlValue): number {
  const scale = value.number('scale');
  if (scale <= 0) throw value.fault('scale is not above 0');
  return scale;
}

function validOf(value: YamlValue): { readonly min: number; readonly max: number } {
  const [min, max, ...more] = value.list('valid').map((bound) => bound.number('valid'));
  if (min === undefined || max === undefined || more.length > 0 || min > max) throw value.fault('valid is not [smallest, largest]');
  return { min, max };
}

function boardOrPart(value: YamlValue): 'board' | 'part' {
  const word = value.text('of');
  if (word !== 'board' && word !== 'part') throw value.fault('of is not board or part');
  return word;
}

/** Each family also has the names that the site has given it, which are tried first. */
function renamedIn(dialect: Dialect, given: YamlValue | undefined): Dialect {
  if (!given) return dialect;
  const known = new Set(familiesOf(dialect));
  const names = new Map<string, readonly string[]>();
  for (const [family, value] of given.map('renames')) {
    if (!known.has(family)) throw value.fault(`${dialect.id} has no such family; docs/EXPORTERS.md lists them`);
    names.set(family, familiesIn(value));
  }
  const all = (families: readonly string[]): readonly string[] => families.flatMap((family) => [...(names.get(family) ?? []), family]);
  const mapped = <Reading extends string>(mappings: readonly Mapping<Reading>[]): readonly Mapping<Reading>[] =>
    mappings.map((mapping) => ({ ...mapping, families: all(mapping.families) }));
  const single = (family: string): string => names.get(family)?.[0] ?? family;
  const { proof, gpu, gpuReadings, processes, nodeReadings, nodeOwners, cpuSeconds, disks } = dialect;
  return {
    ...dialect,
    proof: { ...proof, ...(proof.families ? { families: all(proof.families) } : {}) },
    ...(gpu ? { gpu: { ...gpu, ...(gpu.about ? { about: all(gpu.about) } : {}) } } : {}),
    ...(gpuReadings ? { gpuReadings: mapped(gpuReadings) } : {}),
    ...(nodeReadings ? { nodeReadings: mapped(nodeReadings) } : {}),
    ...(processes
      ? {
          processes: {
            ...processes,
            readings: mapped(processes.readings),
            ...(processes.about ? { about: all(processes.about) } : {}),
            ...(processes.shownBy ? { shownBy: all(processes.shownBy) } : {}),
          },
        }
      : {}),
    ...(nodeOwners ? { nodeOwners: { ...nodeOwners, families: all(nodeOwners.families) } } : {}),
    ...(cpuSeconds === undefined ? {} : { cpuSeconds: single(cpuSeconds) }),
    ...(disks ? { disks: { size: single(disks.size), available: single(disks.available) } } : {}),
  };
}
