import type { HostList, TabPlugin, TabRef } from './plugin.js';

export const DEFAULT_ORDER = 50;

/** The identity of a tab: titles change, this does not. */
export function tabId(tab: TabRef): string {
  return `${tab.plugin}\0${tab.key}`;
}

/** All tabs in the order of the strip. A plugin whose `tabs` throws has none; its error comes back through `failed`. */
export function tabsOf(plugins: readonly TabPlugin[], hosts: HostList, failed?: (plugin: TabPlugin, error: unknown) => void): TabRef[] {
  const found: TabRef[] = [];
  for (const plugin of plugins) {
    try {
      found.push(...plugin.tabs(hosts));
    } catch (error) {
      failed?.(plugin, error);
    }
  }
  return found
    .map((tab, at) => ({ tab, at }))
    .sort((a, b) => (a.tab.order ?? DEFAULT_ORDER) - (b.tab.order ?? DEFAULT_ORDER) || a.at - b.at)
    .map(({ tab }) => tab);
}
