/** Assembles a replay: the recording, opened in a worker thread, and the collector that plays it. */
import { AppError } from '../errors.js';
import { createReplay, type RecordingReplay } from '../recording/play/replay-collector.js';
import { openInThread } from '../recording/thread/worker-client.js';
import type { ReplaySource } from './settings.js';
import { parseTimecode } from '../text/timecode.js';
import { systemClock } from './system-clock.js';

/** Throws `E_RECORDING_UNREADABLE`, `E_RECORDING_BAD`, or `E_OPTION_BAD` for an invalid start time. */
export async function openReplay({ files, cache, start, speed, loop }: Omit<ReplaySource, 'kind'>): Promise<RecordingReplay> {
  const source = await openInThread(files, cache);
  try {
    const { info } = source;
    const startAt = start === undefined ? undefined : parseTimecode(start, { ...info, at: info.firstAt });
    if (typeof startAt === 'string') throw new AppError('E_OPTION_BAD', { option: '--start', reason: startAt });
    const name = info.files.length === 1 ? info.files[0]! : `${info.files.length} files`;
    return await createReplay({ source, name, clock: systemClock, speed, loop, ...(startAt === undefined ? {} : { startAt }) });
  } catch (error) {
    await source.close();
    throw error;
  }
}
