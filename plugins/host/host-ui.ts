/** The UI state of a node's tab. */
import type { TableState, AppView, HostView } from '../../lib/index.js';

export interface HostUi {
  readonly hostId: string;
  readonly table: TableState;
  /** Also the processes that are on no GPU. */
  readonly showAll: boolean;
  /** All that is known of the host instead of its processes. */
  readonly details: boolean;
  /** First line of that. */
  readonly top: number;
}

export const hostOf = (ui: HostUi, app: AppView): HostView | undefined => app.hosts.get(ui.hostId);

/** Where there is no GPU the others are all there is. */
export const showsAll = (ui: HostUi, host: HostView): boolean => ui.showAll || host.gpus.slots === 0;
