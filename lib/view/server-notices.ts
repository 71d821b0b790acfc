/** Lines about a server that is asked for the nodes: what it cannot do, and how old its last answer is. Pure. */
import type { Ms } from '../model/clock.js';
import { bytes, count, duration } from '../text/format.js';
import { elapsed } from '../text/timecode.js';
import { line, span, type Line } from './frame.js';

/** What is known of a source, as a line of its own. */
export interface SourceFact {
  readonly text: string;
  readonly isProblem: boolean;
}

export interface ServerState {
  readonly problem: string;
  readonly failingSince: Ms | undefined;
  readonly partial: boolean;
  readonly warnings: readonly string[];
  readonly parts: number;
  readonly withoutProcesses: boolean;
  /** Of the last answer; 0: there has been none. */
  readonly series: number;
}

export function serverNotices(
  { problem, failingSince, partial, warnings, parts, withoutProcesses, series }: ServerState,
  now: Ms,
): readonly Line[] {
  if (failingSince !== undefined)
    return [chip(`server: ${problem}, for ${elapsed(now - failingSince)}${series > 0 ? '; the last answer stays' : ''}`, 'chip-bad')];
  const incomplete = incompleteness({ partial, warnings });
  return [
    ...(incomplete === undefined ? [] : [chip(incomplete, 'chip-warn')]),
    ...(withoutProcesses ? [chip('too many processes for the server: they are not shown; narrow it with --prom-match', 'chip-warn')] : []),
    ...(parts > 1 && !withoutProcesses ? [chip(`too much for one answer of the server: asked in ${parts} parts`, 'chip')] : []),
  ];
}

/** What an answer says of itself, when not all of the data is in it. */
export function incompleteness({ partial, warnings: [warning] }: Pick<ServerState, 'partial' | 'warnings'>): string | undefined {
  if (warning !== undefined) return `the server's answer is incomplete: ${warning}`;
  return partial ? "the server's answer is incomplete" : undefined;
}

/** What Diagnosis says of it: who answers, what a question costs, and what the answers complain about. */
export function serverFacts(
  state: ServerState & {
    readonly address: string;
    readonly program: string;
    readonly costMs: Ms;
    readonly bytes: number;
  },
  now: Ms,
): readonly SourceFact[] {
  const { address, program, costMs, bytes: size, series, warnings, partial, problem, failingSince, parts } = state;
  const last = series === 0 ? [] : [`the last answer took ${duration(costMs / 1000)}: ${count(series)} series, ${bytes(size)}`];
  const inParts = parts > 1 ? [`asked in ${parts} parts`] : [];
  return [
    { text: [`server: ${program === '' ? '' : `${program} at `}${address}`, ...last, ...inParts].join(' · '), isProblem: false },
    ...(failingSince === undefined ? [] : [{ text: `server: ${problem}, for ${elapsed(now - failingSince)}`, isProblem: true }]),
    ...(partial && warnings.length === 0 ? [{ text: 'server: the answer is incomplete', isProblem: true }] : []),
    ...warnings.map((text) => ({ text: `server: ${text}`, isProblem: true })),
  ];
}

const chip = (text: string, tone: 'chip' | 'chip-warn' | 'chip-bad'): Line => line(span(` ${text} `, tone));
