/** Columns of a batch, filled row by row: what readers of text make. A row that turns out bad is written over by the next. */
import { storageOf, type Int64, type SqlType } from '../core/types.js';
import type { RawColumn } from './reader.js';
import { TextCodes } from './text-codes.js';
import type { Value } from './values.js';

export class RowBuilder {
  readonly #columns: readonly (NumberCells | TextCells)[];

  constructor(types: readonly SqlType[], capacity: number) {
    this.#columns = types.map((type) => (storageOf(type) === 'text' ? new TextCells(capacity) : new NumberCells(capacity)));
  }

  set(column: number, row: number, value: Exclude<Value, undefined>): void {
    this.#columns[column]!.set(row, value);
  }

  take(length: number): RawColumn[] {
    return this.#columns.map((column) => column.take(length));
  }
}

class NumberCells {
  #values: Float64Array | null = null;
  #nulls: Uint8Array | null = null;
  #wide: Int64[] | null = null;

  constructor(private readonly capacity: number) {}

  set(row: number, value: Int64 | string | null): void {
    const values = (this.#values ??= new Float64Array(this.capacity));
    if (this.#nulls !== null) this.#nulls[row] = 0;
    if (value === null) {
      (this.#nulls ??= new Uint8Array(this.capacity))[row] = 1;
      values[row] = 0;
      if (this.#wide !== null) this.#wide[row] = 0;
    } else if (typeof value === 'number') {
      values[row] = value;
      if (this.#wide !== null) this.#wide[row] = value;
    } else {
      this.#wide ??= Array.from(values.subarray(0, row));
      this.#wide[row] = value as bigint;
    }
  }

  take(length: number): RawColumn {
    const values = this.#values ?? new Float64Array(0), nulls = this.#nulls, wide = this.#wide;
    this.#values = this.#nulls = this.#wide = null;
    return wide === null ? { kind: 'number', values, nulls } : { kind: 'wide', values: wide.slice(0, length).map(BigInt), nulls };
  }
}

class TextCells {
  readonly #strings = new TextCodes();
  #codes: Int32Array | null = null;

  constructor(private readonly capacity: number) {}

  set(row: number, value: Int64 | string | null): void {
    const codes = (this.#codes ??= new Int32Array(this.capacity));
    codes[row] = value === null ? 0 : this.#strings.codeOf(value as string);
  }

  take(): RawColumn {
    const codes = this.#codes ?? new Int32Array(0);
    this.#codes = null;
    return { kind: 'text', codes, ...this.#strings.takeAdded() };
  }
}
