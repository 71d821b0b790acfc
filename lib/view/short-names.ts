/** Names of nodes as tables show them: what all have in common tells none apart. */

/** The domain that all of several names have, '' for none. Addresses have none: `10.0.0.1`, `[fe80::1]:9090`. */
export function commonDomain(names: readonly string[]): string {
  const [first = ''] = names;
  const dot = first.indexOf('.');
  if (names.length < 2 || dot <= 0) return '';
  const domain = first.slice(dot);
  const isDomain = /^(\.[a-z][a-z0-9-]*)+(:\d+)?$/i.test(domain);
  return isDomain && names.every((name) => name.indexOf('.') > 0 && name.slice(name.indexOf('.')) === domain) ? domain : '';
}

export const withoutDomain = (name: string, domain: string): string =>
  domain !== '' && name.endsWith(domain) ? name.slice(0, -domain.length) : name;
