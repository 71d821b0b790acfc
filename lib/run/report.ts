/** Assembles a report: what was used, over recordings. Frame by frame, so that its memory does not depend on their length. */
import { Usage, type UsageBy, type UsageRow, type UsageTotals } from '../aggregate/usage.js';
import type { Ms } from '../model/clock.js';
import type { NodeView } from '../model/node-view.js';
import { FramePacker } from '../recording/format/packed-frame.js';
import { RecordedNodes } from '../recording/play/recorded-nodes.js';
import type { CacheDirectory } from '../recording/read/cache-directory.js';
import { Reader } from '../recording/read/recording-reader.js';

/** Where a report gets its samples from: each node as it answered, in the order of time. */
export interface ReportSamples {
  /** Of the refreshes. */
  readonly intervalMs: Ms;
  /**
   * Calls `take` for each answer of a node, `progress` with the part that is done, 0 to 1, and `warn` for what makes the figures too low. Resolves
   * with the time of the end.
   */
  read(take: (node: NodeView) => void, progress: (part: number) => void, warn: (text: string) => void): Promise<Ms>;
}

export interface ReportSettings {
  readonly by: UsageBy;
  /** The team of a user; '' for none: for reports by team, where the samples do not name it. */
  readonly teamOf?: (user: string) => string;
  readonly onProgress: (part: number) => void;
  /** Something makes the figures too low. */
  readonly onWarning?: (text: string) => void;
}

export interface Report {
  readonly rows: readonly UsageRow[];
  readonly totals: UsageTotals;
}

export async function reportOn(
  samples: ReportSamples,
  { by, teamOf, onProgress, onWarning = () => undefined }: ReportSettings,
): Promise<Report> {
  const usage = new Usage(by === 'team' && teamOf ? 'user' : by, samples.intervalMs, by === 'team' ? teamOf : undefined);
  const end = await samples.read((node) => usage.add(node), onProgress, onWarning);
  const totals = usage.totals(end);
  return { rows: withNobody(usage.rows(), totals), totals };
}

/** What belongs to no row is one more, so that the rows add up to the whole; together with owners that are not known. */
function withNobody(rows: readonly UsageRow[], { nobody }: UsageTotals): readonly UsageRow[] {
  const { usedSeconds, idleSeconds, joules } = nobody;
  // Differences of sums: less than a joule is none.
  if (usedSeconds === 0 && joules < 1) return rows;
  const known = rows.find(({ name }) => name === '');
  const sums = {
    usedSeconds: (known?.usedSeconds ?? 0) + usedSeconds,
    idleSeconds: (known?.idleSeconds ?? 0) + idleSeconds,
    joules: (known?.joules ?? 0) + joules,
  };
  // Of which models it was is not kept.
  const byModel = new Map([...(known?.byModel ?? []), ['', nobody] as const]);
  return [...rows.filter((row) => row !== known), { name: '', ...sums, byModel, windowSeconds: 0, observedSeconds: 0 }];
}

const DEFAULT_INTERVAL_MS: Ms = 3000;
/** Frames between two reports of progress. */
const STEP = 64;

/** Throws as `Reader.open` does. The files are one recording after the other. */
export async function recordedSamples(files: readonly string[], cache: CacheDirectory): Promise<ReportSamples> {
  const reader = await Reader.open(files, { cache });
  const intervalMs = reader.info.intervalMs ?? DEFAULT_INTERVAL_MS;
  return {
    intervalMs,
    async read(take, progress) {
      try {
        const packer = new FramePacker();
        const nodes = new RecordedNodes(intervalMs);
        let [count, at] = [0, NaN];
        for (let found = await reader.first(); found; found = await reader.next(found.ref)) {
          if (!found.frame) continue;
          const frame = packer.pack(found.frame);
          nodes.take(frame);
          for (const { node, kind } of nodes.show(frame, 'next')) if (kind === 'data') take(node);
          at = found.at;
          const { firstAt, lastAt } = reader.info;
          if (++count % STEP === 0 && lastAt !== undefined) progress((at - firstAt) / Math.max(1, lastAt - firstAt));
        }
        return at;
      } finally {
        reader.close();
      }
    },
  };
}
