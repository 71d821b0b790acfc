/**
 * Which `Host` headers the exporter answers. A web page can make a name of its own resolve to this machine (DNS rebinding) and read data
 * that only the machine's users may see; such a request has that name in `Host`, and is refused. An IP address cannot be redirected in this
 * way.
 */
import { isIP } from 'node:net';

/** `gpu01.example.com:9090` -> gpu01.example.com; `[::1]:9090` -> ::1. Lower case, without a trailing dot. */
export function hostOf(header: string): string {
  const name = /^\[([^\]]*)\](?::\d+)?$/.exec(header)?.[1] ?? header.replace(/:\d+$/, '');
  return name.toLowerCase().replace(/\.$/, '');
}

/**
 * `own`: names of the machine; such a name is accepted in any domain. `allowed`: additional names; `.example.com` for all in that domain,
 * `*` for any.
 */
export function ownNames(own: readonly string[], allowed: readonly string[]): (header: string | undefined) => boolean {
  const names = new Set(['localhost', ...own, ...allowed].map((name) => hostOf(name)));
  const labels = new Set(own.map((name) => hostOf(name).split('.')[0]!).filter((label) => label !== '' && isIP(label) === 0));
  const domains = allowed.filter((name) => name.startsWith('.')).map((name) => hostOf(name));
  return (header) => {
    // Browsers always send it; old scripts do not.
    if (header === undefined || allowed.includes('*')) return true;
    const host = hostOf(header);
    if (isIP(host) !== 0 || names.has(host) || host.endsWith('.localhost')) return true;
    return labels.has(host.split('.')[0]!) || domains.some((domain) => host.endsWith(domain));
  };
}
