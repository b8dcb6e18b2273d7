/** Rows that an operator gives one by one, each with what it says: a row added, taken back or replaced. */
import { ColumnBuilder } from '../core/column-builder.js';
import { storageOf, type Schema } from '../core/types.js';
import { noRows, type Rows } from './operator.js';

export class ChangeRows {
  /** One a column: the caller appends a cell to each, then calls `add`. */
  readonly columns: readonly ColumnBuilder[];
  length = 0;
  #released: Int32Array;
  #time: Float64Array;
  #kinds: Uint8Array;

  /** `capacity`: rows that there is room for at first. */
  constructor(schema: Schema, capacity = 64) {
    this.columns = schema.map(({ type }) => new ColumnBuilder(storageOf(type), capacity));
    this.#released = new Int32Array(capacity);
    this.#time = new Float64Array(capacity);
    this.#kinds = new Uint8Array(capacity);
  }

  add(kind: number, released: number, time: number): void {
    const at = this.length;
    if (at === this.#kinds.length) this.#grow();
    this.#kinds[at] = kind;
    this.#released[at] = released;
    this.#time[at] = time;
    this.length = at + 1;
  }

  #grow(): void {
    const capacity = Math.max(64, 2 * this.length);
    const [released, time, kinds] = [this.#released, this.#time, this.#kinds];
    this.#released = new Int32Array(capacity);
    this.#time = new Float64Array(capacity);
    this.#kinds = new Uint8Array(capacity);
    this.#released.set(released);
    this.#time.set(time);
    this.#kinds.set(kinds);
  }

  finish(): Rows {
    const { length } = this;
    if (length === 0) return noRows;
    return {
      batch: { length, columns: this.columns.map((column) => column.finish()) },
      released: this.#released.subarray(0, length), time: this.#time.subarray(0, length), kinds: this.#kinds.subarray(0, length),
    };
  }
}
