/** A machine at the other end of a connection, as the readers of local mode see one. */
import type { NodeDisk } from '../../model/sample.js';
import type { Clock, Ms } from '../../model/clock.js';
import type { Access, SystemNames } from '../local/access.js';
import { MAX_OUTPUT, type Command, type Programs } from '../local/child.js';
import type { MachineFiles, Wanted } from '../local/files.js';
import { OneChild } from '../local/one-child.js';
import type { Greeting } from './node-script.js';
import type { Session } from './session.js';

export interface RemoteOptions {
  readonly clock: Clock;
  readonly session: Session;
  readonly greeting: Greeting;
  readonly nvidiaSmi: string;
  readonly procDir: string;
}

/** How often what changes slowly is sent: as often as the readers use it. */
const SLOW_MS: Ms = 30_000;
const TIMEOUT_MS: Ms = 5_000;

const GETENT = 'getent';

export function remoteAccess({ clock, session, greeting, nvidiaSmi, procDir }: RemoteOptions): Access {
  const files = new RemoteFiles(clock, session, procDir);
  const { hostname, os, arch } = greeting;
  const system: SystemNames = { hostname, os, arch };
  const programs: Programs = {
    find(name) {
      if (name === nvidiaSmi) return (files.hasNvidiaSmi ?? greeting.hasNvidiaSmi) ? name : undefined;
      return name === GETENT && greeting.hasGetent ? name : undefined;
    },
    start: (command, onOutput) => session.start(requestOf(command), onOutput),
  };
  return { programs, files, system };
}

/** The script knows the programs; it takes only their arguments. `getent passwd 0 1000` is `names 0 1000`. */
function requestOf({ file, args, byLine }: Command): string {
  return file === GETENT ? ['names', ...args.slice(1)].join(' ') : [byLine ? 'smi_loop' : 'smi', ...args].join(' ');
}

/** Every answer of the script as text, by the name of the file that it is of. */
type Sections = ReadonlyMap<string, readonly string[]>;

class RemoteFiles implements MachineFiles {
  readonly #procDir: string;
  readonly #clock: Clock;
  /** Of each kind one at a time. */
  readonly #jobs: Readonly<Record<Wanted | 'disks', OneChild>>;
  /** What is not sent each time. */
  readonly #slow = new Map<string, readonly string[]>();
  #state: Sections = new Map();
  #texts: Sections = new Map();
  #devices: Sections = new Map();
  #slowAt: Ms = -Infinity;
  #flags: ReadonlySet<string> = new Set();
  /** The last answer was not complete. */
  #isCut = false;
  /** Processes at which an answer stopped: asked about last. */
  readonly #stuck = new Set<number>();

  constructor(clock: Clock, session: Session, procDir: string) {
    this.#clock = clock;
    this.#procDir = procDir;
    const programs: Programs = {
      find: (name) => name,
      start: ({ file, args }, onOutput) => session.start([file, ...args].join(' '), onOutput),
    };
    const job = (): OneChild => new OneChild(clock, TIMEOUT_MS, programs);
    this.#jobs = { state: job(), texts: job(), devices: job(), disks: job() };
  }

  /** Undefined: not known yet. */
  get hasNvidiaSmi(): boolean | undefined {
    return this.#slowAt === -Infinity ? undefined : this.#flags.has('nvidia-smi');
  }

  async fetch(wanted: Wanted, pids: readonly number[]): Promise<void> {
    if (wanted === 'state') await this.#fetchState(pids);
    else if (pids.length > 0 && wanted === 'texts') await this.#fetchTexts(pids);
    else if (pids.length > 0) this.#devices = (await this.#ask('devices', pids.map(String))).sections;
  }

  text(path: string): string {
    const lines = this.#lines(path);
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }

  start(path: string, maxBytes: number): Promise<Uint8Array> {
    return new Promise((resolve) => {
      resolve(Buffer.from(this.#raw(path)).subarray(0, maxBytes));
    });
  }

  list(path: string): readonly string[] {
    return this.#links(path).map(({ name }) => name);
  }

  link(path: string): string {
    const [directory, name] = [path.replace(/\/[^/]*$/, ''), path.replace(/^.*\//, '')];
    const [target] = this.#known(path) ?? this.#links(directory).filter((link) => link.name === name).map((link) => link.target); // prettier-ignore
    if (target === undefined) throw missing('ENOENT');
    return target;
  }

  /** Only whether the directory of processes is that of a kernel is asked for. */
  exists(path: string): boolean {
    return this.#flags.has(this.#nameOf(path));
  }

  async disks(mountPoints: readonly string[]): Promise<readonly NodeDisk[]> {
    if (mountPoints.length === 0) return [];
    const asked = new Set(mountPoints.slice(0, MAX_DISKS));
    const { text } = await this.#run('disks', [...asked].map(escaped));
    return text.split('\n').flatMap((line): NodeDisk[] => {
      const [, size = '', blocks = '', available = '', mountPoint = ''] = /^(\d+) (\d+) (\d+) (.*)$/.exec(line) ?? [];
      const [bytes, total] = [Number(size), Number(size) * Number(blocks)];
      return total > 0 && asked.delete(mountPoint) ? [{ mountPoint, totalBytes: total, availableBytes: bytes * Number(available) }] : [];
    });
  }

  async #fetchState(pids: readonly number[]): Promise<void> {
    const now = this.#clock.now();
    const isSlow = now - this.#slowAt >= SLOW_MS;
    const { sections, flags, isWhole } = await this.#ask('state', [isSlow ? 'slow' : 'quick', ...pids.map(String)]);
    this.#state = sections;
    this.#isCut = !isWhole;
    if (!isWhole) return;
    // The rest of the flags comes with the slow files.
    this.#flags = new Set([...flags, ...(isSlow ? [] : [...this.#flags].filter((flag) => flag !== 'nvidia-smi'))]);
    if (!isSlow) return;
    this.#slowAt = now;
    this.#slow.clear();
    for (const [name, lines] of sections) if (!/^\d+\/(?:stat|status)$/.test(name) || name === '2/stat') this.#slow.set(name, lines);
  }

  async #fetchTexts(pids: readonly number[]): Promise<void> {
    const asked = [...pids.filter((pid) => !this.#stuck.has(pid)), ...pids.filter((pid) => this.#stuck.has(pid))];
    const { sections, isWhole } = await this.#ask('texts', asked.map(String));
    this.#texts = sections;
    if (isWhole) return;
    // The one at which it stopped, or the next.
    const told = asked.findLastIndex((pid) => sections.has(`${pid}/cmdline`));
    this.#stuck.add(asked[Math.max(0, told)]!);
  }

  async #ask(
    kind: Wanted,
    args: readonly string[],
  ): Promise<{ readonly sections: Sections; readonly flags: ReadonlySet<string>; readonly isWhole: boolean }> {
    const { text, isWhole } = await this.#run(kind, args);
    const sections = new Map<string, string[]>();
    const flags = new Set<string>();
    let open: string[] = [];
    for (const line of text.split('\n')) {
      if (line.startsWith('=')) sections.set(line.slice(1), (open = []));
      else if (line.startsWith('?')) flags.add(line.slice(1));
      else if (line.startsWith(' ')) open.push(line.slice(1));
    }
    return { sections, flags, isWhole };
  }

  /** What came in time, and whether that is all. */
  async #run(kind: Wanted | 'disks', args: readonly string[]): Promise<{ readonly text: string; readonly isWhole: boolean }> {
    let text = '';
    const ending = await this.#jobs[kind].run({ file: kind, args }, (part, from, kill) => {
      if (from === 'stdout' && text.length <= MAX_OUTPUT) text += part;
      if (text.length > MAX_OUTPUT) kill();
    });
    return { text, isWhole: typeof ending === 'object' && ending.code === 0 };
  }

  #nameOf(path: string): string {
    return path.startsWith(`${this.#procDir}/`) ? path.slice(this.#procDir.length + 1) : path;
  }

  #known(path: string): readonly string[] | undefined {
    const name = this.#nameOf(path);
    return this.#state.get(name) ?? this.#texts.get(name) ?? this.#slow.get(name);
  }

  #lines(path: string): readonly string[] {
    const lines = this.#known(path);
    if (lines === undefined) throw missing(this.#isCut ? 'ENODATA' : 'ENOENT');
    return lines;
  }

  /** The script sends one line for each argument and each variable. */
  #raw(path: string): string {
    if (!/\/(?:cmdline|environ)$/.test(path)) return this.text(path);
    return this.#lines(path)
      .map((line) => `${line.replaceAll('\u0001', '\n').replaceAll('\u0002', '\u0001')}\0`)
      .join('');
  }

  /** From the output of `ls -l`. */
  #links(directory: string): readonly { readonly name: string; readonly target: string }[] {
    const lines = this.#devices.get(this.#nameOf(directory)) ?? [];
    return lines.flatMap((line) => {
      const [, name, target] = / (\d+) -> (.*)$/.exec(line) ?? [];
      return name === undefined || target === undefined ? [] : [{ name, target }];
    });
  }
}

const MAX_DISKS = 64;

/** For `printf %b`. */
const escaped = (path: string): string =>
  Buffer.from(path).toString('latin1').replace(/[^\w./-]/g, (char) => `\\0${char.charCodeAt(0).toString(8).padStart(3, '0')}`); // prettier-ignore

const missing = (code: string): Error => Object.assign(new Error(code), { code });
