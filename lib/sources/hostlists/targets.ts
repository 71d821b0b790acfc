/** Scrape targets: parses addresses as people write them into URLs. Pure. */
import { AppError } from '../../errors.js';
import { count } from '../../text/format.js';
import { clean } from '../../text/sanitize.js';
import { expandRange, RangeFault, splitList } from './host-ranges.js';

export const MAX_HOSTS = 10_000;

/** One node to scrape. */
export interface Target {
  /** The text after the scheme up to the first slash, as written: identifies the host everywhere. */
  readonly nodeId: string;
  /** The path is always /metrics; over SSH there is none. */
  readonly url: string;
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
}

/** Maximum length of an address, in bytes: a host name has at most 253. */
const MAX_ADDRESS_BYTES = 300;

const NO_GROUPS: ReadonlyMap<string, string> = new Map();
const NAME = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}._-]*$/u;
/** Also of a directory: `alice@lab`. */
const USER = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}._@\\+$-]*$/u;
const IPV6 = /^\[[0-9a-fA-F:.]+\]$/;

/** Targets in the order they were named, each machine and port once: the first mention wins, and `notes` lists the others. */
export class TargetList {
  readonly #source: string;
  readonly #over: Transport;
  readonly #byPlace = new Map<string, Target>();
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
        if (part !== '') for (const address of expanded(part)) this.#keep(PARSERS[this.#over](address, note));
    }
  }

  /** Records that an entry of the list is not a target: '2 rows without a node'. The position of the first is kept. */
  leaveOut(entry: string, why: string, where: string): void {
    const known = this.#left.find((left) => left.entry === entry && left.why === why);
    if (known) known.count++;
    else this.#left.push({ entry, why, count: 1, where });
  }

  get targets(): Target[] {
    return [...this.#byPlace.values()];
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

  /** The targets of this list, then those of `other`. For a target in both lists, one of the two provides labels and name. */
  before(other: TargetList): Target[] {
    const both = new Map([...this.#byPlace].map(([place, target]) => [place, { ...target, ...labelsOf(other.#byPlace.get(place)) }]));
    for (const [place, target] of other.#byPlace) if (!both.has(place)) both.set(place, target);
    if (both.size > MAX_HOSTS) throw new AppError('E_HOSTS_TOO_MANY', { max: MAX_HOSTS });
    return [...both.values()];
  }

  #keep(target: Target): void {
    const place = placeOf(target);
    const known = this.#byPlace.get(place);
    if (known) return this.#again(known, target);
    if (this.#byPlace.size >= MAX_HOSTS) throw new AppError('E_HOSTS_TOO_MANY', { max: MAX_HOSTS });
    this.#byPlace.set(place, target);
  }

  #again(known: Target, target: Target): void {
    const repeated = this.#repeated;
    repeated.count++;
    repeated.first ||= known.nodeId === target.nodeId ? target.nodeId : `${target.nodeId} is ${known.nodeId}`;
    if (!isSame(known, target)) repeated.differing++;
  }
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
function placeOf({ url }: Target): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname.replace(/\.$/, '')}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

const labelsOf = (target: Target | undefined): Partial<Target> =>
  target === undefined ? {} : { groups: target.groups, url: target.url, ...(target.name === undefined ? {} : { name: target.name }) };

function isSame(a: Target, b: Target): boolean {
  return (
    a.name === b.name &&
    a.url.slice(0, 5) === b.url.slice(0, 5) &&
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
 * Parses one address: `host`, `host:port`, `http(s)://host:port`. Without a port: 80, or 443 for https. The path is always /metrics:
 * another path is rejected and not replaced, because two paths of one gateway would become one host. Query and fragment are dropped. A user
 * or password is rejected: secrets do not belong on a command line.
 */
function parseAddress(address: string, note: TargetNote = {}): Target {
  const [, named, rest] = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):\/\/)?(.*)$/s.exec(address) as unknown as [string, string | undefined, string];
  const scheme = named?.toLowerCase() ?? note.scheme ?? 'http';
  const [hostId, path] = /^([^/?#]*)([^?#]*)/.exec(rest)!.slice(1) as [string, string];
  if (scheme !== 'http' && scheme !== 'https') throw bad(address, `scheme ${scheme} is not supported`);
  if (path !== '' && path !== '/' && path !== '/metrics') throw bad(address, `path ${path} is not supported, only /metrics`);
  const reason = faultOf(hostId);
  if (reason !== undefined) throw bad(address, reason);
  const url = hrefOf(`${scheme}://${hostId}/metrics`);
  if (url === undefined) throw bad(address, 'not a host name or address');
  return { nodeId: hostId, url, groups: note.groups ?? NO_GROUPS, ...(note.name === undefined ? {} : { name: note.name }) };
}

/** `host`, `user@host:port`, `ssh://user@host:port`; the host may be a name of ~/.ssh/config. Nothing that ssh could take for an option. */
function parseSshAddress(address: string, note: TargetNote = {}): Target {
  const [, user, hostId] = /^(?:ssh:\/\/)?(?:(.*)@)?([^@]*?)\/?$/is.exec(address) as unknown as [string, string | undefined, string];
  if (user?.includes(':')) throw bad(`...@${hostId}`, 'contains a password; nothing is asked for and nothing is sent');
  if (user !== undefined && !USER.test(user)) throw bad(address, user === '' ? 'the user name is missing' : 'not a user name');
  const reason = faultOf(hostId);
  if (reason !== undefined) throw bad(address, reason);
  const url = `ssh://${user === undefined ? '' : `${encodeURIComponent(user)}@`}${hostId}`;
  return { nodeId: hostId, url, groups: note.groups ?? NO_GROUPS, ...(note.name === undefined ? {} : { name: note.name }) };
}

const PARSERS: Readonly<Record<Transport, (address: string, note?: TargetNote) => Target>> = { http: parseAddress, ssh: parseSshAddress };

function hrefOf(url: string): string | undefined {
  try {
    return new URL(url).href;
  } catch {
    return undefined;
  }
}

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
