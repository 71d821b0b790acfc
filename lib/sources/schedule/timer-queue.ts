/** A queue of timed items: a binary heap, earliest first; items of the same time are first in, first out. */
export class TimerQueue<Item> {
  readonly #heap: { readonly at: number; readonly order: number; readonly item: Item }[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Time of the earliest item; Infinity when there is none. */
  get next(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  add(at: number, item: Item): void {
    const heap = this.#heap;
    heap.push({ at, order: this.#order++, item });
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!this.#before(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Removes and returns the earliest item if it is due. */
  take(now: number): Item | undefined {
    const heap = this.#heap;
    if (heap.length === 0 || this.next > now) return undefined;
    const { item } = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return item;
    heap[0] = last;
    for (let parent = 0; ;) {
      const left = 2 * parent + 1;
      const child = left + 1 < heap.length && this.#before(left + 1, left) ? left + 1 : left;
      if (child >= heap.length || !this.#before(child, parent)) return item;
      this.#swap(child, parent);
      parent = child;
    }
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a]!, this.#heap[b]!];
    return x.at < y.at || (x.at === y.at && x.order < y.order);
  }

  #swap(a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b]!, this.#heap[a]!];
  }
}
