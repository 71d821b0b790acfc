/** The past of a server, under the controls of a replay: one moment at a time, or moment after moment. */
import { AppError } from '../../errors.js';
import { overdueAfter } from '../../model/endpoint.js';
import type { Clock, Ms } from '../../model/clock.js';
import type { Delivery, Needs } from '../../model/collector.js';
import type { ReplayStatus, Transport } from '../../model/replay.js';
import { recordedDate } from '../../text/timecode.js';
import type { FrameReader, ReadFrame } from './frame-reader.js';
import { readTimeline, type Timeline } from './timeline.js';
import type { PrometheusServer } from './prometheus-server.js';

export interface TravelOptions {
  readonly server: PrometheusServer;
  /** Not the one that reads the present. */
  readonly reader: FrameReader;
  readonly clock: Clock;
  readonly speed: number;
  readonly needs: () => Needs;
  readonly show: (read: ReadFrame, continuity: Delivery['continuity']) => void;
  /** The status has changed; with a message when something went wrong. */
  readonly changed: (problem?: string) => void;
  /** The present is to be shown again. */
  readonly live: () => void;
}

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 60];
/** What the line of the bar shows at least: the day before now. */
const SPAN_MS: Ms = 86_400_000;
const MARGIN_MS: Ms = 3_600_000;
/** Someone who holds a key down wants to arrive, not to see each moment on the way. */
const DEBOUNCE_MS: Ms = 150;
/** Moments that are asked for at a time while playing, and how many are left when the next are asked for. */
const WINDOW = 8;
const LOW = 4;
/** A moment stays on screen at least this long while playing. */
const MIN_SHOWN_MS: Ms = 500;

export class TimeTravel {
  readonly #options: TravelOptions;
  readonly #span: { firstAt: Ms; lastAt: Ms };
  #timeline: Timeline = { points: [], stepMs: NaN };
  #at: Ms;
  #target: Ms | undefined;
  #playing = false;
  #speed: number;
  #bookmarks: readonly Ms[] = [];
  #order = 0;
  #cancel: (() => void) | undefined;
  #request = new AbortController();
  #ahead: ReadFrame[] = [];
  #isAsking = false;
  /** The first frame that is shown replaces whatever was on screen. */
  #jump = true;

  constructor(options: TravelOptions, at: Ms) {
    const now = options.clock.now();
    this.#options = options;
    this.#speed = options.speed;
    this.#at = at;
    this.#span = { firstAt: Math.min(at - MARGIN_MS, now - SPAN_MS), lastAt: now };
    void this.#readTimeline();
  }

  get status(): ReplayStatus {
    const { firstAt, lastAt } = this.#span;
    return {
      playing: this.#playing,
      ended: false,
      speed: this.#speed,
      loop: false,
      at: this.#at,
      frame: undefined,
      frames: undefined,
      firstAt,
      lastAt,
      indexed: 1,
      seekable: true,
      seeking: this.#target !== undefined,
      bookmarks: this.#bookmarks,
      gaps: gapsOf(this.#timeline, this.#span),
      badLines: 0,
      losses: [],
      likelyLosses: [],
      damaged: false,
      unlocated: false,
      offsetMinutes: -new Date(this.#at).getTimezoneOffset(),
      zone: '',
      timeline: this.#timeline.points,
    };
  }

  /** Reads the moment at which it starts. Rejects with an AppError. */
  async open(): Promise<ReadFrame> {
    return this.#options.reader.read(this.#options.needs(), this.#at);
  }

  command(transport: Transport): string | undefined {
    switch (transport.action) {
      case 'toggle':
        if (this.#playing) this.#pause();
        else this.#play();
        return undefined;
      case 'step':
        this.#pause();
        return this.#seek((this.#target ?? this.#at) + transport.by * this.#intervalMs);
      case 'skip':
        return this.#seek((this.#target ?? this.#at) + Math.sign(transport.ms) * Math.max(Math.abs(transport.ms), this.#intervalMs));
      case 'seek':
        return this.#seek(transport.at);
      case 'start':
        return this.#seek(this.#timeline.points.find(({ nodes }) => nodes > 0)?.at ?? this.#span.firstAt);
      case 'end':
        this.#options.live();
        return undefined;
      case 'speed':
        this.#setSpeed(transport.by);
        return undefined;
      case 'loop':
        return 'the history of a server has no end to start again from';
      case 'bookmark':
        return this.#bookmark();
      case 'next-bookmark':
        return this.#nextBookmark();
    }
  }

  /** What is on screen has changed: the moment is read again. */
  refresh(): void {
    if (!this.#playing) this.#seek(this.#target ?? this.#at, 'next');
  }

  stop(): void {
    this.#order++;
    this.#cancel?.();
    this.#request.abort();
  }

  get #intervalMs(): Ms {
    return this.#options.reader.intervalMs;
  }

  #seek(target: Ms, continuity: Delivery['continuity'] = 'jump'): string | undefined {
    const now = this.#options.clock.now();
    if (target >= now) {
      this.#options.live();
      return undefined;
    }
    if (continuity === 'jump') this.#jump = true;
    this.#widen(target);
    this.#stopAsking();
    this.#target = target;
    const order = ++this.#order;
    this.#cancel = this.#options.clock.after(DEBOUNCE_MS, () => void this.#arrive(target, order));
    return undefined;
  }

  async #arrive(target: Ms, order: number): Promise<void> {
    const { reader, needs, changed } = this.#options;
    try {
      const read = await this.#nearest(target, () => reader.read(needs(), target, this.#request.signal));
      if (order !== this.#order) return;
      this.#show(read);
    } catch (thrown) {
      if (order !== this.#order) return;
      this.#target = undefined;
      this.#playing = false;
      return changed(messageOf(thrown));
    }
    this.#target = undefined;
    if (this.#playing) this.#play();
    changed();
  }

  /** Where there is nothing at the time, the nearest one at which there is. */
  async #nearest(target: Ms, read: () => Promise<ReadFrame>): Promise<ReadFrame> {
    try {
      return await read();
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'S_NO_SERIES') throw thrown;
      await this.#readTimeline();
      const points = this.#timeline.points.filter(({ nodes }) => nodes > 0);
      points.sort((a, b) => Math.abs(a.at - target) - Math.abs(b.at - target));
      const { offsetMinutes } = this.status;
      const when = recordedDate(target, offsetMinutes);
      if (!points[0]) throw new AppError('S_NO_HISTORY', { when });
      this.#options.changed(`nothing at ${when}: the nearest is ${recordedDate(points[0].at, offsetMinutes)}`);
      return this.#options.reader.read(this.#options.needs(), points[0].at, this.#request.signal);
    }
  }

  #show(read: ReadFrame): void {
    this.#at = read.at;
    this.#options.show(read, this.#jump ? 'jump' : 'next');
    this.#jump = false;
  }

  #play(): void {
    this.#playing = true;
    this.#cancel?.();
    this.#next(++this.#order);
  }

  #pause(): void {
    this.#playing = false;
    this.#order++;
    this.#target = undefined;
    this.#cancel?.();
  }

  /** From one moment to the next: as far apart as samples are, or further where they would pass too quickly. */
  get #stepMs(): Ms {
    const interval = this.#intervalMs;
    return interval * Math.max(1, Math.ceil((this.#speed * MIN_SHOWN_MS) / interval));
  }

  #next(order: number): void {
    const { clock, changed, live } = this.#options;
    this.#askAhead(order);
    const step = this.#stepMs;
    this.#cancel = clock.after(step / this.#speed, () => {
      if (order !== this.#order) return;
      const read = this.#ahead.shift();
      if (read) this.#show(read);
      if (this.#at + step >= clock.now()) return live();
      changed();
      this.#next(order);
    });
  }

  #askAhead(order: number): void {
    if (this.#isAsking || this.#ahead.length > LOW) return;
    const step = this.#stepMs;
    const from = (this.#ahead.at(-1)?.at ?? this.#at) + step;
    const to = Math.min(from + (WINDOW - 1) * step, this.#options.clock.now());
    if (to < from) return;
    this.#isAsking = true;
    this.#options.reader.range({ from, to, step }, this.#request.signal).then(
      (reads) => {
        this.#isAsking = false;
        if (order !== this.#order) return;
        // Nothing was kept then: go on behind it.
        if (reads.length === 0) this.#at = to;
        this.#ahead.push(...reads);
      },
      (thrown: unknown) => {
        this.#isAsking = false;
        if (order !== this.#order) return;
        this.#pause();
        this.#options.changed(messageOf(thrown));
      },
    );
  }

  #stopAsking(): void {
    this.#cancel?.();
    this.#request.abort();
    this.#request = new AbortController();
    this.#ahead = [];
    this.#isAsking = false;
  }

  #setSpeed(by: 1 | -1): void {
    const speed = by > 0 ? SPEEDS.find((one) => one > this.#speed) : SPEEDS.findLast((one) => one < this.#speed);
    if (speed === undefined) return;
    this.#speed = speed;
    this.#ahead = [];
    if (this.#playing && this.#target === undefined) this.#play();
  }

  #bookmark(): string {
    if (this.#bookmarks.includes(this.#at)) {
      this.#bookmarks = this.#bookmarks.filter((other) => other !== this.#at);
      return 'bookmark removed';
    }
    this.#bookmarks = [...this.#bookmarks, this.#at].sort((a, b) => a - b);
    return 'bookmark set; b goes to the next one';
  }

  #nextBookmark(): string | undefined {
    const next = this.#bookmarks.find((at) => at > this.#at) ?? this.#bookmarks[0];
    return next === undefined ? 'no bookmark; B sets one' : this.#seek(next);
  }

  #widen(target: Ms): void {
    if (target >= this.#span.firstAt) return;
    this.#span.firstAt = target - MARGIN_MS;
    void this.#readTimeline();
  }

  /** The line of the bar is only a help: without it, the rest works. What is empty before the first node is cut off, once. */
  async #readTimeline(isCut = false): Promise<void> {
    const { server, reader, changed } = this.#options;
    const { firstAt, lastAt } = this.#span;
    try {
      this.#timeline = await readTimeline(server, reader, firstAt, lastAt, this.#target ?? this.#at);
    } catch {
      return;
    }
    const { points, stepMs } = this.#timeline;
    const begin = Math.min(points.find(({ nodes }) => nodes > 0)?.at ?? firstAt, this.#target ?? this.#at) - stepMs;
    const isMostlyEmpty = begin - firstAt > (lastAt - firstAt) / 2;
    if (begin > firstAt) this.#span.firstAt = begin;
    if (isMostlyEmpty && !isCut) await this.#readTimeline(true);
    else changed();
  }
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** Between points further apart than a few steps nothing is known. */
function gapsOf({ points, stepMs }: Timeline, { firstAt, lastAt }: { readonly firstAt: Ms; readonly lastAt: Ms }): ReplayStatus['gaps'] {
  const times = [firstAt, ...points.filter(({ nodes }) => nodes > 0).map(({ at }) => at), lastAt];
  return times.slice(1).flatMap((to, nth) => (to - times[nth]! > overdueAfter(stepMs) ? [[times[nth]!, to] as const] : []));
}
