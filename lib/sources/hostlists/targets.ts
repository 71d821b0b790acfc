/** Scrape targets: parses addresses as people write them into URLs. Pure. */
import { AppError } from '../../errors.js';
import { count } from '../../text/format.js';
import { clean } from '../../text/sanitize.js';
import { expandRange, RangeFault, splitList } from './host-ranges.js';

export const MAX_HOSTS = 10_000;

/** Where an exporter of a node answers. */
export interface EndpointAddress {
  /** `host`, `host:port` or `host:port/path`, as written; without the path if it is /metrics. */
  readonly id: string;
  readonly url: string;
  /** The file with its http config, if it has one of its own. */
  readonly httpConfig?: string;
}

/** One node to scrape. */
export interface Target {
  /** Identifies the node everywhere: its address as written, with the ports of all its endpoints: `gpu01:9400+9100`. */
  readonly nodeId: string;
  /** At least one. */
  readonly endpoints: readonly EndpointAddress[];
  /** Labels of the host file (rack, partition, ...). */
  readonly groups: ReadonlyMap<string, string>;
  /** The name in the host file. */
  readonly name?: string;
}

/** What the addresses of a list are for. */
export type Transport = 'http' | 'ssh';

/** Further data of an address in a host file. */
export interface TargetNote {
  readonly groups?: ReadonlyMap<string, string>;
  readonly name?: string;
  /** For addresses without a scheme. Default http. */
  readonly scheme?: 'http' | 'https';
  /** For addresses without a path. Default /metrics. */
  readonly path?: string;
  /** Parameters that are sent with each request. */
  readonly params?: ReadonlyMap<string, string>;
  readonly httpConfig?: string;
  /** For addresses without a port: `9400`, or `9400+9100`. */
  readonly ports?: string;
  /** What the list calls the node: addresses with the same are endpoints of one node. */
  readonly node?: string;
}

/** Endpoints of one node. */
const MAX_ENDPOINTS = 16;

/** Maximum length of an address, in bytes: a host name has at most 253. */
const MAX_ADDRESS_BYTES = 300;

const NO_GROUPS: ReadonlyMap<string, string> = new Map();
const NAME = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}._-]*$/u;
/** Also of a directory: `alice@lab`. */
const USER = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}._@\\+$-]*$/u;
const IPV6 = /^\[[0-9a-fA-F:.]+\]$/;

/** A node while its list is read. */
interface Draft {
  /** By the normal form of its address. */
  readonly endpoints: Map<string, EndpointAddress>;
  groups: ReadonlyMap<string, string>;
  name: string | undefined;
}

/**
 * Targets in the order they were named, each machine and port once: the first mention wins, and `notes` lists the others. Endpoints are of one
 * node only where the list says so.
 */
export class TargetList {
  readonly #source: string;
  readonly #over: Transport;
  readonly #drafts = new Set<Draft>();
  readonly #byPlace = new Map<string, Draft>();
  readonly #byNode = new Map<string, Draft>();
  readonly #left: Left[] = [];
  readonly #repeated: Repeated = { count: 0, differing: 0, first: '' };

  /** `source`: the name of the list in the notes. */
  constructor(source = '', over: Transport = 'http') {
    this.#source = source;
    this.#over = over;
  }

  /** `text`: an address, a range, or a list of them with commas, semicolons or blanks between. Throws AppError E_HOST_BAD or E_HOSTS_TOO_MANY. */
  add(text: string, note: TargetNote = {}): void {
    // Checked before the text is split: no part of a password may end up in a message.
    if (this.#over === 'http' && text.includes('@'))
      throw bad(text.replace(/^(\w+:\/\/)?.*@/s, '$1...@'), 'contains a user name or a password; set ALL_SMI_AUTH_TOKEN instead');
    for (const item of splitList(clean(text.replace(/\s/g, ' '), Infinity))) {
      if (item.trim() === '') throw bad(text, 'the address is empty');
      for (const part of splitList(item, /[ ;]/))
        if (part !== '')
          for (const address of expanded(part))
            this.#keep(PARSERS[this.#over](address, note), this.#over === 'http' ? note.node : undefined);
    }
  }

  /** Records that an entry of the list is not a target: '2 rows without a node'. The position of the first is kept. */
  leaveOut(entry: string, why: string, where: string): void {
    const known = this.#left.find((left) => left.entry === entry && left.why === why);
    if (known) known.count++;
    else this.#left.push({ entry, why, count: 1, where });
  }

  get targets(): Target[] {
    return [...this.#drafts].map(targetOf);
  }

  /** Sentences about what was merged or left out; empty when nothing was. */
  get notes(): readonly string[] {
    const { count: again, differing, first } = this.#repeated;
    const other = differing === 0 ? '' : `, ${count(differing)} of them with other labels`;
    const merged = `${count(again)} duplicate ${again === 1 ? 'address' : 'addresses'} merged${other} (first: ${first})`;
    const left = this.#left.map(
      ({ entry, why, count: many, where }) => `${count(many)} ${entry}${many === 1 ? '' : 's'} ${why} left out (first: ${where})`,
    );
    return [...(again === 0 ? [] : [merged]), ...left].map((text) => `${this.#source}: ${text}`);
  }

  /** The targets of this list, then those of `other`, which provides labels, names and schemes of the targets in both. */
  with(other: TargetList): TargetList {
    const both = new TargetList('', this.#over);
    for (const target of this.targets) both.#join(target);
    for (const target of other.targets) {
      const draft = both.#join(target);
      [draft.groups, draft.name] = [target.groups, target.name];
      for (const endpoint of target.endpoints) {
        const known = draft.endpoints.get(placeOf(endpoint))!;
        draft.endpoints.set(placeOf(endpoint), { ...endpoint, id: known.id });
      }
    }
    return both;
  }

  #keep(target: Target, node: string | undefined): void {
    const known = this.#byPlace.get(placeOf(target.endpoints[0]!));
    const isKnown = known !== undefined && target.endpoints.every((one) => this.#byPlace.get(placeOf(one)) === known);
    if (isKnown) this.#again(targetOf(known), target);
    const draft = this.#join(target, node);
    if (isKnown || draft.groups === target.groups) return;
    // Another endpoint of a node: what the first mention does not say.
    draft.groups = new Map([...draft.groups, ...[...target.groups].filter(([name]) => !draft.groups.has(name))]);
    draft.name ??= target.name;
  }

  /** The node of the target: a new one, or that of any of its endpoints, or of that name. What the target joins becomes one node. */
  #join(target: Target, node?: string): Draft {
    const places = target.endpoints.map(placeOf);
    const named = node === undefined ? undefined : this.#byNode.get(node);
    const all = new Set([...places.map((place) => this.#byPlace.get(place)), named].filter((one) => one !== undefined));
    const [first, ...others] = all.size < 2 ? all : [...this.#drafts].filter((one) => all.has(one));
    if (!first && this.#drafts.size >= MAX_HOSTS) throw new AppError('E_HOSTS_TOO_MANY', { max: MAX_HOSTS });
    const draft = first ?? { endpoints: new Map<string, EndpointAddress>(), groups: target.groups, name: target.name };
    this.#drafts.add(draft);
    for (const other of others) {
      for (const [place, endpoint] of other.endpoints) draft.endpoints.set(place, endpoint);
      this.#drafts.delete(other);
    }
    target.endpoints.forEach((endpoint, at) => {
      if (!draft.endpoints.has(places[at]!)) draft.endpoints.set(places[at]!, endpoint);
    });
    if (draft.endpoints.size > MAX_ENDPOINTS) throw bad(node ?? target.nodeId, `more than ${MAX_ENDPOINTS} endpoints of one node`);
    for (const place of draft.endpoints.keys()) this.#byPlace.set(place, draft);
    if (others.length > 0) for (const [name, one] of this.#byNode) if (others.includes(one)) this.#byNode.set(name, draft);
    if (node !== undefined) this.#byNode.set(node, draft);
    return draft;
  }

  #again(known: Target, target: Target): void {
    const repeated = this.#repeated;
    repeated.count++;
    repeated.first ||= known.nodeId === target.nodeId ? target.nodeId : `${target.nodeId} is ${known.nodeId}`;
    if (!isSame(known, target)) repeated.differing++;
  }
}

function targetOf({ endpoints, groups, name }: Draft): Target {
  const all = [...endpoints.values()];
  return { nodeId: idOf(all), endpoints: all, groups, ...(name === undefined ? {} : { name }) };
}

/** `gpu01:9400+9100`; the host is repeated only where it is another one. */
function idOf(endpoints: readonly EndpointAddress[]): string {
  let host: string | undefined;
  return endpoints
    .map(({ id }) => {
      const [, of, port] = /^(\[[^\]]*\]|[^:/]*):(\d+(?:\/.*)?)$/s.exec(id) ?? [];
      const isSame = of !== undefined && of === host;
      host = of;
      return isSame ? port! : id;
    })
    .join('+');
}

interface Left {
  readonly entry: string;
  readonly why: string;
  count: number;
  readonly where: string;
}

interface Repeated {
  count: number;
  /** Targets whose name or labels differ from those of the first mention. */
  differing: number;
  first: string;
}

/** A normal form of an address: case, a trailing dot and the default port make no difference. */
function placeOf({ url }: EndpointAddress): string {
  const { hostname, port, protocol, pathname, search } = new URL(url);
  return `${hostname.replace(/\.$/, '')}:${port || (protocol === 'https:' ? '443' : '80')}${pathname}${search}`;
}

function isSame(a: Target, b: Target): boolean {
  const scheme = ({ endpoints }: Target): string | undefined => endpoints[0]?.url.slice(0, 5);
  return (
    a.name === b.name &&
    scheme(a) === scheme(b) &&
    a.groups.size === b.groups.size &&
    [...a.groups].every(([name, value]) => b.groups.get(name) === value)
  );
}

/** The targets in the arguments of --hosts. Throws AppError E_HOST_BAD (naming the argument) or E_HOSTS_TOO_MANY. */
export function expandHosts(args: readonly string[]): Target[] {
  const list = new TargetList();
  for (const arg of args) list.add(arg);
  return list.targets;
}

/**
 * Parses one address: `host`, `host:port`, `host:port/path`, `http(s)://host:port`, `host:port+port`. Without a port: 80, or 443 for https;
 * without a path: /metrics. Query and fragment are dropped. A user or password is rejected: secrets do not belong on a command line.
 */
function parseAddress(address: string, note: TargetNote = {}): Target {
  const [, named, rest] = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):\/\/)?([^?#]*)/s.exec(address) as unknown as [string, string | undefined, string];
  const scheme = named?.toLowerCase() ?? note.scheme ?? 'http';
  if (scheme !== 'http' && scheme !== 'https') throw bad(address, `scheme ${scheme} is not supported`);
  const placed = note.ports !== undefined && !hasPort(rest) ? rest.replace(/^[^/]*/, `$&:${note.ports}`) : rest;
  const endpoints = endpointsOf(placed).map((one): EndpointAddress => {
    const [id, given] = /^([^/]*)(.*)$/s.exec(one)!.slice(1) as [string, string];
    const reason = faultOf(id);
    if (reason !== undefined) throw bad(address, reason);
    const path = given === '' || given === '/' ? (note.path ?? '/metrics') : given;
    if (!PATH.test(path)) throw bad(address, `"${clean(path, 40)}" is not a path`);
    const url = URL.canParse(`${scheme}://${id}${path}`) ? new URL(`${scheme}://${id}${path}`) : undefined;
    if (!url) throw bad(address, 'not a host name or address');
    for (const [name, value] of note.params ?? []) url.searchParams.set(name, value);
    const shown = `${path}${url.search === '' ? '' : `?${shownParams(url.searchParams)}`}`;
    return {
      id: shown === '/metrics' ? id : `${id}${shown}`,
      url: url.href,
      ...(note.httpConfig === undefined ? {} : { httpConfig: note.httpConfig }),
    };
  });
  return { nodeId: idOf(endpoints), endpoints, groups: note.groups ?? NO_GROUPS, ...(note.name === undefined ? {} : { name: note.name }) };
}

/** What a path may contain: nothing that would end it, or leave its host. */
const PATH = /^\/[\w.~!$&'()*+,;=:@%/-]*$/;

/** A parameter may be a credential. */
const SECRET_PARAM = /token|secret|passw|key|auth|sig/i;
const shownParams = (params: URLSearchParams): string =>
  [...params].map(([name, value]) => clean(`${name}=${SECRET_PARAM.test(name) ? '...' : value}`, 100)).join('&');

const hasPort = (place: string): boolean => /^(\[[^\]]*\]|[^:/]*):/s.test(place);

/** `host:9400+9100` is `host:9400` and `host:9100`; each may have a path. */
function endpointsOf(place: string): readonly string[] {
  const [, host, ports] = /^(\[[^\]]*\]|[^:/]*):(.*\+\d.*)$/s.exec(place) ?? [];
  return ports === undefined ? [place] : ports.split(/\+(?=\d)/).map((port) => `${host}:${port}`);
}

/** `host`, `user@host:port`, `ssh://user@host:port`; the host may be a name of ~/.ssh/config. Nothing that ssh could take for an option. */
function parseSshAddress(address: string, note: TargetNote = {}): Target {
  const [, user, hostId] = /^(?:ssh:\/\/)?(?:(.*)@)?([^@]*?)\/?$/is.exec(address) as unknown as [string, string | undefined, string];
  if (user?.includes(':')) throw bad(`...@${hostId}`, 'contains a password; log in with a key instead');
  if (user !== undefined && !USER.test(user)) throw bad(address, user === '' ? 'the user name is missing' : 'not a user name');
  const reason = faultOf(hostId);
  if (reason !== undefined) throw bad(address, reason);
  const url = `ssh://${user === undefined ? '' : `${encodeURIComponent(user)}@`}${hostId}`;
  const endpoints = [{ id: hostId, url }];
  return { nodeId: hostId, endpoints, groups: note.groups ?? NO_GROUPS, ...(note.name === undefined ? {} : { name: note.name }) };
}

const PARSERS: Readonly<Record<Transport, (address: string, note?: TargetNote) => Target>> = { http: parseAddress, ssh: parseSshAddress };

/** The reason why `host` or `host:port` is invalid. */
function faultOf(hostId: string): string | undefined {
  if (hostId === '') return 'the host name is missing';
  if (hostId.length > MAX_ADDRESS_BYTES) return 'too long';
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(hostId) ?? [];
  if (host === undefined) return 'not host:port';
  if (port?.includes(':')) return 'write an IPv6 address in brackets, like [::1]:9090';
  if (host === '') return 'the host name is missing';
  if (!NAME.test(host) && !IPV6.test(host))
    return host === hostId ? 'not a host name or address' : `"${host}" is not a host name or address`;
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) return 'the port must be 1 to 65535';
  return undefined;
}

function expanded(item: string): string[] {
  try {
    return expandRange(item, MAX_HOSTS);
  } catch (error) {
    if (error instanceof RangeFault) throw bad(item, error.message);
    throw error;
  }
}

const bad = (host: string, reason: string): AppError => new AppError('E_HOST_BAD', { host: clean(host, 80), reason });
