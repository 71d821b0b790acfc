import type { AlertSettings } from '../alerts/rules.js';
import type { MachineOptions } from '../sources/local/machine.js';
import type { Target } from '../sources/hostlists/targets.js';
import type { ThemeName } from '../paint/theme.js';
import type { TabPlugin } from '../plugin/types.js';
import type { Ms } from '../model/clock.js';

/** How the machine that the program runs on is read. */
export type MachineSettings = Pick<MachineOptions, 'nvidiaSmi' | 'procDir' | 'passwdFile' | 'redact'>;

/** A recording to be played. */
export interface ReplaySettings {
  readonly files: readonly string[];
  /** Folder for copies and indexes of recordings. */
  readonly cache: string;
  /** As it was typed; absent: from the start. */
  readonly start?: string;
  readonly speed: number;
  readonly loop: boolean;
}

/** What a run of the viewer is to be; everything in it has been checked. */
export interface ViewSettings {
  /** Watch the embedded made-up cluster instead of `targets`, and say so on screen. */
  readonly demo: boolean;
  readonly targets: readonly Target[];
  /** Watch the machine that the program runs on instead of `targets`. */
  readonly local?: MachineSettings;
  /** Play a recording instead. */
  readonly replay?: ReplaySettings;
  /** For the title: "hosts.csv", "3 hosts". */
  readonly source: string;
  /** In the order of their registration. */
  readonly plugins: readonly TabPlugin[];
  readonly timeoutMs: Ms;
  /** Default: by the number of hosts. */
  readonly intervalMs?: Ms;
  /** For the Authorization header. Never shown. */
  readonly token?: string;
  readonly look: LookSettings;
  /** Shown is only what it keeps. It has been parsed; a regular expression in it has been compiled. */
  readonly filter?: string;
  /** Shown is only what is of this user. */
  readonly user?: string;
  readonly alerts: AlertSettings;
  /** Ring when something becomes critical. */
  readonly bell: boolean;
  /** Where alerts are sent. */
  readonly webhook?: URL;
}

export interface LookSettings {
  readonly theme: ThemeName | 'auto';
  /** Absent: as the locale says. */
  readonly ascii?: boolean;
  readonly mouse: boolean;
}
