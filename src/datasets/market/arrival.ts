/** Rows that arrive later than they happened wait here: a heap by (arrival, order of creation) over slots of a row store. */
import { assert } from '../../core/errors.js';

/** Columns of market data as numbers: codes for texts, ticks for prices. Row i is every array's i-th. */
export class TickRows {
  time: Float64Array;
  price: Float64Array;
  volume: Float64Array;
  bid: Float64Array;
  ask: Float64Array;
  symbol: Int32Array;
  exchange: Int32Array;
  eventType: Int32Array;
  trader: Int32Array;

  constructor(readonly capacity: number) {
    this.time = new Float64Array(capacity);
    this.price = new Float64Array(capacity);
    this.volume = new Float64Array(capacity);
    this.bid = new Float64Array(capacity);
    this.ask = new Float64Array(capacity);
    this.symbol = new Int32Array(capacity);
    this.exchange = new Int32Array(capacity);
    this.eventType = new Int32Array(capacity);
    this.trader = new Int32Array(capacity);
  }

  copyRow(from: TickRows, fromRow: number, row: number): void {
    this.time[row] = from.time[fromRow]!;
    this.price[row] = from.price[fromRow]!;
    this.volume[row] = from.volume[fromRow]!;
    this.bid[row] = from.bid[fromRow]!;
    this.ask[row] = from.ask[fromRow]!;
    this.symbol[row] = from.symbol[fromRow]!;
    this.exchange[row] = from.exchange[fromRow]!;
    this.eventType[row] = from.eventType[fromRow]!;
    this.trader[row] = from.trader[fromRow]!;
  }
}

/** Holds delayed rows until their arrival. As large as the rows under way at one time, not as the day. */
export class ArrivalHeap {
  #rows = new TickRows(1024);
  #arrival = new Float64Array(1024);
  #order = new Float64Array(1024);
  /** Slots [0, size) of `#heap` form the heap, the rest are free. */
  #heap = Int32Array.from({ length: 1024 }, (_, slot) => slot);
  #size = 0;
  #added = 0;

  get size(): number {
    return this.#size;
  }

  /** When the next row arrives; +Infinity when none is held. */
  get nextArrival(): number {
    return this.#size === 0 ? Infinity : this.#arrival[this.#heap[0]!]!;
  }

  push(arrival: number, from: TickRows, fromRow: number): void {
    if (this.#size === this.#heap.length) this.#grow();
    const slot = this.#heap[this.#size]!;
    this.#rows.copyRow(from, fromRow, slot);
    this.#arrival[slot] = arrival;
    this.#order[slot] = this.#added;
    this.#added += 1;
    let child = this.#size;
    this.#size += 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.#before(this.#heap[parent]!, slot)) break;
      this.#heap[child] = this.#heap[parent]!;
      child = parent;
    }
    this.#heap[child] = slot;
  }

  popInto(to: TickRows, toRow: number): void {
    assert(this.#size > 0, 'a row is held');
    const first = this.#heap[0]!;
    to.copyRow(this.#rows, first, toRow);
    this.#size -= 1;
    const last = this.#heap[this.#size]!;
    this.#heap[this.#size] = first;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#before(this.#heap[child + 1]!, this.#heap[child]!)) child += 1;
      if (this.#before(last, this.#heap[child]!)) break;
      this.#heap[parent] = this.#heap[child]!;
      parent = child;
    }
    if (this.#size > 0) this.#heap[parent] = last;
  }

  #before(left: number, right: number): boolean {
    const difference = this.#arrival[left]! - this.#arrival[right]!;
    return difference < 0 || (difference === 0 && this.#order[left]! < this.#order[right]!);
  }

  #grow(): void {
    const size = this.#heap.length;
    const rows = new TickRows(2 * size);
    for (let slot = 0; slot < size; slot += 1) rows.copyRow(this.#rows, slot, slot);
    this.#rows = rows;
    const widened = (values: Float64Array) => {
      const wide = new Float64Array(2 * size);
      wide.set(values);
      return wide;
    };
    this.#arrival = widened(this.#arrival);
    this.#order = widened(this.#order);
    const heap = Int32Array.from({ length: 2 * size }, (_, slot) => slot);
    heap.set(this.#heap);
    this.#heap = heap;
  }
}
