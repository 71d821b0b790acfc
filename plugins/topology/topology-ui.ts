/** The UI state of the Topology tab. */
import type { AppView, HostView } from '../../lib/index.js';

export interface TopologyUi {
  /** Chosen here; '' is the node whose tab was open last, else the first one with a GPU. */
  readonly hostId: string;
  readonly matrix: boolean;
  readonly top: number;
}

export function hostOf({ hostId }: TopologyUi, app: AppView): HostView | undefined {
  const chosen = app.hosts.get(hostId || (app.lastHost ?? ''));
  if (chosen) return chosen;
  for (const host of app.hosts) if (host.gpus.count > 0) return host;
  return undefined;
}
