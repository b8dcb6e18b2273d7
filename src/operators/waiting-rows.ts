/** Rows that wait for the watermark, and the order in which it lets them go. */
import type { Batch, Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import type { Schema } from '../core/types.js';
import { DueRows } from './due-rows.js';
import { moved } from './grown.js';
import type { KeyTable } from './key-table.js';
import { WaitingColumns } from './waiting-columns.js';

/** Rows let go, in order: their columns, event times, key ids, and the watermark that each waited for. */
export interface ReleasedRows {
  readonly length: number;
  readonly columns: readonly Column[];
  readonly time: Float64Array;
  readonly due: Float64Array;
  readonly ids: Int32Array;
}

/** Of peers so many are put in order by insertion. */
const FEW = 16;

/** From so many rows on, what has left is not to take as much again. */
const MANY = 65_536;

/** Fewer rows have arrays that are not worth making smaller. */
const FIRST = 4096;

/** Row numbers below this fit beside a distance in one double. */
const ROWS = 2 ** 21;

/** `due` of a row that was let go and whose place is not yet taken by others. */
const GONE = Infinity;

export class WaitingRows {
  readonly #columns: WaitingColumns;
  #time: Float64Array = new Float64Array(256);
  /**
   * The watermark that lets a row go: its event time, or, for a row that was behind on arrival, the watermark at
   * its arrival plus a half: it goes with the next advance, before the rows of that advance.
   */
  #due: Float64Array = new Float64Array(256);
  #ids: Int32Array = new Int32Array(256);
  /** Rows in all, those that are gone among them. */
  #length = 0;
  #gone = 0;
  #dueMin = Infinity;
  /** Rows of which `settle` has not heard that they are due, and how many rows have been told it. */
  readonly #unsettled = new DueRows();
  #told = 0;
  /** Row numbers while rows are let go; kept between calls to be used again. */
  #ascending = new Int32Array(0);
  #rest = new Int32Array(0);
  #kept = new Int32Array(0);
  #order = new Int32Array(0);

  constructor(schema: Schema) {
    this.#columns = new WaitingColumns(schema);
  }

  get length(): number {
    return this.#length - this.#gone;
  }

  /** The least watermark that lets a row go. */
  get dueMin(): number {
    return this.#dueMin;
  }

  append(batch: Batch, from: number, to: number, time: Float64Array, ids: Int32Array, due: number | null): void {
    const count = to - from;
    if (count === 0) return;
    this.#reserve(this.#length + count);
    this.#columns.append(batch, from, to);
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

  /** Copies what is still a view of the batches that were appended: their arrays may be used again. */
  own(): void {
    this.#columns.own();
  }

  /**
   * Raises `processed`, by key id, to the event times of the rows due by `watermark`: as if they had been let go, which
   * would cost a copy of those that stay.
   */
  settle(watermark: number, processed: Float64Array): void {
    for (; this.#told < this.#length; this.#told += 1) if (this.#due[this.#told] !== GONE) this.#unsettled.add(this.#told, this.#due[this.#told]!);
    for (let row = this.#unsettled.take(watermark); row >= 0; row = this.#unsettled.take(watermark)) {
      const id = this.#ids[row]!;
      if (this.#time[row]! > processed[id]!) processed[id] = this.#time[row]!;
    }
  }

  /** Takes out the rows due by `watermark`, by (due, event time, key, arrival). */
  release(watermark: number, keys: KeyTable): ReleasedRows | null {
    if (this.#dueMin > watermark) return null;
    const { ascending, rest, kept } = this.#divide(watermark);
    const count = ascending + rest;
    const order = this.#ordered(ascending, rest);
    this.#orderTies(order, count, keys);
    const released: ReleasedRows = {
      length: count,
      columns: this.#columns.gather(order, count),
      time: pick(this.#time, order, count),
      due: pick(this.#due, order, count),
      ids: pickIds(this.#ids, order, count),
    };
    // What stays moves when it is less than what has left: in the long run no row more than once. Of many rows, sooner.
    if (kept <= this.#length * (this.#length < MANY ? 0.5 : 0.75)) this.#keep(kept);
    else {
      for (let k = 0; k < count; k += 1) this.#due[order[k]!] = GONE;
      this.#gone += count;
    }
    this.#unsettled.clear();
    this.#told = 0;
    return released;
  }

  /** Rows due by `watermark` that come in order, those that do not, and those that go on waiting: how many of each. */
  #divide(watermark: number): { ascending: number; rest: number; kept: number } {
    const length = this.#length;
    if (this.#ascending.length < length) {
      this.#ascending = new Int32Array(this.#time.length);
      this.#rest = new Int32Array(this.#time.length);
      this.#kept = new Int32Array(this.#time.length);
      this.#order = new Int32Array(this.#time.length);
    }
    const due = this.#due;
    const isOrdered = faults.arrivalForEventTime;
    let ascending = 0;
    let rest = 0;
    let kept = 0;
    let last = -Infinity;
    let least = Infinity;
    for (let row = 0; row < length; row += 1) {
      const at = due[row]!;
      if (at === GONE) continue;
      if (at > watermark) {
        this.#kept[kept++] = row;
        if (at < least) least = at;
      } else if (at >= last || isOrdered) {
        this.#ascending[ascending++] = row;
        last = at;
      } else this.#rest[rest++] = row;
    }
    this.#dueMin = least;
    return { ascending, rest, kept };
  }

  /** Rows by due, then arrival. Most came in order: only the rest is sorted, then merged in. */
  #ordered(ascending: number, rest: number): Int32Array {
    if (rest === 0) return this.#ascending;
    const due = this.#due;
    const first = this.#ascending;
    const second = this.#sortedRest(rest);
    const order = this.#order;
    const count = ascending + rest;
    let a = 0;
    let b = 0;
    for (let at = 0; at < count; at += 1) {
      const takesFirst = b === rest || (a < ascending && (due[first[a]!]! - due[second[b]!]! || first[a]! - second[b]!) < 0);
      order[at] = takesFirst ? first[a++]! : second[b++]!;
    }
    return order;
  }

  #sortedRest(count: number): Int32Array {
    const rest = this.#rest.subarray(0, count);
    const due = this.#due;
    let base = Infinity;
    for (let k = 0; k < count; k += 1) if (due[rest[k]!]! < base) base = due[rest[k]!]!;
    const packed = new Float64Array(count);
    let span = 0;
    for (let k = 0; k < count; k += 1) {
      const row = rest[k]!;
      // Twice the distance is a whole number; the row's index in the low bits keeps the order of arrival.
      const distance = (due[row]! - base) * 2;
      if (distance > span) span = distance;
      packed[k] = distance * ROWS + row;
    }
    if (span >= 2 ** 32 || this.#length >= ROWS) return rest.sort((a, b) => due[a]! - due[b]! || a - b);
    packed.sort();
    for (let k = 0; k < count; k += 1) rest[k] = packed[k]! % ROWS;
    return rest;
  }

  /** Rows due at one instant: by event time, key, arrival. */
  #orderTies(order: Int32Array, count: number, keys: KeyTable): void {
    const due = this.#due;
    const byKey = keys.worthRanking(count) ? null : (a: number, b: number): number => keys.compare(a, b);
    for (let start = 0; start < count; ) {
      let end = start + 1;
      const at = due[order[start]!]!;
      while (end < count && due[order[end]!]! === at) end += 1;
      if (end - start > 1) this.#orderTie(order, start, end, byKey ?? ranked(keys.ranks()));
      start = end;
    }
  }

  #orderTie(order: Int32Array, start: number, end: number, byKey: (a: number, b: number) => number): void {
    const time = this.#time;
    const ids = this.#ids;
    const sign = faults.tiesReversed || (faults.tiesByChance && (chance = !chance)) ? -1 : 1;
    const compare = (a: number, b: number): number => time[a]! - time[b]! || byKey(ids[a]!, ids[b]!) || (a - b) * sign;
    if (end - start > FEW) {
      order.subarray(start, end).sort(compare);
      return;
    }
    for (let at = start + 1; at < end; at += 1) {
      const row = order[at]!;
      let to = at;
      for (; to > start && compare(row, order[to - 1]!) < 0; to -= 1) order[to] = order[to - 1]!;
      order[to] = row;
    }
  }

  /** Closes the gaps that released rows leave: `#kept` has the rows that stay. */
  #keep(count: number): void {
    const kept = this.#kept;
    this.#columns.keep(kept, count);
    for (let at = 0; at < count; at += 1) {
      const row = kept[at]!;
      this.#time[at] = this.#time[row]!;
      this.#due[at] = this.#due[row]!;
      this.#ids[at] = this.#ids[row]!;
    }
    this.#shrink(this.#length, count);
    this.#length = count;
    this.#gone = 0;
  }

  /** After a burst: what it took is given back once rows take a small part of it; `count` of them stay. */
  #shrink(rows: number, count: number): void {
    if (this.#time.length < Math.max(rows, FIRST) * 4) return;
    const capacity = Math.max(rows, FIRST) * 2;
    this.#time = moved(this.#time.subarray(0, count), new Float64Array(capacity));
    this.#due = moved(this.#due.subarray(0, count), new Float64Array(capacity));
    this.#ids = moved(this.#ids.subarray(0, count), new Int32Array(capacity));
    this.#columns.shrink(capacity);
    this.#ascending = this.#rest = this.#kept = this.#order = new Int32Array(0);
  }

  /** By key id, of so many: 1 where a row of the key waits. */
  idsAmong(keys: number): Uint8Array {
    const isThere = new Uint8Array(keys);
    for (let row = 0; row < this.#length; row += 1) if (this.#due[row] !== GONE) isThere[this.#ids[row]!] = 1;
    return isThere;
  }

  /** Key ids become those of `ids`, where keys that wait no more were dropped. */
  renumber(ids: Int32Array): void {
    for (let row = 0; row < this.#length; row += 1) if (this.#due[row] !== GONE) this.#ids[row] = ids[this.#ids[row]!]!;
  }

  #reserve(length: number): void {
    if (length <= this.#time.length) return;
    const capacity = Math.max(length, this.#time.length * 2);
    this.#time = moved(this.#time, new Float64Array(capacity));
    this.#due = moved(this.#due, new Float64Array(capacity));
    this.#ids = moved(this.#ids, new Int32Array(capacity));
  }

  snapshot(writer: ByteWriter): void {
    this.#columns.own();
    if (this.#gone > 0) this.#keep(this.#divide(-Infinity).kept);
    const length = faults.waitingRowsNotSaved ? 0 : this.#length;
    writer.varint(length);
    writer.float64Array(this.#time.subarray(0, length));
    writer.float64Array(this.#due.subarray(0, length));
    writer.int32Array(this.#ids.subarray(0, length));
    this.#columns.snapshot(writer, length);
  }

  restore(reader: ByteReader): void {
    this.#length = reader.varint();
    this.#time = reader.float64Array();
    this.#due = reader.float64Array();
    this.#ids = reader.int32Array();
    this.#columns.restore(reader, this.#length);
    this.#gone = 0;
    this.#unsettled.clear();
    this.#told = 0;
    this.#dueMin = this.#due.reduce((least, due) => Math.min(least, due), Infinity);
  }
}

const ranked = (ranks: Int32Array) => (a: number, b: number): number => ranks[a]! - ranks[b]!;

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
