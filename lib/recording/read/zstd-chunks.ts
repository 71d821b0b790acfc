/**
 * A zstd file written by this program: each of its frames contains complete lines. The end of the file lists their positions; if it is
 * missing, the frames themselves are read.
 */
import type { FileBytes } from './file-bytes.js';
import { linesOf, type ChunkLines, type ChunkedFile, Damaged } from './chunk.js';
import type { Decompress } from '../codec/zstd.js';
import { decodeIndex, hasSeekTable, nextMagic, walkFrame, type Block } from '../codec/zstd-format.js';

/** Maximum content of a block; a cycle of many nodes may be tens of MiB. */
const MAX_BLOCK_BYTES = 256 * 2 ** 20;

export class ZstdChunks implements ChunkedFile {
  readonly codec = 'zstd';
  readonly seekable = true;
  readonly complete = true;
  readonly cut: boolean;
  readonly ended: boolean;
  readonly damage: string | undefined;
  readonly #file: FileBytes;
  readonly #decompress: Decompress;
  readonly #blocks: readonly Block[];
  readonly #indexed: boolean;

  constructor(file: FileBytes, decompress: Decompress) {
    this.#file = file;
    this.#decompress = decompress;
    const index = decodeIndex(file.read, file.size);
    this.#indexed = index !== undefined;
    const { blocks, cut, strange } = index ? { blocks: index, cut: false, strange: 0 } : walkBlocks(file);
    this.#blocks = blocks;
    this.cut = cut;
    // Without an index the file was not finished, unless there is one that no longer matches the file.
    const unfit = !index && hasSeekTable(file.read, file.size);
    this.ended = index !== undefined || unfit;
    this.damage =
      strange > 0 ? 'unexpected bytes between the blocks' : unfit ? 'the index does not match: blocks are missing or damaged' : undefined;
  }

  get path(): string {
    return this.#file.path;
  }
  get chunks(): number {
    return this.#blocks.length;
  }

  known(chunk: number): Block | undefined {
    return this.#indexed ? this.#blocks[chunk] : undefined;
  }

  lines(chunk: number): ChunkLines {
    const { offset, length } = this.#blocks[chunk]!;
    const frame = this.#file.read(offset, length);
    const walked = walkFrame((at, count) => frame.subarray(at, at + count), 0);
    if (walked.kind !== 'zstd' || walked.windowBytes > MAX_BLOCK_BYTES) throw new Damaged('the compressed data is damaged');
    try {
      return linesOf(this.#decompress(frame, MAX_BLOCK_BYTES));
    } catch (error) {
      throw new Damaged(error instanceof Damaged ? error.message : 'the compressed data is damaged');
    }
  }

  close(): void {
    this.#file.close();
  }
}

/** The blocks of a file without an index. Skippable frames have none. Continues after bytes that are not a frame. */
function walkBlocks({ read, size }: FileBytes): { readonly blocks: readonly Block[]; readonly cut: boolean; readonly strange: number } {
  const blocks: Block[] = [];
  let strange = 0;
  for (let at = 0; at < size;) {
    const frame = walkFrame(read, at);
    if (!('length' in frame)) {
      const next = nextMagic(read, at + 1, size);
      // Nothing follows: the file ends within a block.
      if (next === undefined) return { blocks, cut: frame.kind === 'cut', strange: strange + (frame.kind === 'cut' ? 0 : size - at) };
      strange += next - at;
      at = next;
      continue;
    }
    if (frame.kind === 'zstd')
      blocks.push({
        offset: at,
        length: frame.length,
        bytes: frame.contentBytes ?? 0,
        firstAt: NaN,
        lastAt: NaN,
        firstFrame: 0,
        frames: 0,
      });
    at += frame.length;
  }
  return { blocks, cut: false, strange };
}
