/** Lists of node names as pdsh, clush and Slurm write them. */

/** The last number of a name: `gpu-node007.rack2:9090` varies in `2`, unless the port and the domain are set aside. */
const NUMBERED = /^((?:https?:\/\/)?[^.:[\]]*?)(\d{1,9})([^\d.:[\]]*(?:[.:].*)?)$/;

/**
 * Names with their numbers folded: `node[001-016,019]`, `gpu[7-8]:9090`. Numbers with leading zeros keep their width. Each name once, in
 * the order of first mention.
 */
export function foldNames(names: Iterable<string>): string {
  const groups = new Map<string, { readonly fold: (ranges: string) => string; readonly width: number; readonly numbers: Set<number> }>();
  const padded = new Set<string>();
  const parsed = [...new Set(names)].map((name) => ({ name, parts: NUMBERED.exec(name) }));
  for (const { parts } of parsed) if (parts && /^0\d/.test(parts[2]!)) padded.add(keyOf(parts, parts[2]!.length));
  for (const { name, parts } of parsed) {
    if (!parts) {
      groups.set(`=${name}`, { fold: () => name, width: 0, numbers: new Set() });
      continue;
    }
    const [, before = '', digits = '', after = ''] = parts;
    const width = padded.has(keyOf(parts, digits.length)) ? digits.length : 0;
    const key = keyOf(parts, width);
    const group = groups.get(key) ?? { fold: (text: string) => `${before}${text}${after}`, width, numbers: new Set<number>() };
    groups.set(key, group);
    group.numbers.add(Number(digits));
  }
  return [...groups.values()].map(({ fold, width, numbers }) => fold(bracketed([...numbers], width))).join(',');
}

const keyOf = ([, before, , after]: readonly string[], width: number): string => `${before}\0${after}\0${width}`;

function bracketed(numbers: readonly number[], width: number): string {
  const shown = (number: number): string => String(number).padStart(width, '0');
  if (numbers.length === 1) return shown(numbers[0]!);
  const sorted = [...numbers].sort((a, b) => a - b);
  const runs: string[] = [];
  for (let first = 0, at = 0; at < sorted.length; at++) {
    if (sorted[at + 1] === sorted[at]! + 1) continue;
    runs.push(first === at ? shown(sorted[at]!) : `${shown(sorted[first]!)}-${shown(sorted[at]!)}`);
    first = at + 1;
  }
  return `[${runs.join(',')}]`;
}
