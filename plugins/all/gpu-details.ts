/** The second line of a GPU, if there are two. */
import {
  FROM_COLS,
  ago,
  gpuField,
  gpuHealth,
  GPU_FIELDS,
  joinFitting,
  line,
  peaks,
  span,
  spark,
  width,
  type AppView,
  type NodeView,
  type Line,
  type Tone,
} from '../../lib/index.js';

const INDENT = 17;
const NARROW_INDENT = 5;
const SPARK_COLS = 21;

/** Its recent utilisation, and what else it reports; values that are not reported are left out. */
export function gpuDetailLine(node: NodeView, slot: number, app: AppView, cols: number, dim: boolean): Line {
  const wide = cols >= FROM_COLS.wide;
  const indent = ' '.repeat(wide ? INDENT : NARROW_INDENT);
  const sparks = wide ? SPARK_COLS : Math.floor(SPARK_COLS / 2);
  const series = app.history.gpu(node, slot, 'util');
  const of = sparkSpan(spark(peaks(series, sparks, 1), sparks, 0, 100), `last ${ago(sparks * series.stepMs)}`, dim);
  const room = cols - indent.length - of.reduce((sum, { text }) => sum + text.length, 0) - 4;
  const trouble = (gpuHealth(node.gpus, slot) ?? []).map(({ words }) => `!${words}`).join('  ');
  const rest = room - (trouble === '' ? 0 : width(trouble) + 2);
  return line(
    span(indent),
    ...of,
    span(trouble === '' ? '' : `   ${trouble}`, dim ? 'dim' : 'bad'),
    span(rest < 0 ? '' : `   ${joinFitting(detailsOf(node, slot), rest)}`, 'dim'),
  );
}

function sparkSpan(blocks: string, window: string, dim: boolean): Line['spans'] {
  const tone: Tone = dim ? 'dim' : 'accent';
  return [span(blocks, tone), span(` ${window}`, 'dim')];
}

/** The first ones are dropped last when space is short. */
const DETAILS = GPU_FIELDS.flatMap((field) => {
  const { list } = gpuField(field);
  return list ? [{ field, ...list }] : [];
}).sort((a, b) => b.rank - a.rank);

const LABELS: readonly (readonly [label: string, word: string])[] = [
  ['driver_version', 'driver'],
  ['cuda_version', 'CUDA'],
];

function detailsOf({ gpus }: NodeView, slot: number): readonly string[] {
  if (slot >= gpus.count) return ['only its processes are reported'];
  const readings = DETAILS.flatMap(({ field, text }) => {
    const reading = gpus.field[field][slot]!;
    return Number.isNaN(reading) || text(reading) === '' ? [] : [text(reading)];
  });
  const words = LABELS.flatMap(([label, word]) => {
    const value = gpus.detail(slot, label);
    return value === '' ? [] : [`${word} ${value}`];
  });
  return [...readings, ...words];
}
