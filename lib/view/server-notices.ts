/** Lines about a server that is asked for the nodes: what it cannot do, and how old its last answer is. Pure. */
import type { Ms } from '../model/clock.js';
import { elapsed } from '../text/timecode.js';
import { line, span, type Line } from './frame.js';

export interface ServerState {
  readonly problem: string;
  readonly failingSince: Ms | undefined;
  readonly partial: boolean;
  readonly warnings: readonly string[];
  readonly parts: number;
  readonly withoutProcesses: boolean;
}

export function serverNotices(
  { problem, failingSince, partial, warnings, parts, withoutProcesses }: ServerState,
  now: Ms,
): readonly Line[] {
  if (failingSince !== undefined)
    return [chip(`server: ${problem}, for ${elapsed(now - failingSince)}; the last answer stays`, 'chip-bad')];
  const [warning] = warnings;
  return [
    ...(partial || warning !== undefined
      ? [chip(`the server's answer is incomplete${warning === undefined ? '' : `: ${warning}`}`, 'chip-warn')]
      : []),
    ...(withoutProcesses ? [chip('too many processes for the server: they are not shown; narrow it with --prom-match', 'chip-warn')] : []),
    ...(parts > 1 && !withoutProcesses ? [chip(`too much for one answer of the server: asked in ${parts} parts`, 'chip')] : []),
  ];
}

const chip = (text: string, tone: 'chip' | 'chip-warn' | 'chip-bad'): Line => line(span(` ${text} `, tone));
