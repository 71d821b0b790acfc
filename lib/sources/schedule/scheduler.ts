/**
 * When which host is scraped. Knows no transport: it calls `begin` and is told the outcome by `settle`. All time is the injected clock's.
 *
 * A host that answers is scraped on its own grid (`nextOnGrid`), one that fails after a backoff. Never two scrapes of a host at once.
 */
import { TimerQueue } from './timer-queue.js';
import { backoff, nextOnGrid, stagger } from './pace.js';
import type { Clock, Ms } from '../../model/clock.js';

/** Intervals without an answer after which a host is overdue. */
export const OVERDUE_INTERVALS = 3;

/** Scrapes at once, as long as they are young: what costs CPU. */
export const MAX_ACTIVE = 128;
/** Scrapes at once, all told: what costs sockets. */
export const MAX_OPEN = 1024;
/** After this a scrape no longer counts as active, so that a rack that hangs leaves room for the others. */
const PARK_MS = 1000;

/** Later than this (or than an interval) by the clock, and the machine slept or the clock was set. */
const JUMP_MS = 2000;

export interface SchedulerOptions {
  /** Hosts are numbers 0 .. hosts-1 here. */
  readonly hosts: number;
  readonly intervalMs: Ms;
  readonly clock: Clock;
  /** 0 <= x < 1. Default Math.random. */
  readonly random?: () => number;
  /** Starts a scrape; `settle` must follow, unless `cancel` comes first. */
  readonly begin: (host: number) => void;
  /** The scrape under way is void: its outcome must not be settled. */
  readonly cancel: (host: number) => void;
  /** Three intervals went by without an answer; once until it answers. */
  readonly overdue: (host: number) => void;
  readonly maxActive?: number;
  readonly maxOpen?: number;
}

interface Slot {
  state: 'idle' | 'queued' | 'active' | 'parked';
  /** Number of its scrapes so far: tells an old entry of the agenda from a current one. */
  serial: number;
  failures: number;
  overdue: boolean;
  startedAt: Ms;
  dueAt: Ms;
  /** When it last answered; before the first answer, when it was first to be asked. */
  aliveAt: Ms;
}

interface Entry {
  readonly kind: 'due' | 'park' | 'check';
  readonly host: number;
  readonly serial: number;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #slots: Slot[];
  readonly #agenda = new TimerQueue<Entry>();
  #queue: number[] = [];
  /** What of the queue is behind us. */
  #taken = 0;
  #active = 0;
  #open = 0;
  #origin = 0;
  #running = false;
  #disarm: (() => void) | undefined;
  #armedFor = Infinity;
  #lastNow = -Infinity;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const idle = { state: 'idle', serial: 0, failures: 0, overdue: false, startedAt: -Infinity, dueAt: 0, aliveAt: 0 } as const;
    this.#slots = Array.from({ length: options.hosts }, () => ({ ...idle }));
  }

  start(): void {
    const { hosts, intervalMs } = this.#options;
    const now = this.#options.clock.now();
    this.#running = true;
    this.#origin = now;
    this.#lastNow = now;
    for (const [host, slot] of this.#slots.entries()) {
      slot.aliveAt = now + stagger(host, hosts, intervalMs);
      this.#plan(host, slot.aliveAt);
      this.#watch(host);
    }
    this.#arm(now);
  }

  /** Cancels what is under way; nothing is called afterwards. */
  stop(): void {
    this.#running = false;
    this.#disarm?.();
    this.#agenda.clear();
    this.#cancelAll();
  }

  /** The outcome of the scrape of `host`. Returns when it is scraped next. */
  settle(host: number, answered: boolean): Ms {
    const now = this.#options.clock.now();
    const slot = this.#slots[host]!;
    const { hosts, intervalMs, random = Math.random } = this.#options;
    this.#release(slot);
    slot.failures = answered ? 0 : slot.failures + 1;
    if (answered) slot.aliveAt = now;
    if (this.#jumped(now)) this.#wakeUp(now);
    else if (answered) this.#plan(host, nextOnGrid(host, hosts, intervalMs, { origin: this.#origin, startedAt: slot.startedAt, now }));
    else this.#plan(host, now + backoff(slot.failures, intervalMs, random()));
    if (answered && slot.overdue) {
      slot.overdue = false;
      this.#watch(host);
    }
    this.#advance(now);
    return slot.dueAt;
  }

  /** When `host` is scraped next; in the past while a scrape is queued or under way. */
  dueAt(host: number): Ms {
    return this.#slots[host]!.dueAt;
  }

  #tick(): void {
    const now = this.#options.clock.now();
    if (this.#jumped(now)) this.#wakeUp(now);
    this.#armedFor = Infinity;
    this.#advance(now);
  }

  #advance(now: Ms): void {
    this.#lastNow = now;
    for (let entry = this.#agenda.take(now); entry && this.#running; entry = this.#agenda.take(now)) this.#handle(entry, now);
    this.#pump(now);
    this.#arm(now);
  }

  #handle({ kind, host, serial }: Entry, now: Ms): void {
    const slot = this.#slots[host]!;
    if (kind === 'check') this.#check(host, now);
    else if (serial !== slot.serial) return;
    else if (kind === 'due') {
      slot.state = 'queued';
      this.#queue.push(host);
    } else if (slot.state === 'active') {
      slot.state = 'parked';
      this.#active--;
    }
  }

  #check(host: number, now: Ms): void {
    const slot = this.#slots[host]!;
    if (now < slot.aliveAt + this.#patience) return this.#watch(host);
    slot.overdue = true;
    this.#options.overdue(host);
  }

  #pump(now: Ms): void {
    const { maxActive = MAX_ACTIVE, maxOpen = MAX_OPEN, begin } = this.#options;
    while (this.#running && this.#taken < this.#queue.length && this.#active < maxActive && this.#open < maxOpen) {
      const host = this.#queue[this.#taken++]!;
      const slot = this.#slots[host]!;
      slot.state = 'active';
      slot.serial++;
      slot.startedAt = now;
      this.#active++;
      this.#open++;
      this.#agenda.add(now + PARK_MS, { kind: 'park', host, serial: slot.serial });
      begin(host);
    }
    if (this.#taken < this.#queue.length) return;
    this.#queue = [];
    this.#taken = 0;
  }

  #release(slot: Slot): void {
    if (slot.state === 'active') this.#active--;
    if (slot.state === 'active' || slot.state === 'parked') this.#open--;
    slot.state = 'idle';
  }

  #plan(host: number, at: Ms): void {
    const slot = this.#slots[host]!;
    slot.dueAt = at;
    this.#agenda.add(at, { kind: 'due', host, serial: slot.serial });
  }

  #watch(host: number): void {
    this.#agenda.add(this.#slots[host]!.aliveAt + this.#patience, { kind: 'check', host, serial: 0 });
  }

  get #patience(): Ms {
    return OVERDUE_INTERVALS * this.#options.intervalMs;
  }

  /** The machine slept, the process was stopped, or the clock was set: plans made before are void. */
  #jumped(now: Ms): boolean {
    const jump = Math.max(this.#options.intervalMs, JUMP_MS);
    return now > this.#armedFor + jump || now < this.#lastNow - jump;
  }

  /** Voids what was under way, tells who is overdue, and scrapes all hosts again, spread like the first round. */
  #wakeUp(now: Ms): void {
    const { hosts, intervalMs } = this.#options;
    this.#lastNow = now;
    this.#armedFor = Infinity;
    this.#cancelAll();
    this.#agenda.clear();
    const late: number[] = [];
    for (const [host, slot] of this.#slots.entries()) {
      slot.aliveAt = Math.min(slot.aliveAt, now);
      slot.startedAt = -Infinity;
      this.#plan(host, now + stagger(host, hosts, intervalMs));
      if (slot.overdue) continue;
      if (now < slot.aliveAt + this.#patience) this.#watch(host);
      else {
        slot.overdue = true;
        late.push(host);
      }
    }
    for (const host of late) if (this.#running) this.#options.overdue(host);
  }

  #cancelAll(): void {
    this.#queue = [];
    this.#taken = 0;
    for (const [host, slot] of this.#slots.entries()) {
      const underWay = slot.state === 'active' || slot.state === 'parked';
      this.#release(slot);
      slot.serial++;
      if (underWay) this.#options.cancel(host);
    }
  }

  #arm(now: Ms): void {
    const at = this.#agenda.next;
    if (!this.#running || at === this.#armedFor) return;
    this.#disarm?.();
    this.#disarm = undefined;
    this.#armedFor = at;
    if (at === Infinity) return;
    this.#disarm = this.#options.clock.after(Math.max(0, at - now), () => {
      this.#disarm = undefined;
      this.#tick();
    });
  }
}
