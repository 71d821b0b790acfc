/** npm run docs:picture: the screenshots in the README and docs/TABS.md, of the built program on a real terminal. */
import { writeFileSync } from 'node:fs';
import { builtProgram } from '../__tests__/helpers/built.js';
import { PtyProgram } from '../__tests__/helpers/pty.js';
import type { Emulator } from '../__tests__/helpers/terminal.js';

const [COLS, ROWS] = [120, 28];
/** Of a cell, in pixels. */
const [CELL_WIDTH, CELL_HEIGHT] = [8.4, 18];
const MARGIN = 12;
/** Histories need some time to fill. */
const HISTORY_MS = 130_000;
const PAPER = '#16181d';
const INK = '#d4d7dd';
const FONT = 'ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace';

type Look = ReturnType<Emulator['look']>;
interface Run {
  readonly x: number;
  readonly text: string;
  readonly look: Look;
}

/** Colours 16 to 255 of the palette: a cube of six steps each, then greys. The first 16 are the terminal's own. */
function hex(colour: number, own: string): string {
  if (colour < 16) return own;
  const step = (level: number): number => (level === 0 ? 0 : 55 + 40 * level);
  const cube = colour - 16;
  const levels =
    colour < 232 ? [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(step) : [0, 0, 0].map(() => 8 + 10 * (colour - 232));
  return `#${levels.map((level) => level.toString(16).padStart(2, '0')).join('')}`;
}

/** Adjacent cells with the same look, as one run. */
function runsOf(emulator: Emulator, y: number): Run[] {
  const runs: Run[] = [];
  emulator.row(y).forEach((ch, x) => {
    const look = emulator.look(x, y);
    const last = runs.at(-1);
    if (last && String(last.look) === String(look)) runs[runs.length - 1] = { ...last, text: last.text + ch };
    else runs.push({ x, text: ch, look });
  });
  return runs;
}

const escaped = (text: string): string => text.replace(/[&<>]/g, (ch) => `&#${ch.charCodeAt(0)};`);

function drawn({ x, text, look: [fg, bg, bold, , inverse] }: Run, y: number): string {
  const [ink, paper] = [hex(fg, INK), hex(bg, PAPER)];
  const [left, top, width] = [MARGIN + x * CELL_WIDTH, MARGIN + y * CELL_HEIGHT, text.length * CELL_WIDTH];
  const at = (value: number): string => String(Number(value.toFixed(1)));
  const back = inverse ? ink : paper;
  const rect = back === PAPER ? '' : `<rect x="${at(left)}" y="${at(top)}" width="${at(width)}" height="${CELL_HEIGHT}" fill="${back}"/>`;
  if (text.trim() === '') return rect;
  const colour = inverse ? paper : ink;
  const weight = bold ? ' font-weight="bold"' : '';
  return `${rect}<text x="${at(left)}" y="${at(top + CELL_HEIGHT * 0.75)}" fill="${colour}"${weight} textLength="${at(width)}" xml:space="preserve">${escaped(text)}</text>`;
}

function svgOf(emulator: Emulator): string {
  const [width, height] = [COLS * CELL_WIDTH + 2 * MARGIN, ROWS * CELL_HEIGHT + 2 * MARGIN].map(Math.ceil);
  const lines = Array.from({ length: ROWS }, (_, y) =>
    runsOf(emulator, y)
      .map((run) => drawn(run, y))
      .join(''),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="14">`,
    `<rect width="100%" height="100%" rx="8" fill="${PAPER}"/>`,
    ...lines.filter((text) => text !== ''),
    '</svg>',
    '',
  ].join('\n');
}

interface Picture {
  readonly file: string;
  readonly keys: string;
  /** The frame is complete when it contains this. */
  readonly shows: RegExp;
  /** Text of the previous frame that must be gone. */
  readonly not?: RegExp;
}
const PICTURES: readonly Picture[] = [
  { file: 'users-tab', keys: 'V', shows: /amara\.okafor[^]* users? /, not: /H100/ },
  { file: 'host-tab', keys: ':gpu-03\rz', shows: /GPU 2 +NVIDIA[^]*z processes/ },
  { file: 'topology-tab', keys: 'T', shows: /NUMA node 1[^]*GPU 7 +NUMA 1/ },
  { file: 'diagnosis-tab', keys: 'D', shows: /gpu-06 +answers[^]*6 nodes/ },
  { file: 'all-tab', keys: ':all\ruu', shows: /▲UTIL[^]*of 48 GPUs/ },
  { file: 'all-chart', keys: 'c', shows: /Utilisation [^]*⡇[^]*c next figure/ },
];
const program = new PtyProgram(process.execPath, [builtProgram(), '--demo'], { cols: COLS, rows: ROWS });
await program.shows('6 of 6 nodes');
await new Promise((resolve) => setTimeout(resolve, HISTORY_MS));
for (const { file, keys, shows, not } of PICTURES) {
  program.type(keys);
  await program.until(file, () => shows.test(program.emulator.text()) && not?.test(program.emulator.text()) !== true);
  writeFileSync(new URL(`./${file}.svg`, import.meta.url), svgOf(program.emulator));
}
program.type('q');
await program.exited;
program.dispose();
