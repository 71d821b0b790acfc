/** Records what is on screen, started and stopped by a key. */
import type { AppError } from '../../errors.js';
import type { NodeView } from '../../model/node-view.js';
import type { RecordingStatus, RecordingSwitch } from '../../model/replay.js';
import type { BlockCompressor } from './segment-encoders.js';
import { offsetMinutes, Recorder } from './recorder.js';
import { SECTIONS } from '../format/schema.js';
import { defaultPath } from './recording-writer.js';
import type { Clock, Ms } from '../../model/clock.js';

export interface SwitchOptions {
  readonly nodes: () => Iterable<NodeView>;
  readonly intervalMs: Ms;
  readonly clock: Clock;
  /** The only node is this machine. */
  readonly local: boolean;
  readonly newCompressor: () => Promise<BlockCompressor>;
  /** The directory for the files; absent: the current directory. */
  readonly path?: (name: string) => string;
}

export function recordingSwitch(options: SwitchOptions): RecordingSwitch {
  let recorder: Recorder | undefined;
  let listen: (problem?: string) => void = () => undefined;
  const { clock, path = (name: string): string => name } = options;
  return {
    get status() {
      return recorder?.status;
    },
    async start() {
      recorder = await Recorder.start({
        ...options,
        path: path(defaultPath(clock.now(), offsetMinutes(clock.now()), 'zstd')),
        codec: 'zstd',
        include: new Set(SECTIONS),
        failed: ({ message }: AppError) => {
          recorder = undefined;
          listen(message);
        },
        wrote: () => {
          listen();
        },
      });
    },
    async stop(): Promise<RecordingStatus | undefined> {
      const ended = recorder;
      recorder = undefined;
      await ended?.stop();
      return ended?.status;
    },
    onChange(next) {
      listen = next;
    },
  };
}
