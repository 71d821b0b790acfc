/** Names of nodes on screen: without what all of them have in common. */
import { cutMiddle } from '../text/format.js';

/**
 * Where the domain of a name starts: `node-1.example.org:9090` after the 6th character. -1: it has none, or is an address: `10.0.0.1`,
 * `[fe80::1]`.
 */
function domainAt(name: string): number {
  const dot = name.indexOf('.');
  return dot > 0 && /^(\.[a-z][a-z0-9-]*)+(:\d+)?$/i.test(name.slice(dot)) ? dot : -1;
}

/**
 * The domain that the names share, '' for none. Names without a domain do not count: a node that is only known by its address must not make
 * all others longer. The port is included if all have the same. Also '' if two names would be equal without it.
 */
export function commonDomain(names: readonly string[]): string {
  const full = names.flatMap((name) => (domainAt(name) < 0 ? [] : [name.slice(domainAt(name))]));
  const [first = ''] = full;
  if (full.length < 2) return '';
  const domain = full.every((one) => one === first) ? first : withoutPort(first);
  if (!full.every((one) => one === domain || withoutPort(one) === domain)) return '';
  const short = new Set(names.map((name) => withoutDomain(name, domain)));
  return short.size === new Set(names).size ? domain : '';
}

const withoutPort = (domain: string): string => domain.replace(/:\d+$/, '');

/** The name without the domain; a port that is not part of the domain stays. */
export function withoutDomain(name: string, domain: string): string {
  if (domain === '') return name;
  if (name.endsWith(domain)) return name.slice(0, -domain.length);
  const at = name.lastIndexOf(`${domain}:`);
  return at > 0 ? name.slice(0, at) + name.slice(at + domain.length) : name;
}

/** A name in at most `cols` columns: without the shared domain, then cut in the middle, since names differ at their ends. */
export const shortName = (name: string, domain: string, cols: number): string => cutMiddle(withoutDomain(name, domain), cols);
