/** The smallest program on the real painter: counts its ticks on screen and, since the screen may be blocked, in a file. */
import { systemClock } from '../../lib/run/system-clock.js';
import { appendFileSync } from 'node:fs';
import { createBlessedPainter } from '../../lib/paint/blessed-painter.js';
import { isUsableTerminal } from '../../lib/paint/lifetime.js';
import { line, span, type Line } from '../../lib/view/frame.js';

const { stdin, stdout, stderr, env } = process;
const refused = isUsableTerminal(stdin, stdout, env);
if (refused !== undefined) {
  stderr.write(`refused: ${refused}\n`);
  process.exit(2);
}

const painter = createBlessedPainter({
  stdin,
  stdout,
  env,
  clock: systemClock,
  lifetime: {
    stderr,
    exit: (status) => {
      process.exit(status);
    },
  },
});
let ticks = 0;
let keys = '';
let flood = false;

function paint(): void {
  const { cols, rows } = painter.size;
  // A flood changes every cell of every frame.
  const filler = (y: number): Line => line(span(flood ? String.fromCharCode(97 + ((ticks + y) % 26)).repeat(cols) : `row ${y}`, 'dim'));
  const head = [line(`pid ${process.pid} size ${cols}x${rows}`), line(`keys ${keys}`), line(flood ? 'flood' : 'calm')];
  painter.paint({
    size: painter.size,
    lines: [...head, ...Array.from({ length: Math.max(0, rows - head.length) }, (_row, y) => filler(y))],
    rasters: [],
  });
}

const COMMANDS: Readonly<Record<string, () => void>> = {
  q: () => {
    void painter.close();
    process.exit(0);
  },
  'C-z': () => {
    painter.suspend();
  },
  t: () => {
    throw new Error('thrown \x1b[31mon purpose');
  },
  r: () => {
    void Promise.reject(new Error('rejected on purpose'));
  },
  l: () => {
    console.log('printed while up');
    process.emitWarning('warned while up');
  },
  f: () => {
    flood = !flood;
  },
};

painter.onInput((event) => {
  if (event.type === 'key') {
    keys += `${event.name} `;
    COMMANDS[event.name]?.();
  }
  paint();
});
painter.onResize(paint);
painter.onReady(paint);
paint();
setInterval(() => {
  ticks++;
  if (env.TICKS !== undefined) appendFileSync(env.TICKS, `${ticks}\n`);
  paint();
}, 20);
