/** Rows that an operator keeps one by one, each for as long as it wants: the slots of rows let go are used again. */
import type { Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { readColumn, writeColumn } from '../core/column-bytes.js';
import { gather } from '../core/column-builder.js';
import { storageOf, type Schema } from '../core/types.js';
import { PoolColumn } from './frame-pool.js';

export class SlotStore {
  #capacity = 256;
  readonly #schema: Schema;
  #columns: PoolColumn[];
  #free: number[] = [];
  /** Slots ever taken. */
  #used = 0;

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#columns = this.#empty();
  }

  /** Slots that there may be, for arrays beside the rows. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Copies the rows of a batch to slots of their own, which it writes to `slots`. */
  add(columns: readonly Column[], length: number, slots: Int32Array): void {
    for (let row = 0; row < length; row += 1) slots[row] = this.#free.pop() ?? this.#used++;
    this.#reserve(this.#used);
    for (let index = 0; index < columns.length; index += 1) this.#columns[index]!.fill(slots, columns[index]!, length, this.#capacity);
  }

  /** The row stays readable until the next `add`. */
  free(slot: number): void {
    this.#free.push(slot);
  }

  /** The columns by slot; ask again after adding. */
  views(): Column[] {
    return this.#columns.map((column) => column.view());
  }

  /** The rows in `slots`, which `restore` finds at 0, 1, 2 … */
  snapshot(writer: ByteWriter, slots: Int32Array): void {
    writer.varint(slots.length);
    for (const column of this.views()) writeColumn(writer, gather(column, slots, slots.length), slots.length);
  }

  /** How many there are. */
  restore(reader: ByteReader): number {
    const length = reader.varint();
    this.#columns = this.#empty();
    this.#free = [];
    this.#used = 0;
    this.add(this.#columns.map(() => readColumn(reader)), length, new Int32Array(length));
    return length;
  }

  #empty(): PoolColumn[] {
    return this.#schema.map((field) => new PoolColumn(storageOf(field.type), this.#capacity));
  }

  #reserve(slots: number): void {
    if (slots <= this.#capacity) return;
    while (this.#capacity < slots) this.#capacity *= 2;
    for (const column of this.#columns) column.grow(this.#capacity);
  }
}
