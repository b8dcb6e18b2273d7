/** Rows that an operator keeps, by slot: whole batches come in at the end, and now and then only those in use are kept. */
import { cell, type Batch, type Column, type Dictionary } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { readColumn, writeColumn } from '../core/column-bytes.js';
import { gather } from '../core/column-builder.js';
import { storageOf, type Int64, type Schema, type Storage } from '../core/types.js';

/** A column that grows at its end. Strings stay codes as long as all of them are of one dictionary. */
class StoredColumn {
  #reals: Float64Array = new Float64Array(0);
  #codes: Int32Array = new Int32Array(0);
  #dictionary: Dictionary | null = null;
  /** Strings, or integers beyond 2^53 among others, where typed arrays do not hold them. */
  #objects: (Int64 | string | null)[] | null = null;
  #nulls: Uint8Array | null = null;

  constructor(readonly storage: Storage) {}

  append(column: Column, at: number, length: number, capacity: number): void {
    if (column.storage === 'text') this.#appendText(column, at, length, capacity);
    else {
      if (column.nulls !== null) this.#nulls ??= new Uint8Array(capacity);
      if (this.#nulls !== null) {
        if (this.#nulls.length < at + length) this.#nulls = grown(this.#nulls, new Uint8Array(capacity));
        if (column.nulls === null) this.#nulls.fill(0, at, at + length);
        else this.#nulls.set(column.nulls.subarray(0, length), at);
      }
      this.#appendNumbers(column.values, at, length, capacity);
    }
  }

  #appendNumbers(values: Float64Array | readonly Int64[], at: number, length: number, capacity: number): void {
    if (this.#objects === null && values instanceof Float64Array) {
      if (this.#reals.length < at + length) this.#reals = grown(this.#reals, new Float64Array(capacity));
      this.#reals.set(length === values.length ? values : values.subarray(0, length), at);
      return;
    }
    this.#objects ??= Array.from(this.#reals.subarray(0, at));
    this.#objects.length = at;
    for (let row = 0; row < length; row += 1) this.#objects.push(values[row]!);
  }

  #appendText(column: Extract<Column, { storage: 'text' }>, at: number, length: number, capacity: number): void {
    if (at === 0 && this.#objects === null) this.#dictionary = column.dictionary;
    if (this.#objects === null && column.dictionary !== null && column.dictionary === this.#dictionary) {
      if (this.#codes.length < at + length) this.#codes = grown(this.#codes, new Int32Array(capacity));
      this.#codes.set(length === column.values.length ? column.values : column.values.subarray(0, length), at);
      return;
    }
    const strings = this.#dictionary?.strings ?? [];
    this.#objects ??= Array.from(this.#codes.subarray(0, at), (code) => strings[code]!);
    this.#objects.length = at;
    for (let row = 0; row < length; row += 1) this.#objects.push(cell(column, row));
  }

  view(): Column {
    if (this.storage === 'text') {
      return this.#objects === null && this.#dictionary !== null
        ? { storage: 'text', values: this.#codes, dictionary: this.#dictionary }
        : { storage: 'text', values: (this.#objects ?? []) as (string | null)[], dictionary: null };
    }
    const values = this.#objects === null ? this.#reals : (this.#objects as Int64[]);
    return { storage: this.storage, values, nulls: this.#nulls } as Column;
  }
}

function grown<Values extends Float64Array | Int32Array | Uint8Array>(values: Values, larger: Values): Values {
  larger.set(values as never);
  return larger;
}

export class RowStore {
  readonly #storages: readonly Storage[];
  #columns: StoredColumn[];
  #length = 0;
  #capacity = 1024;

  constructor(schema: Schema) {
    this.#storages = schema.map((field) => storageOf(field.type));
    this.#columns = this.#storages.map((storage) => new StoredColumn(storage));
  }

  /** Slots in use or left: the next row's. */
  get length(): number {
    return this.#length;
  }

  /** Appends the rows of a batch; returns the slot of the first. */
  append({ columns, length }: Batch): number {
    const first = this.#length;
    while (this.#capacity < first + length) this.#capacity *= 2;
    this.#columns.forEach((column, index) => column.append(columns[index]!, first, length, this.#capacity));
    this.#length = first + length;
    return first;
  }

  /** The columns by slot, longer than the rows kept; valid until the next change. */
  columns(): readonly Column[] {
    return this.#columns.map((column) => column.view());
  }

  /** Only the rows at `slots`, which become 0, 1, 2 … */
  keep(slots: ArrayLike<number>): void {
    const { length } = slots;
    const columns = this.columns().map((column) => gather(column, slots, length));
    this.#columns = this.#storages.map((storage) => new StoredColumn(storage));
    this.#length = 0;
    this.append({ columns, length });
  }

  snapshot(writer: ByteWriter): void {
    writer.varint(this.#length);
    for (const column of this.columns()) writeColumn(writer, column, this.#length);
  }

  restore(reader: ByteReader): void {
    const length = reader.varint();
    this.#columns = this.#storages.map((storage) => new StoredColumn(storage));
    this.#length = 0;
    this.append({ columns: this.#storages.map(() => readColumn(reader)), length });
  }
}
