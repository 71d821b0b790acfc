/** The whole viewer in this process: App and the painter for real terminals, on a terminal that accepts all bytes and shows none. */
import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { App } from '../lib/app/app.js';
import { createBlessedPainter } from '../lib/paint/blessed-painter.js';
import { validatePlugin } from '../lib/plugin/validate.js';
import type { TabPlugin } from '../lib/plugin/types.js';
import { SteppedClock } from '../__tests__/helpers/clock.js';
import { BUILT_IN } from '../__tests__/helpers/driver.js';
import { AT, type ScrapedCluster } from './cluster.js';
import type { Painter } from '../lib/view/painter.js';

/** Longer than painting of new data is delayed. */
const PACED_MS = 1000;

export class BenchViewer {
  readonly app: App;
  readonly #clock = new SteppedClock(AT);
  readonly #stdin = Object.assign(new PassThrough(), { isTTY: true as const, setRawMode: () => undefined });
  readonly #painter: Painter;
  /** Bytes written to the terminal. */
  bytes = 0;

  /** `more`: plugins in addition to the built-in ones. */
  constructor(collector: ScrapedCluster, cols: number, rows: number, more: readonly TabPlugin[] = []) {
    const stdout = Object.assign(
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          this.bytes += chunk.length;
          done();
        },
      }),
      { isTTY: true as const, columns: cols, rows },
    );
    this.#painter = createBlessedPainter({ stdin: this.#stdin, stdout, env: {}, clock: this.#clock });
    const plugins: TabPlugin[] = [];
    for (const plugin of [...BUILT_IN, ...more]) plugins.push(validatePlugin(plugin, plugins));
    this.app = new App({
      plugins,
      collector,
      painter: this.#painter,
      clock: this.#clock,
      save: () => Promise.reject(new Error('nothing is saved here')),
    });
    this.app.start();
  }

  /** Presses a key, or types a text; returns when the bytes of the next frame are written. Await `taken` before the next one. */
  press(name: string, text = ''): void {
    const { frames } = this.app.loop.stats;
    this.app.input({ type: 'key', name, text });
    this.#clock.step(0);
    if (this.app.loop.stats.frames === frames) throw new Error(`no frame follows ${name}, so its cost is unknown`);
  }

  /** Resolves when the terminal has accepted the output: no frame is drawn before that. */
  async taken(): Promise<void> {
    await turn();
  }

  /** Advances the clock and paints what is due. */
  pass(ms: number): void {
    this.#clock.step(ms);
  }

  /** Paints what was delivered. */
  async settle(): Promise<void> {
    await turn();
    this.#clock.step(PACED_MS);
    await turn();
  }

  async close(): Promise<void> {
    await this.app.stop();
    await this.#painter.close();
  }
}
