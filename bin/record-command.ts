/** `all-smi-view record`: records the nodes to a file until it is stopped. */
import { statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../lib/errors.js';
import { RECORD_OPTIONS, resolveOptions, type Environment, type Flags, type RecordOptions } from '../lib/options/options.js';
import { codecOfName, EXTENSION_OF, type Codec } from '../lib/recording/codec/codec.js';
import { offsetMinutes } from '../lib/recording/write/recorder.js';
import { SECTIONS } from '../lib/recording/format/schema.js';
import { defaultPath } from '../lib/recording/write/recording-writer.js';
import { isStdout } from '../lib/recording/write/stdout-file.js';
import { startRecording, type RecordingRun } from '../lib/run/recording-run.js';
import { bytes, count } from '../lib/text/format.js';
import { jobComplaints } from './job-complaints.js';
import { progressLine, retention } from './record-progress.js';
import { readConfig } from './read-config.js';
import { jobsOf, teamsOf, notesOf, onlyNamed, sourcesOf } from './source-settings.js';
import { surviveLostOutput } from './lost-output.js';
import { signalled } from './signals.js';
import { systemClock } from '../lib/run/system-clock.js';

const PROGRESS_MS = 1000;
/** That of all-smi. */
const DEFAULT_MAX_SIZE = 100 * 2 ** 20;

export async function record(flags: Flags, env: Environment): Promise<number> {
  // A log line that cannot be written, on a full disk or into a closed pipe, does not end a recording.
  process.stderr.on('error', () => undefined);
  const options = sourced(onlyNamed(resolveOptions(RECORD_OPTIONS, flags, env, await readConfig(flags, env)), flags), flags);
  const sources = await sourcesOf(options, flags, env);
  const { maxFiles, duration: time = 0 } = options;
  const maxSize = (options.maxSize ?? (maxFiles === undefined ? 0 : DEFAULT_MAX_SIZE)) || undefined;
  const duration = time || undefined;
  surviveLostOutput();
  for (const note of notesOf(sources)) process.stderr.write(note);
  const target = targetOf(options);
  const ended = signalled();
  const run = await startRecording({
    ...target,
    sources,
    jobs: jobsOf(options, flags),
    ...(await teamsOf(options)),
    onJobs: jobComplaints('record'),
    include: options.include ?? SECTIONS,
    ...(maxSize === undefined ? {} : { maxBytes: maxSize }),
    ...(maxFiles === undefined ? {} : { maxFiles }),
  });
  process.stderr.write(`all-smi-view record: recording to ${nameOf(run.status.path)}; press Ctrl-C to stop\n`);
  return until(run, { ended, duration, kept: maxSize !== undefined && maxFiles !== undefined ? maxSize * maxFiles : undefined });
}

/** --source in terms of the other options. */
function sourced(options: RecordOptions, { hosts, hostfile, ssh, sshHostfile }: Flags): RecordOptions {
  const wrong = (reason: string): AppError => new AppError('E_OPTION_BAD', { option: '--source', reason });
  if (options.source === 'local') {
    if (hosts ?? hostfile ?? ssh ?? sshHostfile) throw wrong('local cannot be combined with --hosts, --hostfile or --ssh');
    return { ...options, local: true, hosts: undefined, hostfile: undefined };
  }
  if (options.source === 'remote') {
    if (options.local) throw wrong('remote cannot be combined with --local');
    if ((options.hosts ?? options.hostfile ?? options.ssh ?? options.sshHostfile ?? options.prometheus) === undefined)
      throw new AppError('E_NO_HOSTS');
  }
  return options;
}

interface Ends {
  /** A signal. */
  readonly ended: Promise<number>;
  readonly duration: number | undefined;
  /** Bytes that are kept; undefined: until the disk is full. */
  readonly kept: number | undefined;
}

/** A recording that was stopped has succeeded: exit code 0, whatever stopped it. */
async function until(run: RecordingRun, { ended, duration, kept }: Ends): Promise<number> {
  const startedAt = systemClock.now();
  const progress = process.stderr.isTTY ? setInterval(() => showProgress(run, startedAt, duration, kept), PROGRESS_MS) : undefined;
  const over = new Promise<void>((resolve) => {
    if (duration !== undefined) setTimeout(resolve, duration);
  });
  try {
    const why = await Promise.race([run.failed, ended, over]);
    // The reader closed the pipe, as `| head` does: not a failure.
    if (why instanceof AppError && !(isStdout(run.status.path) && isClosedPipe(why))) throw why;
  } finally {
    clearInterval(progress);
    await run.stop();
    const { frames, bytes: size, path } = run.status;
    const clear = process.stderr.isTTY ? '\r\u001b[K' : '';
    process.stderr.write(
      `${clear}all-smi-view record: ${count(frames)} ${frames === 1 ? 'frame' : 'frames'}, ${bytes(size)}, in ${nameOf(path)}\n`,
    );
  }
  return 0;
}

const isClosedPipe = ({ cause }: AppError): boolean => (cause as NodeJS.ErrnoException | undefined)?.code === 'EPIPE';

/** As it is called in messages. */
const nameOf = (path: string): string => (isStdout(path) ? 'standard output' : path);

function showProgress(run: RecordingRun, startedAt: number, duration: number | undefined, kept: number | undefined): void {
  const { status } = run;
  const passedMs = systemClock.now() - startedAt;
  const room = kept ?? status.bytes + freeBytes(status.path);
  const line = progressLine({
    ...status,
    passedMs,
    durationMs: duration,
    retention: retention(status.bytes, passedMs, room, kept !== undefined),
  });
  process.stderr.write(`\r${line.slice(0, (process.stderr.columns || 80) - 1)}\u001b[K`);
}

function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}

function targetOf({ output, compress, outputDir = '', maxSize, maxFiles }: RecordOptions): {
  readonly path: string;
  readonly codec: Codec;
} {
  const now = systemClock.now();
  if (output === undefined)
    return { path: join(outputDir, defaultPath(now, offsetMinutes(now), compress ?? 'zstd')), codec: compress ?? 'zstd' };
  if (isStdout(output)) {
    if (maxFiles !== undefined || (maxSize ?? 0) > 0)
      throw new AppError('E_OPTION_BAD', { option: '--output', reason: 'standard output cannot be split with --max-size or --max-files' });
    if (compress !== undefined && compress !== 'none')
      throw new AppError('E_OPTION_BAD', {
        option: '--compress',
        reason: 'standard output is not compressed; pipe it through zstd or gzip',
      });
    return { path: '-', codec: 'none' };
  }
  const codec = codecOfName(output);
  if (compress !== undefined && compress !== codec) {
    const wanted = EXTENSION_OF[compress] || 'neither .zst nor .gz';
    throw new AppError('E_OPTION_BAD', {
      option: '--compress',
      reason: `${compress} needs a file name that ends in ${wanted}`,
    });
  }
  return { path: output, codec };
}
