/** What a run is to be: its sources, a tagged union, and how it looks. */
import type { AlertSettings } from '../alerts/rules.js';
import type { ThemeName } from '../paint/theme.js';
import type { Ms } from '../model/clock.js';
import type { Target } from '../sources/hostlists/targets.js';
import type { MachineOptions } from '../sources/local/machine.js';
import type { TabPlugin } from '../plugin/types.js';

/** How the machine that the program runs on is read. */
export type MachineSettings = Pick<MachineOptions, 'nvidiaSmi' | 'procDir' | 'passwdFile' | 'redact'>;

/** Nodes that are scraped over HTTP. */
export interface HostsSource {
  readonly kind: 'hosts';
  readonly targets: readonly Target[];
  /** What of the lists was merged or left out, a sentence each. */
  readonly notes: readonly string[];
  /** For the title of the screen: "hosts.csv", "3 hosts". */
  readonly title: string;
  readonly timeoutMs: Ms;
  /** Default: by the number of targets. */
  readonly intervalMs?: Ms;
  /** For the Authorization header. Never shown. */
  readonly token?: string;
  /** Whether the token is sent to http:// addresses too. */
  readonly tokenOverHttp?: boolean;
}

/** The machine that the program runs on. */
export interface LocalSource {
  readonly kind: 'local';
  readonly machine: MachineSettings;
  /** Default 2 s. */
  readonly intervalMs?: Ms;
}

/** A made-up cluster inside the program. */
export interface DemoSource {
  readonly kind: 'demo';
  readonly timeoutMs: Ms;
  readonly intervalMs?: Ms;
}

/** A recording. */
export interface ReplaySource {
  readonly kind: 'replay';
  readonly files: readonly string[];
  /** Folder for copies and indexes of recordings. */
  readonly cache: string;
  /** As it was typed; absent: from the start. */
  readonly start?: string;
  readonly speed: number;
  readonly loop: boolean;
}

export type Source = HostsSource | LocalSource | DemoSource | ReplaySource;
export type SourceKind = Source['kind'];

/** Kinds that bring nodes of their own and cannot be combined with another source. */
export const STANDALONE: ReadonlySet<SourceKind> = new Set(['demo', 'replay']);

/** What a run of the viewer is to be; everything in it has been checked. */
export interface ViewSettings {
  /** At least one; several only of kinds that can be combined. */
  readonly sources: readonly Source[];
  /** In the order of their registration. */
  readonly plugins: readonly TabPlugin[];
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
