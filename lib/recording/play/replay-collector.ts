/** A collector that plays a recording: at any speed, frame by frame, from any position. */
import { AppError } from '../../errors.js';
import type { NodeView } from '../../model/node-view.js';
import type { Delivery } from '../../model/collector.js';
import type { Replay, ReplayStatus, Transport } from '../../model/replay.js';
import type { FrameRef } from '../read/recording-info.js';
import { RecordedNodes } from './recorded-nodes.js';
import type { FrameSource, Query, Shown } from './frame-source.js';
import { overdueAfter } from '../../model/endpoint.js';
import type { Clock, Ms } from '../../model/clock.js';

/** The speeds that the keys cycle through; `--speed` may set any other. */
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const DEFAULT_INTERVAL_MS: Ms = 3000;
/** Maximum number of frames that are shown before the frame of a seek. */
const LEAD_IN = 120;

/** It has no present. */
export interface RecordingReplay extends Replay {
  readonly status: ReplayStatus;
}

export interface ReplayOptions {
  readonly source: FrameSource;
  /** For the title. */
  readonly name: string;
  readonly clock: Clock;
  readonly speed?: number;
  readonly loop?: boolean;
  /** Where to start. */
  readonly startAt?: Ms;
}

/** Shows nothing yet: the first frame is delivered when it is started. Throws `E_RECORDING_BAD` if there is none. */
export async function createReplay(options: ReplayOptions): Promise<RecordingReplay> {
  const { source, startAt, name } = options;
  const first = await source.ask(startAt === undefined ? { kind: 'first' } : { kind: 'at', time: startAt });
  if (!first) throw new AppError('E_RECORDING_BAD', { file: name, reason: 'contains no readable frame' });
  return new RecordedReplay(options, first);
}

class RecordedReplay implements RecordingReplay {
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
  /** A recorded time and the wall time at which it was played: where playing started. */
  #anchor = { at: 0, wall: 0 };
  #cancel: (() => void) | undefined;
  /** Number of the last command: results of earlier ones are no longer shown. */
  #order = 0;
  /** The target of a seek in progress, so that the next one starts from there. */
  #target: Ms | undefined;
  #stopped = false;
  /** Steps that remain to be made. */
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
      likelyLosses: info.likelyLosses,
      unlocated: info.unlocated,
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
    const notice = this.#command(transport);
    this.#listen();
    return notice;
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
        return this.#loop ? 'loop on: the replay starts again at the end' : 'loop off: the replay stops at the end';
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
    else return 'end of the recording; { goes to the start';
    return undefined;
  }

  /** Steps add up while the first of them is in progress. */
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

  /** Starts from the target of the last seek if it has not arrived yet. Moves at least one frame, however far apart frames are. */
  #skip(ms: Ms): string | undefined {
    const to = (this.#target ?? this.#shown.at) + ms;
    return this.#seek({ kind: 'at', time: to }, to, ms > 0 ? 'next' : 'previous');
  }

  /** `atLeast`: the frame to go to if none is nearer than the current one. */
  #seek(query: Query, target: Ms, atLeast?: 'next' | 'previous'): string | undefined {
    const { firstAt, lastAt, seekable } = this.#source.info;
    const order = ++this.#order;
    this.#cancel?.();
    this.#target = Math.max(firstAt, Math.min(target, lastAt ?? Infinity));
    void this.#arrive(query, order, atLeast);
    return seekable ? undefined : 'the file has not been read completely yet; seeking may have to read it again';
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

  /** Shows the frames before the frame, then the frame: histories start again, but are not empty. `passing`: the next jump has been requested. */
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

  /** Reads the next frame while the current one is on screen, and shows it when it is due. */
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

  /** Wall time until a frame is due. A gap takes no longer than the shortest pause that counts as a gap. */
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

  /** Null: it failed, and the error has been shown. */
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
