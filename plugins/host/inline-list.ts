/** Facts in a row, wrapped to as many lines as needed. */
import { line, span, width, type Line, type Span } from '../../lib/index.js';

/** A caption and its text, or only the text. */
export type Part = readonly Span[];

export const fact = (label: string, value: string): Part => [span(`${label} `, 'dim'), span(value)];
/** Something that needs attention. */
export const trouble = (label: string, value: string): Part => [span(`${label} `, 'dim'), span(`!${value}`, 'bad')];
export const words = (text: string): Part => [span(text)];

const GAP = '  ·  ';
const widthOf = (part: Part): number => part.reduce((sum, { text }) => sum + width(text), 0);

/** `lead` precedes the first line, spaces the others. A part is never broken. */
export function inlineLines(lead: Span, parts: readonly Part[], cols: number): readonly Line[] {
  const indent = width(lead.text);
  const lines: Span[][] = [];
  let used = cols;
  for (const part of parts) {
    const wide = widthOf(part);
    if (lines.length === 0 || used + GAP.length + wide > cols) {
      lines.push([lines.length === 0 ? lead : span(' '.repeat(indent)), ...part]);
      used = indent + wide;
    } else {
      lines.at(-1)!.push(span(GAP, 'dim'), ...part);
      used += GAP.length + wide;
    }
  }
  return lines.map((spans) => line(...spans));
}
