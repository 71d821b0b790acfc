/** Charts as cells, drawn by the line chart of blessed-contrib on an off-screen buffer. */
import Line, { type LineSeries } from 'blessed-contrib/lib/widget/charts/line.js';
import type Screen from 'neo-blessed/lib/widgets/screen.js';
import { lazy } from '../model/lazy.js';
import { TONES, type Raster, type Size, type Tone, type Chart } from '../view/frame.js';
import { openScreen, Sink } from './open-terminal.js';

/** Columns and rows that the widget reserves for borders, which are not drawn here. */
const MARGIN: Size = { cols: 6, rows: 2 };
/** Below this there is no room for axes. */
const LEAST: Size = { cols: 24, rows: 6 };
const Y_LABELS = 5;
/** The widget knows colours, not tones: tones are encoded as palette colours from here on. */
const FIRST_COLOUR = 100;

const colourOf = (tone: Tone): number => FIRST_COLOUR + TONES.indexOf(tone);
const toneOf = (attribute: number): Tone => TONES[((attribute >> 9) & 0x1ff) - FIRST_COLOUR] ?? 'normal';

const hidden = lazy((): Screen => openScreen(new Sink()));

function screenOf({ cols, rows }: Size): Screen {
  const screen = hidden();
  screen.program.cols = cols;
  screen.program.rows = rows;
  screen.alloc();
  return screen;
}

/** The chart in exactly `size` cells; blank where there is no room for one. Values of NaN are gaps. */
export function drawLineChart({ series, labels, min, max }: Chart, size: Size): Raster {
  const blank = blankRaster(size);
  if (size.cols < LEAST.cols || size.rows < LEAST.rows || labels.length < 2) return blank;
  const outer = { cols: size.cols + MARGIN.cols, rows: size.rows + MARGIN.rows };
  const on = screenOf(outer);
  const widget = new Line({
    screen: on,
    left: 0,
    top: 0,
    width: outer.cols,
    height: outer.rows,
    minY: min,
    maxY: max,
    numYLabels: Y_LABELS,
    style: { line: colourOf('accent'), text: colourOf('dim'), baseline: colourOf('dim') },
  });
  on.append(widget);
  try {
    widget.setData(
      series.map(({ values, tone }): LineSeries => ({ title: '', x: labels, y: Array.from(values), style: { line: colourOf(tone) } })),
    );
    widget.render();
    return cellsOf(on, blank);
  } finally {
    on.remove(widget);
  }
}

function blankRaster({ cols, rows }: Size): Raster {
  return { cols, rows, chars: new Array<string>(cols * rows).fill(' '), tones: new Array<Tone>(cols * rows).fill('normal') };
}

function cellsOf({ lines }: Screen, { cols, rows }: Raster): Raster {
  const chars: string[] = [];
  const tones: Tone[] = [];
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < cols; x++) {
      const [attribute, ch] = lines[y]?.[x] ?? [0, ' '];
      chars.push(ch);
      tones.push(toneOf(attribute));
    }
  }
  return { cols, rows, chars, tones };
}
