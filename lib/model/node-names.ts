/** The names of the nodes of a run. Nodes with the same name are distinguished by their address: two clusters may both have a node-0001. */

/** A node, as far as naming needs it. */
export interface NamedNode {
  readonly nodeId: string;
  /** Sets the name that is shown from now on. */
  rename(name: string): void;
}

export class NodeNames {
  readonly #byName = new Map<string, Set<NamedNode>>();
  readonly #nameOf = new Map<NamedNode, string>();

  /** `node` reports `name`, or the host file assigns it. Renames the node, and other nodes of that name where needed. */
  claim(node: NamedNode, name: string): void {
    if (this.#nameOf.get(node) === name) return;
    this.release(node);
    const alike = this.#byName.get(name) ?? new Set();
    this.#nameOf.set(node, name);
    this.#byName.set(name, alike.add(node));
    if (alike.size === 2) for (const one of alike) one.rename(distinct(one, name));
    else node.rename(alike.size === 1 ? name : distinct(node, name));
  }

  /** `node` was removed. */
  release(node: NamedNode): void {
    const name = this.#nameOf.get(node);
    const alike = name === undefined ? undefined : this.#byName.get(name);
    if (name === undefined || !alike) return;
    this.#nameOf.delete(node);
    alike.delete(node);
    if (alike.size === 0) this.#byName.delete(name);
    else if (alike.size === 1) for (const one of alike) one.rename(name);
  }
}

/** The address comes first: where there is little room, the end is cut. */
const distinct = ({ nodeId }: NamedNode, name: string): string => (nodeId === name ? name : `${nodeId} (${name})`);
