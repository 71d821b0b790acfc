/**
 * Decides when each node is scraped. Independent of the transport: it calls `begin`, and reads the result from the endpoint at `settle`. It
 * decides when an endpoint is retried and when it is overdue, and why if that is not the node's fault, and writes both to the endpoint. All times come from the injected clock.
 *
 * A node that answers is scraped on its own grid (`nextOnGrid`), one that fails after a backoff. A node never has two scrapes at once.
 */
import { AppError } from '../../errors.js';
import { TimerQueue } from './timer-queue.js';
import { backoff, nextOnGrid, stagger } from './pace.js';
import { isOverdue, overdueAfter, type Endpoint } from '../../model/endpoint.js';
import type { Clock, Ms } from '../../model/clock.js';

/** Maximum number of recent scrapes at once: limits CPU use. */
export const MAX_ACTIVE = 128;
/** Maximum number of all scrapes at once: limits sockets. */
export const MAX_OPEN = 1024;
/** After this time a scrape no longer counts as active, so that a hanging rack does not block the other nodes. */
const PARK_MS = 1000;

/** A timer later than this (or than an interval) means that the machine slept or the clock was set. */
const JUMP_MS = 2000;
const SUSPENDED = 'not scraped while this program was suspended, or the clock was set';

/**
 * `spread`: the first round takes an interval, as all others do. `at-once`: it starts at once, because a result is waited for. `one`:
 * that round is the only one.
 */
export type Rounds = 'spread' | 'at-once' | 'one';

export interface SchedulerOptions {
  /** Nodes are numbers here: indexes in this list, to which `add` appends. */
  readonly endpoints: readonly Endpoint[];
  readonly intervalMs: Ms;
  readonly clock: Clock;
  /** 0 <= x < 1. Default Math.random. */
  readonly random?: () => number;
  /** Starts a scrape; `settle` must follow, unless `cancel` comes first. */
  readonly begin: (node: number) => void;
  /** The scrape in progress is cancelled: its result must not be settled. */
  readonly cancel: (node: number) => void;
  /** The endpoint has become overdue; called once until it answers. */
  readonly overdue: (node: number) => void;
  /** Default 'spread'. */
  readonly rounds?: Rounds;
  readonly maxActive?: number;
  readonly maxOpen?: number;
}

interface Slot {
  state: 'idle' | 'queued' | 'active' | 'parked';
  /** Number of its scrapes so far: distinguishes an outdated entry of the agenda from a current one. */
  serial: number;
  /** A check whether it is overdue is scheduled. */
  watched: boolean;
  startedAt: Ms;
  /** When it last answered; before the first answer, the time of its first scrape. */
  aliveAt: Ms;
  /** It is not scraped any more. */
  gone: boolean;
}

interface Entry {
  readonly kind: 'due' | 'park' | 'check';
  readonly node: number;
  readonly serial: number;
}

const newSlot = (): Slot => ({ state: 'idle', serial: 0, watched: false, startedAt: -Infinity, aliveAt: 0, gone: false });

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #endpoints: Endpoint[];
  readonly #slots: Slot[];
  readonly #agenda = new TimerQueue<Entry>();
  #queue: number[] = [];
  /** Start of the queue: entries before it have been removed. */
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
    this.#endpoints = [...options.endpoints];
    this.#slots = options.endpoints.map(newSlot);
  }

  start(): void {
    const { intervalMs, rounds = 'spread' } = this.#options;
    const now = this.#options.clock.now();
    this.#running = true;
    this.#origin = now;
    this.#lastNow = now;
    for (const [node, slot] of this.#slots.entries()) {
      if (slot.gone) continue;
      slot.aliveAt = now + (rounds === 'spread' ? stagger(node, this.#slots.length, intervalMs) : 0);
      this.#plan(node, slot.aliveAt);
      if (rounds !== 'one') this.#watch(node);
    }
    this.#arm(now);
  }

  /** Cancels the scrapes in progress; nothing is called afterwards. */
  stop(): void {
    this.#running = false;
    this.#disarm?.();
    this.#agenda.clear();
    this.#cancelAll();
  }

  /** Another endpoint, which is scraped as soon as it is its turn. Returns its number. */
  add(endpoint: Endpoint): number {
    const node = this.#slots.length;
    const slot = newSlot();
    this.#endpoints.push(endpoint);
    this.#slots.push(slot);
    if (!this.#running) return node;
    const now = this.#options.clock.now();
    slot.aliveAt = now;
    this.#plan(node, now);
    this.#watch(node);
    this.#arm(now);
    return node;
  }

  /** `node` is not scraped any more; a scrape in progress is cancelled. Its number is not used again. */
  remove(node: number): void {
    const slot = this.#slots[node]!;
    const underWay = slot.state === 'active' || slot.state === 'parked';
    slot.gone = true;
    this.#release(slot);
    slot.serial++;
    if (underWay) this.#options.cancel(node);
    if (this.#running) this.#advance(this.#options.clock.now());
  }

  /** The scrape of `node` has ended, and its endpoint has the result. */
  settle(node: number): void {
    const now = this.#options.clock.now();
    const slot = this.#slots[node]!;
    const { intervalMs, rounds, random = Math.random } = this.#options;
    const endpoints = this.#endpoints;
    const { failures } = endpoints[node]!.status;
    this.#release(slot);
    if (failures === 0) slot.aliveAt = now;
    if (rounds === 'one') return this.#end(node, now);
    if (this.#jumped(now)) this.#wakeUp(now);
    else if (failures > 0) this.#plan(node, now + backoff(failures, intervalMs, random()));
    else this.#plan(node, nextOnGrid(node, endpoints.length, intervalMs, { origin: this.#origin, startedAt: slot.startedAt, now }));
    if (failures === 0 && !slot.watched) this.#watch(node);
    this.#advance(now);
  }

  /** No other scrape of `node` follows. */
  #end(node: number, now: Ms): void {
    this.#endpoints[node]!.setStatus({ nextTryAt: undefined });
    this.#advance(now);
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

  #handle({ kind, node, serial }: Entry, now: Ms): void {
    const slot = this.#slots[node]!;
    if (slot.gone) return;
    if (kind === 'check') this.#check(node, now);
    else if (serial !== slot.serial) return;
    else if (kind === 'due') {
      slot.state = 'queued';
      this.#queue.push(node);
    } else if (slot.state === 'active') {
      slot.state = 'parked';
      this.#active--;
    }
  }

  #check(node: number, now: Ms): void {
    const slot = this.#slots[node]!;
    if (!isOverdue(slot.aliveAt, this.#refreshOf(node), now)) return this.#watch(node);
    slot.watched = false;
    const endpoint = this.#endpoints[node]!;
    if (endpoint.status.phase !== 'failing' && !this.#wasAsked(slot, now)) this.#notScraped(node, now, this.#turnText());
    else endpoint.setStatus({ overdue: true });
    this.#options.overdue(node);
  }

  /** Whether the node had time to answer: not while it waits for other scrapes to end, nor shortly after. */
  #wasAsked({ state, startedAt }: Slot, now: Ms): boolean {
    return (state === 'active' || state === 'parked') && now - startedAt >= this.#options.intervalMs;
  }

  #turnText(): string {
    const { maxActive = MAX_ACTIVE, maxOpen = MAX_OPEN } = this.#options;
    return `waiting for its turn: nodes are scraped ${Math.min(maxActive, maxOpen)} at a time`;
  }

  #notScraped(node: number, at: Ms, reason: string): void {
    const { code, message: text } = new AppError('S_NOT_SCRAPED', { reason });
    this.#endpoints[node]!.notScraped({ at, error: { code, text } });
  }

  #pump(now: Ms): void {
    const { maxActive = MAX_ACTIVE, maxOpen = MAX_OPEN, begin } = this.#options;
    while (this.#running && this.#taken < this.#queue.length && this.#active < maxActive && this.#open < maxOpen) {
      const node = this.#queue[this.#taken++]!;
      const slot = this.#slots[node]!;
      if (slot.gone) continue;
      slot.state = 'active';
      slot.serial++;
      slot.startedAt = now;
      this.#active++;
      this.#open++;
      this.#agenda.add(now + PARK_MS, { kind: 'park', node, serial: slot.serial });
      begin(node);
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

  #plan(node: number, at: Ms): void {
    this.#endpoints[node]!.setStatus({ nextTryAt: at });
    this.#agenda.add(at, { kind: 'due', node, serial: this.#slots[node]!.serial });
  }

  #watch(node: number): void {
    const slot = this.#slots[node]!;
    slot.watched = true;
    this.#agenda.add(slot.aliveAt + overdueAfter(this.#refreshOf(node)), { kind: 'check', node, serial: 0 });
  }

  /** The time between two answers that can differ. */
  #refreshOf(node: number): Ms {
    return Math.max(this.#options.intervalMs, this.#endpoints[node]!.refreshMs);
  }

  /** The machine slept, the process was stopped, or the clock was set: all scheduled times are invalid. */
  #jumped(now: Ms): boolean {
    const jump = Math.max(this.#options.intervalMs, JUMP_MS);
    return now > this.#armedFor + jump || now < this.#lastNow - jump;
  }

  /** Cancels the scrapes in progress, reports overdue nodes, and scrapes all nodes again, spread like the first round. */
  #wakeUp(now: Ms): void {
    const { intervalMs } = this.#options;
    const endpoints = this.#endpoints;
    this.#lastNow = now;
    this.#armedFor = Infinity;
    this.#cancelAll();
    this.#agenda.clear();
    const late: number[] = [];
    for (const [node, slot] of this.#slots.entries()) {
      if (slot.gone) continue;
      slot.aliveAt = Math.min(slot.aliveAt, now);
      slot.startedAt = -Infinity;
      this.#plan(node, now + stagger(node, endpoints.length, intervalMs));
      slot.watched = false;
      if (endpoints[node]!.status.overdue) continue;
      if (!isOverdue(slot.aliveAt, this.#refreshOf(node), now)) this.#watch(node);
      else {
        this.#notScraped(node, now, SUSPENDED);
        late.push(node);
      }
    }
    for (const node of late) if (this.#running) this.#options.overdue(node);
  }

  #cancelAll(): void {
    this.#queue = [];
    this.#taken = 0;
    for (const [node, slot] of this.#slots.entries()) {
      const underWay = slot.state === 'active' || slot.state === 'parked';
      this.#release(slot);
      slot.serial++;
      if (underWay) this.#options.cancel(node);
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
