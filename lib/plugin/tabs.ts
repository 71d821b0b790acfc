import type { NodeList, TabPlugin, TabRef } from './types.js';

export const DEFAULT_ORDER = 50;

/** The identity of a tab: stays the same when its title changes. */
export function tabId(tab: TabRef): string {
  return `${tab.plugin}\0${tab.key}`;
}

/**
 * All tabs in the order of the strip. A plugin whose `tabs` throws, or does not return tabs, gets one tab that shows the error; the error
 * goes to `failed`.
 */
export function tabsOf(plugins: readonly TabPlugin[], nodes: NodeList, failed: (plugin: TabPlugin, error: unknown) => void): TabRef[] {
  const found: TabRef[] = [];
  for (const plugin of plugins) {
    try {
      found.push(...checkTabs(plugin, plugin.tabs(nodes)));
    } catch (error) {
      failed(plugin, error);
      found.push({ plugin: plugin.id, key: '', title: plugin.id });
    }
  }
  return found
    .map((tab, at) => ({ tab, at }))
    .sort((a, b) => (a.tab.order ?? DEFAULT_ORDER) - (b.tab.order ?? DEFAULT_ORDER) || a.at - b.at)
    .map(({ tab }) => tab);
}

function checkTabs({ id }: TabPlugin, tabs: unknown): readonly TabRef[] {
  if (!Array.isArray(tabs)) throw new TypeError('tabs: not a list');
  const keys = new Set<string>();
  for (const tab of tabs as unknown[]) {
    const { plugin, key, title, order } = Object(tab) as Partial<Record<keyof TabRef, unknown>>;
    if (plugin !== id || typeof key !== 'string' || typeof title !== 'string') throw new TypeError('tabs: not { plugin, key, title }');
    if (order !== undefined && !Number.isFinite(order)) throw new TypeError('tabs: the order is not a number');
    if (keys.has(key)) throw new TypeError(`tabs: duplicate key "${key}"`);
    keys.add(key);
  }
  return tabs as readonly TabRef[];
}
