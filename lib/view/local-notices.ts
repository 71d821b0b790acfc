/** Notices under the tab strip while the program watches the machine it runs on. Pure. */
import { troubles, type NodeSource } from '../model/sample.js';
import { line, span, type Line } from './frame.js';

const HERE = line(span(' this machine only; use --hosts or --hostfile for other nodes ', 'chip'));

/** One line on how to watch other nodes, if this machine is the only one; and one for each of its sources that fails. */
export const localNotices = (sources: readonly NodeSource[], alone: boolean): readonly Line[] => [
  ...(alone ? [HERE] : []),
  ...troubles(sources).map((text) => line(span(` ${text} `, 'chip-warn'))),
];
