/** The worker thread, as seen from the main thread. */
import { Worker } from 'node:worker_threads';
import { AppError } from '../../errors.js';
import type { BlockCompressor } from '../write/segment-encoders.js';
import type { Answer, CompressRequest, ReadRequest, Role } from './worker-messages.js';
import type { RecordingInfo } from '../read/recording-info.js';
import type { FrameSource, Query, Shown } from '../play/frame-source.js';

/** Next to the chunk that this is built into; the build puts it there (`esbuild.config.js`). */
const PROGRAM = new URL('./worker.js', import.meta.url);

class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { readonly resolve: (answer: Answer) => void; readonly reject: (error: unknown) => void }>();
  readonly #news: (answer: Answer) => void;
  #lastId = 0;
  /** Why it no longer answers. */
  #gone: AppError | undefined;

  private constructor(role: Role, program: URL, news: (answer: Answer) => void) {
    this.#news = news;
    this.#worker = new Worker(program, { workerData: role });
    this.#worker.on('message', (answer: Answer) => {
      this.#take(answer);
    });
    this.#worker.on('error', (error) => {
      this.#fail(new AppError('E_INTERNAL', { reason: String(error) }, { cause: error }));
    });
    this.#worker.on('exit', () => {
      this.#fail(new AppError('E_INTERNAL', { reason: 'the worker thread ended' }));
    });
  }

  /** Resolves when it is ready; rejects with the reason why it cannot start. */
  static async start(role: Role, program: URL, news: (answer: Answer) => void): Promise<Thread> {
    const thread = new Thread(role, program, news);
    try {
      await thread.#wait(0);
    } catch (error) {
      await thread.end();
      throw error;
    }
    return thread;
  }

  ask(request: Omit<ReadRequest, 'id'> | Omit<CompressRequest, 'id'>, transfer: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (this.#gone) return Promise.reject(this.#gone);
    const id = ++this.#lastId;
    const answer = this.#wait(id);
    this.#worker.postMessage({ id, ...request }, transfer);
    return answer;
  }

  async end(): Promise<void> {
    this.#waiting.clear();
    await this.#worker.terminate();
  }

  #wait(id: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
  }

  #take(answer: Answer): void {
    this.#news(answer);
    const waiting = answer.id === undefined ? undefined : this.#waiting.get(answer.id);
    if (!waiting) return;
    this.#waiting.delete(answer.id!);
    if (answer.error) waiting.reject(new AppError(answer.error.code, answer.error.params));
    else waiting.resolve(answer);
  }

  #fail(error: AppError): void {
    this.#gone ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** Opens a recording in a worker thread. Throws as `Reader.open` does. */
export async function openInThread(paths: readonly string[], cache: string, program = PROGRAM): Promise<FrameSource> {
  let info: RecordingInfo | undefined;
  let listen: () => void = () => undefined;
  const thread = await Thread.start({ role: 'read', paths, cache }, program, (answer) => {
    if (!answer.info) return;
    info = answer.info;
    listen();
  });
  return {
    get info() {
      return info!;
    },
    onInfo: (next) => (listen = next),
    ask: async (query: Query): Promise<Shown | undefined> => (await thread.ask({ query })).shown?.[0],
    before: async (ref, frames) => (await thread.ask({ before: { ref, frames } })).shown ?? [],
    close: () => thread.end(),
  };
}

/** A compressor in a worker thread. */
export async function compressorInThread(program = PROGRAM): Promise<BlockCompressor> {
  const thread = await Thread.start({ role: 'compress' }, program, () => undefined);
  return {
    add: async (chunks) => {
      const own = chunks.map((chunk) => (chunk.byteLength === chunk.buffer.byteLength ? chunk : chunk.slice()));
      return (await thread.ask({ chunks: own }, own.map(({ buffer }) => buffer as ArrayBuffer))).bytes!; // prettier-ignore
    },
    block: async () => (await thread.ask({})).bytes!,
    close: () => thread.end(),
  };
}
