/**
 * Elements of `nvidia-smi -q -x`. Not an XML parser: it is made for output in which a line is replaced by an error message, is cut or is
 * missing. A tag that does not match loses only the element around it. XML parsers reject the whole, and tolerant HTML parsers lose more
 * after a cut tag, because they take the next lines for its attributes.
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
/** Elements that are always siblings, never nested. */
const ROWS: readonly string[] = ['gpu', 'mig_device'];
/** About 500 lines per GPU that are not needed. */
const UNWANTED = /<supported_clocks>[^]*?<\/supported_clocks>/g;
const TAG = /<(\/?)([A-Za-z_][\w.-]*)[^<>]*?(\/?)>([^<]*)/g;
const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' };

const opened = (tag: string): Open => ({ tag, text: '', children: new Map() });
const unescaped = (text: string): string => text.trim().replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity]!);

/** The elements of a text, as children of an element without a name. */
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
    // A sibling that is still open was not closed.
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
/** The text at a path such as `pci/pci_bus_id`; '' if it does not exist. */
export const leafAt = (element: Element, path: string): string => path.split('/').reduce(childOf, element).text;
