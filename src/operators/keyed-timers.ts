/** Timers that the user's code sets for the keys of an operator: by the watermark that lets each fire, then key, then time. */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';

export interface KeyedTimer {
  readonly id: number;
  /** What the user asked for, and is told. */
  readonly time: number;
  /** The watermark that lets it fire: its time, or, for one set in the past, a half above what there was. */
  readonly due: number;
}

/** A binary heap; the timers of a key are known by time, so that none is set twice. */
export class KeyedTimers {
  readonly #heap: KeyedTimer[] = [];
  /** By key id: its timers by time. One that was deleted is in the heap until it comes up. */
  readonly #byKey = new Map<number, Map<number, KeyedTimer>>();

  /** `compare` orders keys by id. */
  constructor(private readonly compare: (a: number, b: number) => number) {}

  /** The least watermark that may let one fire; Infinity when there is none. */
  get first(): number {
    return this.#heap[0]?.due ?? Infinity;
  }

  set(id: number, time: number, due: number): void {
    let times = this.#byKey.get(id);
    if (times === undefined) this.#byKey.set(id, times = new Map());
    if (times.has(time)) return;
    const timer = { id, time, due };
    times.set(time, timer);
    this.#push(timer);
  }

  delete(id: number, time: number): void {
    const times = this.#byKey.get(id);
    if (times?.delete(time) === true && times.size === 0) this.#byKey.delete(id);
  }

  deleteAll(id: number): void {
    this.#byKey.delete(id);
  }

  /** Removes and returns the next one due by `watermark`; null when there is none. */
  take(watermark: number): KeyedTimer | null {
    while (this.#heap.length > 0 && this.first <= watermark) {
      const timer = this.#pop();
      if (this.#byKey.get(timer.id)?.get(timer.time) !== timer) continue;
      this.delete(timer.id, timer.time);
      return timer;
    }
    return null;
  }

  #isBefore(a: KeyedTimer, b: KeyedTimer): boolean {
    return (a.due - b.due || this.compare(a.id, b.id) || a.time - b.time) < 0;
  }

  #push(timer: KeyedTimer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(timer, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): KeyedTimer {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.#isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  snapshot(writer: ByteWriter): void {
    const live = faults.timersNotSaved ? [] : [...this.#byKey.values()].flatMap((times) => [...times.values()]).sort((a, b) => a.id - b.id || a.time - b.time);
    writer.varint(live.length);
    for (const { id, time, due } of live) {
      writer.varint(id);
      writer.f64(time);
      writer.f64(due);
    }
  }

  restore(reader: ByteReader): void {
    this.#heap.length = 0;
    this.#byKey.clear();
    for (let left = reader.varint(); left > 0; left -= 1) this.set(reader.varint(), reader.f64(), reader.f64());
  }
}
