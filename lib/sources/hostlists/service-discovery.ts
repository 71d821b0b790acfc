/**
 * Targets as Prometheus takes them: file_sd (JSON or YAML), http_sd, and what a server lists at /api/v1/targets. Labels become groups; those that
 * begin with __ say how a target is scraped.
 */
import type { AppError } from '../../errors.js';
import { isRecord } from '../../model/loose.js';
import { clean } from '../../text/sanitize.js';
import { parseYaml, type YamlValue } from '../files/yaml.js';
import type { TargetNote } from './targets.js';

/** Maximum number of labels kept per host, and of the bytes of their names and values. */
export const MAX_GROUPS = 32;
export const MAX_NAME_BYTES = 64;
export const MAX_VALUE_BYTES = 128;

/** Columns and labels that name the host instead of grouping it. */
const LABEL_HEADS = new Set(['label', 'name', 'instance']);

export type Add = (where: string, address: string, note: TargetNote) => void;
export type Faulty = (where: string, reason: string) => AppError;

export interface DiscoveryOptions {
  readonly add: Add;
  readonly faulty: Faulty;
  /** Targets on the same host are endpoints of one node. */
  readonly byHost?: boolean;
  /** The http config that a label names; absent: a list from elsewhere must not choose a file of this machine. */
  readonly httpConfigAt?: (name: string) => string;
}

/** Labels for grouping, and the label with the name, if one has it. Labels that start with __ are internal to Prometheus. */
export function noteOf(labels: Iterable<readonly [string, string]>, hasNames = true): TargetNote {
  const groups = new Map<string, string>();
  let label: string | undefined;
  for (const [rawName, rawValue] of labels) {
    const name = clean(rawName, MAX_NAME_BYTES).trim();
    const value = clean(rawValue, MAX_VALUE_BYTES).trim();
    if (name === '' || value === '' || name.startsWith('__')) continue;
    if (hasNames && LABEL_HEADS.has(name.toLowerCase())) label ??= value;
    else if (groups.size < MAX_GROUPS || groups.has(name)) groups.set(name, value);
  }
  return { groups, ...(label === undefined ? {} : { name: label }) };
}

/** Whether a text is service discovery: as JSON, or as YAML. */
export const isDiscovery = (text: string): boolean =>
  /^\s*(\[\s*[{\]]|\{)/.test(text) || /^\s*(#.*\n\s*|---\s*\n\s*)*-\s+["']?(targets|labels)["']?\s*:/.test(text);

/** Throws what `faulty` makes. */
export async function addDiscovered(text: string, options: DiscoveryOptions): Promise<void> {
  const { faulty } = options;
  if (!/^\s*[[{]/.test(text)) return addYaml(await parseYaml(text, faulty), options);
  const json = parseJson(text, faulty);
  if (isRecord(json) && isRecord(json.data) && Array.isArray(json.data.activeTargets)) return addActive(json.data.activeTargets, options);
  if (!Array.isArray(json)) throw faulty('entry 1', 'not a list of {"targets": [...], "labels": {...}}');
  for (const [index, entry] of json.entries()) {
    const where = `entry ${index + 1}`;
    const { targets, labels } = (isRecord(entry) ? entry : {}) as { targets?: unknown; labels?: unknown };
    if (!isListOf(targets, 'string')) throw faulty(where, '"targets" is not a list of addresses');
    if (labels !== undefined && !isTexts(labels)) throw faulty(where, '"labels" is not an object of strings');
    addGroup(where, targets, new Map(Object.entries(labels ?? {})), options);
  }
}

function addYaml(root: YamlValue, options: DiscoveryOptions): void {
  for (const entry of root.list('the file')) {
    const keys = entry.map('an entry', ['targets', 'labels']);
    const targets = keys.get('targets');
    if (!targets) throw entry.fault('targets is missing');
    const labels = [...(keys.get('labels')?.map('labels') ?? [])].map(([name, value]) => [name, value.text('a label')] as const);
    const addresses = targets.list('targets').map((target) => target.text('a target'));
    addGroup(entry.where, addresses, new Map(labels), options);
  }
}

function addGroup(where: string, targets: readonly string[], labels: ReadonlyMap<string, string>, options: DiscoveryOptions): void {
  const note = { ...noteOf(labels), ...scrapedBy(labels, where, options) };
  for (const target of targets) options.add(where, target, { ...note, ...(options.byHost ? { node: hostOf(target) } : {}) });
}

/** Targets of a server, after its own relabelling. */
function addActive(targets: readonly unknown[], { add, faulty, byHost }: DiscoveryOptions): void {
  for (const [index, target] of targets.entries()) {
    const where = `target ${index + 1}`;
    const { scrapeUrl, labels } = isRecord(target) ? target : {};
    if (typeof scrapeUrl !== 'string' || !URL.canParse(scrapeUrl)) throw faulty(where, '"scrapeUrl" is not an address');
    const { protocol, host, pathname, searchParams } = new URL(scrapeUrl);
    const known = new Map(Object.entries(isTexts(labels) ? labels : {}));
    // Without a name of its own, a target is called its address there.
    if (known.get('instance') === host) known.delete('instance');
    add(where, `${protocol}//${host}`, {
      ...noteOf(known),
      path: pathname,
      params: new Map(searchParams),
      ...(byHost ? { node: hostOf(host) } : {}),
    });
  }
}

function scrapedBy(
  labels: ReadonlyMap<string, string>,
  where: string,
  { faulty, httpConfigAt }: DiscoveryOptions,
): Pick<TargetNote, 'scheme' | 'path' | 'params' | 'httpConfig'> {
  const scheme = labels.get('__scheme__');
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') throw faulty(where, `__scheme__ ${scheme} is not supported`);
  const path = labels.get('__metrics_path__') ?? '';
  if (path !== '' && !path.startsWith('/')) throw faulty(where, `__metrics_path__ ${path} does not begin with /`);
  const params = [...labels].flatMap(([name, value]) =>
    name.startsWith('__param_') ? [[name.slice('__param_'.length), value] as const] : [],
  );
  const httpConfig = labels.get('__http_config__') ?? '';
  if (httpConfig !== '' && !httpConfigAt) throw faulty(where, '__http_config__ is only read from files of this machine');
  return {
    ...(scheme === undefined ? {} : { scheme }),
    ...(path === '' ? {} : { path }),
    ...(params.length === 0 ? {} : { params: new Map(params) }),
    ...(httpConfig === '' || !httpConfigAt ? {} : { httpConfig: httpConfigAt(httpConfig) }),
  };
}

/** `gpu01` of `http://gpu01:9400/metrics`. */
const hostOf = (address: string): string => /^(?:\w+:\/\/)?(\[[^\]]*\]|[^:/]*)/.exec(address)![1]!.toLowerCase().replace(/\.$/, '');

function parseJson(text: string, faulty: Faulty): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    const position = /position (\d+)/.exec(message)?.[1];
    const line = position === undefined ? text.split('\n').length : text.slice(0, Number(position)).split('\n').length;
    throw faulty(`line ${line}`, 'not valid JSON');
  }
}

const isListOf = (value: unknown, type: 'string'): value is string[] => Array.isArray(value) && value.every((item) => typeof item === type);
const isTexts = (value: unknown): value is Record<string, string> => isRecord(value) && isListOf(Object.values(value), 'string');
