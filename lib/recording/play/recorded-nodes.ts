/** The nodes of a replay: a frame becomes commits, failures and disappearances, as in live operation. */
import { errorText } from '../../errors.js';
import { included, type NodeView } from '../../model/node-view.js';
import type { Delivery } from '../../model/collector.js';
import { Node } from '../../model/node.js';
import { NodeNames } from '../../model/node-names.js';
import { NameTables, RecordedColumns } from './recorded-columns.js';
import { MAX_HOSTS } from '../format/schema.js';
import type { PackedFrame, PackedNode } from '../format/packed-frame.js';
import type { Ms } from '../../model/clock.js';
import { NO_FACTS } from '../../model/empty-columns.js';
import { Endpoint, isOverdue, WAITING } from '../../model/endpoint.js';
import type { ReadEndpoint } from '../format/connection-read.js';

interface Known {
  readonly record: Node;
  readonly columns: RecordedColumns;
}

function recordedEndpoint({ id, status, givesGpus, exporterVersion }: ReadEndpoint): Endpoint {
  const endpoint = new Endpoint(id);
  endpoint.setStatus(status);
  endpoint.givesGpus = givesGpus;
  endpoint.facts = status.okAt === undefined ? undefined : { ...NO_FACTS, exporterVersion };
  return endpoint;
}

/** The error of a node that is missing in a frame of a recording without connections: all-smi leaves out nodes whose scrape failed. */
const LEFT_OUT = { code: 'S_NOT_RECORDED', text: errorText('S_NOT_RECORDED') };

export class RecordedNodes {
  readonly #tables = new NameTables();
  readonly #names = new NodeNames();
  readonly #known = new Map<string, Known>();
  readonly #intervalMs: Ms;

  constructor(intervalMs: Ms) {
    this.#intervalMs = intervalMs;
  }

  get all(): readonly NodeView[] {
    return [...this.#known.values()].map(({ record }) => record);
  }

  /** Must see each frame that was packed, shown or not. */
  take(frame: PackedFrame): void {
    this.#tables.add(frame);
  }

  /** Adds the nodes of a frame without showing any of their data. */
  expect(frame: PackedFrame): void {
    for (const node of frame.nodes) this.#get(node);
  }

  /** Shows a frame that was added; returns what to deliver. */
  show(frame: PackedFrame, continuity: Delivery['continuity']): readonly Delivery[] {
    const present = new Set(frame.nodes.map(({ nodeId }) => nodeId));
    const hasStatus = frame.nodes.some(({ status }) => status !== undefined);
    const deliveries = frame.nodes.map((node) => this.#present(frame, node, continuity));
    for (const [nodeId, known] of this.#known) {
      if (present.has(nodeId)) continue;
      // A recording with other nodes in each frame would fill the memory: the nodes that have been missing longest are dropped.
      if (hasStatus || this.#known.size > MAX_HOSTS) {
        this.#known.delete(nodeId);
        this.#names.release(known.record);
        deliveries.push({ node: known.record, kind: 'gone', continuity });
      } else deliveries.push(this.#leftOut(frame, known, continuity));
    }
    return deliveries;
  }

  #get({ nodeId, name, groups }: PackedNode): Known {
    let known = this.#known.get(nodeId);
    if (!known) {
      const columns = new RecordedColumns(this.#tables);
      this.#known.set(nodeId, (known = { columns, record: new Node({ nodeId, name, groups }, columns, undefined, this.#names) }));
    }
    return known;
  }

  #present(frame: PackedFrame, node: PackedNode, continuity: Delivery['continuity']): Delivery {
    const { record, columns } = this.#get(node);
    this.#names.claim(record, node.name);
    const { spans, status, at } = node;
    // A node that is not up has no rows in the recording. Those of the frame before remain, as in live operation; after a jump there are
    // none. A node that is up and has none has reported none.
    const counted = status !== undefined && included({ status });
    if (spans || counted || (continuity === 'jump' && record.version > 0)) {
      columns.load(frame, node);
      record.commit({ at });
    }
    if (node.endpoints.length > 0) record.feedFrom(node.endpoints.map(recordedEndpoint));
    else if (status) record.setStatus(status);
    const kind = status?.phase !== 'failing' ? 'data' : status.overdue ? 'overdue' : 'failed';
    return { node: record, kind, continuity };
  }

  #leftOut(frame: PackedFrame, { record, columns }: Known, continuity: Delivery['continuity']): Delivery {
    if (continuity === 'jump') {
      columns.load(frame, {
        nodeId: record.nodeId,
        name: record.name,
        at: frame.at,
        status: undefined,
        endpoints: [],
        groups: record.groups,
        facts: record.facts,
        extras: '',
        owners: '',
        spans: undefined,
      });
      record.commit({ at: frame.at });
      record.setStatus({ ...WAITING, phase: 'failing', error: LEFT_OUT });
      return { node: record, kind: 'failed', continuity };
    }
    record.fail({ at: frame.at, error: LEFT_OUT });
    const { okAt, overdue } = record.status;
    if (overdue || okAt === undefined || !isOverdue(okAt, this.#intervalMs, frame.at)) return { node: record, kind: 'failed', continuity };
    record.setStatus({ overdue: true });
    return { node: record, kind: 'overdue', continuity };
  }
}
