/** MIN and MAX, FIRST_VALUE and LAST_VALUE of rows that may be taken back in any order: every value is kept. */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { assert } from '../core/errors.js';
import { faults } from '../core/faults.js';
import { ArgumentReader, compareValues, type Accumulator } from './accumulator.js';
import type { Cells } from './cells.js';
import { keyOf, valueOf } from './distinct.js';
import type { Value } from './extremes.js';

/** How often each value is there, and a heap of the values whose top is the extreme, once those that left are skipped. */
class ValueCounts {
  /** A value that left stays with a count of 0 while it is in the heap. */
  readonly counts = new Map<unknown, number>();
  #heap: Value[] = [];
  #live = 0;

  constructor(readonly sign: 1 | -1) {}

  add(value: Value, count: number): void {
    const key = keyOf(value);
    const before = this.counts.get(key);
    this.counts.set(key, (before ?? 0) + count);
    if ((before ?? 0) === 0) this.#live += 1;
    if (before === undefined) this.#push(value);
  }

  /** A value that is not there, its group having been forgotten since, is none to take back. */
  remove(value: Value): void {
    const key = keyOf(value);
    const before = this.counts.get(key) ?? 0;
    if (before === 0) return;
    this.counts.set(key, before - 1);
    if (before > 1) return;
    this.#live -= 1;
    if (this.#heap.length > 2 * this.#live + 16) this.#rebuild();
  }

  top(): Value | null {
    for (;;) {
      const [top] = this.#heap;
      if (top === undefined) return null;
      if (this.counts.get(keyOf(top))! > 0) return top;
      this.counts.delete(keyOf(top));
      this.#pop();
    }
  }

  #isBetter(a: Value, b: Value): boolean {
    return compareValues(a, b) * this.sign > 0;
  }

  #push(value: Value): void {
    const heap = this.#heap;
    let at = heap.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBetter(value, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = value;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#isBetter(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.#isBetter(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }

  /** Without the values that left. */
  #rebuild(): void {
    for (const [key, count] of this.counts) if (count === 0) this.counts.delete(key);
    // In order it is a heap.
    this.#heap = [...this.counts.keys()].map((key) => valueOf(key) as Value).sort((a, b) => compareValues(b, a) * this.sign);
  }
}

/** State: one `ValueCounts`. */
export class RetractableExtremeAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 0;
  readonly objectWidth = 1;

  constructor(readonly sign: 1 | -1) {
    super();
  }

  add(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) this.#countsOf(cells, slot).add(this.valueAt(row) as Value, 1);
  }

  retract(cells: Cells, slot: number, row: number): void {
    if (this.takes(row) && !faults.neverRetract) this.#countsOf(cells, slot).remove(this.valueAt(row) as Value);
  }

  merge(): void {
    assert(false, 'groups are not merged');
  }

  value(cells: Cells, slot: number): Value | null {
    return this.#countsOf(cells, slot).top();
  }

  override save(writer: ByteWriter, cells: Cells, slot: number): void {
    const there = [...this.#countsOf(cells, slot).counts].filter(([, count]) => count > 0);
    writer.varint(there.length);
    for (const [key, count] of there) {
      writer.physical(valueOf(key) as Value);
      writer.varint(count);
    }
  }

  override load(reader: ByteReader, cells: Cells, slot: number): void {
    const counts = this.#countsOf(cells, slot);
    for (let left = reader.varint(); left > 0; left -= 1) {
      const value = reader.physical() as Value;
      counts.add(value, reader.varint());
    }
  }

  #countsOf(cells: Cells, slot: number): ValueCounts {
    return (cells.objects[slot * cells.objectWidth + this.objectAt] ??= new ValueCounts(this.sign)) as ValueCounts;
  }
}

/** Values in the order of arrival. One that is taken back is the oldest of its equals, as in Flink. */
class ValueSequence {
  /** Undefined where a value left; neither the first nor the last. */
  #values: (Value | undefined)[] = [];
  #head = 0;
  #live = 0;
  /** By value, where it stands, oldest first. */
  #places = new Map<unknown, number[]>();

  add(value: Value): void {
    const at = this.#values.push(value) - 1;
    this.#live += 1;
    const places = this.#places.get(keyOf(value));
    if (places === undefined) this.#places.set(keyOf(value), [at]);
    else places.push(at);
  }

  remove(value: Value): void {
    const key = keyOf(value);
    const places = this.#places.get(key);
    if (places === undefined) return;
    this.#values[places.shift()!] = undefined;
    this.#live -= 1;
    if (places.length === 0) this.#places.delete(key);
    while (this.#head < this.#values.length && this.#values[this.#head] === undefined) this.#head += 1;
    while (this.#values.length > this.#head && this.#values[this.#values.length - 1] === undefined) this.#values.pop();
    if (this.#values.length > 2 * this.#live + 32) this.#close();
  }

  get first(): Value | null {
    return this.#values[this.#head] ?? null;
  }

  get last(): Value | null {
    return this.#head < this.#values.length ? this.#values[this.#values.length - 1]! : null;
  }

  there(): Value[] {
    return this.#values.slice(this.#head).filter((value) => value !== undefined);
  }

  /** Without the gaps. */
  #close(): void {
    const values = this.there();
    this.#values = [];
    this.#head = 0;
    this.#live = 0;
    this.#places = new Map();
    for (const value of values) this.add(value);
  }
}

/** First (sign −1) or last (+1) value by arrival that is not NULL. State: one `ValueSequence`. */
export class RetractableEdgeAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 0;
  readonly objectWidth = 1;

  constructor(readonly sign: 1 | -1) {
    super();
  }

  add(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) this.#sequenceOf(cells, slot).add(this.valueAt(row) as Value);
  }

  retract(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) this.#sequenceOf(cells, slot).remove(this.valueAt(row) as Value);
  }

  merge(): void {
    assert(false, 'groups are not merged');
  }

  value(cells: Cells, slot: number): Value | null {
    const sequence = this.#sequenceOf(cells, slot);
    return this.sign > 0 ? sequence.last : sequence.first;
  }

  override save(writer: ByteWriter, cells: Cells, slot: number): void {
    const values = this.#sequenceOf(cells, slot).there();
    writer.varint(values.length);
    for (const value of values) writer.physical(value);
  }

  override load(reader: ByteReader, cells: Cells, slot: number): void {
    const sequence = this.#sequenceOf(cells, slot);
    for (let left = reader.varint(); left > 0; left -= 1) sequence.add(reader.physical() as Value);
  }

  #sequenceOf(cells: Cells, slot: number): ValueSequence {
    return (cells.objects[slot * cells.objectWidth + this.objectAt] ??= new ValueSequence()) as ValueSequence;
  }
}
