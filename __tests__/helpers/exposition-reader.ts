/**
 * A second, strict reader of the exposition format, used as a test oracle, so it imports nothing from the program. Throws on anything that
 * a strict reader may reject: a family that appears twice, a sample before its TYPE, an escape that the format does not have.
 */
export interface ReadSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** The unmodified line. */
  readonly line: string;
}

export interface ReadFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: ReadSample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

function readLabels(line: string, from: number): { labels: Record<string, string>; end: number } {
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  let at = from;
  while (line[at] !== '}') {
    const equals = line.indexOf('="', at);
    const name = line.slice(at, equals).replace(/^, ?/, '');
    if (equals < 0 || !NAME.test(name)) throw new Error(`bad label name: ${line}`);
    let value = '';
    for (at = equals + 2; line[at] !== '"'; at++) {
      if (at >= line.length) throw new Error(`unterminated quote: ${line}`);
      if (line[at] !== '\\') value += line[at]!;
      else {
        const escaped = { n: '\n', '"': '"', '\\': '\\' }[line[++at] ?? ''];
        if (escaped === undefined) throw new Error(`unknown escape: ${line}`);
        value += escaped;
      }
    }
    at++;
    if (name in labels) throw new Error(`duplicate label: ${line}`);
    labels[name] = value;
  }
  return { labels, end: at + 1 };
}

function readSample(line: string): ReadSample & { readonly name: string } {
  const brace = line.indexOf('{');
  const nameEnd = brace < 0 ? line.indexOf(' ') : brace;
  const { labels, end } = brace < 0 ? { labels: {}, end: nameEnd } : readLabels(line, brace + 1);
  const text = /^ (\S+)$/.exec(line.slice(end))?.[1];
  if (text === undefined) throw new Error(`no value: ${line}`);
  const infinities: Record<string, number> = { '+Inf': Infinity, '-Inf': -Infinity };
  const value = infinities[text] ?? (/^-?\d+(\.\d+)?(e[+-]\d\d+)?$/.test(text) ? Number(text) : NaN);
  if (Number.isNaN(value)) throw new Error(`not a plain number: ${line}`);
  return { name: line.slice(0, nameEnd), labels, value, line };
}

/** The families of a text by name, in order. */
export function readExposition(text: string): Map<string, ReadFamily> {
  const families = new Map<string, ReadFamily>();
  if (text === '') return families;
  if (!text.endsWith('\n')) throw new Error('the last line has no line end');
  let help: { name: string; text: string } | undefined;
  let current: ReadFamily | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, comment, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/s.exec(line) ?? [];
    if (comment === 'HELP') {
      help = { name, text: rest };
      current = undefined;
    } else if (comment === 'TYPE') {
      if (help?.name !== name || families.has(name) || !NAME.test(name)) throw new Error(`misplaced: ${line}`);
      current = { name, help: help.text, type: rest, samples: [] };
      families.set(name, current);
    } else {
      const { name: sampleName, ...sample } = readSample(line);
      if (current?.name !== sampleName) throw new Error(`not under its TYPE: ${line}`);
      current.samples.push(sample);
    }
  }
  return families;
}
