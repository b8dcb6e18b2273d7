/** Columns of a batch while messages are read into them, row by row. A row that turns out bad is cleared and written over by the next. */
import { storageOf, type SqlType } from '../core/types.js';
import type { RawColumn } from '../sources/reader.js';
import type { Value } from '../sources/values.js';
import { ByteCodes } from './byte-codes.js';

const none = new Float64Array(0);

/** Numbers and times: `values` may be written to as it is. */
export class NumberCells {
  values: Float64Array<ArrayBufferLike> = none;
  #nulls: Uint8Array | null = null;
  /** Integers beyond ±2^53, by row. */
  #wide: Map<number, bigint> | null = null;

  begin(capacity: number): void {
    this.values = new Float64Array(capacity);
    this.#nulls = this.#wide = null;
  }

  /** Room for as many rows, with what was written kept. */
  reserve(capacity: number): void {
    const values = new Float64Array(capacity);
    values.set(this.values);
    this.values = values;
    if (this.#nulls === null) return;
    const nulls = new Uint8Array(capacity);
    nulls.set(this.#nulls);
    this.#nulls = nulls;
  }

  setNull(row: number): void {
    (this.#nulls ??= new Uint8Array(this.values.length))[row] = 1;
    this.values[row] = 0;
  }

  setWide(row: number, value: bigint): void {
    (this.#wide ??= new Map()).set(row, value);
  }

  set(row: number, value: Exclude<Value, undefined>): void {
    if (value === null) this.setNull(row);
    else if (typeof value === 'bigint') this.setWide(row, value);
    else this.values[row] = value as number;
  }

  clear(row: number): void {
    if (this.#nulls !== null) this.#nulls[row] = 0;
    this.#wide?.delete(row);
  }

  take(length: number): RawColumn {
    const values = this.values, nulls = this.#nulls, wide = this.#wide;
    this.values = none;
    this.#nulls = this.#wide = null;
    if (wide === null || wide.size === 0) return { kind: 'number', values, nulls };
    return { kind: 'wide', values: Array.from({ length }, (_, row) => wide.get(row) ?? BigInt(values[row]!)), nulls };
  }
}

/** Strings: `codes` may be written to as it is, with what `strings` gives. */
export class TextCells {
  readonly strings = new ByteCodes();
  codes: Int32Array<ArrayBufferLike> = new Int32Array(0);

  begin(capacity: number): void {
    this.codes = new Int32Array(capacity);
  }

  reserve(capacity: number): void {
    const codes = new Int32Array(capacity);
    codes.set(this.codes);
    this.codes = codes;
  }

  setNull(row: number): void {
    this.codes[row] = 0;
  }

  set(row: number, value: Exclude<Value, undefined>): void {
    this.codes[row] = value === null ? 0 : this.strings.codeOf(value as string);
  }

  clear(row: number): void {
    this.codes[row] = 0;
  }

  take(): RawColumn {
    return { kind: 'text', codes: this.codes, ...this.strings.takeBytes() };
  }
}

export type Cells = NumberCells | TextCells;

export const cellsOf = (types: readonly SqlType[]): Cells[] => types.map((type) => (storageOf(type) === 'text' ? new TextCells() : new NumberCells()));
