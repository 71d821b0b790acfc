/**
 * Elements of `nvidia-smi -q -x`. Not a parser of XML: what this is made for is an answer in which a line is an error in words, is cut or
 * is missing. A tag that doesn't fit costs what it stands around, and no more; parsers of XML refuse the whole, and forgiving ones of HTML
 * lose more where a tag is cut, for they take the next lines to be its attributes.
 */

/** Children by tag, in their order; a leaf has a text. */
export interface Element {
  readonly text: string;
  readonly children: ReadonlyMap<string, readonly Element[]>;
}

interface Open {
  readonly tag: string;
  text: string;
  readonly children: Map<string, Element[]>;
}

const NONE: Element = { text: '', children: new Map() };
/** Elements that stand beside each other, never within each other. */
const ROWS: readonly string[] = ['gpu', 'mig_device'];
/** Some 500 lines a GPU that nobody wants. */
const UNWANTED = /<supported_clocks>[^]*?<\/supported_clocks>/g;
const TAG = /<(\/?)([A-Za-z_][\w.-]*)[^<>]*?(\/?)>([^<]*)/g;
const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' };

const opened = (tag: string): Open => ({ tag, text: '', children: new Map() });
const unescaped = (text: string): string => text.trim().replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity]!);

/** The elements of a text, as children of one without a name. */
export function parseElements(text: string): Element {
  const root = opened('');
  const stack = [root];
  const close = (depth: number): void => {
    stack.length = Math.max(1, depth);
  };
  for (const [, end, tag = '', alone, rest = ''] of text.replace(UNWANTED, '').matchAll(TAG)) {
    const depth = stack.findLastIndex((open) => open.tag === tag);
    if (end === '/') {
      if (depth > 0) close(depth);
      continue;
    }
    // One of a row that is open still wasn't closed.
    if (ROWS.includes(tag) && depth > 0) close(depth);
    const element = { ...opened(tag), text: unescaped(rest) };
    const { children } = stack.at(-1)!;
    children.set(tag, [...(children.get(tag) ?? []), element]);
    if (alone !== '/') stack.push(element);
  }
  return root;
}

export const listOf = ({ children }: Element, tag: string): readonly Element[] => children.get(tag) ?? [];
export const childOf = (element: Element, tag: string): Element => listOf(element, tag)[0] ?? NONE;
/** The text at a path such as `pci/pci_bus_id`; '' where there is none. */
export const leafAt = (element: Element, path: string): string => path.split('/').reduce(childOf, element).text;
