/** Records as fast as possible and reports each written frame, to be killed at any moment. Arguments: file, codec, worker. */
import { cycle, newWriter, timeOf } from '../helpers/recordings.js';
import type { Codec } from '../../lib/recording/codec/codec.js';
import { compressorInThread } from '../../lib/recording/thread/worker-client.js';

const [path = '', codec = 'none', worker = ''] = process.argv.slice(2);
const writer = await newWriter(path, codec as Codec, { newCompressor: () => compressorInThread(new URL(worker)) });
for (let nth = 0; nth < 100_000; nth++) {
  await writer.write(cycle(nth), timeOf(nth));
  process.stdout.write(`${nth}\n`);
}
