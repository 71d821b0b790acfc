/** Real sshd processes as nodes: each has a port of its own on the loopback address, its own host key, and knows one key of a user. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/sbin/sshd'].find((path) => existsSync(path)) ?? '/usr/sbin/sshd';

export interface SshdOptions {
  /** Lines of sshd_config, which come first: the first value of an option counts. */
  readonly config?: readonly string[];
  /** Variables of everything on the node. */
  readonly env?: Readonly<Record<string, string>>;
  /** Lines for the client, of this node. */
  readonly client?: readonly string[];
  /** What authorized_keys has before the key: command="...". */
  readonly keyOptions?: string;
  /** It does not know the key. */
  readonly isLocked?: boolean;
}

/** A directory with a key, and the configuration that ssh is to use (`-F`): every node has an alias in it. */
export class Lab {
  readonly directory = mkdtempSync(join(tmpdir(), 'all-smi-view-ssh-'));
  readonly config = join(this.directory, 'config');
  readonly knownHosts = join(this.directory, 'known_hosts');
  readonly key = join(this.directory, 'key');
  readonly #nodes: Sshd[] = [];

  constructor() {
    keygen(this.key);
    for (const name of ['config', 'known_hosts']) writeFileSync(join(this.directory, name), '');
  }

  async node(name: string, options: SshdOptions = {}): Promise<Sshd> {
    const sshd = new Sshd(join(this.directory, name), await freePort(), readFileSync(`${this.key}.pub`, 'utf8'), options);
    this.#nodes.push(sshd);
    await sshd.start();
    this.alias(name, sshd.port, options.client);
    this.#know(sshd);
    return sshd;
  }

  /** A name for a port at which there may be nothing. */
  alias(name: string, port: number, more: readonly string[] = []): void {
    const lines = [
      ...more,
      'HostName 127.0.0.1',
      `Port ${port}`,
      `User ${userInfo().username}`,
      `IdentityFile ${this.key}`,
      'IdentitiesOnly yes',
      `UserKnownHostsFile ${this.knownHosts}`,
      'GlobalKnownHostsFile none',
      'StrictHostKeyChecking yes',
    ];
    writeFileSync(this.config, `${readFileSync(this.config, 'utf8')}Host ${name}\n${lines.map((line) => `  ${line}\n`).join('')}`);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop()));
    rmSync(this.directory, { recursive: true, force: true });
  }

  #know({ port, hostKey }: Sshd): void {
    const [type = '', key = ''] = readFileSync(`${hostKey}.pub`, 'utf8').split(' ');
    writeFileSync(this.knownHosts, `${readFileSync(this.knownHosts, 'utf8')}[127.0.0.1]:${port} ${type} ${key.trim()}\n`);
  }
}

export class Sshd {
  readonly port: number;
  readonly hostKey: string;
  readonly #directory: string;
  #process: ChildProcess | undefined;

  constructor(
    directory: string,
    port: number,
    publicKey: string,
    { config = [], env = {}, keyOptions = '', isLocked = false }: SshdOptions,
  ) {
    this.#directory = directory;
    this.port = port;
    this.hostKey = join(directory, 'host_key');
    mkdirSync(directory, { recursive: true });
    keygen(this.hostKey);
    writeFileSync(join(directory, 'authorized_keys'), isLocked ? '' : `${keyOptions}${keyOptions === '' ? '' : ' '}${publicKey}`);
    const lines = [
      ...config,
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${this.hostKey}`,
      'PidFile none',
      `AuthorizedKeysFile ${directory}/authorized_keys`,
      'AuthenticationMethods publickey',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      'UsePAM no',
      'StrictModes no',
      'LogLevel VERBOSE',
      // Not what the person who runs the tests starts at a login.
      `SetEnv ${Object.entries({ HOME: directory, ...env })
        .map(([name, value]) => `${name}=${value}`)
        .join(' ')}`,
    ];
    writeFileSync(join(directory, 'sshd_config'), `${lines.join('\n')}\n`);
  }

  get log(): string {
    return readFileSync(join(this.#directory, 'log'), 'utf8');
  }

  /** Also after `stop`, at the same port. */
  async start(): Promise<void> {
    // Where it separates privileges; elsewhere it is not root.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    const args = ['-D', '-f', join(this.#directory, 'sshd_config'), '-E', join(this.#directory, 'log')];
    this.#process = spawn(SSHD, args, { stdio: 'ignore', detached: true });
    for (let left = 400; !(await answers(this.port)); left--) {
      if (left === 0 || this.#process.exitCode !== null) throw new Error(`sshd does not start: ${this.log}`);
      await pause(10);
    }
  }

  /** Another machine at the same address. */
  changeHostKey(): void {
    for (const file of [this.hostKey, `${this.hostKey}.pub`]) rmSync(file);
    keygen(this.hostKey);
  }

  /** Of the listener and its connections. */
  get pids(): readonly number[] {
    const { pid } = this.#process ?? {};
    return pid === undefined ? [] : [pid, ...descendants(pid)];
  }

  /** Like a machine that loses its power: nothing of it remains. `signal` to all of its processes. */
  signal(signal: NodeJS.Signals): void {
    for (const pid of this.pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended.
      }
    }
  }

  async stop(): Promise<void> {
    const gone = this.#process;
    if (gone === undefined) return;
    this.signal('SIGKILL');
    this.#process = undefined;
    if (gone.exitCode === null && gone.signalCode === null) await new Promise((resolve) => gone.once('exit', resolve));
  }
}

function keygen(path: string): void {
  const { status, stderr } = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', () => {
      end(false);
    });
  });

/** Process ids below `root`, by /proc. */
export function descendants(root: number): number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' });
  const rows = stdout.trim().split('\n').map((row) => row.trim().split(/\s+/).map(Number) as [pid: number, parent: number]); // prettier-ignore
  const below = (parent: number): number[] => rows.flatMap(([pid, of]) => (of === parent ? [pid, ...below(pid)] : []));
  return below(root);
}
