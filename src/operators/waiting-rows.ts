/** Rows that wait for the watermark, and the order in which it lets them go. */
import type { Batch, Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { concatColumns, emptyColumn, readColumn, writeColumn } from '../core/column-bytes.js';
import { gather, view } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import { storageOf, type Schema } from '../core/types.js';
import type { KeyTable } from './key-table.js';

/** Rows let go, in order: their columns, event times, key ids, and the watermark that each waited for. */
export interface ReleasedRows {
  readonly length: number;
  readonly columns: readonly Column[];
  readonly time: Float64Array;
  readonly due: Float64Array;
  readonly ids: Int32Array;
}

export class WaitingRows {
  #columns: Column[];
  #time: Float64Array = new Float64Array(256);
  /**
   * The watermark that lets a row go: its event time, or, for a row that was behind on arrival, the watermark at
   * its arrival plus a half: it goes with the next advance, before the rows of that advance.
   */
  #due: Float64Array = new Float64Array(256);
  #ids: Int32Array = new Int32Array(256);
  #length = 0;
  /** Column parts not yet joined to `#columns`, so that joining happens once a flush. */
  #parts: { columns: readonly Column[]; length: number }[] = [];
  #dueMin = Infinity;

  constructor(schema: Schema) {
    this.#columns = schema.map((field) => emptyColumn(storageOf(field.type)));
  }

  get length(): number {
    return this.#length;
  }

  /** The least watermark that lets a row go. */
  get dueMin(): number {
    return this.#dueMin;
  }

  append(batch: Batch, from: number, to: number, time: Float64Array, ids: Int32Array, due: number | null): void {
    const count = to - from;
    if (count === 0) return;
    this.#reserve(this.#length + count);
    this.#parts.push({ columns: batch.columns.map((column) => view(column, from, to)), length: count });
    for (let row = from; row < to; row += 1) {
      const at = this.#length;
      const rowDue = due ?? time[row]!;
      this.#time[at] = time[row]!;
      this.#due[at] = rowDue;
      this.#ids[at] = ids[row]!;
      if (rowDue < this.#dueMin) this.#dueMin = rowDue;
      this.#length = at + 1;
    }
  }

  /** Takes out the rows due by `watermark`, by (due, event time, key, arrival). */
  release(watermark: number, keys: KeyTable): ReleasedRows | null {
    if (this.#dueMin > watermark) return null;
    this.#join();
    const length = this.#length;
    let count = 0;
    for (let row = 0; row < length; row += 1) if (this.#due[row]! <= watermark) count += 1;
    const order = this.#ordered(watermark, count, keys);
    const released: ReleasedRows = {
      length: count,
      columns: this.#columns.map((column) => gather(column, order, count)),
      time: pick(this.#time, order, count),
      due: pick(this.#due, order, count),
      ids: pickIds(this.#ids, order, count),
    };
    this.#keep(watermark, length - count);
    return released;
  }

  #ordered(watermark: number, count: number, keys: KeyTable): Int32Array {
    const order = new Int32Array(count);
    const sorted = new Float64Array(count);
    const base = this.#dueMin;
    let span = 0;
    let at = 0;
    for (let row = 0; row < this.#length; row += 1) {
      const due = this.#due[row]!;
      if (due > watermark) continue;
      // Twice the distance is a whole number; the row's index in the low bits keeps the order of arrival.
      const distance = (due - base) * 2;
      if (distance > span) span = distance;
      sorted[at] = distance * 2 ** 21 + row;
      at += 1;
    }
    if (span < 2 ** 32 && this.#length < 2 ** 21) {
      if (!faults.arrivalForEventTime) sorted.sort();
      for (let k = 0; k < count; k += 1) order[k] = sorted[k]! % 2 ** 21;
    } else {
      at = 0;
      for (let row = 0; row < this.#length; row += 1) if (this.#due[row]! <= watermark) order[at++] = row;
      order.sort((a, b) => this.#due[a]! - this.#due[b]! || a - b);
    }
    this.#orderTies(order, count, keys);
    return order;
  }

  /** Rows due at one instant: by event time, key, arrival. */
  #orderTies(order: Int32Array, count: number, keys: KeyTable): void {
    let ranks: Int32Array | null = null;
    for (let start = 0; start < count; ) {
      let end = start + 1;
      const due = this.#due[order[start]!]!;
      while (end < count && this.#due[order[end]!]! === due) end += 1;
      if (end - start > 1) {
        ranks ??= keys.ranks();
        const rank = ranks;
        const sign = faults.tiesReversed || (faults.tiesByChance && (chance = !chance)) ? -1 : 1;
        order.subarray(start, end).sort((a, b) =>
          this.#time[a]! - this.#time[b]! || rank[this.#ids[a]!]! - rank[this.#ids[b]!]! || (a - b) * sign);
      }
      start = end;
    }
  }

  /** Closes the gaps that released rows leave. */
  #keep(watermark: number, count: number): void {
    const kept = new Int32Array(count);
    let at = 0;
    this.#dueMin = Infinity;
    for (let row = 0; row < this.#length; row += 1) {
      const due = this.#due[row]!;
      if (due <= watermark) continue;
      if (due < this.#dueMin) this.#dueMin = due;
      this.#time[at] = this.#time[row]!;
      this.#due[at] = due;
      this.#ids[at] = this.#ids[row]!;
      kept[at] = row;
      at += 1;
    }
    this.#columns = this.#columns.map((column) => gather(column, kept, count));
    this.#length = count;
  }

  #join(): void {
    if (this.#parts.length === 0) return;
    const before = this.#length - this.#parts.reduce((sum, part) => sum + part.length, 0);
    const lengths = [before, ...this.#parts.map((part) => part.length)];
    this.#columns = this.#columns.map((column, index) =>
      before === 0 && this.#parts.length === 1
        ? this.#parts[0]!.columns[index]!
        : concatColumns(before === 0 ? this.#parts.map((part) => part.columns[index]!) : [column, ...this.#parts.map((part) => part.columns[index]!)],
          before === 0 ? lengths.slice(1) : lengths));
    this.#parts = [];
  }

  #reserve(length: number): void {
    if (length <= this.#time.length) return;
    const capacity = Math.max(length, this.#time.length * 2);
    const time = new Float64Array(capacity);
    time.set(this.#time);
    this.#time = time;
    const due = new Float64Array(capacity);
    due.set(this.#due);
    this.#due = due;
    const ids = new Int32Array(capacity);
    ids.set(this.#ids);
    this.#ids = ids;
  }

  snapshot(writer: ByteWriter): void {
    this.#join();
    const length = faults.waitingRowsNotSaved ? 0 : this.#length;
    writer.varint(length);
    writer.float64Array(this.#time.subarray(0, length));
    writer.float64Array(this.#due.subarray(0, length));
    writer.int32Array(this.#ids.subarray(0, length));
    for (const column of this.#columns) writeColumn(writer, column, length);
  }

  restore(reader: ByteReader): void {
    this.#length = reader.varint();
    this.#time = reader.float64Array();
    this.#due = reader.float64Array();
    this.#ids = reader.int32Array();
    this.#columns = this.#columns.map(() => readColumn(reader));
    this.#parts = [];
    this.#dueMin = this.#due.reduce((least, due) => Math.min(least, due), Infinity);
  }
}

/** Only the planted bug `tiesByChance` reads it. */
let chance = false;

function pick(values: Float64Array, order: Int32Array, count: number): Float64Array {
  const picked = new Float64Array(count);
  for (let k = 0; k < count; k += 1) picked[k] = values[order[k]!]!;
  return picked;
}

function pickIds(values: Int32Array, order: Int32Array, count: number): Int32Array {
  const picked = new Int32Array(count);
  for (let k = 0; k < count; k += 1) picked[k] = values[order[k]!]!;
  return picked;
}
