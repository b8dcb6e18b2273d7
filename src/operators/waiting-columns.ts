/** The columns of rows that wait: those of the first rows are kept here, of the last ones views of the batches they came with. */
import type { Batch, Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { emptyColumn, readColumn, writeColumn } from '../core/column-bytes.js';
import { view } from '../core/column-builder.js';
import { gatherRuns, runsOf } from '../core/column-runs.js';
import { storageOf, type Schema, type Storage } from '../core/types.js';
import { WaitingColumn } from './waiting-column.js';

export class WaitingColumns {
  readonly #storages: readonly Storage[];
  readonly #columns: readonly WaitingColumn[];
  /** Rows whose columns are kept here. */
  #owned = 0;
  /** Views, one batch's after the other. */
  #parts: { columns: readonly Column[]; length: number }[] = [];

  constructor(schema: Schema) {
    this.#storages = schema.map((field) => storageOf(field.type));
    this.#columns = this.#storages.map((storage) => new WaitingColumn(storage));
  }

  /** Rows from..to of `batch`, which stay in its arrays until `own` or `keep`. */
  append(batch: Batch, from: number, to: number): void {
    this.#parts.push({ columns: batch.columns.map((column) => view(column, from, to)), length: to - from });
  }

  /** Copies what is still a view. */
  own(): void {
    for (const { columns, length } of this.#parts) {
      const all = { order: null, from: 0, to: length, first: 0 };
      columns.forEach((column, index) => { this.#columns[index]!.add(column, all, this.#owned); });
      this.#owned += length;
    }
    this.#parts = [];
  }

  /** The rows that `kept` has at 0..count, ascending, become rows 0..count; the others go. */
  keep(kept: Int32Array, count: number): void {
    let from = 0;
    while (from < count && kept[from]! < this.#owned) from += 1;
    for (const column of this.#columns) column.keep(kept, from);
    let first = this.#owned;
    for (const { columns, length } of this.#parts) {
      let to = from;
      while (to < count && kept[to]! < first + length) to += 1;
      const rows = { order: kept, from, to, first };
      if (to > from) columns.forEach((column, index) => { this.#columns[index]!.add(column, rows, rows.from); });
      from = to;
      first += length;
    }
    this.#owned = count;
    this.#parts = [];
  }

  /** Gives back memory beyond `capacity` rows. All must be kept here. */
  shrink(capacity: number): void {
    for (const column of this.#columns) column.shrink(this.#owned, capacity);
  }

  /** Copies of the rows that `order` has at 0..count. */
  gather(order: Int32Array, count: number): Column[] {
    if (count === 0) return this.#storages.map(emptyColumn);
    const parts = this.#owned === 0 ? this.#parts : [{ columns: this.#columns.map((column) => column.view()), length: this.#owned }, ...this.#parts];
    const runs = runsOf(order, count, parts.map((part) => part.length));
    return this.#storages.map((_, index) => gatherRuns(parts.map((part) => part.columns[index]!), order, count, runs));
  }

  /** Writes the first `length` rows, all of which must be kept here. */
  snapshot(writer: ByteWriter, length: number): void {
    this.#storages.forEach((storage, index) => { writeColumn(writer, length === 0 ? emptyColumn(storage) : this.#columns[index]!.view(), length); });
  }

  restore(reader: ByteReader, length: number): void {
    this.#owned = 0;
    this.#parts = [{ columns: this.#storages.map(() => readColumn(reader)), length }];
    this.own();
  }
}
