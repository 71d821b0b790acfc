/**
 * For whom the exporter answers. A page in somebody's browser can make a name of its own point at this machine (DNS rebinding) and read what
 * only the machine's users may see; such a request carries that name in `Host`, and is refused. An address cannot be made to point elsewhere.
 */
import { isIP } from 'node:net';

/** `gpu01.example.com:9090` -> gpu01.example.com; `[::1]:9090` -> ::1. Lower case, without a final dot. */
export function hostOf(header: string): string {
  const name = /^\[([^\]]*)\](?::\d+)?$/.exec(header)?.[1] ?? header.replace(/:\d+$/, '');
  return name.toLowerCase().replace(/\.$/, '');
}

/** `own`: names of the machine; a name is also ours in any domain. `allowed`: further names; `.example.com` for all in it, `*` for any. */
export function ownNames(own: readonly string[], allowed: readonly string[]): (header: string | undefined) => boolean {
  const names = new Set(['localhost', ...own, ...allowed].map((name) => hostOf(name)));
  const labels = new Set(own.map((name) => hostOf(name).split('.')[0]!).filter((label) => label !== '' && isIP(label) === 0));
  const domains = allowed.filter((name) => name.startsWith('.')).map((name) => hostOf(name));
  return (header) => {
    // No browser leaves it out; old scripts do.
    if (header === undefined || allowed.includes('*')) return true;
    const host = hostOf(header);
    if (isIP(host) !== 0 || names.has(host) || host.endsWith('.localhost')) return true;
    return labels.has(host.split('.')[0]!) || domains.some((domain) => host.endsWith(domain));
  };
}
