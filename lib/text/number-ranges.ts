/** Whole numbers as runs: [0, 2, 3, 4] is '0,2-4'. Any order, repeats count once; '' for none. */
export function ranges(numbers: Iterable<number>): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const runs: string[] = [];
  let first = 0;
  for (let at = 0; at < sorted.length; at++) {
    const last = sorted[at]!;
    if (sorted[at + 1] === last + 1) continue;
    runs.push(first === at ? String(last) : `${sorted[first]!}-${last}`);
    first = at + 1;
  }
  return runs.join(',');
}
