/** A collector that plays a recording: in its own time at any speed, frame by frame, from any place. */
import { AppError } from '../../errors.js';
import type { NodeView } from '../../model/node-view.js';
import type { Delivery } from '../../model/collector.js';
import type { Replay, ReplayStatus, Transport } from '../../model/replay.js';
import type { FrameRef } from '../read/recording-info.js';
import { RecordedNodes } from './recorded-nodes.js';
import type { FrameSource, Query, Shown } from './frame-source.js';
import { overdueAfter } from '../../model/endpoint.js';
import type { Clock, Ms } from '../../model/clock.js';

/** Speeds that the keys go through; `--speed` may say any. */
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const DEFAULT_INTERVAL_MS: Ms = 3000;
/** Frames shown on the way to one that is sought, at most. */
const LEAD_IN = 120;

export interface ReplayOptions {
  readonly source: FrameSource;
  /** For the title. */
  readonly name: string;
  readonly clock: Clock;
  readonly speed?: number;
  readonly loop?: boolean;
  /** Where to begin. */
  readonly startAt?: Ms;
}

/** Shows nothing yet: the first frame is delivered when it is started. Throws `E_RECORDING_BAD` when there is none. */
export async function createReplay(options: ReplayOptions): Promise<Replay> {
  const { source, startAt, name } = options;
  const first = await source.ask(startAt === undefined ? { kind: 'first' } : { kind: 'at', time: startAt });
  if (!first) throw new AppError('E_RECORDING_BAD', { file: name, reason: 'holds no frame that can be read' });
  return new RecordedReplay(options, first);
}

class RecordedReplay implements Replay {
  readonly source: string;
  readonly intervalMs: Ms;
  readonly #source: FrameSource;
  readonly #clock: Clock;
  readonly #nodes: RecordedNodes;
  #deliver: (deliveries: readonly Delivery[]) => void = () => undefined;
  #listen: (problem?: string) => void = () => undefined;
  #shown: Shown;
  #playing = false;
  #ended = false;
  #speed: number;
  #loop: boolean;
  #bookmarks: readonly Ms[] = [];
  /** Recorded time and wall time that belong together: where playing began. */
  #anchor = { at: 0, wall: 0 };
  #cancel: (() => void) | undefined;
  /** Number of the last order: what an earlier one finds is not shown any more. */
  #order = 0;
  /** Where a seek under way goes, so that the next one starts from there. */
  #target: Ms | undefined;
  #stopped = false;
  /** Steps that are still to be made. */
  #steps = 0;
  #stepping = false;

  constructor({ source, name, clock, speed = 1, loop = false }: ReplayOptions, first: Shown) {
    this.source = name;
    this.intervalMs = source.info.intervalMs ?? DEFAULT_INTERVAL_MS;
    this.#source = source;
    this.#clock = clock;
    this.#speed = speed;
    this.#loop = loop;
    this.#shown = first;
    this.#nodes = new RecordedNodes(this.intervalMs);
    this.#nodes.take(first.frame);
    this.#nodes.expect(first.frame);
    source.onInfo(() => {
      this.#listen();
    });
  }

  get nodes(): readonly NodeView[] {
    return this.#nodes.all;
  }

  get status(): ReplayStatus {
    const { info } = this.#source;
    return {
      playing: this.#playing,
      ended: this.#ended,
      speed: this.#speed,
      loop: this.#loop,
      at: this.#shown.at,
      frame: this.#shown.number,
      frames: info.frames,
      firstAt: info.firstAt,
      lastAt: info.lastAt,
      indexed: info.indexed,
      seekable: info.seekable,
      seeking: this.#target !== undefined,
      bookmarks: this.#bookmarks,
      gaps: info.gaps,
      badLines: info.badLines,
      losses: info.losses,
      damaged: info.damage.length > 0 || info.disorder > 0,
      offsetMinutes: info.offsetMinutes,
      zone: info.zone,
    };
  }

  onStatus(listen: (problem?: string) => void): void {
    this.#listen = listen;
  }

  start(deliver: (delivery: Delivery) => void): void {
    this.#deliver = (deliveries) => {
      for (const delivery of deliveries) deliver(delivery);
    };
    this.#show(this.#shown, 'next');
    this.#play();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#deliver = () => undefined;
    this.#listen = () => undefined;
    this.#pause();
    await this.#source.close();
  }

  command(transport: Transport): string | undefined {
    const said = this.#command(transport);
    this.#listen();
    return said;
  }

  #command(transport: Transport): string | undefined {
    const { info } = this.#source;
    switch (transport.action) {
      case 'toggle':
        return this.#toggle();
      case 'step':
        return this.#step(transport.by);
      case 'speed':
        this.#setSpeed(transport.by > 0 ? SPEEDS.find((speed) => speed > this.#speed) : SPEEDS.findLast((speed) => speed < this.#speed));
        return undefined;
      case 'skip':
        return this.#skip(transport.ms);
      case 'seek':
        return this.#seek({ kind: 'at', time: transport.at }, transport.at);
      case 'start':
        return this.#seek({ kind: 'first' }, info.firstAt);
      case 'end':
        return this.#seek({ kind: 'last' }, info.lastAt ?? Infinity);
      case 'loop':
        this.#loop = !this.#loop;
        return this.#loop ? 'plays again from the start when it ends' : 'stops when it ends';
      case 'bookmark':
        return this.#bookmark();
      case 'next-bookmark':
        return this.#nextBookmark();
    }
  }

  #toggle(): string | undefined {
    if (this.#playing) this.#pause();
    else if (!this.#ended) this.#play();
    else if (this.#loop) this.#again();
    else return 'this is the end; { goes to the start';
    return undefined;
  }

  /** Steps add up while the first of them is under way. */
  #step(by: 1 | -1): undefined {
    this.#steps += by;
    if (this.#stepping) return;
    this.#pause();
    void this.#walk(++this.#order);
  }

  async #walk(order: number): Promise<void> {
    this.#stepping = true;
    while (this.#steps !== 0 && order === this.#order) {
      const by = Math.sign(this.#steps);
      this.#steps -= by;
      const found = await this.#ask({ kind: by > 0 ? 'next' : 'previous', ref: this.#shown.ref }, order);
      if (found && by > 0) this.#show(found, 'next');
      else if (found) await this.#jump(found, order, this.#steps !== 0);
      else if (found === undefined) this.#stand(by > 0);
    }
    this.#stepping = false;
    this.#steps = 0;
  }

  /** From where the last seek goes, if it has not arrived yet. A frame at least, however far apart they are. */
  #skip(ms: Ms): string | undefined {
    const to = (this.#target ?? this.#shown.at) + ms;
    return this.#seek({ kind: 'at', time: to }, to, ms > 0 ? 'next' : 'previous');
  }

  /** `atLeast`: the frame to go to where there is none nearer than this one. */
  #seek(query: Query, target: Ms, atLeast?: 'next' | 'previous'): string | undefined {
    const { firstAt, lastAt, seekable } = this.#source.info;
    const order = ++this.#order;
    this.#cancel?.();
    this.#target = Math.max(firstAt, Math.min(target, lastAt ?? Infinity));
    void this.#arrive(query, order, atLeast);
    return seekable ? undefined : 'the file is read through once; until then this may take a pass';
  }

  async #arrive(query: Query, order: number, atLeast: 'next' | 'previous' | undefined): Promise<void> {
    const here = this.#shown.ref;
    let found = await this.#ask(query, order);
    if (found && atLeast && same(found.ref, here)) found = (await this.#ask({ kind: atLeast, ref: here }, order)) ?? found;
    if (found) await this.#jump(found, order);
    if (order !== this.#order) return;
    this.#target = undefined;
    if (this.#playing) this.#play();
    this.#listen();
  }

  /** Shows what led up to the frame, then the frame: histories begin anew and are not empty. `passing`: the next jump is on its way. */
  async #jump(shown: Shown, order: number, passing = false): Promise<void> {
    if (order !== this.#order) return;
    const before = passing ? [] : await this.#source.before(shown.ref, LEAD_IN).catch(() => []);
    for (const { frame } of before) this.#nodes.take(frame);
    if (order !== this.#order) return;
    [...before, shown].forEach((one, nth) => this.#show(one, nth === 0 ? 'jump' : 'next'));
  }

  #setSpeed(speed: number | undefined): void {
    if (speed === undefined) return;
    this.#speed = speed;
    if (this.#playing && this.#target === undefined) this.#play();
  }

  #bookmark(): string {
    const { at } = this.#shown;
    if (this.#bookmarks.includes(at)) {
      this.#bookmarks = this.#bookmarks.filter((other) => other !== at);
      return 'bookmark removed';
    }
    this.#bookmarks = [...this.#bookmarks, at].sort((a, b) => a - b);
    return 'bookmark set; b goes to the next one';
  }

  #nextBookmark(): string | undefined {
    const next = this.#bookmarks.find((at) => at > this.#shown.at) ?? this.#bookmarks[0];
    return next === undefined ? 'no bookmark; B sets one' : this.#seek({ kind: 'at', time: next }, next);
  }

  #play(): void {
    this.#cancel?.();
    this.#playing = true;
    this.#ended = false;
    this.#anchor = { at: this.#shown.at, wall: this.#clock.now() };
    this.#follow(++this.#order);
  }

  #pause(): void {
    this.#playing = false;
    this.#order++;
    this.#target = undefined;
    this.#cancel?.();
  }

  /** Fetches what comes next while the present frame is on screen, and shows it when its time has come. */
  #follow(order: number): void {
    const now = this.#anchor.at + (this.#clock.now() - this.#anchor.wall) * this.#speed;
    void this.#ask({ kind: 'until', ref: this.#shown.ref, time: now }, order).then((next) => {
      if (order !== this.#order || this.#stopped) return;
      if (!next) return this.#loop ? this.#loopLater(order) : this.#stand(true);
      this.#cancel = this.#clock.after(this.#waitFor(next), () => {
        this.#show(next, 'next');
        this.#follow(order);
      });
    });
  }

  /** Wall time until a frame is due. A gap takes no longer than the shortest pause that is one. */
  #waitFor(next: Shown): Ms {
    const pause = next.at - this.#shown.at;
    const gap = overdueAfter(this.intervalMs);
    if (pause > gap) this.#anchor = { ...this.#anchor, at: this.#anchor.at + pause - gap };
    const due = this.#anchor.wall + (next.at - this.#anchor.at) / this.#speed;
    return Math.max(0, Math.min(due - this.#clock.now(), gap / this.#speed));
  }

  #loopLater(order: number): void {
    this.#cancel = this.#clock.after(this.intervalMs / this.#speed, () => {
      if (order === this.#order) this.#again();
    });
  }

  #again(): void {
    this.#playing = true;
    this.#seek({ kind: 'first' }, this.#source.info.firstAt);
  }

  #stand(atEnd: boolean): void {
    this.#playing = false;
    this.#ended = atEnd;
    this.#listen();
  }

  /** Null: it failed, and that has been said. */
  async #ask(query: Query, order: number): Promise<Shown | undefined | null> {
    try {
      const found = await this.#source.ask(query);
      if (found) this.#nodes.take(found.frame);
      return order === this.#order ? found : null;
    } catch (error) {
      if (!this.#stopped && order === this.#order) {
        this.#pause();
        this.#listen(error instanceof AppError ? error.message : String(error));
      }
      return null;
    }
  }

  #show(shown: Shown, continuity: Delivery['continuity']): void {
    this.#shown = shown;
    const { lastAt } = this.#source.info;
    this.#ended = lastAt !== undefined && shown.at >= lastAt;
    this.#deliver(this.#nodes.show(shown.frame, continuity));
    this.#listen();
  }
}

const same = (a: FrameRef, b: FrameRef): boolean => a.file === b.file && a.chunk === b.chunk && a.nth === b.nth;
