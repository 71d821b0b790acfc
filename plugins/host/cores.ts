/** Cores of a node, one block each: shows at a glance whether one is pinned or all are idle. */
import { line, span, spark, type NodeView, type Line } from '../../lib/index.js';

/** As in the lines of the machine. */
const LABEL = ' cores  ';

/** In at most `rows` lines; none if that is not enough. */
export function coreLines({ cores }: NodeView, cols: number, rows: number): readonly Line[] {
  const across = Math.max(1, cols - LABEL.length - 1);
  if (cores.count === 0 || Math.ceil(cores.count / across) > rows) return [];
  const utils = Float64Array.from({ length: cores.count }, (_, core) => cores.value(core, 'utilPercent'));
  return Array.from({ length: Math.ceil(cores.count / across) }, (_, nth) => {
    const some = utils.subarray(nth * across, (nth + 1) * across);
    return line(span(nth === 0 ? LABEL : ' '.repeat(LABEL.length), 'dim'), span(spark(some, some.length, 0, 100), 'accent'));
  });
}
