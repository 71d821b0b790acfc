/**
 * One connection to a node: ssh, and in it the script, to which requests go and from which the outputs of its jobs come. Both ends notice when the
 * other is gone: a request goes out every two seconds, and each is acknowledged at once, however busy the node's programs are.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { AppError } from '../../errors.js';
import type { Clock, Ms } from '../../model/clock.js';
import { unguarded, type Exit, type OnOutput, type Running } from '../local/child.js';
import { failureOf, type Ended } from './ssh-failures.js';
import { FrameReader, type Frame } from './frames.js';
import { parseGreeting, scriptFor, type Greeting, type ScriptSettings } from './node-script.js';

export interface SessionOptions {
  readonly clock: Clock;
  /** Path or name of ssh. */
  readonly ssh: string;
  readonly args: readonly string[];
  readonly script: Omit<ScriptSettings, 'nonce'>;
  /** How long a node may take to acknowledge a request. */
  readonly silenceMs: Ms;
}

/** ssh gives up by itself long before, unless it is told to wait longer, or waits for a key to be touched or a shell to start. */
const READY_MS = 60_000;
/** The script ends when it has not heard anything for four seconds. */
const BEAT_MS = 2_000;
/** What is kept of what ssh prints. */
const MAX_WORDS = 8192;
/** Requests that a node has not read yet: the longest are some kilobytes. */
const MAX_UNREAD = 2 ** 20;
/** How long ssh may take to end by itself: the session on the node ends first. */
const END_MS = 1_500;

interface Job {
  readonly onOutput: OnOutput;
  /** Its end was requested. Whatever it still prints is dropped: a node need not do what it is told. */
  isKilled: boolean;
  readonly end: (exit: Exit) => void;
  readonly decoders: Readonly<Record<'stdout' | 'stderr', StringDecoder>>;
}

const NEWLINE = Buffer.from('\n');

/** The ssh of a jump host does not know BatchMode: it must not open a window to ask for something. */
const ENVIRONMENT = { LC_ALL: 'C', SSH_ASKPASS_REQUIRE: 'never' };

export class Session {
  /** Resolves when the script has answered. Rejects with what `closed` resolves with. */
  readonly ready: Promise<Greeting>;
  /** Resolves when the connection has ended, with the reason. */
  readonly closed: Promise<AppError>;
  readonly #options: SessionOptions;
  readonly #nonce = randomBytes(8).toString('hex');
  readonly #jobs = new Map<number, Job>();
  readonly #frames = new FrameReader({ onPreface: (line) => this.#greeted(line), onFrame: (frame) => this.#take(frame) });
  #ssh: ChildProcess | undefined;
  #resolveReady: (greeting: Greeting) => void = () => undefined;
  #close: (error: AppError) => void = () => undefined;
  #over = false;
  #isReady = false;
  #errors = '';
  #preface = '';
  #requests = 0;
  #heardAt: Ms;
  #disarm: () => void;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.closed = new Promise((resolve) => (this.#close = resolve));
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      void this.closed.then(reject);
    });
    // Whoever waits for neither has closed it.
    this.ready.catch(() => undefined);
    this.#disarm = options.clock.after(READY_MS, () => {
      this.#fail(new AppError('S_SSH_SHELL', { reason: `no answer within ${READY_MS / 1000} s` }));
    });
    this.#start();
  }

  get isOpen(): boolean {
    return !this.#over;
  }

  /** Starts a job. It ends with the connection. */
  start(request: string, onOutput: OnOutput): Running {
    const number = this.#send(request);
    let end: Job['end'] = () => undefined;
    const exited = new Promise<Exit>((resolve) => (end = resolve));
    if (this.#over) end(LOST);
    else this.#jobs.set(number, { onOutput, isKilled: false, end, decoders: { stdout: new StringDecoder(), stderr: new StringDecoder() } });
    return {
      exited,
      kill: () => {
        const job = this.#jobs.get(number);
        if (job === undefined || job.isKilled) return;
        job.isKilled = true;
        this.#send(`end ${number}`);
      },
    };
  }

  /** Ends the connection, and with it everything on the node. Resolves when ssh has ended. */
  async end(): Promise<void> {
    this.#fail(new AppError('S_SSH_LOST', { reason: 'ended here' }));
    await this.#gone;
  }

  #gone: Promise<void> = Promise.resolve();

  #start(): void {
    const { ssh, args, script } = this.#options;
    let child: ChildProcess;
    try {
      // In a group of its own: Ctrl-C at a terminal is for this program, which then ends it.
      child = spawn(ssh, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...ENVIRONMENT } });
    } catch (thrown) {
      this.#fail(failureOf({ ...this.#ended(), error: thrown as NodeJS.ErrnoException }));
      return;
    }
    this.#ssh = child;
    this.#gone = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#fail(failureOf({ ...this.#ended(), error }));
        resolve();
      });
      child.once('exit', () => {
        resolve();
      });
      // Its last words have been read by then.
      child.once('close', (code, signal) => {
        this.#fail(failureOf({ ...this.#ended(), code, signal }));
      });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.write(scriptFor({ ...script, nonce: this.#nonce }));
    child.stderr?.setEncoding('utf8');
    child.stderr?.on('data', (text: string) => {
      // The end has the reason.
      this.#errors = (this.#errors + text).slice(-MAX_WORDS);
      this.#check(this.#frames.count(text.length, this.#options.clock.now()));
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      if (this.#over) return;
      this.#heardAt = this.#options.clock.now();
      this.#check(this.#frames.push(chunk, this.#heardAt));
    });
  }

  #check(fault: string | undefined): void {
    if (fault !== undefined) this.#fail(new AppError('S_SSH_GARBLED', { reason: fault }));
  }

  #ended(): Ended {
    return { errors: this.#errors, preface: this.#preface, code: null, signal: null, wasReady: this.#isReady };
  }

  #greeted(line: string): boolean {
    const greeting = parseGreeting(line, this.#nonce);
    if (greeting === undefined) {
      if (this.#preface.length < MAX_WORDS) this.#preface += `${line}\n`;
      return false;
    }
    this.#isReady = true;
    this.#disarm();
    if (greeting.lacks.length > 0) this.#fail(lacking(greeting));
    else {
      this.#beat(this.#options.clock.now());
      this.#resolveReady(greeting);
    }
    return true;
  }

  /** Says that this end is here, and hears whether the other is. */
  #beat(askedAt: Ms): void {
    this.#send('beat');
    const { clock, silenceMs } = this.#options;
    this.#disarm = clock.after(BEAT_MS, () => {
      const now = clock.now();
      // If this timer is late, this program was suspended or busy: the answers are still to be read.
      const wasHere = now - askedAt < 2 * BEAT_MS;
      if (wasHere && now - this.#heardAt > silenceMs)
        this.#fail(new AppError('S_SSH_LOST', { reason: `no response within ${silenceMs / 1000} s` }));
      else this.#beat(now);
    });
  }

  /** Returns the number of the request. */
  #send(request: string): number {
    const number = ++this.#requests;
    const input = this.#over ? undefined : this.#ssh?.stdin;
    input?.write(`${number} ${request}\n`);
    if ((input?.writableLength ?? 0) > MAX_UNREAD) this.#fail(new AppError('S_SSH_LOST', { reason: 'the node does not read requests' }));
    return number;
  }

  #take({ job: number, mark, text }: Frame): void {
    const job = this.#jobs.get(number);
    if (job === undefined) return;
    const { stdout, stderr } = job.decoders;
    if (job.isKilled && mark !== '.') return;
    if (mark === '+') job.onOutput(stdout.write(text), 'stdout');
    else if (mark === '>') job.onOutput(stdout.write(text) + stdout.write(NEWLINE), 'stdout');
    else if (mark === '!') job.onOutput(stderr.write(text) + stderr.write(NEWLINE), 'stderr');
    else if (mark === '.') {
      this.#jobs.delete(number);
      // The script keeps its process id until then.
      this.#send(`end ${number}`);
      job.end(unguarded(Number(text.toString('latin1')) || 0, null));
    }
  }

  #fail(error: AppError): void {
    if (this.#over) return;
    this.#over = true;
    this.#disarm();
    this.#close(error);
    for (const job of this.#jobs.values()) job.end(LOST);
    this.#jobs.clear();
    this.#kill();
  }

  /** The script ends at the end of its input, then ssh does. */
  #kill(): void {
    const ssh = this.#ssh;
    if (ssh === undefined) return;
    ssh.stdin?.end();
    ssh.stdout?.resume();
    const { clock } = this.#options;
    const disarm = clock.after(END_MS, () => {
      kill(ssh, 'SIGKILL');
    });
    ssh.once('exit', disarm);
    if (!this.#isReady) kill(ssh, 'SIGTERM');
  }
}

/** A job whose end is not known. */
const LOST: Exit = { code: null, signal: 'SIGHUP' };

/** Its ProxyCommand is in its group. */
function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

function lacking({ lacks }: Greeting): AppError {
  if (lacks.includes('version')) return new AppError('S_SSH_VERSION');
  return lacks.includes('proc') ? new AppError('S_SSH_PROC') : new AppError('S_SSH_TOOLS', { what: lacks.join(', ') });
}
