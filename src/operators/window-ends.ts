/** Ends of windows that have rows and have not fired: a binary heap, each end once. */
export class WindowEnds {
  readonly #heap: number[] = [];
  readonly #known = new Set<number>();

  /** The least end; Infinity when there is none. */
  get first(): number {
    return this.#heap.length === 0 ? Infinity : this.#heap[0]!;
  }

  add(end: number): void {
    if (this.#known.has(end)) return;
    this.#known.add(end);
    const heap = this.#heap;
    let at = heap.push(end) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= end) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = end;
  }

  /** Removes and returns the least end, which there must be. */
  take(): number {
    const heap = this.#heap;
    const first = heap[0]!;
    this.#known.delete(first);
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && heap[child + 1]! < heap[child]!) child += 1;
      if (heap[child]! >= last) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  ascending(): number[] {
    return [...this.#heap].sort((a, b) => a - b);
  }
}
