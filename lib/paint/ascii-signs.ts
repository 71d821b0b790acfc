/** ASCII replacements for terminals or locales without Unicode. Each takes one column, so that nothing moves. */

const GROUPS: Readonly<Record<string, string>> = {
  // Bars and sparklines; ▌ is also the cursor of tables, ▏ the cursor of text input.
  '█▉▊▋': '#',
  '▌▸▶→': '>',
  '▍▎▏│‖': '|',
  '░': '.',
  '▁': '_',
  '▂': '.',
  '▃': '-',
  '▄': '=',
  '▅': '+',
  '▆': '*',
  '▇': '%',
  // Signs.
  '▲↑': '^',
  '▼▾↓': 'v',
  '◂←': '<',
  '✕×': 'x',
  '●': '*',
  '○': 'o',
  '◐': '%',
  '◆┌┐└┘': '+',
  '■': '#',
  '↻': '@',
  '⚠': '!',
  // ps marks a cut name the same way.
  '…': '+',
  '≥': '>',
  // The first letter of a job id of Flux, which writes f where only ASCII is available.
  ƒ: 'f',
  '≤': '<',
  '±': '~',
  '°': 'C',
  '–—─╌·': '-',
  '’‘': "'",
  '“”': '"',
  µ: 'u',
};

const TABLE: ReadonlyMap<string, string> = new Map(Object.entries(GROUPS).flatMap(([all, sign]) => Array.from(all, (ch) => [ch, sign])));

/** Dots of a braille cell: none, some, ... all. */
const DOTS = [' ', '.', '.', ':', ':', '+', '+', '#', '#'];
const BRAILLE = 0x2800;

/** Also handles the second half ('') of a wide character. A character without a replacement becomes '?'. */
export function asciiOf(ch: string): string {
  if (ch >= ' ' && ch <= '~') return ch;
  const known = TABLE.get(ch);
  if (known !== undefined) return known;
  const dots = (ch.codePointAt(0) ?? 0) - BRAILLE;
  if (dots >= 0 && dots < 256) return DOTS[ones(dots)]!;
  const [base = ''] = ch.normalize('NFD');
  return base >= ' ' && base <= '~' ? base : '?';
}

function ones(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest &= rest - 1) count++;
  return count;
}

/** In place. */
export function toAscii(ch: string[]): void {
  for (let at = 0; at < ch.length; at++) ch[at] = asciiOf(ch[at]!);
}
