import { systemClock } from '../../lib/run/system-clock.js';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Clock } from '../../lib/model/clock.js';
import { SteppedClock } from '../helpers/clock.js';
import type { InputEvent } from '../../lib/keys/key-names.js';
import { createBlessedPainter } from '../../lib/paint/blessed-painter.js';
import { THEMES, lookOf } from '../../lib/paint/theme.js';
import { SELECTED, composeCells } from '../../lib/view/cells.js';
import { TONES, line, span, type Frame, type Line, type Raster } from '../../lib/view/frame.js';
import { FakeTty } from '../helpers/terminal.js';
import type { Painter } from '../../lib/view/painter.js';

let painter: Painter;
let tty: FakeTty;

function open(cols: number, rows: number, clock: Clock = systemClock): void {
  tty = new FakeTty(cols, rows);
  painter = createBlessedPainter({ stdin: tty.stdin, stdout: tty.stdout, env: {}, clock, theme: THEMES.dark });
}
afterEach(async () => {
  await painter.close();
  tty.emulator.dispose();
});
const frame = (lines: readonly Line[], more: Partial<Frame> = {}): Frame => ({ size: painter.size, lines, rasters: [], ...more });
async function show(shown: Frame): Promise<void> {
  await tty.settled();
  painter.paint(shown);
  await tty.settled();
}

/** A small random generator (mulberry32), so that a failing run can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
const LETTERS = ['a', 'b', 'Z', ' ', ' ', '0', '│', '█', '⣿', '…', 'é', '深', '度', '한', 'Ａ', '🚀', '👍', '\x1b', '\u0301', '\u202e'];

function randomFrame(pick: (below: number) => number, cols: number, rows: number): Frame {
  const text = (): string => Array.from({ length: pick(cols + 3) }, () => LETTERS[pick(LETTERS.length)]!).join('');
  const randomLine = (): Line => ({
    spans: Array.from({ length: pick(4) }, () => span(text(), TONES[pick(TONES.length)])),
    ...(pick(5) === 0 ? { selected: true } : {}),
    ...(pick(5) === 0 ? { fill: TONES[pick(TONES.length)]! } : {}),
  });
  const size = 1 + pick(6);
  const raster: Raster = {
    cols: size,
    rows: 2,
    chars: Array.from({ length: size * 2 }, () => '⠿▁█'[pick(3)]!),
    tones: Array.from({ length: size * 2 }, () => TONES[pick(TONES.length)]!),
  };
  return {
    size: { cols, rows },
    lines: Array.from({ length: pick(rows + 2) }, randomLine),
    rasters: pick(3) === 0 ? [{ x: pick(cols + 4) - 3, y: pick(rows + 2) - 1, raster }] : [],
  };
}

/** Cells in which the emulator differs from the composed frame. */
function differences(shown: Frame): string[] {
  const cells = composeCells(shown);
  const wrong: string[] = [];
  for (let y = 0; y < cells.rows; y++) {
    const row = tty.emulator.row(y);
    for (let x = 0; x < cells.cols; x++) {
      const at = y * cells.cols + x;
      const { fg = -1, bg = -1, bold = false, underline = false, inverse = false } = lookOf(THEMES.dark, cells.style[at]!);
      const look = tty.emulator.look(x, y);
      if (row[x] !== cells.ch[at]) wrong.push(`(${x},${y}) ${JSON.stringify(row[x])} for ${JSON.stringify(cells.ch[at])}`);
      else if (cells.ch[at] !== '' && String(look) !== String([fg, bg, bold, underline, inverse]))
        wrong.push(`(${x},${y}) looks ${String(look)}`);
    }
  }
  return wrong;
}

describe('the terminal shows', () => {
  test.each([1, 2])('what was composed, cell by cell, over 120 random frames and resizes (seed %i)', async (seed) => {
    const pick = random(seed);
    open(30, 8);
    for (let round = 0; round < 120; round++) {
      if (pick(12) === 0) tty.resize(2 + pick(40), 1 + pick(12));
      if (pick(15) === 0) painter.redraw();
      const { cols, rows } = painter.size;
      const shown = randomFrame(pick, cols, rows);
      await show(shown);
      expect([round, differences(shown)]).toEqual([round, []]);
      expect(tty.emulator.cursor.hidden).toBe(true);
    }
  });

  test('the same frame again for no bytes, and a changed cell for few', async () => {
    open(80, 24);
    const rows = Array.from({ length: 24 }, (_row, y) => line(`row ${y}`.padEnd(80, '.')));
    await show(frame(rows));
    const whole = painter.bytesWritten;
    await show(frame(rows));
    expect(painter.bytesWritten).toBe(whole);
    await show(frame([line(`ROW 0`.padEnd(80, '.')), ...rows.slice(1)]));
    expect(painter.bytesWritten - whole).toBeLessThan(60);
  });

  test('synchronized frames of colours, cursor moves and text only', async () => {
    open(20, 3);
    const before = tty.raw.length;
    await show(frame([line('a', span('b', 'bad'), '深')]));
    const written = tty.raw.slice(before);
    expect(written).toMatch(/^\x1b\[\?2026h[^]*\x1b\[\?2026l$/);
    expect(written.replace(/\x1b(\[[\d;?]*[mHJCGhl]|[78])/g, '')).toMatch(/^[^\x00-\x1f\x7f-\x9f]*$/);
  });

  test.each([
    ['SGR', '\x1b[31mred'],
    ['C1 CSI', '\u009b31mred'],
    ['OSC title', '\x1b]0;PWN\x07'],
    ['C1 OSC title', '\u009d0;PWN\u009c'],
    ['bidi override', '\u202Ereversed'],
    ['cursor moves', '\x1b[5;5Hmoved\r\n\b\b'],
    ['blessed tags', '{red-fg}{bold}tag{/}'],
    ['a full reset', '\x1bc'],
    ['shift out', '\x0elqqk'],
  ])('external text as plain text: %s', async (_what, text) => {
    open(40, 3);
    const shown = frame([line(text), line('below')]);
    await show(shown);
    expect(differences(shown)).toEqual([]);
    expect(tty.emulator.titles).toEqual([]);
    expect(tty.emulator.row(1).slice(0, 5).join('')).toBe('below');
  });

  test.each([
    [0, 0, 80, 24],
    [1, 1, 1, 1],
    [2, 1, 2, 1],
    [5, 2, 5, 2],
  ])('nothing harmful at %ix%i', async (cols, rows, wantedCols, wantedRows) => {
    open(cols, rows);
    expect(painter.size).toEqual({ cols: wantedCols, rows: wantedRows });
    await show(frame([line('深度深度'), line('x')]));
    painter.paint(frame([line('深')]));
  });

  test('a clipped frame if it has another size than the terminal, with blanks where it does not reach', async () => {
    open(10, 2);
    await show({ size: { cols: 30, rows: 9 }, lines: [line('0123456789abcdef'), line('x'), line('y')], rasters: [] });
    expect(tty.emulator.text()).toBe('0123456789\nx');
    painter.redraw();
    await show({ size: { cols: 3, rows: 1 }, lines: [line('0123456789')], rasters: [] });
    expect(tty.emulator.text()).toBe('012\n');
  });

  test('a selected row in its tones, on one background', async () => {
    open(10, 1);
    await show(frame([{ spans: [span('a', 'warn'), span('b', 'dim'), span('c')], selected: true }]));
    const looks = [0, 1, 2, 9].map((x) => tty.emulator.look(x, 0));
    expect(new Set(looks.map(([, bg]) => bg)).size).toBe(1);
    expect(looks[0]![0]).toBe(THEMES.dark.onSelected.warn.fg);
    expect(new Set(looks.slice(0, 3).map(([fg]) => fg)).size).toBe(3);
    expect(lookOf(THEMES.dark, SELECTED).bg).toBe(looks[0]![1]);
  });
});

describe('the terminal', () => {
  test('is set up at the first frame and restored completely', async () => {
    open(20, 3);
    await tty.settled();
    expect(tty.emulator.alternate).toBe(true);
    expect(tty.emulator.modes).toEqual({ mouse: 'drag', paste: true });
    expect(tty.stdin.raw).toBe(true);
    await show(frame([line('x')]));
    expect(tty.emulator.cursor.hidden).toBe(true);
    await painter.close();
    await tty.settled();
    expect(tty.emulator.alternate).toBe(false);
    expect(tty.emulator.modes).toEqual({ mouse: 'none', paste: false });
    expect(tty.emulator.cursor.hidden).toBe(false);
    expect(tty.stdin.raw).toBe(false);
    expect(tty.stdin.isPaused()).toBe(true);
    const written = tty.raw.length;
    painter.paint(frame([line('late')]));
    expect(tty.raw.length).toBe(written);
  });

  test('leaves nothing in the process: no handlers, and TMUX is still set', async () => {
    const events = ['exit', 'uncaughtException', 'unhandledRejection', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTSTP', 'SIGCONT'];
    const counts = (): number[] => events.map((event) => process.listenerCount(event));
    const before = counts();
    process.env.TMUX = '/nowhere,1,0';
    open(20, 3);
    expect(counts()).toEqual(before);
    expect(process.env.TMUX).toBe('/nowhere,1,0');
    delete process.env.TMUX;
    await painter.close();
    expect(counts()).toEqual(before);
  });

  test('sends keys, clicks and pastes', async () => {
    open(20, 3);
    const seen: InputEvent[] = [];
    painter.onInput((event) => seen.push(event));
    tty.type('q\x1b[<0;3;2M\x1b[200~text\x1b[201~\x1b[A');
    await tty.settled();
    expect(seen).toEqual([
      { type: 'key', name: 'q', text: 'q' },
      { type: 'mouse', action: 'press', button: 'left', x: 2, y: 1, clicks: 1 },
      { type: 'paste', text: 'text' },
      { type: 'key', name: 'Up', text: '' },
    ]);
  });

  test('sends a lone Esc although nothing follows', async () => {
    open(20, 3);
    const pressed = new Promise<InputEvent>((resolve) => painter.onInput(resolve));
    tty.type('\x1b');
    expect(await pressed).toEqual({ type: 'key', name: 'Esc', text: '' });
  });

  test('reports a resize, with the new size', async () => {
    open(20, 3);
    const sizes: unknown[] = [];
    painter.onResize(() => sizes.push(painter.size));
    tty.resize(33, 5);
    expect(sizes).toEqual([{ cols: 33, rows: 5 }]);
  });

  test('gets no more frames while it does not read, and a new one when it reads again', async () => {
    open(20, 3);
    await show(frame([line('before')]));
    let asked = 0;
    painter.onReady(() => asked++);
    tty.hold();
    painter.paint(frame([line('the pending frame')]));
    expect(painter.ready()).toBe(false);
    const written = painter.bytesWritten;
    for (let n = 0; n < 50; n++) painter.paint(frame([line(`frame ${n}`)]));
    expect(painter.bytesWritten).toBe(written);
    expect(asked).toBe(0);
    tty.release();
    await tty.settled();
    expect(asked).toBe(1);
    expect(painter.ready()).toBe(true);
    const last = frame([line('after')]);
    await show(last);
    expect(differences(last)).toEqual([]);
  });

  test.each([
    [100, 'little', false],
    [300, 'everything, since it may have lost output', true],
  ])('that did not read for %i ms is sent %s', async (heldMs, _what, whole) => {
    const clock = new SteppedClock(0);
    open(40, 4, clock);
    const rows = Array.from({ length: 4 }, (_row, y) => line(`row ${y}`.padEnd(40, '.')));
    await show(frame(rows));
    tty.hold();
    painter.paint(frame([line('ROW 0'.padEnd(40, '.')), ...rows.slice(1)]));
    expect(painter.ready()).toBe(false);
    clock.step(heldMs);
    tty.release();
    await tty.settled();
    await tty.emulator.write('\x1b[2J\x1b[Hsomething else');
    const last = frame([line('ROW 1'.padEnd(40, '.')), ...rows.slice(1)]);
    await show(last);
    expect(differences(last).length === 0).toBe(whole);
  });
});
