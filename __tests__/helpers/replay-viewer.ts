/** A recording in the whole viewer, without a terminal, driven by keys. */
import { App } from '../../lib/app/app.js';
import type { RecordingReplay } from '../../lib/recording/play/replay-collector.js';
import { MemoryPainter } from '../../lib/paint/memory-painter.js';
import { createReplay } from '../../lib/recording/play/replay-collector.js';
import { ReaderSource } from '../../lib/recording/play/frame-source.js';
import { SteppedClock } from './clock.js';
import { BUILT_IN } from './driver.js';
import type { NodeSpec } from './hosts.js';
import { always, openReader, place } from './recording-player.js';
import { record, timeOf } from './recordings.js';

/** For tests that use `inNewDirectory`. */
export class ReplayViewer {
  readonly clock = new SteppedClock(Date.UTC(2027, 0, 1));
  readonly painter: MemoryPainter;
  replay!: RecordingReplay;
  app!: App;

  constructor(cols: number, rows: number) {
    this.painter = new MemoryPainter(cols, rows);
  }

  /** A recording with the same content in all frames. */
  async open(hosts: readonly NodeSpec[], frames = 40): Promise<this> {
    return this.openFile(await record(place.directory.file('a.ndjson'), 'none', frames, hosts));
  }
  async openFile(path: string): Promise<this> {
    const reader = await openReader(path);
    await reader.index(always);
    this.replay = await createReplay({ source: new ReaderSource(reader), name: 'a.ndjson', clock: this.clock });
    this.app = new App({
      plugins: BUILT_IN,
      collector: this.replay,
      replay: this.replay,
      painter: this.painter,
      clock: this.clock,
      save: () => Promise.reject(new Error('not here')),
    });
    this.app.start();
    await this.settle();
    return this;
  }
  async settle(): Promise<string> {
    for (let nth = 0; nth < 8; nth++) await new Promise((resolve) => setImmediate(resolve));
    this.clock.step(250);
    return this.painter.text();
  }
  async press(...names: readonly string[]): Promise<string> {
    for (const name of names) {
      this.painter.press(name);
      this.clock.step(0);
    }
    return this.settle();
  }
  get nth(): number {
    return Math.round((this.replay.status.at - timeOf(0)) / 3000);
  }
}
