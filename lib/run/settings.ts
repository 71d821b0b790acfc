/** The settings of a run: its sources, a tagged union, and its appearance. */
import type { Prices } from '../aggregate/prices.js';
import type { AlertSettings } from '../alerts/rules.js';
import type { ThemeName } from '../paint/theme.js';
import type { Ms } from '../model/clock.js';
import type { Dialects } from '../sources/dialects/dialects.js';
import type { HttpAccesses } from '../sources/http/http-accesses.js';
import type { Target } from '../sources/hostlists/targets.js';
import type { TargetChanges } from '../sources/hosts/http-collector.js';
import type { MachineOptions } from '../sources/local/machine.js';
import type { SshSettings } from '../sources/ssh/ssh-command.js';
import type { TabPlugin } from '../plugin/types.js';

/** How the local machine is read. */
export type MachineSettings = Pick<MachineOptions, 'nvidiaSmi' | 'procDir' | 'passwdFile' | 'redact' | 'owner'>;

/** Nodes that are scraped. */
interface Scraped {
  /** Processes belong to the accounts that run them, whatever person the nodes name. */
  readonly owner?: 'process';
  /** What other exporters call what is shown. Default: the dialects that are known. */
  readonly dialects?: Dialects | undefined;
}

/** Nodes that are scraped over HTTP. */
export interface HostsSource extends Scraped {
  readonly kind: 'hosts';
  readonly targets: readonly Target[];
  /** Lists that may change while the nodes are watched; `problems`: why one is not as it is now. */
  readonly changes?: TargetChanges & { problems(): readonly string[] };
  /** What was merged or dropped from the lists, one sentence each. */
  readonly notes: readonly string[];
  /** For the title of the screen: "hosts.csv", "3 hosts". */
  readonly title: string;
  readonly timeoutMs: Ms;
  /** Default: derived from the number of targets. */
  readonly intervalMs?: Ms;
  /** Credentials and certificates. Never shown. */
  readonly accesses?: HttpAccesses;
}

/** Nodes that are read over SSH, as the local machine is. */
export interface SshSource {
  readonly kind: 'ssh';
  readonly targets: readonly Target[];
  /** What was merged or dropped from the lists, one sentence each. */
  readonly notes: readonly string[];
  /** For the title of the screen. */
  readonly title: string;
  readonly machine: MachineSettings;
  readonly ssh: SshSettings;
  readonly timeoutMs: Ms;
  /** Default: derived from the number of targets. */
  readonly intervalMs?: Ms;
}

/** The local machine. */
export interface LocalSource {
  readonly kind: 'local';
  readonly machine: MachineSettings;
  /** Default 2 s. */
  readonly intervalMs?: Ms;
}

/** A simulated cluster inside the program. */
export interface DemoSource extends Scraped {
  readonly kind: 'demo';
  readonly timeoutMs: Ms;
  readonly intervalMs?: Ms;
}

/** A Prometheus-compatible server, which scrapes the nodes. */
export interface PrometheusSource extends Scraped {
  readonly kind: 'prometheus';
  readonly url: string;
  /** Label matchers that narrow everything. */
  readonly match?: string;
  /** The tenant, where the server has several. */
  readonly orgId?: string;
  readonly timeoutMs: Ms;
  /** Default: that of the server's scrapes. */
  readonly intervalMs?: Ms;
  /** Credentials and certificates. Never shown. */
  readonly accesses?: HttpAccesses;
  /** A time in the past, as typed; absent: the present. */
  readonly start?: string;
  /** Of playing the past. */
  readonly speed?: number;
}

/** A recording. */
export interface ReplaySource {
  readonly kind: 'replay';
  readonly files: readonly string[];
  /** Directory for copies and indexes of recordings. */
  readonly cache: string;
  /** As typed; absent: from the start. */
  readonly start?: string;
  readonly speed: number;
  readonly loop: boolean;
}

export type Source = HostsSource | SshSource | LocalSource | DemoSource | PrometheusSource | ReplaySource;
export type SourceKind = Source['kind'];

/** What the lists of nodes contain that is merged or left out, one sentence each: printed at the start, and on the Diagnosis tab. */
export const startNotes = (sources: readonly Source[]): readonly string[] =>
  sources.flatMap((source) => (source.kind === 'hosts' || source.kind === 'ssh' ? source.notes : []));

/** Kinds that provide their own nodes and cannot be combined with another source. */
export const STANDALONE: ReadonlySet<SourceKind> = new Set(['demo', 'prometheus', 'replay']);

/** The settings of a run of the viewer, all validated. */
export interface ViewSettings {
  /** At least one; several only if their kinds can be combined. */
  readonly sources: readonly Source[];
  /** What is asked for the jobs of the cluster: 'slurm', 'kube', paths of files. */
  readonly jobs: readonly string[];
  /** The team of a user; '' for none. */
  readonly teamOf?: (user: string) => string;
  /** In the order of registration. */
  readonly plugins: readonly TabPlugin[];
  readonly look: LookSettings;
  /** Shows only matching rows. The expression is parsed; a regular expression in it is compiled. */
  readonly filter?: string;
  /** Shows only this user. */
  readonly user?: string;
  readonly alerts: AlertSettings;
  /** What energy and GPU-hours cost. */
  readonly prices?: Prices;
  /** Ring the bell when an alert becomes critical. */
  readonly bell: boolean;
  /** Where alerts are sent. */
  readonly webhook?: URL;
}

export interface LookSettings {
  readonly theme: ThemeName | 'auto';
  /** Absent: derived from the locale. */
  readonly ascii?: boolean;
  readonly mouse: boolean;
}
