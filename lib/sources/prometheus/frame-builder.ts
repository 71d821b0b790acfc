/**
 * Puts the rows of a server's answers together to what each node would have answered itself, as text: so the same parsers read it, and the same
 * values come out, whatever the exporter. Pure.
 */
import { ALIASES } from '../../exposition/schema/families.js';
import type { Ms } from '../../model/clock.js';
import type { Labels } from './series-reader.js';
import { NAME_OF, type Subject } from './questions.js';
import { blockOf, podIsTarget, type Sent } from './sent-labels.js';

/** A node at a time, as the server knows it. */
export interface NodeFrame {
  /** Whether the server could scrape it; undefined: not known. */
  readonly up: boolean | undefined;
  /** When it was scraped last, by the server's clock; NaN: not known. */
  readonly sampledAt: Ms;
  /** What it sent; undefined: nothing that is read here. */
  readonly text: string | undefined;
}

export type Frame = ReadonlyMap<string, NodeFrame>;

interface Row {
  readonly name: string;
  readonly labels: Labels;
  readonly value: string;
}

/** Labels that tell which GPU a row is about, and what it is called. */
const OF_GPU: readonly string[] = [...ALIASES.gpuUuid, ...ALIASES.gpuName, ...ALIASES.gpuIndex];
const indexOf = (labels: Labels): string => labels.gpu_index ?? labels.npu_index ?? labels.index ?? '';
const uuidOf = (labels: Labels): string => ALIASES.gpuUuid.map((name) => labels[name] ?? '').find((uuid) => uuid !== '') ?? '';
const isOfGpu = (labels: Labels): boolean => ALIASES.gpuName.some((name) => name in labels) && uuidOf(labels) !== '';

/** What is asked once in a while: rows that seldom change, and with them the labels of GPUs that slim rows do not have. */
export class FixedRows {
  readonly rows = new Map<string, Row[]>();
  /** The labels of a GPU, by instance and index. */
  readonly #gpus = new Map<string, Map<string, Labels>>();
  readonly #instanceOfUuid = new Map<string, string>();
  readonly #instanceOfHostname = new Map<string, string>();

  add(labels: Labels, value: string): void {
    const { instance = '', __name__: name = '', hostname } = labels;
    push(this.rows, instance, { name, labels, value });
    if (hostname !== undefined) this.#instanceOfHostname.set(hostname, instance);
    if (!isOfGpu(labels)) return;
    const gpus = this.#gpus.get(instance) ?? new Map<string, Labels>();
    this.#gpus.set(instance, gpus);
    gpus.set(indexOf(labels), identityOf(labels));
    this.#instanceOfUuid.set(uuidOf(labels), instance);
  }

  gpu(instance: string, index: string): Labels | undefined {
    return this.#gpus.get(instance)?.get(index);
  }

  get gpuInstances(): Iterable<string> {
    return this.#gpus.keys();
  }

  instanceWithGpu(uuid: string): string | undefined {
    return this.#instanceOfUuid.get(uuid);
  }

  targetWithHostname(hostname: string): string | undefined {
    return this.#instanceOfHostname.get(hostname);
  }
}

const identityOf = (labels: Labels): Labels =>
  Object.fromEntries(
    Object.entries(labels).filter(
      ([name]) => OF_GPU.includes(name.replace(/^exported_/, '')) || name === 'instance' || name === 'exported_instance',
    ),
  );

/** The commands of processes that have been asked for. They do not change, and are too long to be asked for every time. */
export class Commands {
  #of = new Map<string, Labels>();

  add(labels: Labels): void {
    const { name = '', command = '' } = labels;
    if (this.#of.size >= MAX_COMMANDS) this.#of.clear();
    this.#of.set(processKey(labels), { name, command });
  }

  with(labels: Labels): Labels {
    const known = this.#of.get(processKey(labels));
    return known ? { ...labels, ...known } : labels;
  }
}

const MAX_COMMANDS = 100_000;
const processKey = ({ instance = '', pid = '', user = '' }: Labels): string => `${instance} ${pid} ${user}`;

export class FrameBuilder {
  readonly #fixed: FixedRows;
  readonly #commands: Commands;
  readonly #jobs: ReadonlySet<string>;
  /** By instance. */
  readonly #rows = new Map<string, Row[]>();
  readonly #foreign = new Map<string, Row[]>();
  readonly #whole = new Map<string, Row[]>();
  readonly #up = new Map<string, boolean>();
  readonly #sampledAt = new Map<string, Ms>();
  /** The target of the nodes that have another instance in their own rows. */
  readonly #targets = new Map<string, string>();
  /** GPUs whose fixed rows are not known: they have to be asked again. */
  readonly unknownGpus = new Set<string>();

  /** `jobs`: the names of scrape jobs. */
  constructor(fixed: FixedRows, commands: Commands, jobs: readonly string[]) {
    this.#fixed = fixed;
    this.#commands = commands;
    this.#jobs = new Set(jobs);
  }

  add(subject: Subject, labels: Labels, value: string): void {
    const { instance = '', __name__: name = NAME_OF[subject] ?? '' } = labels;
    switch (subject) {
      case 'up':
        this.#up.set(instance, value !== '0');
        return;
      case 'sampled':
        this.#sampledAt.set(instance, Math.round(Number(value) * 1000));
        return;
      case 'whole':
        return push(this.#whole, instance, { name, labels, value });
      case 'dialects':
        return push(this.#foreign, instance, { name, labels, value });
      case 'gpus':
        return this.#addGpu(instance, { name, labels, value });
      case 'fixed':
        return;
      case 'commands':
        return this.#commands.add(labels);
      case 'processes':
      case 'ages':
      case 'shares':
        this.#meet(instance, labels);
        return push(this.#rows, instance, { name, labels: 'command' in labels ? labels : this.#commands.with(labels), value });
      case 'machine':
      case 'identities':
        break;
    }
    push(this.#rows, instance, { name, labels, value });
  }

  build(): Frame {
    const honored = this.#isHonored();
    const texts = new Map<string, string[]>();
    const put = (instance: string, rows: readonly Row[], ownPod: boolean): void => {
      const node = this.#nodeOf(instance, honored);
      const sent = { ownInstance: honored && node !== instance, jobs: this.#jobs, ownPod };
      for (const row of rows) push(texts, node, lineOf(row, sent));
    };
    for (const [instance, rows] of this.#rows) {
      if (this.#whole.has(instance)) continue;
      put(instance, rows, false);
      put(instance, this.#fixed.rows.get(instance) ?? [], false);
    }
    for (const [instance, rows] of this.#whole) put(instance, rows, false);
    for (const [instance, rows] of this.#foreign) put(instance, rows, podIsTarget(rows.map(({ labels }) => labels)));
    const nodes = new Set([...texts.keys(), ...[...this.#up].flatMap(([instance, up]) => (up ? [] : instance))]);
    return new Map([...nodes].sort().map((node) => [node, this.#node(node, texts.get(node))]));
  }

  #node(node: string, lines: string[] | undefined): NodeFrame {
    // In the same order each time, whatever the order of the server: what is unchanged need not be read again.
    return { up: this.#up.get(node), sampledAt: this.#sampledAt.get(node) ?? NaN, text: lines && `${lines.sort().join('\n')}\n` };
  }

  #addGpu(instance: string, { name, labels, value }: Row): void {
    const gpu = this.#fixed.gpu(instance, indexOf(labels));
    if (gpu) push(this.#rows, instance, { name, labels: gpu, value });
    else this.unknownGpus.add(`${instance} ${indexOf(labels)}`);
  }

  /** Rows of processes never have an instance of their own. */
  #meet(target: string, { device_uuid: uuid }: Labels): void {
    const instance = uuid === undefined ? undefined : this.#fixed.instanceWithGpu(uuid);
    if (instance !== undefined && instance !== target) this.#targets.set(instance, target);
  }

  /** Whether rows keep the instance that the exporter sent: then GPUs are on none of the targets. */
  #isHonored(): boolean {
    const instances = [...this.#fixed.gpuInstances];
    return instances.length > 0 && this.#up.size > 0 && !instances.some((instance) => this.#up.has(instance));
  }

  #nodeOf(instance: string, honored: boolean): string {
    if (!honored || this.#up.has(instance)) return instance;
    const target = this.#targets.get(instance) ?? this.#fixed.targetWithHostname(instance);
    return target ?? [...this.#up.keys()].find((one) => one.replace(/:\d+$/, '') === instance) ?? instance;
  }
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

const lineOf = ({ name, labels, value }: Row, sent: Sent): string => `${name}{${blockOf(labels, sent)}} ${value}`;
