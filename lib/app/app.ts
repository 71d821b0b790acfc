/** The composition root: connects state, loop, router, collector and painter. Effects are carried out here. */
import type { AlertChange } from '../alerts/alerts.js';
import type { AlertSettings } from '../alerts/rules.js';
import { alertSummary } from '../alerts/alert-text.js';
import { AppError } from '../errors.js';
import { CHROME } from '../keys/global-layers.js';
import type { FilterCommand } from '../filter/filter-state.js';
import { loadRegexEngine } from '../filter/regex.js';
import { eventName, type InputEvent } from '../keys/key-names.js';
import { route } from '../keys/router.js';
import { ActiveLayers } from './active-layers.js';
import { RenderLoop } from './render-loop.js';
import type { Collector, Delivery } from '../model/collector.js';
import type { RecordingSwitch, Replay } from '../model/replay.js';
import type { Effect, KeyContext, Step, TabPlugin } from '../plugin/types.js';
import { clean } from '../text/sanitize.js';
import { commandPicker, pickerQuery } from './picker.js';
import { ReplayController } from './replay-controller.js';
import { AppState, faultText } from './state.js';
import { alertLimit, alertOnScreen } from '../view/alert-panel.js';
import { hitTest } from '../view/cells.js';
import type { ChartDrawer } from '../view/chart.js';
import type { Frame, Line, Size, View } from '../view/frame.js';
import { helpLimit, keyText } from '../view/help-overlay.js';
import { alertPanelOf, helpOf, screen } from './screen.js';
import type { Clock, Ms } from '../model/clock.js';
import type { Save, SaveRequest } from '../model/sheet.js';
import type { Painter } from '../view/painter.js';

/** Duration of a toast. */
const TOAST_MS = 5000;
/** How long the alerts in the tab strip are highlighted after a new one. */
const FLASH_MS = 2000;
/** Refresh interval for ages and the clock of the title when nothing is delivered. */
const BEAT_MS = 1000;
/** A delay longer than this is not lag: the machine slept, or the process was stopped. */
const STOPPED_MS = 30_000;
const MAX_TOAST_BYTES = 200;
const MAX_COPIED_BYTES = 4096;

export interface AppParts {
  readonly plugins: readonly TabPlugin[];
  readonly collector: Collector;
  readonly painter: Painter;
  readonly clock: Clock;
  readonly save: Save;
  /** Memory of the process in bytes. */
  readonly memory?: () => number;
  /** Absent: charts stay blank. */
  readonly charts?: ChartDrawer;
  /** Permanent lines under the tab strip (demo). */
  readonly chips?: () => readonly Line[];
  /** What the lists of nodes contain that is merged or left out. */
  readonly startNotes?: readonly string[];
  /** The collector, if it has the past. */
  readonly replay?: Replay;
  /** The alert thresholds; absent: the defaults of all-smi. */
  readonly alerts?: AlertSettings;
  /** Rings the bell when an alert becomes critical. */
  readonly bell?: boolean;
  /** Called with alerts that are raised or resolved. */
  readonly onAlerts?: (changes: readonly AlertChange[]) => void;
  /** The source of user ids: notifies when ids are renumbered. */
  readonly onRenumbered?: (listen: () => void) => void;
  /** Absent: recording is not available here. */
  readonly recording?: RecordingSwitch;
}

/** Results of the last paint that keys need. */
interface Painted {
  readonly data: number;
  readonly frame: Frame;
  readonly size: Size;
  readonly view: View;
}

export class App {
  readonly state: AppState;
  readonly loop: RenderLoop;
  /** Resolves when the user has quit. */
  readonly quit: Promise<void>;
  readonly #parts: AppParts;
  readonly #layers: ActiveLayers;
  readonly #transport: ReplayController;
  #painted: Painted | undefined;
  #beat: (() => void) | undefined;
  readonly #startedAt: Ms;
  readonly #saving = new Set<Promise<void>>();
  #ended: () => void = () => undefined;

  constructor(parts: AppParts) {
    const { plugins, collector, painter, clock } = parts;
    this.#parts = parts;
    this.state = new AppState(plugins, collector.intervalMs, collector.nodes, parts.alerts);
    this.state.startNotes = parts.startNotes ?? [];
    this.#layers = new ActiveLayers(this.state);
    this.#transport = new ReplayController(parts, this.state, (text, tone) => {
      if (text !== undefined) this.#toast(text, tone);
      this.state.touch();
      this.loop.paced();
    });
    this.state.now = this.#transport.now();
    parts.onRenumbered?.(() => {
      this.state.forget();
    });
    this.#startedAt = clock.now();
    this.loop = new RenderLoop(clock, {
      stale: () => this.#painted?.data !== this.state.versions.data,
      ready: () => painter.ready(),
      paint: () => {
        this.#paint();
      },
      intervalMs: collector.intervalMs,
      playing: () => parts.replay?.status !== undefined,
    });
    this.quit = new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  /** Shows the first frame, then starts the collector. */
  start(): void {
    const { painter, collector } = this.#parts;
    painter.onInput((event) => {
      this.input(event);
    });
    painter.onResize(() => {
      this.#touch();
    });
    this.#parts.charts?.onReady(() => {
      this.#touch();
    });
    painter.onReady(() => {
      painter.redraw();
      this.#touch();
    });
    this.#paint();
    this.#tickBeat();
    collector.start((delivery) => {
      this.deliver(delivery);
    });
  }

  /** Stops collecting and painting after pending saves; the painter's owner closes the terminal. */
  async stop(): Promise<void> {
    this.loop.stop();
    this.#beat?.();
    await Promise.all([this.#parts.collector.stop(), this.#transport.stop(), ...this.#saving]);
  }

  deliver(delivery: Delivery): void {
    this.state.now = this.#transport.now();
    this.#applyEffects(this.state.deliver(delivery));
    if (delivery.kind === 'data') this.loop.paced();
    else this.loop.alert();
  }

  input(event: InputEvent): void {
    const name = eventName(event);
    if (name === undefined && event.type !== 'paste') return;
    this.state.now = this.#transport.now();
    const painted = this.#painted;
    const hit = event.type === 'mouse' && painted ? hitTest(painted.frame, event.x, event.y) : undefined;
    const context: KeyContext = {
      app: this.state,
      event,
      frame: {
        size: painted?.size ?? this.#parts.painter.size,
        pageRows: painted?.view.pageRows ?? 1,
        ...(hit === undefined ? {} : { hit }),
      },
    };
    const routed = route(name, this.#layers.active(), context, {
      ...(hit?.startsWith(CHROME) ? { from: 'global' } : {}),
      fault: (owner, error) => this.state.blame(owner, 'key', error),
    });
    switch (routed.kind) {
      case 'step':
        this.#applyEffects(routed.tab ? this.state.update(routed.tab, routed.step) : effectsOf(routed.step));
        break;
      case 'disabled':
        this.#toast(routed.reason, 'warn');
        break;
      case 'unbound':
        if (event.type === 'key') this.#toast(`${keyText(event.name)} does nothing here; ? lists the keys`, 'warn');
        break;
      case 'failed':
      case 'swallowed':
        break;
    }
    this.loop.key();
  }

  #paint(): void {
    const { painter, clock, collector, chips, charts } = this.#parts;
    this.state.now = this.#transport.now();
    this.state.sample();
    if (this.state.toast && this.state.toast.until <= clock.now()) this.state.toast = undefined;
    const shown = screen(this.state, {
      size: painter.size,
      layers: this.#layers,
      source: collector.source,
      wallNow: clock.now(),
      chips: chips?.() ?? [],
      charts,
    });
    this.#painted = { data: this.state.versions.data, ...shown };
    painter.paint(shown.frame);
    if (collector.want) collector.want(this.state.needs);
  }

  #applyEffects(effects: readonly Effect[]): void {
    for (const effect of effects) this.#applyEffect(effect);
  }

  /** The handler of each effect. An unknown type, from a newer plugin, does nothing. */
  readonly #handlers: { readonly [Type in Effect['type']]: (effect: Extract<Effect, { type: Type }>) => void } = {
    quit: () => this.#ended(),
    suspend: () => this.#parts.painter.suspend(),
    redraw: () => this.#parts.painter.redraw(),
    open: ({ plugin, key, show }) => {
      if (!this.state.open(plugin, key)) this.#toast('no such tab', 'warn');
      else if (show !== undefined) this.#applyEffects(this.state.send({ type: 'show', show }));
    },
    cycle: ({ by }) => this.state.cycle(by),
    filter: ({ command }) => this.#filter(command),
    pin: ({ user }) => this.state.filtering.pin(user),
    help: () => this.state.overlay({ open: { kind: 'help', top: 0 } }),
    copy: () => this.#copy(),
    alerts: () => this.state.overlay({ open: { kind: 'alerts', top: 0 } }),
    'announce-alerts': ({ changes }) => this.#announceAlerts(changes),
    close: () => this.state.overlay('close'),
    scroll: ({ by }) => this.#scroll(by),
    picker: ({ command }) => {
      const typed = command === 'go' ? pickerQuery(this.state) : undefined;
      if (typed === undefined || !this.#transport.goTo(typed)) commandPicker(this.state, command, this.#painted?.view.pageRows ?? 1);
    },
    replay: ({ command }) => this.#transport.command(command),
    timecode: ({ edit }) => this.#transport.edit(edit),
    record: () => this.#transport.record(),
    export: (effect) => this.#export(effect),
    toast: ({ text, tone }) => this.#toast(text, tone ?? 'accent'),
  };

  #applyEffect(effect: Effect): void {
    if (Object.hasOwn(this.#handlers, effect.type)) (this.#handlers[effect.type] as (effect: Effect) => void)(effect);
    this.state.touch();
  }

  /** Scrolls the open text. */
  #scroll(by: number): void {
    const overlay = this.state.overlays.at(-1);
    if (overlay?.kind !== 'help' && overlay?.kind !== 'alerts') return;
    const { sections, notes, size } = helpOf(this.state, this.#layers, this.#parts.painter.size, this.#parts.chips?.() ?? []);
    const limit = overlay.kind === 'help' ? helpLimit(sections, notes, size) : alertLimit(alertPanelOf(this.state, 0), size);
    const top = Math.max(0, Math.min(overlay.top + by, limit));
    this.state.overlay({ change: { ...overlay, top } });
  }

  /** Further messages are merged into the notice on screen; its duration is not extended. */
  #announceAlerts(changes: readonly AlertChange[]): void {
    const { clock, painter, bell, onAlerts } = this.#parts;
    const { toast } = this.state;
    const shown = toast?.alerts !== undefined && toast.until > clock.now() ? { until: toast.until, alerts: toast.alerts } : undefined;
    const alerts = [...(shown?.alerts ?? []), ...changes];
    const tone = alerts.some(({ to }) => to === 'crit') ? 'bad' : alerts.some(({ to }) => to === 'warn') ? 'warn' : 'accent';
    const { state } = this;
    this.state.toast = {
      // Written when it is painted: many nodes may raise alerts before that.
      get text() {
        return clean(alertSummary(alerts.map((change) => alertOnScreen(change, state.domain))), MAX_TOAST_BYTES);
      },
      tone,
      until: shown?.until ?? clock.now() + TOAST_MS,
      alerts,
    };
    if (tone !== 'accent') this.state.flashUntil = clock.now() + FLASH_MS;
    if (bell && changes.some(({ to }) => to === 'crit')) painter.bell();
    onAlerts?.(changes);
    this.state.touch();
    this.loop.alert();
  }

  #filter(command: FilterCommand): void {
    const { filtering } = this.state;
    filtering.command(command);
    // Few filters contain a regular expression: the engine is loaded when a filter input opens.
    if (command !== 'open') return;
    loadRegexEngine().then(
      () => {
        filtering.refresh();
        this.#touch();
      },
      (error: unknown) => this.#toast(`regular expressions cannot be used: ${faultText(error)}`, 'bad'),
    );
  }

  /** The selected row, including all of its lines; otherwise the subject of the view. */
  #copy(): void {
    const rows = (this.#painted?.frame.lines ?? []).filter(({ selected }) => selected === true);
    const text =
      rows.length > 0
        ? rows
            .map(({ copy, spans }) => copy ?? spans.map((part) => part.text).join(''))
            .filter((part) => part !== '')
            .join(' ')
        : (this.#painted?.view.copy ?? '');
    // Cell by cell: cleaning removes tabs.
    const cells = text.split('\t').map((cell) => clean(cell, MAX_COPIED_BYTES).trim());
    if (text === '') return this.#toast('nothing to copy here', 'warn');
    this.#parts.painter.copy(cells.join('\t'));
    this.#toast(
      `copied ${cells
        .filter((cell) => cell !== '')
        .slice(0, 3)
        .join(' ')}`,
      'accent',
    );
  }

  #export({ name, format, sheet }: SaveRequest): void {
    const { save } = this.#parts;
    // Plugins are not trusted: an invalid sheet is detected here.
    const saving = Promise.resolve()
      .then(() => save({ name, format, sheet }))
      .then(
        (path) => this.#toast(`saved ${path}`, 'accent'),
        (error: unknown) => this.#toast(error instanceof AppError ? error.message : faultText(error), 'bad'),
      )
      .finally(() => this.#saving.delete(saving));
    this.#saving.add(saving);
  }

  #toast(text: string, tone: 'accent' | 'warn' | 'bad'): void {
    this.state.toast = { text: clean(text, MAX_TOAST_BYTES), tone, until: this.#parts.clock.now() + TOAST_MS };
    this.#touch();
  }

  #touch(): void {
    this.state.touch();
    this.loop.soon();
  }

  #checkUp(late: Ms): void {
    const { painter, memory = residentBytes } = this.#parts;
    const lagMs = late > STOPPED_MS ? 0 : Math.max(0, late);
    const { frames, held } = this.loop.stats;
    this.state.health = {
      upMs: this.#parts.clock.now() - this.#startedAt,
      frames,
      framesHeld: held,
      lagMs,
      worstLagMs: Math.max(lagMs, this.state.health?.worstLagMs ?? 0),
      bytesWritten: painter.bytesWritten,
      memoryBytes: memory(),
      ...this.state.derivations.ran,
    };
  }

  #tickBeat(): void {
    const due = this.#parts.clock.now() + BEAT_MS;
    this.#beat = this.#parts.clock.after(BEAT_MS, () => {
      this.#checkUp(this.#parts.clock.now() - due);
      // Histories do not depend on how often a frame is painted.
      this.state.now = this.#transport.now();
      this.state.sample();
      this.state.touch();
      this.loop.paced();
      this.#tickBeat();
    });
  }
}

const effectsOf = ([, ...effects]: Step<unknown>): readonly Effect[] => effects;

/** Not known without /proc, or when no file can be opened. */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return NaN;
  }
}
