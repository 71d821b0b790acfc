/** The worker thread: decodes a recording that is played, or compresses one that is written. */
import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../errors.js';
import { BlockBuffer } from '../codec/block-compressor.js';
import { CacheDirectory } from '../read/cache-directory.js';
import type { Answer, CompressRequest, ReadRequest, Role } from './worker-messages.js';
import { buffersOf } from '../format/packed-frame.js';
import { Reader } from '../read/recording-reader.js';
import { ReaderSource } from '../play/frame-source.js';
import { loadCompress } from '../codec/zstd.js';

const port = parentPort!;
const answer = (message: Answer, transfer: ArrayBuffer[] = []): void => {
  port.postMessage(message, transfer);
};

function failed(id: number, error: unknown): void {
  const known = error instanceof AppError ? error : new AppError('E_INTERNAL', { reason: String(error) });
  answer({ id, error: { code: known.code, params: known.params } });
}

/** Time between two reports on the progress of the index. */
const INFO_MS = 250;

async function read({ paths, cache }: Extract<Role, { role: 'read' }>): Promise<void> {
  const source = new ReaderSource(await Reader.open(paths, { cache: new CacheDirectory(cache) }));
  const news = setInterval(() => {
    answer({ info: source.info });
  }, INFO_MS);
  port.on('message', ({ id, query, before }: ReadRequest) => {
    const found = before ? source.before(before.ref, before.frames) : source.ask(query!).then((shown) => (shown ? [shown] : []));
    found.then(
      (shown) => {
        answer(
          { id, shown, info: source.info },
          shown.flatMap(({ frame }) => buffersOf(frame)),
        );
      },
      (error: unknown) => {
        failed(id, error);
      },
    );
  });
  answer({ id: 0, info: source.info });
  await source.index(() => new Promise(setImmediate));
  clearInterval(news);
  answer({ info: source.info });
}

async function compress(): Promise<void> {
  const buffer = new BlockBuffer(await loadCompress());
  port.on('message', ({ id, chunks }: CompressRequest) => {
    try {
      const bytes = chunks ? buffer.add(chunks) : buffer.block();
      answer({ id, bytes });
    } catch (error) {
      failed(id, error);
    }
  });
  answer({ id: 0 });
}

const role = workerData as Role;
await (role.role === 'read' ? read(role) : compress()).catch((error: unknown) => {
  failed(0, error);
});
