/** The hosts of a replay: what a frame says becomes a commit, a failure or a disappearance, as it does live. */
import { errorText } from '../../errors.js';
import { WAITING, type HostView, type Ms } from '../../model/node-view.js';
import type { Delivery } from '../../model/collector.js';
import { HostRecord } from '../../model/node.js';
import { NameTables, RecordedColumns } from './recorded-columns.js';
import type { PackedFrame, PackedHost } from '../format/packed-frame.js';
import { GAP_INTERVALS } from '../format/schema.js';

interface Known {
  readonly record: HostRecord;
  readonly columns: RecordedColumns;
}

/** What is said of a host that a recording without connections leaves out of a frame: all-smi does that when a host fails. */
const LEFT_OUT = { code: 'S_NOT_RECORDED', text: errorText('S_NOT_RECORDED') };

export class RecordedHosts {
  readonly #tables = new NameTables();
  readonly #known = new Map<string, Known>();
  readonly #intervalMs: Ms;

  constructor(intervalMs: Ms) {
    this.#intervalMs = intervalMs;
  }

  get all(): readonly HostView[] {
    return [...this.#known.values()].map(({ record }) => record);
  }

  /** Has to see each frame that was packed, shown or not. */
  take(frame: PackedFrame): void {
    this.#tables.add(frame);
  }

  /** Makes the hosts of a frame known without showing anything of them. */
  expect(frame: PackedFrame): void {
    for (const host of frame.hosts) this.#get(host);
  }

  /** Shows a frame that was taken; what there is to be delivered. */
  show(frame: PackedFrame, continuity: Delivery['continuity']): readonly Delivery[] {
    const present = new Set(frame.hosts.map(({ hostId }) => hostId));
    const told = frame.hosts.some(({ status }) => status !== undefined);
    const deliveries = frame.hosts.map((host) => this.#present(frame, host, continuity));
    for (const [hostId, known] of this.#known) {
      if (present.has(hostId)) continue;
      if (told) {
        this.#known.delete(hostId);
        deliveries.push({ host: known.record, kind: 'gone', continuity });
      } else deliveries.push(this.#leftOut(frame, known, continuity));
    }
    return deliveries;
  }

  #get({ hostId, label, groups }: PackedHost): Known {
    let known = this.#known.get(hostId);
    if (!known) {
      const columns = new RecordedColumns(this.#tables);
      this.#known.set(hostId, (known = { columns, record: new HostRecord({ hostId, label, groups }, columns) }));
    }
    return known;
  }

  #present(frame: PackedFrame, host: PackedHost, continuity: Delivery['continuity']): Delivery {
    const { record, columns } = this.#get(host);
    const { spans, status, at } = host;
    // A host that is not counted has no rows in the recording. Those of the frame before stay, as they did live; after a jump there are none.
    if (spans || (continuity === 'jump' && record.version > 0)) {
      columns.load(frame, host);
      record.commit({ at });
    }
    if (status) record.setStatus(status);
    const kind = status?.phase !== 'failing' ? 'data' : status.overdue ? 'overdue' : 'failed';
    return { host: record, kind, continuity, ...(spans ? { change: 'structure' as const } : {}) };
  }

  #leftOut(frame: PackedFrame, { record, columns }: Known, continuity: Delivery['continuity']): Delivery {
    if (continuity === 'jump') {
      columns.load(frame, {
        hostId: record.hostId,
        label: record.label,
        at: frame.at,
        status: undefined,
        groups: record.groups,
        facts: record.facts,
        extras: '',
        spans: undefined,
      });
      record.commit({ at: frame.at });
      record.setStatus({ ...WAITING, phase: 'failing', error: LEFT_OUT });
      return { host: record, kind: 'failed', continuity };
    }
    record.fail({ at: frame.at, error: LEFT_OUT });
    const { okAt, overdue } = record.status;
    if (overdue || okAt === undefined || frame.at - okAt < GAP_INTERVALS * this.#intervalMs)
      return { host: record, kind: 'failed', continuity };
    record.setStatus({ overdue: true });
    return { host: record, kind: 'overdue', continuity };
  }
}
