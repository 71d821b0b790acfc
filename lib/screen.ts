/** State -> picture. Calls the open tab's `view` behind its wall and hands everything to chrome. Pure. */
import { clusterDerivation } from './aggregate/cluster.js';
import { chromeTabRegion } from './keys/layers.js';
import { offers, type Offer } from './keys/router.js';
import { counted, type HostView } from './model/host.js';
import type { Rung, TabRef } from './plugin.js';
import type { AppState } from './state.js';
import { bodySize, composeFrame, type Hint, type TabLabel } from './view/chrome.js';
import { lines, line, span, type Frame, type Line, type Size, type View } from './view/frame.js';
import { helpSections, helpView, keyText, type HelpSection } from './view/help.js';
import { titleParts } from './view/title.js';
import { tabId } from './tabs.js';
import { activeLayers } from './ladder.js';

export interface ScreenInput {
  readonly size: Size;
  readonly offers: readonly Offer[];
  readonly source: string;
  readonly chips: readonly Line[];
}

export function screen(state: AppState, input: ScreenInput): { readonly frame: Frame; readonly view: View; readonly size: Size } {
  const size = bodySize(input.size, input.chips.length);
  const view = state.overlays.length > 0 ? helpScreen(state, input) : tabView(state, size);
  const active = tabId(state.tab);
  const frame = composeFrame(
    {
      size: input.size,
      title: titleParts(state.derive(clusterDerivation), { source: input.source, intervalMs: state.intervalMs, now: state.now }),
      tabs: state.tabs.map((tab) => tabLabel(state, tab)),
      active: state.tabs.findIndex((tab) => tabId(tab) === active),
      tabNote: downNote(state.hosts),
      chips: input.chips,
      hints: hintsOf(input.offers),
      ...(state.toast ? { toast: span(state.toast.text, state.toast.tone) } : {}),
    },
    view,
  );
  return { frame, view, size };
}

const HELP_ORDER: readonly Rung[] = ['tab', 'global', 'replay', 'filter-edit'];

/** What the help of the open tab says: this tab's keys first, then those that work everywhere. */
export function helpOf(
  state: AppState,
  full: Size,
  chips: number,
): { sections: readonly HelpSection[]; notes: readonly string[]; size: Size } {
  const all = [...offers(activeLayers(state, false), state)].sort(
    (a, b) => HELP_ORDER.indexOf(a.layer.rung) - HELP_ORDER.indexOf(b.layer.rung),
  );
  return { sections: helpSections(all), notes: state.plugin(state.tab.plugin)?.notes ?? [], size: bodySize(full, chips) };
}

function helpScreen(state: AppState, input: ScreenInput): View {
  const { sections, notes, size } = helpOf(state, input.size, input.chips.length);
  return helpView(sections, notes, state.overlays.at(-1)?.top ?? 0, size.cols, size.rows);
}

/** The wall: what a plugin throws becomes the content of its own pane. */
function tabView(state: AppState, size: Size): View {
  const plugin = state.plugin(state.tab.plugin);
  if (!plugin) return { blocks: [lines('', ' no tab to show')] };
  const earlier = state.broken.get(plugin.id);
  try {
    const view = plugin.view(state.ui(state.tab), state, size);
    return earlier === undefined
      ? view
      : { ...view, chips: [line(span(` plugin ${plugin.id}: ${earlier} `, 'chip-bad')), ...(view.chips ?? [])] };
  } catch (error) {
    const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return {
      blocks: [
        lines(
          '',
          line(span(`  the tab "${plugin.id}" failed to draw itself`, 'bad')),
          line(span(`  ${said}`, 'dim')),
          '',
          '  The other tabs go on. Its author should see this text.',
        ),
      ],
    };
  }
}

function tabLabel(state: AppState, tab: TabRef): TabLabel {
  const host = tab.hostId === undefined ? undefined : state.hosts.get(tab.hostId);
  return { title: tab.title, region: chromeTabRegion(tab.plugin, tab.key), mark: host ? hostMark(host) : '', host: host !== undefined };
}

/** `…` not answered yet, `✕` down (not counted), `~` the last scrape failed but its data still counts; '' well. */
export function hostMark(host: HostView): '' | '…' | '✕' | '~' {
  if (host.status.phase === 'waiting') return '…';
  if (!counted(host)) return '✕';
  return host.status.phase === 'failing' ? '~' : '';
}

function downNote(hosts: Iterable<HostView>): string {
  let down = 0;
  for (const host of hosts) if (hostMark(host) === '✕') down++;
  return down === 0 ? '' : `${down} down ✕`;
}

/** One hint a binding; keys that belong together (Left, Right) share one when they share a short label. */
function hintsOf(all: readonly Offer[]): readonly Hint[] {
  const found = new Map<string, Hint>();
  for (const { binding, layer, keys } of all) {
    if (binding.hint === undefined) continue;
    const label = binding.short ?? binding.label;
    const key = `${layer.title}\0${label}`;
    const first = keyText(keys[0]!);
    const known = found.get(key);
    found.set(
      key,
      known
        ? { ...known, keys: `${known.keys}${first}`, priority: Math.min(known.priority, binding.hint) }
        : { keys: first, label, priority: binding.hint },
    );
  }
  return [...found.values()];
}
