/** Assembles a recording without a screen: collector and recorder, until it is stopped or fails. */
import { startJobs } from './job-sources.js';
import type { Source } from './settings.js';
import { openSources, teams } from './sources.js';
import type { AppError } from '../errors.js';
import type { JobSourceState } from '../model/jobs.js';
import { included } from '../model/node-view.js';
import { type Collector, type Delivery } from '../model/collector.js';
import type { Codec } from '../recording/codec/codec.js';
import { Recorder, type RecorderStatus } from '../recording/write/recorder.js';
import type { Section } from '../recording/format/schema.js';
import { compressorInThread } from '../recording/thread/worker-client.js';
import { Parsers } from '../exposition/parser/index.js';
import { systemClock } from './system-clock.js';
import { keepYoungGenerationSmall } from './young-generation.js';

export interface RecordingSettings {
  readonly sources: readonly Source[];
  /** What is asked for the jobs of the cluster. */
  readonly jobs?: readonly string[];
  /** The team of a user; '' for none. */
  readonly teamOf?: (user: string) => string;
  /** Called when the state of one of these changes. */
  readonly onJobs?: (states: readonly JobSourceState[]) => void;
  readonly path: string;
  readonly codec: Codec;
  readonly include: readonly Section[];
  readonly maxBytes?: number;
  readonly maxFiles?: number;
}

export interface RecordingRun {
  readonly status: RecorderStatus & { readonly answering: number; readonly hosts: number };
  /** Resolves with the reason when it has ended by itself. */
  readonly failed: Promise<AppError>;
  /** Finishes the file. Throws `E_RECORD_STOPPED` if its end could not be written. */
  stop(): Promise<void>;
}

/** The first frame is written when every node and every scheduler has answered or failed, or after an interval. Throws `E_FILE_WRITE`. */
export async function startRecording(settings: RecordingSettings): Promise<RecordingRun> {
  keepYoungGenerationSmall();
  const parsers = new Parsers();
  const opened = await openSources(settings.sources, {
    parsers,
    clock: systemClock,
    wholeProcesses: true,
    afterCommit: () => void parsers.tidy(),
    ...teams(settings),
  });
  const { collector } = opened;
  let fail: (error: AppError) => void = () => undefined;
  const failed = new Promise<AppError>((resolve) => (fail = resolve));
  const { path, codec, include, maxBytes, maxFiles } = settings;
  let jobsSettled: () => void = () => undefined;
  const { ready, heard } = firstRound(collector, new Promise((resolve) => (jobsSettled = resolve)));
  const recorder = await Recorder.start({
    path,
    codec,
    include: new Set(include),
    nodes: () => collector.nodes,
    intervalMs: collector.intervalMs,
    clock: systemClock,
    local: settings.sources.every(({ kind }) => kind === 'local'),
    newCompressor: compressorInThread,
    ready,
    failed: fail,
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(maxFiles === undefined ? {} : { maxFiles }),
  });
  collector.start(heard);
  const jobs = await startJobs(settings.jobs ?? [], opened.jobs, (states) => settings.onJobs?.(states));
  void (jobs?.settled ?? Promise.resolve()).then(jobsSettled);
  return {
    get status() {
      return { ...recorder.status, answering: collector.nodes.filter(included).length, hosts: collector.nodes.length };
    },
    failed,
    async stop() {
      await Promise.all([collector.stop(), jobs?.stop()]);
      await recorder.stop();
      await opened.close();
    },
  };
}

function firstRound(
  { nodes, intervalMs }: Collector,
  jobsSettled: Promise<void>,
): { readonly ready: Promise<void>; readonly heard: (delivery: Delivery) => void } {
  const silent = new Set(nodes.map(({ nodeId }) => nodeId));
  let done: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (done = resolve));
  const interval = new Promise<void>((resolve) => systemClock.after(intervalMs, resolve));
  return {
    ready: Promise.race([interval, Promise.all([answered, jobsSettled]).then(() => undefined)]),
    heard: ({ node }) => {
      silent.delete(node.nodeId);
      if (silent.size === 0) done();
    },
  };
}
