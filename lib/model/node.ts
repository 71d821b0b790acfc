/** A node as its source manages it: identity, endpoints, and the columns behind one read-only interface. */
import type { Ms } from './clock.js';
import type { Change, NodeData } from './columns.js';
import { deciding, Endpoint, type Answered, type EndpointStatus, type Failed } from './endpoint.js';
import { NodeNames, type NamedNode } from './node-names.js';
import type { NodeView, Service } from './node-view.js';

export interface NodeIdentity {
  readonly nodeId: string;
  readonly groups?: ReadonlyMap<string, string>;
  /** The name in the host file; it takes precedence over the name that the node reports. */
  readonly name?: string;
}

/** What is known of the owners of a node's processes and GPUs, beyond what it sent. */
export interface Attributed {
  readonly procs: NodeData['procs'];
  readonly allocations: NodeData['allocations'];
}

export interface AttributionSource {
  /** Calls `listen` when something other than the rows of a node has changed the answers. */
  onChanged(listen: () => void): void;
  /** Undefined: nothing more is known. To be called when the rows of the node have changed; what it returns reads the node's values. */
  attribute(node: Pick<NodeView, 'nodeId' | 'name'>, data: NodeData): Attributed | undefined;
  /** How the scheduler sees the node; undefined: not known. */
  serviceOf(nodeId: string): Service | undefined;
}

const NO_GROUPS: ReadonlyMap<string, string> = new Map();

export class Node implements NodeView, NamedNode {
  readonly nodeId: string;
  readonly groups: ReadonlyMap<string, string>;
  #endpoints: readonly Endpoint[];
  readonly #data: NodeData;
  readonly #names: NodeNames;
  readonly #isNamed: boolean;
  readonly #attribution: AttributionSource | undefined;
  #attributed: Attributed | undefined;
  #name = '';
  #version = 0;
  #structure = 0;
  #at: Ms = 0;
  /** The last status that was asked for, and that of the endpoint that it is of. */
  #status: { readonly of: EndpointStatus; readonly shown: EndpointStatus } | undefined;

  /**
   * `data` is the same object for the node's life: a parser or a writer of samples commits into it. `names`: the names of all nodes of the
   * run.
   */
  constructor(
    identity: NodeIdentity,
    data: NodeData,
    endpoints: readonly Endpoint[] = [new Endpoint(identity.nodeId)],
    names = new NodeNames(),
    attribution?: AttributionSource,
  ) {
    this.nodeId = identity.nodeId;
    this.groups = identity.groups ?? NO_GROUPS;
    this.#endpoints = endpoints;
    this.#names = names;
    this.#isNamed = identity.name !== undefined;
    names.claim(this, identity.name ?? identity.nodeId);
    this.#data = data;
    this.#attribution = attribution;
    attribution?.onChanged(() => this.#ownersChanged());
  }

  /**
   * The name in the host file; else the name that the node reports, once known; else the nodeId. Names that several nodes share are
   * prefixed with the nodeId.
   */
  get name(): string {
    return this.#name;
  }
  /** At least one. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }
  get version(): number {
    return this.#version;
  }
  get structure(): number {
    return this.#structure;
  }
  get at(): Ms {
    return this.#at;
  }
  get status(): EndpointStatus {
    if (this.endpoints.length === 1) return this.endpoints[0]!.status;
    const { id, status: of } = deciding(this.endpoints);
    if (this.#status?.of === of) return this.#status.shown;
    const shown = of.error === undefined ? of : { ...of, error: { ...of.error, text: `${id}: ${of.error.text}` } };
    this.#status = { of, shown };
    return shown;
  }
  get service(): Service | undefined {
    return this.#attribution?.serviceOf(this.nodeId);
  }
  get procs(): NodeData['procs'] {
    return (this.#attributed ?? this.#data).procs;
  }
  get gpus(): NodeData['gpus'] {
    return this.#data.gpus;
  }
  get allocations(): NodeData['allocations'] {
    return (this.#attributed ?? this.#data).allocations;
  }
  get cpus(): NodeData['cpus'] {
    return this.#data.cpus;
  }
  get cores(): NodeData['cores'] {
    return this.#data.cores;
  }
  get memory(): NodeData['memory'] {
    return this.#data.memory;
  }
  get disks(): NodeData['disks'] {
    return this.#data.disks;
  }
  get facts(): NodeData['facts'] {
    return this.#data.facts;
  }
  get extras(): NodeData['extras'] {
    return this.#data.extras;
  }
  text(ref: number): string {
    return this.#data.text(ref);
  }
  userName(id: number): string {
    return this.#data.userName(id);
  }

  rename(name: string): void {
    this.#name = name;
  }

  /** New rows, or new numbers in existing rows, were committed to the data, and came from the endpoint. */
  commit(answer: Answered, change: Change = 'structure', endpoint = this.endpoints[0]!): void {
    this.#at = answer.at;
    this.changed(change);
    endpoint.answered(answer);
  }

  /** The rows have changed, without an answer. */
  changed(change: Change): void {
    this.#version++;
    if (!this.#isNamed && this.#data.facts.instance !== '') this.#names.claim(this, this.#data.facts.instance);
    // Owners follow from the rows: new values change none.
    if (change === 'values') return;
    this.#structure++;
    this.#attribute();
  }

  /** Returns whether more is known of the owners, or was before. */
  #attribute(): boolean {
    const before = this.#attributed;
    this.#attributed = this.#attribution?.attribute(this, this.#data);
    return before !== undefined || this.#attributed !== undefined;
  }

  #ownersChanged(): void {
    if (this.#version === 0 || !this.#attribute()) return;
    this.#version++;
    this.#structure++;
  }

  /** An attempt ended without an answer. The rows and the facts of the last successful answer stay. */
  fail(failed: Failed, endpoint = this.endpoints[0]!): void {
    endpoint.failed(failed);
  }

  /** The node has other endpoints than before: in another frame of a recording. */
  feedFrom(endpoints: readonly Endpoint[]): void {
    this.#endpoints = endpoints;
  }

  setStatus(change: Partial<EndpointStatus>, endpoint = this.endpoints[0]!): void {
    endpoint.setStatus(change);
  }
}
