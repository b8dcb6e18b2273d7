/** Rows that an operator gives one by one, each with what it says: a row added, taken back or replaced. */
import { ColumnBuilder } from '../core/column-builder.js';
import { storageOf, type Schema } from '../core/types.js';
import { noRows, type Rows } from './operator.js';

export class ChangeRows {
  /** One a column: the caller appends a cell to each, then calls `add`. */
  readonly columns: readonly ColumnBuilder[];
  readonly #released = new ColumnBuilder('real');
  readonly #time = new ColumnBuilder('real');
  readonly #kinds = new ColumnBuilder('real');

  constructor(schema: Schema) {
    this.columns = schema.map(({ type }) => new ColumnBuilder(storageOf(type)));
  }

  get length(): number {
    return this.#kinds.length;
  }

  add(kind: number, released: number, time: number): void {
    this.#kinds.appendNumber(kind);
    this.#released.appendNumber(released);
    this.#time.appendNumber(time);
  }

  finish(): Rows {
    const { length } = this;
    if (length === 0) return noRows;
    return {
      batch: { length, columns: this.columns.map((column) => column.finish()) },
      released: Int32Array.from(this.#released.reals.subarray(0, length)),
      time: this.#time.reals.slice(0, length),
      kinds: Uint8Array.from(this.#kinds.reals.subarray(0, length)),
    };
  }
}
