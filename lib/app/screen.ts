/** State -> frame. Calls the open tab's `view`, catches its errors and passes everything to the chrome. Pure. */
import { clusterDerivation } from '../aggregate/cluster.js';
import { chromeTabRegion } from '../keys/global-layers.js';
import { activeBindings, type ActiveBinding } from '../keys/router.js';
import type { ActiveLayers } from './active-layers.js';
import { FILTER_HELP } from '../filter/filter-help.js';
import { KEY_SCOPES, type KeyScope, type TabRef } from '../plugin/types.js';
import { faultText, type AppState } from './state.js';
import { alertView, stripNote, type AlertPanel } from '../view/alert-panel.js';
import { bodySize, composeFrame, type Chrome, type Hint, type TabLabel } from '../view/chrome.js';
import { filterLine } from '../view/filter-line.js';
import type { ChartDrawer } from '../view/chart.js';
import { line, lines, span, type Block, type Frame, type Line, type RegionId, type Size, type View } from '../view/frame.js';
import { helpSections, helpView, keyText, type HelpSection } from '../view/help-overlay.js';
import { nodeMark } from '../view/node-marks.js';
import { pickerView } from '../view/picker-panel.js';
import { recordingChip, replayBar, timecodeLine } from '../view/replay-bar.js';
import { recordedClock } from '../text/timecode.js';
import { shortName } from '../view/short-names.js';
import { sortRegion } from '../view/table.js';
import { clock, titleParts } from '../view/title.js';
import type { Ms } from '../model/clock.js';

export interface ScreenInput {
  readonly size: Size;
  readonly layers: ActiveLayers;
  readonly source: string;
  /** Toasts and highlights use the wall clock, also in a replay. */
  readonly wallNow: Ms;
  readonly chips: readonly Line[];
  readonly charts?: ChartDrawer | undefined;
}

export interface Screen {
  readonly frame: Frame;
  readonly view: View;
  /** The space left for the view. */
  readonly size: Size;
}

/** Error boundary: an exception or an invalid result of a plugin's view becomes the content of its own pane. */
export function screen(state: AppState, input: ScreenInput): Screen {
  const { chips, bars } = surroundings(state, input.chips, input.size.cols);
  const size = bodySize(input.size, chips.length + bars.length);
  const chrome = chromeOf(state, { ...input, chips });
  const offered = activeBindings(input.layers.active(), state);
  const composed = (view: View): Screen => ({
    frame: composeFrame({ ...chrome, bars, hints: hintsOf(offered, regionsOf(view)) }, drawn(view, input.charts, size)),
    view,
    size,
  });
  const overlay = state.overlays.at(-1);
  if (overlay?.kind === 'help') return composed(helpScreen(state, input, overlay.top));
  if (overlay?.kind === 'alerts') return composed(alertView(alertPanelOf(state, overlay.top), size));
  if (overlay?.kind === 'picker')
    return composed(pickerView(overlay.matches.of(state, overlay.edited.text), state.tabs.length, overlay, state, size));
  try {
    return composed(tabView(state, size));
  } catch (error) {
    return composed(errorView(state.tab.plugin, faultText(error)));
  }
}

/**
 * What the core shows around the tab besides the fixed lines: chips, the filter line, and the line of a replay or of a time being typed.
 */
function surroundings(
  state: AppState,
  chips: readonly Line[],
  cols: number,
): { readonly chips: readonly Line[]; readonly bars: readonly Line[] } {
  const { replay, recording } = state;
  const overlay = state.overlays.at(-1);
  const bar = replay && (overlay?.kind === 'timecode' ? timecodeLine(overlay.text, overlay.problem, replay) : replayBar(replay, cols));
  const filter = filterLine(
    {
      edited: state.filtering.edited,
      problem: state.filtering.problem,
      committed: state.filtering.committed,
      pinned: state.pinned,
      mode: state.filtering.mode,
      counts: state.filtering.nodes?.counts(state.allNodes, state.versions.collector),
    },
    cols,
  );
  return { chips: recording ? [recordingChip(recording), ...chips] : chips, bars: [filter, bar].filter((one) => one !== undefined) };
}

/** The view with its charts rendered to cells. */
function drawn(view: View, charts: ChartDrawer | undefined, { cols }: Size): View {
  if (!view.blocks.some(({ kind }) => kind === 'chart')) return view;
  const blocks = view.blocks.map((block): Block => {
    const raster = block.kind === 'chart' ? charts?.draw(block.chart, { cols, rows: block.rows }) : undefined;
    return raster ? { kind: 'raster', raster } : block;
  });
  return { ...view, blocks };
}

/** The alert panel; in a replay, times are on the recorder's clock. */
export function alertPanelOf({ alerting, replay, domain }: AppState, top: number): AlertPanel {
  const { alerts, log, note } = alerting;
  const offset = replay?.offsetMinutes;
  return {
    active: alerts.active,
    log,
    note,
    enabled: alerts.enabled,
    top,
    domain,
    clock: (at) => (offset === undefined ? clock(at) : recordedClock(at, offset)),
  };
}

function chromeOf(state: AppState, { size, source, chips, wallNow }: ScreenInput): Omit<Chrome, 'hints'> {
  const { tabs } = state;
  return {
    size,
    title: titleParts(state.derive(clusterDerivation), {
      source,
      intervalMs: state.intervalMs,
      now: state.now,
      recordedOffset: state.replay?.offsetMinutes,
      kept: state.filtering.nodes?.counts(state.allNodes, state.versions.collector),
    }),
    // Only those on screen are evaluated.
    tabs: { length: tabs.length, at: (place) => tabs[place] && tabLabel(state, tabs[place]) },
    active: state.tabAt,
    tabNote: stripNote(state.down, state.alerting.alerts.onGpus, state.flashUntil > wallNow),
    chips,
    ...(state.toast ? { toast: span(state.toast.text, state.toast.tone) } : {}),
  };
}

const STRIP_NOTE =
  'In the tab strip: … waiting (no response yet, or not asked in time), ~ failing (the last scrape), ✕ down (3 missed scrapes) or drained by the scheduler: not counted in totals.';
const HELP_ORDER: readonly KeyScope[] = ['tab', 'global', 'replay', 'filter-edit'];

/** The help of the open tab: this tab's keys first, then those that work everywhere. */
export function helpOf(
  state: AppState,
  layers: ActiveLayers,
  full: Size,
  chips: readonly Line[],
): { sections: readonly HelpSection[]; notes: readonly string[]; size: Size } {
  const all = [...activeBindings(layers.active(false), state)].sort(
    (a, b) => HELP_ORDER.indexOf(a.layer.scope) - HELP_ORDER.indexOf(b.layer.scope),
  );
  const around = surroundings(state, chips, full.cols);
  const rows = around.chips.length + around.bars.length;
  return {
    sections: [...helpSections(all), ...FILTER_HELP],
    notes: [...(state.plugin(state.tab.plugin)?.notes ?? []), STRIP_NOTE],
    size: bodySize(full, rows),
  };
}

function helpScreen(state: AppState, input: ScreenInput, top: number): View {
  const { sections, notes, size } = helpOf(state, input.layers, input.size, input.chips);
  return helpView(sections, notes, top, size);
}

function tabView(state: AppState, size: Size): View {
  const plugin = state.plugin(state.tab.plugin);
  if (!plugin) return { blocks: [lines('', ' no tab to show')] };
  const ui = state.ui(state.tab);
  const fault = state.faults.get(plugin.id);
  if (!ui) return errorView(plugin.id, fault?.text ?? '');
  const view = plugin.view(ui.value, state, fault ? { ...size, rows: Math.max(0, size.rows - 1) } : size);
  return fault ? { ...view, chips: [line(span(` plugin ${plugin.id}: ${fault.text} `, 'chip-bad')), ...(view.chips ?? [])] } : view;
}

function errorView(plugin: string, message: string): View {
  const head = line(span(`  The plugin "${plugin}" failed.`, 'bad'));
  return {
    blocks: [
      lines(
        '',
        head,
        line(span(`  ${message}`, 'dim')),
        '',
        '  Other tabs are not affected. Please report the text above to the author of the plugin.',
      ),
    ],
  };
}

/** What the name of a node takes of the strip: the others are to be seen too. */
const MOST_NODE_TAB_COLS = 24;

function tabLabel(state: AppState, tab: TabRef): TabLabel {
  const node = tab.nodeId === undefined ? undefined : state.allNodes.get(tab.nodeId);
  const title = node ? shortName(tab.title, state.domain, MOST_NODE_TAB_COLS) : tab.title;
  return { title, region: chromeTabRegion(tab.plugin, tab.key), mark: node ? nodeMark(node) : '', host: node !== undefined };
}

/** The regions on screen, including those of sortable columns, since a table drops columns when space is short. */
const regionsOf = ({ blocks }: View): ReadonlySet<RegionId> =>
  new Set(
    blocks
      .flatMap((block) => (block.kind === 'lines' ? block.lines : []))
      .flatMap(({ spans }) => spans.flatMap(({ region }) => region ?? [])),
  );

/** One hint per binding, upper scopes first; keys for the two directions of an action share a hint if they share its text. */
function hintsOf(all: readonly ActiveBinding[], shown: ReadonlySet<RegionId>): readonly Hint[] {
  const found = new Map<string, Hint & { readonly scope: number }>();
  for (const { binding, layer, keys } of all) {
    if (binding.hint === undefined || (binding.sorts !== undefined && !shown.has(sortRegion(binding.sorts)))) continue;
    const label = binding.short ?? binding.label;
    const key = `${layer.title}\0${label}`;
    const first = keyText(keys[0]!);
    const known = found.get(key);
    if (known) found.set(key, { ...known, keys: `${known.keys}${first}`, priority: Math.min(known.priority, binding.hint) });
    else found.set(key, { keys: first, label, priority: binding.hint, scope: KEY_SCOPES.indexOf(layer.scope) });
  }
  return [...found.values()].sort((a, b) => a.scope - b.scope || a.priority - b.priority);
}
