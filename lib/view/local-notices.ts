/** What is said under the tab strip while the program watches the machine it runs on. Pure. */
import { troubles, type NodeSource } from '../model/sample.js';
import { line, span, type Line } from './frame.js';

const HERE = line(span(' this machine only: name nodes with --hosts or --hostfile ', 'chip'));

/** One line on how to see more than this machine, and one for each source that fails. */
export const localChips = (sources: readonly NodeSource[]): readonly Line[] => [
  HERE,
  ...troubles(sources).map((text) => line(span(` ${text} `, 'chip-warn'))),
];
