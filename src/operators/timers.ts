/** Timers of keys, in the order in which they are due: a binary heap. */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import type { KeyTable } from './key-table.js';

export interface Timer {
  readonly id: number;
  /** The last event time whose rows come before it. */
  readonly edge: number;
  /** The watermark that lets it go: its edge, or later where it was set behind the watermark. */
  readonly due: number;
}

export class Timers {
  #heap: Timer[] = [];

  /** The next one; undefined when there is none. */
  get first(): Timer | undefined {
    return this.#heap[0];
  }

  add(timer: Timer, keys: KeyTable): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (compare(heap[parent]!, timer, keys) <= 0) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  /** Removes the first. There must be one. */
  take(keys: KeyTable): Timer {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop()!;
    if (heap.length > 0) {
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && compare(heap[child + 1]!, heap[child]!, keys) < 0) child += 1;
        if (compare(heap[child]!, last, keys) >= 0) break;
        heap[at] = heap[child]!;
        at = child;
      }
      heap[at] = last;
    }
    return first!;
  }

  snapshot(writer: ByteWriter): void {
    writer.varint(this.#heap.length);
    for (const { id, edge, due } of this.#heap) {
      writer.varint(id);
      writer.f64(edge);
      writer.f64(due);
    }
  }

  /** A heap that was written is one that is read. */
  restore(reader: ByteReader): void {
    this.#heap = Array.from({ length: reader.varint() }, () => ({ id: reader.varint(), edge: reader.f64(), due: reader.f64() }));
  }
}

const compare = (a: Timer, b: Timer, keys: KeyTable): number => a.due - b.due || a.edge - b.edge || keys.compare(a.id, b.id);
