/** Nodes that come and go: the lists of --hosts-from. Files are read again when they change, addresses once a minute. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError, readReason } from '../../errors.js';
import type { Clock, Ms } from '../../model/clock.js';
import { clean } from '../../text/sanitize.js';
import { fileSignature, readTextFile } from '../files/text-file.js';
import type { TargetChanges } from '../hosts/http-collector.js';
import { HttpClient } from '../hosts/request.js';
import type { HttpAccesses } from '../http/http-accesses.js';
import { addDiscovered, type DiscoveryOptions } from './service-discovery.js';
import { TargetList, type Target, type TargetNote } from './targets.js';

/** How often files are looked at; network file systems do not tell of changes. */
const FILE_MS: Ms = 5000;
/** As Prometheus does. */
const URL_MS: Ms = 60_000;
const MAX_BYTES = 10 * 2 ** 20;
const MAX_FILES = 1000;

export interface DiscoveredOptions {
  readonly clock: Clock;
  /** For lists that are asked for. */
  readonly accesses: HttpAccesses;
  readonly timeoutMs: Ms;
  /** Targets on the same host are endpoints of one node. */
  readonly byHost: boolean;
  /** The nodes that stay. Default: none. */
  readonly fixed?: TargetList;
}

/** An entry of a list. */
interface Entry {
  readonly address: string;
  readonly note: TargetNote;
}

/** One list: a file, several, or an address. */
interface ListSource {
  readonly name: string;
  readonly everyMs: Ms;
  /** Undefined: as it was. Rejects with AppError. */
  read(): Promise<readonly Entry[] | undefined>;
}

interface State {
  readonly source: ListSource;
  entries: readonly Entry[];
  /** Why the entries are those of an earlier time. */
  problem: string;
}

export class DiscoveredHosts implements TargetChanges {
  readonly #options: DiscoveredOptions;
  readonly #client: HttpClient;
  readonly #states: readonly State[];
  readonly #timers = new Map<State, () => void>();
  #changed: ((targets: readonly Target[]) => void) | undefined;

  /** Reads nothing yet. `names`: files, patterns like `targets/*.json`, or addresses. */
  private constructor(names: readonly string[], options: DiscoveredOptions) {
    this.#options = options;
    this.#client = new HttpClient({ ...options, maxBodyBytes: MAX_BYTES, accept: 'application/json', headers: REFRESH });
    this.#states = names.map((name) => ({ source: this.#sourceOf(name), entries: [], problem: '' }));
  }

  /** Reads all lists. Throws `E_HOSTS_FROM`, or what a wrong address throws. */
  static async open(names: readonly string[], options: DiscoveredOptions): Promise<DiscoveredHosts> {
    const hosts = new DiscoveredHosts(names, options);
    await Promise.all(hosts.#states.map(async (state) => void (state.entries = (await state.source.read()) ?? [])));
    return hosts;
  }

  /** All nodes, with those of the lists as these could last be read. Throws `E_HOSTS_TOO_MANY`. */
  get targets(): readonly Target[] {
    return (this.#options.fixed ?? new TargetList()).with(this.list).targets;
  }

  /** Of the lists only. */
  get list(): TargetList {
    const list = new TargetList('--hosts-from');
    for (const { entries } of this.#states) for (const { address, note } of entries) list.add(address, note);
    return list;
  }

  /** A sentence for each list that cannot be read now. */
  problems(): readonly string[] {
    return this.#states.flatMap(({ problem }) => (problem === '' ? [] : [problem]));
  }

  /** Calls `changed` with all nodes when a list has changed. */
  start(changed: (targets: readonly Target[]) => void): void {
    this.#changed = changed;
    for (const state of this.#states) this.#wait(state);
  }

  stop(): void {
    this.#changed = undefined;
    for (const cancel of this.#timers.values()) cancel();
    this.#client.close();
  }

  #wait(state: State): void {
    this.#timers.set(
      state,
      this.#options.clock.after(state.source.everyMs, () => void this.#read(state)),
    );
  }

  async #read(state: State): Promise<void> {
    const before = state.entries;
    try {
      const entries = await state.source.read();
      state.entries = entries ?? before;
      // What cannot be a list of nodes is not used at all: a part of it would look like a smaller cluster.
      if (entries) this.#check(state, before);
      state.problem = '';
    } catch (error) {
      state.entries = before;
      state.problem = `${error instanceof AppError ? error.message : clean(String(error), 200)}; the last good list is used`;
    }
    if (this.#changed === undefined) return;
    this.#wait(state);
    if (state.entries !== before) this.#changed(this.targets);
  }

  #check(state: State, before: readonly Entry[]): void {
    try {
      void this.targets;
    } catch (error) {
      state.entries = before;
      throw error;
    }
  }

  #sourceOf(name: string): ListSource {
    return /^https?:\/\//i.test(name) ? this.#urlSource(name) : new FileLists(name, this.#options);
  }

  #urlSource(address: string): ListSource {
    const url = new URL(address);
    // The address of a server alone: its targets.
    if (url.pathname === '/' && url.search === '') url.href = new URL('/api/v1/targets?state=active', url).href;
    const name = clean(`${url.protocol}//${url.host}${url.pathname}`, 200);
    const parser = new ListParser(name, { byHost: this.#options.byHost });
    return {
      name,
      everyMs: URL_MS,
      read: async () => {
        const chunks: Uint8Array[] = [];
        try {
          const access = await this.#options.accesses.of();
          await this.#client.get(url.href, access, (chunk) => void chunks.push(chunk.slice()), new AbortController().signal);
        } catch (error) {
          throw error instanceof AppError ? failed(name, error.message) : error;
        }
        const text = Buffer.concat(chunks).toString('utf8');
        // http_sd is JSON; a reader of YAML is slow enough to be kept busy from elsewhere.
        if (!/^\s*[[{]/.test(text)) throw failed(name, 'the answer is not JSON');
        return parser.parse(text);
      },
    };
  }
}

const REFRESH = { 'x-prometheus-refresh-interval-seconds': String(URL_MS / 1000) };

const failed = (name: string, reason: string, cause?: unknown): AppError =>
  new AppError('E_HOSTS_FROM', { source: name, reason: clean(reason, 200) }, { cause });

/** Turns the text of a list into its entries. */
class ListParser {
  readonly #name: string;
  readonly #options: Pick<DiscoveryOptions, 'byHost' | 'httpConfigAt'>;

  constructor(name: string, options: Pick<DiscoveryOptions, 'byHost' | 'httpConfigAt'>) {
    this.#name = name;
    this.#options = options;
  }

  async parse(text: string): Promise<readonly Entry[]> {
    const entries: Entry[] = [];
    const faulty = (where: string, reason: string): AppError => failed(`${this.#name}, ${where}`, reason);
    // A file that is being written may be empty for a moment; an empty list is [].
    if (text.trim() === '') throw failed(this.#name, 'is empty');
    await addDiscovered(text, {
      ...this.#options,
      faulty,
      add: (where, address, note) => {
        try {
          new TargetList().add(address, note);
        } catch (error) {
          if (error instanceof AppError && error.code === 'E_HOST_BAD')
            throw faulty(where, `"${error.params.host}": ${error.params.reason}`);
          throw error;
        }
        entries.push({ address, note });
      },
    });
    return entries;
  }
}

/** A file, or all files of a directory whose names fit a pattern. */
class FileLists implements ListSource {
  readonly name: string;
  readonly everyMs = FILE_MS;
  readonly #path: string;
  readonly #byHost: boolean;
  #signature = '';

  constructor(path: string, { byHost }: DiscoveredOptions) {
    this.name = clean(path, 200);
    this.#path = path;
    this.#byHost = byHost;
  }

  async read(): Promise<readonly Entry[] | undefined> {
    const files = await this.#files();
    const signature = (
      await Promise.all(
        files.map(async (file) => `${file} ${await fileSignature(file, (reason, cause) => failed(clean(file, 200), reason, cause))}`),
      )
    ).join('\n');
    if (signature === this.#signature) return undefined;
    const all: Entry[] = [];
    for (const file of files) {
      const name = clean(file, 200);
      const text = await readTextFile(file, MAX_BYTES, (reason, cause) => failed(name, reason, cause));
      const httpConfigAt = (config: string): string => resolve(dirname(file), config);
      all.push(...(await new ListParser(name, { byHost: this.#byHost, httpConfigAt }).parse(text)));
    }
    this.#signature = signature;
    return all;
  }

  async #files(): Promise<readonly string[]> {
    const [directory, pattern] = [dirname(this.#path), basename(this.#path)];
    if (!/[*?]/.test(pattern)) return [this.#path];
    const parts = pattern
      .split(/([*?])/)
      .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : part.replace(/[\\^$.|+()[\]{}]/g, '\\$&')));
    const fits = new RegExp(`^${parts.join('')}$`);
    const names = await readdir(directory).catch((error: unknown) => {
      throw failed(this.name, readReason(error), error);
    });
    // Hidden files are those that an editor or a mount puts there.
    const found = names.filter((name) => fits.test(name) && !name.startsWith('.')).sort();
    if (found.length === 0) throw failed(this.name, 'no file has such a name');
    if (found.length > MAX_FILES) throw failed(this.name, `more than ${MAX_FILES} files`);
    return found.map((name) => join(directory, name));
  }
}
