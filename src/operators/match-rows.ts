/** The rows of one key that a search may still look at, column by column, oldest first. */
import type { Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { readColumn, writeColumn } from '../core/column-bytes.js';
import { view } from '../core/column-builder.js';
import { storageOf, type Int64, type Schema, type Storage } from '../core/types.js';

const FEW = 8;

/** One column; which of its arrays holds the values, its storage says. */
class MatchColumn {
  values: Float64Array | (Int64 | string | null)[];
  nulls: Uint8Array | null;

  constructor(readonly storage: Storage, capacity: number) {
    this.values = storage === 'real' ? new Float64Array(capacity) : [];
    this.nulls = storage === 'text' ? null : new Uint8Array(capacity);
  }

  put(at: number, column: Column, row: number): void {
    if (column.storage === 'text') {
      this.values[at] = column.dictionary === null ? column.values[row]! : column.dictionary.strings[column.values[row]!]!;
      return;
    }
    this.values[at] = column.values[row]!;
    this.nulls![at] = column.nulls === null ? 0 : column.nulls[row]!;
  }

  discard(count: number, length: number): void {
    if (this.values instanceof Float64Array) this.values.copyWithin(0, count, length);
    else this.values.splice(0, count);
    this.nulls?.copyWithin(0, count, length);
  }

  grow(capacity: number): void {
    if (this.values instanceof Float64Array) {
      const larger = new Float64Array(capacity);
      larger.set(this.values);
      this.values = larger;
    }
    if (this.nulls !== null) {
      const larger = new Uint8Array(capacity);
      larger.set(this.nulls);
      this.nulls = larger;
    }
  }

  toColumn(): Column {
    return { storage: this.storage, values: this.values, nulls: this.nulls, ...(this.storage === 'text' ? { dictionary: null } : {}) } as unknown as Column;
  }
}

/**
 * A key's rows are numbered from 0 as they come; the row with index i of the columns is number base + i. Those before
 * `base` are forgotten.
 */
export class MatchRows {
  readonly #columns: MatchColumn[];
  #capacity = FEW;
  time = new Float64Array(FEW);
  base = 0;
  length = 0;
  /** The columns' arrays as they are now, for generated code; `columns` are the same for accumulators. */
  values: (Float64Array | (Int64 | string | null)[])[] = [];
  nulls: (Uint8Array | null)[] = [];
  columns: readonly Column[] = [];

  constructor(readonly schema: Schema) {
    this.#columns = schema.map(({ type }) => new MatchColumn(storageOf(type), FEW));
    this.#publish();
  }

  /** The number that the next row gets. */
  get next(): number {
    return this.base + this.length;
  }

  get isFull(): boolean {
    return this.length === this.#capacity;
  }

  /** Appends row `row` of the columns, for which there must be room; returns its index. */
  append(columns: readonly Column[], row: number, time: number): number {
    const at = this.length;
    for (let column = 0; column < this.#columns.length; column += 1) this.#columns[column]!.put(at, columns[column]!, row);
    this.time[at] = time;
    this.length = at + 1;
    return at;
  }

  /** Forgets the rows before number `needed`. */
  forget(needed: number): void {
    const count = Math.min(needed - this.base, this.length);
    if (count <= 0) return;
    for (const column of this.#columns) column.discard(count, this.length);
    this.time.copyWithin(0, count, this.length);
    this.length -= count;
    this.base += count;
  }

  /** Room for one more: where half of the rows, those before number `needed`, are done with, in their place. */
  makeRoom(needed: number): void {
    if (needed - this.base >= this.#capacity / 2) {
      this.forget(needed);
      return;
    }
    this.#capacity *= 2;
    for (const column of this.#columns) column.grow(this.#capacity);
    const time = new Float64Array(this.#capacity);
    time.set(this.time);
    this.time = time;
    this.#publish();
  }

  #publish(): void {
    this.values = this.#columns.map((column) => column.values);
    this.nulls = this.#columns.map((column) => column.nulls);
    this.columns = this.#columns.map((column) => column.toColumn());
  }

  /** The rows from number `needed` on; they are numbered anew, from 0. */
  snapshot(writer: ByteWriter, needed: number): void {
    const from = Math.min(Math.max(needed - this.base, 0), this.length);
    writer.varint(this.length - from);
    writer.float64Array(this.time.subarray(from, this.length));
    for (const column of this.columns) writeColumn(writer, view(column, from, this.length), this.length - from);
  }

  static restored(schema: Schema, reader: ByteReader): MatchRows {
    const rows = new MatchRows(schema);
    const length = reader.varint();
    const time = reader.float64Array();
    const columns = schema.map(() => readColumn(reader));
    for (let row = 0; row < length; row += 1) {
      if (rows.isFull) rows.makeRoom(0);
      rows.append(columns, row, time[row]!);
    }
    return rows;
  }
}
