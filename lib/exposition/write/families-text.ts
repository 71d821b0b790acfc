/**
 * Writes the text exposition format. Each family is written at once, with one HELP and one TYPE, so that strict parsers accept the text.
 * Label blocks are built once (`labelBlock`) and shared by all families of a device or a process.
 */

/** `{a="b", c="d"}`, escaped and ready to be written; '' for no labels. */
export type LabelBlock = '' | `{${string}}`;

export interface Sample {
  readonly labels: LabelBlock;
  /** NaN means not reported: no line is written. Infinities are written. */
  readonly value: number;
}

export interface Family {
  /** Full name, including the unit. A text may contain each name only once. */
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  /** Digits after the point; as many as needed if absent. */
  readonly decimals?: number;
  /** How its values are written. Default: without an exponent. */
  readonly number?: (value: number) => string;
  readonly samples: Iterable<Sample>;
}

/** Characters that must be escaped or dropped. */
const NEEDS_CARE = /["\\\u0000-\u001f\u007f-\u009f]/;
const EACH_TO_CARE_FOR = /["\\\u0000-\u001f\u007f-\u009f]/g;
const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n' };

/**
 * A label value between its quotes. Backslash, quote and LF are escaped, other control characters are dropped. So is CR, which
 * all-smi writes as `\r`: the format has no such escape, strict parsers reject the whole text, and all-smi drops it when reading.
 */
export function escapeLabel(value: string): string {
  return NEEDS_CARE.test(value) ? value.replace(EACH_TO_CARE_FOR, (ch) => ESCAPES[ch] ?? '') : value;
}

/** Labels in the order given. Names must match `[a-zA-Z_][a-zA-Z0-9_]*`; values may be anything. */
export function labelBlock(labels: Readonly<Record<string, string | number>>, separator: ',' | ', ' = ', '): LabelBlock {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(separator)}}`;
}

/** The shortest decimal number without an exponent that reads back as the same value. */
export function decimalText(value: number, decimals?: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const text = decimals === undefined || Math.abs(value) >= 1e21 ? String(value) : value.toFixed(decimals);
  return text.includes('e') ? withoutExponent(text) : text;
}

/** As programs in Go write it: `1.83e+09` from a million on, and `1e-05`. */
export function goNumber(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size === 0 || (size >= 1e-4 && size < 1e6)) return decimalText(value);
  return value.toExponential().replace(/([+-])(\d)$/, '$10$2');
}

/** `1.25e-7` -> `0.000000125`. */
function withoutExponent(text: string): string {
  const [mantissa = '', exponent = '0'] = text.split('e');
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const point = whole.length + Number(exponent);
  const digits = whole + fraction;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const helpText = (help: string): string => help.replaceAll('\\', '\\\\').replace(/\r?\n/g, '\\n');

/** The exposition of `families`, in order. A family without readings is not written at all: absent means no data. */
export function writeFamilies(families: Iterable<Family>): string {
  let text = '';
  for (const family of families) {
    let head = `# HELP ${family.name} ${helpText(family.help)}\n# TYPE ${family.name} ${family.type}\n`;
    for (const { labels, value } of family.samples) {
      if (Number.isNaN(value)) continue;
      text += `${head}${family.name}${labels} ${family.number?.(value) ?? decimalText(value, family.decimals)}\n`;
      head = '';
    }
  }
  return text;
}
