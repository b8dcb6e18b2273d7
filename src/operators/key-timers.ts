/**
 * When the keys of a temporal join are looked after. As in Flink, a key has one timer at the most, at the least time that
 * asked for one; when the watermark passes it, the key's next is at its earliest row that still waits.
 */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { DueRows } from './due-rows.js';
import { grownTimes } from './grown.js';

export class KeyTimers {
  /** By key: the watermark at which its timer fires; Infinity: it has none. */
  #due: Float64Array = new Float64Array(0);
  /** By key, a binary heap: times of rows that wait, some of them past. */
  #waiting: number[][] = [];
  #queue = new DueRows();

  /** Room for so many keys. */
  reserve(keys: number): void {
    this.#due = grownTimes(this.#due, keys, Infinity);
  }

  /** Asks for a timer; a watermark that has passed `time` fires it with its next advance. */
  ask(id: number, time: number, watermark: number): void {
    const due = time > watermark ? time : watermark + 0.5;
    if (due >= this.#due[id]!) return;
    this.#due[id] = due;
    this.#queue.add(id, due);
  }

  /** As `ask`, for a row that waits. */
  await(id: number, time: number, watermark: number): void {
    if (time > watermark) push((this.#waiting[id] ??= []), time);
    this.ask(id, time, watermark);
  }

  /** The next key whose timer `watermark` fires; -1 when there is none left. */
  fire(watermark: number): number {
    for (let id = this.#queue.take(watermark); id >= 0; id = this.#queue.take(watermark)) {
      // An earlier time may have asked since, and have been served.
      if (this.#due[id]! > watermark) continue;
      this.#due[id] = Infinity;
      const waiting = this.#waiting[id];
      if (waiting !== undefined) {
        while (waiting.length > 0 && waiting[0]! <= watermark) pop(waiting);
        if (waiting.length > 0) this.ask(id, waiting[0]!, watermark);
      }
      return id;
    }
    return -1;
  }

  /** A timer that was set before. */
  set(id: number, due: number): void {
    this.#due[id] = due;
    this.#queue.add(id, due);
  }

  /** Infinity: the key has none. */
  dueOf(id: number): number {
    return this.#due[id]!;
  }

  isSet(id: number): boolean {
    return this.#due[id]! < Infinity;
  }

  /** Keys that are kept become 0, 1, 2 … */
  keep(ids: readonly number[]): void {
    this.#due = Float64Array.from(ids, (id) => this.#due[id]!);
    this.#waiting = ids.map((id) => this.#waiting[id] ?? []);
    this.#fillQueue();
  }

  #fillQueue(): void {
    this.#queue = new DueRows();
    this.#due.forEach((due, id) => {
      if (due < Infinity) this.#queue.add(id, due);
    });
  }

  snapshot(writer: ByteWriter, keys: number): void {
    writer.float64Array(this.#due.subarray(0, keys));
    for (let id = 0; id < keys; id += 1) writer.float64Array(Float64Array.from(this.#waiting[id] ?? []));
  }

  restore(reader: ByteReader, keys: number): void {
    this.#due = reader.float64Array();
    for (let id = 0; id < keys; id += 1) {
      const waiting = reader.float64Array();
      if (waiting.length > 0) this.#waiting[id] = Array.from(waiting);
    }
    this.#fillQueue();
  }
}

function push(heap: number[], time: number): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent]! <= time) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = time;
}

function pop(heap: number[]): void {
  const time = heap.pop()!;
  const { length } = heap;
  if (length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= length) break;
    if (child + 1 < length && heap[child + 1]! < heap[child]!) child += 1;
    if (heap[child]! >= time) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = time;
}
