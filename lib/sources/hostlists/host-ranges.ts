/** Bracket ranges of host names: node[001-512]:9090, rack[1-4]n[01-16], gpu[1,3,7-9]. Pure. */

/** An invalid range. `message` is half a sentence: it follows the name of the host. */
export class RangeFault extends Error {}

/** Maximum digits of a number in a range. */
const MAX_DIGITS = 9;

/** A piece of the text: the text itself, or the values that replace it. */
type Piece = readonly string[];

/**
 * All texts that a range expands to; the last bracket varies fastest. Numbers keep the width of a first number with leading zeros. Brackets
 * with a colon inside are IPv6 literals and stay. Throws RangeFault, also when there would be more than `max` texts.
 */
export function expandRange(text: string, max: number): string[] {
  const pieces = [...split(text)];
  const count = pieces.reduce((product, piece) => product * piece.length, 1);
  if (count > max) throw new RangeFault(`expands to more than ${max} hosts`);
  return pieces.reduce<string[]>((starts, piece) => starts.flatMap((start) => piece.map((value) => start + value)), ['']);

  function* split(rest: string): Generator<Piece> {
    while (rest !== '') {
      const open = rest.search(/[[\]]/);
      if (open < 0) {
        yield [rest];
        return;
      }
      if (rest[open] === ']') throw new RangeFault('a ] without a [');
      const close = rest.indexOf(']', open);
      if (close < 0) throw new RangeFault('a [ without a ]');
      const inside = rest.slice(open + 1, close);
      if (open > 0) yield [rest.slice(0, open)];
      yield inside.includes(':') ? [`[${inside}]`] : values(inside, max);
      rest = rest.slice(close + 1);
    }
  }
}

/** Expands '1,3,7-9' to its numbers, at most `max` of them. */
function values(list: string, max: number): Piece {
  const all: string[] = [];
  for (const item of list.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(item.trim());
    if (!match) throw new RangeFault(`[${list}] is not a range; use [1-16], [001-512] or [1,3,7-9]`);
    const [, from, to = from] = match as unknown as [string, string, string | undefined];
    if (from.length > MAX_DIGITS || to.length > MAX_DIGITS) throw new RangeFault(`numbers in [${list}] are too long`);
    if (Number(to) < Number(from)) throw new RangeFault(`[${list}] runs backwards`);
    if (all.length + Number(to) - Number(from) >= max) throw new RangeFault(`expands to more than ${max} hosts`);
    const width = from.startsWith('0') ? from.length : 0;
    for (let value = Number(from); value <= Number(to); value++) all.push(String(value).padStart(width, '0'));
  }
  return all;
}

/** Splits at separators, one character each, outside brackets: 'a[1,2],b' is 'a[1,2]' and 'b'. */
export function splitList(text: string, separator: string | RegExp = ','): string[] {
  const splits = typeof separator === 'string' ? (ch: string): boolean => ch === separator : (ch: string): boolean => separator.test(ch);
  const items: string[] = [];
  let end = text.length;
  // From the end, so that each character is visited once: a comma is inside a bracket when the next bracket after it is a closing one.
  let closes = false;
  for (let at = text.length - 1; at >= 0; at--) {
    const ch = text[at]!;
    if (ch === ']' || ch === '[') closes = ch === ']';
    if (closes || !splits(ch)) continue;
    items.push(text.slice(at + 1, end));
    end = at;
  }
  items.push(text.slice(0, end));
  return items.reverse();
}
